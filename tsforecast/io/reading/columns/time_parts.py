"""Times whose parts stand in columns of their own: year, month and day, or a date and the time of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.column import Column, TextColumn
from tsforecast.io.messages import Note, info, listed
from tsforecast.io.times.formats import YEAR, clock_format, formats_of, shapes, stamps_in_format
from tsforecast.io.times.parse import FIRST_YEAR, LAST_YEAR, ParsedStamps, parse_stamps
from tsforecast.series.frequency import DAY, HOUR, MINUTE, SECOND, Stamps

_ORDER = ("year", "month", "day", "hour", "minute", "second")
_QUARTERLY = ("year", "quarter")
_RANGES = {"year": (FIRST_YEAR, LAST_YEAR), "quarter": (1, 4), "month": (1, 12), "day": (1, 31)}
_RANGES |= {"hour": (0, 23), "minute": (0, 59), "second": (0, 59)}
_DIRECTIVES = dict(zip(_RANGES, ("%Y", "%q", "%m", "%d", "%H", "%M", "%S"), strict=True))
_MICROS = {"day": DAY, "hour": HOUR, "minute": MINUTE, "second": SECOND}
_MIDNIGHT = {"%-H": "0", "%-I": "12", "%P": "am", "%3f": "000"}
_MIDNIGHT |= {"%H": "00", "%I": "12", "%M": "00", "%S": "00", "%f": "000000", "%p": "AM"}
_DIGITS = re.compile("[0-9]{1,4}")
_HINTS = {
    "hour": "hours go from 0 to 23; 24 is hour 0 of the next day",
    "clock": "write all of them like 13:30 or 13:30:00, from 00:00 to 23:59",
}
Micros = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Part:
    """One column of a time."""

    column: Column  # its texts, and where they stand
    unit: str  # `year`, `month`, ..., `date` or `clock`
    text_format: str  # of its texts
    numbers: Micros  # of each text: the count of the unit, or microseconds for `date` and `clock`, shape (texts,)
    notes: tuple[Note, ...] = ()  # what was assumed


def named_parts(columns: Sequence[Column]) -> tuple[str, ...]:
    """Columns called year, month and so on, from the year down without a gap; none where there is no month.

    A column called month that holds dates such as 2024-01 is the time by itself.
    """
    found = {column.name.lower(): column for column in reversed(columns)}
    if set(_QUARTERLY) <= found.keys() and "month" not in found:
        parts = [found[unit] for unit in _QUARTERLY]
    else:
        missing = next((at for at, unit in enumerate(_ORDER) if unit not in found), len(_ORDER))
        parts = [found[unit] for unit in _ORDER[:missing]] if missing > 1 else []
    return () if any(map(_is_date, parts)) else tuple(column.name for column in parts)


def _is_date(column: Column) -> bool:
    """Whether a column begins with a date that is more than a year."""
    shape = shapes([column.texts.text(0).strip()])[0]
    return formats_of(shape) not in ((), (YEAR,))


def read_parts(
    columns: Sequence[Column], date_format: str | None = None, known_format: str | None = None
) -> ParsedStamps:
    """Put the times together from their columns.

    Args:
        columns: a date and the time of day, or year, month and so on; by their names, else in this order.
        date_format: of a column that holds whole dates, None to find it.
        known_format: of the first column in the data that a model was fitted on.

    Raises:
        DataError: the first row whose parts are no time.
        OptionError: columns that make no time.
    """
    first, *others = columns
    names = [column.name for column in columns]
    dated = _is_date(first) or bool(date_format and not first.texts.text(0).strip().isdigit())
    units = ("date", *_clock_units(others)) if dated else _units(names)
    zero_led = any(
        text.strip()[:1] == "0" and len(text.strip()) > 1
        for column, unit in zip(columns, units, strict=True)
        if unit in _MICROS or unit == "month"
        for text in column.texts.texts
    )
    parts = [
        _read_date(column, date_format, known_format) if unit == "date" else _read_part(column, unit, zero_led)
        for column, unit in zip(columns, units, strict=True)
    ]
    codes, rows = _combined([column.texts for column in columns])
    wall = _wall(parts, rows)
    notes = (info(f"the times are put together from the columns {listed(names)}"), *parts[0].notes)
    return ParsedStamps(codes, wall, None, tuple(part.text_format for part in parts), notes=notes)


def _units(names: Sequence[str]) -> tuple[str, ...]:
    by_name = tuple(name.lower() for name in names)
    units = by_name if set(by_name) <= {*_ORDER, "quarter"} else _ORDER[: len(names)]
    if set(units) not in [set(_QUARTERLY), *(set(_ORDER[:size]) for size in range(2, len(_ORDER) + 1))]:
        raise OptionError(
            f"the columns {listed(names)} make no time",
            hint="give year, month and so on without leaving one out, or a date and a time of day",
        )
    return units


def _clock_units(columns: Sequence[Column]) -> tuple[str, ...]:
    """What stands beside a date: a time of day, or hours, minutes and seconds."""
    if len(columns) == 1 and ":" in columns[0].texts.text(0):
        return ("clock",)
    if not 0 < len(columns) <= 3:
        raise OptionError(f"{len(columns)} columns beside a date make no time", hint="give hour, minute and second")
    return _ORDER[3 : 3 + len(columns)]


def _read_date(column: Column, date_format: str | None, known_format: str | None) -> _Part:
    cells = column.texts
    parsed = parse_stamps(column, date_format=date_format, known_format=known_format)
    micros = parsed.wall.astype(np.int64)
    if parsed.instants is not None or np.any(micros % DAY):
        bad = int(np.argmax(micros % DAY != 0)) if parsed.instants is None else 0
        message = f"'{cells.texts[bad]}' is more than a date"
        raise column.error(cells.first_row(bad), message, "the time of day stands in another column already")
    (text_format,) = parsed.time_formats
    # A midnight that stands in every row is kept as it is: the time of day is in the other column.
    for directive, midnight in _MIDNIGHT.items():
        text_format = text_format.replace(directive, midnight)
    return _Part(column, "date", text_format, micros, parsed.notes)


def _read_part(column: Column, unit: str, zero_led: bool) -> _Part:
    texts = [text.strip() for text in column.texts.texts]
    if unit == "clock":
        text_format = clock_format(shapes(texts[:1])[0]) or "%H:%M"
        stamps = stamps_in_format(texts, text_format)
        numbers, bad = stamps.astype(np.int64) % DAY, np.isnat(stamps)
    elif unit == "month" and texts[0].isalpha():
        read = {text_format: stamps_in_format(texts, text_format) for text_format in ("%b", "%B")}
        text_format, stamps = min(read.items(), key=lambda entry: int(np.isnat(entry[1]).sum()))
        numbers, bad = stamps.astype("datetime64[M]").astype(np.int64) % 12 + 1, np.isnat(stamps)
    else:
        text_format = _DIRECTIVES[unit]
        # What has two digits in every row tells nothing of the zeros by itself.
        if unit in _MICROS or unit == "month":
            padded = zero_led and all(len(text) > 1 for text in texts)
            text_format = text_format if padded else f"%-{text_format[1]}"
        numbers = np.array([int(text) if _DIGITS.fullmatch(text) else -1 for text in texts], dtype=np.int64)
        least, most = _RANGES[unit]
        bad = (numbers < least) | (numbers > most)
    if bad.any():
        raise _part_error(column, unit, int(np.argmax(bad)))
    return _Part(column, unit, text_format, numbers)


def _part_error(column: Column, unit: str, index: int) -> DataError:
    text = column.texts.texts[index].strip()
    what = "a time of day like the rest" if unit == "clock" else f"{'an' if unit == 'hour' else 'a'} {unit}"
    if unit in _RANGES:
        least, most = _RANGES[unit]
        what += f" from {least} to {most}"
    message = f"'{text}' is not {what}" if text else f"the {'time of day' if unit == 'clock' else unit} is missing"
    hint = _HINTS.get(unit, "correct it, or name the time column with --time-col")
    return column.error(column.texts.first_row(index), message, hint)


def _combined(columns: Sequence[TextColumn]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """A number for each combination of texts, of shape (rows,), and the first row of each number."""
    codes = columns[0].codes.astype(np.int64)
    for cells in columns[1:]:
        codes = pd.factorize(codes * len(cells.texts) + cells.codes)[0]
    return codes.astype(np.int32), np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))


def _wall(parts: Sequence[_Part], rows: NDArray[np.int64]) -> Stamps:
    """The clock that the parts of some rows show."""
    by_unit = {part.unit: part.numbers[part.column.texts.codes[rows]] for part in parts}
    if "date" in by_unit:
        day = by_unit.pop("date").astype("datetime64[us]")
    else:
        month = by_unit.pop("month") if "month" in by_unit else 3 * by_unit.pop("quarter") - 2
        year = by_unit.pop("year")
        start = (12 * (year - 1970) + month - 1).astype("datetime64[M]")
        ahead = (by_unit.pop("day", np.ones_like(year)) - 1).astype("timedelta64[D]")
        day = start.astype("datetime64[D]") + ahead
        beyond = day.astype("datetime64[M]") != start
        if beyond.any():
            at = int(np.argmax(beyond))
            column = next(part.column for part in parts if part.unit == "day")
            message = f"{start[at]} has no day {int(ahead[at].astype(np.int64)) + 1}"
            raise column.error(int(rows[at]), message, "correct it, or leave the row out")
    clock = by_unit.pop("clock", np.zeros(rows.size, dtype=np.int64))
    for unit, count in by_unit.items():
        clock = clock + count * _MICROS[unit]
    return day.astype("datetime64[us]") + clock.astype("timedelta64[us]")
