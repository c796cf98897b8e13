"""The errors of the seasonal naive on known rows: the scales of MASE and RMSSE."""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.series.panel import Panel


def seasonal_errors(panel: Panel, season_length: int, ends: Int64) -> tuple[Float64, Float64]:
    """Mean absolute and root mean squared seasonal difference of each series, both of shape (n_series,).

    A series without a seasonal difference other than zero is scaled by lag 1. One that is constant cannot be scaled:
    NaN.

    Args:
        panel: the series; only differences of two observed values count.
        season_length: lag of the differences.
        ends: row of each series before which the differences are taken, shape (n_series,).
    """
    squares, absolute = np.full((2, len(ends)), np.nan)
    for lag in dict.fromkeys((season_length, 1)):
        lagged, lagged_squares = _lag_errors(panel, lag, ends)
        replace = ~(absolute > 0) & (lagged > 0)
        absolute[replace], squares[replace] = lagged[replace], lagged_squares[replace]
    return absolute, np.sqrt(squares)


def _lag_errors(panel: Panel, lag: int, ends: Int64) -> tuple[Float64, Float64]:
    """Mean absolute and mean squared difference at one lag, shape (n_series,); 0 without any difference."""
    owner = panel.series_of_row
    usable = panel.observed & (np.arange(len(owner)) < (panel.offsets[:-1] + ends)[owner])
    pairs = usable[lag:] & usable[:-lag] & (owner[lag:] == owner[:-lag])
    difference = (panel.values[lag:] - panel.values[:-lag])[pairs]
    owner = owner[lag:][pairs]
    count = np.maximum(np.bincount(owner, minlength=len(ends)), 1)
    return (
        np.bincount(owner, np.abs(difference), len(ends)) / count,
        np.bincount(owner, difference**2, len(ends)) / count,
    )
