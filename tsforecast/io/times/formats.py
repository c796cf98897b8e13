"""The formats of dates that are known, and both ways between texts in a format and time stamps.

The shape of a text has `0` for every digit and `A` for every letter: `2024-01-31T06:00Z` has `0000-00-00A00:00A`. The
shapes of a column tell which formats it may be written in; nothing is guessed row by row.

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
from tsforecast.io.times.day_parts import ENDS, SLOT, is_day_part, is_number_of_day, slot_of, write_day_parts
from tsforecast.io.times.months import in_english
from tsforecast.io.times.notation import INTERVAL, plain, write
from tsforecast.io.times.shape_tables import DAYS, LONG_PERIODS, TIMES
from tsforecast.series.frequency import DAY, SECOND, Frequency, Stamps
from tsforecast.series.panel import Schema

ISO = "iso"
YEAR = "%Y"
COMPACT_DAY = "%Y%m%d"
EXCEL = "excel"
STEP = "step"  # whole numbers that count steps: microseconds since 1970, of which nobody is told

EPOCH_DECIMAL = "epoch-s.0"  # seconds with one decimal

# Nanoseconds in the unit of each kind of number since 1970.
EPOCHS = {"epoch-s": 10**9, EPOCH_DECIMAL: 10**9, "epoch-ms": 10**6, "epoch-us": 10**3, "epoch-ns": 1}

# What ends a time in UTC.
UTC_ENDS = ("Z", "UTC", "GMT")

# Numbers that hold a year, or a year and a month.
WRITTEN_NUMBERS = ("%Y.0", "%Y.%m", "%m.%Y", "%Y%m")

# Parts of a time that are written like any other whole number.
COUNTS = ("%Y", "%q", "%-m", "%-d", "%-H", "%-M", "%-S")

# Numbers are taken for dates, without being told so, where they all lie in these years.
_FIRST_COUNTED_YEAR, _LAST_COUNTED_YEAR = 1990, 2100
_FIRST_WRITTEN_YEAR = 1800  # of years that are written out in the number
_NOT_A_TIME = np.datetime64("NaT", "us")

# Before March 1900 Excel counts a 29 February that did not exist.
_EXCEL_ORIGIN, _FIRST_EXCEL_DAY, _LAST_EXCEL_DAY, _EXCEL_DECIMALS = datetime(1899, 12, 30), 61, 2_958_465, 10
_LAST_SECOND = 253_402_300_799  # of the year 9999
_OFFSET = re.compile("%:?[zZ]|Z$")
_QUARTER_MARK, _OFFSET_MARK = "\1", "\2"
_PERIOD_FIELDS = {
    "%Y": "(?P<year>[0-9]{4})",
    "%G": "(?P<year>[0-9]{4})",
    "%q": "(?P<part>[1-4])",
    "%V": "(?P<part>[0-9]{2})",
    "%u": "(?P<day>[1-7])",
}
_SHAPE_OF = bytes.maketrans(
    (string.digits + string.ascii_letters).encode(),
    b"0" * len(string.digits) + b"A" * len(string.ascii_letters),
)
_ISO_SHAPE = re.compile(r"0000-00-00(?:[A ]00:00(?::00(?:\.0{1,9})?)?(?: ?(?:A|[+-]00(?::?00)?))?)?")
_ISO_CLOCK = re.compile(r"00:00(:00)?(\.0+)?")
_ISO_OFFSET_SHAPE = re.compile(r".{11}.*?(?: ?(?:A|[+-]00(?::?00)?))$")

_FORMATS = tuple((re.compile(shape), formats) for shape, formats in LONG_PERIODS) + tuple(
    (re.compile(shape + clock_shape), tuple(text + clock for text in formats))
    for shape, formats in DAYS
    for clock_shape, clock in TIMES
)

_CLOCKS = tuple(
    (re.compile(shape), text_format)
    for shape, text_format in (
        ("0{1,2}:00", "%H:%M"),
        ("0{1,2}:00:00", "%H:%M:%S"),
        ("0{1,2}:00 ?AA", "%I:%M %p"),
        ("0{1,2}:00:00 ?AA", "%I:%M:%S %p"),
        (r"0{1,2}\.00", "%H.%M"),
        (r"0{1,2}\.00\.00", "%H.%M.%S"),
    )
)

# Whole numbers that are dates by their size only; whether a column may hold them is for the caller to judge.
_NUMBER_FORMATS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("0000[.]0", ("%Y.0",)),
    ("0000[.]00", ("%Y.%m",)),
    ("0{1,2}[.]0000", ("%m.%Y",)),
    (r"00000(\.0+)?", (EXCEL,)),
    ("0{6}", ("%Y%m",)),
    ("0{10}[.]0", (EPOCH_DECIMAL,)),
    ("0{10}[.]0{2,}", ("epoch-s",)),
    ("0{9}", ("epoch-s",)),
    ("0{10}", ("epoch-s", "%Y%m%d%H")),
    ("0{12}", ("epoch-ms", "%Y%m%d%H%M")),
    ("0{13}", ("epoch-ms",)),
    ("0{14}", ("%Y%m%d%H%M%S",)),
    ("0{15,16}", ("epoch-us",)),
    ("0{18,19}", ("epoch-ns",)),
)
_NUMBERS = tuple((re.compile(shape), formats) for shape, formats in _NUMBER_FORMATS)


def shapes(texts: Sequence[str]) -> list[str]:
    """The shape of each text, months in any language being `AAA`, and `UTC` being `A`."""
    joined = "\0".join(texts)
    shaped = joined.encode().translate(_SHAPE_OF).decode()
    if "AAA" in shaped or not joined.isascii():
        shaped = "\0".join(in_english(texts)).encode().translate(_SHAPE_OF).decode()
    return shaped.split("\0") if texts else []


@lru_cache(maxsize=4096)
def formats_of(shape: str) -> tuple[str, ...]:
    """The formats that a text of this shape may be written in; `(ISO,)` for ISO 8601, empty for no date."""
    if _ISO_SHAPE.fullmatch(shape):
        return (ISO,)
    for pattern, formats in _FORMATS:
        if pattern.fullmatch(shape):
            return formats
    begin, interval, end = shape.partition(" - ")
    if not interval or (formats := formats_of(begin)) != formats_of(end):
        return ()
    if formats == (ISO,):
        formats = () if has_offset(begin) else (iso_format(begin.replace("A", "T"), begin),)
    return tuple(f"{text_format}{INTERVAL}{text_format}" for text_format in formats)


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
    """Whether a text is shaped like a date and is no plain number."""
    (shape,) = shapes([text])
    return not text.isdigit() and bool(formats_of(shape))


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
    marked = text_format.replace("%q", _QUARTER_MARK).replace("%:z", _OFFSET_MARK)
    if marked in EPOCHS:
        instants = stamps if frequency.sub_daily or not zone else zones.to_instants(stamps, zone)
        micros = instants.astype("datetime64[us]").astype(np.int64)
        if marked == EPOCH_DECIMAL:
            return [f"{count // SECOND}.{count % SECOND * 10 // SECOND}" for count in micros.tolist()]
        return [str(count * 1000 // EPOCHS[marked]) for count in micros.tolist()]
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
        days = [(moment - _EXCEL_ORIGIN) / timedelta(microseconds=DAY) for moment in moments]
        return [f"{day:.{_EXCEL_DECIMALS}f}".rstrip("0").rstrip(".") for day in days]
    texts = write(moments, marked)
    if _QUARTER_MARK in marked:
        quarters = [str((moment.month + 2) // 3) for moment in moments]
        texts = [text.replace(_QUARTER_MARK, quarter) for text, quarter in zip(texts, quarters, strict=True)]
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


def stamps_in_format(texts: list[str], text_format: str) -> Stamps:
    """Read texts without blanks round them in one format: datetime64[us], NaT where a text does not follow it.

    Raises:
        OptionError: it is not a strftime format without an offset.
    """
    import pandas as pd

    begin, interval, _ = text_format.partition(INTERVAL)
    if interval:
        return stamps_in_format([text.partition(" - ")[0] for text in texts], begin)
    if text_format in EPOCHS:
        return _stamps_since_1970(texts, EPOCHS[text_format])
    if text_format == STEP:
        return _stamps_since_1970(texts, EPOCHS["epoch-us"])
    if text_format == EXCEL:
        return _excel_days(texts)
    if "%q" in text_format or "%G" in text_format:
        return _periods(texts, text_format)
    if _OFFSET.search(text_format):
        raise OptionError(f"the date format {text_format} has an offset", hint="write times with offsets as ISO 8601")
    read = plain(text_format)
    if "%+" in read:
        return _fiscal_years(texts, read)
    if "%b" in read:
        texts = in_english(texts)
    try:
        parsed = pd.to_datetime(pd.Series(texts, dtype=object), format=read, errors="coerce")
    except ValueError as error:
        raise OptionError(f"{text_format} is not a date format: {error}") from None
    return parsed.to_numpy("datetime64[us]")


def _fiscal_years(texts: list[str], text_format: str) -> Stamps:
    """The January of the year in which each fiscal year such as 2023-24 begins; NaT where the next one is not."""
    digits = 2 if text_format.endswith("%+y") else 4
    years = [int(text[:4]) if text[:4].isdecimal() and text.isascii() else 0 for text in texts]
    ends = [f"{year + 1:04d}"[-digits:] for year in years]
    fits = [text[5:] == end for text, end in zip(texts, ends, strict=True)]
    starts = _month(np.array(years, dtype=np.int64), np.ones(len(years), dtype=np.int64))
    return np.where(np.array(fits, dtype=bool), starts, _NOT_A_TIME)


def years_of(stamps: Stamps) -> NDArray[np.int64]:
    """The year of each stamp, shape (n,)."""
    return stamps.astype("datetime64[Y]").astype(np.int64) + 1970


def within_counted_years(stamps: Stamps, text_format: str = EXCEL) -> NDArray[np.bool_]:
    """Whether each stamp lies in the years that numbers in a format are taken for dates in, shape (n,)."""
    years = years_of(stamps)
    first = _FIRST_COUNTED_YEAR if text_format in EPOCHS or text_format == EXCEL else _FIRST_WRITTEN_YEAR
    return ~np.isnat(stamps) & (years >= first) & (years <= _LAST_COUNTED_YEAR)


def _stamps_since_1970(texts: list[str], unit: int) -> Stamps:
    """Whole numbers of `unit` nanoseconds; what is finer than a microsecond is no time that is known here."""
    import pandas as pd

    if unit == EPOCHS["epoch-s"] and any("." in text for text in texts):
        return _stamps_with_decimals(texts, unit)
    whole = np.array([text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20 for text in texts])
    numbers = pd.Series(np.where(whole, texts, "0"), dtype=object).map(int)
    largest = min(_LAST_SECOND * (SECOND * 1000 // unit), np.iinfo(np.int64).max)
    known = whole & (numbers.abs() <= largest).to_numpy(dtype=bool)
    counts = numbers.where(known, 0).to_numpy(np.int64)
    micros, rest = (counts * (unit // 1000), 0 * counts) if unit >= 1000 else np.divmod(counts, 1000 // unit)
    return np.where(known & (rest == 0), micros.astype("datetime64[us]"), _NOT_A_TIME)


def _stamps_with_decimals(texts: list[str], unit: int) -> Stamps:
    """Numbers with decimals of `unit` nanoseconds, to the microsecond."""
    parts = [text.partition(".") for text in texts]
    stamps = _stamps_since_1970([whole for whole, _, _ in parts], unit)
    fraction = [int(f"{part[:6]:0<6}") if part.isdecimal() and part.isascii() else 0 for _, _, part in parts]
    good = np.array([not point or (part.isdecimal() and part.isascii()) for _, point, part in parts], dtype=bool)
    good &= np.array([not whole.startswith("-") for whole, _, _ in parts], dtype=bool)
    micros = np.array(fraction, dtype=np.int64) * unit // 10**9
    return np.where(good, stamps + micros.astype("timedelta64[us]"), _NOT_A_TIME)


def _excel_days(texts: list[str]) -> Stamps:
    """Days since 1899-12-30, to the second, which is as much as their decimals hold."""
    import pandas as pd

    days = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64)
    known = (days >= _FIRST_EXCEL_DAY) & (days <= _LAST_EXCEL_DAY)
    seconds = np.round(np.where(known, days, 0.0) * (DAY // SECOND)).astype(np.int64)
    return np.where(
        known, np.datetime64(_EXCEL_ORIGIN, "us") + (seconds * SECOND).astype("timedelta64[us]"), _NOT_A_TIME
    )


def _periods(texts: list[str], text_format: str) -> Stamps:
    """The first day of quarters and of ISO weeks, or a named day of these."""
    import pandas as pd

    pattern = re.escape(text_format)
    for directive, field in _PERIOD_FIELDS.items():
        pattern = pattern.replace(directive, field)
    found = pd.Series(texts, dtype=object).str.extract(re.compile(f"^{pattern}$", re.IGNORECASE))
    matches = found["part"].notna().to_numpy() if "part" in found else np.zeros(len(texts), dtype=bool)
    if "year" not in found or not matches.any():
        return np.full(len(texts), _NOT_A_TIME)
    year, part = (found[name].fillna("1").to_numpy(dtype=str).astype(np.int64) for name in ("year", "part"))
    if "%q" in text_format:
        return np.where(matches, _month(year, 3 * part - 2), _NOT_A_TIME)
    day = found["day"].fillna("1").to_numpy(dtype=str).astype(np.int64) if "day" in found else np.ones_like(year)
    monday = first_monday(year) + (part - 1).astype("timedelta64[W]")
    exists = (part >= 1) & (monday < first_monday(year + 1))
    days = monday + (day - 1).astype("timedelta64[D]")
    return np.where(matches & exists, days.astype("datetime64[us]"), _NOT_A_TIME)


def _month(year: NDArray[np.int64], month: NDArray[np.int64]) -> Stamps:
    return (12 * (year - 1970) + month - 1).astype("datetime64[M]").astype("datetime64[us]")


def first_monday(year: NDArray[np.int64]) -> Stamps:
    """Of ISO week 1, the one that holds 4 January."""
    fourth = _month(year, np.ones_like(year)).astype("datetime64[D]") + np.timedelta64(3, "D")
    return fourth - ((fourth.astype(np.int64) + 3) % 7).astype("timedelta64[D]")
