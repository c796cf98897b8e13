"""What may happen over a whole horizon together: totals, and how likely a value is exceeded.

Intervals say what each step may bring, not whether a high Monday comes with a high Tuesday. That is taken from held-out
windows: of each step, the ranks of the errors among those of the other windows are kept; a window's ranks at all steps
are one example of how errors go together (the Schaake shuffle, Clark et al. 2004; an empirical copula). A path gives
every step the calibrated score at its rank, so that at each step the paths spread as the intervals do. As in the
intervals, an error says as much about the other side: each example counts with both signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from tsforecast.arrays import Bool, Float64
from tsforecast.models.calibration import Calibration, bounded, scores_at, values_at

_NORMAL = NormalDist()
MOST_EXAMPLES = 100
_LEAST_EXAMPLES = 20  # with fewer, steps count as going together entirely: totals are then rather too uncertain
_TOGETHER = 99  # paths where that is so


def error_examples(scores: Float64, observed: Bool) -> Float64:
    """Examples of how the errors of the steps go together.

    Args:
        scores: of held-out windows, shape (samples, horizon).
        observed: False where the true value was filled in, shape (samples, horizon).

    Returns:
        Normal scores with the signs of the errors, of evenly spread windows, shape (examples, horizon); none where
        there are too few windows.
    """
    whole = np.flatnonzero(observed.all(axis=1))
    if len(whole) < _LEAST_EXAMPLES:
        return np.empty((0, scores.shape[1]))
    picked = np.unique(np.linspace(0, len(whole) - 1, min(len(whole), MOST_EXAMPLES)).round().astype(np.int64))
    chosen = bounded(scores[whole[picked]])
    # Stable, so that errors of the same size have ranks in order of time, whatever sorts them.
    ranks = np.argsort(np.argsort(np.abs(chosen), axis=0, kind="stable"), axis=0, kind="stable")
    half_normal = np.array([_NORMAL.inv_cdf(0.5 + (rank + 0.5) / (2 * len(chosen))) for rank in range(len(chosen))])
    return np.sign(chosen) * half_normal[ranks]


def sample_paths(
    calibration: Calibration,
    quantiles: Float64,
    probabilities: tuple[float, ...],
    unit: Float64,
    levels: tuple[float, ...],
    factors: Float64 | None = None,
) -> Float64:
    """Paths that values may take, each as likely as the others.

    Args:
        calibration: of the model.
        quantiles: ascending, shape (samples, horizon, probabilities), with the calibrated horizon or less.
        probabilities: of the quantiles.
        unit: of errors, shape (samples, 1 or horizon).
        levels: that the factors are of, in percent, ascending.
        factors: on the scores of each step and level, shape (samples or 1, calibrated horizon, levels); None for none.

    Returns:
        Shape (samples, horizon, paths).
    """
    z = _both_signs(calibration, quantiles.shape[1])
    scores = scores_at(calibration, z)
    if factors is not None:
        # Between two levels the factor changes with the normal score; beyond the outermost it stays.
        edges = [_NORMAL.inv_cdf(0.5 + level / 200) for level in levels]
        share = np.stack([np.interp(np.abs(z), edges, one) for one in np.eye(len(levels))], axis=2)
        scores = scores * np.einsum("shl,hpl->shp", factors[:, : len(z)], share)
    return values_at(scores, quantiles, probabilities, unit)


def totals(paths: Float64, levels: Sequence[float]) -> tuple[Float64, Float64, Float64]:
    """Median and bounds of the sum over the horizon.

    Args:
        paths: in the user's units, shape (samples, horizon, paths).
        levels: of the intervals, in percent.

    Returns:
        Of shape (samples, 1), and twice (samples, 1, levels).
    """
    sums = paths.sum(axis=1)
    shares = [0.5, *(0.5 + sign * level / 200 for sign in (-1, 1) for level in levels)]
    found = np.quantile(sums, shares, axis=1, method="median_unbiased").T
    lower, upper = np.split(found[:, 1:], 2, axis=1)
    return found[:, :1], lower[:, None], upper[:, None]


def _both_signs(calibration: Calibration, horizon: int) -> Float64:
    """Normal scores of all paths, shape (horizon, paths)."""
    examples = calibration.examples[:, :horizon]
    if len(examples):
        return np.concatenate([examples, -examples]).T
    even = [_NORMAL.inv_cdf((number + 0.5) / _TOGETHER) for number in range(_TOGETHER)]
    return np.tile(even, (horizon, 1))
