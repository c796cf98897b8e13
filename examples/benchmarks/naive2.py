"""Naive2, the yardstick of the M4 competition: the last value, seasonally adjusted where the history is seasonal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# 90 % two-sided critical value, and the seasons needed, of M4's test for seasonality.
_CRITICAL_VALUE = 1.645
_SEASONS_NEEDED = 3


def naive2(history: NDArray[np.float64], horizon: int, season_length: int) -> NDArray[np.float64]:
    """M4's Naive2: the last value, seasonally adjusted where the history is seasonal.

    The adjustment is the classical multiplicative one, made when `is_seasonal` and every value is positive
    (Makridakis, Spiliotis and Assimakopoulos, 2020).

    Args:
        history: all values of one series, shape (length,).
        horizon: steps to forecast.
        season_length: steps in a season.

    Returns:
        Shape (horizon,).
    """
    positions = np.arange(len(history), len(history) + horizon) % season_length
    if not is_seasonal(history, season_length) or history.min() <= 0:
        return np.full(horizon, history[-1], dtype=np.float64)
    indices = _seasonal_indices(history, season_length)
    adjusted = history[-1] / indices[(len(history) - 1) % season_length]
    return np.asarray(adjusted * indices[positions])


def is_seasonal(history: NDArray[np.float64], season_length: int) -> bool:
    """M4's test: the autocorrelation at the season stands out from those before it.

    n >= 3m and abs(acf_m) > 1.645 x sqrt((1 + 2 x sum_{k<m} acf_k^2) / n); never for m = 1.
    """
    length = len(history)
    if season_length == 1 or length < _SEASONS_NEEDED * season_length:
        return False
    centered = history - history.mean()
    power = centered @ centered
    if power == 0:
        return False
    acf = np.array([centered[lag:] @ centered[:-lag] for lag in range(1, season_length + 1)]) / power
    limit = _CRITICAL_VALUE * np.sqrt((1 + 2 * np.sum(acf[:-1] ** 2)) / length)
    return bool(abs(acf[-1]) > limit)


def _seasonal_indices(history: NDArray[np.float64], season_length: int) -> NDArray[np.float64]:
    """Classical multiplicative indices with mean 1, shape (season_length,), the first for history[0].

    Each is the mean ratio to the centered moving average of one season (2 x m for an even m), as in R's
    `decompose`.
    """
    weights = np.ones(season_length)
    if season_length % 2 == 0:
        weights = np.concatenate([[0.5], np.ones(season_length - 1), [0.5]])
    trend = np.convolve(history, weights / season_length, mode="valid")
    edge = len(weights) // 2
    ratios = history[edge : edge + len(trend)] / trend
    positions = np.arange(edge, edge + len(trend)) % season_length
    indices = np.bincount(positions, ratios, season_length) / np.bincount(positions, minlength=season_length)
    return np.asarray(indices / indices.mean())
