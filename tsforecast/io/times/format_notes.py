"""What is said of the format that a time column was found to be in."""

from __future__ import annotations

import numpy as np

from tsforecast.io.messages import Note, info, warning
from tsforecast.io.times.counts import EPOCH_DECIMAL, EPOCHS
from tsforecast.io.times.decimal_years import is_decimal_year
from tsforecast.io.times.formats import COMPACT_DAY, WRITTEN_NUMBERS, years_of
from tsforecast.io.times.notation import INTERVAL, OPTIONAL
from tsforecast.io.times.readings import BARE_WEEKS
from tsforecast.series.frequency import Stamps

CLOSING_ENTRIES = "periods after the twelfth hold closing entries: add them to the twelfth, or leave their rows out"
_UNITS = {
    "epoch-s": "seconds",
    EPOCH_DECIMAL: "seconds",
    "epoch-ms": "milliseconds",
    "epoch-us": "microseconds",
    "epoch-ns": "nanoseconds",
}
_PARTS = {"%m": "months", "%j": "days of a year", "%V": "ISO weeks, each by its Monday"}
_SHARES = {"12": "months", "4": "quarters", "2": "half-years", "365": "days"}


def format_hint(text_format: str) -> str:
    """What a format demands of texts that it does not fit."""
    if text_format in EPOCHS:
        return f"{_UNITS[text_format]} since 1970 are read from 1990 to 2100; others with --date-format {text_format}"
    if "%V" in text_format:
        return "a year has 52 or 53 ISO weeks"
    if "0%m" in text_format:
        return CLOSING_ENTRIES
    if "%a" in text_format:
        return "the weekday has to be that of the date: correct one of the two"
    return ""


def century_note(stamps: Stamps) -> list[Note]:
    """Where a usual reader would take another century than was chosen."""
    years = years_of(stamps)
    usual = np.where(years % 100 < 69, 2000, 1900) + years % 100
    if np.array_equal(years, usual):
        return []
    return [warning(f"years of two digits are read as {years.min()} to {years.max()}, in order and not in the future")]


def format_notes(chosen: str, formats: tuple[str, ...], first: str, reason: str) -> list[Note]:
    """What a format takes for granted.

    Args:
        chosen: the format.
        formats: all that were weighed.
        first: the first text.
        reason: why this one was chosen of several that fit.
    """
    if OPTIONAL.search(chosen):
        said = info("dates without a time of day are read as midnight, and written so")
        return [said, *format_notes(OPTIONAL.sub(r"\1", chosen), formats, first, reason)]
    if "%+" in chosen:
        return [warning(f"'{first}' and the like are read as fiscal years, each by the year in which it begins")]
    if INTERVAL in chosen:
        chosen = chosen.partition(INTERVAL)[0]
        said = info(f"intervals such as '{first}' are read by their beginning")
        return [said, *format_notes(chosen, formats, first, reason)]
    if is_decimal_year(chosen):
        parts, _, phase = chosen.partition("/")[2].partition("+")
        part = _SHARES[parts].rstrip("s")
        way = {"0": "its beginning", "0.5": "its middle"}.get(phase, f"the point {phase} of it")
        return [
            warning(f"numbers such as {first} are read as {_SHARES[parts]}, each {part} by {way} in parts of the year")
        ]
    if chosen in WRITTEN_NUMBERS or chosen in BARE_WEEKS:
        what = next((part for mark, part in _PARTS.items() if mark in chosen), "years")
        return [
            warning(f"{'texts' if '-' in chosen or '/' in chosen else 'numbers'} such as {first} are read as {what}")
        ]
    if chosen in EPOCHS:
        return [warning(f"numbers such as {first} are read as {_UNITS[chosen]} since 1970 in UTC")]
    if chosen.startswith(COMPACT_DAY):
        return [warning(f"whole numbers such as {first} are read as dates")]
    if "%V" in chosen:
        return [info("weeks are those of ISO 8601 and stand for their Monday")] if "%u" not in chosen else []
    if len(formats) > 1 and "%d" in chosen and "%m" in chosen:
        return [warning(f"the dates are read as {chosen}, {reason}")]
    return []
