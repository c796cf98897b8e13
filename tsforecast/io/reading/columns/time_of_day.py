"""Columns that hold the time of day beside a date: clocks in any usual form, and numbered parts of the day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.column import Column
from tsforecast.io.messages import Note, info
from tsforecast.io.reading.columns.names import edge_of, is_clock_name, unit_of
from tsforecast.io.times.day_parts import ENDS, HHMM, SLOT
from tsforecast.io.times.formats import clock_format, shapes, stamps_in_format
from tsforecast.series.frequency import DAY, HOUR, MINUTE, Stamps

_NUMBERED = re.compile(r"([^\d%]*?)([0-9]{1,4})")
_LATE = re.compile(r"24([:.]00)+")
_SLOTS = (48, 96, 144, 288, 1440)
_DST_SLOTS = {25: 24, 50: 48, 100: 96}
_NEARLY_ALL = 0.9
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, eq=False)
class ClockTexts:
    """Texts read as a part of a time."""

    text_format: str
    numbers: NDArray[np.int64]  # microseconds since midnight, or the count of the unit, shape (texts,)
    bad: NDArray[np.bool_]  # which texts are none, shape (texts,)
    notes: tuple[Note, ...] = ()
    hint: str = ""  # what to do about the bad ones


@dataclass(frozen=True)
class Numbered:
    """Whole numbers behind one text: `M01`, `HE 5`."""

    prefix: str
    digits: list[str]


def numbers_after_prefix(texts: Sequence[str]) -> Numbered | None:
    """The numbers of texts that all begin alike; None where some do not."""
    found = [_NUMBERED.fullmatch(text) for text in texts]
    prefixes = {match[1] for match in found if match}
    if len(prefixes) != 1 or not all(found):
        return None
    return Numbered(prefixes.pop(), [match[2] for match in found if match])


def clocks_beside(columns: Sequence[Column]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The columns that hold the time of day of a date: a clock, hours with minutes and seconds, or a period.

    Returns:
        Their names, and why each other clock is left out: of several the one that begins a step is its time.
    """
    clocks = [column for column in columns if reads_as_clock(column)]
    if clocks:
        chosen = min(clocks, key=lambda column: ("start", None, "end").index(edge_of(column.name)))
        if len(clocks) == 2 and edge_of(clocks[0].name) == edge_of(clocks[1].name) and _ends(*clocks):
            chosen = clocks[1]
        others = [column for column in clocks if column is not chosen]
        return (chosen.name,), {column.name: _beside_clock(column, chosen) for column in others}
    found: dict[str, str] = {}
    for column in columns:
        unit = unit_of(column.name)
        if unit in ("hour", "minute", "second", "slot") and unit not in found and _counts(column, unit):
            found[unit] = column.name
    if "hour" in found:
        return tuple(found[unit] for unit in ("hour", "minute", "second") if unit in found), {}
    return ((found["slot"],) if "slot" in found else ()), {}


def _beside_clock(column: Column, chosen: Column) -> str:
    ends = edge_of(column.name) == "end" or _ends(column, chosen)
    return end_of(chosen.name) if ends else f"holds another time of day than '{chosen.name}'"


def end_of(name: str) -> str:
    """Why the ends of steps are left out whose beginnings stand in a column."""
    return f"is the end of what '{name}' begins"


