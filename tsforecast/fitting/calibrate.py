"""Forecasts of held-out windows, and the intervals that are learned from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsforecast.arrays import Bool, Float32, Float64
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.trained import Learned, Trained, ValidationPeriod
from tsforecast.models.calibration import Calibration, calibrate, scores_of_values, window_spread
from tsforecast.models.parts import predict_windows
from tsforecast.models.paths import error_examples
from tsforecast.series.windows import ModelRows, WindowIndex

MAX_CALIBRATION = 8192  # windows that a calibration rests on at most, evenly spread over their subset
ENOUGH_HORIZONS = 3  # that held-out windows should span: those that overlap are nearly one
_MANY_HORIZONS = 100  # in all series together, from which what they hold counts, though they may all err alike


def predict_index(trained: Trained, rows: ModelRows, index: WindowIndex) -> Float32:
    """Forecast windows in model space, shape (samples, horizon, quantiles)."""
    spec = trained.spec
    shape = {"lookback": spec.lookback, "horizon": spec.horizon}
    made = [
        predict_windows(spec, trained.weights, rows.windows(some, **shape))
        for some in index.in_batches(spec.lookback + spec.horizon)
    ]
    return np.concatenate([np.empty((0, spec.horizon, len(spec.quantiles)), np.float32), *made])


def calibrate_model(learned: Learned) -> Calibration:
    """Calibrate intervals on the calibration windows.

    Where these span too few horizons to say much, the validation windows that the model was chosen by are added, those
    of earlier periods too; where there are none at all, the training windows stand in. Either is said, and then the
    intervals are never narrower than the networks' own, unless many series have such windows.
    """
    plan, now = learned.plan, learned.periods[0]
    own = len(now.trained.spec.quantiles) > 1
    rows = now.prepared.split.calibration_end - now.prepared.split.validation_end
    spanned = float(np.median(rows[rows > 0])) / plan.horizon if np.any(rows) else 0.0
    pools = [_conformal_scores(now, "calibration", plan)]
    if spanned >= ENOUGH_HORIZONS:
        return replace(calibrate(*pools[0]), examples=error_examples(*pools[0]))
    pools += [_conformal_scores(period, "validation", plan) for period in learned.periods]
    said = f"; calibration windows span only {spanned:.2g} times the horizon, so validation windows were added"
    held_out = sum(len(scores) for scores, _ in pools)
    if not held_out:
        pools = [_conformal_scores(now, "train", plan)]
        said = "; too few rows to hold some out for this alone, so training windows were used: intervals may be narrow"
    scores, observed = (np.concatenate(pool) for pool in zip(*pools, strict=True))
    few = held_out < _MANY_HORIZONS * plan.horizon
    calibration = calibrate(scores, observed, at_least_own=own and few)
    return replace(calibration, method=calibration.method + said, examples=error_examples(scores, observed))


def _conformal_scores(period: ValidationPeriod, subset: str, plan: Plan) -> tuple[Float64, Bool]:
    """Scores of the windows of one subset and which may be used, both (samples, horizon)."""
    trained, rows = period.trained, period.prepared.rows
    spec, index = trained.spec, period.prepared.windows(subset, plan, MAX_CALIBRATION)
    nothing = np.empty((0, plan.horizon))
    scores, observed = [nothing], [nothing.astype(bool)]
    for batch in rows.batches(index, lookback=spec.lookback, horizon=spec.horizon):
        quantiles = predict_windows(spec, trained.weights, batch.windows).astype(np.float64)
        spread = window_spread(batch.windows, spec.season_length)
        y_true, series = batch.target.astype(np.float64), batch.windows.series
        scores.append(scores_of_values(y_true, quantiles, spec.quantiles, spread, rows.scaling, series))
        observed.append(batch.observed)
    return np.concatenate(scores), np.concatenate(observed)
