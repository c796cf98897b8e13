"""Values as people read them."""

from __future__ import annotations

import math

from tsforecast.texts import visible


def clean(text: str) -> str:
    """Text without control characters: an id from a file must not move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in visible(text))


def number(value: float | None) -> str:
    """A number to read: four significant digits, thousands in full."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(value: float | None, sign: str = "") -> str:
    """A share in percent; `sign="+"` writes the plus."""
    return "-" if value is None or not math.isfinite(value) else f"{100 * value:{sign}.1f}%"


def seconds(value: float) -> str:
    """A duration, such as `41.3 s` or `3 min 5 s`."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"
