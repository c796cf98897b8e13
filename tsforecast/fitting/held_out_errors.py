"""Errors of a point model on held-out windows, and the unit that suits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.fitting.trained import ValidationPeriod
from tsforecast.metrics import interval_scores
from tsforecast.models.calibration import Calibration, calibrate, score_at
from tsforecast.models.error_unit import WINDOW_UNIT, ErrorUnit, Spreads, spreads
from tsforecast.models.parts import predict_windows
from tsforecast.series.scaling import Scaling
from tsforecast.series.windows import WindowIndex

# Powers of the spreads of the window and of the phase that are tried; of those that score alike the first is taken.
_POWERS = ((1.0, 0.0), (0.5, 0.5), (0.0, 1.0), (0.5, 0.0), (0.0, 0.5), (0.0, 0.0))
_LEVELS = (80.0, 95.0)
_LEAST = 10  # windows apart to choose by
_MOST_WINDOWS, _MOST_VALUES = 1024, 100_000  # of each subset
_ALIKE = 1.01  # times the least score


@dataclass(frozen=True)
class HeldOutErrors:
    """What a point model forecast for held-out windows, in model space, and what came.

    Args:
        y_true: shape (samples, horizon).
        y_pred: shape (samples, horizon).
        observed: False where the true value was filled in, shape (samples, horizon).
        spreads: of the windows.
        series: number of each window's series, shape (samples,).
        scaling: that leads back to the user's units.
        seasonal_errors: of each series, in these, shape (n_series,); NaN where there is none.
        apart: windows that do not overlap, among all of which these were picked.
    """

    y_true: Float64
    y_pred: Float64
    observed: Bool
    spreads: Spreads
    series: Int64
    scaling: Scaling
    seasonal_errors: Float64
    apart: int

    def scores(self, unit: ErrorUnit) -> Float64:
        """The errors in a unit, shape (samples, horizon)."""
        return (self.y_true - self.y_pred) / unit.made_of(self.spreads)

    def interval_scores(self, unit: ErrorUnit, calibration: Calibration, level: float) -> Float64:
        """Interval scores in seasonal errors of the series, of the values that count; `level` in percent."""
        half = score_at(calibration, 0.5 + level / 200) * unit.made_of(self.spreads)
        lower, upper, y_true = (
            self.scaling.inverse(values, self.series[:, None])
            for values in (self.y_pred - half, self.y_pred + half, self.y_true)
        )
        scores = interval_scores(y_true, lower, upper, level) / self.seasonal_errors[self.series][:, None]
        return scores[self.observed & np.isfinite(scores)]


def held_out_errors(period: ValidationPeriod, index: WindowIndex) -> HeldOutErrors:
    """The errors of the model of a period on some windows, evenly spread ones where there are many."""
    prepared, spec, weights = period.prepared, period.trained.spec, period.trained.weights
    apart = int(np.ceil(np.bincount(index.series) / spec.horizon).sum())
    index = index.at_most(min(_MOST_WINDOWS, max(1, _MOST_VALUES // spec.horizon)))
    usual, errors = prepared.usual_moves(spec.season_length)
    y_true, y_pred, known = [], [], []
    for batch in prepared.rows.batches(index, lookback=spec.lookback, horizon=spec.horizon):
        y_true.append(batch.target.astype(np.float64))
        y_pred.append(predict_windows(spec, weights, batch.windows)[:, :, spec.median].astype(np.float64))
        known.append(spreads(batch.windows, spec.season_length, spec.horizon, usual))
    return HeldOutErrors(
        np.concatenate(y_true),
        np.concatenate(y_pred),
        prepared.rows.observed[index.origins[:, None] + np.arange(spec.horizon)],
        Spreads(*(np.concatenate(each) for each in zip(*(vars(one).values() for one in known), strict=True))),
        index.series,
        prepared.rows.scaling,
        errors,
        apart,
    )


def choose_unit(pools: Sequence[HeldOutErrors], usual: Float64) -> ErrorUnit:
    """The unit in which calibrated intervals score best on the windows that they are calibrated on.

    A few windows tell nothing: theirs is the window's spread.

    Args:
        pools: windows.
        usual: spread of each series that was trained on, in model space, shape (n_series,).
    """
    if sum(pool.apart for pool in pools) < _LEAST:
        return WINDOW_UNIT
    tried = [ErrorUnit(*powers, usual if sum(powers) < 1 else np.empty(0)) for powers in _POWERS]
    scores = [_mean_score(pools, unit) for unit in tried]
    return next(unit for unit, score in zip(tried, scores, strict=True) if score <= _ALIKE * min(scores))


def _mean_score(pools: Sequence[HeldOutErrors], unit: ErrorUnit) -> float:
    """The mean interval scores of all levels, multiplied, so that each counts by its own size."""
    scores = np.concatenate([pool.scores(unit) for pool in pools])
    calibration = calibrate(scores, np.concatenate([pool.observed for pool in pools]))
    levels = [np.concatenate([pool.interval_scores(unit, calibration, level) for pool in pools]) for level in _LEVELS]
    return float(np.prod([each.mean() for each in levels])) if levels[0].size else 0.0
