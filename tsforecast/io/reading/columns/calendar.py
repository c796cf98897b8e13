"""A guard for columns of whole numbers that only repeat what the time column says, or count the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.column import words
from tsforecast.io.reading.numbers import CALENDAR
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.series.frequency import Stamps

ROW_NUMBER = "row number"
# As they begin in English, German, French, Spanish, Italian, Portuguese and Dutch.
_WEEKDAYS = (
    "mon tue wed thu fri sat sun die mit don fre sam son lun mar mer jeu ven dim mie mi\u00e9 jue vie sab s\u00e1b dom "
    "gio seg ter qua qui sex maa din woe vri zat zon"
)
_SHORT_WEEKDAYS = "mo tu we th fr sa su di mi do so lu ma me je ve gi wo vr za zo"
_SAMPLE_ROWS = 100
_COUNTED_ROWS = 30  # from so many rows on, a column that counts them may begin anywhere
_JUDGED_ROWS = 100_000
_ZONES = (0, -12, 14)  # the clocks that may be meant are those of these zones, in hours from UTC, or lie between them
Parts = Callable[[str, bool, int], list[NDArray[np.float64]]]


def calendar_parts(stamps: ParsedStamps) -> Parts:
    """A function that returns a part of the calendar, in each way of numbering it.

    Its arguments are the name of the part, whether to return it at each distinct stamp or at the first rows only, and
    how many hours later.
    """
    head = stamps.wall[stamps.codes[:_SAMPLE_ROWS]]

    @cache  # a wide table asks for each of its columns
    def shown(part: str, whole: bool, later: int) -> list[NDArray[np.float64]]:
        return _calendar(pd.DatetimeIndex((stamps.wall if whole else head) + np.timedelta64(later, "h")), part)

    return shown


def repeats(name: str, values: NDArray[np.float64], stamps: ParsedStamps, parts: Parts) -> str | None:
    """What a column merely repeats: a part of the calendar, or the row number; None for a column of its own.

    A part that is the same in every row is believed only of a column of that name: any constant would equal it.
    """
    start = values[:_SAMPLE_ROWS]
    if any(_counts(values, origin) for origin in (0, 1)):
        return ROW_NUMBER
    for part in CALENDAR:
        for way, first in enumerate(parts(part, False, 0)):
            if not np.array_equal(first, start):
                continue
            numbers = parts(part, True, 0)[way]
            varies = np.ptp(numbers) > 0 or part in words(name)
            if varies and np.array_equal(numbers[stamps.codes], values):
                return part
    if values.size >= _COUNTED_ROWS and _counts(values, values[0]):
        return ROW_NUMBER
    if stamps.instants is None or start.size < _SAMPLE_ROWS:
        return None
    found = (part for part in ("hour", "day", "weekday", "month") if _elsewhere(part, values, stamps, parts))
    return next((f"{part} of another time zone" for part in found), None)


def _counts(values: NDArray[np.float64], origin: float) -> bool:
    """Whether values count the rows from a number on."""
    start = values[:_SAMPLE_ROWS]
    return np.array_equal(start, np.arange(start.size) + origin) and np.array_equal(
        values, np.arange(values.size) + origin
    )


def _elsewhere(part: str, values: NDArray[np.float64], stamps: ParsedStamps, parts: Parts) -> bool:
    """Whether a column repeats a part of the calendar as clocks of another time zone show it."""
    for way, first in enumerate(zip(*(parts(part, False, later) for later in _ZONES), strict=True)):
        if not _can_be_shown(part, values[:_SAMPLE_ROWS], first):
            continue
        numbers = [parts(part, True, later)[way] for later in _ZONES]
        if np.ptp(numbers[0]) > 0 and _can_be_shown(part, values, [each[stamps.codes] for each in numbers]):
            return True
    return False


def _can_be_shown(part: str, values: NDArray[np.float64], shown: Sequence[NDArray[np.float64]]) -> bool:
    """Whether clocks of some zone show the values where those of `_ZONES` show these, all of shape (rows,).

    Hours differ from those of the times by a constant, and by one more or less in summer.
    """
    if part != "hour":
        return bool(np.logical_or.reduce([values == each for each in shown]).all())
    if not 0 <= values.min() <= values.max() < 24:
        return False
    apart = np.unique((values - shown[0]) % 24)
    return apart.size == 1 or (apart.size == 2 and np.ptp(apart) in (1, 23))


def _calendar(stamps: pd.DatetimeIndex, part: str) -> list[NDArray[np.float64]]:
    if part == "weekday":
        weekday = np.asarray(stamps.day_of_week, dtype=np.float64)
        return [weekday, weekday + 1, (weekday + 1) % 7, (weekday + 1) % 7 + 1]
    numbers = stamps.isocalendar()["week"] if part == "week" else getattr(stamps, part.replace(" ", "_"))
    return [np.asarray(numbers, dtype=np.float64)]


def depends_on_calendar(values: NDArray[np.integer[Any]], stamps: Stamps) -> bool:
    """Whether a column says no more than the weekday, month, day, hour or time of day of its rows."""
    times = pd.DatetimeIndex(stamps[:_JUDGED_ROWS])
    head = values[:_JUDGED_ROWS].astype(np.int64)
    for part in ("day_of_week", "month", "day", "hour"):
        numbers = np.asarray(getattr(times, part), dtype=np.int64)
        pairs = pd.unique(head * 64 + numbers).size
        if 1 < np.unique(numbers).size == pairs:
            return True
    minutes = np.asarray(60 * times.hour + times.minute, dtype=np.int64)
    pairs = pd.unique(head * 1440 + minutes).size
    return 1 < np.unique(minutes).size == pairs == np.unique(head).size


def are_weekdays(texts: Sequence[str]) -> bool:
    """Whether texts are names or numbers of weekdays, or say whether a day is one of the weekend."""
    words = [text.strip().lower() for text in texts]
    numbers = [word for word in words if word.isdigit()]
    if numbers:
        return len(numbers) == len(words) and all(int(word) <= 7 for word in numbers)
    return all("week" in word or word[:3] in _WEEKDAYS.split() or word in _SHORT_WEEKDAYS.split() for word in words)
