"""The same step of the neighbouring seasons, joined to the values on both sides of the gap.

The shape of a season at a row is the mean of the same step in the nearest seasons that have it, two on either side,
without the row itself. What values differ from it is filled by a line, so that the filled values meet both sides.
"""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.imputation.linear import linear

_NEIGHBOURS = 2  # seasons on either side


def seasonal(values: Float64, season: int) -> Float64:
    """Fill the gaps of each column by its season, shape (rows, columns).

    Args:
        values: NaN where missing, shape (rows, columns).
        season: steps in a season; 1 for none, which leaves a line.
    """
    shape = season_shape(values, season)
    return np.where(np.isnan(values), shape + linear(values - shape), values)


def season_shape(values: Float64, season: int) -> Float64:
    """Mean of the same step in the neighbouring seasons, without the row itself, shape (rows, columns).

    It is 0 throughout where there is no season, or less than two of them.
    """
    if season < 2 or len(values) < 2 * season:
        return np.zeros_like(values)
    rows, columns = values.shape
    # Rows of seasons, filled up to whole ones: shape (seasons, season * columns).
    whole = np.full((-(-rows // season) * season, columns), np.nan)
    whole[:rows] = values
    cycles = whole.reshape(-1, season * columns)
    before, after = _nearest(cycles), _nearest(cycles[::-1])[::-1]
    both = np.stack([before, after])
    counts = np.isfinite(both).sum(axis=(0, -1))
    sums = np.nansum(both, axis=(0, -1))
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).reshape(-1, columns)[:rows]
    return linear(np.where(np.isnan(means).all(axis=0), 0.0, means))


def _nearest(cycles: Float64) -> Float64:
    """The nearest values above each cell in its column, NaN where there are fewer, shape (*cells, _NEIGHBOURS)."""
    seasons, steps = cycles.shape
    seen = np.isfinite(cycles)
    place = np.arange(steps)
    found = np.full((seasons, steps, _NEIGHBOURS), np.nan)
    latest = np.full((steps, _NEIGHBOURS), np.nan)
    for number in range(seasons):
        found[number] = latest
        new = seen[number]
        latest[new] = np.roll(latest[new], 1, axis=1)
        latest[place[new], 0] = cycles[number, new]
    return found
