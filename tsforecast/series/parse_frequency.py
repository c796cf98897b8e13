"""A frequency as the user states it: `15min`, `h`, `2W-MON`, `QE`, `Mon-Sat`, or plain words such as `half-hourly`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import gcd
from typing import Literal

import numpy as np

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.series.frequency import (
    DAY,
    EPOCH_WEEKDAY,
    FIRST_WORKDAY,
    HOUR,
    LAST_WORKDAY,
    MINUTE,
    MONTH_END,
    MONTH_NAMES,
    SECOND,
    WEEK,
    WEEKDAY_NAMES,
    Frequency,
    Stamps,
    on_weekdays,
)
from tsforecast.series.infer_frequency import commonest, month_day

_MOST_STEPS = 1000
_TEXT = re.compile(r"(?:every\s+)?([0-9]{0,4})[\s-]*([A-Za-z]+(?: days| day)?)(?:-([A-Z]{3}))?")

# Name -> kind, step of one.
_UNITS: dict[str, tuple[Literal["fixed", "month", "business"], int]] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("fixed", SECOND)),
    **dict.fromkeys(("min", "minute", "minutes", "minutely"), ("fixed", MINUTE)),
    **dict.fromkeys(("h", "hour", "hours", "hourly"), ("fixed", HOUR)),
    **dict.fromkeys(("d", "day", "days", "daily"), ("fixed", DAY)),
    **dict.fromkeys(("w", "week", "weeks", "weekly"), ("fixed", WEEK)),
    **dict.fromkeys(("b", "business days", "business day", "business"), ("business", 1)),
    **dict.fromkeys(("ms", "me", "bms", "bme", "month", "months", "monthly"), ("month", 1)),
    **dict.fromkeys(("qs", "qe", "bqs", "bqe", "quarter", "quarters", "quarterly"), ("month", 3)),
    **dict.fromkeys(("ys", "ye", "bys", "bye", "year", "years", "yearly", "annual", "annually"), ("month", 12)),
}

# As in pandas, where `MS` is the start of a month: the case of these tells.
_SHORT_UNITS: dict[str, tuple[Literal["fixed", "month", "business"], int]] = {"ms": ("fixed", 1000), "us": ("fixed", 1)}
_SPELLINGS = {"half-hourly": "30min", "quarter-hourly": "15min", "half-yearly": "6MS", "fortnightly": "2W"}
_EDGES = {"ms": 1, "qs": 1, "ys": 1, "me": MONTH_END, "qe": MONTH_END, "ye": MONTH_END}
_EDGES |= dict.fromkeys(("bme", "bqe", "bye"), LAST_WORKDAY) | dict.fromkeys(("bms", "bqs", "bys"), FIRST_WORKDAY)
_FULL_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class StatedFrequency:
    """A step without the place of its grid, as far as the user leaves that open.

    Args:
        kind: as in `Frequency`.
        step: as in `Frequency`.
        text: as it was stated.
        weekday: of steps in weeks, Monday being 0; None where it is not said.
        month: of steps in months, January being 0; None where it is not said.
        day: 1, 31, 32 or 33 for the first, the last day, the last or the first workday of the month; None where it is
            not said.
        weekdays: of steps on chosen weekdays, as the phase of `Frequency`.
    """

    kind: Literal["fixed", "month", "business"]
    step: int
    text: str
    weekday: int | None = None
    month: int | None = None
    day: int | None = None
    weekdays: int = 0

    @property
    def sub_daily(self) -> bool:
        """As in `Frequency`."""
        return self.kind == "fixed" and self.step < DAY

    def matches(self, frequency: Frequency) -> bool:
        """Whether a frequency has this step, and this day where one is stated."""
        same = (self.kind, self.step) == (frequency.kind, frequency.step)
        weekday = (frequency.phase // DAY + EPOCH_WEEKDAY) % 7
        if self.kind == "business":
            return same and self.weekdays == frequency.phase
        return (
            same
            and self.weekday in (None, weekday)
            and self.day in (None, frequency.day)
            and (self.month is None or (self.month - frequency.phase) % gcd(12, self.step) == 0)
        )

    def on(self, stamps: Stamps) -> Frequency:
        """The grid of this step that most of some stamps lie on, shape (n,)."""
        micros = stamps.astype("datetime64[us]").astype(np.int64)
        days, time_of_day = np.divmod(micros, DAY)
        clock = commonest(time_of_day)
        if self.kind == "business":
            return Frequency("business", 1, phase=self.weekdays, time_of_day=clock)
        if self.kind == "fixed":
            if self.weekday is not None:
                fits = micros[(days + EPOCH_WEEKDAY) % 7 == self.weekday]
                micros = fits if fits.size else np.array([self._week_phase(self.weekday) + clock])
            return Frequency("fixed", self.step, phase=commonest(np.mod(micros, self.step)))
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        day = self.day or month_day((days - months.astype("datetime64[D]").astype(np.int64)) + 1, months, share=0) or 1
        numbers = months.astype(np.int64)
        if self.month is not None:
            fits = numbers[(numbers - self.month) % gcd(12, self.step) == 0]
            numbers = fits if fits.size else np.array([self.month])
        return Frequency("month", self.step, phase=commonest(numbers % self.step), day=day, time_of_day=clock)

    def calendar(self, offset: int = 0) -> Frequency:
        """The grid of this step that the calendar gives, whatever the data: buckets begin where days and years do.

        Args:
            offset: microseconds that the local clock is ahead of the one that sub-daily steps are counted on.
        """
        if self.kind == "business":
            return Frequency("business", 1, phase=self.weekdays)
        if self.kind == "fixed":
            weekly = self.step % WEEK == 0
            phase = self._week_phase(self.weekday or 0) if weekly else -offset % self.step if self.sub_daily else 0
            return Frequency("fixed", self.step, phase=phase)
        day = self.day or 1
        last = self.step - 1 if day in (MONTH_END, LAST_WORKDAY) else 0
        phase = last if self.month is None else self.month % self.step
        return Frequency("month", self.step, phase=phase, day=day)

    def _week_phase(self, weekday: int) -> int:
        return ((weekday - EPOCH_WEEKDAY) * DAY) % self.step


def state_frequency(text: str) -> StatedFrequency:
    """Understand a frequency.

    Raises:
        OptionError: no such frequency.
    """
    plain = _SPELLINGS.get(text.strip().lower(), text.strip())
    weekdays = _weekdays(plain)
    if weekdays:
        made = on_weekdays(weekdays)
        return StatedFrequency(
            made.kind,
            made.step,
            text,
            weekday=weekdays.pop() if made.step == WEEK else None,
            weekdays=made.phase if made.kind == "business" else 0,
        )
    found = _TEXT.fullmatch(plain)
    if found is None:
        raise _unknown(text)
    count, name, anchor = int(found[1] or 1), found[2], found[3]
    # `m` is a minute to some and a month to others.
    known = _SHORT_UNITS.get(name) or _UNITS.get(name.lower())
    if known is None or not 1 <= count <= _MOST_STEPS or (known[0] == "business" and count > 1):
        raise _unknown(text)
    kind, unit = known
    stated = StatedFrequency(kind, count * unit, text, day=_EDGES.get(name.lower()) if kind == "month" else None)
    if anchor is None:
        return stated
    if kind == "fixed" and unit == WEEK and anchor in WEEKDAY_NAMES:
        return StatedFrequency(kind, stated.step, text, weekday=WEEKDAY_NAMES.index(anchor))
    if kind == "month" and unit > 1 and anchor in MONTH_NAMES:
        return StatedFrequency(kind, stated.step, text, month=MONTH_NAMES.index(anchor), day=stated.day)
    raise _unknown(text)


def _weekdays(text: str) -> set[int]:
    """The weekdays of a text such as `Mon-Sat` or `Tue,Thu,Sat`, Monday being 0; none where it is no such text."""
    chosen: set[int] = set()
    for part in text.split(","):
        ends = [_weekday(name.strip().lower()) for name in part.split("-")]
        if len(ends) > 2 or None in ends:
            return set()
        first, last = ends[0] or 0, ends[-1] or 0
        chosen |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return chosen


def _weekday(name: str) -> int | None:
    known = (name.upper() in WEEKDAY_NAMES, name in _FULL_WEEKDAYS)
    return WEEKDAY_NAMES.index(name[:3].upper()) if any(known) else None


def _unknown(text: str) -> OptionError:
    words = [name for name in (*_UNITS, *_SPELLINGS) if len(name) > len("min")]
    known = "name it as hourly, daily, weekly, monthly, 15min, 4h, B, Mon-Sat, 2W, MS, ME, QS, QE, YS, YE or the like"
    return OptionError(f"there is no frequency '{text}'", hint=did_you_mean(text.lower(), words, otherwise=known))
