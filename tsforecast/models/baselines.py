"""Forecasts that learn nothing: a model that does not beat them is not worth its cost.

Padded values of a window are never used, and a window without a single value gives NaN.
"""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float32
from tsforecast.series.windows import Windows


def naive(windows: Windows, horizon: int, season_length: int) -> Float32:
    """The last value of each window, repeated: shape (samples, horizon). The season plays no part."""
    return np.repeat(_last(windows)[:, None], horizon, axis=1)


def seasonal_naive(windows: Windows, horizon: int, season_length: int) -> Float32:
    """The last season of each window, repeated: shape (samples, horizon).

    Steps of the season that lie before the window's first value take its last value.
    """
    lookback = windows.values.shape[1]
    positions = lookback - season_length + np.arange(horizon) % season_length
    inside = np.maximum(positions, 0)
    known = windows.mask[:, inside] & (positions >= 0)
    repeated: Float32 = np.where(known, windows.values[:, inside], _last(windows)[:, None])
    return repeated


def drift(windows: Windows, horizon: int, season_length: int) -> Float32:
    """The line from the first to the last value of each window, continued: shape (samples, horizon).

    last + step x (last - first) / (values - 1): Hyndman and Athanasopoulos, Forecasting: Principles and
    Practice, section 5.2. The season plays no part.
    """
    samples, lookback = windows.values.shape
    count = windows.mask.sum(axis=1)
    first = windows.values[np.arange(samples), np.minimum(lookback - count, lookback - 1)]
    last = _last(windows)
    slope = (last - first) / np.maximum(count - 1, 1).astype(np.float32)
    steps = np.arange(1, horizon + 1, dtype=np.float32)
    line: Float32 = last[:, None] + slope[:, None] * steps
    return line


def _last(windows: Windows) -> Float32:
    """The last value of each window, shape (samples,)."""
    return np.where(windows.mask[:, -1], windows.values[:, -1], np.float32(np.nan))
