"""A picture of anomalies: the values of some series, with the unusual stretches shaded and their peaks marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.reports.plots.page import numbers
from tsforecast.reports.plots.stacked import Stacked, titled
from tsforecast.reports.plots.style import OTHERS
from tsforecast.workflows.detect.run import DetectResult, Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ALARM = OTHERS[4]


def stacked_anomalies(result: DetectResult, scored: Scored) -> Stacked:
    """What is drawn of them; the worst series have the highest scores."""
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
