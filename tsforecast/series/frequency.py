"""The step of a table: counted in whole steps, continued past its end, named.

A stamp on the grid of a frequency has an *ordinal*, an integer that grows by one per step, so that a gap is a
jump of ordinals and the future is `last + 1, last + 2, ...`. Months, month ends and business days are steps on the
calendar; everything else is a fixed number of microseconds. Stamps here carry no zone: sub-daily stamps of a zoned
table are counted in UTC, daily and longer ones as the wall clock shows them.
"""

from __future__ import annotations

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
MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAY_NAMES = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday

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
        kind: `fixed` steps of microseconds, `month` steps of the calendar, `business` days (Monday to Friday).
        step: length in microseconds, months or business days.
        phase: stamp modulo step for `fixed`, month number modulo step for `month`.
        day: day of the month for `month`; 31 stands for the last day.
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
    def alias(self) -> str:
        """The pandas name of the frequency, such as `30min`, `W-SUN` or `QS-JAN`."""
        if self.kind == "business":
            return "B"
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
            return "business days"
        if self.kind == "month":
            words = {1: "monthly", 3: "quarterly", 12: "yearly"}
            return words.get(self.step, f"every {self.step} months")
        count, word, name = self._in_words
        return name if count == 1 else f"every {count} {word}s"

    @property
    def adjective(self) -> str:
        """The frequency before a noun, such as `half-hourly` or `15-minute` data."""
        if self.kind == "business":
            return "business-day"
        if self.kind == "month":
            words = {1: "monthly", 3: "quarterly", 6: "half-yearly", 12: "yearly"}
            return words.get(self.step, f"{self.step}-month")
        count, word, _ = self._in_words
        return _ADJECTIVES.get(self.step, f"{count}-{word}")

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
        dates = days.astype("datetime64[D]")
        if self.kind == "business":
            count = np.busday_count(np.datetime64("1970-01-01"), dates).astype(np.int64)
            return count, np.is_busday(dates) & on_time
        months = dates.astype("datetime64[M]")
        day = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
        wanted = np.minimum(self.day, days_in_month(months))
        count, rest = np.divmod(months.astype(np.int64) - self.phase, self.step)
        return count, (rest == 0) & (day == wanted) & on_time

    def stamps(self, ordinals: Ordinals) -> Stamps:
        """The stamps of ordinals, shape (n,): the inverse of `ordinals`."""
        counts = np.asarray(ordinals, dtype=np.int64)
        if self.kind == "fixed":
            return (counts * self.step + self.phase).astype("datetime64[us]")
        if self.kind == "business":
            dates = np.busday_offset(np.datetime64("1970-01-01"), counts, roll="forward")
        else:
            months = (counts * self.step + self.phase).astype("datetime64[M]")
            day = np.minimum(self.day, days_in_month(months))
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
        return self.kind == "month" and self.day == MONTH_END


def _multiple(count: int, name: str) -> str:
    return name if count == 1 else f"{count}{name}"


def days_in_month(months: NDArray[np.datetime64]) -> Ordinals:
    """Days of each month, shape (n,)."""
    following = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    return (following - months.astype("datetime64[D]")).astype(np.int64)


def _month_alias(frequency: Frequency) -> str:
    edge = "E" if frequency.day == MONTH_END else "S"
    if frequency.step % 12 == 0:
        name = f"Y{edge}-{MONTH_NAMES[frequency.phase % 12]}"
        return _multiple(frequency.step // 12, name)
    if frequency.step % 3 == 0:
        return _multiple(frequency.step // 3, f"Q{edge}-{MONTH_NAMES[frequency.phase % 12]}")
    return _multiple(frequency.step, f"M{edge}")


def season_length(frequency: Frequency) -> int:
    """Steps in the natural season; 1 where the step does not divide it.

    The season is a minute for seconds, an hour for single minutes, a day for longer steps of less than a day, a week
    for days and a year for longer steps.
    """
    if frequency.kind == "business":
        return 5
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
        return 10
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
