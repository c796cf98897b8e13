"""Times whose parts stand in columns of their own: year, month and day, or a date and the time of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.io.column import Column, TextColumn
from tsforecast.io.messages import Note, info, listed, warning
from tsforecast.io.reading.columns.names import Names, says_ending, unit_of
from tsforecast.io.reading.columns.time_of_day import (
    ClockTexts,
    numbers_after_prefix,
    read_clock,
    read_slots,
    reads_as_clock,
)
from tsforecast.io.times.day_parts import ENDS, SLOT, slot_of
from tsforecast.io.times.formats import YEAR, formats_of, shapes
from tsforecast.io.times.months import month_directive, month_numbers
from tsforecast.io.times.parse import FIRST_YEAR, LAST_YEAR, ParsedStamps, parse_stamps
from tsforecast.io.times.periods import first_monday
from tsforecast.io.times.zones import CHANGES, to_instants, to_wall
from tsforecast.series.frequency import DAY, HOUR, MINUTE, SECOND, Stamps

_ORDER = ("year", "month", "day", "hour", "minute", "second")
_RANGES = {"year": (FIRST_YEAR, LAST_YEAR), "quarter": (1, 4), "month": (1, 12), "week": (1, 53), "day": (1, 31)}
_RANGES |= {"hour": (0, 24), "minute": (0, 59), "second": (0, 59)}
_DIRECTIVES = dict(zip(_RANGES, ("%Y", "%q", "%m", "%V", "%d", "%H", "%M", "%S"), strict=True))
_MICROS = {"day": DAY, "hour": HOUR, "minute": MINUTE, "second": SECOND}
_PADDED = {*_MICROS, "month", "week"}
_MIDNIGHT = {"%-H": "0", "%-I": "12", "%P": "am", "%3f": "000"}
_MIDNIGHT |= {"%H": "00", "%I": "12", "%M": "00", "%S": "00", "%f": "000000", "%p": "AM"}
# What may make a time: the parts of a day that stand beside it come after the last of these.
_CHAINS = [{"year", "quarter"}, {"year", "week"}, *(set(_ORDER[:size]) for size in range(2, 7))]
_CHAINS += [{"year", "month", "day", "clock"}, {"date", "clock"}, *({"date", *_ORDER[3:size]} for size in (4, 5, 6))]
_COUNTED = (SLOT + "1/", f"{ENDS}%-H", f"{ENDS}%H")
_OTHER_ZONE = "UTC"
_TRIAL_TEXTS = 1000
_PREFIXES = {"m": "month", "q": "quarter", "w": "week"}
_HINTS = {
    "hour": "where clocks go back a day has 25 hours: write times with their offset from UTC",
    "clock": "write all of them like 13:30 or 13:30:00, from 00:00 to 24:00",
    "month": "if it is no month, such as the mean of a year, leave the row out",
    "week": "weeks are those of ISO 8601",
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


def named_parts(columns: Sequence[Column]) -> Names:
    """Columns called year, month and so on, from the year down without a gap; none where there is only a year.

    A column called month that holds dates such as 2024-01 is the time by itself.
    """
    found: dict[str, Column] = {}
    for column in columns:
        unit = unit_of(column.name)
        if unit == "slot" and "year" in map(unit_of, (other.name for other in columns)):
            unit = _unit_of_prefix(column)
        if unit:
            found.setdefault(unit, column)
    if "year" not in found:
        return ()
    chain = next(unit for unit in (*_ORDER, "end") if unit not in found)
    parts = [found[unit] for unit in _ORDER[: (*_ORDER, "end").index(chain)]]
    if len(parts) < 3:
        # Of a year with weeks the months tell less.
        finer = next((unit for unit in ("week", "quarter") if unit in found and (unit == "week" or len(parts) < 2)), "")
        parts = [found["year"], found[finer]] if finer else parts
    return () if len(parts) < 2 or any(map(_is_date, parts)) else tuple(column.name for column in parts)


def _is_date(column: Column) -> bool:
    """Whether a column begins with a date that is more than a year."""
    shape = shapes([column.texts.text(0).strip()])[0]
    return formats_of(shape) not in ((), (YEAR,))


def _unit_of_prefix(column: Column) -> str | None:
    """The unit of numbers with a letter in front: `M01`, `Q1`, `W05`."""
    if column.plain is not None:
        return None
    found = numbers_after_prefix([text.strip() for text in column.texts.texts[:1]])
    return _PREFIXES.get(found.prefix.strip().lower()) if found else None


def read_parts(
    columns: Sequence[Column], date_format: str | None = None, known: Names = (), tz: str | None = None
) -> ParsedStamps:
    """Put the times together from their columns.

    Args:
        columns: a date and the time of day, or year, month and so on; by their names, else in this order.
        date_format: of a column that holds whole dates, None to find it.
        known: the formats of the columns in the data that a model was fitted on.
        tz: zone of the times, None to find it by the days on which numbered parts are fewer or more.

    Raises:
        DataError: the first row whose parts are no time.
        OptionError: columns that make no time.
    """
    known = known if len(known) == len(columns) else ()
    units = _units(columns, date_format)
    zero_led = any(
        text.strip()[:1] == "0" and len(text.strip()) > 1
        for column, unit in zip(columns, units, strict=True)
        if unit in _PADDED
        for text in column.texts.texts
    )
    parts = [
        _read_date(column, date_format, known[0].removeprefix(ENDS) if known else None)
        if unit == "date"
        else _read_part(column, unit, zero_led, known[number] if known else "", beside=units == ("date", "hour"))
        for number, (column, unit) in enumerate(zip(columns, units, strict=True))
    ]
    codes, rows = _combined([column.texts for column in columns])
    formats = [part.text_format for part in parts]
    instants: Stamps | None = None
    zone: str | None = None
    said: tuple[Note, ...] = ()
    if units[0] == "date" and len(parts) == 2 and parts[1].text_format.startswith(_COUNTED):
        found = counted_days(codes_of(parts, rows), parts[1], rows, known, tz)
        if found is not None:
            instants, zone, formats[1], said = found
    wall = _wall(parts, rows) if instants is None or zone is None else to_wall(instants, zone)
    if any(text_format.startswith(ENDS) for text_format in formats):
        formats = [ENDS + text_format.removeprefix(ENDS) for text_format in formats]
    if "week" in units:
        formats[units.index("year")] = "%G"
    notes = (
        info(f"the times are put together from the columns {listed([column.name for column in columns])}", "columns"),
        *(note for part in parts for note in part.notes),
        *said,
    )
    return ParsedStamps(codes, wall, instants, tuple(formats), zone, notes)


def codes_of(parts: Sequence[_Part], rows: NDArray[np.int64]) -> tuple[Micros, Micros]:
    """The date of each time and the time since its midnight, both in microseconds, shape (n,)."""
    days, since = (part.numbers[part.column.texts.codes[rows]] for part in parts)
    return days, since * HOUR if parts[1].unit == "hour" else since


def counted_days(
    times: tuple[Micros, Micros], part: _Part, rows: NDArray[np.int64], known: Names, tz: str | None
) -> tuple[Stamps, str, str, tuple[Note, ...]] | None:
    """Times whose second column counts the parts of the local day, of which a day with a clock change has others.

    Args:
        times: the date of each time, and the time since its midnight that the count stands for, shape (n,).
        part: the column that counts.
        rows: a row of each time.
        known, tz: as in `read_parts`.

    Returns:
        The instants, the zone, the format of the column and notes; None where the count is that of a wall clock.

    Raises:
        DataError: a day has more parts than it can have, or a change of clocks that the model does not know.
    """
    slots = part.text_format.startswith(SLOT)
    step = DAY // (slot_of(part.text_format)[1] if slots else 24)
    dates, place = np.unique(times[0], return_inverse=True)
    until = times[1] + (step if slots else 0)
    lengths = np.zeros(dates.size, dtype=np.int64)
    np.maximum.at(lengths, place, until)
    told = zone_of_days(dates, lengths, tz, first="Europe/London" if step == HOUR // 2 else "")
    if told is not None and known and tz is None:
        message = f"days have fewer or more parts where the clocks of {told} change, the model knows of no zone"
        raise part.column.error(int(rows[0]), message, f"fit a model on such rows, with --tz {told}")
    counted = slots or any(SLOT in text for text in known)
    zone = told or (tz if counted else None)
    if zone is None and tz is not None:
        return None
    most = lengths_in(dates, zone) if zone else np.full(dates.size, DAY)
    if np.any(lengths > most):
        at = int(np.argmax(until > most[place]))
        text = part.column.texts.text(int(rows[at]))
        message = f"'{text}' is not a period of the day, of which there are {int(most[place[at]] // step)}"
        hint = f"{'name another' if zone else 'if clocks change on that day, name their'} zone with --tz, such as --tz "
        raise part.column.error(int(rows[at]), message, f"{hint}{_OTHER_ZONE if zone else CHANGES[1]}")
    if zone is None:
        return None
    instants = to_instants(dates.astype("datetime64[us]"), zone)[place] + times[1].astype("timedelta64[us]")
    text_format = part.text_format if slots else f"{ENDS}{SLOT}1/24"
    if tz is not None:
        return instants, zone, text_format, ()
    changed = sorted({int(length // step) for length in lengths[lengths_in(dates, zone) != DAY]})
    note = f"days of {' and '.join(map(str, changed))} parts are those on which the clocks of {zone} change: the parts "
    return instants, zone, text_format, (warning(f"{note}are counted so; another zone is named with --tz"),)


def lengths_in(dates: Micros, zone: str) -> Micros:
    """Microseconds of local days of a zone, shape (n,)."""
    starts = dates.astype("datetime64[us]")
    after = (dates + DAY).astype("datetime64[us]")
    ahead = to_instants(after, zone) - to_instants(starts, zone)
    return ahead.astype("timedelta64[us]").astype(np.int64)


def zone_of_days(dates: Micros, lengths: Micros, tz: str | None, first: str) -> str | None:
    """The zone whose days with a clock change are the days that are an hour longer or shorter; None for no such days.

    Args:
        dates: the days of a table in their order, shape (n,), of which the first and the last may be cut.
        lengths: up to where each of them has rows, in microseconds.
        tz: the only zone that is possible, None for any.
        first: the zone that is most likely.
    """
    if not np.any((lengths == DAY - HOUR) | (lengths > DAY)):
        return None
    inner = np.ones(dates.size, dtype=bool)
    inner[[0, -1]] = lengths[[0, -1]] > DAY
    for zone in (tz,) if tz else dict.fromkeys((first, *CHANGES) if first else CHANGES):
        days = lengths_in(dates, str(zone))
        changed = inner & (days != DAY)
        if changed.any() and np.array_equal(days[changed], lengths[changed]) and np.all(lengths <= days):
            return str(zone)
    return None


def _units(columns: Sequence[Column], date_format: str | None) -> Names:
    """What each column holds: by its name and its first text, else by its place."""
    first, *others = columns
    dated = _is_date(first) or bool(date_format and not first.texts.text(0).strip().isdigit())
    units = ["date" if dated else unit_of(first.name), *(_unit_beside(column, dated) for column in others)]
    by_place = ("date", *_ORDER[3:]) if dated else _ORDER
    if dated and len(columns) > len(by_place):
        message = f"{len(others)} columns beside a date make no time"
        raise OptionError(message, hint="give hour, minute and second")
    if None in units and len(columns) <= len(by_place):
        placed = by_place[: len(columns)]
        agree = all(unit in (None, place) for unit, place in zip(units, placed, strict=True))
        units = list(placed) if agree else units
    if {"clock" if unit == "slot" else unit for unit in units} not in _CHAINS or None in units:
        names = listed([column.name for column in columns])
        raise OptionError(
            f"the columns {names} make no time",
            hint="give year, month and so on without leaving one out, or a date and a time of day",
        )
    return tuple(str(unit) for unit in units)


def _unit_beside(column: Column, dated: bool) -> str | None:
    unit = unit_of(column.name)
    colons = sum(":" in text for text in column.texts.texts[:_TRIAL_TEXTS])
    if reads_as_clock(column) or 2 * colons > len(column.texts.texts[:_TRIAL_TEXTS]):
        return "clock"
    if unit == "slot":
        return _unit_of_prefix(column) or unit
    return None if dated and unit not in ("hour", "minute", "second") else unit


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


def _read_part(column: Column, unit: str, zero_led: bool, known: str, *, beside: bool) -> _Part:
    texts = [text.strip() for text in column.texts.texts]
    if unit in ("clock", "slot"):
        read = read_clock if unit == "clock" else read_slots
        found = read(column.name, texts, slot_of(known) if unit == "slot" and known else None)
        return _checked(column, unit, found)
    if unit == "month" and texts[0][:1].isalpha() and not any(map(str.isdigit, texts[0])):
        numbers = month_numbers(texts)
        return _checked(column, unit, ClockTexts(month_directive(texts), numbers, numbers == 0))
    numbered = numbers_after_prefix(texts)
    digits, prefix = (numbered.digits, numbered.prefix) if numbered else (texts, "")
    text_format = _DIRECTIVES[unit]
    # What has two digits in every row tells nothing of the zeros by itself.
    if unit in _PADDED:
        alone = all(len(text) > 1 for text in digits)
        padded = alone and (zero_led or bool(prefix))
        text_format = text_format if padded else f"%-{text_format[1]}"
    numbers = np.array([int(text) if re.fullmatch("[0-9]{1,4}", text) else -1 for text in digits], dtype=np.int64)
    least, most = _RANGES[unit]
    notes: tuple[Note, ...] = ()
    text_format = prefix.replace("%", "%%") + text_format
    if unit == "hour" and (known.startswith(ENDS) or _end_of_hour(column.name, numbers)):
        text_format = ENDS + text_format
        notes = (info(f"the hours of '{column.name}' are the ends of hours: 24 is the midnight after the day"),)
        most += beside  # where clocks go back
    if unit == "week":
        notes = (info("weeks are those of ISO 8601 and stand for their Monday"),)
    return _checked(column, unit, ClockTexts(text_format, numbers, (numbers < least) | (numbers > most), notes))


def _end_of_hour(name: str, hours: Micros) -> bool:
    return bool(np.all(hours != 0)) and (bool(np.any(hours >= 24)) or says_ending(name))


def _checked(column: Column, unit: str, found: ClockTexts) -> _Part:
    """The part of a time, or the error of its first text that is none."""
    if not found.bad.any():
        return _Part(column, "clock" if unit == "slot" else unit, found.text_format, found.numbers, found.notes)
    index = int(np.argmax(found.bad))
    text = column.texts.texts[index].strip()
    name = {"clock": "time of day", "slot": "period of the day"}.get(unit, unit)
    what = "a time of day like the rest" if unit == "clock" else f"{'an' if unit == 'hour' else 'a'} {name}"
    if unit in _RANGES:
        least, most = _RANGES[unit]
        what += f" from {least} to {most}"
    message = f"'{text}' is not {what}" if text else f"the {name} is missing"
    hint = found.hint or _HINTS.get(unit, "correct it, or name the time column with --time-col")
    raise column.error(column.texts.first_row(index), message, hint)


def _combined(columns: Sequence[TextColumn]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """A number for each combination of texts, of shape (rows,), and the first row of each number."""
    codes = columns[0].codes.astype(np.int64)
    for cells in columns[1:]:
        codes = pd.factorize(codes * len(cells.texts) + cells.codes)[0]
    return codes.astype(np.int32), np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))


def _wall(parts: Sequence[_Part], rows: NDArray[np.int64]) -> Stamps:
    """The clock that the parts of some rows show."""
    by_unit = {part.unit: part.numbers[part.column.texts.codes[rows]] for part in parts}
    column_of = {part.unit: part.column for part in parts}
    if "date" in by_unit:
        day = by_unit.pop("date").astype("datetime64[us]")
    elif "week" in by_unit:
        day = _mondays(by_unit.pop("year"), by_unit.pop("week"), column_of["week"], rows)
    else:
        month = by_unit.pop("month") if "month" in by_unit else 3 * by_unit.pop("quarter") - 2
        year = by_unit.pop("year")
        start = (12 * (year - 1970) + month - 1).astype("datetime64[M]")
        ahead = (by_unit.pop("day", np.ones_like(year)) - 1).astype("timedelta64[D]")
        day = start.astype("datetime64[D]") + ahead
        beyond = day.astype("datetime64[M]") != start
        if beyond.any():
            at = int(np.argmax(beyond))
            message = f"{start[at]} has no day {int(ahead[at].astype(np.int64)) + 1}"
            raise column_of["day"].error(int(rows[at]), message, "correct it, or leave the row out")
    clock = by_unit.pop("clock", np.zeros(rows.size, dtype=np.int64))
    for unit, count in by_unit.items():
        clock = clock + count * _MICROS[unit]
    beyond = clock > DAY
    if beyond.any():
        raise column_of["hour"].error(int(rows[np.argmax(beyond)]), "the time is later than 24:00", "correct it")
    return day.astype("datetime64[us]") + clock.astype("timedelta64[us]")


def _mondays(year: Micros, week: Micros, column: Column, rows: NDArray[np.int64]) -> Stamps:
    monday = first_monday(year) + (7 * (week - 1)).astype("timedelta64[D]")
    beyond = monday >= first_monday(year + 1)
    if beyond.any():
        at = int(np.argmax(beyond))
        hint = "a year has 52 or 53 ISO weeks: write the day on which each week begins"
        raise column.error(int(rows[at]), f"{year[at]} has no week {week[at]}", hint)
    return monday.astype("datetime64[us]")
