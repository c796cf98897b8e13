"""The dynamic optimised Theta model (Fiorucci et al. 2016) on seasonally adjusted values.

A series is a line and a curved rest; the forecast is the mean of the line of regression, of weight 1 - 1/theta, and of
the level that exponential smoothing with alpha gives. Line and level follow the values. Given theta and alpha the
one-step errors are linear in the values and in the level before the first one, which is solved for by least squares.
"""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.local.aligned import Aligned
from tsforecast.models.local.decomposition import adjusted, season_kind

COLUMNS = 3  # of the parameters: how the season enters, alpha, 1 - 1/theta

_ALPHAS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98)
_LINES = (0.0, 0.2, 1 / 3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # 1 - 1/theta: 0.5 is the Theta method of the M3
_LEAST_ROWS = 6  # below which alpha and theta are what is usual
_USUAL = (0.5, 0.5)


def fit_theta(series: Aligned, season: int) -> Float64:
    """How the season enters each series, and its alpha and theta, shape (n_series, COLUMNS).

    Args:
        series: in units in which zero is zero.
        season: steps in a season.
    """
    kind = season_kind(series, season)
    own, _ = _centered(adjusted(series, season, kind).series)
    squares = np.stack([_squares(own, alpha) for alpha in _ALPHAS])  # alphas, lines, series
    best = squares.reshape(-1, squares.shape[2]).argmin(axis=0)
    chosen = np.stack([np.array(_ALPHAS)[best // len(_LINES)], np.array(_LINES)[best % len(_LINES)]], axis=1)
    chosen[series.lengths < _LEAST_ROWS] = _USUAL
    return np.column_stack([kind, chosen])


def forecast_theta(series: Aligned, parameters: Float64, season: int, horizon: int) -> Float64:
    """What follows the series, shape (horizon, n_series); the arguments are those of `fit_theta`."""
    without = adjusted(series, season, parameters[:, 0])
    alpha, line = parameters[:, 1], parameters[:, 2]
    own, center = _centered(without.series)
    level, mean, slope, decay = _state(own, alpha, line)
    count, made = series.lengths.astype(np.float64), np.empty((horizon, len(alpha)))
    for step in range(horizon):
        value = level + line * _line(mean, slope, count, alpha, decay)
        made[step] = value
        level, decay = level + alpha * (value - level), decay * (1 - alpha)
        mean, slope, count = _with_value(value, mean, slope, count)
    return without.with_season(made + center)


def _centered(series: Aligned) -> tuple[Aligned, Float64]:
    """The series without their means, and these: of a level far above what moves, sums would keep too few digits."""
    center = np.where(series.known, series.values, 0.0).sum(axis=0) / series.lengths
    return Aligned(np.where(series.known, series.values - center, 0.0), series.lengths, series.order), center


def _line(mean: Float64, slope: Float64, count: Float64, alpha: Float64 | float, decay: Float64 | float) -> Float64:
    """What the line adds to the level one step ahead; `decay` is (1 - alpha) to the power of `count`."""
    return decay * (mean - slope * (count + 1) / 2) + slope * (1 - (1 - alpha) * decay) / alpha


def _with_value(value: Float64, mean: Float64, slope: Float64, count: Float64) -> tuple[Float64, Float64, Float64]:
    """Mean and slope of the regression on time with one more value, and how many there are."""
    after = count + 1
    slope = ((count - 1) * slope + 6 * (value - mean) / after) / (after + 1)
    return (count * mean + value) / after, slope, after


def _regressions(series: Aligned) -> tuple[Float64, Float64]:
    """Mean and slope of the first values of each series, after each of them, both (steps, n_series)."""
    means, slopes = np.empty_like(series.values), np.zeros_like(series.values)
    means[0] = mean = series.values[0]
    slope, count = np.zeros_like(mean), np.ones_like(mean)
    for step in range(1, len(means)):
        mean, slope, count = _with_value(series.values[step], mean, slope, count)
        means[step], slopes[step] = mean, slope
    return means, slopes


def _squares(series: Aligned, alpha: float) -> Float64:
    """The sum of squared errors under each line, with the best level to begin with, shape (lines, n_series)."""
    means, slopes = _regressions(series)
    steps = len(means)
    count = np.arange(1.0, steps + 1)[:, None]
    decay = (1 - alpha) ** count
    level, levels = np.zeros(means.shape[1]), np.empty_like(means)
    for step in range(steps):
        level = level + alpha * (series.values[step] - level)
        levels[step] = level
    added = _line(means, slopes, count, alpha, decay)
    # Errors of the second value and of all later ones, and how they fall with the level before the first.
    known = series.known[1:]
    response = np.where(known, decay[:-1], 0.0)
    weight = np.maximum((response**2).sum(axis=0), 1e-12)
    squares = np.empty((len(_LINES), means.shape[1]))
    for number, line in enumerate(_LINES):
        error = np.where(known, series.values[1:] - levels[:-1] - line * added[:-1], 0.0)
        squares[number] = (error**2).sum(axis=0) - (response * error).sum(axis=0) ** 2 / weight
    return squares


def _state(series: Aligned, alpha: Float64, line: Float64) -> tuple[Float64, Float64, Float64, Float64]:
    """Level, mean, slope and decay after the last value of each series, all of shape (n_series,)."""
    means, slopes = _regressions(series)
    level, decay = np.zeros(len(alpha)), np.ones(len(alpha))
    top, weight = np.zeros(len(alpha)), np.full(len(alpha), 1e-12)
    for step, alive in enumerate(series.alive.tolist()):
        now = slice(0, alive)
        if step:
            count = np.full(alive, float(step))
            added = _line(means[step - 1, now], slopes[step - 1, now], count, alpha[now], decay[now])
            error = series.values[step, now] - level[now] - line[now] * added
            top[now] += decay[now] * error
            weight[now] += decay[now] ** 2
        level[now] += alpha[now] * (series.values[step, now] - level[now])
        decay[now] *= 1 - alpha[now]
    last, rows = series.lengths - 1, np.arange(len(alpha))
    level = level + decay * np.where(series.lengths > 1, top / weight, (1 - line) * series.values[0])
    return level, means[last, rows], slopes[last, rows], decay
