"""The best linear prediction of missing values from those on both sides, also of other columns.

The columns are taken as a stationary process around their season: the covariance of any two values depends on their
columns and their distance only, and is the mean over the table. What is missing is then a regression on the nearest
values before and after it and on those of the columns that move with it (simple kriging; Wiener 1949, Cressie 1993).
Gaps with the same values around them share one solution. With `free` levels the weights of the own column sum to one,
so that a level that never was there before does no harm (ordinary kriging).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.models.imputation.seasonal import seasonal

_SIDE = 24  # values of the own column on either side
_CHUNK = 12  # rows that are filled at once
_BESIDE = 6  # rows of another column before and after these
_HELPERS = 6  # other columns that are looked at, those that move most with this one
_RIDGE = 1e-3  # of the variance, which keeps weights small
_FREE = 1e3  # variances of a level that is not known
_LONGEST = 400  # steps between values whose covariance is known
# What was filled is learned from once more where so much of the values is missing, or up to so many columns may tell.
_MUCH, _FEW_COLUMNS = 0.05, 16
_LEAST = 3  # rows for each step of the longest distance
_MOST_SOLVED = 4096  # solutions kept at once


@dataclass(frozen=True)
class Process:
    """What was learned of the columns.

    Args:
        profile: mean of each step of the season, shape (season, columns).
        scale: of each column, shape (columns,).
        covariance: of column i with column j so many steps later, shape (steps, columns, columns).
        helpers: for each column the others to look at, shape (columns, at most _HELPERS).
        free: whether levels are not known.
    """

    profile: Float64
    scale: Float64
    covariance: Float64
    helpers: Int64
    free: bool

    def centred(self, values: Float64, phase: int = 0) -> Float64:
        """Values without the season in units of the scale, whose first row is at a step of the season."""
        return (values - self._shape(len(values), phase)) / self.scale

    def restored(self, values: Float64, phase: int = 0) -> Float64:
        """The inverse of `centred`."""
        return values * self.scale + self._shape(len(values), phase)

    def _shape(self, rows: int, phase: int) -> Float64:
        return self.profile[(np.arange(rows) + phase) % len(self.profile)]


def regression(values: Float64, season: int, *, free: bool) -> Float64:
    """Fill the gaps of all columns, shape (rows, columns).

    Args:
        values: NaN where missing, shape (rows, columns).
        season: steps in a season, whose mean is taken out first; 1 for none.
        free: whether the level around a gap is not known.
    """
    filled = seasonal(values, season)
    if not np.isnan(values).any():
        return filled
    again = np.isnan(values).mean() > _MUCH or 1 < values.shape[1] <= _FEW_COLUMNS
    for _ in range(1 + bool(again)):
        process = learn(filled, season, free=free)
        if process is None:
            return filled
        filled = predict(process, values)
    return filled


def learn(complete: Float64, season: int, *, free: bool) -> Process | None:
    """Means and covariances of complete columns; None where there are too few rows.

    Args:
        complete: shape (rows, columns).
        season: steps in a season; 1 for none.
        free: whether levels are not known.
    """
    rows, columns = complete.shape
    steps = min(_LONGEST, rows // _LEAST)
    if steps < 2:
        return None
    season = season if rows >= 3 * season else 1
    complete = np.nan_to_num(complete)  # of columns without any value
    mean = complete.mean(axis=0)
    whole = np.full((-(-rows // season) * season, columns), np.nan)
    whole[:rows] = complete
    profile = np.nanmean(whole.reshape(-1, season, columns), axis=0) if season > 1 else mean[None]
    moved = complete - profile[np.arange(rows) % season]
    scale = moved.std(axis=0)
    scale[scale <= 1e-12 * np.abs(complete).max(axis=0, initial=0.0)] = 1.0
    moved /= scale
    # The products of all pairs of columns at all distances, by way of their spectra.
    size = 1 << (rows + steps - 1).bit_length()
    spectra = np.fft.rfft(moved, size, axis=0)
    covariance = np.empty((steps, columns, columns))
    for column in range(columns):
        covariance[:, column] = np.fft.irfft(np.conj(spectra[:, column, None]) * spectra, size, axis=0)[:steps] / rows
    likeness = np.abs(covariance[0]) - 2 * np.eye(columns)
    helpers = np.argsort(-likeness, axis=1, kind="stable")[:, : min(_HELPERS, columns - 1)]
    return Process(profile, scale, covariance, helpers, free)


def predict(process: Process, values: Float64, phase: int = 0) -> Float64:
    """Fill the gaps of a table by what was learned, shape (rows, columns).

    Args:
        values: NaN where missing, shape (rows, columns).
        phase: step of the season of the first row.
    """
    known = process.centred(values, phase)
    seen = np.isfinite(known)
    filled = known.copy()
    solved: dict[bytes, Float64] = {}
    for column in range(values.shape[1]):
        own = np.flatnonzero(seen[:, column])
        missing = np.flatnonzero(~seen[:, column])
        if not own.size:
            continue
        for rows in _chunks(missing):
            columns, places = _around(process, seen, column, own, rows)
            key = _key(column, columns, places - rows[0], rows - rows[0])
            if key not in solved:
                if len(solved) >= _MOST_SOLVED:
                    solved.clear()
                solved[key] = _weights(process, column, columns, places, rows)
            filled[rows, column] = solved[key] @ known[places, columns]
    restored = process.restored(filled, phase)
    return np.where(np.isnan(values), restored, values)


def _chunks(missing: Int64) -> list[Int64]:
    """Missing rows that follow each other, some at a time."""
    if not missing.size:
        return []
    found = []
    for run in np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1):
        found += [run[begin : begin + _CHUNK] for begin in range(0, len(run), _CHUNK)]
    return found


def _around(process: Process, seen: Bool, column: int, own: Int64, rows: Int64) -> tuple[Int64, Int64]:
    """Columns and rows of the values that a prediction is made from, each of shape (n,)."""
    at = int(np.searchsorted(own, rows[0]))
    near = own[max(0, at - _SIDE) : at + _SIDE]
    reach = len(process.covariance)
    near = near[(near > rows[-1] - reach) & (near < rows[0] + reach)]
    first, end = max(0, rows[0] - _BESIDE), min(len(seen), rows[-1] + 1 + _BESIDE)
    helpers = process.helpers[column]
    other, place = np.nonzero(seen[first:end][:, helpers].T)
    columns = np.concatenate([np.full(len(near), column), helpers[other]])
    return columns, np.concatenate([near, place + first])


def _key(column: int, *parts: Int64) -> bytes:
    return b"|".join([str(column).encode(), *(part.astype(np.int32).tobytes() for part in parts)])


def _weights(process: Process, column: int, columns: Int64, places: Int64, rows: Int64) -> Float64:
    """Weights of the values around a gap for each of its rows, shape (rows, n)."""
    target = np.full(len(rows), column)
    among = _covariances(process, columns, places, columns, places)
    among[np.diag_indices_from(among)] += _RIDGE
    towards = _covariances(process, target, rows, columns, places)
    if process.free:
        among += _FREE * (columns[:, None] == columns)
        towards += _FREE * (columns == column)
    weights: Float64 = np.asarray(np.linalg.solve(among, towards.T), np.float64).T
    return weights


def _covariances(process: Process, left: Int64, left_at: Int64, right: Int64, right_at: Int64) -> Float64:
    distance = right_at[None, :] - left_at[:, None]
    lag = np.minimum(np.abs(distance), len(process.covariance) - 1)
    ahead = distance >= 0
    first = np.where(ahead, left[:, None], right[None, :])
    second = np.where(ahead, right[None, :], left[:, None])
    return process.covariance[lag, first, second]
