"""Intervals of the model that is trained again on all rows, as wide as those that were calibrated.

A calibration measures errors in the spread that the quantiles of networks tell. Networks that are trained again on all
rows tell another one, of short series up to three times as wide or a third: the first ones saw but a part of them. What
errors the new ones make is not known. So the scores of each step and level are stretched until the intervals are as
wide as before on held-out windows: wider on half of these, and narrower on the others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.prepared import Prepared
from tsforecast.models.calibration import PROBABILITIES, Calibration, intervals
from tsforecast.models.forecaster import Forecaster
from tsforecast.series.windows import Batch

_WINDOWS = 128
_UPPER = tuple(p for p in PROBABILITIES if p > 0.5)
_LEVELS = tuple(100 * (2 * p - 1) for p in _UPPER)
_STRETCHED = np.geomspace(1 / 16, 16, 17)  # times the scores
_LEAST_WIDTH = 1e-9  # in model space


def as_wide(before: Forecaster, prepared: Prepared, final: Forecaster, everything: Prepared, plan: Plan) -> Calibration:
    """The calibration of the final model, whose quantiles are its own; as it is where no windows were held out.

    Args:
        before: the model that was calibrated.
        prepared: its rows; the windows are those that it was tested or calibrated on.
        final: the same trained again, with the calibration of the other.
        everything: its rows.
        plan: of both.
    """
    own = final.calibration
    found = (prepared.windows(subset, plan, _WINDOWS) for subset in ("test", "calibration"))
    index = next((some for some in found if len(some)), None)
    if index is None:
        return own
    shape = {"lookback": final.spec.lookback, "horizon": final.spec.horizon}
    ratios = []
    for old, new in zip(prepared.rows.batches(index, **shape), everything.rows.batches(index, **shape), strict=True):
        (wanted,) = _log_widths(before, prepared, old, np.ones(1))
        ratios.append(np.stack(_log_widths(final, everything, new, _STRETCHED)) - wanted)
    stretch = np.exp(_crossing(np.median(np.concatenate(ratios, axis=1), axis=1)))
    upper = np.maximum.accumulate(own.scores[:, -len(_UPPER) :] * stretch, axis=1)
    scores = np.concatenate([-upper[:, ::-1], np.zeros((len(upper), 1)), upper], axis=1)
    return replace(own, scores=scores, method=f"{own.method}; of the model trained on all rows, as wide as these")


def _log_widths(model: Forecaster, rows: Prepared, batch: Batch, stretched: Float64) -> list[Float64]:
    """Logarithms of the widths of intervals under scores so many times as large, in units that both models share.

    Returns:
        One for each of `stretched`, of shape (samples, horizon, levels).
    """
    spec, windows, own = model.spec, batch.windows, model.calibration
    quantiles = model.quantiles(windows).astype(np.float64)
    unit = own.unit.of(windows, spec.season_length, spec.horizon)
    size = rows.rows.scaling.scale[windows.series][:, None, None]
    made = []
    for factor in stretched.tolist():
        calibration = replace(own, scores=own.scores * factor)
        lower, upper = intervals(calibration, quantiles, spec.quantiles, unit, _LEVELS)
        made.append(np.log(np.maximum(upper - lower, _LEAST_WIDTH) * size))
    return made


def _crossing(ratios: Float64) -> Float64:
    """The logarithm of the factor at which ratios of widths, which rise with it, are one.

    Args:
        ratios: logarithms, shape (factors, horizon, levels).

    Returns:
        Shape (horizon, levels).
    """
    factors = np.log(_STRETCHED)
    right = np.clip((ratios < 0).sum(axis=0), 1, len(factors) - 1)
    low, high = (np.take_along_axis(ratios, place[None], axis=0)[0] for place in (right - 1, right))
    share = np.clip(-low / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    return np.asarray(factors[right - 1] + share * (factors[right] - factors[right - 1]))
