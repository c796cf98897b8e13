"""The columns that tell the series of a table apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.column import TextColumn
from tsforecast.io.messages import listed
from tsforecast.io.reading.columns.names import Names, names_series
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.clock import rank_times
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.series.frequency import Stamps
from tsforecast.series.regularity import regularity

Restated = Literal["nothing", "perhaps", "calendar"]

# Fewer repeated times than this share of the rows are mistakes in the data, not several series.
_TOLERATED_SHARE = 0.05

# A text that differs in nearly every row is a remark, not the name of a series.
_FEWEST_ROWS_PER_SERIES = 2

# What nobody called an id names series of at least so many rows, which are so regular.
_ROWS_PER_SERIES, _REGULAR, _CLEARLY = 4, 0.8, 0.3
_LARGEST_SET, _MOST_CANDIDATES = 3, 10
_JUDGED_ROWS = 100_000
_APART, _FULL = 2.0, 1.3
_INTERLEAVED = 0.25  # the share of rows after which another series comes, where those of several lie between each other

# Combinations per row up to which each of them is ticked off rather than looked up.
_SPARSE = 8
_LARGEST = 1 << 62


@dataclass(frozen=True)
class Ids:
    """Id columns, and the number of rows that still repeat a time of their series."""

    names: Names
    repeats: int


@dataclass(frozen=True)
class Reading:
    """One way to read a table, and the evidence for it.

    Args:
        time_cols: the columns of the time.
        id_cols: the columns that tell the series apart.
        score: how regular the series are, from 0 to 1.
        why: it was taken, or not.
    """

    time_cols: Names
    id_cols: Names
    score: float
    why: str


@dataclass(frozen=True, eq=False)
class Grouping:
    """A number for each row, shape (rows,), below `count`: there are or, for combinations, may be so many."""

    values: NDArray[np.int32] | NDArray[np.int64]
    count: int

    def take(self, rows: NDArray[np.intp] | slice) -> Grouping:
        """Some of the rows."""
        return Grouping(self.values[rows], self.count)

    @classmethod
    def of_texts(cls, cells: TextColumn) -> Grouping:
        return cls(cells.codes, len(cells.texts))

    @classmethod
    def of_times(cls, stamps: ParsedStamps) -> Grouping:
        axis = rank_times(stamps.codes, stamps.key)
        return cls(axis.ranks, axis.stamps.size)

    @classmethod
    def of_values(cls, values: NDArray[Any]) -> Grouping:
        """A number for each distinct value, in the order of first appearance."""
        codes, distinct = pd.factorize(values, use_na_sentinel=False)
        return cls(codes.astype(np.int32), len(distinct))


def copied_rows(table: RawTable) -> NDArray[np.bool_]:
    """Which rows repeat an earlier row in all columns, shape (rows,)."""
    cells: dict[int, NDArray[Any]] = {
        number: column.texts.codes if column.plain is None else column.plain.values
        for number, column in enumerate(table.columns.values())
    }
    return np.asarray(pd.DataFrame(cells).duplicated(), dtype=bool)


def are_many(repeats: int, rows: int) -> bool:
    """Whether so many rows repeat a time that they are no mere mistakes in the data."""
    return repeats > int(_TOLERATED_SHARE * rows)


def find_ids(times: Grouping, candidates: Mapping[str, Grouping]) -> Ids:
    """The first column that alone makes each time unique, else the smallest leading set that does.

    There are none where times do not repeat. A few repeated times in spite of the ids are left to be reported.
    """
    rows = times.values.size
    none = Ids((), count_repeats([times]))
    if not are_many(none.repeats, rows):
        return none
    names = tuple(candidates)
    leading = [names[:size] for size in range(2, len(names) + 1)]
    nearly = none
    for candidate in [*((name,) for name in names), *leading]:
        chosen = [candidates[name] for name in candidate]
        n_series = rows - count_repeats(chosen)
        if n_series * _FEWEST_ROWS_PER_SERIES > rows:
            continue
        repeats = count_repeats([*chosen, times])
        if repeats == 0:
            return Ids(candidate, 0)
        if not are_many(repeats, rows) and not nearly.names:
            nearly = Ids(candidate, repeats)
    return nearly


def count_repeats(groupings: Sequence[Grouping]) -> int:
    """Rows whose combination of numbers stands in an earlier row already."""
    if len(groupings) == 1:
        return int(groupings[0].values.size - groupings[0].count)
    first, last = reduce(_join, groupings[:-1]), groupings[-1]
    if _ascending(first.values, last.values):
        return 0
    joint = _join(first, last)
    if joint.count > _SPARSE * joint.values.size:
        return int(joint.values.size - pd.unique(joint.values).size)
    seen = np.zeros(joint.count, dtype=bool)
    seen[joint.values] = True
    return int(joint.values.size - np.count_nonzero(seen))


def _ascending(first: NDArray[np.integer[Any]], last: NDArray[np.integer[Any]]) -> bool:
    """Whether each pair of numbers comes after the one before."""
    same, later = first[1:] == first[:-1], first[1:] > first[:-1]
    return bool(np.all(later | (same & (last[1:] > last[:-1]))))


def _join(one: Grouping, other: Grouping) -> Grouping:
    """A number for each combination of two numbers."""
    if one.count * other.count > _LARGEST:
        one = Grouping.of_values(one.values)
    return Grouping(one.values.astype(np.int64) * other.count + other.values, one.count * other.count)


def search_ids(
    times: Grouping, stamps: Stamps, candidates: Mapping[str, Grouping], time_cols: Names
) -> tuple[Ids | None, list[Reading]]:
    """The smallest set of texts and whole numbers under which no time repeats and the series are regular.

    Args:
        times: of the rows, many of which repeat.
        stamps: the time of each number of `times`, shape (times.count,).
        candidates: the columns that may tell the series apart.
        time_cols: for the readings.

    Returns:
        The ids, None where there are none or several sets are equally good; and all sets that were judged.
    """
    rows = slice(0, _JUDGED_ROWS)
    some = {name: _compact(grouping.take(rows)) for name, grouping in candidates.items()}
    head = _compact(times.take(rows))
    at = stamps[times.values[rows]]
    if 0 < head.count < _ROWS_PER_SERIES:  # new rows of many series: their names alone tell
        for name, grouping in candidates.items():
            full = grouping.count * times.count < _FULL * times.values.size
            if names_series(name) and full and not count_repeats([grouping, times]):
                return Ids((name,), 0), []
    usable = [name for name, grouping in some.items() if _names_few(grouping)]
    usable = sorted(usable, key=lambda name: not names_series(name))[:_MOST_CANDIDATES]
    judged: list[tuple[Reading, NDArray[np.int64]]] = []
    for size in range(1, min(_LARGEST_SET, len(usable)) + 1):
        for names in combinations(usable, size):
            series = reduce(_join, [some[name] for name in names])
            codes, distinct = pd.factorize(series.values)
            if len(distinct) * _ROWS_PER_SERIES > codes.size or are_many(count_repeats([series, head]), codes.size):
                continue
            score = regularity(codes, at).score
            judged.append((Reading(time_cols, names, score, "no time repeats within a series"), codes))
        if judged:
            break
    readings = [reading for reading, _ in judged]
    best = _best(judged)
    if best is None:
        return None, readings
    repeats = count_repeats([*(candidates[name] for name in best.id_cols), times])
    return (None if are_many(repeats, times.values.size) else Ids(best.id_cols, repeats)), readings


def _compact(grouping: Grouping) -> Grouping:
    return Grouping.of_values(grouping.values)


def _best(judged: list[tuple[Reading, NDArray[np.int64]]]) -> Reading | None:
    """The most regular reading; of those that are as regular, the one that names say, or that parts the rows alike."""
    if not judged:
        return None
    top = max(reading.score for reading, _ in judged)
    near = [(reading, codes) for reading, codes in judged if reading.score >= top - _CLEARLY]
    named = [reading for reading, _ in near if all(map(names_series, reading.id_cols))]
    if named:
        return named[0]
    first, codes = near[0]
    alike = all(np.array_equal(codes, other) for _, other in near[1:])
    return first if alike and top >= _REGULAR else None


@dataclass(frozen=True)
class Found:
    """What tells series apart whose times never coincide.

    Args:
        ids: the id columns; None for a single series.
        readings: what was weighed.
        doubt: columns that may tell series apart as well as not, so that the user must say.
    """

    ids: Ids | None
    readings: list[Reading]
    doubt: Names = ()


def ids_of_unique_times(
    times: Grouping,
    stamps: Stamps,
    texts: Mapping[str, Grouping],
    more: Callable[[], Mapping[str, Grouping]],
    restates: Callable[[str, Grouping], Restated],
    parts: Callable[[Grouping], bool],
    time_cols: Names,
) -> Found:
    """The columns that tell series apart whose times never coincide.

    A column that is called so is believed unless it makes regular times irregular. Any other is where each of its
    series stands as a block of rows from its first time to its last, or where it makes irregular times regular and is
    no part of the calendar, which would do so too. What could as well be one series as several is a doubt.

    Args:
        times: of the rows, hardly any of which repeat.
        stamps: the time of each number of `times`, shape (times.count,).
        texts: columns of texts, or called like ids.
        more: returns these and columns of whole numbers, which are only looked at where the times are irregular.
        restates: what a column restates that depends on the weekday, month, day or hour of its rows only.
        parts: whether the values of the series lie apart.
        time_cols: for the readings.
    """
    rows = slice(0, _JUDGED_ROWS)
    at = stamps[times.values[rows]]
    one: NDArray[np.int64] = np.zeros(at.size, dtype=np.int64)
    if not texts and _are_even(at):
        return Found(None, [])
    alone = Reading(time_cols, (), regularity(one, at).score, "one series")
    candidates = more() if alone.score < _REGULAR - _CLEARLY else texts
    usable = {name: some for name, grouping in candidates.items() if _names_few(some := _compact(grouping.take(rows)))}
    if not usable:
        return Found(None, [])

    def ids(names: Names) -> Ids:
        return Ids(names, count_repeats([*(candidates[name] for name in names), times]))

    singles = {name: _read(time_cols, (name,), [some], at) for name, some in usable.items()}
    readings = [*singles.values(), alone]
    best: Reading = max(singles.values(), key=lambda reading: reading.score)
    if alone.score < _REGULAR and best.score < _REGULAR:
        joint = _of_several(usable, at, time_cols)
        readings = [*joint, *readings]
        better = [reading for reading in joint if reading.score >= _REGULAR]
        if better and better[0].score > max(best.score, alone.score) + _CLEARLY:
            return Found(ids(better[0].id_cols), readings)
    doubt = []
    for name, some in usable.items():
        told = _tells_apart(singles[name], some, alone, at, restates, parts)
        if told == "surely":
            return Found(ids((name,)), readings)
        if told == "perhaps":
            doubt.append(name)
    return Found(None, readings, tuple(doubt))


def _tells_apart(
    reading: Reading,
    some: Grouping,
    alone: Reading,
    at: Stamps,
    restates: Callable[[str, Grouping], Restated],
    parts: Callable[[Grouping], bool],
) -> Literal["surely", "perhaps", "no"]:
    """Whether a column names series whose times never coincide; the arguments are those of `ids_of_unique_times`."""
    (name,) = reading.id_cols
    if names_series(name):
        return "surely" if reading.score > alone.score - _CLEARLY else "no"
    if reading.score < _REGULAR:
        return "no"
    if _are_blocks(some.values, at):
        return "surely"
    part = restates(name, some)
    if reading.score > alone.score + _CLEARLY:
        return "surely" if part == "nothing" else "perhaps" if part == "perhaps" else "no"
    between = part == "nothing" and not _few_changes(some.values, at)
    return "perhaps" if between and parts(some) else "no"


def _names_few(grouping: Grouping) -> bool:
    return 1 < grouping.count <= grouping.values.size // _ROWS_PER_SERIES


def _read(time_cols: Names, names: Names, groupings: Sequence[Grouping], at: Stamps) -> Reading:
    codes = pd.factorize(reduce(_join, groupings).values)[0]
    return Reading(time_cols, names, regularity(codes, at).score, f"the times of each {listed(names)} are weighed")


def _of_several(usable: Mapping[str, Grouping], at: Stamps, time_cols: Names) -> list[Reading]:
    """The smallest sets of two columns or more, those first that make the series most regular."""
    names = sorted(usable, key=lambda name: not names_series(name))[:_MOST_CANDIDATES]
    for size in range(2, min(_LARGEST_SET, len(names)) + 1):
        sets = [
            _read(time_cols, chosen, [usable[name] for name in chosen], at)
            for chosen in combinations(names, size)
            if _names_few(_compact(reduce(_join, [usable[name] for name in chosen])))
        ]
        if any(reading.score >= _REGULAR for reading in sets):
            return sorted(sets, key=lambda reading: -reading.score)
    return []


def _are_even(at: Stamps) -> bool:
    """Whether nearly all rows follow one another by one step, in either direction."""
    steps = np.abs(np.diff(at.astype("datetime64[us]").astype(np.int64)))
    return steps.size == 0 or bool(np.mean(steps == np.median(steps)) >= _REGULAR)


def _are_blocks(values: NDArray[Any], at: Stamps) -> bool:
    """Whether the rows of each series stand together, and time goes back where another one begins."""
    fresh = np.append(True, values[1:] != values[:-1])
    back = np.append(False, np.diff(at) < np.timedelta64(0, "us"))
    return int(fresh.sum()) == np.unique(values).size and bool(back.any()) and not np.any(back & ~fresh)


def levels_apart(series: NDArray[np.integer[Any]], values: NDArray[np.float64]) -> bool:
    """Whether values, in the order of time, differ far more from those before them than from those of their series."""
    kept = np.isfinite(values)
    series, values = series[kept], values[kept]
    order = np.argsort(series, kind="stable")
    same = series[order][1:] == series[order][:-1]
    between, within = np.abs(np.diff(values)), np.abs(np.diff(values[order]))[same]
    return bool(within.size and between.mean() > _APART * within.mean())


def _few_changes(values: NDArray[Any], at: Stamps) -> bool:
    """Whether a column changes so seldom in the course of time that its series follow one another."""
    ordered = values[np.argsort(at, kind="stable")]
    return bool(np.mean(ordered[1:] != ordered[:-1]) < _INTERLEAVED)
