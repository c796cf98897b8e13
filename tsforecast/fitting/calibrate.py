"""Forecasts of held-out windows, and the intervals that are learned from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.fitting.plan import Plan
from tsforecast.fitting.prepared import Prepared
from tsforecast.fitting.trained import Learned, Trained, ValidationPeriod
from tsforecast.forecast import Intervals
from tsforecast.models.calibration import Calibration, calibrate, scores_of, window_spread
from tsforecast.models.forecaster import in_user_units, predict_windows
from tsforecast.series.windows import WindowIndex, batches

MAX_CALIBRATION = 8192  # windows that a calibration rests on at most, evenly spread over their part
ENOUGH_HORIZONS = 3  # that held-out windows should span: those that overlap are nearly one


def predict_index(trained: Trained, prepared: Prepared, index: WindowIndex) -> NDArray[np.float32]:
    """Forecast windows of the panel in model space, shape (samples, horizon, levels)."""
    spec = trained.spec
    panel = prepared.panel
    parts = [
        predict_windows(spec, trained.weights, batch.context, batch.mask, batch.series)
        for batch in batches(
            prepared.values, prepared.usable, panel.offsets, index, lookback=spec.lookback, horizon=spec.horizon
        )
    ]
    return np.concatenate(parts) if parts else np.empty((0, spec.horizon, len(spec.levels)), np.float32)


def spread_index(trained: Trained, prepared: Prepared, index: WindowIndex) -> NDArray[np.float64]:
    """Spread of each window in model space, shape (samples, 1): the unit of a point model's scores."""
    spec, panel = trained.spec, prepared.panel
    shapes = {"lookback": spec.lookback, "horizon": spec.horizon}
    parts = [
        window_spread(batch.context, batch.mask, spec.season_length)
        for batch in batches(prepared.values, prepared.usable, panel.offsets, index, **shapes)
    ]
    return np.concatenate(parts) if parts else np.empty((0, 1))


def intervals_index(
    trained: Trained,
    calibration: Calibration,
    prepared: Prepared,
    index: WindowIndex,
    levels: tuple[float, ...],
) -> Intervals:
    """Forecast windows of the panel in the user's units, with calibrated intervals of the levels in percent."""
    return in_user_units(
        predict_index(trained, prepared, index),
        spread_index(trained, prepared, index),
        spec=trained.spec,
        calibration=calibration,
        scaling=prepared.scaling,
        series=index.series,
        levels=levels,
    )


def calibrate_model(learned: Learned) -> Calibration:
    """Calibrate intervals on the calibration windows.

    Where these span too few horizons to say much, the validation windows that the model was chosen by are added, those
    of earlier periods too; where there are none at all, the training windows stand in. Either is said, and then the
    intervals are never narrower than the networks' own.
    """
    plan, now = learned.plan, learned.periods[0]
    own = len(now.trained.spec.levels) > 1
    rows = now.prepared.split.calibration_end - now.prepared.split.validation_end
    spanned = float(np.median(rows[rows > 0])) / plan.horizon if np.any(rows) else 0.0
    pools = [_scores(now, "calibration", plan)]
    if spanned >= ENOUGH_HORIZONS:
        return calibrate(*pools[0])
    pools += [_scores(period, "validation", plan) for period in learned.periods]
    said = f"; calibration windows span only {spanned:.2g} times the horizon, so validation windows were added"
    if not sum(len(scores) for scores, _ in pools):
        pools = [_scores(now, "train", plan)]
        said = "; too few rows to hold some out for this alone, so training windows were used: intervals may be narrow"
    scores, observed = (np.concatenate(pool) for pool in zip(*pools, strict=True))
    calibration = calibrate(scores, observed, at_least_own=own)
    return replace(calibration, method=calibration.method + said)


def _scores(period: ValidationPeriod, part: str, plan: Plan) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores of one part's windows and which may be used, both (samples, horizon)."""
    trained, prepared = period.trained, period.prepared
    index = prepared.windows(part, plan, MAX_CALIBRATION)
    rows = index.origins[:, None] + np.arange(plan.horizon)
    scores = scores_of(
        prepared.values[rows].astype(np.float64),
        predict_index(trained, prepared, index).astype(np.float64),
        trained.spec.levels,
        spread_index(trained, prepared, index),
    )
    return scores, prepared.usable[rows]
