"""The key of a row: which column holds the time, and which columns tell the series apart beside it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.column import Column
from tsforecast.io.messages import all_columns, listed
from tsforecast.io.reading.columns.calendar import are_weekdays, depends_on_calendar
from tsforecast.io.reading.columns.covariates import NO_NAMES, CovariateNames
from tsforecast.io.reading.columns.date_columns import may_hold_dates
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
from tsforecast.io.reading.columns.names import edge_of, names_series, unit_of
from tsforecast.io.reading.columns.time_of_day import clocks_beside, end_of, reads_as_clock
from tsforecast.io.reading.columns.time_parts import named_parts, read_parts
from tsforecast.io.reading.numbers import Content, read_content
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.clock import rank_times
from tsforecast.io.times.datetimes import typed_stamps
from tsforecast.io.times.guess import date_hint
from tsforecast.io.times.notation import plain
from tsforecast.io.times.parse import ParsedStamps, parse_stamps
from tsforecast.series.frequency import DAY, WEEK, Stamps
from tsforecast.series.infer_frequency import infer_frequency

Names = tuple[str, ...]
RowChoice = slice | NDArray[np.intp]
_HEAD = 1000
_NEARLY_ALL = 0.95
_JUDGED_COLUMNS = 3


@dataclass(frozen=True)
class ColumnRequest:
    """What is known about the columns beforehand; None or empty for what is to be found."""

    time_cols: Names = ()  # the time column, or the columns of its parts
    id_cols: Names = ()  # the id columns
    target_cols: Names = ()  # the value columns
    date_format: str | None = None  # format of the times
    known_formats: Names = ()  # formats of the times of the data that a model was fitted on; empty without a model
    freq: str | None = None  # the step, where the user states it
    tz: str | None = None  # zone of the times, where the user names it or a model was fitted on times of one
    known: CovariateNames = NO_NAMES  # the columns of covariates
    offer: bool = False  # whether columns that could be covariates are spoken of

    @property
    def numbers(self) -> Names:
        """The columns that hold numbers, so that they are no times and no ids."""
        return (*self.target_cols, *self.known.numbers)


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
    stamps = _read_times(table, request)
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


def _read_times(table: RawTable, request: ColumnRequest) -> dict[Names, ParsedStamps]:
    """The named time columns, or all columns that could be it."""
    named, columns = request.time_cols, table.columns
    known = request.known_formats[0] if request.known_formats else None
    if len(named) == 1:
        return {named: _read_stamps(columns[named[0]], request.date_format, known)}
    if named:
        return {
            named: read_parts([columns[name] for name in named], request.date_format, request.known_formats, request.tz)
        }
    taken = {*request.id_cols, *request.numbers}
    free = [column for name, column in columns.items() if name not in taken]
    parts = named_parts(free) if any(unit_of(column.name) == "year" for column in free) else ()
    try:
        found = _find_stamps(table, request.date_format, known, {*taken, *parts}, request.freq)
    except DataError as error:
        # A column of dates but for one row is not passed over; one of numbers that may be dates is.
        if not parts or (error.row is not None and "--date-format" not in error.hint):
            raise
        return {parts: read_parts([columns[name] for name in parts])}
    if parts and all(parsed.doubtful for parsed in found.values()):
        return {parts: read_parts([columns[name] for name in parts])}
    return {(name,): parsed for name, parsed in found.items()}


def _find_stamps(
    table: RawTable, date_format: str | None, known_format: str | None, leave_out: Set[str], freq: str | None
) -> dict[str, ParsedStamps]:
    """All columns but those left out that hold a date in every row, in file order."""
    found: dict[str, ParsedStamps] = {}
    failure: DataError | None = None
    for position, (name, column) in enumerate(table.columns.items()):
        if name in leave_out or not may_hold_dates(column, first=position == 0, date_format=date_format):
            continue
        try:
            found[name] = _read_stamps(column, date_format, known_format)
        except DataError as error:
            # An option that would read the numbers is worth saying; that some number is no date is not.
            numbers = re.fullmatch("[0-9.]+", column.texts.text(0).strip())
            failure = failure or (error if not numbers or "--date-format" in error.hint else None)
    if any(not parsed.doubtful for parsed in found.values()):
        found = {name: parsed for name, parsed in found.items() if not parsed.doubtful}
    if not found:
        raise failure or _no_dates(table, freq, [c for name, c in table.columns.items() if name not in leave_out])
    return found


def _no_dates(table: RawTable, freq: str | None, columns: Sequence[Column]) -> DataError:
    """The error of a table without dates, which may have a column that numbers its steps."""
    undated = (
        "add --start 2021-01-01 with the first time" if freq else "add --start 2021-01-01 --freq D with the first time"
    )
    undated += f"{'' if freq else ' and the step'}, or --no-time to number the steps"
    message = f"no column holds a date or time in every row; {all_columns(table.names)}"
    if guess := date_hint(columns):
        return DataError(message, hint=guess, file=table.file)
    counter = next((name for name, column in table.columns.items() if _numbers_steps(column, table)), None)
    hint = f"name the time column with --time-col; if there is none, {undated}"
    if counter is not None:
        hint = f"if '{counter}' numbers the steps, {undated}; else name the time column with --time-col"
    return DataError(message, hint=hint, file=table.file)


def _numbers_steps(column: Column, table: RawTable) -> bool:
    """Whether a column counts 0, 1, 2 or 1, 2, 3 to the end of each series."""
    content = read_content(column, table.number_format)
    values = content.numbers.values
    if content.kind not in ("number", "code") or values.size < 2 or values[0] not in (0, 1):
        return False
    return bool(np.all((np.diff(values) == 1) | (values[1:] == values[0]))) and values[1] == values[0] + 1


def _read_stamps(column: Column, date_format: str | None, known_format: str | None) -> ParsedStamps:
    if column.typed is not None and pd.api.types.is_datetime64_any_dtype(column.typed.dtype):
        return typed_stamps(column.typed, column.place)
    return parse_stamps(column, date_format=date_format, known_format=known_format)


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
    return _search(table, request, keys, texts, clocks, rows)


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


def _search(
    table: RawTable,
    request: ColumnRequest,
    keys: Keys,
    texts: Mapping[str, Grouping],
    clocks: Set[str],
    rows: RowChoice,
) -> Keys:
    """The keys with ids that the texts alone do not show: whole numbers, or series whose times never coincide."""
    axis = rank_times(keys.stamps.codes, keys.stamps.key)
    times = Grouping(axis.ranks, axis.stamps.size).take(rows)
    many = are_many(keys.ids.repeats, times.values.size)

    def whole(*, named: bool) -> dict[str, Grouping]:
        found = {
            name: Grouping.of_values(content.numbers.values[rows])
            for name, content in keys.contents.items()
            if name not in (*request.numbers, *texts, *clocks)
            and (not named or names_series(name))
            and unit_of(name) is None
            and _is_whole(content)
        }
        return found if _leaves_values(keys.contents, {**texts, **found}, request) else {}

    def ordered(some: Mapping[str, Grouping]) -> dict[str, Grouping]:
        return {name: {**texts, **some}[name] for name in keys.contents if name in texts or name in some}

    if many:
        candidates = ordered(whole(named=False))
        found, readings = search_ids(times, axis.stamps, candidates, keys.time_cols)
        return replace(keys, ids=found or keys.ids, guessed=found is not None, readings=tuple(readings))

    def restates(name: str, grouping: Grouping) -> Restated:
        if not depends_on_calendar(grouping.values, axis.stamps[times.values]):
            return "nothing"
        # Numbers say so anyway, of texts only some do: the weeks of a shop may begin on a weekday of its own.
        plainly = name not in texts or are_weekdays(table.columns[name].texts.texts)
        return "calendar" if plainly else "perhaps"

    named = ordered(whole(named=True))
    every = dict(named)

    def all_candidates() -> dict[str, Grouping]:
        every.update(ordered(whole(named=False)))
        return {name: every[name] for name in keys.contents if name in every}

    def parts(grouping: Grouping) -> bool:
        values = [content.numbers.values[rows] for content in keys.contents.values() if content.kind == "number"]
        order = np.argsort(times.values[: grouping.values.size], kind="stable")
        return any(levels_apart(grouping.values[order], column[order]) for column in values[:_JUDGED_COLUMNS])

    alone = ids_of_unique_times(times, axis.stamps, named, all_candidates, restates, parts, keys.time_cols)
    if alone.doubt and not alone.names and request.freq is None:
        raise _doubtful(table, keys, alone, axis.stamps)
    repeats = count_repeats([*(every[name] for name in alone.names), times]) if alone.names else keys.ids.repeats
    return replace(keys, ids=Ids(alone.names, repeats), readings=tuple(alone.readings))


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
