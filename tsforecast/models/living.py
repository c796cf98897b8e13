"""Intervals that go on learning: factors on the calibrated ones, tracked online over the newest known outcomes.

A calibration is as old as its fit. Since then outcomes have become known, and the size of each one's score, in units of
what the interval promised, says whether that was too narrow. Each new row is the outcome of several forecasts: of the
newest one's first step, of the one before its second step, and so on. It is judged by the factors that those forecasts
had when they were made, and moves three parts, whose product is the factor on the promise at each level:

- what all series and steps share: how large errors are of late. Several rates, among them 0, follow the misses, as
  which one is right depends on how fast the world moves; they are weighed by their pinball losses of late, as in DtACI
  (Gibbs and Candes 2022). The near steps tell of it before the far ones can.
- the long run of all: it grows by rate x level for an outcome outside and shrinks by rate x (1 - level) for one inside,
  so that in the long run intervals as they were made hold what they promise, whatever the world does: the integrator of
  conformal PID control (Angelopoulos, Candes and Tibshirani 2023).
- the long run of each series and step, in the same way.

Windows from neighbouring rows share all but one of their steps, so that an outcome k steps ahead says little that the
one before it has not said: it counts a k-th in each part. Without that, factors would follow chance: one wild day is a
run of misses at each step that reaches into it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.models.calibration import Calibration, score_at, scores_of_values
from tsforecast.models.error_unit import ErrorUnit
from tsforecast.models.network.weights import Weights
from tsforecast.models.parts import predict_windows
from tsforecast.models.spec import ModelSpec
from tsforecast.series.windows import ModelRows, WindowIndex

RATES = (0.0, 0.05, 0.1, 0.2)  # that follow what all share
STEADY = 0.05  # rate of the long run of all series and steps together
OWN = 0.2  # rate of the long run of each series and step
_MEMORY = 100  # rows that the weights of the rates remember in DtACI's rule
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
    """Factors of each origin, from the outcomes that were known then, and of the origin after the last.

    Args:
        sizes: of scores in units of the promised half width, shape (origins, n_series, horizon, levels); the origins
            are neighbouring rows, the oldest first.
        observed: False where an outcome is not known, shape (origins, n_series, horizon).
        levels: in percent.
        pooled: whether all series share all factors.

    Returns:
        Shape (origins + 1, n_series or 1, horizon, levels).
    """
    origins, n_series, horizon, count = sizes.shape
    share, counts = np.array(levels) / 100, 1 / (1.0 + np.arange(horizon))
    made = np.ones((origins + 1, 1 if pooled else n_series, horizon, count))
    # Logarithms of the three parts, the common one by rate; and what each rate alone would have made of `made`.
    own, steady, common = np.zeros(made.shape[1:]), np.zeros(count), np.zeros((count, len(RATES)))
    weights, rated = np.full(common.shape, 1 / len(RATES)), np.ones((origins + 1, *common.shape))
    for row in range(origins):
        # The forecasts that this row is an outcome of: the one made just before it, and those of earlier rows.
        steps = np.arange(min(row + 1, horizon))
        made_at, counted = row - steps, counts[steps, None]
        known = observed[made_at, :, steps][..., None]
        size = np.minimum(sizes[made_at, :, steps] / made[made_at, :, steps], _LARGEST_SIZE)
        missed = np.where(known, (size > 1) - (1 - share), 0.0)
        mean = _mean_known(missed, known)
        own[:, steps] += OWN * (counted[:, None] * (mean[:, None] if pooled else missed)).swapaxes(0, 1)
        steady += STEADY * np.sum(counted * mean, axis=0) / counts.sum()
        excess = size[..., None] - rated[made_at][:, None]
        common, weights = _learned(common, weights, excess, known, counted / counts.sum(), share)
        mixed = np.sum(weights * np.exp(common), axis=-1)
        made[row + 1] = np.exp(own + steady) * mixed
        rated[row + 1] = np.exp(common) / mixed[:, None]
    return made


def _learned(
    common: Float64, weights: Float64, excess: Float64, known: Bool, weigh: Float64, share: Float64
) -> tuple[Float64, Float64]:
    """The logarithms and weights of the rates, both of shape (levels, rates), after one row.

    Args:
        common: the logarithms before.
        weights: before.
        excess: of sizes over what each rate alone had made of the interval, shape (steps, n_series, levels, rates).
        known: shape (steps, n_series, 1).
        weigh: of each step, shape (steps, 1).
        share: that each level promises.
    """
    level, miss, known = share[:, None], 1 - share[:, None], known[..., None]
    outside = _mean_known(np.where(known, (excess > 0) - miss, 0.0), known)
    loss = _mean_known(np.where(known, np.where(excess > 0, level, -miss) * excess, 0.0), known)
    outside, loss = (np.sum(weigh[..., None] * each, axis=0) for each in (outside, loss))
    spread = miss**2 * level**3 + miss**3 * level**2
    speed = np.sqrt(3 / _MEMORY * (np.log(len(RATES) * _MEMORY) + 2) / spread)
    learned = weights * np.exp(-speed * loss)
    learned /= learned.sum(axis=-1, keepdims=True)
    restart = 1 / (2 * _MEMORY) if known.any() else 0.0
    return common + np.array(RATES) * outside, (1 - restart) * learned + restart / len(RATES)


def _mean_known(values: Float64, known: Bool) -> Float64:
    """The mean over the known ones of the series, axis 1, of values that are 0 where they are not known."""
    return values.sum(axis=1) / np.maximum(known.sum(axis=1), 1)


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
        rows, reach, series = rows.take(series), reach[series], np.arange(len(series))
    scores, observed = _newest_scores(spec, weights, calibration.unit, rows, series, count)
    observed &= np.arange(count, 0, -1)[:, None, None] <= reach[series][:, None]
    promised = np.stack([score_at(calibration, 0.5 + level / 200) for level in levels], axis=1)
    # Where nothing was promised no factor helps: what follows tells the others nothing.
    sizes = np.ones((*scores.shape, len(levels)))
    np.divide(np.abs(scores)[..., None], promised, out=sizes, where=promised > 0)
    values = track(sizes, observed, levels, pooled=pooled)[-1]
    # A higher level is never narrower.
    nested = np.maximum.accumulate(values * promised, axis=-1)
    return Factors(levels, np.where(promised > 0, nested / np.where(promised > 0, promised, 1.0), 1.0), count)


def _newest_scores(
    spec: ModelSpec, weights: Weights, unit: ErrorUnit, rows: ModelRows, series: Int64, count: int
) -> tuple[Float64, Bool]:
    """Scores at the newest `count` origins of some series, and whether the outcome is known, the oldest first.

    Both have the shape (origins, series, horizon).
    """
    back = np.arange(count, 0, -1)
    begin, end = rows.offsets[series], rows.offsets[series + 1]
    origins = np.maximum(end[None] - back[:, None], begin[None])
    index = WindowIndex(origins.ravel(), np.tile(series, count))
    shape = (count, len(series), spec.horizon)
    scores, known = scores_of_windows(spec, weights, unit, rows, index)
    return scores.reshape(shape), known.reshape(shape)


def scores_of_windows(
    spec: ModelSpec, weights: Weights, unit: ErrorUnit, rows: ModelRows, index: WindowIndex
) -> tuple[Float64, Bool]:
    """Scores of what followed some windows, and whether it is known, both of shape (samples, horizon)."""
    scores, known = [], []
    for some in index.in_batches(spec.lookback + spec.horizon):
        windows = rows.windows(some, lookback=spec.lookback, horizon=spec.horizon)
        quantiles = predict_windows(spec, weights, windows).astype(np.float64)
        targets = some.origins[:, None] + np.arange(spec.horizon)
        last = rows.offsets[some.series + 1][:, None]
        places = np.minimum(targets, last - 1)
        of_windows = unit.of(windows, spec.season_length, spec.horizon)
        y_true = rows.values[places].astype(np.float64)
        scores.append(scores_of_values(y_true, quantiles, spec.quantiles, of_windows, rows.scaling, some.series))
        known.append((targets < last) & rows.observed[places])
    found = np.concatenate(scores)
    return np.nan_to_num(found), np.concatenate(known) & np.isfinite(found)
