"""The key of a row: which column holds the time, and which columns tell the series apart beside it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.column import Column, is_id_name, words
from tsforecast.io.messages import all_columns, listed
from tsforecast.io.reading.columns.calendar import depends_on_calendar
from tsforecast.io.reading.columns.covariates import NO_NAMES, CovariateNames
from tsforecast.io.reading.columns.ids import (
    Grouping,
    Ids,
    Reading,
    are_many,
    copied_rows,
    count_repeats,
    find_ids,
    ids_of_unique_times,
    search_ids,
)
from tsforecast.io.reading.columns.names import names_series, unit_of
from tsforecast.io.reading.columns.time_of_day import clocks_beside
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
    common_number_formats,
    formats_of,
    shapes,
    stamps_in_format,
    within_counted_years,
)
from tsforecast.io.times.notation import plain
from tsforecast.io.times.parse import ParsedStamps, parse_stamps
from tsforecast.series.frequency import DAY

Names = tuple[str, ...]
RowChoice = slice | NDArray[np.intp]
NO_DATES = (
    "name the time column with --time-col; if there is none, add --start 2021-01-01 --freq D with the first time and "
    "the step, or --no-time to number the steps"
)
_DATE_SHARE = 0.5
_HEAD = 1000
_TIME_WORDS = frozenset({"year", "date", "time", "ds", "period", "timestamp", "datetime", "epoch", "unix", "ts"})


@dataclass(frozen=True)
class ColumnRequest:
    """What is known about the columns beforehand; None or empty for what is to be found."""

    time_cols: Names = ()  # the time column, or the columns of its parts
    id_cols: Names = ()  # the id columns
    target_cols: Names = ()  # the value columns
    date_format: str | None = None  # format of the times
    known_formats: Names = ()  # formats of the times of the data that a model was fitted on; empty without a model
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
    left_out: Names = ()  # columns of dates that are not used
    guessed: bool = False  # whether whole numbers were found to be ids
    readings: tuple[Reading, ...] = ()  # what was weighed
    copies: NDArray[np.bool_] | None = None  # rows that repeat an earlier one in all columns; None for none


def find_keys(table: RawTable, request: ColumnRequest) -> Keys:
    """Find the time column and the id columns.

    Raises:
        DataError: no column with dates in every row; dates that need a column of times of day, which was not named.
        OptionError: columns that make no time.
    """
    stamps = _read_times(table, request)
    beside = _beside(table, request, stamps)
    found = _chosen_once(table, request, stamps, beside)
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
    combined = {names: read_parts([table.columns[name] for name in names], request.date_format)}
    return _chosen_once(table, request, combined, {names: ()})


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
        return {named: read_parts([columns[name] for name in named], request.date_format, request.known_formats)}
    taken = {*request.id_cols, *request.numbers}
    free = [column for name, column in columns.items() if name not in taken]
    parts = named_parts(free) if any(unit_of(column.name) == "year" for column in free) else ()
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
    return float(within_counted_years(stamps_in_format(texts, text_format), text_format).mean())


def _date_sized(values: NDArray[np.float64], meant: bool) -> bool:
    """Whether at least half of the numbers are as large as those of a compact date; where meant, of any date."""
    compact = (values >= 1e7) & (values < 1e8)
    month = (values < 13) & (values % 1 >= 0.18) & (values % 1 <= 0.21) | (values >= 180001) & (values <= 210012)
    dated = (values >= 1e3) & (values < 1e5) | (values >= 1e7) | month if meant else compact
    return bool(np.mean(dated) >= _DATE_SHARE)


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
        if content.kind in ("text", "code") and name not in request.numbers and name not in clocks
    )
    texts = {name: Grouping.of_texts(table.columns[name].texts).take(rows) for name in may_be_ids}
    ranked = []
    for position, (names, parsed) in enumerate(stamps.items()):
        times = Grouping.of_times(parsed).take(rows)
        ids = Ids(may_be_ids, count_repeats([*texts.values(), times])) if request.id_cols else find_ids(times, texts)
        ranked.append((are_many(ids.repeats, times.values.size), parsed.whole_numbers, position, names, ids))
    _, _, _, names, ids = min(ranked, key=lambda entry: entry[:3])
    keys = Keys(names, stamps[names], ids, contents, tuple(other[0] for other in stamps if other != names))
    if request.id_cols or request.known_formats or (ids.names and not are_many(ids.repeats, table.rows)):
        return keys
    return _search(request, keys, texts, clocks, rows)


def _search(
    request: ColumnRequest, keys: Keys, texts: Mapping[str, Grouping], clocks: Set[str], rows: RowChoice
) -> Keys:
    """The keys with ids that the texts alone do not show: whole numbers, or series whose times never coincide."""
    axis = rank_times(keys.stamps.codes, keys.stamps.key)
    times = Grouping(axis.ranks, axis.stamps.size).take(rows)
    many = are_many(keys.ids.repeats, times.values.size)
    whole = {
        name: Grouping.of_values(content.numbers.values[rows])
        for name, content in keys.contents.items()
        if name not in (*request.numbers, *texts, *clocks)
        and (many or names_series(name))
        and unit_of(name) is None
        and _is_whole(content)
    }
    candidates = {name: {**texts, **whole}[name] for name in keys.contents if name in texts or name in whole}
    if not _leaves_values(keys.contents, candidates, request):
        candidates = dict(texts)
    if many:
        found, readings = search_ids(times, axis.stamps, candidates, keys.time_cols)
        return replace(keys, ids=found or keys.ids, guessed=found is not None, readings=tuple(readings))

    def of_calendar(grouping: Grouping) -> bool:
        return depends_on_calendar(grouping.values, axis.stamps[times.values])

    ids, alone = ids_of_unique_times(times, axis.stamps, candidates, of_calendar, keys.time_cols)
    repeats = count_repeats([*(candidates[name] for name in ids), times]) if ids else keys.ids.repeats
    return replace(keys, ids=Ids(ids, repeats), readings=tuple(alone))


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


def _beside(table: RawTable, request: ColumnRequest, stamps: dict[Names, ParsedStamps]) -> dict[Names, Names]:
    """For each time of bare dates the columns that hold its time of day, which are no ids."""
    if request.known_formats:
        return {}
    taken = {*request.numbers, *request.id_cols, *(name for names in stamps for name in names)}
    free = [column for name, column in table.columns.items() if name not in taken]
    clocks = clocks_beside(free) if any(map(_is_bare, stamps.values())) else ()
    return {names: clocks for names, parsed in stamps.items() if clocks and _is_bare(parsed)}


def _is_bare(stamps: ParsedStamps) -> bool:
    """Whether times are dates without a time of day."""
    formats = [plain(text) for text in stamps.time_formats]
    days, hours = any("%d" in text for text in formats), any("%H" in text for text in formats)
    midnights = not hours or not np.any(stamps.wall.astype(np.int64) % DAY)
    return days and stamps.instants is None and midnights and (not hours or len(stamps.time_formats) == 1)
