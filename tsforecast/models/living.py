"""Intervals that go on learning: factors on the calibrated ones, tracked online over the newest known outcomes.

A calibration is as old as its fit. Since then outcomes have become known, and the size of each one's score, in units of
what the interval promised, says whether that was too narrow. For each step of the horizon and each level, the factor on
the promise follows these sizes as in conformal PID control (Angelopoulos, Candes and Tibshirani 2023): after an outcome
outside its logarithm grows by rate x level, after one inside it shrinks by rate x (1 - level), so that in the long run
it holds what it promises, whatever the world does. Which rate is right depends on how fast the world moves: several are
tracked, among them 0, the calibration of the fit, and weighed by their pinball losses of late, as in DtACI (Gibbs and
Candes 2022). Windows from neighbouring rows share all but one of their steps, so that an outcome k steps ahead says
little that the one before it has not said: there rates and weights move by a k-th. Without that, factors would follow
chance: one wild day is a run of misses at each step that reaches into it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.models.calibration import Calibration, conformal_scores, score_at, window_spread
from tsforecast.models.network.weights import Weights
from tsforecast.models.parts import predict_windows
from tsforecast.models.spec import ModelSpec
from tsforecast.series.windows import ModelRows, WindowIndex

RATES = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
_MEMORY = 100  # outcomes that the weights of the rates remember in DtACI's rule
# Times the factor, as which a larger size counts: one outage must not decide for the weeks after it.
_LARGEST_SIZE = 10.0

MOST_ORIGINS = 200
_MOST_HORIZONS = 4  # that the origins span, where horizons are long
_MOST_WINDOWS = 20_000
MOST_OWN = 50  # series, above which all share their factors


@dataclass(frozen=True)
class Factors:
    """What calibrated intervals are multiplied by, in scores.

    Args:
        levels: of the intervals in percent, ascending.
        values: shape (n_series, horizon, levels), or (1, horizon, levels) for all series.
        origins: newest origins that they were learned from, at most.
    """

    levels: tuple[float, ...]
    values: Float64
    origins: int

    def of(self, series: Int64) -> Float64:
        """Factors of some series, shape (samples or 1, horizon, levels)."""
        return self.values[series] if len(self.values) > 1 else self.values


def track(sizes: Float64, observed: Bool, levels: tuple[float, ...], *, pooled: bool = False) -> Float64:
    """Factors before each origin, and after the last.

    Args:
        sizes: of scores in units of the promised half width, shape (origins, n_series, horizon, levels).
        observed: False where an outcome is not known, shape (origins, n_series, horizon).
        levels: in percent.
        pooled: whether all series share their factors, and each outcome counts as its share of one.

    Returns:
        Shape (origins + 1, n_series or 1, horizon, levels).
    """
    origins, n_series, horizon, _ = sizes.shape
    level, shared = np.array(levels)[:, None] / 100, 1.0 + np.arange(horizon)[:, None, None]
    miss, rates = 1 - level, np.array(RATES) / shared
    spread = miss**2 * level**3 + miss**3 * level**2
    speed = np.sqrt(3 / _MEMORY * (np.log(len(RATES) * _MEMORY) + 2) / spread) / shared
    restart = 1 / (2 * _MEMORY * shared)
    factor = np.ones((1 if pooled else n_series, horizon, len(levels), len(RATES)))
    weight = np.full_like(factor, 1 / len(RATES))
    made = np.ones((origins + 1, *factor.shape[:3]))
    for number in range(origins):
        known, usual = observed[number][:, :, None, None], made[number][..., None]
        size = np.minimum(sizes[number][..., None], _LARGEST_SIZE * usual)
        outside = size > factor
        loss = np.where(outside, level, -miss) * (size - factor) / usual
        if pooled:
            count = np.maximum(known.sum(axis=0, keepdims=True), 1)
            outside, loss = (np.where(known, each, 0.0).sum(axis=0, keepdims=True) / count for each in (outside, loss))
            known = known.any(axis=0, keepdims=True)
        learned = weight * np.exp(-speed * loss)
        learned /= learned.sum(axis=-1, keepdims=True)
        weight = np.where(known, (1 - restart) * learned + restart / len(RATES), weight)
        factor = np.where(known, factor * np.exp(rates * (outside - miss)), factor)
        made[number + 1] = (weight * factor).sum(axis=-1)
    return made


def newest_factors(
    spec: ModelSpec,
    weights: Weights,
    calibration: Calibration,
    rows: ModelRows,
    unlearned: Int64,
    levels: tuple[float, ...],
) -> Factors | None:
    """Factors learned from the newest origins whose outcomes the rows hold; None where there are none.

    Args:
        spec: the model.
        weights: its tensors.
        calibration: of its intervals.
        rows: what is known.
        unlearned: newest rows of each series that the model has not learned from, shape (n_series,).
        levels: of the intervals, in percent, ascending.
    """
    lengths = rows.panel.lengths
    # The window before an origin is whole where the series allows it.
    reach = np.minimum(unlearned, lengths - np.minimum(spec.lookback, (lengths + 1) // 2))
    pooled = rows.panel.n_series > MOST_OWN
    series = np.flatnonzero(reach > 0) if pooled else np.arange(rows.panel.n_series)
    if not len(series) or not np.any(reach > 0):
        return None
    most = max(MOST_ORIGINS, _MOST_HORIZONS * spec.horizon)
    count = int(min(most, reach.max(), max(1, _MOST_WINDOWS // min(len(series), MOST_OWN))))
    if pooled:
        fewest = max(MOST_OWN, _MOST_WINDOWS // count)
        series = series[np.unique(np.linspace(0, len(series) - 1, min(fewest, len(series))).round().astype(int))]
        # Of a large panel only these are brought into model space.
        rows, reach, series = _some(rows, series), reach[series], np.arange(len(series))
    scores, observed = _newest_scores(spec, weights, rows, series, count)
    observed &= np.arange(count, 0, -1)[:, None, None] <= reach[series][:, None]
    promised = np.stack([score_at(calibration, 0.5 + level / 200) for level in levels], axis=1)
    sizes = np.abs(scores)[..., None] / np.maximum(promised, np.finfo(np.float64).tiny)
    values = track(sizes, observed, levels, pooled=pooled)[-1]
    # A higher level is never narrower.
    nested = np.maximum.accumulate(values * promised, axis=-1)
    return Factors(levels, np.where(promised > 0, nested / np.where(promised > 0, promised, 1.0), 1.0), count)


def _some(rows: ModelRows, series: Int64) -> ModelRows:
    """Some of the series."""
    whole = rows.scaling
    scaling = replace(
        whole, center=whole.center[series], scale=whole.scale[series], nonnegative=whole.nonnegative[series]
    )
    return replace(rows, panel=rows.panel.take(series), scaling=scaling, categories=rows.categories[series])


def _newest_scores(
    spec: ModelSpec, weights: Weights, rows: ModelRows, series: Int64, count: int
) -> tuple[Float64, Bool]:
    """Scores at the newest `count` origins of some series, and whether the outcome is known, the oldest first.

    Both have the shape (origins, series, horizon).
    """
    back = np.arange(count, 0, -1)
    begin, end = rows.offsets[series], rows.offsets[series + 1]
    origins = np.maximum(end[None] - back[:, None], begin[None])
    index = WindowIndex(origins.ravel(), np.tile(series, count))
    shape = (count, len(series), spec.horizon)
    scores, known = scores_of_windows(spec, weights, rows, index)
    return scores.reshape(shape), known.reshape(shape)


def scores_of_windows(spec: ModelSpec, weights: Weights, rows: ModelRows, index: WindowIndex) -> tuple[Float64, Bool]:
    """Scores of what followed some windows, and whether it is known, both of shape (samples, horizon)."""
    scores, known = [], []
    for some in index.in_batches(spec.lookback + spec.horizon):
        windows = rows.windows(some, lookback=spec.lookback, horizon=spec.horizon)
        quantiles = predict_windows(spec, weights, windows).astype(np.float64)
        targets = some.origins[:, None] + np.arange(spec.horizon)
        last = rows.offsets[some.series + 1][:, None]
        places = np.minimum(targets, last - 1)
        spread = window_spread(windows, spec.season_length)
        scores.append(conformal_scores(rows.values[places].astype(np.float64), quantiles, spec.quantiles, spread))
        known.append((targets < last) & rows.observed[places])
    found = np.concatenate(scores)
    return np.nan_to_num(found), np.concatenate(known) & np.isfinite(found)
