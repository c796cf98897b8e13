"""The columns of a table that could be its time: those with a date in every row, or columns of the parts of dates."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

import numpy as np
import pandas as pd

from tsforecast.errors import DataError
from tsforecast.io.column import Column
from tsforecast.io.messages import all_columns
from tsforecast.io.reading.columns.date_columns import may_hold_dates
from tsforecast.io.reading.columns.names import Names, unit_of
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.columns.time_parts import named_parts, read_parts
from tsforecast.io.reading.numbers import read_content
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.datetimes import typed_stamps
from tsforecast.io.times.guess import date_hint
from tsforecast.io.times.parse import ParsedStamps, parse_stamps


def read_times(table: RawTable, request: ColumnRequest) -> dict[Names, ParsedStamps]:
    """The named time columns, or all columns that could be it.

    Raises:
        DataError: no column with dates in every row.
        OptionError: columns that make no time.
    """
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
