"""Intervals with honest coverage: conformal calibration of a model's quantiles on windows used for nothing else.

A model's quantiles define, per window and step, a monotone map between values and *scores*: the standard normal
quantile of each one's probability, linear between them and beyond. A point model's score is its error
divided by its unit (`ErrorUnit`). Calibration replaces the promised size of scores by the one observed on held-out
windows (split conformal prediction with absolute scores, Vovk et al. 2005; of quantiles, Romano et al. 2019),
separately for each step of the horizon. Scores count without their sign: held-out windows that all err on one side say
little about the side of the next error. The map is monotone, so quantiles never cross, and one calibration serves every
level.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from statistics import NormalDist

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.models.error_unit import WINDOW_UNIT, ErrorUnit
from tsforecast.series.scaling import Scaling

_NORMAL = NormalDist()

# Levels for which scores are stored; others are interpolated on the normal scale.
_UPPER = (0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995)
PROBABILITIES: tuple[float, ...] = (*(round(1 - p, 4) for p in reversed(_UPPER)), 0.5, *_UPPER)

# Scores that a step's quantiles should rest on; fewer are pooled with those of neighbouring steps.
_ENOUGH = 400

# Below this many scores in all there is no tail to see: a normal tail of their spread stands in.
_LEAST = 40
_LARGEST = 1000.0  # size as which a larger score counts
_GOLDEN = (5**0.5 - 1) / 2  # whose multiples, less their whole parts, are even
_TAIL = 4.0  # score beyond which probabilities tell hardly anything apart


@dataclass(frozen=True)
class Calibration:
    """Scores that replace the normal ones.

    Args:
        scores: ascending in each row, shape (horizon, len(PROBABILITIES)).
        windows: held-out windows that they rest on.
        method: what was done, in words.
        examples: of how the errors of the steps go together, as `error_examples` gives them, shape (n, horizon).
        unit: of a point model's errors; of other models only quantiles that are the same are told apart by it.
    """

    scores: Float64
    windows: int
    method: str
    examples: Float64 = field(default_factory=lambda: np.empty((0, 0)))
    unit: ErrorUnit = WINDOW_UNIT


def conformal_scores(y_true: Float64, quantiles: Float64, probabilities: tuple[float, ...], unit: Float64) -> Float64:
    """Scores of true values under a model's quantiles.

    Args:
        y_true: shape (samples, horizon).
        quantiles: ascending, shape (samples, horizon, probabilities).
        probabilities: of the quantiles.
        unit: of errors, shape (samples, 1 or horizon).

    Returns:
        Shape (samples, horizon).
    """
    if len(probabilities) == 1:
        return (y_true - quantiles[:, :, 0]) / unit
    knots, z = _knots(quantiles, probabilities, unit)
    piece = np.clip((y_true[:, :, None] >= knots).sum(axis=2) - 1, 0, len(probabilities) - 2)
    low, high = _pick(knots, piece), _pick(knots, piece + 1)
    # Quantiles of a forecast that has run away may lie so far off that they cannot be told apart.
    with np.errstate(divide="ignore", invalid="ignore"):
        return z[piece] + (z[piece + 1] - z[piece]) * (y_true - low) / (high - low)


def scores_of_values(
    y_true: Float64,
    quantiles: Float64,
    probabilities: tuple[float, ...],
    unit: Float64,
    scaling: Scaling,
    series: Int64,
) -> Float64:
    """Scores of true values, of counts as `scores_between` gives them, shape (samples, horizon).

    Args:
        y_true: in model space, shape (samples, horizon).
        quantiles: as for `conformal_scores`.
        probabilities: of the quantiles.
        unit: of errors, shape (samples, 1 or horizon).
        scaling: that leads to the user's units.
        series: numbers in it, shape (samples,).
    """
    edges = scaling.edges(y_true, series[:, None]) if len(probabilities) > 1 else None
    if edges is None:
        return conformal_scores(y_true, quantiles, probabilities, unit)
    return scores_between(edges, quantiles, probabilities, unit)


def scores_between(
    edges: tuple[Float64, Float64], quantiles: Float64, probabilities: tuple[float, ...], unit: Float64
) -> Float64:
    """Scores of rounded values: each lies somewhere between its edges, all places of its probability alike.

    Where zero has a probability of a half, no one score is its own: its quantiles from the lowest to the median are
    all the same. Spread over its probability, scores are normal where the quantiles are right: the randomised transform
    of Czado, Gneiting and Held (2009), though here no chance decides but an even sequence.

    Args:
        edges: lower and upper ones, each of shape (samples, horizon); equal where a value was not rounded.
        quantiles: as for `conformal_scores`, at more than one probability.
        probabilities: of the quantiles.
        unit: of errors, shape (samples, 1 or horizon).

    Returns:
        Shape (samples, horizon).
    """
    low, high = (bounded(conformal_scores(edge, quantiles, probabilities, unit)) for edge in edges)
    share = ((1 + np.arange(low.size)) * _GOLDEN % 1.0).reshape(low.shape)
    grid, reached = _normal_table()
    below, above = np.interp(low, grid, reached), np.interp(high, grid, reached)
    middle = np.interp(below + share * (above - below), reached, grid)
    return np.where((low > _TAIL) | (high < -_TAIL), low + share * (high - low), middle)


@cache
def _normal_table() -> tuple[Float64, Float64]:
    """Normal scores and their probabilities."""
    grid = np.linspace(-2 * _TAIL, 2 * _TAIL, 1601)
    return grid, np.array([_NORMAL.cdf(z) for z in grid])


def bounded(scores: Float64) -> Float64:
    """Scores of which none, however wrong its forecast, decides for all others."""
    return np.clip(np.nan_to_num(scores, nan=_LARGEST, posinf=_LARGEST, neginf=-_LARGEST), -_LARGEST, _LARGEST)


def values_at(scores: Float64, quantiles: Float64, probabilities: tuple[float, ...], unit: Float64) -> Float64:
    """The inverse of `conformal_scores`: values at scores, shape (samples, horizon, n).

    The scores have the shape (horizon, n), or (samples, horizon, n) where each window has its own.
    """
    if len(probabilities) == 1:
        return quantiles + scores * unit[:, :, None]
    knots, z = _knots(quantiles, probabilities, unit)
    piece = np.clip(np.searchsorted(z, scores, side="right") - 1, 0, len(probabilities) - 2)
    if scores.ndim == 3:
        low, high = (np.take_along_axis(knots, piece + add, axis=2) for add in (0, 1))
    else:
        column = piece + len(probabilities) * np.arange(len(scores))[:, None]
        flat = knots.reshape(len(knots), -1)
        low, high = flat.take(column, axis=1), flat.take(column + 1, axis=1)
    return low + (scores - z[piece]) / (z[piece + 1] - z[piece]) * (high - low)


def calibrate(scores: Float64, observed: Bool, *, at_least_own: bool = False) -> Calibration:
    """Learn the quantiles of scores at each step of the horizon.

    Args:
        scores: of held-out windows, shape (samples, horizon).
        observed: False where the true value was filled in, shape (samples, horizon).
        at_least_own: whether intervals may only become wider than the model's own.
    """
    calibration = _calibrate(bounded(scores), observed)
    if not at_least_own:
        return calibration
    own = np.array([_NORMAL.inv_cdf(p) for p in PROBABILITIES])
    wider = np.where(own < 0, np.minimum(calibration.scores, own), np.maximum(calibration.scores, own))
    return replace(calibration, scores=wider, method=calibration.method + ", never narrower than the networks' own")


def _calibrate(scores: Float64, observed: Bool) -> Calibration:
    samples, horizon = scores.shape
    profile = _profile(scores, observed)
    relative = scores / profile
    total = int(observed.sum())
    rows = np.empty((horizon, len(PROBABILITIES)))
    if total < _LEAST:
        spread = float(np.sqrt(np.mean(relative[observed] ** 2))) if total else 1.0
        rows[:] = [_NORMAL.inv_cdf(p) * spread for p in PROBABILITIES]
        method = f"normal tails of the spread of {total} held-out errors: too few for quantiles of their own"
        return Calibration(rows * profile[:, None], samples, method)
    width = min(horizon - 1, -(-_ENOUGH // max(1, samples)) // 2)
    for step in range(horizon):
        near = slice(max(0, step - width), step + width + 1)
        pool = relative[:, near][observed[:, near]]
        rows[step] = _finite_sample_quantiles(pool if len(pool) >= _LEAST else relative[observed])
    method = f"conformal quantiles of {samples} held-out windows, {-(-samples // horizon)} of them apart"
    method += f", pooled over {min(horizon, 2 * width + 1)} neighbouring steps" if width else ", per step"
    return Calibration(rows * profile[:, None], samples, method)


def score_at(calibration: Calibration, probability: float) -> Float64:
    """Calibrated score of a probability at each step, shape (horizon,)."""
    z = np.full((len(calibration.scores), 1), _NORMAL.inv_cdf(probability))
    return scores_at(calibration, z)[:, 0]


def scores_at(calibration: Calibration, z: Float64) -> Float64:
    """Calibrated scores at normal ones of the first steps, both of shape (steps, n); linear between stored ones."""
    known = np.array([_NORMAL.inv_cdf(p) for p in PROBABILITIES])
    right = np.clip(np.searchsorted(known, z), 1, len(known) - 1)
    share = (z - known[right - 1]) / (known[right] - known[right - 1])
    stored = calibration.scores[: len(z)]
    low, high = (np.take_along_axis(stored, place, axis=1) for place in (right - 1, right))
    return low + share * (high - low)


def intervals(
    calibration: Calibration,
    quantiles: Float64,
    probabilities: tuple[float, ...],
    unit: Float64,
    levels: tuple[float, ...],
    factors: Float64 | None = None,
) -> tuple[Float64, Float64]:
    """Calibrated intervals that hold so many percent of the future values.

    Steps beyond the calibrated horizon (forecasts fed back into the model) use the last calibrated step, widened with
    the square root of how many horizons ahead they lie, as for a random walk; where a network finds the fed back window
    calmer than a real one, they are at least that much wider than the last calibrated step.

    Args:
        calibration: of the model.
        quantiles: ascending, shape (samples, horizon, probabilities).
        probabilities: of the quantiles.
        unit: of errors, shape (samples, 1 or horizon).
        levels: of the intervals, in percent.
        factors: on the scores of each step and level, shape (samples or 1, calibrated horizon, levels); None for none.

    Returns:
        Lower and upper bounds, both of shape (samples, horizon, levels).
    """
    horizon, calibrated = quantiles.shape[1], len(calibration.scores)
    steps = np.arange(horizon)
    growth = np.sqrt(steps // calibrated + 1)
    rows = np.minimum(steps, calibrated - 1)
    scores = np.empty((horizon, 2 * len(levels)))
    for number, probability in enumerate(0.5 + sign * level / 200 for sign in (-1, 1) for level in levels):
        scores[:, number] = score_at(calibration, probability)[rows] * growth
    if factors is not None:
        scores = scores * np.concatenate([factors[:, rows]] * 2, axis=2)
        if len(factors) == 1:
            scores = scores[0]
    lower, upper = np.split(values_at(scores, quantiles, probabilities, unit), 2, axis=2)
    if horizon > calibrated and len(probabilities) > 1:
        median = probabilities.index(0.5)
        middle = quantiles[:, :, median : median + 1]
        edge, beyond, wider = slice(calibrated - 1, calibrated), slice(calibrated, None), growth[:, None]
        below, above = middle - lower, upper - middle
        lower[:, beyond] = (middle - np.maximum(below, below[:, edge] * wider))[:, beyond]
        upper[:, beyond] = (middle + np.maximum(above, above[:, edge] * wider))[:, beyond]
    return lower, upper


def _finite_sample_quantiles(pool: Float64) -> Float64:
    """Scores at PROBABILITIES, by order statistics of their size with the (n + 1) correction for small n.

    The interval from score(1 - p) to score(p) holds the share 2p - 1.
    """
    size, n = np.sort(np.abs(pool)), len(pool)
    ranks = np.ceil((n + 1) * (2 * np.asarray(_UPPER) - 1) - 1e-9).astype(int)
    upper = size[np.clip(ranks, 1, n) - 1]
    return np.concatenate([-upper[::-1], [0.0], upper])


def _profile(scores: Float64, observed: Bool) -> Float64:
    """Typical size of a score at each step, shape (horizon,), smoothed over neighbours where windows are few."""
    size = np.abs(np.where(observed, scores, 0.0)).sum(axis=0)
    count = observed.sum(axis=0)
    reach = min(-(-50 // max(1, len(scores))), len(size)) - 1
    kernel, inner = np.ones(2 * reach + 1), slice(reach, reach + len(size))
    size, count = np.convolve(size, kernel)[inner], np.convolve(count, kernel)[inner]
    profile = size / np.maximum(1, count)
    usual = float(profile[profile > 0].mean()) if np.any(profile > 0) else 1.0
    return np.where(profile > 0, profile, usual)


def _knots(quantiles: Float64, probabilities: tuple[float, ...], unit: Float64) -> tuple[Float64, Float64]:
    """Quantiles made strictly ascending, and the normal scores of their probabilities."""
    z = np.array([_NORMAL.inv_cdf(probability) for probability in probabilities])
    knots = quantiles.copy()
    # One by one: NumPy's `accumulate` takes several times as long along an axis this short.
    for number in range(1, len(probabilities)):
        np.maximum(knots[:, :, number], knots[:, :, number - 1], out=knots[:, :, number])
    knots += 1e-4 * unit[:, :, None] * np.cumsum(np.maximum(np.diff(z, prepend=z[0]), 1e-9))
    return knots, z


def _pick(knots: Float64, piece: Int64) -> Float64:
    return np.take_along_axis(knots, piece[:, :, None], axis=2)[:, :, 0]
