"""The methods by name. Data only: no heavy import."""

from __future__ import annotations

from typing import NamedTuple

AUTO, RESIDUALS = "auto", "residuals"


class Method(NamedTuple):
    """A method: a line for the help, and whether it only looks back."""

    summary: str
    online: bool


METHODS = {
    "subpca": Method("What the leading patterns of all windows do not explain.", False),
    "discord": Method("Distance to the most similar window before (left matrix profile).", True),
    "polynomial": Method("Distance to a line through the neighbours.", False),
    RESIDUALS: Method("Errors of linear forecasts, one and many steps ahead.", True),
}
NAMES = (AUTO, *METHODS)
