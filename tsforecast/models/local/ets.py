"""Exponential smoothing in state-space form (Hyndman, Koehler, Ord and Snyder 2008), its forms averaged by AICc.

A series is seen as it is or as its logarithm, under which trend and season are factors. Its level, a trend that there
is or is not and that may be damped, and a season that there is or is not, follow the one-step errors:

    error  = value - (level + phi trend + season)      level  = level + phi trend + alpha error
    trend  = phi trend + beta error                    season = season + gamma error

Given alpha, beta, gamma and phi the errors are linear in the values and in the state that a series began with, which is
solved for by least squares. So a grid of some 60 to 150 combinations is tried on all series at once. With and without a
logarithm, a season, a trend and its damping there are up to twelve forms, each with its best combination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.models.local.aligned import Aligned
from tsforecast.models.local.decomposition import adjusted, season_kind
from tsforecast.models.local.forms import best_forms

COLUMNS = 7  # of the parameters: logarithm, season among the states (0 or 1), season removed, alpha, beta, gamma, phi
LONGEST_SEASON = 24  # among the states; a longer one has more of them than the values can tell and is removed before

_SMALL_VALUES = 1 << 21  # numbers worked on at once, in errors of all candidates
_LEAST_RATIO = 1.2  # of the largest to the least value, from which a logarithm makes a difference
_TINY = 1e-12
_TRENDS = 3  # none, a line and a damped one
# Of the difference in AICc, by which a form loses its share: half of what its weight has (Burnham and Anderson 2002).
_STEEP = 0.25
_SIMPLEST = np.array([0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0])  # for a series too short for any choice


@dataclass(frozen=True)
class _Run:
    """One-step errors, shape (steps, rows, columns), and the states after the last value of each row."""

    errors: Float64
    level: Float64
    trend: Float64
    season: Float64

    def ahead(self, phi: Float64, lengths: Int64, horizon: int) -> Float64:
        """What follows, shape (horizon, rows, columns)."""
        m, rows = len(self.season), np.arange(len(lengths))
        made = np.empty((horizon, *self.level.shape))
        level, trend = self.level, self.trend
        for step in range(horizon):
            trend = phi * trend
            level = level + trend
            made[step] = level + self.season[(lengths + step) % m, rows]
        return made


def fit_ets(series: Aligned, season: int) -> Float64:
    """The best forms of each series with their parameters, as `best_forms` gives them, in the order of `series`.

    Args:
        series: in units in which zero is zero.
        season: steps in a season.
    """
    n_series = len(series.lengths)
    removed = np.zeros(n_series)
    if season > LONGEST_SEASON:
        removed = season_kind(series, season)
        series = adjusted(series, season, removed).series
    seasons = (1, season) if 1 < season <= LONGEST_SEASON else (1,)
    low = np.where(series.known, series.values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(series.known, series.values, -np.inf).max(axis=0, initial=-np.inf)
    positive = (low > 0) & (high >= _LEAST_RATIO * low)
    criteria = np.full((2, len(seasons), _TRENDS, n_series), np.inf)
    numbers = np.zeros((*criteria.shape, COLUMNS))
    for log in (0, 1):
        for place, m in enumerate(seasons):
            numbers[log, place, ..., 0], numbers[log, place, ..., 1], numbers[log, place, ..., 2] = log, m > 1, removed
            usable = series.lengths >= (2 * m if m > 1 else 1)
            chosen = np.flatnonzero(usable & positive if log else usable)
            size = max(1, _SMALL_VALUES // (len(_grid(m > 1)) * max(1, int(series.lengths.max(initial=1)))))
            for begin in range(0, len(chosen), size):
                some = chosen[begin : begin + size]
                criterion, parameters = _best_of_grid(series.take(some), m, bool(log))
                criteria[log, place][:, some] = criterion
                numbers[log, place][:, some, 3:] = parameters
    otherwise = np.tile(_SIMPLEST, (n_series, 1))
    otherwise[:, 2] = removed
    forms = 2 * len(seasons) * _TRENDS
    return best_forms(_STEEP * criteria.reshape(forms, -1), numbers.reshape(forms, n_series, COLUMNS), otherwise)


def forecast_ets(series: Aligned, parameters: Float64, season: int, horizon: int) -> Float64:
    """What follows the series, shape (horizon, n_series).

    Args:
        series: as for `fit_ets`; one that is not positive throughout is seen without its logarithm.
        parameters: of each series.
        season: steps in a season.
        horizon: steps to forecast.
    """
    without = adjusted(series, season, parameters[:, 2])
    series, made = without.series, np.empty((horizon, len(series.lengths)))
    positive = np.where(series.known, series.values, np.inf).min(axis=0, initial=np.inf) > 0
    log = (parameters[:, 0] > 0) & positive
    seasonal = (parameters[:, 1] > 0) & (series.lengths >= 2 * season)
    for of_log in (False, True):
        for of_season in (False, True):
            chosen = np.flatnonzero((log == of_log) & (seasonal == of_season))
            if chosen.size:
                some, center, scale = _scaled(series.take(chosen), of_log)
                m = season if of_season else 1
                following = _forecast(some, parameters[chosen, 3:], m, horizon)
                if of_log:
                    following = _within_reach(some, following)
                following = following * scale + center
                made[:, chosen] = np.exp(following) if of_log else following
    return without.with_season(made)


def _within_reach(series: Aligned, following: Float64) -> Float64:
    """Logarithms of forecasts, shape (horizon, n_series), not far beyond those that are known.

    After a value near zero, whose logarithm lies far below the others, a trend may rise without end. Steady growth for
    as many steps as there are values takes two distances between the quartiles.

    Args:
        series: logarithms with mean 0 and deviation 1.
        following: their forecasts.
    """
    steps, columns = np.arange(1, len(following) + 1)[:, None], np.arange(len(series.lengths))
    ordered = np.sort(np.where(series.known, series.values, np.inf), axis=0)
    low, lower, upper, high = (
        ordered[((series.lengths - 1) * share).astype(np.int64), columns] for share in (0.0, 0.25, 0.75, 1.0)
    )
    beyond = 1 + 2 * (upper - lower) * (1 + steps / series.lengths)
    return np.clip(following, low - beyond, high + beyond)


def _scaled(series: Aligned, log: bool) -> tuple[Aligned, Float64, Float64]:
    """The values or their logarithms with mean 0 and deviation 1, the means and the deviations."""
    known = series.known
    values = np.log(np.where(known, series.values, 1.0)) if log else series.values
    center = np.where(known, values, 0.0).sum(axis=0) / series.lengths
    moved = np.where(known, values - center, 0.0)
    scale = np.sqrt((moved**2).sum(axis=0) / series.lengths)
    scale = np.where(scale > _TINY * np.abs(center), scale, 1.0)
    return Aligned(moved / scale, series.lengths, series.order), center, scale


@cache
def _grid(seasonal: bool) -> Float64:
    """Combinations of alpha, beta, gamma and phi, shape (n, 4)."""
    alphas = (0.02, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9) if seasonal else (0.02, 0.06, 0.12, 0.2, 0.3, 0.45, 0.6, 0.8, 0.97)
    gammas = (0.01, 0.1, 0.3) if seasonal else (0.0,)
    rows = []
    for alpha in alphas:
        for gamma in (share * (1 - alpha) for share in gammas):
            rows.append((alpha, 0.0, gamma, 0.0))
            rows += [(alpha, share * alpha, gamma, 1.0) for share in (0.0, 0.1)]
            rows += [(alpha, share * alpha, gamma, phi) for share in (0.05, 0.4) for phi in (0.85, 0.97)]
    return np.array(rows)


def _best_of_grid(series: Aligned, m: int, log: bool) -> tuple[Float64, Float64]:
    """The least AICc with each kind of trend, shape (trends, n_series), and the combination that has it."""
    scaled, _, scale = _scaled(series, log)
    grid = _grid(m > 1)
    squares = _least_squares(scaled, grid, m)
    n = series.lengths[:, None].astype(np.float64)
    trended, damped = grid[:, 3] > 0, (grid[:, 3] > 0) & (grid[:, 3] < 1)
    # The deviation, alpha and the level; trend and beta; phi; gamma and the season, whose states sum to zero.
    count = 3.0 + 2 * trended + damped + (m if m > 1 else 0)
    likelihood = n * np.log(np.maximum(squares / n, 1e-10) * scale[:, None] ** 2)
    if log:
        likelihood += 2 * np.log(np.where(series.known, series.values, 1.0)).sum(axis=0)[:, None]
    room = n - count - 1
    criterion = np.where(room > 0, likelihood + 2 * count * n / np.where(room > 0, room, 1), np.inf)
    of_trend = trended.astype(np.int64) + damped
    criterion = np.stack([np.where(of_trend == trend, criterion, np.inf) for trend in range(_TRENDS)])
    best = np.argmin(criterion, axis=2)
    return np.take_along_axis(criterion, best[:, :, None], axis=2)[:, :, 0], grid[best]


def _least_squares(series: Aligned, grid: Float64, m: int) -> Float64:
    """The sum of squared errors under each combination, with the best initial state, shape (n_series, combinations)."""
    steps, combinations = len(series.values), len(grid)
    start = _begin(combinations, m)
    nothing = Aligned(np.zeros((steps, combinations)), np.full(combinations, steps), np.arange(combinations))
    design = _run(nothing, [grid[:, [i]] for i in range(4)], start).errors  # steps, combinations, states
    zero = np.zeros((len(series.lengths), combinations))
    raw = _run(series, [grid[None, :, i] for i in range(4)], (zero, zero, np.zeros((m, *zero.shape)))).errors
    left = np.ascontiguousarray(design.transpose(1, 2, 0))  # combinations, states, steps
    right = left @ np.ascontiguousarray(raw.transpose(2, 0, 1))  # combinations, states, series
    squares = (raw**2).sum(axis=0)
    without = _excluded(grid[:, 3], design.shape[2])
    for length in np.unique(series.lengths).tolist():
        own = series.lengths == length
        gram = left[:, :, :length] @ left[:, :, :length].transpose(0, 2, 1) + without
        part = right[:, :, own]
        squares[own] -= (part * np.linalg.solve(gram, part)).sum(axis=1).T
    return np.maximum(squares, 0.0)


def _begin(rows: int, m: int) -> tuple[Float64, Float64, Float64]:
    """The states that a series can begin with, one a column: a level, a trend, and phases against the last one."""
    states = 2 + m - 1
    level, trend, season = np.zeros((rows, states)), np.zeros((rows, states)), np.zeros((m, rows, states))
    level[:, 0], trend[:, 1] = 1.0, 1.0
    for phase in range(m - 1):
        season[phase, :, 2 + phase], season[m - 1, :, 2 + phase] = 1.0, -1.0
    return level, trend, season


def _excluded(phi: Float64, states: int) -> Float64:
    """What is added to the normal equations, shape (rows, states, states): it keeps a state at 0 that does not exist.

    The rest keeps them solvable where the values do not tell all states apart.
    """
    diagonal = np.full((len(phi), states), 1e-6)
    diagonal[phi == 0, 1] = 1e9
    return diagonal[:, :, None] * np.eye(states)


def _run(series: Aligned, smoothing: Sequence[Float64], start: tuple[Float64, Float64, Float64]) -> _Run:
    """Follow the series, each with every column of states.

    Args:
        series: what is followed.
        smoothing: alpha, beta, gamma and phi; what is one row or one column broadcasts.
        start: the states to begin with.
    """
    level, trend, season = (state.copy() for state in start)
    rows, m = level.shape[0], len(season)
    errors = np.zeros((len(series.values), *level.shape))
    alpha, beta, gamma, phi = (np.broadcast_to(each, (rows, each.shape[1])) for each in smoothing)
    for step, alive in enumerate(series.alive.tolist()):
        error = errors[step, :alive]
        now, slope, phase = level[:alive], trend[:alive], season[step % m, :alive]
        slope *= phi[:alive]
        now += slope
        np.subtract(series.values[step, :alive, None], now, out=error)
        if m > 1:
            error -= phase
            phase += gamma[:alive] * error
        now += alpha[:alive] * error
        slope += beta[:alive] * error
    return _Run(errors, level, trend, season)


def _forecast(series: Aligned, parameters: Float64, m: int, horizon: int) -> Float64:
    """What follows scaled series, shape (horizon, n_series)."""
    if m == 1:
        parameters = parameters * np.array([1.0, 1.0, 0.0, 1.0])
    made = np.empty((horizon, len(series.lengths)))
    # Windows of one series and one length are all followed by the same linear map from their errors.
    kinds, kind_of = np.unique(np.column_stack([-series.lengths, parameters]), axis=0, return_inverse=True)
    kind_of = kind_of.ravel()
    size = max(1, _SMALL_VALUES // (len(series.values) * (m + 1)))
    for begin in range(0, len(kinds), size):
        some = kinds[begin : begin + size]
        chosen = np.flatnonzero((kind_of >= begin) & (kind_of < begin + size))
        own = series.take(chosen), parameters[chosen], some, kind_of[chosen] - begin
        made[:, chosen] = _follow(*own, m, horizon)
    return made


def _follow(series: Aligned, parameters: Float64, kinds: Float64, kind_of: Int64, m: int, horizon: int) -> Float64:
    lengths = -kinds[:, 0].astype(np.int64)
    steps, count = int(lengths.max()), len(kinds)
    nothing = Aligned(np.zeros((steps, count)), lengths, np.arange(count))
    basis = _run(nothing, [kinds[:, [i]] for i in range(1, 5)], _begin(count, m))
    design = np.ascontiguousarray(basis.errors.transpose(1, 2, 0))  # kinds, states, steps
    gram = design @ design.transpose(0, 2, 1) + _excluded(kinds[:, 4], design.shape[1])
    solved = np.linalg.solve(gram, design)
    zero = np.zeros((len(series.lengths), 1))
    own = [parameters[:, [i]] for i in range(4)]
    raw = _run(series, own, (zero, zero, np.zeros((m, *zero.shape))))
    made = raw.ahead(own[3], series.lengths, horizon)[:, :, 0]
    response = basis.ahead(kinds[:, [4]], lengths, horizon)  # horizon, kinds, states
    errors = raw.errors[:, :, 0]
    if count * 8 <= len(errors.T):
        for kind in range(count):
            of_kind = kind_of == kind
            made[:, of_kind] -= response[:, kind] @ (solved[kind] @ errors[:steps, of_kind])
        return made
    for begin in range(0, len(errors.T), 256):
        some = slice(begin, begin + 256)
        states = np.einsum("wnt,tw->wn", solved[kind_of[some]], errors[:, some])
        made[:, some] -= np.einsum("hwn,wn->hw", response[:, kind_of[some]], states)
    return made
