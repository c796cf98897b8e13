"""The series of a table as matrices, whose columns help each other to be filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.models.imputation.gaps import Gap
from tsforecast.series.panel import Panel

_MOST_COLUMNS = 64  # of one matrix
_SPARSEST = 4  # cells for each value at most


@dataclass(frozen=True)
class Group:
    """Series side by side, on the steps from the first to the last row of all.

    Args:
        series: number of the series of each column in the panel, shape (columns,).
        start: ordinal of the first row.
        values: NaN where missing, shape (rows, columns).
        inside: whether a cell lies between the first and the last row of its series, same shape.
        scales: how much the values of a column move in a step, shape (columns,).
    """

    series: Int64
    start: int
    values: Float64
    inside: Bool
    scales: Float64

    def rows_of(self, gap: Gap, panel: Panel) -> slice:
        """Where a gap of this group lies among the rows of the panel."""
        series = int(self.series[gap.column])
        first = int(panel.offsets[series]) + self.start + gap.first - int(panel.starts[series])
        return slice(first, first + gap.length)


def groups_of(panel: Panel) -> list[Group]:
    """All series as one matrix where these are not too many or too far apart, else each alone."""
    rows = int(panel.ends.max() - panel.starts.min())
    together = panel.n_series <= _MOST_COLUMNS and rows * panel.n_series <= _SPARSEST * len(panel.values)
    everyone = np.arange(panel.n_series)
    return [
        _group(panel, part) for part in ([everyone] if together else np.split(everyone, panel.n_series)) if len(part)
    ]


def _group(panel: Panel, series: Int64) -> Group:
    start = int(panel.starts[series].min())
    rows = int(panel.ends[series].max()) - start
    values, inside = np.full((rows, len(series)), np.nan), np.zeros((rows, len(series)), bool)
    for column, number in enumerate(series.tolist()):
        own = slice(panel.offsets[number], panel.offsets[number + 1])
        at = int(panel.starts[number]) - start
        place = slice(at, at + int(panel.lengths[number]))
        values[place, column] = np.where(panel.observed[own], panel.values[own], np.nan)
        inside[place, column] = True
    return Group(series, start, values, inside, np.array([_scale(values[:, column]) for column in range(len(series))]))


def _scale(values: Float64) -> float:
    seen = values[~np.isnan(values)]
    moves = float(np.abs(np.diff(seen)).mean()) if len(seen) > 1 else 0.0
    return moves or float(np.abs(seen).mean()) or 1.0
