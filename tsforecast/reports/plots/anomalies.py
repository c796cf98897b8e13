"""A picture of anomalies: the values of some series, with the unusual stretches shaded and their peaks marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.reports.plots.page import numbers
from tsforecast.reports.plots.select import Pick
from tsforecast.reports.plots.stacked import Stacked, draw_stacked, stacked_figure, titled
from tsforecast.reports.plots.style import OTHERS
from tsforecast.workflows.detect.run import DetectResult, Scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ALARM = OTHERS[4]


def draw_anomalies(
    result: DetectResult,
    scored: Scored,
    path: str | Path,
    *,
    names: Sequence[str] = (),
    pick: Pick = "largest",
    dark: bool = False,
) -> None:
    """Draw some series into a file, in the way that its ending says; `dark` is for a dark background.

    Raises:
        OptionError: a name that no series has, more than there is room for, or a package that is missing.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    draw_stacked(_stacked(result, scored), path, names, pick, dark=dark)


def anomaly_figure(
    result: DetectResult, scored: Scored, *, names: Sequence[str] = (), pick: Pick = "largest"
) -> Figure:
    """Draw some series below each other; within `drawing()`."""
    return stacked_figure(_stacked(result, scored), names, pick)


def _stacked(result: DetectResult, scored: Scored) -> Stacked:
    """The worst series have the highest scores."""
    panel = scored.panel
    worst = np.full(panel.n_series, -1.0)
    np.maximum.at(worst, panel.series_of_row, np.nan_to_num(scored.scores, nan=-1.0))

    def mark(axes: Axes, number: int, places: Any, values: Float64) -> None:
        half = (places[-1] - places[0]) / max(1, len(places) - 1) / 2
        for _, each in (one for one in scored.found if one[0] == number):
            axes.axvspan(places[each.first] - half, places[each.end - 1] + half, color=_ALARM, alpha=0.18, linewidth=0)
            axes.plot(places[each.peak], values[each.peak], "o", color=_ALARM, markersize=4)

    def traces(number: int, shared: dict[str, Any], values: Float64) -> list[dict[str, Any]]:
        rows = slice(panel.offsets[number], panel.offsets[number + 1])
        unusual = numbers(np.where(scored.alarms[rows], values, np.nan))
        return [{**shared, "y": unusual, "name": "anomaly", "mode": "lines+markers", "line": {"color": _ALARM}}]

    return Stacked(titled("Anomalies", result.file), result.verdict, panel, scored.schema, worst, mark, traces)
