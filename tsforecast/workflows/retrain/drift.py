"""Measures drift: how far new rows lie from those before, in units that hold for any data.

A robust deviation is the width of the middle 98 % of a series' older values, divided by the 4.65 standard deviations
that this width spans in a normal distribution. New rows within that width are never more than 4.65 deviations away,
whatever the season, the trend or the share of zeros: only what a series has not done before exceeds a limit above that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.messages import of_series
from tsforecast.series.panel import UNKNOWN_SERIES, Panel
from tsforecast.series.windows import Rows

_WIDTH_98, _WIDTH_50 = 4.652696, 1.348980  # in standard deviations
_LEAST_OLD, _LEAST_NEW = 8, 5  # values below which nothing is said
_LEAST_STRETCHES = 100
_MOST = 1e6  # sizes beyond are all the same
_STRETCHES, _MOST_SERIES = 12, 1000  # in which a change of level is looked for
_FAR = 5.0  # deviations from the median beyond which a value counts no more there
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Finding:
    """The largest departure that was found.

    Args:
        size: in the unit of its limit; 0 or less where there is none.
        words: the same as half a sentence.
        change: whether it may be a lasting change of the world, unlike a frozen feed or a single wild value.
    """

    size: float = 0.0
    words: str = ""
    change: bool = True


@dataclass(frozen=True)
class Pool:
    """Observed values of many series, sorted by series and value.

    Args:
        values: shape (n,).
        offsets: of each series, shape (n_series + 1,).
    """

    values: Values
    offsets: Rows

    @property
    def counts(self) -> Rows:
        return np.diff(self.offsets)

    def quantile(self, probability: float) -> Values:
        """Of each series, by the nearest rank; NaN for a series without values."""
        place = np.round(probability * np.maximum(0, self.counts - 1)).astype(np.int64)
        if not len(self.values):
            return np.full(len(self.counts), np.nan)
        found = self.values[np.minimum(self.offsets[:-1] + place, len(self.values) - 1)]
        return np.where(self.counts > 0, found, np.nan)


@dataclass(frozen=True)
class NewRows:
    """The new rows of a table beside those known before.

    Args:
        panel: old and new rows.
        known: the rows that the version in service remembers.
        numbers: of each series in `known`, UNKNOWN_SERIES for a new one, shape (n_series,).
        new: newest rows of each series, which are judged, shape (n_series,).
    """

    panel: Panel
    known: Panel
    numbers: Rows
    new: Rows

    @cached_property
    def older(self) -> Pool:
        """Known rows of each series: those in the table, or those remembered where these are more."""
        panel, known, numbers = self.panel, self.known, self.numbers
        rows = panel.lengths - self.new
        remembered = np.where(numbers == UNKNOWN_SERIES, 0, known.lengths[numbers])
        stored = remembered > rows
        mine = panel.between(np.zeros_like(rows), np.where(stored, 0, rows))
        # A table that names a series once has its number once.
        owner = np.full(known.n_series, UNKNOWN_SERIES)
        owner[numbers[stored]] = np.flatnonzero(stored)
        series = np.concatenate([mine.series_of_row, np.repeat(owner, known.lengths)])
        values = np.concatenate([mine.values, known.values])
        used = np.concatenate([mine.observed, known.observed]) & (series != UNKNOWN_SERIES)
        return _pool(values[used], series[used], panel.n_series)

    @cached_property
    def newer(self) -> Pool:
        """The new rows of each series."""
        rows = self.panel.newest(self.new)
        return _pool(rows.values[rows.observed], rows.series_of_row[rows.observed], rows.n_series)

    @property
    def comparable(self) -> NDArray[np.bool_]:
        """Whether a series is known and has enough older values to compare with."""
        return (self.numbers != UNKNOWN_SERIES) & (self.older.counts >= _LEAST_OLD)

    def reach(self) -> tuple[Values, Values, NDArray[np.bool_]]:
        """Median of each series' older values, how far they reach from it at most, and whether that says anything.

        A series with few values, or with hardly any but one, has not done much yet: its reach is at least the median
        over the series.
        """
        before = self.older
        center = before.quantile(0.5)
        record = np.maximum(before.quantile(1.0) - center, center - before.quantile(0.0))
        usable = self.comparable & (record > 0)
        return center, np.maximum(record, float(np.median(record[usable]))) if usable.any() else record, usable


def largest_shift(rows: NewRows, *, revised: float = 0.0) -> Finding:
    """How far level and spread of the new rows have moved, and rows that were known before, in the typical series.

    `revised` is the size of a `revision` that was accepted before; only what goes beyond it counts.
    """
    again = revision(rows.panel, rows.known, rows.numbers)
    findings = (replace(again, size=again.size - max(0.0, revised)), largest_move(rows))
    return max(findings, key=lambda finding: finding.size)


def largest_move(rows: NewRows) -> Finding:
    """How far level and spread of the new rows have moved in the typical series, without what was known before."""
    before, after = rows.older, rows.newer
    deviation = _deviation(before)
    usable = rows.comparable & (after.counts > 0) & (deviation > 0)
    if not usable.any() or after.counts[usable].sum() < _LEAST_NEW:
        return Finding()
    level = np.abs(after.quantile(0.5) - before.quantile(0.5))[usable] / deviation[usable]
    width = (after.quantile(0.75) - after.quantile(0.25))[usable] / _WIDTH_50
    wider = width / deviation[usable] - 1
    findings = (
        _typical(level, "the level of the new rows has moved by {} robust deviations"),
        _typical(wider, "the spread of the new rows has grown by {} times what it was"),
        _calmer(rows.panel, usable, np.minimum(rows.panel.lengths, np.maximum(rows.new, _LEAST_NEW))),
    )
    return max(findings, key=lambda finding: finding.size)


def moved_typically(now: Values, before: Values) -> Finding:
    """How far one number of each series has moved, against how these numbers differ; both of shape (n_series,)."""
    pool = _pool(before, np.zeros(len(before), dtype=np.int64), 1)
    deviation = float(_deviation(pool)[0])
    if len(before) < _LEAST_OLD or not deviation > 0:
        return Finding()
    return _typical(np.abs(now - before) / deviation, "the numbers of the series have moved by {} robust deviations")


def largest_outlier(rows: NewRows, limit: float) -> Finding:
    """The new value that lies farthest from its series' median, against the farthest before.

    Where most new values of a series lie beyond `limit`, it has another level instead of an outlier.
    """
    panel, after = rows.panel, rows.newer
    center, record, usable = rows.reach()
    usable &= after.counts > 0
    if not usable.any():
        return Finding()
    high, low = after.quantile(1.0), after.quantile(0.0)
    far = np.where(usable, np.maximum(high - center, center - low) / record, 0.0)
    lasting = _has_another_level(after, center, record, limit)
    single = np.where(lasting, 0.0, far)
    change = float(single.max()) <= limit
    number = int(np.argmax(far if change else single))
    value = high[number] if high[number] - center[number] >= center[number] - low[number] else low[number]
    size = min(float(far[number]), _MOST)
    name = f"the new value {value:g}{of_series(panel.label(number))}"
    words = f"{name} lies {size:.3g} times as far from the median as any value before"
    return Finding(size, words, change=change and bool(lasting[number]))


def _has_another_level(after: Pool, center: Values, record: Values, limit: float) -> NDArray[np.bool_]:
    """Whether the typical new value of a series lies out there too, of which there have to be some."""
    far = np.abs(after.quantile(0.5) - center) > limit / 2 * record
    return (after.counts >= _LEAST_NEW) & far


def without_outliers(rows: NewRows, limit: float, season_length: int) -> Panel:
    """The panel with the new values that `largest_outlier` counts as outliers turned into gaps.

    A gap is filled with the value `season_length` steps ago, or with the median.
    """
    panel = rows.panel
    center, record, usable = rows.reach()
    usable &= ~_has_another_level(rows.newer, center, record, limit)
    owner = panel.series_of_row
    recent = np.arange(len(panel.values)) >= (panel.offsets[1:] - rows.new)[owner]
    far = recent & usable[owner] & (np.abs(panel.values - center[owner]) > limit * record[owner])
    values, observed = panel.values.copy(), panel.observed & ~far
    for row in np.flatnonzero(far):
        before = row - season_length
        values[row] = values[before] if before >= panel.offsets[owner[row]] else center[owner[row]]
    return replace(panel, values=values, observed=observed)


def _pool(values: Values, series: Rows, n_series: int) -> Pool:
    order = np.lexsort((values, series))
    counts = np.bincount(series, minlength=n_series)
    return Pool(values[order], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _deviation(pool: Pool) -> Values:
    return (pool.quantile(0.99) - pool.quantile(0.01)) / _WIDTH_98


def _typical(sizes: Values, words: str) -> Finding:
    """The median over the series; `words` has a place for it."""
    size = min(float(np.median(sizes)), _MOST)
    return Finding(size, words.format(f"{size:.3g}"))


def revision(panel: Panel, known: Panel, numbers: Rows) -> Finding:
    """How far rows that the version in service remembers differ from the same rows of the table; as in NewRows."""
    series = np.flatnonzero(numbers != UNKNOWN_SERIES)
    same = numbers[series]
    first = np.maximum(panel.starts[series], known.starts[same])
    last = np.minimum(panel.ends[series], known.ends[same])
    shared = np.maximum(0, last - first)
    owner = np.repeat(np.arange(len(series)), shared)
    step = np.arange(shared.sum()) - np.repeat(np.cumsum(shared) - shared, shared)
    here = (panel.offsets[series] + first - panel.starts[series])[owner] + step
    there = (known.offsets[same] + first - known.starts[same])[owner] + step
    used = panel.observed[here] & known.observed[there]
    now, before, owner = panel.values[here][used], known.values[there][used], owner[used]
    pool = _pool(before, owner, len(series))
    # Not the median: a series may be zero most of the time, whatever the unit of the rest.
    moved = _pool(np.abs(now - before), owner, len(series)).quantile(0.9)
    deviation = _deviation(pool)
    usable = (pool.counts >= _LEAST_OLD) & (deviation > 0)
    if not usable.any():
        return Finding()
    words = "rows that the version in service knows have moved by {} robust deviations"
    return _typical(moved[usable] / deviation[usable], words)


def _calmer(panel: Panel, usable: NDArray[np.bool_], new: Rows) -> Finding:
    """How much less the newest rows spread than any stretch of as many rows before: a feed that has frozen."""
    size = int(np.median(new[usable]))
    blocks = (panel.lengths - new) // max(1, size)
    judged = np.flatnonzero(usable & (new >= size) & (blocks >= _LEAST_OLD))
    # Among few stretches of whole numbers the newest may well be the only constant one by chance.
    if size < _LEAST_NEW or blocks[judged].sum() < _LEAST_STRETCHES:
        return Finding()
    count, newest = blocks[judged], panel.offsets[judged + 1] - size
    begins = np.cumsum(count) - count
    number = np.arange(count.sum()) - np.repeat(begins, count) + 1
    before = np.repeat(panel.offsets[judged + 1] - new[judged], count) - number * size
    calmest = np.minimum.reduceat(_ranges(panel, before, size), begins)
    with np.errstate(divide="ignore"):
        ratio = np.divide(calmest, _ranges(panel, newest, size), out=np.zeros(len(judged)), where=calmest > 0)
    words = "the new rows spread less than any as many rows before, by {} times what they spread"
    return replace(_typical(np.minimum(ratio, _MOST) - 1, words), change=False)


def _ranges(panel: Panel, starts: Rows, size: int) -> Values:
    """Highest less lowest observed value of so many rows from each start; infinite without any."""
    rows = starts[:, None] + np.arange(size)
    values, observed = panel.values[rows], panel.observed[rows]
    high = np.where(observed, values, -np.inf).max(axis=1)
    low = np.where(observed, values, np.inf).min(axis=1)
    return np.where(observed.any(axis=1), high - low, np.inf)


def rows_since_change(panel: Panel, least: int) -> int:
    """Newest rows of each series since the level changed the most; 0 where no series is long enough to tell.

    The newest 12 stretches of `least` rows are split in two where two levels explain the values best, over all series
    together (least squares, each series in units of its own spread, outliers cut). There is always such a place; a
    model that is trained on the rows since has to prove itself like any other.

    Args:
        panel: the series, which are taken to change at the same distance from their end.
        least: rows before the change and since, such as a season.
    """
    rows = min(_STRETCHES * least, int(np.median(panel.lengths)))
    long = np.flatnonzero(panel.lengths >= rows)
    if rows < 2 * least or not len(long):
        return 0
    series = long[np.unique(np.linspace(0, len(long) - 1, _MOST_SERIES).astype(np.int64))]
    values = panel.values[panel.offsets[series + 1][:, None] + np.arange(-rows, 0)]
    before = np.arange(least, rows - least + 1)
    sums = np.cumsum(_standardised(values), axis=1)
    first, total = sums[:, before - 1], sums[:, -1:]
    explained = (first**2 / before + (total - first) ** 2 / (rows - before)).sum(axis=0)
    return int(rows - before[int(np.argmax(explained))])


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of a matrix in robust units around their median; a row that hardly varies is zero."""
    low, middle, high = np.percentile(values, [10, 50, 90], axis=1, keepdims=True)
    spread = high - low
    known = spread > 1e-9 * np.abs(middle)
    scaled = np.where(known, (values - middle) / np.where(known, spread, 1.0), 0.0)
    clipped = np.clip(scaled, -_FAR, _FAR)
    return clipped - clipped.mean(axis=1, keepdims=True)
