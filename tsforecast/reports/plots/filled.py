"""A picture of filled gaps: the values of some series, with what was filled dotted, and its intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.imputation.gaps import runs
from tsforecast.reports.plots.page import numbers
from tsforecast.reports.plots.stacked import Stacked, titled
from tsforecast.reports.plots.style import OTHERS
from tsforecast.workflows.impute.intervals import LEVELS
from tsforecast.workflows.impute.results import Imputed, ImputeResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_FILLED = OTHERS[4]
_BAND = "rgba(163, 59, 59, 0.18)"  # the same, as pages take it


def stacked_gaps(result: ImputeResult, imputed: Imputed) -> Stacked:
    """What is drawn of them; the worst series miss the most values."""
    panel = imputed.panel
    filled = imputed.methods >= 0
    missing: Float64 = np.bincount(panel.series_of_row, filled.astype(np.float64), panel.n_series).astype(np.float64)

    def bands(number: int) -> tuple[Float64, Float64, Float64]:
        """What was filled, NaN elsewhere, and the widest interval."""
        rows = slice(panel.offsets[number], panel.offsets[number + 1])
        made = np.where(filled[rows], panel.values[rows], np.nan)
        return made, imputed.lower[rows, -1], imputed.upper[rows, -1]

    def mark(axes: Axes, number: int, places: Any, values: Float64) -> None:
        made, lower, upper = bands(number)
        axes.fill_between(places, lower, upper, color=_FILLED, alpha=0.18, linewidth=0)
        axes.plot(places, made, ":", color=_FILLED, linewidth=1.2)
        axes.plot(places, made, "o", color=_FILLED, markersize=2)

    def traces(number: int, shared: dict[str, Any], values: Float64) -> list[dict[str, Any]]:
        made, lower, upper = bands(number)
        x, y = outlines(shared["x"], lower, upper)
        band = {"fill": "toself", "fillcolor": _BAND, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        line = {"color": _FILLED, "dash": "dot"}
        return [
            {**shared, "x": x, "y": y, "name": f"{LEVELS[-1]:g} % interval", **band},
            {**shared, "y": numbers(made), "name": "filled", "mode": "lines+markers", "line": line},
        ]

    return Stacked(titled("Filled gaps", result.file), result.verdict, panel, imputed.schema, missing, mark, traces)


def outlines(times: Sequence[Any], lower: Float64, upper: Float64) -> tuple[list[Any], list[float | None]]:
    """The intervals of each gap as a line around them, with a None after each: a band that bridges no values between.

    Args:
        times: of the rows.
        lower: lower ends, NaN where there is no interval, shape (rows,).
        upper: upper ends, likewise.
    """
    x: list[Any] = []
    y: list[float | None] = []
    for first, end in runs(np.isfinite(lower)).tolist():
        there = list(times[first:end])
        x += [*there, *reversed(there), None]
        y += [*upper[first:end].tolist(), *lower[first:end][::-1].tolist(), None]
    return x, y
