"""The usual week of each series: what a value usually is above or below its level, for every step of a week.

A learned cycle (CycleNet, Lin et al. 2024) in its simplest form: means of the training rows, found before any model
learns. Models learn and forecast what is left of the values without it, and it is added to their forecasts. They need
not learn the week from the few weeks that a window holds.

The place of a step in its week is what the clock on the wall shows, and comes with each window as the feature
`share-of-week` of the calendar (calendar_features.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsforecast.arrays import Bool, Float32, Float64, Int64
from tsforecast.series.calendar_features import calendar_features
from tsforecast.series.frequency import WEEK, Frequency
from tsforecast.series.windows import NO_CALENDAR, Calendar, ModelRows, Rows, Windows

SHARE_OF_WEEK = "share-of-week"
_LITTLE = 0.01  # of a step
_LEAST_WEEKS = 2  # of a series whose week is learned


def steps_in_week(frequency: Frequency) -> int:
    """Steps that make a week, for steps shorter than a day that do so exactly; 0 for others."""
    return WEEK // frequency.step if frequency.sub_daily and WEEK % frequency.step == 0 else 0


def weekly_calendar(time_zone: str | None) -> Calendar:
    """The calendar that a model reads the place in the week from."""
    return Calendar((SHARE_OF_WEEK,), time_zone)


def weekly_cycles(rows: ModelRows, ends: Rows, steps: int, time_zone: str | None) -> Float32:
    """The usual week of each series in model space, as deviations from the mean of the week around each step.

    A deviation shrinks by the share of its variance that is chance, as far as the values around it tell.

    Args:
        rows: of all series.
        ends: rows of each series that are learned from, shape (n_series,).
        steps: in a week.
        time_zone: of the clock on the wall; None for times without a zone.

    Returns:
        Shape (n_series, steps); zero for series of fewer than two weeks.
    """
    places = _places_of_rows(rows, steps, time_zone)
    cycles = np.zeros((len(ends), steps), np.float32)
    for number, (begin, count) in enumerate(zip(rows.offsets[:-1].tolist(), ends.tolist(), strict=True)):
        if count >= _LEAST_WEEKS * steps:
            own = slice(begin, begin + count)
            cycles[number] = _cycle(rows.values[own].astype(np.float64), rows.observed[own], places[own], steps)
    return cycles


def without_cycles(rows: ModelRows, cycles: Float32, time_zone: str | None) -> tuple[ModelRows, Float32]:
    """The rows as models learn from them, without the usual week and without a calendar, and what was taken out.

    The latter has the shape (rows,).
    """
    taken = cycles[rows.panel.series_of_row, _places_of_rows(rows, cycles.shape[1], time_zone)]
    return replace(rows, calendar=NO_CALENDAR, taken=taken), taken


def windows_without_cycles(windows: Windows, cycles: Float32) -> tuple[Windows, Float32]:
    """Windows without the usual week of their series, and what it adds to their horizon, shape (samples, horizon).

    Args:
        windows: with the place in the week as their last column.
        cycles: of each series in training, shape (n_series, steps); one that was not there takes their mean.
    """
    own = np.vstack([cycles, cycles.mean(axis=0)])[windows.categories[:, 0]]
    before, ahead = (
        np.take_along_axis(own, _places(known[:, :, -1], cycles.shape[1]), axis=1)
        for known in (windows.past, windows.future)
    )
    return replace(windows, values=windows.values - before), ahead


def _places(shares: Float32, steps: int) -> Int64:
    """Numbers of steps in their week."""
    # A little less, so that half past is rounded down in every hour.
    return np.rint(shares * steps - _LITTLE).astype(np.int64) % steps


def _places_of_rows(rows: ModelRows, steps: int, time_zone: str | None) -> Int64:
    """The number of each row in its week, shape (rows,)."""
    panel = rows.panel
    ordinals = panel.starts[panel.series_of_row] + np.arange(len(panel.values)) - panel.offsets[panel.series_of_row]
    low, high = int(ordinals.min(initial=0)), int(ordinals.max(initial=0))
    shares = calendar_features(panel.frequency, np.arange(low, high + 1), (SHARE_OF_WEEK,), time_zone)[:, 0]
    return _places(shares, steps)[ordinals - low]


def _cycle(values: Float64, observed: Bool, places: Int64, steps: int) -> Float64:
    """The mean deviation at each place in the week, shrunken, shape (steps,)."""
    sums = np.cumsum(np.append(0.0, values))
    level = (sums[steps:] - sums[:-steps]) / steps
    inner = slice(steps // 2, steps // 2 + len(level))
    used = observed[inner]
    deviations, places = (values[inner] - level)[used], places[inner][used]
    counts = np.bincount(places, minlength=steps)
    means = np.bincount(places, deviations, steps) / np.maximum(counts, 1)
    means -= means.mean()
    signal = means.var()
    chance = float(np.var(deviations - means[places])) / max(float(counts.mean()), 1.0) if len(places) else signal
    return means * max(0.0, 1.0 - chance / signal) if signal > 0 else means
