"""What a column holds, seen by itself: dates, numbers, flags or texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import Place, all_columns
from tsforecast.io.reading.names import is_id_name, words
from tsforecast.io.reading.numbers import Numbers, TextNumbers, is_missing, parse_numbers, with_tokens
from tsforecast.io.reading.table import RawTable
from tsforecast.io.text_column import TextColumn
from tsforecast.io.times.datetimes import typed_stamps
from tsforecast.io.times.format_codec import stamps_in_format, within_counted_years
from tsforecast.io.times.formats import COMPACT_DAY, EPOCHS, EXCEL, YEAR, common_number_formats, formats_of, shapes
from tsforecast.io.times.parse import ParsedStamps, parse_stamps

_SAMPLE_ROWS = 100
_DATE_SHARE = 0.5
_NUMBER_SHARE = 0.5
_FLAGS = frozenset({"true", "false"})
_TIME_WORDS = frozenset({"year", "date", "time", "ds", "period", "timestamp", "datetime", "epoch", "unix", "ts"})
_LEADING_ZERO = re.compile(r"0[0-9]")

# In the order in which they are tried; several names where calendars number differently.
_CALENDAR = ("hour", "minute", "day", "month", "year", "weekday", "day of year", "quarter", "week")
_CALENDAR_WORDS = frozenset({*_CALENDAR, "hr", "dow", "dayofweek", "dayofyear", "doy", "yr"})


@dataclass(frozen=True, eq=False)
class Column:
    """A column that is not the time.

    Args:
        kind: `number` also for numbers with some text among them, `code` for digits with leading zeros or in a column
            named like an id, `flag` for true and false, `empty` where all cells are missing.
        read: reads the cells as numbers.
    """

    kind: Literal["number", "code", "flag", "text", "empty"]
    read: Callable[[], Numbers]

    @cached_property
    def numbers(self) -> Numbers:
        """The cells as numbers; most columns of texts are never asked for them."""
        return self.read()


def read_column(table: RawTable, name: str) -> Column:
    """Find out what a column holds."""
    series, figures = table.series(name), table.figures(name)
    if series is not None and pd.api.types.is_numeric_dtype(series.dtype) and series.dtype.kind != "b":
        numbers = _typed_numbers(series)
        kind: Literal["number", "code"] = "code" if is_id_name(name) else "number"
        return Column(kind if numbers.filled else "empty", lambda: numbers)
    if figures is not None and not figures.zero_led and not is_id_name(name):
        missing = np.isnan(figures.values)
        if not missing.all():
            plain = Numbers(figures.values, missing, np.empty(0, dtype=np.int64))
            return Column("number", lambda: plain)
    texts = table.texts(name)
    found = with_tokens(parse_numbers(texts, table.decimal, table.thousands), table.missing)
    return Column(_kind_of(name, texts, found), found.by_row)


def _kind_of(name: str, cells: TextColumn, found: TextNumbers) -> Literal["number", "code", "flag", "text", "empty"]:
    filled, wrong = found.count(~found.missing), found.count(found.is_wrong)
    if not filled:
        return "code" if is_id_name(name) and cells.texts != [""] else "empty"
    if wrong <= _NUMBER_SHARE * filled:
        return "code" if _is_code(name, found) else "number"
    flags = {text.strip().lower() for text in cells.texts if not is_missing(text.strip())} <= _FLAGS
    return "flag" if flags else "text"


def _typed_numbers(column: pd.Series) -> Numbers:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(values)
    wrong = np.flatnonzero(np.isinf(values))
    return Numbers(np.where(np.isinf(values), np.nan, values), missing, wrong)


def _is_code(name: str, found: TextNumbers) -> bool:
    """Whether digits name something rather than count it: `007`, or a column called `store_id`."""
    if is_id_name(name):
        return True
    if found.is_wrong.any() or words(name) & _CALENDAR_WORDS:
        return False
    whole = np.all(np.mod(found.values[~found.missing], 1) == 0)
    return bool(whole) and any(_LEADING_ZERO.match(text) for text in found.cells.texts)


def find_stamps(
    table: RawTable, date_format: str | None, known_format: str | None, leave_out: Set[str]
) -> dict[str, ParsedStamps]:
    """All columns but those left out that hold a date in every row, in file order.

    Raises:
        DataError: no such column; where one has dates in most rows, its first row that has none.
    """
    found: dict[str, ParsedStamps] = {}
    failure: DataError | None = None
    for position, name in enumerate(table.names):
        if name in leave_out or not _may_hold_dates(table, name, first=position == 0, date_format=date_format):
            continue
        try:
            found[name] = read_stamps(table, name, date_format, known_format)
        except DataError as error:
            whole_numbers = table.texts(name).text(0).strip().isdigit()
            # An option that would read the numbers is worth saying; that some number is no date is not.
            failure = failure or (error if not whole_numbers or "--date-format" in error.hint else None)
    if not found:
        raise failure or DataError(
            f"no column holds a date or time in every row; {all_columns(table.names)}",
            hint="name the time column with --time-col",
            file=table.file,
        )
    return found


def read_stamps(table: RawTable, name: str, date_format: str | None, known_format: str | None) -> ParsedStamps:
    """Read a column as time stamps."""
    place = Place(table.file, table.lines, name)
    series = table.series(name)
    if series is not None and pd.api.types.is_datetime64_any_dtype(series.dtype):
        return typed_stamps(series, place)
    return parse_stamps(table.texts(name), place, date_format=date_format, known_format=known_format)


def _may_hold_dates(table: RawTable, name: str, *, first: bool, date_format: str | None) -> bool:
    """Judge a sample of a column by the shapes of its cells."""
    rows = np.unique(np.linspace(0, table.rows - 1, _SAMPLE_ROWS).astype(np.int64))
    series, figures = table.series(name), table.figures(name)
    meant = first or bool(words(name) & _TIME_WORDS)
    if series is not None:
        if pd.api.types.is_datetime64_any_dtype(series.dtype):
            return True
        if pd.api.types.is_float_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
            return False
        sample = [str(cell).strip() for cell in series.iloc[rows]]
    elif figures is not None and not (date_format or figures.zero_led or _date_sized(figures.values[rows], meant)):
        return False
    else:
        texts = table.texts(name)
        sample = [texts.text(row).strip() for row in rows]
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


Parts = Callable[[str, bool], list[NDArray[np.float64]]]


def calendar_parts(stamps: ParsedStamps) -> Parts:
    """What a part of the calendar is at the first rows, or at each distinct stamp, in each way of numbering it."""
    head = pd.DatetimeIndex(stamps.wall[stamps.codes[:_SAMPLE_ROWS]])
    distinct = pd.DatetimeIndex(stamps.wall)
    # A wide table asks for each of its columns.
    return cache(lambda part, whole: _calendar(distinct if whole else head, part))


def restated(name: str, values: NDArray[np.float64], stamps: ParsedStamps, parts: Parts) -> str:
    """What a column merely repeats: a part of the calendar, or `row number`; empty for a column of its own.

    A part that is the same in every row is believed only of a column of that name: any constant would equal it.
    """
    start = values[:_SAMPLE_ROWS]
    for origin in (0, 1):
        counted = np.array_equal(start, np.arange(start.size) + origin)
        if counted and np.array_equal(values, np.arange(values.size) + origin):
            return "row number"
    for part in _CALENDAR:
        for way, first in enumerate(parts(part, False)):
            if not np.array_equal(first, start):
                continue
            numbers = parts(part, True)[way]
            varies = np.ptp(numbers) > 0 or part in words(name)
            if varies and np.array_equal(numbers[stamps.codes], values):
                return part
    return ""


def _calendar(stamps: pd.DatetimeIndex, part: str) -> list[NDArray[np.float64]]:
    """A part of the calendar in each way of numbering it."""
    if part == "weekday":
        weekday = np.asarray(stamps.day_of_week, dtype=np.float64)
        return [weekday, weekday + 1, (weekday + 1) % 7, (weekday + 1) % 7 + 1]
    numbers = stamps.isocalendar()["week"] if part == "week" else getattr(stamps, part.replace(" ", "_"))
    return [np.asarray(numbers, dtype=np.float64)]
