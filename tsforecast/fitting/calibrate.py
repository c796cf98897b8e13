"""Forecasts of held-out windows, and the intervals that are learned from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsforecast.arrays import Float32, Float64
from tsforecast.fitting.held_out_errors import HeldOutErrors, choose_unit, joined, no_errors
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.trained import Learned, Trained, ValidationPeriod
from tsforecast.models.calibration import Calibration, calibrate, conformal_scores
from tsforecast.models.error_unit import WINDOW_UNIT, spreads, usual_spreads
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
    pools = [_held_out(now, "calibration", plan)]
    if spanned >= ENOUGH_HORIZONS:
        return _calibrated(pools, now)
    pools += [_held_out(period, "validation", plan) for period in learned.periods]
    said = f"; calibration windows span only {spanned:.2g} times the horizon, so validation windows were added"
    held_out = sum(len(pool) for pool in pools)
    if not held_out:
        pools = [_held_out(now, "train", plan)]
        said = "; too few rows to hold some out for this alone, so training windows were used: intervals may be narrow"
    calibration = _calibrated(pools, now, at_least_own=own and held_out < _MANY_HORIZONS * plan.horizon)
    return replace(calibration, method=calibration.method + said)


def _calibrated(pools: Sequence[HeldOutErrors], now: ValidationPeriod, *, at_least_own: bool = False) -> Calibration:
    """A calibration on all of the windows, in the unit that suits a point model's errors on them."""
    held_out, spec = joined(pools), now.trained.spec
    if len(spec.quantiles) > 1:
        unit, scores = WINDOW_UNIT, held_out.errors
    else:
        unit = choose_unit(held_out, _usual_spreads(now))
        scores = held_out.scores(unit)
    calibration = calibrate(scores, held_out.observed, at_least_own=at_least_own)
    return replace(calibration, examples=error_examples(scores, held_out.observed), unit=unit)


def _held_out(period: ValidationPeriod, subset: str, plan: Plan) -> HeldOutErrors:
    """The errors on the windows of one subset, of a model with quantiles as scores already."""
    trained, rows = period.trained, period.prepared.rows
    spec, index = trained.spec, period.prepared.windows(subset, plan, MAX_CALIBRATION)
    point = len(spec.quantiles) == 1
    usual = _usual_spreads(period) if point else np.empty(0)
    made = [no_errors(plan.horizon)]
    for batch in rows.batches(index, lookback=spec.lookback, horizon=spec.horizon):
        quantiles = predict_windows(spec, trained.weights, batch.windows).astype(np.float64)
        known = spreads(batch.windows, spec.season_length, spec.horizon if point else 0, usual)
        unit = np.ones_like(known.window) if point else known.window
        errors = conformal_scores(batch.target.astype(np.float64), quantiles, spec.quantiles, unit)
        made.append(HeldOutErrors(errors, batch.observed, known))
    return joined(made)


def _usual_spreads(period: ValidationPeriod) -> Float64:
    """Spread of each series on its training rows, shape (n_series,)."""
    prepared = period.prepared
    return usual_spreads(prepared.rows, prepared.split.train_end, period.trained.spec.season_length)
