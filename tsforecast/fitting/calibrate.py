"""Forecasts of held-out windows, and the intervals that are learned from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsforecast.arrays import Bool, Float32, Float64
from tsforecast.fitting.held_out_errors import choose_unit, held_out_errors
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.trained import Learned, Trained, ValidationPeriod
from tsforecast.models.calibration import Calibration, calibrate, scores_of_values
from tsforecast.models.error_unit import WINDOW_UNIT, ErrorUnit
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
    pools = [_windows(now, "calibration", plan)]
    if spanned >= ENOUGH_HORIZONS:
        return _calibrated(pools, now)
    pools += [_windows(period, "validation", plan) for period in learned.periods]
    said = f"; calibration windows span only {spanned:.2g} times the horizon, so validation windows were added"
    held_out = sum(len(index) for _, index in pools)
    if not held_out:
        pools = [_windows(now, "train", plan)]
        said = "; too few rows to hold some out for this alone, so training windows were used: intervals may be narrow"
    calibration = _calibrated(pools, now, at_least_own=own and held_out < _MANY_HORIZONS * plan.horizon)
    return replace(calibration, method=calibration.method + said)


# Windows of one subset, and the model that has not seen them with its rows.
Pool = tuple[ValidationPeriod, WindowIndex]


def _windows(period: ValidationPeriod, subset: str, plan: Plan) -> Pool:
    return period, period.prepared.windows(subset, plan, MAX_CALIBRATION)


def _calibrated(pools: Sequence[Pool], now: ValidationPeriod, *, at_least_own: bool = False) -> Calibration:
    """A calibration on all of the windows, in the unit that suits a point model's errors on them."""
    pools = [(period, index) for period, index in pools if len(index)]
    unit = WINDOW_UNIT
    if len(now.trained.spec.quantiles) == 1:
        usual, _ = now.prepared.usual_moves(now.trained.spec.season_length)
        unit = choose_unit([held_out_errors(period, index) for period, index in pools], usual)
    horizon = now.trained.spec.horizon
    found = [_conformal_scores(period, index, unit) for period, index in pools]
    nothing = np.empty((0, horizon)), np.empty((0, horizon), bool)
    scores, observed = (np.concatenate(each) for each in zip(nothing, *found, strict=True))
    calibration = calibrate(scores, observed, at_least_own=at_least_own)
    return replace(calibration, examples=error_examples(scores, observed), unit=unit)


def _conformal_scores(period: ValidationPeriod, index: WindowIndex, unit: ErrorUnit) -> tuple[Float64, Bool]:
    """Scores of some windows and which may be used, both (samples, horizon)."""
    trained, rows = period.trained, period.prepared.rows
    spec, scores, observed = trained.spec, [], []
    own = replace(unit, usual=period.prepared.usual_moves(spec.season_length)[0]) if len(unit.usual) else unit
    for batch in rows.batches(index, lookback=spec.lookback, horizon=spec.horizon):
        quantiles = predict_windows(spec, trained.weights, batch.windows).astype(np.float64)
        of_windows = own.of(batch.windows, spec.season_length, spec.horizon)
        y_true, series = batch.target.astype(np.float64), batch.windows.series
        scores.append(scores_of_values(y_true, quantiles, spec.quantiles, of_windows, rows.scaling, series))
        observed.append(batch.observed)
    return np.concatenate(scores), np.concatenate(observed)
