"""Values brought onto longer steps: summed, averaged or picked in buckets of the calendar.

A bucket holds what lies from its own stamp to just before the next one. Days and longer buckets are those of the local
clock, so that days of 23 and 25 hours are whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import Note, counted, info, warning
from tsforecast.io.options import AggregateRule
from tsforecast.io.reading.grid.rows import GridPoints, repeated_rows
from tsforecast.series.frequency import Frequency, Ordinals, Stamps
from tsforecast.series.infer_frequency import commonest, duration

Margins = NDArray[np.int64]
Values = NDArray[np.float64]
_WHICH = {"min": "smallest", "max": "largest"}

# How far into a bucket its first value may come is what all but the oddest of the other buckets have.
_ODD_SHARE = 0.1

# Values that are not regular fill their buckets differently: only the emptiest are worth a word.
_THIN_SHARE = 0.8
_LONGER = 1.1

# Values that are less regular than this, or several at a time, are events.
_REGULAR_SHARE = 0.5


@dataclass(frozen=True)
class Buckets:
    """The values of each bucket that holds any, one entry per series and bucket, in their order, shape (n,)."""

    series: NDArray[np.int64]  # number of the series
    ordinals: Ordinals  # number of the bucket on the grid
    starts: NDArray[np.int64]  # row of its first value
    counts: NDArray[np.int64]  # values in it


@dataclass(frozen=True)
class Aggregated:
    """What became of the values: one point per step that holds one, in whole steps, and notes.

    Args:
        events: whether the values are events such as orders, several of which may share a time, rather than readings
            at regular times: no event in a step is none, not one that is missing.
    """

    points: GridPoints
    notes: list[Note]
    events: bool


def aggregate(
    points: GridPoints, stamps: Stamps, clock: Stamps, frequency: Frequency, rule: AggregateRule, *, zeros: bool = False
) -> Aggregated:
    """Bring values onto the steps of a frequency.

    Args:
        points: sorted by series and time; their ordinals are not looked at.
        stamps: the times of the points, on a clock that never stands still.
        clock: the same on the clock of the frequency, which may be the local one.
        frequency: the step to bring them to.
        rule: what becomes of the values of a step; missing ones are left out of it.
        zeros: whether a step without a value is zero.

    Returns:
        The steps that hold a value, without a first and a last step that the values do not cover.

    Raises:
        DataError: the values are further apart than the steps.
    """
    present = np.isfinite(points.values)
    series, times, values = points.series[present].astype(np.int64), points.times[present], points.values[present]
    if not values.size:
        return Aggregated(GridPoints(series, times, np.empty(0, np.int64), values), [], events=False)
    ordinals = frequency.buckets(clock)[times]
    if np.any((series[1:] == series[:-1]) & (ordinals[1:] < ordinals[:-1])):
        # A clock that was put back across midnight shows the old day again.
        order = np.lexsort((ordinals, series))
        series, times, values, ordinals = series[order], times[order], values[order], ordinals[order]
    fresh = np.ones(series.size, dtype=bool)
    fresh[1:] = (series[1:] != series[:-1]) | (ordinals[1:] != ordinals[:-1])
    starts = np.flatnonzero(fresh)
    buckets = Buckets(series[starts], ordinals[starts], starts, np.diff(np.append(starts, series.size)))
    gaps = _gaps(series, stamps[times])
    several = bool(np.any(repeated_rows(series, times)))
    own_step = commonest(gaps[gaps > 0]) if gaps.any() else 0
    events = several or (bool(gaps.any()) and np.mean(gaps[gaps > 0] == own_step) < _REGULAR_SHARE)
    lasting = frequency.bucket_starts(buckets.ordinals + 1) - frequency.bucket_starts(buckets.ordinals)
    too_long = own_step > _LONGER * int(lasting.astype(np.int64).max())
    if too_long and not (events and (zeros or rule == "sum")):
        raise DataError(
            f"the values are {duration(own_step)} apart, which is longer than {frequency.adjective} steps",
            hint="name a longer step with --freq: values can be put together, not made up",
        )
    margins = _margins(buckets, clock[times], frequency)
    whole = _are_whole(buckets, margins, own_step)
    thin = whole & _are_thin(buckets, gaps, margins, 0 if several else own_step)
    distinct, places = np.unique(buckets.ordinals[whole], return_inverse=True)
    made = GridPoints(buckets.series[whole], places, distinct, _reduce(values, buckets, rule)[whole])
    notes = _notes(buckets, whole, thin, int((~present).sum()), frequency, rule)
    return Aggregated(made, notes, bool(events))


def _reduce(values: Values, buckets: Buckets, rule: AggregateRule) -> Values:
    if rule == "first":
        return values[buckets.starts]
    if rule == "last":
        return values[buckets.starts + buckets.counts - 1]
    if rule in ("sum", "mean"):
        sums = np.add.reduceat(values, buckets.starts)
        return sums / buckets.counts if rule == "mean" else sums
    return (np.minimum if rule == "min" else np.maximum).reduceat(values, buckets.starts)


def _gaps(series: NDArray[np.int64], stamps: Stamps) -> NDArray[np.int64]:
    """Microseconds since the value before in the same series, 0 for the first of each, shape (n,)."""
    gaps = np.zeros(series.size, dtype=np.int64)
    gaps[1:] = np.where(series[1:] == series[:-1], np.diff(stamps.astype(np.int64)), 0)
    return gaps


def _margins(buckets: Buckets, clock: Stamps, frequency: Frequency) -> tuple[Margins, Margins]:
    """Microseconds from the beginning of each bucket to its first value, and from its last value to its end."""
    first, last = clock[buckets.starts], clock[buckets.starts + buckets.counts - 1]
    head = first - frequency.bucket_starts(buckets.ordinals)
    tail = frequency.bucket_starts(buckets.ordinals + 1) - last
    return head.astype(np.int64), tail.astype(np.int64)


def _are_whole(buckets: Buckets, margins: tuple[Margins, Margins], own_step: int) -> NDArray[np.bool_]:
    """Which buckets the values cover: all but a first one that begins late and a last one that ends early."""
    first = np.ones(buckets.series.size, dtype=bool)
    first[1:] = buckets.series[1:] != buckets.series[:-1]
    last = np.append(first[1:], True)
    head, tail = margins
    inner = ~first & ~last
    late, early = max(own_step - 1, 0), int(_LONGER * own_step)
    if inner.any():
        usual_late, usual_early = (_usual(margin, inner, buckets.series) for margin in margins)
        return ~((first & (head > usual_late)) | (last & (tail > usual_early)))
    return ~((first & (head > late)) | (last & (tail > early)))


def _usual(margin: Margins, inner: NDArray[np.bool_], series: NDArray[np.int64]) -> Margins:
    """What all but the oddest of the inner buckets have, those of all series or of the bucket's own, shape (n,)."""
    most = np.full(
        int(series.max()) + 1, int(np.quantile(margin[inner], 1 - _ODD_SHARE, method="higher")), dtype=np.int64
    )
    order = np.lexsort((margin[inner], series[inner]))
    owners, sorted_margins = series[inner][order], margin[inner][order]
    numbers, starts, counts = np.unique(owners, return_index=True, return_counts=True)
    own = sorted_margins[starts + np.ceil((counts - 1) * (1 - _ODD_SHARE)).astype(np.int64)]
    most[numbers] = np.maximum(most[numbers], own)
    return most[series]


