"""The functions of the methods, and the forms in which each is tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from tsforecast.arrays import Float64
from tsforecast.models.imputation.kalman import kalman
from tsforecast.models.imputation.linear import linear
from tsforecast.models.imputation.names import LINEAR
from tsforecast.models.imputation.regression import regression
from tsforecast.models.imputation.seasonal import seasonal

Fill = Callable[[Float64], Float64]


class Form(NamedTuple):
    """A method in one form.

    Args:
        method: its name.
        told: what tells the form from others of the method; empty for none.
        fill: fills the gaps of a matrix.
    """

    method: str
    told: str
    fill: Fill

    @property
    def name(self) -> str:
        """The name with what tells the form."""
        return f"{self.method} ({self.told})" if self.told else self.method


def forms(methods: Sequence[str], seasons: Sequence[int]) -> list[Form]:
    """All forms of some methods, linear interpolation first.

    Args:
        methods: names of methods.
        seasons: steps of the seasons that the table may have.
    """
    found = []
    if LINEAR in methods:
        found.append(Form(LINEAR, "", linear))
    if "seasonal" in methods:
        found += [Form("seasonal", f"season {season}", partial(seasonal, season=season)) for season in seasons]
    for season in (1, *seasons):
        told = f"season {season}" if season > 1 else ""
        if "kalman" in methods:
            found.append(Form("kalman", told, partial(kalman, season=season)))
        if "regression" in methods:
            found.append(Form("regression", told, partial(regression, season=season, free=False)))
            free = ", ".join(["free level", *([told] if told else [])])
            found.append(Form("regression", free, partial(regression, season=season, free=True)))
    return found
