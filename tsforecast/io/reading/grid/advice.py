"""What to do about rows that follow no step: the options under which every step has a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.series.frequency import DAY, EPOCH_WEEKDAY, HOUR, MINUTE, Frequency, Ordinals, Stamps, on_weekdays
from tsforecast.series.infer_frequency import commonest, infer_frequency
from tsforecast.series.parse_frequency import state_frequency

ZERO_HINT = "if a time without a row means zero, add --fill-gaps zero"
_CORRECT = "correct the times, or "
_SHORT_STEPS = ("10s", "30s", "min", "5min", "10min", "15min", "30min", "h", "2h", "3h", "6h")
_LONG_STEPS = ("W", "MS", "QS", "YS")
_COVERED, _MOSTLY_COVERED = 0.95, 0.6
_NEARLY, _TWICE = 0.1, 1.8
_SAME_COUNT = 0.95
_EVEN_SHARE = 0.5
_FEWEST_BUCKETS = 6
_SMOOTH = 0.5
_LATE_IN_MONTH = 21

# A step shorter than a day is taken for that of counts only where so many rows do follow one another by it.
_LEAST_SHARE = 0.05
_PLAIN_STEPS = (MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)


@dataclass(frozen=True)
class SeriesRows:
    """The rows of one series that hold a value: its stamps in order, shape (n,), and its values, (n, targets)."""

    stamps: Stamps
    values: NDArray[np.float64]


def common_step(series: Sequence[Stamps]) -> Frequency | None:
    """The longest step of which all distances between rows are multiples, where it is a plausible one: days, or plain
    parts of an hour that some rows are apart.

    Args:
        series: sorted stamps of each series; repeats do not count.
    """
    steps = np.concatenate([np.diff(part).astype(np.int64) for part in series])
    steps = steps[steps > 0]
    if not steps.size:
        return None
    step = int(np.gcd.reduce(steps))
    first = series[0][0].astype("datetime64[us]").astype(np.int64)
    if step % DAY == 0:
        return Frequency("fixed", DAY, phase=int(first % DAY))
    if step in _PLAIN_STEPS and np.mean(steps == step) >= _LEAST_SHARE:
        return Frequency("fixed", step, phase=int(first % step))
    return None


def are_counts(values: NDArray[np.float64], least: int = 0) -> bool:
    """Whether values are whole numbers from `least` on."""
    present = values[np.isfinite(values)]
    return bool(present.size and present.min() >= least and not np.any(np.mod(present, 1)))


def advise(series: Sequence[SeriesRows], options: ReadOptions = ReadOptions()) -> str:
    """The way out for rows that are not regular, as a hint that repeats no option that was given."""
    series = [part for part in series if part.stamps.size]
    if not series:
        return "check the times and the id columns"
    steps = np.concatenate([np.diff(part.stamps).astype(np.int64) for part in series])
    steps = steps[steps > 0]
    if not steps.size:
        return f"{_CORRECT}name the step with --freq"
    values = np.concatenate([part.values.ravel() for part in series])
    whole_days = not np.any(steps % DAY)
    longer = _longer_step(series, steps)
    one_size = longer is not None and longer[1]
    if options.fill_gaps != "zero" and whole_days and not one_size and are_counts(values, least=1):
        what, alias = _shortest_step(series, steps)
        flags = _flags(options, alias, fill="zero")
        return f"if a {what} without a row means zero, add {flags}; else correct the times"
    if longer is None:
        longer = _longer_step(series, steps, _MOSTLY_COVERED)
    if longer is None:
        return f"{_CORRECT}bring the values onto a step that all of them have, with --freq and --aggregate"
    even = np.mean(steps == commonest(steps)) >= _EVEN_SHARE
    flows = whole_days and one_size and np.nanmin(values) >= 0
    counted = flows or (are_counts(values) and not _are_smooth(values))
    rule = "sum" if counted else "last" if even else "mean"
    flags = _flags(options, longer[0], rule)
    way = f"{_CORRECT}bring the values onto the shortest step of which nearly each has a row: {flags}"
    # Such as calls in opening hours; a price may be a whole number too.
    closed = even and not whole_days and options.fill_gaps != "zero" and are_counts(values, least=1)
    return f"{ZERO_HINT}; else {way}" if closed else way


def advise_events(series: Sequence[SeriesRows], options: ReadOptions, *, named: bool) -> str:
    """The way out for series with many rows at a time, such as orders; `named` if they have ids."""
    distinct = [np.unique(part.stamps) for part in series if part.stamps.size]
    steps = np.concatenate([np.diff(part).astype(np.int64) for part in distinct] or [np.empty(0, np.int64)])
    alias = "D"
    if steps.size:
        try:
            alias = infer_frequency(distinct).alias
        except DataError:
            longer = None if not np.any(steps % DAY) else _longer_step(series, steps)
            alias = longer[0] if longer else "D"
    values = np.concatenate([part.values.ravel() for part in series] or [np.zeros(1)])
    adds = np.nanmin(values, initial=0) >= 0 and not _are_smooth(values)
    flags = _flags(options, alias, "sum" if adds else "mean")
    what = "count by themselves, as orders do" if adds else "are readings of one thing"
    ids = "" if named else "; if columns tell series apart, name them with --id-col"
    return f"if the rows of a time {what}, add {flags}{ids}"


def advise_mixed(series: Sequence[SeriesRows], options: ReadOptions) -> str | None:
    """The way out for series each of which is regular, by a step of its own; None for others."""
    own = [np.diff(part.stamps).astype(np.int64) for part in series]
    if any(steps.size < _FEWEST_BUCKETS for steps in own):
        return None
    usual = np.array([float(np.median(steps)) for steps in own])
    even = all(
        np.mean(np.abs(steps - step) <= _NEARLY * step) > _COVERED for steps, step in zip(own, usual, strict=True)
    )
    longer = _longer_step(series, np.concatenate(own)) if even and usual.max() > _TWICE * usual.min() else None
    if longer is None:
        return None
    slow = usual > _TWICE * usual.min()
    levels = np.array([float(np.nanmean(part.values)) for part in series])
    rise, ratio = np.median(levels[slow]) / np.median(levels[~slow]), usual.max() / usual.min()
    adds = levels.min() > 0 and abs(np.log(rise / ratio)) < abs(np.log(rise))
    flags = _flags(options, longer[0], "sum" if adds else "mean")
    return f"the series have different steps: bring them onto the longest with {flags}"


def _flags(options: ReadOptions, freq: str | None, aggregate: str = "", fill: str = "") -> str:
    """Options as they are typed, without those that were given."""
    wanted = (
        ("--freq", freq, options.freq),
        ("--aggregate", aggregate, options.aggregate),
        ("--fill-gaps", fill, options.fill_gaps),
    )
    return " ".join(f"{flag} {value}" for flag, value, given in wanted if value and value != given)


def _shortest_step(series: Sequence[SeriesRows], steps: Ordinals) -> tuple[str, str | None]:
    """What whole days count, as a word and an alias: years, months or days; None where they are further apart."""
    dates = np.concatenate([part.stamps for part in series]).astype("datetime64[D]")
    if np.all(dates == dates.astype("datetime64[Y]")):
        return "year", "YS"
    if np.all(dates == dates.astype("datetime64[M]")):
        return "month", "MS"
    return ("day", "D") if np.gcd.reduce(steps) == DAY else ("time", None)


def _are_smooth(values: NDArray[np.float64]) -> bool:
    """Whether values are close to those before them, as readings are and quantities of orders are not."""
    present = values[np.isfinite(values)]
    return bool(np.abs(np.diff(present)).mean() < _SMOOTH * np.abs(present - np.median(present)).mean())


def _longer_step(series: Sequence[SeriesRows], steps: Ordinals, covered: float = _COVERED) -> tuple[str, bool] | None:
    """The shortest step, by its alias, of which this share has a row, and whether all have equally many."""
    usual = float(np.median(steps))
    for alias in _ladder(series):
        frequency = state_frequency(alias).calendar()
        buckets = [np.unique(frequency.buckets(part.stamps), return_counts=True) for part in series]
        span = sum(int(found[-1] - found[0]) + 1 for found, _ in buckets)
        filled = sum(found.size for found, _ in buckets)
        length = frequency.stamps(np.array([0, 1])).astype(np.int64)
        if length[1] - length[0] < usual or filled < _FEWEST_BUCKETS or filled < covered * span:
            continue
        counts = np.concatenate([sizes for _, sizes in buckets])
        same = bool(np.mean(counts == commonest(counts)) >= _SAME_COUNT)
        if same and alias in ("MS", "QS", "YS") and _named_late(series):
            alias = f"{alias[0]}E"
        return alias, same
    return None


def _ladder(series: Sequence[SeriesRows]) -> Iterator[str]:
    yield from _SHORT_STEPS
    yield "D"
    stamps = np.concatenate([part.stamps for part in series])
    weekdays = np.unique((stamps.astype("datetime64[us]").astype(np.int64) // DAY + EPOCH_WEEKDAY) % 7)
    if 1 < weekdays.size < 7:
        yield on_weekdays(weekdays.tolist()).alias
    yield from _LONG_STEPS


def _named_late(series: Sequence[SeriesRows]) -> bool:
    """Whether the last row of most months stands near their end."""
    days = np.concatenate([part.stamps for part in series]).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    last = np.append(months[1:] != months[:-1], True)
    return bool(np.median(of_month[last]) > _LATE_IN_MONTH)
