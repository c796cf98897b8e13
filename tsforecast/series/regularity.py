"""How regular times are: the evidence by which one reading of a table is preferred to another.

Regularity is what a time series is. Of two orders of day and month, two centuries, or two choices of id columns, the
one is right under which the rows of each series follow one another at even steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.series.frequency import DAY, EPOCH_WEEKDAY, Stamps, days_in_month

_MONTH = 27 * DAY
_WORK_DAYS = 5


@dataclass(frozen=True)
class Regularity:
    """How even the steps of some series are.

    Args:
        steps: between neighbouring rows of a series.
        even: share of the steps that are the commonest one of their series, counted in time, months or business days,
            whichever suits best; 1 where there are no steps.
        coverage: share of the grid of that step, from each first row to each last, that has a row.
        repeats: rows that repeat a time of their series.
    """

    steps: int
    even: float
    coverage: float
    repeats: int

    @property
    def score(self) -> float:
        """From 0 for no order at all to 1 for series without a gap; repeated times count as uneven steps."""
        unique = self.steps / (self.steps + self.repeats) if self.steps else float(not self.repeats)
        return self.even * self.coverage * unique


def regularity(series: NDArray[np.integer[Any]], stamps: Stamps) -> Regularity:
    """Judge the times of some rows.

    Args:
        series: number of each row's series, shape (rows,).
        stamps: the time of each row, shape (rows,), none of them NaT.
    """
    order = np.lexsort((stamps, series))
    series, micros = series[order], stamps[order].astype("datetime64[us]").astype(np.int64)
    same = series[1:] == series[:-1]
    gaps = np.diff(micros)[same]
    repeats = int(np.count_nonzero(gaps == 0))
    kept = np.append(True, ~same | (np.diff(micros) > 0))
    series, micros = series[kept], micros[kept]
    same = series[1:] == series[:-1]
    owner = series[1:][same]
    if not owner.size:
        return Regularity(0, 1.0, 1.0, repeats)
    clocks = [np.diff(micros)[same]]
    days, time_of_day = np.divmod(micros, DAY)
    if np.median(clocks[0]) >= DAY and np.unique(time_of_day).size == 1:
        weekdays = (days + EPOCH_WEEKDAY) % 7
        if np.median(clocks[0]) >= _MONTH:
            clocks += _month_steps(days, same)
        elif not np.any(weekdays >= _WORK_DAYS) and np.unique(weekdays).size == _WORK_DAYS:
            clocks.append(np.diff((days + EPOCH_WEEKDAY) // 7 * _WORK_DAYS + weekdays)[same])
    judged = [_judge(owner, steps) for steps in clocks]
    even, coverage = max(judged, key=lambda pair: pair[0] * pair[1])
    return Regularity(int(owner.size), even, coverage, repeats)


def _month_steps(days: NDArray[np.int64], same: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Steps in months, where nearly all rows stand on one day of the month or on its last; 0 for the rows off it."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    day = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    lengths = days_in_month(months)
    anchors = np.bincount(day)
    on_day = day == np.minimum(int(np.argmax(anchors)), lengths)
    on_end = day == lengths
    fits = on_end if on_end.sum() >= on_day.sum() else on_day
    steps = np.diff(months.astype(np.int64))[same]
    return [np.where((fits[1:] & fits[:-1])[same], steps, 0)]


def _judge(owner: NDArray[np.integer[Any]], steps: NDArray[np.int64]) -> tuple[float, float]:
    """The share of steps that are the commonest of their series, and the share of that grid which has a row."""
    order = np.lexsort((steps, owner))
    owner, steps = owner[order], steps[order]
    fresh = np.append(True, (owner[1:] != owner[:-1]) | (steps[1:] != steps[:-1]))
    starts = np.flatnonzero(fresh)
    counts = np.diff(np.append(starts, steps.size))
    of_series = owner[starts]
    best = np.lexsort((-counts, of_series))
    first = best[np.append(True, of_series[best][1:] != of_series[best][:-1])]
    sizes = np.bincount(np.searchsorted(of_series[first], owner))
    spans = np.add.reduceat(steps, np.searchsorted(owner, of_series[first]))
    usual = steps[starts[first]]
    grid = np.where(usual > 0, spans / np.maximum(usual, 1), np.inf)
    coverage = float(np.mean(np.minimum(sizes / np.maximum(grid, 1e-9), 1.0)))
    return float(counts[first].sum() / steps.size), coverage
