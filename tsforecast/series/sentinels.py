"""Values that stand for a missing one: -9999, -999, 99999 and their like, far from everything else of their series."""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.series.panel import Panel

_NINES = tuple(float("9" * digits) for digits in range(2, 8))
SENTINELS = (-200.0, *(-nines for nines in _NINES), *_NINES[1:])
_LEAST = 10  # other values of a series, below which nothing is said
_FAR = 2.0  # times the range of the other values


def find_sentinels(panel: Panel) -> dict[float, Int64]:
    """The rows of each value that only stands for a missing one, by the value.

    It lies further from the other values of its series than twice their range; it is also found below a series that
    is never negative otherwise, if it is further from zero than a tenth of what that series reaches.
    """
    found: dict[float, list[int]] = {}
    # What stands far from all others is the least or the largest value of its series.
    edges = [edge.reduceat(panel.values, panel.offsets[:-1]) for edge in (np.minimum, np.maximum)]
    for series in np.flatnonzero(np.isin(edges, SENTINELS).any(axis=0)).tolist():
        rows = slice(int(panel.offsets[series]), int(panel.offsets[series + 1]))
        values = panel.values[rows]
        marked = np.isin(values, SENTINELS) & panel.observed[rows]
        others = values[panel.observed[rows] & ~marked]
        if len(others) < _LEAST:
            continue
        low, high = float(others.min()), float(others.max())
        for value in np.unique(values[marked]).tolist():
            off = low - value if value < low else value - high
            below = value < 0 <= low and -value > 0.1 * high
            if (off > _FAR * (high - low) and off > 0.5 * max(abs(low), abs(high))) or below:
                found.setdefault(value, []).extend((rows.start + np.flatnonzero(values == value)).tolist())
    return {value: np.array(at, dtype=np.int64) for value, at in found.items()}
