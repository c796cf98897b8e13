"""A smoother in state space around the season: a level that wanders, goes on as it went, or returns to a mean.

The state given all values, before and after a gap, is what the smoother of Rauch, Tung and Striebel (1965) gives. Here
it is found at once: its precision is a banded matrix, so that one banded solution takes a time linear in the rows
(Rue and Held, Gaussian Markov Random Fields, 2005). Model and ratio of variances have the largest restricted
likelihood. What the season says comes from `seasonal`.
"""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Bool, Float64
from tsforecast.models.imputation.seasonal import season_shape

_RATIOS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 1e2)  # of the variance of the noise to that of the moves
_RETURNS = (0.5, 0.8, 0.95, 0.99)  # what is left of a deviation from the mean after a step
_LEAST = 8  # values for a likelihood


def kalman(values: Float64, season: int) -> Float64:
    """Fill the gaps of each column by the smoothed state, shape (rows, columns).

    Args:
        values: NaN where missing, shape (rows, columns).
        season: steps in a season; 1 for none.
    """
    shape = season_shape(values, season)
    filled = values.copy()
    for column in range(values.shape[1]):
        missing = np.isnan(values[:, column])
        if missing.any() and not missing.all():
            filled[missing, column] = (shape[:, column] + _smoothed(values[:, column] - shape[:, column]))[missing]
    return filled


def _smoothed(values: Float64) -> Float64:
    """The state at each row, shape (rows,)."""
    seen = ~np.isnan(values)
    center = float(values[seen].mean())
    known = np.where(seen, values - center, 0.0)
    if seen.sum() < _LEAST or not np.any(known):
        rows = np.arange(len(values))
        return np.asarray(np.interp(rows, rows[seen], values[seen]))
    best, state = np.inf, known
    for precision, log_determinant, free in _models(len(values)):
        for ratio in _RATIOS:
            told = _solve(ratio * precision, known, seen)
            if told is None:
                continue
            mean, whole = told
            rank = len(values) - free
            # Of the errors and the moves together, in units of the noise.
            energy = float(known @ (known - np.where(seen, mean, 0.0)))
            count = int(seen.sum()) - free
            prior = log_determinant + rank * np.log(ratio)
            loss = count * np.log(max(energy, 1e-300) / count) + whole - prior
            if loss < best:
                best, state = loss, mean
    return state + center


def _models(rows: int) -> list[tuple[Float64, float, int]]:
    """Of each model the upper bands of the precision of its moves, its log determinant, and how many are free."""
    found = []
    for left in _RETURNS:
        bands = np.zeros((2, rows))
        bands[1], bands[1, [0, -1]] = 1 + left**2, 1.0
        bands[0, 1:] = -left
        found.append((bands, float(np.log(1 - left**2)), 0))
    wander = np.zeros((2, rows))
    wander[1], wander[1, [0, -1]] = 2.0, 1.0
    wander[0, 1:] = -1.0
    found.append((wander, float(np.log(rows)), 1))
    bend = np.zeros((3, rows))
    bend[2], bend[2, [1, -2]], bend[2, [0, -1]] = 6.0, 5.0, 1.0
    bend[1, 1:], bend[1, [1, -1]] = -4.0, -2.0
    bend[0, 2:] = 1.0
    found.append((bend, float(2 * np.log(rows) + np.log(max(float(rows) ** 2 - 1, 1.0)) - np.log(12)), 2))
    return found


def _solve(bands: Float64, known: Float64, seen: Bool) -> tuple[Float64, float] | None:
    """The state and the log determinant of its precision; None where that is no positive matrix in numbers."""
    from scipy.linalg import lapack

    bands[-1] += seen
    factor, failed = lapack.dpbtrf(bands)
    if failed:
        return None
    mean, _ = lapack.dpbtrs(factor, known)
    return np.asarray(mean, np.float64), float(2 * np.log(factor[-1]).sum())