def _ends(column: Column, other: Column) -> bool:
    """Whether a clock shows the ends of what another one begins: it is always ahead by the same time."""
    late, early = (read_clock(clock.name, clock.sample()).numbers for clock in (column, other))
    ahead = np.mod(late - early, DAY)
    return bool(np.all(ahead == ahead[0]) and 0 < ahead[0] <= DAY // 2)


def _counts(column: Column, unit: str) -> bool:
    """Whether a sample of a column holds the numbers of a unit, more than one of them."""
    numbered = numbers_after_prefix(column.sample())
    if not numbered or len(column.texts.texts) < 2:
        return False
    numbers = [int(text) for text in numbered.digits]
    most = {"hour": 25, "minute": 59, "second": 59}.get(unit, _SLOTS[-1])
    return max(numbers) <= most and (unit != "slot" or (min(numbers) <= 1 and len(column.texts.texts) > 12))


def reads_as_clock(column: Column) -> bool:
    """Whether a column holds a time of day in every row of a sample."""
    typed, plain = column.typed, column.plain
    named = is_clock_name(column.name)
    if plain is not None and not (named or plain.zero_led):
        return False
    if typed is not None and not isinstance(typed.iloc[0], (str, time)) and not named:
        return False
    sample = column.sample()
    if len(column.texts.texts) < 2:
        return False
    minutes = _compact_minutes(sample)
    if minutes is not None:
        return _is_compact_clock(column, sample, minutes)
    text_format = clock_format(shapes(sample[:1])[0])
    return text_format is not None and not np.isnat(_read_clock(sample, text_format)).any()


def _compact_minutes(texts: Sequence[str]) -> NDArray[np.int64] | None:
    """Minutes since midnight of texts such as 0130 and 130; None where one has other digits."""
    if not all(text.isdigit() and len(text) <= 4 for text in texts):
        return None
    counts = np.array([int(text) for text in texts], dtype=np.int64)
    hours, minutes = np.divmod(counts, 100)
    return None if np.any(minutes > 59) or np.any(counts > 2400) else 60 * hours + minutes


def _is_compact_clock(column: Column, sample: Sequence[str], minutes: NDArray[np.int64]) -> bool:
    """Whether numbers are hours and minutes: they part the day evenly, and are written with four digits or named so."""
    distinct = np.unique(minutes)
    if distinct.size < 2 or distinct[-1] < 60 or max(map(int, sample)) <= 24:
        return False
    step = int(np.gcd.reduce(np.diff(distinct)))
    padded = all(len(text) == 4 for text in sample)
    spread = distinct.size * step >= _DAY_MINUTES // 2 and step >= 5
    return (padded and (spread or is_clock_name(column.name))) or (is_clock_name(column.name) and step % 5 == 0)


def _read_clock(texts: Sequence[str], text_format: str) -> Stamps:
    """Times of day; 24:00 is midnight a day later."""
    late = np.array([_LATE.fullmatch(text) is not None for text in texts], dtype=bool)
    plain = ["00" + text[2:] if is_late else text for text, is_late in zip(texts, late, strict=True)]
    stamps = stamps_in_format(plain, text_format)
    days = stamps.astype("datetime64[D]")
    since = np.where(np.isnat(stamps), np.timedelta64("NaT", "us"), stamps - days)
    return np.datetime64(0, "us") + since + np.where(late, DAY, 0).astype("timedelta64[us]")


def read_clock(name: str, texts: list[str], known: tuple[int, int] | None = None) -> ClockTexts:
    """Times of day such as 13:30, 13.30.00 or 1330, in microseconds since midnight."""
    if all(text.isdigit() for text in texts):
        return _read_compact(name, texts)
    text_format = clock_format(shapes(texts[:1])[0]) or "%H:%M"
    stamps = _read_clock(texts, text_format)
    numbers, bad = stamps.astype(np.int64), np.isnat(stamps)
    return _with_midnight(name, ClockTexts(text_format, numbers, bad))


def _read_compact(name: str, texts: list[str]) -> ClockTexts:
    counts = np.array([int(text) for text in texts], dtype=np.int64)
    hours, minutes = np.divmod(counts, 100)
    text_format = "%H%M" if all(len(text) == 4 for text in texts) else HHMM
    bad = (counts > 2400) | (minutes > 59)
    return _with_midnight(name, ClockTexts(text_format, hours * HOUR + minutes * MINUTE, bad))


def _with_midnight(name: str, found: ClockTexts) -> ClockTexts:
    """Say so where days end at 24:00, and write midnight in that way if none begins at 00:00."""
    late = ~found.bad & (found.numbers == DAY)
    if not late.any():
        return found
    begins = bool(np.any(~found.bad & (found.numbers == 0)))
    note = info(f"24:00 in '{name}' is read as the midnight after the day")
    return ClockTexts(found.text_format if begins else ENDS + found.text_format, found.numbers, found.bad, (note,))


def read_slots(name: str, texts: list[str], known: tuple[int, int] | None = None) -> ClockTexts:
    """Numbered parts of the day by their beginnings, such as settlement periods; hours 1 to 24 by their ends."""
    numbered = numbers_after_prefix(texts)
    digits = numbered.digits if numbered and not numbered.prefix else texts
    counts = np.array([int(text) if text.isdigit() and len(text) <= 4 else -1 for text in digits], dtype=np.int64)
    most = int(counts.max())
    if not known and most in (24, 25) and counts.min() > 0:
        note = info(
            f"the periods of '{name}' are hours 1 to 24 and stand for their ends: 24 is the midnight after the day"
        )
        return ClockTexts(f"{ENDS}%-H", counts * HOUR, counts < 1, (note,))
    origin = 0 if counts.min() == 0 else 1
    per_day = next((size for size in _SLOTS if _NEARLY_ALL * size <= most + 1 - origin <= size), None)
    hint = "name the columns that make the time with --time-col"
    per_day = _DST_SLOTS.get(most, per_day)
    origin, per_day = known or (origin, per_day or _SLOTS[0])
    minutes = _DAY_MINUTES // per_day
    bad = (counts < origin) | (counts >= origin + per_day + (per_day // 24 if origin else 0))
    numbered_so = f"numbered from {origin}, {per_day} a day"
    note = info(f"the periods of '{name}' are {numbered_so}: each stands for the beginning of its {minutes} minutes")
    return ClockTexts(f"{SLOT}{origin}/{per_day}", (counts - origin) * minutes * MINUTE, bad, (note,), hint)
