"""The step of a table: counted in whole steps, continued past its end, named.

A stamp on the grid of a frequency has an *ordinal*, an integer that grows by one per step, so that a gap is a
jump of ordinals and the future is `last + 1, last + 2, ...`. Months, month ends and chosen weekdays are steps on the
calendar; everything else is a fixed number of microseconds. Stamps here carry no zone: sub-daily stamps of a zoned
table are counted in UTC, daily and longer ones as the wall clock shows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tsforecast.arrays import Bool, Int64

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
MONTH_END = 31
LAST_WORKDAY, FIRST_WORKDAY = 32, 33
WORKDAYS = (LAST_WORKDAY, FIRST_WORKDAY)
MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAY_NAMES = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)
_FEWEST_OF_A_RANGE = 3

# Where the last workday of a month is a holiday, the one before it stands in its place; after the first, the next one.
_HOLIDAYS_AT_EDGE = 3

# Length, word, and the name of a step of one.
_UNITS = (
    (WEEK, "week", "weekly"),
    (DAY, "day", "daily"),
    (HOUR, "hour", "hourly"),
    (MINUTE, "minute", "every minute"),
    (SECOND, "second", "every second"),
    (1, "microsecond", "every microsecond"),
)
_ADJECTIVES = {30 * MINUTE: "half-hourly", HOUR: "hourly", DAY: "daily", WEEK: "weekly"}
Stamps = NDArray[np.datetime64]
Ordinals = Int64


@dataclass(frozen=True)
class Frequency:
    """One step of time.

    Args:
        kind: `fixed` steps of microseconds, `month` steps of the calendar, `business` days: chosen weekdays.
        step: length in microseconds, months or business days.
        phase: stamp modulo step for `fixed`, month number modulo step for `month`; for `business` the weekdays as the
            sum of 1 for Monday, 2 for Tuesday, 4 and so on, or 0 for Monday to Friday.
        day: day of the month for `month`; 31 stands for the last day, 32 for the last from Monday to Friday, 33 for
            the first of these.
        time_of_day: microseconds after midnight, for `month` and `business`.
    """

    kind: Literal["fixed", "month", "business"]
    step: int
    phase: int = 0
    day: int = 1
    time_of_day: int = 0

    @property
    def sub_daily(self) -> bool:
        """Whether steps are shorter than a day, so that they are counted in UTC."""
        return self.kind == "fixed" and self.step < DAY

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The weekdays of `business` steps, Monday being 0."""
        return tuple(day for day in range(7) if self.phase >> day & 1) if self.phase else MONDAY_TO_FRIDAY

    @property
    def alias(self) -> str:
        """The pandas name of the frequency, such as `30min`, `W-SUN` or `QS-JAN`; chosen weekdays as in `Mon-Sat`."""
        if self.kind == "business":
            return weekday_range(self.weekdays) if self.phase else "B"
        if self.kind == "month":
            return _month_alias(self)
        if self.step % WEEK == 0:
            weekday = (self.phase // DAY + EPOCH_WEEKDAY) % 7
            return _multiple(self.step // WEEK, f"W-{WEEKDAY_NAMES[weekday]}")
        for unit, name in ((DAY, "D"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"), (1000, "ms")):
            if self.step % unit == 0:
                return _multiple(self.step // unit, name)
        return _multiple(self.step, "us")

    @property
    def name(self) -> str:
        """The frequency in words, such as `hourly` or `every 30 minutes`."""
        if self.kind == "business":
            return weekdays_in_words(self.weekdays) if self.phase else "business days"
        if self.kind == "month":
            words = {1: "monthly", 3: "quarterly", 12: "yearly"}
            return words.get(self.step, f"every {self.step} months")
        if self.step == 1:
            return "numbered steps"
        count, word, name = self._in_words
        return name if count == 1 else f"every {count} {word}s"

    @property
    def adjective(self) -> str:
        """The frequency before a noun, such as `half-hourly` or `15-minute` data."""
        if self.kind == "business":
            return self.alias if self.phase else "business-day"
        if self.kind == "month":
            words = {1: "monthly", 3: "quarterly", 6: "half-yearly", 12: "yearly"}
            return words.get(self.step, f"{self.step}-month")
        count, word, _ = self._in_words
        return _ADJECTIVES.get(self.step, f"{count}-{word}")

    def span(self, count: int) -> str:
        """So many steps in words, such as `12 months`, `48 hours` or `10 business days`."""
        words = {1: "month", 3: "quarter", 12: "year"}
        if self.kind == "business":
            word = "day" if self.phase else "business day"
        elif self.kind == "month":
            count, word = (count, words[self.step]) if self.step in words else (count * self.step, "month")
        elif self.step == 1:
            word = "step"
        else:
            each, word, _ = self._in_words
            count *= each
            if word == "minute" and count % 60 == 0:
                count, word = count // 60, "hour"
        return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"

    @property
    def _in_words(self) -> tuple[int, str, str]:
        """The step in the longest unit that divides it: how many, the unit's word, and the name of one."""
        return next((self.step // unit, word, name) for unit, word, name in _UNITS if self.step % unit == 0)

    def ordinals(self, stamps: Stamps) -> tuple[Ordinals, Bool]:
        """Count stamps in steps.

        Args:
            stamps: datetime64 stamps, shape (n,).

        Returns:
            Ordinals and whether each stamp lies exactly on the grid, both of shape (n,).
        """
        micros = stamps.astype("datetime64[us]").astype(np.int64)
        if self.kind == "fixed":
            count, rest = np.divmod(micros - self.phase, self.step)
            return count, rest == 0
        days, time_of_day = np.divmod(micros, DAY)
        on_time = time_of_day == self.time_of_day
        if self.kind == "business":
            weeks, weekday = np.divmod(days + EPOCH_WEEKDAY, 7)
            chosen, ranks = self._week
            return weeks * chosen.size + ranks[weekday] - ranks[EPOCH_WEEKDAY], np.isin(weekday, chosen) & on_time
        dates = days.astype("datetime64[D]")
        months = dates.astype("datetime64[M]")
        day = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
        wanted = self._days_of(months)
        fits = day == wanted
        if self.day in WORKDAYS:
            late = wanted - day if self.day == LAST_WORKDAY else day - wanted
            fits |= (late > 0) & (late <= _HOLIDAYS_AT_EDGE) & np.is_busday(dates)
        count, rest = np.divmod(months.astype(np.int64) - self.phase, self.step)
        return count, (rest == 0) & fits & on_time

    def stamps(self, ordinals: Ordinals) -> Stamps:
        """The stamps of ordinals, shape (n,): the inverse of `ordinals`."""
        counts = np.asarray(ordinals, dtype=np.int64)
        if self.kind == "fixed":
            return (counts * self.step + self.phase).astype("datetime64[us]")
        if self.kind == "business":
            chosen, ranks = self._week
            weeks, place = np.divmod(counts + ranks[EPOCH_WEEKDAY], chosen.size)
            dates = (weeks * 7 + chosen[place] - EPOCH_WEEKDAY).astype("datetime64[D]")
        else:
            months = (counts * self.step + self.phase).astype("datetime64[M]")
            day = self._days_of(months)
            dates = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
        micros = dates.astype("datetime64[us]").astype(np.int64) + self.time_of_day
        return micros.astype("datetime64[us]")

    def buckets(self, stamps: Stamps) -> Ordinals:
        """The step that any stamps fall into, on the grid or not, shape (n,).

        A bucket lasts from its own stamp to just before the next one. One that is named by the last day of a month
        is made of whole calendar months.
        """
        if self._named_by_its_end:
            months = stamps.astype("datetime64[M]").astype(np.int64)
            return -((self.phase - months) // self.step)
        counts = self.ordinals(stamps)[0]
        return counts - (stamps < self.stamps(counts))

    def bucket_starts(self, ordinals: Ordinals) -> Stamps:
        """The moment at which each bucket begins, shape (n,)."""
        if self._named_by_its_end:
            months = ordinals * self.step + self.phase - self.step + 1
            return months.astype("datetime64[M]").astype("datetime64[us]")
        return self.stamps(ordinals)

    @property
    def _named_by_its_end(self) -> bool:
        return self.kind == "month" and self.day in (MONTH_END, LAST_WORKDAY)

    @property
    def _week(self) -> tuple[Ordinals, Ordinals]:
        """The weekdays of `business` steps, and how many of them come before each of the seven."""
        chosen = np.array(self.weekdays)
        return chosen, np.searchsorted(chosen, np.arange(7))

    def _days_of(self, months: NDArray[np.datetime64]) -> Ordinals:
        """The day on which the step of each month stands, shape (n,)."""
        lengths = days_in_month(months)
        if self.day not in WORKDAYS:
            return np.minimum(self.day, lengths)
        edge = lengths if self.day == LAST_WORKDAY else np.ones_like(lengths)
        weekday = (months.astype("datetime64[D]").astype(np.int64) + edge - 1 + EPOCH_WEEKDAY) % 7
        at_weekend = weekday > MONDAY_TO_FRIDAY[-1]
        return edge + at_weekend * (MONDAY_TO_FRIDAY[-1] - weekday if self.day == LAST_WORKDAY else 7 - weekday)


def on_weekdays(weekdays: Iterable[int], time_of_day: int = 0) -> Frequency:
    """Steps of some weekdays, Monday being 0: of several, of one, which are weeks, or of all, which are days."""
    chosen = sorted(set(weekdays))
    if len(chosen) == 7:
        return Frequency("fixed", DAY, phase=time_of_day)
    if len(chosen) == 1:
        return Frequency("fixed", WEEK, phase=((chosen[0] - EPOCH_WEEKDAY) * DAY + time_of_day) % WEEK)
    bits = sum(1 << day for day in chosen)
    return Frequency("business", 1, phase=0 if chosen == [*MONDAY_TO_FRIDAY] else bits, time_of_day=time_of_day)


def weekday_range(weekdays: tuple[int, ...], names: tuple[str, ...] = WEEKDAY_NAMES, to: str = "-") -> str:
    """Weekdays in few words: `Mon-Sat`, `Tue,Thu,Sat`."""
    titles = [name.title() for name in names]
    count = len(weekdays)
    for first in weekdays if count >= _FEWEST_OF_A_RANGE else ():
        run = [(first + step) % 7 for step in range(count)]
        if set(run) == set(weekdays):
            return f"{titles[run[0]]}{to}{titles[run[-1]]}"
    return ",".join(titles[day] for day in weekdays)


def weekdays_in_words(weekdays: tuple[int, ...]) -> str:
    """Weekdays in words: `Monday to Saturday`, `Tuesday, Thursday, Saturday`."""
    return weekday_range(weekdays, _WEEKDAYS, " to ").replace(",", ", ")


def _multiple(count: int, name: str) -> str:
    return name if count == 1 else f"{count}{name}"


def days_in_month(months: NDArray[np.datetime64]) -> Ordinals:
    """Days of each month, shape (n,)."""
    following = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    return (following - months.astype("datetime64[D]")).astype(np.int64)


def _month_alias(frequency: Frequency) -> str:
    edge = "E" if frequency.day in (MONTH_END, LAST_WORKDAY) else "S"
    workday = "B" if frequency.day in WORKDAYS else ""
    if frequency.step % 12 == 0:
        name = f"{workday}Y{edge}-{MONTH_NAMES[frequency.phase % 12]}"
        return _multiple(frequency.step // 12, name)
    if frequency.step % 3 == 0:
        return _multiple(frequency.step // 3, f"{workday}Q{edge}-{MONTH_NAMES[frequency.phase % 12]}")
    return _multiple(frequency.step, f"{workday}M{edge}")


def season_length(frequency: Frequency) -> int:
    """Steps in the natural season; 1 where the step does not divide it.

    The season is a minute for seconds, an hour for single minutes, a day for longer steps of less than a day, a week
    for days and a year for longer steps.
    """
    if frequency.kind == "business":
        return len(frequency.weekdays)
    if frequency.kind == "month":
        return 12 // frequency.step if 12 % frequency.step == 0 else 1
    if frequency.step == MINUTE:
        return 60
    for low, season in ((SECOND, MINUTE), (MINUTE, DAY), (DAY, WEEK)):
        if low <= frequency.step < season:
            return season // frequency.step if season % frequency.step == 0 else 1
    weeks, rest = divmod(frequency.step, WEEK)
    return 52 // weeks if weeks and not rest and 52 % weeks == 0 else 1


def default_horizon(frequency: Frequency) -> int:
    """Steps to forecast when the user does not say."""
    if frequency.kind == "business":
        return 2 * len(frequency.weekdays)
    if frequency.kind == "month":
        return {1: 12, 3: 8, 12: 6}.get(frequency.step, max(1, 24 // frequency.step))
    if frequency.step >= WEEK:
        return 13 if frequency.step == WEEK else 8
    if frequency.step >= DAY:
        return max(1, 14 * DAY // frequency.step)
    if frequency.step >= HOUR:
        return max(1, 48 * HOUR // frequency.step)
    if frequency.step >= 10 * MINUTE:
        return DAY // frequency.step
    return max(1, min(60, HOUR // frequency.step))
