"""How much each of several models counts: shares chosen by the error of the combined forecast on held-out windows.

Greedy selection with replacement (Caruana et al., Ensemble Selection from Libraries of Models, 2004): in each round the
model is added whose forecasts make the error of the mean so far least. A few rounds only, so that the shares stay
coarse and cannot follow the noise of a few windows; a model that does not help gets none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float32, Float64, Int64
from tsforecast.series.scaling import Scaling

ROUNDS = 5
FEW_HORIZONS = 10  # spanned by all validation windows together
_NOT_FAR = 1.5  # times the least error


@dataclass(frozen=True)
class HeldOut:
    """Held-out windows with the point forecasts of several models.

    Args:
        y_true: in the user's units, shape (samples, horizon); as float64, for an error may be far below their size.
        observed: False where the true value was filled in or is stray, shape (samples, horizon).
        series: number of each window's series, shape (samples,).
        unit: seasonal error of each series on its training rows, shape (n_series,); NaN where there is none.
        forecasts: of each model in model space, where they will be averaged; each of shape (samples, horizon).
        scaling: that leads back to the user's units.
        squared: whether errors count squared, as for forecasts of the mean.
    """

    y_true: Float64
    observed: Bool
    series: Int64
    unit: Float64
    forecasts: tuple[Float32, ...]
    scaling: Scaling
    squared: bool = False

    def error(self, y_pred: Float32) -> float:
        """Mean absolute or squared scaled error, averaged over each series and then over the series.

        NaN where no series has a unit; infinite where a forecast is not finite.
        """
        unit = self.unit[self.series][:, None]
        used = self.observed & np.isfinite(unit)
        with np.errstate(over="ignore", invalid="ignore"):
            back = self.scaling.inverse(y_pred, self.series[:, None])
            size = (np.abs(back - self.y_true) / unit) ** (2 if self.squared else 1)
        size = np.where(np.isfinite(size), size, np.inf)
        total = np.bincount(self.series, np.where(used, size, 0).sum(axis=1, dtype=np.float64), len(self.unit))
        count = np.bincount(self.series, used.sum(axis=1), len(self.unit))
        return float(np.mean(total[count > 0] / count[count > 0])) if np.any(count) else float("nan")


def mean_error(folds: Sequence[HeldOut], forecasts: Sequence[Float32]) -> float:
    """Error of one forecast for each period, averaged over the periods that have one; NaN without any."""
    errors = [fold.error(y_pred) for fold, y_pred in zip(folds, forecasts, strict=True)]
    known = [error for error in errors if not np.isnan(error)]
    return float(np.mean(known)) if known else float("nan")


def choose_shares(folds: Sequence[HeldOut]) -> tuple[float, ...]:
    """Shares of the models that sum to 1; equal ones where nothing can be compared.

    Where the windows span few horizons, the models that are not far from the best one begin with half a pick each: an
    error on so little that is independent is mostly chance.

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


def few_windows(folds: Sequence[HeldOut]) -> bool:
    """Whether the windows span so few horizons that their errors are mostly chance."""
    return sum(len(fold.series) for fold in folds) < FEW_HORIZONS * folds[0].y_true.shape[1]


def _first_picks(folds: Sequence[HeldOut]) -> Float32:
    """What each model begins with, shape (models,): nothing where there are windows enough."""
    models = len(folds[0].forecasts)
    picks = np.zeros(models, np.float32)
    if few_windows(folds):
        alone = np.array([mean_error(folds, [fold.forecasts[m] for fold in folds]) for m in range(models)])
        picks[alone <= _NOT_FAR * np.min(alone)] = 0.5
    return picks
