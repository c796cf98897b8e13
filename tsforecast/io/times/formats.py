"""The formats of dates that are known, and both ways between texts in a format and time stamps.

The shape of a text has `0` for every digit and `A` for every letter: `2024-01-31T06:00Z` has `0000-00-00A00:00A`. Small
letters stand for words: `d` for a weekday, `z` for a mark of summer time, others as in `periods`. The shapes of a
column tell which formats it may be written in; nothing is guessed row by row.

Beside the directives of strftime there are those of `notation`. `epoch-s`, `epoch-ms`, `epoch-us` and `epoch-ns` are
numbers since 1970 in UTC, `excel` is days since 1899-12-30. Writing stamps does without pandas, whose import takes a
second.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.times import zones
from tsforecast.io.times.counts import EPOCHS as EPOCHS
from tsforecast.io.times.counts import EXCEL as EXCEL
from tsforecast.io.times.counts import stamps_of_excel_days, stamps_since_1970, write_excel_days, write_since_1970
from tsforecast.io.times.day_parts import ENDS, SLOT, is_day_part, is_number_of_day, slot_of, write_day_parts
from tsforecast.io.times.decimal_years import is_decimal_year, stamps_of_decimal_years, write_decimal_years
from tsforecast.io.times.months import in_english, month_numbers
from tsforecast.io.times.notation import AFTER_WEEKDAY, INTERVAL, ODD_BLANKS, OPTIONAL, plain, write
from tsforecast.io.times.periods import (
    LETTERS,
    is_period,
    mark_words,
    period_formats,
    stamps_of_fiscal_years,
    stamps_of_periods,
)
from tsforecast.io.times.shape_tables import CLOCKS, DAYS, LONG_PERIODS, NUMBERS, TIMES
from tsforecast.io.times.weekdays import split, weekdays_of
from tsforecast.series.frequency import DAY, Frequency, Stamps
from tsforecast.series.panel import Schema

ISO = "iso"
YEAR = "%Y"
COMPACT_DAY = "%Y%m%d"
STEP = "step"  # whole numbers that count steps: microseconds since 1970, of which nobody is told

# What ends a time in UTC.
UTC_ENDS = ("Z", "UTC", "GMT")

# Texts and numbers that hold a year and a part of it, and that codes and quantities may look like.
DOUBTFUL_NUMBERS = ("%G%V", "%Y%j", "%Y-%j", "%Y0%m", "%Y-0%m", "%Y.0%m", "0%m.%Y")

# Numbers that hold a year, or a year and a month, week or day.
WRITTEN_NUMBERS = ("%Y.0", "%Y.%m", "%m.%Y", "%Y%m", *DOUBTFUL_NUMBERS)

# Parts of a time that are written like any other whole number.
COUNTS = ("%Y", "%q", "%-m", "%-d", "%-H", "%-M", "%-S")

# Numbers are taken for dates, without being told so, where they all lie in these years.
_FIRST_COUNTED_YEAR, _LAST_COUNTED_YEAR = 1990, 2100
_FIRST_WRITTEN_YEAR = 1800  # of years that are written out in the number
_NOT_A_TIME = np.datetime64("NaT", "us")

_OFFSET = re.compile("%:?[zZ]|Z$")
_QUARTER_MARK, _HALF_MARK, _OFFSET_MARK = "\1", "\2", "\3"
_WEEKDAY_MARK, _ZONE_MARK = "\x1d", "\x1e"
_SHAPE_OF = bytes.maketrans(
    (string.digits + string.ascii_letters + "".join(map(chr, range(1, len(LETTERS) + 1))) + "\x1d\x1e").encode(),
    (b"0" * len(string.digits) + b"A" * len(string.ascii_letters)) + f"{LETTERS}dz".encode(),
)
_FEW_TEXTS = 200
_BLANKS = str.maketrans(ODD_BLANKS, " " * len(ODD_BLANKS))
_WORD_AND_NUMBERS = re.compile(r"(?:[0-9]{1,4}[ ./-]?)?([^\W\d_]{3,})[ ./-]?(?:[0-9]{2,4})?")
_WEEKDAY_SHAPE = re.compile(r"d(\.?,? )(.+)")
_ISO_SHAPE = re.compile(r"0000-00-00(?:[A ]00:00(?::00(?:\.0{1,9})?)?(?: ?(?:A|[+-]00(?::?00)?))?)?")
_ISO_CLOCK = re.compile(r"00:00(:00)?(\.0+)?")
_ISO_OFFSET_SHAPE = re.compile(r".{11}.*?(?: ?(?:A|[+-]00(?::?00)?))$")

_FORMATS = tuple((re.compile(shape), formats) for shape, formats in LONG_PERIODS) + tuple(
    (re.compile(shape + clock_shape), tuple(text + clock for text in formats))
    for shape, formats in DAYS
    for clock_shape, clock in TIMES
)

_CLOCKS = tuple((re.compile(shape), text_format) for shape, text_format in CLOCKS)
_NUMBERS = tuple((re.compile(shape), formats) for shape, formats in NUMBERS)


def shapes(texts: Sequence[str]) -> list[str]:
    """The shape of each text, months in any language being `AAA`, and `UTC` being `A`."""
    joined = "\0".join(texts)
    shaped = joined.encode().translate(_SHAPE_OF).decode()
    named = "AAA" in shaped or not joined.isascii()
    if named or ("A" in shaped and not _ISO_SHAPE.fullmatch(shaped.partition("\0")[0])):
        marked = _marked(joined.translate(_BLANKS) if not joined.isascii() else joined)
        english = "\0".join(in_english(marked.split("\0"))) if named else marked
        # In a long column the first texts show whether there are words.
        if len(texts) <= _FEW_TEXTS or mark_words(head := "\0".join(texts[:_FEW_TEXTS])) != head:
            english = mark_words(english)
        shaped = english.encode().translate(_SHAPE_OF).decode()
    return shaped.split("\0") if texts else []


def _marked(joined: str) -> str:
    """Texts joined by NUL, with marks for the weekdays that they begin with and the zone marks that they end in."""
    texts = joined.split("\0")
    if any(text[:1].isalpha() for text in texts[:_FEW_TEXTS]):
        joined = "\0".join(map(_marked_weekday, texts))
    if not any(f" {name}" in joined for name in zones.MARK_NAMES):
        return joined
    paired = "BST" in joined  # else GMT is UTC
    return zones.MARK.sub(lambda mark: _ZONE_MARK if paired or mark[0] != " GMT" else mark[0], joined)


def _marked_weekday(text: str) -> str:
    """A text with a mark for the weekday that it begins with."""
    if not text[:1].isalpha() or not (found := split(text)):
        return text
    return _WEEKDAY_MARK + re.sub("^[^., ]+", "", found[1]) + found[2]


@lru_cache(maxsize=4096)
def formats_of(shape: str) -> tuple[str, ...]:
    """The formats that a text of this shape may be written in; `(ISO,)` for ISO 8601, empty for no date."""
    if _ISO_SHAPE.fullmatch(shape):
        return (ISO,)
    for pattern, formats in _FORMATS:
        if pattern.fullmatch(shape):
            return formats
    if formats := period_formats(shape):
        return formats
    if "z" in shape:
        return formats_of(shape.replace("z", "", 1))
    if weekday := _WEEKDAY_SHAPE.fullmatch(shape):
        dates = _spelled_out(weekday[2], formats_of(weekday[2]))
        return tuple(f"%a{weekday[1]}{text_format}" for text_format in dates if "%d" in plain(text_format))
    begin, interval, end = shape.partition(" - ")
    if not interval or (formats := formats_of(begin)) != formats_of(end):
        return ()
    formats = _spelled_out(begin, formats)
    return tuple(f"{text_format}{INTERVAL}{text_format}" for text_format in formats)


def _spelled_out(shape: str, formats: tuple[str, ...]) -> tuple[str, ...]:
    """Formats of a shape, with ISO 8601 as that of strftime; none where it has an offset."""
    if formats != (ISO,):
        return formats
    return () if has_offset(shape) else (iso_format(shape.replace("A", "T"), shape),)


def clock_format(shape: str) -> str | None:
    """The format of a time of day of this shape; None for any other text."""
    return next((text_format for pattern, text_format in _CLOCKS if pattern.fullmatch(shape)), None)


@lru_cache(maxsize=4096)
def number_formats_of(shape: str) -> tuple[str, ...]:
    """The formats that a number of this shape is a date in, if it is one: such as `epoch-s` for ten digits."""
    return next((formats for pattern, formats in _NUMBERS if pattern.fullmatch(shape)), ())


def common_number_formats(all_shapes: Sequence[str]) -> tuple[str, ...]:
    """The formats in which numbers of all these shapes may be dates."""
    several = [number_formats_of(shape) for shape in dict.fromkeys(all_shapes)]
    return tuple(text for text in several[0] if all(text in formats for formats in several)) if several else ()


@lru_cache(maxsize=4096)
def has_offset(shape: str) -> bool:
    """Whether an ISO shape ends in `Z` or an offset such as `+05:30`."""
    return _ISO_OFFSET_SHAPE.fullmatch(shape) is not None


def is_stamp_like(text: str) -> bool:
    """Whether a text is shaped like a date and is no plain number; 2020Jan is one, and the code 1234ABC is none."""
    if text.isdigit() or is_code(text):
        return False
    (shape,) = shapes([text])
    return bool(formats_of(shape))


def is_code(text: str) -> bool:
    """Whether a text is a word beside a number, as Jan 2020 is, and the word names no month."""
    worded = _WORD_AND_NUMBERS.fullmatch(text)
    return worded is not None and not month_numbers([worded[1]])[0]


def iso_format(text: str, shape: str) -> str:
    """The strftime format of an ISO 8601 text; `%:z` stands for an offset such as `+05:30`."""
    if len(text) <= 10:
        return "%Y-%m-%d"
    written = _ISO_CLOCK.match(shape, 11)
    seconds, fraction = (written[1], written[2]) if written else (":00", ".000000")
    digits = len(fraction or "") - 1
    clock = f"%H:%M{'' if seconds is None else ':%S'}{_fraction(digits)}"
    if not has_offset(shape):
        return f"%Y-%m-%d{text[10]}{clock}"
    name = re.split("[0-9]", text)[-1].upper()
    return f"%Y-%m-%d{text[10]}{clock}{name if shape.endswith('A') else '%:z'}"


def _fraction(digits: int) -> str:
    return "" if digits < 1 else ".%f" if digits == 6 else f".%{digits}f"


def is_count(text_format: str) -> bool:
    """Whether a part of a time is written like any other whole number."""
    inner = text_format.removeprefix(ENDS)
    return inner in COUNTS or is_number_of_day(inner)


def format_stamps(stamps: Stamps, schema: Schema, frequency: Frequency) -> list[list[str]]:
    """Write stamps as the user wrote them.

    Args:
        stamps: as a panel counts them, shape (n,): UTC for sub-daily steps of a zoned table, else the wall clock.
        schema: formats and zone.
        frequency: the panel's.

    Returns:
        The n texts of each time column.

    Raises:
        DataError: a stamp lies beyond the year 9999.
    """
    moments = stamps.astype("datetime64[us]").tolist()
    if not all(isinstance(moment, datetime) for moment in moments):
        raise DataError("the times go beyond the year 9999", hint="forecast fewer steps")
    return [_format(stamps, moments, text_format, schema.time_zone, frequency) for text_format in schema.time_formats]


def readable_stamps(stamps: Stamps, schema: Schema, frequency: Frequency) -> list[str]:
    """Write stamps for a message: as the user wrote them, or as dates where these were numbers or several columns."""
    text_format = schema.time_formats[0]
    if text_format.startswith(ENDS):
        schema = replace(schema, time_formats=tuple(text.removeprefix(ENDS) for text in schema.time_formats))
    if len(schema.time_formats) > 1 or text_format == EXCEL or text_format in EPOCHS:
        schema = replace(schema, time_formats=("%Y-%m-%d %H:%M:%S" if frequency.sub_daily else "%Y-%m-%d",))
    return format_stamps(stamps, schema, frequency)[0]


def _format(
    stamps: Stamps, moments: list[datetime], text_format: str, zone: str | None, frequency: Frequency
) -> list[str]:
    begin, interval, end = text_format.partition(INTERVAL)
    if interval:
        begins = _format(stamps, moments, begin, zone, frequency)
        later = frequency.stamps(frequency.ordinals(stamps)[0] + 1)
        ends = _format(later, later.astype("datetime64[us]").tolist(), end, zone, frequency)
        return [" - ".join(pair) for pair in zip(begins, ends, strict=True)]
    if is_decimal_year(text_format):
        return write_decimal_years(moments, text_format)
    if found := zones.MARKS_IN_FORMAT.search(text_format):
        return _with_zone_marks(stamps, text_format, (found[1], found[2]), zone, frequency)
    marked = text_format.replace("%q", _QUARTER_MARK).replace("%:h", _HALF_MARK).replace("%:z", _OFFSET_MARK)
    if marked in EPOCHS:
        instants = stamps if frequency.sub_daily or not zone else zones.to_instants(stamps, zone)
        return write_since_1970(instants, marked)
    offsets: Sequence[timedelta | None] = [None] * len(moments)
    if zone and frequency.sub_daily:
        clocks = [moment.replace(tzinfo=UTC).astimezone(zones.find_zone(zone)) for moment in moments]
        moments, offsets = [clock.replace(tzinfo=None) for clock in clocks], [clock.utcoffset() for clock in clocks]
    elif zone and _OFFSET_MARK in marked:
        offsets = (stamps - zones.to_instants(stamps, zone)).tolist()
    if zone and frequency.sub_daily and SLOT in text_format:
        return counted_slots(stamps, text_format, zone)
    if is_day_part(text_format):
        return write_day_parts(moments, text_format, sub_daily=frequency.sub_daily)
    if marked == STEP:
        return [str(count) for count in stamps.astype("datetime64[us]").astype(np.int64).tolist()]
    if marked == EXCEL:
        return write_excel_days(moments)
    texts = write(moments, marked)
    if _QUARTER_MARK in marked:
        quarters = [str((moment.month + 2) // 3) for moment in moments]
        texts = [text.replace(_QUARTER_MARK, quarter) for text, quarter in zip(texts, quarters, strict=True)]
    if _HALF_MARK in marked:
        halves = [str((moment.month + 5) // 6) for moment in moments]
        texts = [text.replace(_HALF_MARK, half) for text, half in zip(texts, halves, strict=True)]
    if _OFFSET_MARK in marked and zone:
        names = [zones.offset_name(np.timedelta64(offset)).removeprefix(zones.UTC) or "+00:00" for offset in offsets]
        texts = [text.replace(_OFFSET_MARK, name) for text, name in zip(texts, names, strict=True)]
    return texts


def counted_slots(stamps: Stamps, text_format: str, zone: str) -> list[str]:
    """The numbers of the parts of the local day that begin, or for ends of parts end, at instants, shape (n,)."""
    origin, per_day = slot_of(text_format)
    length = np.timedelta64(DAY // per_day, "us")
    begins = stamps - length if text_format.startswith(ENDS) else stamps
    midnights = zones.to_wall(begins, zone).astype("datetime64[D]").astype("datetime64[us]")
    numbers = origin + (begins - zones.to_instants(midnights, zone)) // length
    return [str(number) for number in numbers.astype(np.int64).tolist()]


def _with_zone_marks(
    stamps: Stamps, text_format: str, names: tuple[str, str], zone: str | None, frequency: Frequency
) -> list[str]:
    """Texts with the marks of winter and of summer time."""
    instants = stamps if not zone or frequency.sub_daily else zones.to_instants(stamps, zone)
    summer = zones.are_summer(instants, zone) if zone else np.zeros(stamps.size, dtype=bool)
    marked = zones.MARKS_IN_FORMAT.sub(_ZONE_MARK, text_format)
    texts = _format(stamps, stamps.astype("datetime64[us]").tolist(), marked, zone, frequency)
    return [text.replace(_ZONE_MARK, names[late]) for text, late in zip(texts, summer.tolist(), strict=True)]


def stamps_in_format(texts: list[str], text_format: str) -> Stamps:
    """Read texts without blanks round them in one format: datetime64[us], NaT where a text does not follow it.

    Raises:
        OptionError: it is not a strftime format without an offset.
    """
    from tsforecast.io.times.far_years import to_datetimes

    begin, interval, _ = text_format.partition(INTERVAL)
    if interval:
        return stamps_in_format([text.partition(" - ")[0] for text in texts], begin)
    if text_format in EPOCHS:
        return stamps_since_1970(texts, EPOCHS[text_format])
    if text_format == STEP:
        return stamps_since_1970(texts, EPOCHS["epoch-us"])
    if text_format == EXCEL:
        return stamps_of_excel_days(texts)
    if is_decimal_year(text_format):
        return stamps_of_decimal_years(texts, text_format)
    if OPTIONAL.search(text_format):
        timed = stamps_in_format(texts, OPTIONAL.sub(r"\1", text_format))
        return np.where(np.isnat(timed), stamps_in_format(texts, OPTIONAL.sub("", text_format)), timed)
    read = plain(text_format)
    if weekday := AFTER_WEEKDAY.fullmatch(read):
        return _after_weekdays(texts, weekday[2])
    if "%+" in read:
        return stamps_of_fiscal_years(texts, read)
    if is_period(read):
        return stamps_of_periods(texts, read)
    if _OFFSET.search(text_format):
        raise OptionError(f"the date format {text_format} has an offset", hint="write times with offsets as ISO 8601")
    if not all(map(str.isascii, texts)):
        texts = [text.translate(_BLANKS) for text in texts]
        read = read.translate(_BLANKS)
    if "%e" in text_format:
        texts = [re.sub(" +", " ", text) for text in texts]
    if "%b" in read:
        texts = in_english(texts)
    try:
        parsed = to_datetimes(texts, read)
    except ValueError as error:
        raise OptionError(f"{text_format} is not a date format: {error}") from None
    return parsed.to_numpy("datetime64[us]")


def _after_weekdays(texts: list[str], text_format: str) -> Stamps:
    """Dates behind their weekday, in a format without it; NaT where the weekday is that of another date."""
    parts = [split(text) or (-1, "", "") for text in texts]
    stamps = stamps_in_format([date for _, _, date in parts], text_format)
    weekdays = np.array([number for number, _, _ in parts], dtype=np.int64)
    return np.where(weekdays_of(stamps) == weekdays, stamps, _NOT_A_TIME)


def years_of(stamps: Stamps) -> NDArray[np.int64]:
    """The year of each stamp, shape (n,)."""
    return stamps.astype("datetime64[Y]").astype(np.int64) + 1970


def within_counted_years(stamps: Stamps, text_format: str = EXCEL) -> NDArray[np.bool_]:
    """Whether each stamp lies in the years that numbers in a format are taken for dates in, shape (n,)."""
    years = years_of(stamps)
    first = _FIRST_COUNTED_YEAR if text_format in EPOCHS or text_format == EXCEL else _FIRST_WRITTEN_YEAR
    return ~np.isnat(stamps) & (years >= first) & (years <= _LAST_COUNTED_YEAR)
