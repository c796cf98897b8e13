"""Classical decomposition of aligned series, and the test for a season (Makridakis et al. 2020, code of the M4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64
from tsforecast.models.local.aligned import Aligned

# How a season enters the values of a series.
NO_SEASON, ADDED, MULTIPLIED = 0, 1, 2

_QUANTILE = 1.645  # of the normal distribution, 90 % on both sides
_LEAST_SEASONS = 3  # below which the test has nothing to say
_LEAST_INDEX = 0.05  # a factor near zero makes a value of any size of the noise that is divided by it


@dataclass(frozen=True)
class Adjusted:
    """Series without their season.

    Args:
        series: the seasonally adjusted ones.
        kind: how the season enters each series, shape (n_series,).
        pattern: index or summand of each phase, counted from the first value, shape (season, n_series).
    """

    series: Aligned
    kind: Float64
    pattern: Float64

    def with_season(self, ahead: Float64) -> Float64:
        """Forecasts of the adjusted series with the season, shape (horizon, n_series)."""
        steps = self.series.lengths + np.arange(len(ahead))[:, None]
        season = np.take_along_axis(self.pattern, steps % len(self.pattern), axis=0)
        return np.where(self.kind == MULTIPLIED, ahead * season, np.where(self.kind == ADDED, ahead + season, ahead))


def has_season(series: Aligned, season: int) -> Bool:
    """Whether the autocorrelation at the season is more than chance, shape (n_series,)."""
    long = series.lengths >= _LEAST_SEASONS * season
    if season < 2 or not long.any():
        return np.zeros(len(series.lengths), bool)
    known = series.known
    moved = np.where(known, series.values - np.where(known, series.values, 0).sum(axis=0) / series.lengths, 0.0)
    total = (moved**2).sum(axis=0)
    total = np.where(total > 0, total, 1.0)
    lags = np.stack([(moved[lag:] * moved[:-lag]).sum(axis=0) / total for lag in range(1, season + 1)])
    limit = _QUANTILE * np.sqrt((1 + 2 * (lags[:-1] ** 2).sum(axis=0)) / series.lengths)
    return long & (np.abs(lags[-1]) > limit)


def season_kind(series: Aligned, season: int) -> Float64:
    """How a season enters each series: not at all, as a factor where all values are above zero, else as a summand."""
    least = np.where(series.known, series.values, np.inf).min(axis=0, initial=np.inf)
    return np.where(has_season(series, season), np.where(least > 0, MULTIPLIED, ADDED), NO_SEASON).astype(np.float64)


def adjusted(series: Aligned, season: int, kind: Float64) -> Adjusted:
    """The series without their season, by the classical decomposition.

    Args:
        series: any.
        season: steps in a season.
        kind: of each series; without two seasons there is none, and a factor only where all values and factors are
            above zero.
    """
    kind = np.where((series.lengths >= 2 * season) & (season > 1), kind, NO_SEASON)
    pattern = np.zeros((season, len(kind)))
    if not kind.any():
        return Adjusted(series, kind, pattern)
    known = series.known
    trend, there = _moving_average(series, season)
    factor = kind == MULTIPLIED
    factor &= np.where(there, trend, 1.0).min(axis=0, initial=1.0) > 0
    indices = _by_phase(np.where(there, series.values / np.where(there & (trend > 0), trend, 1.0), 0.0), there, season)
    indices /= np.where(indices.mean(axis=0) > 0, indices.mean(axis=0), 1.0)
    factor &= (indices.min(axis=0) > _LEAST_INDEX) & (np.where(known, series.values, 1.0).min(axis=0) > 0)
    summands = _by_phase(np.where(there, series.values - trend, 0.0), there, season)
    summands -= summands.mean(axis=0)
    kind = np.where(kind == NO_SEASON, NO_SEASON, np.where(factor, MULTIPLIED, ADDED))
    pattern = np.where(kind == MULTIPLIED, indices, np.where(kind == ADDED, summands, 0.0))
    of_row = pattern[np.arange(len(known)) % season]
    values = np.where(kind == MULTIPLIED, series.values / np.where(of_row > 0, of_row, 1.0), series.values)
    values = np.where(known, np.where(kind == ADDED, values - of_row, values), 0.0)
    return Adjusted(Aligned(values, series.lengths, series.order), kind.astype(np.float64), pattern)


def _moving_average(series: Aligned, season: int) -> tuple[Float64, Bool]:
    """The centered moving average over a season, and where it can be had, both (steps, n_series)."""
    steps = len(series.values)
    sums = np.concatenate([np.zeros((1, len(series.lengths))), np.cumsum(series.values, axis=0)])
    half, rows = season // 2, np.arange(steps)
    there = (rows[:, None] >= half) & (rows[:, None] < series.lengths - half)
    first, last = np.clip(rows - half, 0, steps), np.clip(rows + half + 1, 0, steps)
    total = sums[last] - sums[first]
    if season % 2 == 0:
        ends = series.values[np.clip(rows - half, 0, steps - 1)] + series.values[np.clip(rows + half, 0, steps - 1)]
        total = total - ends / 2
    return total / season, there


def _by_phase(values: Float64, there: Bool, season: int) -> Float64:
    """Mean of each phase over what is there, shape (season, n_series)."""
    seasons = -(-len(values) // season)
    room = np.zeros((seasons * season - len(values), values.shape[1]))
    total, count = (
        np.concatenate([each, room]).reshape(seasons, season, -1).sum(axis=0) for each in (values, there.astype(float))
    )
    return total / np.maximum(count, 1)
