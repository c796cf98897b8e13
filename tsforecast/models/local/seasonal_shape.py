"""Seasonal shape: a series folded by its season is nearly of rank one, a level for each season and a shape.

After Honda (Don't Learn the Shape, 2026): the shape is the mean of the newest seasons and nothing else, and only the
levels are forecast, by a ridge regression of their changes whose strength generalised cross-validation chooses. The
shape is a factor of the level or added to it; it is added where values are below zero, or a season is all zero. How
many seasons make the shape, and whether a season counts seven times as long (the week of hours), are forms, which are
averaged by their errors at the newest origins of a series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.models.local.aligned import Aligned
from tsforecast.models.local.forms import best_forms

_FEATURES = 4
COLUMNS = 3 + _FEATURES  # seasons in one, how many make the shape, whether it is a factor; the ridge's coefficients

_LONGER, _WITHIN_A_DAY = 7, 12  # a season of more steps than these may be a day, whose week is tried too
_SHAPES = (1, 2, 4, 8, 16)
_ORIGINS = 5
_STEEP = 4.0  # how fast a form loses its share: by a factor of e where its error is a quarter larger
_STRENGTHS = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0])
_NEAR = 6  # levels whose mean the newest one may return to
_LEAST_LEVEL = 1e-9
_FEWEST_CHANGES = 2  # of levels, below which the newest level stays


@dataclass(frozen=True)
class _Folded:
    """Series as seasons that end with their last value.

    Args:
        seasons: shape (count, period, n_series).
        levels: means of the seasons or their logarithms, shape (count, n_series).
        there: which seasons are whole, shape (count, n_series).
    """

    seasons: Float64
    levels: Float64
    there: Bool


def fit_seasonal_shape(series: Aligned, season: int, horizon: int) -> Float64:
    """The best forms of each series, as `best_forms` gives them.

    Args:
        series: in units in which zero is zero.
        season: steps in a season.
        horizon: steps that are forecast.
    """
    n_series = len(series.lengths)
    errors, numbers = [], []
    otherwise = np.zeros((n_series, COLUMNS))
    otherwise[:, :2] = 1, 1
    for multiple, shape in _folds(season):
        for factor in (False, True):
            chosen = _that_can_have(series, season, multiple, shape, factor)
            error, own = np.full(n_series, np.inf), np.zeros((n_series, COLUMNS))
            if chosen.size:
                some = series.take(chosen)
                own[chosen] = _parameters(some, season, multiple, shape, factor)
                error[chosen] = _error(some, own[chosen], season, horizon)
                if shape == multiple == 1:
                    otherwise[chosen] = own[chosen]
            errors.append(error)
            numbers.append(own)
    return best_forms(_losses(np.stack(errors)), np.stack(numbers), otherwise)


def _folds(season: int) -> Iterator[tuple[int, int]]:
    """How many seasons count as one, and how many of these make the shape."""
    for multiple in (1, _LONGER) if season > _WITHIN_A_DAY else (1,):
        # Without a season there is a level alone, whose shape is one.
        yield from ((multiple, shape) for shape in (_SHAPES if season > 1 else (1,)))


def _that_can_have(series: Aligned, season: int, multiple: int, shape: int, factor: bool) -> Int64:
    """Numbers of the series that are long enough for a form, and that it is for."""
    long = np.flatnonzero(series.lengths >= multiple * season * (shape + (multiple > 1)))
    if not long.size or not (factor or season == 1):
        return long
    # A level that can grow by factors does so where it stands alone.
    return long[_can_be_a_factor(series.take(long), multiple * season) == factor]


def _losses(errors: Float64) -> Float64:
    """Losses of the forms from their errors, both of shape (forms, n_series): how far each lies above the least."""
    least = errors.min(axis=0)
    known = np.isfinite(errors) & (least > 0)
    ratio = np.where(errors > least, np.inf, 1.0)  # where the least error is none at all
    return _STEEP * np.divide(errors, least, out=ratio, where=known)


def forecast_seasonal_shape(series: Aligned, parameters: Float64, season: int, horizon: int) -> Float64:
    """What follows the series, shape (horizon, n_series).

    Args:
        series: as for `fit_seasonal_shape`; where a shape can no longer be a factor, it is added to the newest level.
        parameters: of one form of each series, shape (n_series, COLUMNS).
        season: steps in a season.
        horizon: steps to forecast.
    """
    made = np.empty((horizon, len(series.lengths)))
    kinds, kind_of = np.unique(parameters[:, :3], axis=0, return_inverse=True)
    # A file may say anything.
    kinds = np.clip(kinds, (1, 1, 0), (_LONGER, max(_SHAPES), 1))
    for number, (multiple, shape, factor) in enumerate(kinds.tolist()):
        chosen = np.flatnonzero(kind_of.ravel() == number)
        period, coefficients = int(multiple) * season, parameters[chosen, 3:]
        possible = factor > 0 and _can_be_a_factor(series.take(chosen), period)
        for as_factor in (False, True):
            some = np.flatnonzero(np.broadcast_to(possible, len(chosen)) == as_factor)
            if some.size:
                own = coefficients[some] if as_factor == bool(factor) else np.zeros((len(some), _FEATURES))
                made[:, chosen[some]] = _follow(series.take(chosen[some]), own, period, int(shape), as_factor, horizon)
    return made


def _can_be_a_factor(series: Aligned, period: int) -> Bool:
    """Whether the shape can be a factor: no value is below zero, and no season is all zero; shape (n_series,)."""
    plain = _fold(series, period, factor=False)
    positive = np.where(series.known, series.values, 0.0).min(axis=0) >= 0
    return np.asarray(positive & (np.where(plain.there, plain.levels, 1.0) > _LEAST_LEVEL).all(axis=0))


def _parameters(series: Aligned, season: int, multiple: int, shape: int, factor: bool) -> Float64:
    """The coefficients of one form, with what is said of it, shape (n_series, COLUMNS)."""
    made = np.empty((len(series.lengths), COLUMNS))
    made[:, :3] = multiple, shape, factor
    made[:, 3:] = _ridge(_fold(series, multiple * season, factor))
    return made


def _fold(series: Aligned, period: int, factor: bool) -> _Folded:
    count = max(1, len(series.values) // period)
    rows = series.lengths - count * period + np.arange(count * period)[:, None]
    found = np.take_along_axis(series.values, np.clip(rows, 0, len(series.values) - 1), axis=0)
    seasons = found.reshape(count, period, -1)
    there = (rows >= 0).reshape(count, period, -1).all(axis=1)
    levels = seasons.mean(axis=1)
    if factor:
        levels = np.log(np.maximum(levels, _LEAST_LEVEL))
    return _Folded(seasons, levels, np.asarray(there))


def _features(levels: Float64, there: Bool) -> tuple[Float64, Bool]:
    """What the next change of the newest level is read from, shape (features, n_series), and whether two are there.

    One; the newest change; how far the level lies below the mean of the newest; how far it lay elsewhere a week before.
    """
    count = len(levels)
    now = levels[-1]
    before = levels[-2] if count > 1 else now
    near, counted = levels[-_NEAR:], there[-_NEAR:]
    mean = np.where(counted, near, 0).sum(axis=0) / np.maximum(counted.sum(axis=0), 1)
    week = np.zeros_like(now)
    if count >= _LONGER:
        week = np.where(there[-_LONGER], levels[1 - _LONGER] - levels[-_LONGER], 0.0)
    enough = there[-2] if count > 1 else np.zeros(len(now), bool)
    return np.stack([np.ones_like(now), now - before, mean - now, week]), enough


def _ridge(folded: _Folded) -> Float64:
    """Coefficients of the change of the level, shape (n_series, features), zero where there are too few seasons."""
    levels, there = folded.levels, folded.there
    count = len(levels)
    rows = [_features(levels[: end + 1], there[: end + 1]) for end in range(1, count - 1)]
    if not rows:
        return np.zeros((levels.shape[1], _FEATURES))
    used = np.stack([enough for _, enough in rows], axis=1).astype(float)  # n_series, rows
    x = np.stack([each for each, _ in rows], axis=2).transpose(1, 2, 0) * used[:, :, None]
    y = np.diff(levels, axis=0)[1:].T * used
    size = np.sqrt((x**2).sum(axis=1) / np.maximum(used.sum(axis=1), 1)[:, None])
    size = np.where(size > 0, size, 1.0)
    x = x / size[:, None, :]
    values, vectors = np.linalg.eigh(x.transpose(0, 2, 1) @ x)
    turned = (vectors.transpose(0, 2, 1) @ (x.transpose(0, 2, 1) @ y[:, :, None]))[:, :, 0]
    n = used.sum(axis=1)
    turned[n < _FEWEST_CHANGES] = 0.0
    total, best, least = (y**2).sum(axis=1), np.zeros_like(turned), _unchanged(y, n)
    for strength in _STRENGTHS:
        kept = np.maximum(values, 0) / (np.maximum(values, 0) + strength)
        inner = turned / (np.maximum(values, 0) + strength)
        squares = total - 2 * (inner * turned).sum(axis=1) + (inner**2 * np.maximum(values, 0)).sum(axis=1)
        freedom = np.maximum(n - kept.sum(axis=1), 0.5)
        error = n * squares / freedom**2
        better = error < least
        least, best[better] = np.where(better, error, least), inner[better]
    return (vectors @ best[:, :, None])[:, :, 0] / size


def _unchanged(y: Float64, n: Float64) -> Float64:
    """Generalised cross-validation of no change at all."""
    return (y**2).sum(axis=1) / np.maximum(n, 1)


def _follow(series: Aligned, coefficients: Float64, period: int, shape: int, factor: bool, horizon: int) -> Float64:
    folded = _fold(series, period, factor)
    levels, there = folded.levels, folded.there
    newest, counted = folded.seasons[-shape:], there[-shape:]
    means = newest.mean(axis=1, keepdims=True)
    pattern = newest / np.maximum(means, _LEAST_LEVEL) if factor else newest - means
    weight = np.where(counted, 1.0, 0.0) / np.maximum(counted.sum(axis=0), 1)
    pattern = (pattern * weight[:, None]).sum(axis=0)
    made = []
    reach = np.where(there[:-1], np.abs(np.diff(levels, axis=0)), 0.0).max(axis=0, initial=0.0)
    for _ in range(-(-horizon // period)):
        features, enough = _features(levels, there)
        change = np.where(enough, (coefficients.T * features).sum(axis=0), 0.0)
        level = levels[-1] + np.clip(change, -reach, reach)
        made.append(np.exp(level) * pattern if factor else level + pattern)
        levels, there = np.concatenate([levels, [level]]), np.concatenate([there, [there[-1]]])
    following = np.concatenate(made)[:horizon]
    # Without a whole season there is no shape: the last value stays.
    last = series.values[series.lengths - 1, np.arange(len(series.lengths))]
    return np.where(folded.there[-1], following, last)


def _error(series: Aligned, parameters: Float64, season: int, horizon: int) -> Float64:
    """Mean absolute error at the newest origins of the series, infinite without any, shape (n_series,)."""
    total, count = np.zeros(len(series.lengths)), np.zeros(len(series.lengths))
    for number in range(1, _ORIGINS + 1):
        origins = series.lengths - number * horizon
        long = np.flatnonzero(origins >= parameters[:, 0] * season * parameters[:, 1])
        if not long.size:
            continue
        past = Aligned(series.values[: origins[long].max(), long], origins[long], series.order[long])
        made = forecast_seasonal_shape(past, parameters[long], season, horizon)
        rows = origins[long] + np.arange(horizon)[:, None]
        total[long] += np.abs(made - series.values[rows, long]).mean(axis=0)
        count[long] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)