def _are_thin(
    buckets: Buckets, gaps: NDArray[np.int64], margins: tuple[Margins, Margins], own_step: int
) -> NDArray[np.bool_]:
    """Which buckets hold clearly fewer values than most."""
    if own_step == 0:
        return np.zeros(buckets.series.size, dtype=bool)
    head, tail = margins
    if np.mean(gaps[gaps > 0] == own_step) > 1 - _ODD_SHARE:
        between = np.maximum(gaps // own_step - 1, 0)
        between[buckets.starts] = 0
        lost = np.add.reduceat(between, buckets.starts) + head // own_step + np.maximum((tail - 1) // own_step, 0)
        return lost > np.median(lost)
    return buckets.counts < _THIN_SHARE * np.median(buckets.counts)


def _notes(
    buckets: Buckets,
    whole: NDArray[np.bool_],
    thin: NDArray[np.bool_],
    missing: int,
    frequency: Frequency,
    rule: AggregateRule,
) -> list[Note]:
    steps = counted(int(whole.sum()), f"{frequency.adjective} step")
    made_of = counted(int(buckets.counts[whole].sum()), "value")
    notes = [info(f"{steps} ({frequency.alias}) made of {made_of}: the {_WHICH.get(rule, rule)} of each")]
    partial = int((~whole).sum())
    if partial:
        left_out = int(buckets.counts[~whole].sum())
        notes.append(
            warning(
                f"{counted(partial, 'step')} at the start or end of the series left out, because the data cover only "
                f"part of {'it' if partial == 1 else 'them'} ({counted(left_out, 'value')})"
            )
        )
    if missing or thin.any():
        what = [counted(missing, "missing value") + " left out of the steps"] if missing else []
        if thin.any():
            what.append(f"{int(thin.sum()):,} of {steps} {'rests' if thin.sum() == 1 else 'rest'} on fewer values")
        notes.append(warning("; ".join(what)))
    return notes
