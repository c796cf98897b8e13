"""A guard for columns of whole numbers that only repeat what the time column says, or count the rows."""

from __future__ import annotations

from collections.abc import Callable
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
_SAMPLE_ROWS = 100
_JUDGED_ROWS = 100_000
Parts = Callable[[str, bool], list[NDArray[np.float64]]]


def calendar_parts(stamps: ParsedStamps) -> Parts:
    """A function that returns a part of the calendar, in each way of numbering it.

    Its arguments are the name of the part, and whether to return it at each distinct stamp or at the first rows only.
    """
    head = pd.DatetimeIndex(stamps.wall[stamps.codes[:_SAMPLE_ROWS]])
    distinct = pd.DatetimeIndex(stamps.wall)
    # A wide table asks for each of its columns.
    return cache(lambda part, whole: _calendar(distinct if whole else head, part))


def repeats(name: str, values: NDArray[np.float64], stamps: ParsedStamps, parts: Parts) -> str | None:
    """What a column merely repeats: a part of the calendar, or the row number; None for a column of its own.

    A part that is the same in every row is believed only of a column of that name: any constant would equal it.
    """
    start = values[:_SAMPLE_ROWS]
    for origin in (0, 1):
        counts = np.array_equal(start, np.arange(start.size) + origin)
        if counts and np.array_equal(values, np.arange(values.size) + origin):
            return ROW_NUMBER
    for part in CALENDAR:
        for way, first in enumerate(parts(part, False)):
            if not np.array_equal(first, start):
                continue
            numbers = parts(part, True)[way]
            varies = np.ptp(numbers) > 0 or part in words(name)
            if varies and np.array_equal(numbers[stamps.codes], values):
                return part
    return None


def _calendar(stamps: pd.DatetimeIndex, part: str) -> list[NDArray[np.float64]]:
    if part == "weekday":
        weekday = np.asarray(stamps.day_of_week, dtype=np.float64)
        return [weekday, weekday + 1, (weekday + 1) % 7, (weekday + 1) % 7 + 1]
    numbers = stamps.isocalendar()["week"] if part == "week" else getattr(stamps, part.replace(" ", "_"))
    return [np.asarray(numbers, dtype=np.float64)]


def depends_on_calendar(values: NDArray[np.integer[Any]], stamps: Stamps) -> bool:
    """Whether a column says no more than the weekday, month, day, hour or minute of its rows."""
    times = pd.DatetimeIndex(stamps[:_JUDGED_ROWS])
    head = values[:_JUDGED_ROWS].astype(np.int64)
    for part in ("day_of_week", "month", "day", "hour", "minute"):
        numbers = np.asarray(getattr(times, part), dtype=np.int64)
        pairs = pd.unique(head * 64 + numbers).size
        if 1 < np.unique(numbers).size == pairs:
            return True
    return False
