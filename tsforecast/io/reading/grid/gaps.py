"""Regular series: repeated times resolved, absent times put in, missing values filled.

A filled value depends on earlier values of its own series only. A forecast made at any cutoff therefore never sees what
came later, filled values included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.options import FillRule, RepeatRule
from tsforecast.series.frequency import Ordinals

Values = NDArray[np.float64]


@dataclass(frozen=True)
class GridPoints:
    """Values of many series, sorted by series and time, with no time twice.

    Args:
        series: number of the series, shape (n,).
        times: place of each value's time in `ordinals`, shape (n,).
        ordinals: the times in steps.
        values: shape (n,); NaN where missing.
    """

    series: NDArray[np.integer[Any]]
    times: NDArray[np.integer[Any]]
    ordinals: Ordinals
    values: Values


@dataclass(frozen=True)
class Extents:
    """From where to where each series has values; one entry per series that has any, shape (n_series,).

    Args:
        series: number of the series.
        starts: ordinal of the first value.
        lengths: steps from the first value to the last, both counted.
        observed: values among them.
        trimmed: rows without a value before the first and after the last.
    """

    series: NDArray[np.int64]
    starts: Ordinals
    lengths: NDArray[np.int64]
    observed: NDArray[np.int64]
    trimmed: NDArray[np.int64]

    @property
    def missing(self) -> NDArray[np.int64]:
        """Steps without a value within each series."""
        return self.lengths - self.observed


def repeated_rows(series: NDArray[np.integer[Any]], times: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Which of the sorted rows repeat the time of the row before them in the same series, shape (n,)."""
    repeats = np.zeros(series.size, dtype=bool)
    repeats[1:] = (series[1:] == series[:-1]) & (times[1:] == times[:-1])
    return repeats


def merge_repeats(values: Values, repeats: NDArray[np.bool_], rule: RepeatRule) -> Values:
    """One row per time.

    Args:
        values: shape (rows, targets), sorted by series and time, in the order of the file within a time.
        repeats: rows that repeat the time before them, shape (rows,).
        rule: `first`, `last`, `mean` or `sum`; the latter two leave missing values out.

    Returns:
        Shape (times, targets): a row for each row that repeats none.
    """
    groups = np.flatnonzero(~repeats)
    if rule == "first":
        return values[groups]
    if rule == "last":
        return values[np.append(groups[1:], values.shape[0]) - 1]
    present = np.isfinite(values)
    sums = np.add.reduceat(np.where(present, values, 0.0), groups, axis=0)
    counts = np.add.reduceat(present, groups, axis=0, dtype=np.int64)
    return np.where(counts > 0, sums if rule == "sum" else sums / np.maximum(counts, 1), np.nan)


def find_extents(points: GridPoints) -> Extents:
    """Trim each series to its first and last value."""
    present = np.isfinite(points.values)
    complete = bool(present.all())
    series = points.series if complete else points.series[present]
    times = points.times if complete else points.times[present]
    first = np.flatnonzero(np.concatenate([np.ones(min(series.size, 1), dtype=bool), series[1:] != series[:-1]]))
    observed = np.diff(np.append(first, series.size))
    numbers = series[first].astype(np.int64)
    starts, ends = (points.ordinals[times[row]] for row in (first, first + observed - 1))
    trimmed = np.zeros(numbers.size, dtype=np.int64)
    if not complete:
        absent = np.flatnonzero(~present & np.isin(points.series, numbers))
        position = np.searchsorted(numbers, points.series[absent])
        ordinals = points.ordinals[points.times[absent]]
        outside = (ordinals < starts[position]) | (ordinals > ends[position])
        trimmed += np.bincount(position[outside], minlength=numbers.size)
    return Extents(numbers, starts, ends - starts + 1, observed.astype(np.int64), trimmed)


def regular_grid(points: GridPoints, extents: Extents) -> tuple[Values, NDArray[np.int64]]:
    """Put each value at its place on the grid.

    Returns:
        Values of all series one after the other, NaN where there is none, and the offsets of the series.
    """
    offsets = np.concatenate([[0], np.cumsum(extents.lengths)]).astype(np.int64)
    if offsets[-1] == points.values.size and not extents.missing.any():
        return points.values, offsets
    present = np.isfinite(points.values)
    place = np.repeat(offsets[:-1] - extents.starts, extents.observed) + points.ordinals[points.times[present]]
    values = np.full(int(offsets[-1]), np.nan)
    values[place] = points.values[present]
    return values, offsets


def fill_gaps(values: Values, offsets: NDArray[np.int64], rule: FillRule, season_length: int) -> Values:
    """Fill the missing values of series that begin and end with a value.

    Args:
        values: series one after the other, shape (rows,); NaN where missing.
        offsets: series i is rows offsets[i]:offsets[i + 1].
        rule: `seasonal` repeats the last season before the gap, shifted by how much its mean differs from that of the
            season before it; a single season of history is repeated as it is; with less, and for `previous`, the last
            value is. `zero` puts zeros.
        season_length: steps.

    Returns:
        Shape (rows,): a filled copy, or the values themselves where none is missing.
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    if rule == "zero":
        return np.where(missing, 0.0, values)
    filled = values[np.maximum.accumulate(np.where(missing, 0, np.arange(values.size)))]
    if rule == "previous" or season_length == 1:
        return filled
    edges = np.flatnonzero(missing[1:] != missing[:-1]) + 1
    firsts, ends = edges[::2], edges[1::2]
    origins = offsets[np.searchsorted(offsets, firsts, side="right") - 1]
    for first, end, origin in zip(firsts.tolist(), ends.tolist(), origins.tolist(), strict=True):
        if first - origin >= season_length:
            filled[first:end] = _next_seasons(filled[origin:first], end - first, season_length)
    return filled


def _next_seasons(history: Values, length: int, season_length: int) -> Values:
    """The `length` values after a history of one season or more."""
    last = history[-season_length:]
    ahead = np.resize(last, length)
    if history.size < 2 * season_length:
        return ahead
    before = history[-2 * season_length : -season_length]
    lowest = min(last.min(), before.min())
    ahead = ahead + (last.mean() - before.mean())
    # Counts must not turn negative, nor a series that takes a logarithm reach zero.
    return np.maximum(ahead, lowest) if lowest >= 0 else ahead
