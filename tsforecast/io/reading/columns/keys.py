"""The key of a row: which column holds the time, and which columns tell the series apart beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import time
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.column import Column, TextColumn, is_id_name, words
from tsforecast.io.messages import all_columns
from tsforecast.io.reading.columns.time_parts import named_parts, read_parts
from tsforecast.io.reading.numbers import Content, read_content
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.clock import rank_times
from tsforecast.io.times.datetimes import typed_stamps
from tsforecast.io.times.formats import (
    COMPACT_DAY,
    EPOCHS,
    EXCEL,
    YEAR,
    clock_format,
    common_number_formats,
    formats_of,
    shapes,
    stamps_in_format,
    within_counted_years,
)
from tsforecast.io.times.parse import ParsedStamps, parse_stamps
from tsforecast.series.frequency import DAY

Names = tuple[str, ...]
NO_DATES = (
    "name the time column with --time-col; if there is none, add --start 2021-01-01 --freq D with the first time and "
    "the step, or --no-time to number the steps"
)
_DATE_SHARE = 0.5
_HOUR = re.compile("[0-9]{1,4}")
_TIME_WORDS = frozenset({"year", "date", "time", "ds", "period", "timestamp", "datetime", "epoch", "unix", "ts"})

# Fewer repeated times than this share of the rows are mistakes in the data, not several series.
_TOLERATED_SHARE = 0.05

# A text that differs in nearly every row is a remark, not the name of a series.
_FEWEST_ROWS_PER_SERIES = 2

# Combinations per row up to which each of them is ticked off rather than looked up.
_SPARSE = 8
_LARGEST = 1 << 62


@dataclass(frozen=True)
class ColumnRequest:
    """What is known about the columns beforehand; None or empty for what is to be found."""

    time_cols: Names = ()  # the time column, or the columns of its parts
    id_cols: Names = ()  # the id columns
    target_cols: Names = ()  # the value columns
    date_format: str | None = None  # format of the times
    known_formats: Names = ()  # formats of the times of the data that a model was fitted on; empty without a model


@dataclass(frozen=True)
class Ids:
    """Id columns, and the number of rows that still repeat a time of their series."""

    names: Names
    repeats: int


@dataclass(frozen=True)
class Keys:
    """What tells the rows of a table apart."""

    time_cols: Names  # the time column, or those of its parts
    stamps: ParsedStamps  # of the rows
    ids: Ids  # the columns that tell the series apart
    contents: dict[str, Content]  # of all columns that hold no dates, by name
    left_out: Names = ()  # columns of dates that are not used


def find_keys(table: RawTable, request: ColumnRequest) -> Keys:
    """Find the time column and the id columns.

    Raises:
        DataError: no column with dates in every row; dates that need a column of times of day, which was not named.
        OptionError: columns that make no time.
    """
    found = _choose(table, request, _read_times(table, request))
    clocks = _clocks(table, request, found)
    if not clocks:
        return found
    names = (*found.time_cols, clocks[0])
    if request.time_cols:
        raise DataError(
            f"the dates of '{request.time_cols[0]}' repeat, and '{clocks[0]}' holds times of day",
            hint=f"read both as the time with --time-col '{','.join(names)}', or name the series with --id-col",
            file=table.file,
        )
    return _choose(table, request, {names: read_parts([table.columns[name] for name in names], request.date_format)})


def _read_times(table: RawTable, request: ColumnRequest) -> dict[Names, ParsedStamps]:
    """The named time columns, or all columns that could be it."""
    named, columns = request.time_cols, table.columns
    known = request.known_formats[0] if request.known_formats else None
    if len(named) == 1:
        return {named: _read_stamps(columns[named[0]], request.date_format, known)}
    if named:
        return {named: read_parts([columns[name] for name in named], request.date_format, known)}
    taken = {*request.id_cols, *request.target_cols}
    free = [column for name, column in columns.items() if name not in taken]
    parts = named_parts(free) if any(column.name.lower() == "year" for column in free) else ()
    try:
        found = _find_stamps(table, request.date_format, known, leave_out={*taken, *parts})
    except DataError as error:
        # A column of dates but for one row is not passed over; one of numbers that may be dates is.
        if not parts or (error.row is not None and "--date-format" not in error.hint):
            raise
        return {parts: read_parts([columns[name] for name in parts])}
    return {(name,): parsed for name, parsed in found.items()}


def _find_stamps(
    table: RawTable, date_format: str | None, known_format: str | None, leave_out: Set[str]
) -> dict[str, ParsedStamps]:
    """All columns but those left out that hold a date in every row, in file order."""
    found: dict[str, ParsedStamps] = {}
    failure: DataError | None = None
    for position, (name, column) in enumerate(table.columns.items()):
        if name in leave_out or not _may_hold_dates(column, first=position == 0, date_format=date_format):
            continue
        try:
            found[name] = _read_stamps(column, date_format, known_format)
        except DataError as error:
            whole_numbers = column.texts.text(0).strip().isdigit()
            # An option that would read the numbers is worth saying; that some number is no date is not.
            failure = failure or (error if not whole_numbers or "--date-format" in error.hint else None)
    if not found:
        raise failure or DataError(
            f"no column holds a date or time in every row; {all_columns(table.names)}",
            hint=NO_DATES,
            file=table.file,
        )
    return found


def _read_stamps(column: Column, date_format: str | None, known_format: str | None) -> ParsedStamps:
    if column.typed is not None and pd.api.types.is_datetime64_any_dtype(column.typed.dtype):
        return typed_stamps(column.typed, column.place)
    return parse_stamps(column, date_format=date_format, known_format=known_format)


def _may_hold_dates(column: Column, *, first: bool, date_format: str | None) -> bool:
    """Judge a sample of a column by the shapes of its cells."""
    name, typed, plain = column.name, column.typed, column.plain
    meant = first or bool(words(name) & _TIME_WORDS)
    if typed is not None:
        if pd.api.types.is_datetime64_any_dtype(typed.dtype):
            return True
        if pd.api.types.is_float_dtype(typed.dtype) or pd.api.types.is_bool_dtype(typed.dtype):
            return False
        sample = [str(cell).strip() for cell in typed.iloc[column.sample_rows]]
    elif plain is not None and not (
        date_format or plain.zero_led or _date_sized(plain.values[column.sample_rows], meant)
    ):
        return False
    else:
        sample = column.sample()
    if date_format in (EXCEL, *EPOCHS):
        return meant and _share_of_dates(sample, str(date_format)) >= _DATE_SHARE
    if date_format:
        return bool(np.isnat(stamps_in_format(sample, date_format)).mean() <= 1 - _DATE_SHARE)
    sample_shapes = shapes(sample)
    formats = [formats_of(shape) for shape in sample_shapes]
    if (YEAR,) in formats:
        return meant and set(formats) == {(YEAR,)}
    if not any(formats):
        counts = common_number_formats(sample_shapes) if meant and not is_id_name(name) else ()
        return any(_share_of_dates(sample, text_format) == 1 for text_format in counts)
    if (COMPACT_DAY,) in formats:
        return set(formats) == {(COMPACT_DAY,)}
    return sum(map(bool, formats)) >= _DATE_SHARE * len(sample)


def _share_of_dates(texts: list[str], text_format: str) -> float:
    """The share of numbers that are dates in the years in which numbers are taken for dates."""
    return float(within_counted_years(stamps_in_format(texts, text_format)).mean())


def _date_sized(values: NDArray[np.float64], meant: bool) -> bool:
    """Whether at least half of the numbers are as large as those of a compact date; where meant, of any date."""
    compact = (values >= 1e7) & (values < 1e8)
    dated = (values >= 1e3) & (values < 1e5) | (values >= 1e7) if meant else compact
    return bool(np.mean(dated) >= _DATE_SHARE)


def _choose(table: RawTable, request: ColumnRequest, stamps: dict[Names, ParsedStamps]) -> Keys:
    """The first date column whose times do not repeat within a series; numbers come after real dates."""
    dated = {name for names in stamps for name in names}
    contents = {
        name: read_content(column, table.number_format) for name, column in table.columns.items() if name not in dated
    }
    may_be_ids = request.id_cols or tuple(
        name
        for name, content in contents.items()
        if content.kind in ("text", "code") and name not in request.target_cols
    )
    texts = {name: Grouping.of_texts(table.columns[name].texts) for name in may_be_ids}
    ranked = []
    for position, (names, parsed) in enumerate(stamps.items()):
        times = Grouping.of_times(parsed)
        ids = Ids(may_be_ids, _repeats([*texts.values(), times])) if request.id_cols else find_ids(times, texts)
        ranked.append((_are_many(ids.repeats, table.rows), parsed.whole_numbers, position, names, ids))
    _, _, _, names, ids = min(ranked, key=lambda entry: entry[:3])
    return Keys(names, stamps[names], ids, contents, tuple(other[0] for other in stamps if other != names))


def _clocks(table: RawTable, request: ColumnRequest, found: Keys) -> Names:
    """Columns of times of day without which the dates repeat; none where the times are more than dates."""
    repeating, stamps = _are_many(found.ids.repeats, table.rows), found.stamps
    bare = len(found.time_cols) == 1 and stamps.instants is None and "%d" in stamps.time_formats[0]
    if not bare or request.known_formats or request.id_cols or not (repeating or found.ids.names):
        return ()
    if np.any(stamps.wall.astype(np.int64) % DAY):
        return ()
    taken = {*found.time_cols, *request.target_cols}
    clocks = [name for name, column in table.columns.items() if name not in taken and _holds_clock(column)]
    return tuple(name for name in clocks if repeating or name in found.ids.names)


def _holds_clock(column: Column) -> bool:
    """Whether a column holds a time of day in every row of a sample, or is called hour and holds 0 to 24."""
    hours, typed = column.name.lower() == "hour", column.typed
    plain = column.plain is not None if typed is None else not isinstance(typed.iloc[0], (str, time))
    if plain and not hours:
        return False
    sample = column.sample()
    clock = (
        all(_HOUR.fullmatch(text) and int(text) <= 24 for text in sample)
        if hours
        else all(map(clock_format, shapes(sample)))
    )
    return clock and len(column.texts.texts) > 1


@dataclass(frozen=True, eq=False)
class Grouping:
    """A number for each row, shape (rows,), below `count`: there are or, for combinations, may be so many."""

    values: NDArray[np.int32] | NDArray[np.int64]
    count: int

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


def _are_many(repeats: int, rows: int) -> bool:
    """Whether so many rows repeat a time that they are no mere mistakes in the data."""
    return repeats > int(_TOLERATED_SHARE * rows)


def find_ids(times: Grouping, candidates: Mapping[str, Grouping]) -> Ids:
    """The first column that alone makes each time unique, else the smallest leading set that does.

    There are none where times do not repeat. A few repeated times in spite of the ids are left to be reported.
    """
    rows = times.values.size
    none = Ids((), _repeats([times]))
    if not _are_many(none.repeats, rows):
        return none
    names = tuple(candidates)
    leading = [names[:size] for size in range(2, len(names) + 1)]
    nearly = none
    for candidate in [*((name,) for name in names), *leading]:
        chosen = [candidates[name] for name in candidate]
        n_series = rows - _repeats(chosen)
        if n_series * _FEWEST_ROWS_PER_SERIES > rows:
            continue
        repeats = _repeats([*chosen, times])
        if repeats == 0:
            return Ids(candidate, 0)
        if not _are_many(repeats, rows) and not nearly.names:
            nearly = Ids(candidate, repeats)
    return nearly


def _repeats(groupings: Sequence[Grouping]) -> int:
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
