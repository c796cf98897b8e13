"""How much each of several models counts: shares chosen by the error of the combined forecast on held-out windows.

Greedy selection with replacement (Caruana et al., Ensemble Selection from Libraries of Models, 2004): in each round the
model is added whose forecasts make the error of the mean so far least. A few rounds only, so that the shares stay
coarse and cannot follow the noise of a few windows; a model that does not help gets none.

Of several series each has shares of its own, as far as its windows can tell: where they span many horizons, it picks on
from the shares of all; where there are but some, the shares of all lean towards the models that err less on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float32, Float64, Int64
from tsforecast.series.scaling import Scaling

ROUNDS = 5
FEW_HORIZONS = 10  # that the windows of one series span
_NOT_FAR = 1.5  # times the least error
_OWN_ROUNDS = 3  # picks of a series, beside five that the shares of all count as; more gained nothing
# From so many windows of each series on it has shares of its own. Those that lean fall by a factor of e where the error
# is three times the least. Leaning twice as much lost on panels whose windows overlap, and brought little on others.
_SOME_WINDOWS, _LEAN = 10, 0.5
_FAR = 20.0  # times the least error, as which more counts: no share becomes nothing


@dataclass(frozen=True)
class HeldOut:
    """Held-out windows with the point forecasts of several models.

    Args:
        y_true: in the user's units, shape (samples, horizon); as float64, for an error may be far below their size.
        observed: False where the true value was filled in or is stray, shape (samples, horizon).
        series: number of each window's series, shape (samples,).
        origins: row of each window's first target, shape (samples,).
        unit: seasonal error of each series on its training rows, shape (n_series,); NaN where there is none.
        forecasts: of each model in model space, where they will be averaged; each of shape (samples, horizon).
        scaling: that leads back to the user's units.
        squared: whether errors count squared, as for forecasts of the mean.
    """

    y_true: Float64
    observed: Bool
    series: Int64
    origins: Int64
    unit: Float64
    forecasts: tuple[Float32, ...]
    scaling: Scaling
    squared: bool = False

    def error(self, y_pred: Float32) -> float:
        """Mean absolute or squared scaled error, averaged over each series and then over the series.

        NaN where no series has a unit; infinite where a forecast is not finite.
        """
        errors = self.errors(y_pred)
        known = errors[~np.isnan(errors)]
        return float(np.mean(known)) if known.size else float("nan")

    def errors(self, y_pred: Float32) -> Float64:
        """The same of each series, shape (n_series,); NaN where it has no unit or no window."""
        unit = self.unit[self.series][:, None]
        used = self.observed & np.isfinite(unit)
        with np.errstate(over="ignore", invalid="ignore"):
            back = self.scaling.inverse(y_pred, self.series[:, None])
            size = (np.abs(back - self.y_true) / unit) ** (2 if self.squared else 1)
        size = np.where(np.isfinite(size), size, np.inf)
        total = np.bincount(self.series, np.where(used, size, 0).sum(axis=1, dtype=np.float64), len(self.unit))
        count = np.bincount(self.series, used.sum(axis=1), len(self.unit))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    @property
    def windows(self) -> Int64:
        """How many windows each series has, shape (n_series,)."""
        return np.bincount(self.series, minlength=len(self.unit))

    @property
    def spans(self) -> Int64:
        """Rows that the origins of each series lie within, shape (n_series,); windows may be some of many."""
        first, last = np.full(len(self.unit), np.iinfo(np.int64).max), np.full(len(self.unit), -1)
        np.minimum.at(first, self.series, self.origins)
        np.maximum.at(last, self.series, self.origins)
        return np.where(last >= 0, last - first + 1, 0)


def mean_error(folds: Sequence[HeldOut], forecasts: Sequence[Float32]) -> float:
    """Error of one forecast for each period, averaged over the periods that have one; NaN without any."""
    errors = [fold.error(y_pred) for fold, y_pred in zip(folds, forecasts, strict=True)]
    known = [error for error in errors if not np.isnan(error)]
    return float(np.mean(known)) if known else float("nan")


def choose_shares(folds: Sequence[HeldOut]) -> tuple[float, ...]:
    """Shares of the models that sum to 1; equal ones where nothing can be compared.

    Where the windows span few horizons of time, the models that are not far from the best one begin with half a pick
    each: an error on so little that is independent is mostly chance.

    Args:
        folds: held-out windows of one or several periods, each with the forecasts of the same models; every period
            counts alike.
    """
    counts = _first_picks(folds)
    # A model without a pick stays out of the sum, for its forecasts may not be finite.
    sums = [
        sum(
            (count * y for count, y in zip(counts, fold.forecasts, strict=True) if count),
            np.zeros_like(fold.forecasts[0]),
        )
        for fold in folds
    ]
    best, least = np.ones_like(counts), float("inf")
    if counts.any():
        best, least = counts.copy(), mean_error(folds, [y / counts.sum() for y in sums])
    for _ in range(ROUNDS):
        picked = counts.sum() + 1
        errors = [
            mean_error(folds, [(y + fold.forecasts[m]) / picked for y, fold in zip(sums, folds, strict=True)])
            for m in range(len(counts))
        ]
        if np.isnan(errors[0]):
            break
        model = int(np.argmin(errors))
        counts[model] += 1
        sums = [y + fold.forecasts[model] for y, fold in zip(sums, folds, strict=True)]
        if errors[model] < least:
            least, best = errors[model], counts.copy()
    return tuple((best / best.sum(dtype=np.float64)).tolist())


def shares_of_series(folds: Sequence[HeldOut], shares: tuple[float, ...]) -> Float32 | None:
    """Shares of the models for each series, shape (n_series, models), each summing to 1; None where all share alike.

    Args:
        folds: as for `choose_shares`.
        shares: that this gave.
    """
    counts = np.sum([fold.windows for fold in folds], axis=0)
    if len(counts) == 1 or len(shares) == 1 or not np.any(counts) or np.median(counts[counts > 0]) < _SOME_WINDOWS:
        return None
    return _leaning(folds, shares) if few_windows(folds) else _picked(folds, shares)


def _picked(folds: Sequence[HeldOut], shares: tuple[float, ...]) -> Float32 | None:
    """Shares of all as picks that each series adds its own to; None where no model can be picked."""
    possible = [m for m in range(len(shares)) if all(np.isfinite(fold.forecasts[m]).all() for fold in folds)]
    if not possible:
        return None
    counts = np.zeros((len(folds[0].unit), len(shares)))
    counts[:] = np.multiply(ROUNDS, shares)
    best, least = counts.copy(), _errors_of_series(folds, counts)
    for _ in range(_OWN_ROUNDS):
        picks = np.eye(len(shares))[possible]
        errors = np.array([_errors_of_series(folds, counts + pick) for pick in picks])
        counts += picks[np.argmin(errors, axis=0)]
        better = errors.min(axis=0) < least
        best[better], least[better] = counts[better], errors.min(axis=0)[better]
    return (best / best.sum(axis=1, keepdims=True)).astype(np.float32)


def _errors_of_series(folds: Sequence[HeldOut], counts: Float64) -> Float64:
    """Error of each series' own mean over the periods that it has windows in, infinite without any, shape (n_series,).

    Args:
        folds: as for `choose_shares`.
        counts: picks of each series, shape (n_series, models).
    """
    used = np.flatnonzero(counts.any(axis=0))
    own = (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)
    errors = []
    for fold in folds:
        mean = np.zeros_like(fold.forecasts[0])
        for model in used:
            mean += own[fold.series, model][:, None] * fold.forecasts[model]
        errors.append(fold.errors(mean))
    return _mean_of_known(np.array(errors), np.inf)


def _leaning(folds: Sequence[HeldOut], shares: tuple[float, ...]) -> Float32:
    """Shares of all, which lean towards the models that err less on a series."""
    used = np.flatnonzero(shares)
    errors = np.array([[fold.errors(fold.forecasts[m]) for m in used] for fold in folds])
    mean = _mean_of_known(errors, 0.0)
    least = mean.min(axis=0)
    worse = np.divide(mean, least, out=np.ones_like(mean), where=least > 0)
    weights = np.array(shares)[used, None] * np.exp(_LEAN * (1.0 - np.minimum(worse, _FAR)))
    made = np.zeros((errors.shape[2], len(shares)), np.float32)
    made[:, used] = (weights / weights.sum(axis=0)).T
    return made


def _mean_of_known(errors: Float64, unknown: float) -> Float64:
    """The mean over the first axis of what is no NaN, and `unknown` where all is."""
    known = ~np.isnan(errors)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, errors, 0.0).sum(axis=0) / np.maximum(count, 1), unknown)


def few_windows(folds: Sequence[HeldOut]) -> bool:
    """Whether the windows span so few horizons that their errors are mostly chance.

    Those of other series do not count: what happened in these days happened to many of them.
    """
    return int(np.sum([fold.spans for fold in folds], axis=0).max()) < FEW_HORIZONS * folds[0].y_true.shape[1]


def _first_picks(folds: Sequence[HeldOut]) -> Float32:
    """What each model begins with, shape (models,): nothing where there are windows enough."""
    models = len(folds[0].forecasts)
    picks = np.zeros(models, np.float32)
    if few_windows(folds):
        alone = np.array([mean_error(folds, [fold.forecasts[m] for fold in folds]) for m in range(models)])
        picks[alone <= _NOT_FAR * np.min(alone)] = 0.5
    return picks
