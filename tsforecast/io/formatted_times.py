"""Texts in one known format to time stamps: strftime, quarters, ISO weeks, numbers since 1970, days of Excel."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.frequency import DAY, SECOND, Stamps
from tsforecast.io.time_formats import EPOCHS, EXCEL

# Numbers are taken for dates, without being told so, where they all lie in these years.
FIRST_COUNTED_YEAR, LAST_COUNTED_YEAR = 1990, 2100
_NOT_A_TIME = np.datetime64("NaT", "us")
_EXCEL_ORIGIN = np.datetime64("1899-12-30", "us")
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
    if text_format in EPOCHS:
        return _since_1970(texts, EPOCHS[text_format])
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


def _since_1970(texts: list[str], unit: int) -> Stamps:
    """Whole numbers of `unit` nanoseconds; what is finer than a microsecond is no time that is known here."""
    whole = np.array([text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20 for text in texts])
    numbers = pd.Series(np.where(whole, texts, "0"), dtype=object).map(int)
    largest = min(_LAST_SECOND * (SECOND * 1000 // unit), np.iinfo(np.int64).max)
    known = whole & (numbers.abs() <= largest).to_numpy(dtype=bool)
    counts = numbers.where(known, 0).to_numpy(np.int64)
    micros, rest = (counts * (unit // 1000), 0 * counts) if unit >= 1000 else np.divmod(counts, 1000 // unit)
    return np.where(known & (rest == 0), micros.astype("datetime64[us]"), _NOT_A_TIME)


def _excel_days(texts: list[str]) -> Stamps:
    """Days since 1899-12-30, to the second, which is as much as their decimals hold."""
    days = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64)
    known = (days >= _FIRST_SERIAL) & (days <= _LAST_SERIAL)
    seconds = np.round(np.where(known, days, 0.0) * (DAY // SECOND)).astype(np.int64)
    return np.where(known, _EXCEL_ORIGIN + (seconds * SECOND).astype("timedelta64[us]"), _NOT_A_TIME)


def _periods(texts: list[str], text_format: str) -> Stamps:
    """The first day of quarters and of ISO weeks, or a named day of these."""
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
