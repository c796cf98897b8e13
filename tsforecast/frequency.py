"""The step of a table: inferred from its stamps, counted in whole steps, continued past its end.

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

from tsforecast.errors import DataError

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONTH_END = 31
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
# A table whose steps are mostly equal is regular with gaps; below this share it has no frequency.
_REGULAR_SHARE = 0.5
_ALL = 1.0

Stamps = NDArray[np.datetime64]
Ordinals = NDArray[np.int64]


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
        if self.step % (7 * DAY) == 0:
            weekday = (self.phase // DAY + _EPOCH_WEEKDAY) % 7
            return _multiple(self.step // (7 * DAY), f"W-{_WEEKDAYS[weekday]}")
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
        if self.step == 7 * DAY:
            return "weekly"
        for unit, one, many in (
            (7 * DAY, "weekly", "weeks"),
            (DAY, "daily", "days"),
            (HOUR, "hourly", "hours"),
            (MINUTE, "every minute", "minutes"),
            (SECOND, "every second", "seconds"),
        ):
            if self.step % unit == 0:
                count = self.step // unit
                return one if count == 1 else f"every {count} {many}"
        return f"every {self.step} microseconds"

    def ordinals(self, stamps: Stamps) -> tuple[Ordinals, NDArray[np.bool_]]:
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
        wanted = np.minimum(self.day, _days_in_month(months))
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
            day = np.minimum(self.day, _days_in_month(months))
            dates = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
        micros = dates.astype("datetime64[us]").astype(np.int64) + self.time_of_day
        return micros.astype("datetime64[us]")


def _multiple(count: int, name: str) -> str:
    return name if count == 1 else f"{count}{name}"


def _days_in_month(months: NDArray[np.datetime64]) -> Ordinals:
    following = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    return (following - months.astype("datetime64[D]")).astype(np.int64)


def _month_alias(frequency: Frequency) -> str:
    edge = "E" if frequency.day == MONTH_END else "S"
    if frequency.step % 12 == 0:
        name = f"Y{edge}-{_MONTHS[frequency.phase % 12]}"
        return _multiple(frequency.step // 12, name)
    if frequency.step % 3 == 0:
        return _multiple(frequency.step // 3, f"Q{edge}-{_MONTHS[frequency.phase % 12]}")
    return _multiple(frequency.step, f"M{edge}")


def season_length(frequency: Frequency) -> int:
    """Steps in the natural season: a day for sub-daily steps, a week for days, a year for longer ones.

    The table of METRICS.md: a frequency that is a k-multiple divides the base season, and one that does not
    divide it has none (1).
    """
    if frequency.kind == "business":
        return 5
    if frequency.kind == "month":
        return 12 // frequency.step if 12 % frequency.step == 0 else 1
    for low, high, season in (
        (MINUTE, DAY, DAY),
        (SECOND, MINUTE, MINUTE),
        (DAY, 7 * DAY, 7 * DAY),
    ):
        if low <= frequency.step < high:
            if frequency.step == MINUTE:
                return 60
            return season // frequency.step if season % frequency.step == 0 else 1
    weeks, rest = divmod(frequency.step, 7 * DAY)
    return 52 // weeks if weeks and not rest and 52 % weeks == 0 else 1


def default_horizon(frequency: Frequency) -> int:
    """Steps to forecast when the user does not say (DESIGN section 2)."""
    if frequency.kind == "business":
        return 10
    if frequency.kind == "month":
        return {1: 12, 3: 8, 12: 6}.get(frequency.step, max(1, 24 // frequency.step))
    if frequency.step >= 7 * DAY:
        return 13 if frequency.step == 7 * DAY else 8
    if frequency.step >= DAY:
        return max(1, 14 * DAY // frequency.step)
    if frequency.step >= HOUR:
        return max(1, 48 * HOUR // frequency.step)
    if frequency.step >= 10 * MINUTE:
        return DAY // frequency.step
    return max(1, min(60, HOUR // frequency.step))


def infer_frequency(series_stamps: list[Stamps]) -> Frequency:
    """Find the step that most of the stamps follow.

    Args:
        series_stamps: sorted stamps without repeats, one array per series.

    Returns:
        The frequency of the table; gaps are allowed, stamps off the grid are for the caller to refuse.

    Raises:
        DataError: fewer than two stamps, or no step that most of them follow.
    """
    micros = [stamps.astype("datetime64[us]").astype(np.int64) for stamps in series_stamps]
    steps = np.concatenate([np.diff(values) for values in micros] or [np.empty(0, np.int64)])
    if steps.size == 0:
        raise DataError(
            "the frequency cannot be told from a single time stamp",
            hint="give at least two rows per series",
        )
    every = np.concatenate(micros)
    calendar = _calendar_frequency(every, steps, _ALL)
    if calendar is not None:
        return calendar
    lengths, counts = np.unique(steps, return_counts=True)
    step = int(lengths[np.argmax(counts)])
    share = float(counts.max() / counts.sum())
    fixed = Frequency("fixed", step, phase=_commonest(np.mod(every, step)))
    if share >= _REGULAR_SHARE and fixed.ordinals(every.astype("datetime64[us]"))[1].all():
        return fixed
    # One wrong date must not turn months into steps of 31 days: it is for the caller to name it.
    calendar = _calendar_frequency(every, steps, _REGULAR_SHARE)
    if calendar is not None:
        return calendar
    if share < _REGULAR_SHARE:
        raise DataError(
            f"no regular frequency: only {counts.max()} of {counts.sum()} steps between rows are equal "
            f"(the commonest is {_duration(step)})",
            hint="resample the data to regular steps first",
        )
    return fixed


def _commonest(values: Ordinals) -> int:
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[np.argmax(counts)])


def _calendar_frequency(micros: Ordinals, steps: Ordinals, share: float) -> Frequency | None:
    """Months, quarters, years and business days that this share of the stamps follow; None for fixed steps."""
    if np.median(steps) < DAY:
        return None
    days, time_of_day = np.divmod(micros, DAY)
    clock = _commonest(time_of_day)
    if np.mean(time_of_day == clock) < share:
        return None
    if np.median(steps) < 27 * DAY:
        weekdays = (days + _EPOCH_WEEKDAY) % 7
        spread = np.unique(weekdays)
        crosses_weekend = np.any(steps == 3 * DAY)
        if spread.size == 5 and spread.max() < 5 and crosses_weekend and np.median(steps) == DAY:
            return Frequency("business", 1, time_of_day=clock)
        return None
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    numbers = months.astype(np.int64)
    sizes = np.round(steps / (30.4375 * DAY)).astype(np.int64)
    sizes = sizes[sizes > 0]
    step = _commonest(sizes)
    day = _month_day((dates - months.astype("datetime64[D]")).astype(np.int64) + 1, months, share)
    if day is None or np.mean(sizes == step) < _REGULAR_SHARE:
        return None
    return Frequency("month", step, phase=_commonest(np.mod(numbers, step)), day=day, time_of_day=clock)


def _month_day(day: Ordinals, months: NDArray[np.datetime64], share: float) -> int | None:
    """The day of the month that this share of the dates stand on, 31 for the last; None where there is none."""
    lengths = _days_in_month(months)
    # Of 30 January and 28 February, which are equally common, the larger is the day that is meant.
    anchor = -_commonest(-day)
    at_end, at_anchor = np.mean(day == lengths), np.mean(day == np.minimum(anchor, lengths))
    if max(at_end, at_anchor) < share:
        return None
    return MONTH_END if at_end >= at_anchor else anchor


def _duration(micros: int) -> str:
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")):
        if micros >= unit:
            count = micros / unit
            return f"{count:g} {name}{'' if count == 1 else 's'}"
    return f"{micros} microseconds"
