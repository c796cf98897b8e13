"""Time stamps as texts, written the way the user wrote them: the inverse of `parse_stamps`, without pandas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.times import zones
from tsforecast.io.times.formats import EPOCHS, EXCEL
from tsforecast.series.frequency import DAY, SECOND, Frequency, Stamps
from tsforecast.series.panel import BETWEEN_COLUMNS, Schema

_QUARTER_MARK, _OFFSET_MARK = "\1", "\2"
_EXCEL_ORIGIN = datetime(1899, 12, 30)

# Of the days of Excel: a day has 86,400 seconds.
_EXCEL_DECIMALS = 10
# Numbers are taken for dates, without being told so, where they all lie in these years.
FIRST_COUNTED_YEAR, LAST_COUNTED_YEAR = 1990, 2100
_NOT_A_TIME = np.datetime64("NaT", "us")

# Before March 1900 Excel counts a 29 February that did not exist.
_FIRST_SERIAL, _LAST_SERIAL = 61, 2_958_465
_LAST_SECOND = 253_402_300_799  # of the year 9999
_OFFSET = re.compile("%:?[zZ]|Z$")
_FIELDS = {
    "%Y": "(?P<year>[0-9]{4})",
    "%G": "(?P<year>[0-9]{4})",
    "%q": "(?P<part>[1-4])",
    "%V": "(?P<part>[0-9]{2})",
    "%u": "(?P<day>[1-7])",
}
Years = NDArray[np.int64]


def format_stamps(stamps: Stamps, schema: Schema, frequency: Frequency) -> list[str]:
    """Write stamps as the user wrote them.

    Args:
        stamps: as a panel counts them, shape (n,): UTC for sub-daily steps of a zoned table, else the wall clock.
        schema: format and zone.
        frequency: the panel's.

    Returns:
        A text for each; where the parts of the time have columns of their own, a tab stands between them.

    Raises:
        DataError: a stamp lies beyond the year 9999.
    """
    zone, marked = schema.time_zone, schema.time_format.replace("%q", _QUARTER_MARK).replace("%:z", _OFFSET_MARK)
    moments = stamps.astype("datetime64[us]").tolist()
    if not all(isinstance(moment, datetime) for moment in moments):
        raise DataError("the times go beyond the year 9999", hint="forecast fewer steps")
    if marked in EPOCHS:
        return _counts_since_1970(
            stamps if frequency.sub_daily or not zone else zones.to_instants(stamps, zone), marked
        )
    offsets: Sequence[timedelta | None] = [None] * len(moments)
    if zone and frequency.sub_daily:
        clocks = [moment.replace(tzinfo=UTC).astimezone(zones.find_zone(zone)) for moment in moments]
        moments, offsets = [clock.replace(tzinfo=None) for clock in clocks], [clock.utcoffset() for clock in clocks]
    elif zone and _OFFSET_MARK in marked:
        offsets = (stamps - zones.to_instants(stamps, zone)).tolist()
    if marked == EXCEL:
        return [_excel_day(moment) for moment in moments]
    texts = [moment.strftime(marked) for moment in moments]
    if _QUARTER_MARK in marked:
        quarters = [str((moment.month + 2) // 3) for moment in moments]
        texts = [text.replace(_QUARTER_MARK, quarter) for text, quarter in zip(texts, quarters, strict=True)]
    if _OFFSET_MARK in marked and zone:
        texts = [
            text.replace(_OFFSET_MARK, zones.offset_name(np.timedelta64(offset)).removeprefix(zones.UTC) or "+00:00")
            for text, offset in zip(texts, offsets, strict=True)
        ]
    return texts


def readable_stamps(stamps: Stamps, schema: Schema, frequency: Frequency) -> list[str]:
    """Write stamps for a message: as the user wrote them, or as dates where these were numbers or several columns."""
    text_format = schema.time_format
    if BETWEEN_COLUMNS in text_format or text_format == EXCEL or text_format in EPOCHS:
        clock = " %H:%M:%S" if frequency.sub_daily else ""
        schema = replace(schema, time_format=f"%Y-%m-%d{clock}")
    return format_stamps(stamps, schema, frequency)


def _counts_since_1970(instants: Stamps, text_format: str) -> list[str]:
    unit = EPOCHS[text_format]
    return [str(micros * 1000 // unit) for micros in instants.astype("datetime64[us]").astype(np.int64).tolist()]


def _excel_day(moment: datetime) -> str:
    days = (moment - _EXCEL_ORIGIN) / timedelta(microseconds=DAY)
    return f"{days:.{_EXCEL_DECIMALS}f}".rstrip("0").rstrip(".")


def stamps_in_format(texts: list[str], text_format: str) -> Stamps:
    """Read texts in one format.

    Args:
        texts: without blanks round them.
        text_format: one of strftime, of time_formats.EPOCHS, or `excel`.

    Returns:
        datetime64[us], NaT where a text does not follow the format, shape (texts,).

    Raises:
        OptionError: it is not a strftime format without an offset.
    """
    import pandas as pd

    if text_format in EPOCHS:
        return _stamps_since_1970(texts, EPOCHS[text_format])
    if text_format == EXCEL:
        return _excel_days(texts)
    if "%q" in text_format or "%G" in text_format:
        return _periods(texts, text_format)
    if _OFFSET.search(text_format):
        raise OptionError(f"the date format {text_format} has an offset", hint="write times with offsets as ISO 8601")
    try:
        parsed = pd.to_datetime(pd.Series(texts, dtype=object), format=text_format.replace("%-", "%"), errors="coerce")
    except ValueError as error:
        raise OptionError(f"{text_format} is not a date format: {error}") from None
    return parsed.to_numpy("datetime64[us]")


def years_of(stamps: Stamps) -> Years:
    """The year of each stamp, shape (n,)."""
    return stamps.astype("datetime64[Y]").astype(np.int64) + 1970


def within_counted_years(stamps: Stamps) -> NDArray[np.bool_]:
    """Whether each stamp lies in the years that numbers are taken for dates in, shape (n,)."""
    years = years_of(stamps)
    return ~np.isnat(stamps) & (years >= FIRST_COUNTED_YEAR) & (years <= LAST_COUNTED_YEAR)


def _stamps_since_1970(texts: list[str], unit: int) -> Stamps:
    """Whole numbers of `unit` nanoseconds; what is finer than a microsecond is no time that is known here."""
    import pandas as pd

    whole = np.array([text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20 for text in texts])
    numbers = pd.Series(np.where(whole, texts, "0"), dtype=object).map(int)
    largest = min(_LAST_SECOND * (SECOND * 1000 // unit), np.iinfo(np.int64).max)
    known = whole & (numbers.abs() <= largest).to_numpy(dtype=bool)
    counts = numbers.where(known, 0).to_numpy(np.int64)
    micros, rest = (counts * (unit // 1000), 0 * counts) if unit >= 1000 else np.divmod(counts, 1000 // unit)
    return np.where(known & (rest == 0), micros.astype("datetime64[us]"), _NOT_A_TIME)


def _excel_days(texts: list[str]) -> Stamps:
    """Days since 1899-12-30, to the second, which is as much as their decimals hold."""
    import pandas as pd

    days = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64)
    known = (days >= _FIRST_SERIAL) & (days <= _LAST_SERIAL)
    seconds = np.round(np.where(known, days, 0.0) * (DAY // SECOND)).astype(np.int64)
    return np.where(
        known, np.datetime64(_EXCEL_ORIGIN, "us") + (seconds * SECOND).astype("timedelta64[us]"), _NOT_A_TIME
    )


def _periods(texts: list[str], text_format: str) -> Stamps:
    """The first day of quarters and of ISO weeks, or a named day of these."""
    import pandas as pd

    pattern = re.escape(text_format)
    for directive, field in _FIELDS.items():
        pattern = pattern.replace(directive, field)
    found = pd.Series(texts, dtype=object).str.extract(re.compile(f"^{pattern}$", re.IGNORECASE))
    matches = found["part"].notna().to_numpy() if "part" in found else np.zeros(len(texts), dtype=bool)
    if "year" not in found or not matches.any():
        return np.full(len(texts), _NOT_A_TIME)
    year, part = (found[name].fillna("1").to_numpy(dtype=str).astype(np.int64) for name in ("year", "part"))
    if "%q" in text_format:
        return np.where(matches, _month(year, 3 * part - 2), _NOT_A_TIME)
    day = found["day"].fillna("1").to_numpy(dtype=str).astype(np.int64) if "day" in found else np.ones_like(year)
    monday = _first_monday(year) + (part - 1).astype("timedelta64[W]")
    exists = (part >= 1) & (monday < _first_monday(year + 1))
    days = monday + (day - 1).astype("timedelta64[D]")
    return np.where(matches & exists, days.astype("datetime64[us]"), _NOT_A_TIME)


def _month(year: Years, month: Years) -> Stamps:
    return (12 * (year - 1970) + month - 1).astype("datetime64[M]").astype("datetime64[us]")


def _first_monday(year: Years) -> Stamps:
    """Of ISO week 1, the one that holds 4 January."""
    fourth = _month(year, np.ones_like(year)).astype("datetime64[D]") + np.timedelta64(3, "D")
    return fourth - ((fourth.astype(np.int64) + 3) % 7).astype("timedelta64[D]")
