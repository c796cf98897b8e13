"""The key of a row: which column holds the time, and which columns tell the series apart beside it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import listed
from tsforecast.io.reading.columns.calendar import are_weekdays, depends_on_calendar
from tsforecast.io.reading.columns.ids import (
    Found,
    Grouping,
    Ids,
    Reading,
    Restated,
    are_many,
    copied_rows,
    count_repeats,
    find_ids,
    ids_of_unique_times,
    levels_apart,
    search_ids,
)
from tsforecast.io.reading.columns.names import Names, edge_of, names_series, unit_of
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.columns.time_of_day import clocks_beside, end_of, reads_as_clock
from tsforecast.io.reading.columns.time_parts import read_parts
from tsforecast.io.reading.columns.times import read_times
from tsforecast.io.reading.numbers import Content, read_content
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.clock import TimeAxis, rank_times
from tsforecast.io.times.notation import plain
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.series.frequency import DAY, WEEK, Stamps
from tsforecast.series.infer_frequency import infer_frequency

RowChoice = slice | NDArray[np.intp]
_HEAD = 1000
_NEARLY_ALL = 0.95
_JUDGED_COLUMNS = 3


@dataclass(frozen=True)
class Keys:
    """What tells the rows of a table apart."""

    time_cols: Names  # the time column, or those of its parts
    stamps: ParsedStamps  # of the rows
    ids: Ids  # the columns that tell the series apart
    contents: dict[str, Content]  # of all columns that hold no dates, by name
    left_out: dict[str, str] = field(default_factory=dict)  # why columns of times are not used, by name
    guessed: bool = False  # whether whole numbers were found to be ids
    readings: tuple[Reading, ...] = ()  # what was weighed
    copies: NDArray[np.bool_] | None = None  # rows that repeat an earlier one in all columns; None for none

    @property
    def lack_times(self) -> bool:
        """Whether the dates that stand in the rows are not their times: they repeat, or are the same in all rows."""
        return self.ids.repeats > 0 or (bool(self.ids.names) and np.unique(self.stamps.key).size == 1)


def find_keys(table: RawTable, request: ColumnRequest) -> Keys:
    """Find the time column and the id columns.

    Raises:
        DataError: no column with dates in every row; dates that need a column of times of day, which was not named.
        OptionError: columns that make no time.
    """
    stamps = read_times(table, request)
    beside, ends = _beside(table, request, stamps)
    found = _chosen_once(table, request, stamps, beside)
    if ends:
        kept = {name: content for name, content in found.contents.items() if name not in ends}
        found = replace(found, contents=kept, left_out=found.left_out | ends)
    clocks = beside.get(found.time_cols, ())
    if not clocks or (not are_many(found.ids.repeats, table.rows) and not found.guessed):
        return found
    names = (*found.time_cols, *clocks)
    if request.time_cols:
        hold = "hold" if len(clocks) > 1 else "holds"
        raise DataError(
            f"the dates of {listed(found.time_cols)} repeat, and {listed(clocks)} {hold} times of day",
            hint=f"read all as the time with --time-col '{','.join(names)}', or name the series with --id-col",
            file=table.file,
        )
    combined = {names: read_parts([table.columns[name] for name in names], request.date_format, tz=request.tz)}
    again = _chosen_once(table, request, combined, {names: tuple(ends)})
    contents = {name: content for name, content in again.contents.items() if name not in ends}
    return replace(again, contents=contents, left_out=found.left_out | again.left_out)


def _chosen_once(
    table: RawTable, request: ColumnRequest, stamps: dict[Names, ParsedStamps], beside: dict[Names, Names]
) -> Keys:
    """The keys by what the rows say that do not merely repeat another one."""
    found = _choose(table, request, stamps, beside, slice(None))
    if not found.ids.repeats:
        return found
    copies = copied_rows(table)
    if not copies.any():
        return found
    if are_many(found.ids.repeats, table.rows):
        found = _choose(table, request, stamps, beside, np.flatnonzero(~copies))
    return replace(found, copies=copies)


def _choose(
    table: RawTable,
    request: ColumnRequest,
    stamps: dict[Names, ParsedStamps],
    beside: dict[Names, Names],
    rows: RowChoice,
) -> Keys:
    """The first date column whose times do not repeat within a series; numbers come after real dates."""
    dated = {name for names in stamps for name in names}
    clocks = {name for names in beside.values() for name in names}
    contents = {
        name: read_content(column, table.number_format) for name, column in table.columns.items() if name not in dated
    }
    may_be_ids = request.id_cols or tuple(
        name
        for name, content in contents.items()
        if content.kind in ("text", "code")
        and name not in (*request.numbers, *clocks)
        and not reads_as_clock(table.columns[name])
    )
    if not request.id_cols:
        # A row without a text there would belong to no series.
        may_be_ids = tuple(
            sorted(may_be_ids, key=lambda name: not all(map(str.strip, table.columns[name].texts.texts)))
        )
    texts = {name: Grouping.of_texts(table.columns[name].texts).take(rows) for name in may_be_ids}
    ranked = []
    for position, (names, parsed) in enumerate(stamps.items()):
        times = Grouping.of_times(parsed).take(rows)
        ids = Ids(may_be_ids, count_repeats([*texts.values(), times])) if request.id_cols else find_ids(times, texts)
        late = _end_of_what(names, stamps) is not None
        ranked.append((are_many(ids.repeats, times.values.size), parsed.whole_numbers, late, position, names, ids))
    *_, names, ids = min(ranked, key=lambda entry: entry[:4])
    left_out = {
        other[0]: end_of(names[0]) if _end_of_what(other, stamps) == names else "date column"
        for other in stamps
        if other != names
    }
    keys = Keys(names, stamps[names], ids, contents, left_out)
    if request.id_cols or request.known_formats or (ids.names and not are_many(ids.repeats, table.rows)):
        return keys
    return _search(_Candidates(table, request, keys, texts, clocks, rows))


def _end_of_what(names: Names, stamps: dict[Names, ParsedStamps]) -> Names | None:
    """Another column of times that begins what this one ends: its name says so, or it is always as much earlier."""
    ends = stamps[names].key
    for other, parsed in stamps.items():
        if other == names or parsed.key.size < 2:
            continue
        if edge_of(names[0]) == "end" and edge_of(other[0]) == "start":
            return other
        head = slice(0, _HEAD)
        lasting = (ends[stamps[names].codes[head]] - parsed.key[parsed.codes[head]]).astype(np.int64)
        if lasting[0] > 0 and np.mean(lasting == lasting[0]) >= _NEARLY_ALL and edge_of(names[0]) != "start":
            return other
    return None


@dataclass(frozen=True)
class _Candidates:
    """The columns that may tell the series of a table apart where its texts alone do not show it."""

    table: RawTable
    request: ColumnRequest
    keys: Keys  # as found so far
    texts: Mapping[str, Grouping]  # the columns of texts
    clocks: Set[str]  # columns that hold times of day
    rows: RowChoice  # that count

    @cached_property
    def axis(self) -> TimeAxis:
        return rank_times(self.keys.stamps.codes, self.keys.stamps.key)

    @cached_property
    def times(self) -> Grouping:
        return Grouping(self.axis.ranks, self.axis.stamps.size).take(self.rows)

    @cached_property
    def named(self) -> dict[str, Grouping]:
        """The texts, and the whole numbers that are called like ids."""
        return self.groupings(named=True)

    def groupings(self, *, named: bool) -> dict[str, Grouping]:
        """The texts and the whole numbers in the order of the table; where `named`, only numbers called like ids."""
        numbers = {
            name: Grouping.of_values(content.numbers.values[self.rows])
            for name, content in self.keys.contents.items()
            if name not in (*self.request.numbers, *self.texts, *self.clocks)
            and (not named or names_series(name))
            and unit_of(name) is None
            and _is_whole(content)
        }
        found = {**self.texts, **numbers}
        return self._ordered(found if _leaves_values(self.keys.contents, found, self.request) else self.texts)

    def every(self) -> dict[str, Grouping]:
        """The texts, the numbers called like ids, and where these leave values to forecast all whole numbers."""
        return self._ordered({**self.named, **self.groupings(named=False)})

    def _ordered(self, found: Mapping[str, Grouping]) -> dict[str, Grouping]:
        return {name: found[name] for name in self.keys.contents if name in found}

    def restates(self, name: str, grouping: Grouping) -> Restated:
        """What a column restates that depends on the calendar."""
        if not depends_on_calendar(grouping.values, self.axis.stamps[self.times.values]):
            return "nothing"
        # Numbers say so anyway, of texts only some do: the weeks of a shop may begin on a weekday of its own.
        plainly = name not in self.texts or are_weekdays(self.table.columns[name].texts.texts)
        return "calendar" if plainly else "perhaps"

    def parts(self, grouping: Grouping) -> bool:
        """Whether the values of the series lie apart."""
        contents = self.keys.contents.values()
        values = [content.numbers.values[self.rows] for content in contents if content.kind == "number"]
        order = np.argsort(self.times.values[: grouping.values.size], kind="stable")
        return any(levels_apart(grouping.values[order], column[order]) for column in values[:_JUDGED_COLUMNS])


def _search(some: _Candidates) -> Keys:
    """The keys with ids that the texts alone do not show: whole numbers, or series whose times never coincide."""
    keys, times, stamps = some.keys, some.times, some.axis.stamps
    if are_many(keys.ids.repeats, times.values.size):
        ids, readings = search_ids(times, stamps, some.groupings(named=False), keys.time_cols)
        return replace(keys, ids=ids or keys.ids, guessed=ids is not None, readings=tuple(readings))
    found = ids_of_unique_times(times, stamps, some.named, some.every, some.restates, some.parts, keys.time_cols)
    if found.doubt and some.request.freq is None:
        raise _doubtful(some.table, keys, found, stamps)
    return replace(keys, ids=found.ids or Ids((), keys.ids.repeats), readings=tuple(found.readings))


def _doubtful(table: RawTable, keys: Keys, found: Found, stamps: Stamps) -> DataError:
    """The question about columns that may name series as well as not."""
    name = found.doubt[0]
    texts = table.columns[name].texts.texts
    try:
        one = f"--freq {infer_frequency([stamps]).alias}"
    except DataError:
        usual = np.median(np.diff(stamps).astype(np.int64))
        one = f"--freq {'D' if usual < DAY else 'W' if usual < WEEK else 'MS'} --aggregate mean"
    several = f"--id-col {shlex.quote(name)}{_common_step(table.columns[name].texts.codes, keys.stamps)}"
    return DataError(
        f"{listed(texts[:2])} and so on in '{name}' may name series whose times never meet, or only describe the rows",
        hint=f"for a series of each add {several}; if all rows are one series add {one}",
        file=table.file,
        column=name,
    )


def _common_step(codes: NDArray[np.int32], stamps: ParsedStamps) -> str:
    """The options that bring series onto one grid whose times lie apart by less than a step; empty for others."""
    times = stamps.key[stamps.codes]
    each = [np.unique(times[codes == code]) for code in range(min(2, int(codes.max()) + 1))]
    try:
        step = infer_frequency(each)
    except DataError:
        return ""
    if all(step.ordinals(one)[1].all() for one in each):
        return ""
    return f" --freq {step.alias.split('-')[0]} --aggregate {'mean' if step.sub_daily else 'sum'}"


def _is_whole(content: Content) -> bool:
    """Whether all cells are whole numbers, which may name series."""
    if content.kind not in ("number", "code") or content.numbers.wrong.size:
        return False
    head = content.numbers.values[:_HEAD]
    return not np.any(np.mod(head, 1) != 0) and not np.any(np.mod(content.numbers.values, 1) != 0)


def _leaves_values(contents: Mapping[str, Content], candidates: Mapping[str, Grouping], request: ColumnRequest) -> bool:
    """Whether a column of numbers is left to forecast if all candidates were ids."""
    return bool(request.target_cols) or any(
        content.kind == "number" and (name not in candidates or not names_series(name))
        for name, content in contents.items()
    )


def _beside(
    table: RawTable, request: ColumnRequest, stamps: dict[Names, ParsedStamps]
) -> tuple[dict[Names, Names], dict[str, str]]:
    """For each time of bare dates the columns that hold its time of day, and why other clocks are left out."""
    if request.known_formats:
        return {}, {}
    taken = {*request.numbers, *request.id_cols, *(name for names in stamps for name in names)}
    free = [column for name, column in table.columns.items() if name not in taken]
    clocks, others = clocks_beside(free) if any(map(_is_bare, stamps.values())) else ((), {})
    return {names: clocks for names, parsed in stamps.items() if clocks and _is_bare(parsed)}, others


def _is_bare(stamps: ParsedStamps) -> bool:
    """Whether times are dates without a time of day."""
    formats = [plain(text) for text in stamps.time_formats]
    days, hours = any("%d" in text for text in formats), any("%H" in text for text in formats)
    midnights = not hours or not np.any(stamps.wall.astype(np.int64) % DAY)
    return days and stamps.instants is None and midnights and (not hours or len(stamps.time_formats) == 1)
