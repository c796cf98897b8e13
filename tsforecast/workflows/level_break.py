"""Since when the level of the series is another one: the rows that a model of the present is trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsforecast.series import Panel

_LOOKED_AT = 12  # times the least length of a stretch
_MOST_SERIES = 1000
_FAR = 5.0  # deviations from the median beyond which a value counts no more


def rows_since_break(panel: Panel, least: int) -> int:
    """Newest rows of each series since the level changed the most; 0 where no series is long enough to tell.

    The newest 12 stretches of `least` rows are split in two where two levels explain the values best, over all series
    together (least squares, each series in units of its own spread, outliers cut). There is always such a place; a
    model that is trained on the rows since has to prove itself like any other.

    Args:
        panel: the series, which are taken to change at the same distance from their end.
        least: rows before the break and since, such as a season.
    """
    rows = min(_LOOKED_AT * least, int(np.median(panel.lengths)))
    long = np.flatnonzero(panel.lengths >= rows)
    if rows < 2 * least or not len(long):
        return 0
    series = long[np.unique(np.linspace(0, len(long) - 1, _MOST_SERIES).astype(np.int64))]
    values = panel.values[panel.offsets[series + 1][:, None] + np.arange(-rows, 0)]
    centered = _standardised(values)
    before = np.arange(least, rows - least + 1)
    sums = np.cumsum(centered, axis=1)
    first, total = sums[:, before - 1], sums[:, -1:]
    explained = (first**2 / before + (total - first) ** 2 / (rows - before)).sum(axis=0)
    return int(rows - before[int(np.argmax(explained))])


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of a matrix in robust units around their median; one that hardly varies is zero."""
    low, middle, high = np.percentile(values, [10, 50, 90], axis=1, keepdims=True)
    spread = high - low
    known = spread > 1e-9 * np.abs(middle)
    scaled = np.where(known, (values - middle) / np.where(known, spread, 1.0), 0.0)
    clipped = np.clip(scaled, -_FAR, _FAR)
    return clipped - clipped.mean(axis=1, keepdims=True)
