"""The step that the stamps of a table follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.series.frequency import (
    DAY,
    EPOCH_WEEKDAY,
    HOUR,
    MINUTE,
    MONTH_END,
    SECOND,
    WORKDAYS,
    Frequency,
    Ordinals,
    Stamps,
    days_in_month,
    on_weekdays,
)

# A table whose steps are mostly equal is regular with gaps; below this share it has no frequency.
_REGULAR_SHARE = 0.5
_ALL = 1.0

# Fewer stamps on Saturdays and Sundays are slips in a table of business days, not a table of days with gaps.
_WEEKEND_SLIPS = 0.05
_MONDAY_TO_FRIDAY = 5

# Weekdays without a row are closed where the others have nearly all of theirs, in so many weeks that this is no chance.
_FEWEST_WEEKS = 3
_OPEN_SHARE = 0.8
_RARE_WEEKDAY = 0.5
_CHANCE = 1e-4

# Rows are those of the last workdays of months where nearly all stand there, and the others on one of the days before;
# those of the first workdays likewise.
_WORKDAY_SHARE = 0.8


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
    calendar = _calendar_frequency(every, steps, _ALL) or _weekday_frequency(micros, steps)
    if calendar is not None:
        return calendar
    lengths, counts = np.unique(steps, return_counts=True)
    step = int(lengths[np.argmax(counts)])
    share = float(counts.max() / counts.sum())
    fixed = Frequency("fixed", step, phase=commonest(np.mod(every, step)))
    if share >= _REGULAR_SHARE and fixed.ordinals(every.astype("datetime64[us]"))[1].all():
        return fixed
    # One wrong date must not turn months into steps of 31 days: it is for the caller to name it.
    calendar = _calendar_frequency(every, steps, _REGULAR_SHARE)
    if calendar is not None:
        return calendar
    if share < _REGULAR_SHARE:
        raise DataError(
            f"no regular frequency: only {counts.max()} of {counts.sum()} steps between rows are equal "
            f"(the commonest is {duration(step)})",
            hint="correct the times, or bring the values onto a longer step with --freq and --aggregate",
        )
    return fixed


def commonest(values: Ordinals) -> int:
    """The number that stands most often among some, the smallest of several."""
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[np.argmax(counts)])


def _calendar_frequency(micros: Ordinals, steps: Ordinals, share: float) -> Frequency | None:
    """Months, quarters, years and business days that this share of the stamps follow; None for fixed steps."""
    if np.median(steps) < DAY:
        return None
    days, time_of_day = np.divmod(micros, DAY)
    clock = commonest(time_of_day)
    if np.mean(time_of_day == clock) < share:
        return None
    if np.median(steps) < 27 * DAY:
        weekdays = (days + EPOCH_WEEKDAY) % 7
        at_weekends = np.mean(weekdays >= _MONDAY_TO_FRIDAY) <= _WEEKEND_SLIPS
        all_others = np.unique(weekdays[weekdays < _MONDAY_TO_FRIDAY]).size == _MONDAY_TO_FRIDAY
        crosses_weekend = np.any(steps == 3 * DAY)
        if at_weekends and all_others and crosses_weekend and np.median(steps) == DAY:
            return Frequency("business", 1, time_of_day=clock)
        return None
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    numbers = months.astype(np.int64)
    sizes = np.round(steps / (30.4375 * DAY)).astype(np.int64)
    sizes = sizes[sizes > 0]
    step = commonest(sizes)
    of_month = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    day = month_day(of_month, months, _ALL)
    if day is None:
        workdays = (day for day in WORKDAYS if _on_workdays(day, days, clock))
        day = next(workdays, None) or month_day(of_month, months, share)
    if day is None or np.mean(sizes == step) < _REGULAR_SHARE:
        return None
    return Frequency("month", step, phase=commonest(np.mod(numbers, step)), day=day, time_of_day=clock)


def _weekday_frequency(series: list[Ordinals], steps: Ordinals) -> Frequency | None:
    """The weekdays that alone have rows, nearly all of them; None where all seven have, or only one."""
    every = np.concatenate(series)
    days, time_of_day = np.divmod(every, DAY)
    weekdays = (days + EPOCH_WEEKDAY) % 7
    clock = int(time_of_day[0])
    chosen, counts = np.unique(weekdays, return_counts=True)
    if not 1 < chosen.size < 7 or np.any(time_of_day != clock) or counts.min() < _RARE_WEEKDAY * counts.max():
        return None
    frequency = on_weekdays(chosen.tolist(), clock)
    edges = [frequency.ordinals(part[[0, -1]].astype("datetime64[us]"))[0] for part in series if part.size]
    coverage = every.size / sum(int(last - first) + 1 for first, last in edges)
    n_weeks = -(-int(days.max() - days.min()) // 7)
    chance = (1 - coverage) ** n_weeks if coverage < 1 else 0.0
    return frequency if n_weeks >= _FEWEST_WEEKS and coverage >= _OPEN_SHARE and chance < _CHANCE else None


def _on_workdays(day: int, days: Ordinals, clock: int) -> bool:
    """Whether dates are the last or first workdays of their months, but for holidays."""
    stamps = (days * DAY + clock).astype("datetime64[us]")
    months = Frequency("month", 1, day=day, time_of_day=clock)
    ordinals, fits = months.ordinals(stamps)
    exact = np.mean(months.stamps(ordinals) == stamps)
    return bool(fits.all() and exact >= _WORKDAY_SHARE)


def month_day(day: Ordinals, months: NDArray[np.datetime64], share: float) -> int | None:
    """The day of the month that this share of the dates stand on, 31 for the last; None where there is none."""
    lengths = days_in_month(months)
    # Of 30 January and 28 February, which are equally common, the larger is the day that is meant.
    anchor = -commonest(-day)
    at_end, at_anchor = np.mean(day == lengths), np.mean(day == np.minimum(anchor, lengths))
    if max(at_end, at_anchor) < share:
        return None
    return MONTH_END if at_end >= at_anchor else anchor


def duration(micros: int) -> str:
    """A length of time in words, such as `1.5 hours`."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")):
        if micros >= unit:
            count = micros / unit
            return f"{count:g} {name}{'' if count == 1 else 's'}"
    return f"{micros} microseconds"
