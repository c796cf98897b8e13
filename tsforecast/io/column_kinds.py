"""What a column holds, seen by itself: dates, numbers, flags or texts."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.frequency import Stamps
from tsforecast.io.notes import all_columns
from tsforecast.io.numbers import Numbers, Texts, parse_numbers
from tsforecast.io.places import Place
from tsforecast.io.tables import RawTable
from tsforecast.io.time_formats import COMPACT_DAY, YEAR, formats_of, shapes
from tsforecast.io.timestamps import ParsedStamps, parse_stamps, stamps_in_format, typed_stamps

_SAMPLE_ROWS = 100
_DATE_SHARE = 0.5
_NUMBER_SHARE = 0.5
_FLAGS = frozenset({"true", "false"})
_TIME_WORDS = frozenset({"year", "date", "time", "ds", "period"})
_ID_NAME = re.compile(r"(?:.*[^A-Za-z])?(?:id|ID|Id)|.*[a-z](?:ID|Id)")
_LEADING_ZERO = re.compile(r"0[0-9]")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

# In the order in which they are tried; several names where calendars number differently.
_CALENDAR = ("hour", "minute", "day", "month", "year", "weekday", "day of year", "quarter", "week")
_CALENDAR_WORDS = frozenset({*_CALENDAR, "hr", "dow", "dayofweek", "dayofyear", "doy", "yr"})


@dataclass(frozen=True)
class Column:
    """A column that is not the time.

    Args:
        kind: `number` also for numbers with some text among them, `code` for digits with leading zeros or in a column
            named like an id, `flag` for true and false, `empty` where all cells are missing.
        numbers: the cells as numbers.
    """

    kind: Literal["number", "code", "flag", "text", "empty"]
    numbers: Numbers


def column_texts(table: RawTable, name: str) -> Texts:
    """Cells of a column as text, missing ones of a typed table as empty text; shape (rows,)."""
    column = table.frame[name]
    if not table.typed:
        return column
    return column.astype(object).where(column.notna(), "").map(str).astype(str)


def read_column(table: RawTable, name: str) -> Column:
    """Find out what a column holds."""
    dtype = table.frame[name].dtype
    if table.typed and pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype):
        numbers = _typed_numbers(table.frame[name])
        if numbers.filled and not _ID_NAME.fullmatch(name):
            return Column("number", numbers)
        return Column("code" if numbers.filled else "empty", numbers)
    texts = column_texts(table, name)
    numbers = parse_numbers(texts, table.decimal)
    if not numbers.filled:
        named = _ID_NAME.fullmatch(name) and bool((texts != "").any())
        return Column("code" if named else "empty", numbers)
    if numbers.wrong.size <= _NUMBER_SHARE * numbers.filled:
        return Column("code" if _is_code(name, texts, numbers) else "number", numbers)
    flags = {str(text).strip().lower() for text in texts[~numbers.missing].unique()} <= _FLAGS
    return Column("flag" if flags else "text", numbers)


def _typed_numbers(column: pd.Series) -> Numbers:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(values)
    wrong = np.flatnonzero(np.isinf(values))
    return Numbers(np.where(np.isinf(values), np.nan, values), missing, wrong)


def _is_code(name: str, texts: Texts, numbers: Numbers) -> bool:
    """Whether digits name something rather than count it: `007`, or a column called `store_id`."""
    if _ID_NAME.fullmatch(name):
        return True
    if numbers.wrong.size or words(name) & _CALENDAR_WORDS:
        return False
    whole = np.all(np.mod(numbers.values[~numbers.missing], 1) == 0)
    return bool(whole) and any(_LEADING_ZERO.match(text) for text in texts.unique())


def words(name: str) -> frozenset[str]:
    """The words of a column name in lower case: `obsYear` has `obs` and `year`."""
    return frozenset(word.lower() for word in _WORD.findall(name))


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
            whole_numbers = str(table.frame[name].iloc[0]).strip().isdigit()
            failure = failure or (None if whole_numbers else error)
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
    if table.typed and pd.api.types.is_datetime64_any_dtype(table.frame[name].dtype):
        return typed_stamps(table.frame[name], place)
    return parse_stamps(column_texts(table, name), place, date_format=date_format, known_format=known_format)


def _may_hold_dates(table: RawTable, name: str, *, first: bool, date_format: str | None) -> bool:
    """Judge a sample of a column by the shapes of its cells."""
    column = table.frame[name]
    if table.typed:
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return True
        if pd.api.types.is_float_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
            return False
    rows = np.unique(np.linspace(0, len(column) - 1, _SAMPLE_ROWS).astype(np.int64))
    sample = [str(text).strip() for text in column.iloc[rows]]
    formats = [formats_of(shape) for shape in shapes(sample)]
    if date_format:
        return bool(np.isnat(stamps_in_format(sample, date_format)).mean() <= 1 - _DATE_SHARE)
    if (YEAR,) in formats:
        named = bool(words(name) & _TIME_WORDS)
        return (first or named) and set(formats) == {(YEAR,)}
    if (COMPACT_DAY,) in formats:
        return set(formats) == {(COMPACT_DAY,)}
    return sum(map(bool, formats)) >= _DATE_SHARE * len(sample)


def restated(name: str, values: NDArray[np.float64], wall: Stamps) -> str:
    """What a column merely repeats: a part of the calendar, or `row number`; empty for a column of its own.

    A part that is the same in every row is believed only of a column of that name: any constant would equal it.
    """
    rows = np.arange(values.size)
    if np.array_equal(values, rows) or np.array_equal(values, rows + 1):
        return "row number"
    head = pd.DatetimeIndex(wall[:_SAMPLE_ROWS])
    for part in _CALENDAR:
        for first, whole in zip(_calendar(head, part), range(4), strict=False):
            if not np.array_equal(first, values[:_SAMPLE_ROWS]):
                continue
            numbers = _calendar(pd.DatetimeIndex(wall), part)[whole]
            varies = np.ptp(numbers) > 0 or part in words(name)
            if varies and np.array_equal(numbers, values):
                return part
    return ""


def _calendar(stamps: pd.DatetimeIndex, part: str) -> list[NDArray[np.float64]]:
    """A part of the calendar in each way of numbering it."""
    weekday = stamps.day_of_week
    ways: dict[str, list[Any]] = {
        "hour": [stamps.hour],
        "minute": [stamps.minute],
        "day": [stamps.day],
        "month": [stamps.month],
        "year": [stamps.year],
        "weekday": [weekday, weekday + 1, (weekday + 1) % 7, (weekday + 1) % 7 + 1],
        "day of year": [stamps.day_of_year],
        "quarter": [stamps.quarter],
        "week": [stamps.isocalendar()["week"]],
    }
    return [np.asarray(way, dtype=np.float64) for way in ways[part]]
