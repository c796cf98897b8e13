"""Left discords: how far a window is from the most similar one before it.

The left matrix profile (Yeh et al., Matrix Profile I, ICDM 2016; Lu et al., DAMP, KDD 2022) with the recurrence of
STOMP: the products of a window with all before it follow from those of its neighbour. Windows are compared without
their means, but with their spread: a season of half its size is an anomaly, and noise where nothing happens is none.
A window sees nothing of what comes after it.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.windows import of_rows

# At the beginning there is little to be similar to: so many windows, and one row in so many, have no score.
_BURN_IN, _BURN_IN_SHARE = 3, 10
_FURTHEST = 20_000  # windows back, so that long series take no square of their time


def discord(values: Float64, window: int) -> Float64:
    """Distance of the windows of each row to the nearest earlier one, shape (rows,); 0 where there is too little."""
    return of_rows(left_profile(values, window), window)


def left_profile(values: Float64, window: int) -> Float64:
    """Distance of each window to the nearest that begins at least half a window earlier, shape (rows - window + 1,)."""
    # Products of large numbers would leave no digits for their differences. The first value is known to all windows.
    moved = values - values[0]
    count = len(values) - window + 1
    begin = max(_BURN_IN * window, len(values) // _BURN_IN_SHARE)
    means = sliding_window_view(moved, window).mean(axis=1)
    root = means * np.sqrt(window)
    squares = np.concatenate([[0.0], np.cumsum(moved**2)])
    energy = np.maximum(squares[window:] - squares[:-window] - root**2, 0.0)
    first = np.correlate(moved, moved[:window], mode="valid")
    products, distances = np.empty(count), np.zeros(count)
    products[0] = first[0]
    for row in range(1, count):
        oldest = max(0, row - _FURTHEST)
        old = slice(max(oldest, 1) - 1, row)  # the neighbours of the windows that are compared
        before = products[old] + moved[row + window - 1] * moved[old.start + window : row + window]
        before -= moved[row - 1] * moved[old]
        products[old.start + 1 : row + 1] = before
        if oldest == 0:
            products[0] = first[row]
        earlier = slice(oldest, row - max(1, window // 2) + 1)
        if row >= begin and earlier.stop > oldest:
            likeness = products[earlier] - root[row] * root[earlier]
            distances[row] = energy[row] + np.min(energy[earlier] - 2 * likeness)
    return np.sqrt(np.maximum(distances, 0.0))
