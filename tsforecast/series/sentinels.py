"""Values that stand for a missing one: -9999, -999, 99999 and their like, far from everything else of their series."""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.series.panel import Panel

_NINES = tuple(float("9" * digits) for digits in range(2, 8))
SENTINELS = (-200.0, *(-nines for nines in _NINES), *_NINES[1:])
_LEAST = 10  # other values of a series, below which nothing is said
_FAR = 2.0  # times the range of the other values


def find_sentinels(values: Float64, observed: Bool, offsets: Int64) -> dict[float, Int64]:
    """The rows of each value that only stands for a missing one, by the value.

    It lies further from the other values of its series than twice their range; it is also found below a series that
    is never negative otherwise, if it is further from zero than a tenth of what that series reaches.

    Args:
        values: of all series, one after the other, shape (rows,).
        observed: which of them were measured, shape (rows,).
        offsets: series i is rows offsets[i]:offsets[i + 1].
    """
    found: dict[float, list[int]] = {}
    # What stands far from all others is the least or the largest value of its series.
    edges = [edge.reduceat(values, offsets[:-1]) for edge in (np.fmin, np.fmax)]
    for series in np.flatnonzero(np.isin(edges, SENTINELS).any(axis=0)).tolist():
        rows = slice(int(offsets[series]), int(offsets[series + 1]))
        part, seen = values[rows], observed[rows]
        marked = np.isin(part, SENTINELS) & seen
        others = part[seen & ~marked]
        if len(others) < _LEAST:
            continue
        low, high = float(others.min()), float(others.max())
        for value in np.unique(part[marked]).tolist():
            off = low - value if value < low else value - high
            below = value < 0 <= low and -value > 0.1 * high
            if (off > _FAR * (high - low) and off > 0.5 * max(abs(low), abs(high))) or below:
                found.setdefault(value, []).extend((rows.start + np.flatnonzero((part == value) & seen)).tolist())
    return {value: np.array(at, dtype=np.int64) for value, at in found.items()}


def held_values(panel: Panel) -> tuple[float, ...]:
    """Which of `SENTINELS` stand among the observed values of a panel, ascending."""
    among = np.isin(panel.values, SENTINELS) & panel.observed
    return tuple(np.unique(panel.values[among]).tolist())
