"""Windows of series: what models learn from and forecast from.

A window's *origin* is the row of its first target step. The `lookback` rows before the origin are what a model sees,
the `horizon` rows from it on are the target. Where a series begins later than its window, the window is padded on the
left with the series' first value and masked there.

Windows are never copied in advance: a `WindowIndex` says which ones, and `ModelRows` gathers a batch of them at a time.
Memory is O(windows) for the index and O(batch x (lookback + horizon)) for a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tsforecast.arrays import Bool, Float32, Int64
from tsforecast.series.calendar_features import calendar_features, calendar_width
from tsforecast.series.covariates import Covariates, rows_of
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling, above_zero

Rows = Int64  # row numbers
_BATCH_VALUES = 1 << 20  # in all windows of a batch: a few MB, whatever the lookback


@dataclass(frozen=True)
class WindowIndex:
    """Which windows to gather.

    Args:
        origins: row of the first target step in the flat array, shape (samples,).
        series: number of the series, shape (samples,).
    """

    origins: Rows
    series: Int64

    def __len__(self) -> int:
        return len(self.origins)

    def take(self, numbers: Int64 | slice) -> WindowIndex:
        """Some of the windows, by number."""
        return WindowIndex(self.origins[numbers], self.series[numbers])

    def at_most(self, most: int) -> WindowIndex:
        """At most `most` windows, evenly spread over all of them."""
        if len(self) <= most:
            return self
        if most == 0:
            return self.take(np.empty(0, np.int64))
        return self.take(np.unique(np.linspace(0, len(self) - 1, most).round().astype(np.int64)))

    def in_batches(self, steps: int) -> Iterator[WindowIndex]:
        """All windows in order; the more steps each of them has, the fewer in a batch."""
        size = max(1, _BATCH_VALUES // steps)
        for begin in range(0, len(self), size):
            yield self.take(slice(begin, begin + size))


@dataclass(frozen=True)
class Windows:
    """What every model forecasts from, in model space. What there is none of has a width of zero.

    Args:
        values: shape (samples, lookback); padded positions hold the series' first value.
        mask: shape (samples, lookback); False where padded.
        past: covariates known up to the origin, shape (samples, lookback, n): columns known up to now, columns known
            ahead, the calendar.
        future: covariates known beyond the origin, shape (samples, horizon, n): columns known ahead, the calendar.
        static: numbers of each series, shape (samples, n).
        categories: categories of each series, -1 where unknown, shape (samples, n). Category 0 is the series itself, by
            its number in training.
        series: number of the series among the rows that the windows are gathered from, shape (samples,).
    """

    values: Float32
    mask: Bool
    past: Float32
    future: Float32
    static: Float32
    categories: Int64
    series: Int64

    def __len__(self) -> int:
        return len(self.values)

    def take(self, numbers: Int64 | slice) -> Windows:
        """Some of the windows, by number."""
        return Windows(*(value[numbers] for value in vars(self).values()))

    def newest(self, lookback: int) -> Windows:
        """The same windows with a shorter lookback."""
        begin = self.values.shape[1] - lookback
        return replace(self, values=self.values[:, begin:], mask=self.mask[:, begin:], past=self.past[:, begin:])

    def within(self, horizon: int) -> Windows:
        """The same windows with a shorter horizon."""
        return replace(self, future=self.future[:, :horizon])

    def followed_by(self, values: Float32) -> Windows:
        """The windows of the same lookback after some more steps, given as values of shape (samples, steps).

        What was known ahead of these steps is their past then; what was known up to now stays as it was last.
        """
        known = np.concatenate([self.mask, np.ones(values.shape, dtype=bool)], axis=1)
        longer = np.concatenate([self.values, values], axis=1)
        lookback, steps = self.values.shape[1], values.shape[1]
        later = replace(self, values=longer[:, -lookback:], mask=known[:, -lookback:])
        if not self.past.shape[2]:
            return later
        stayed = self.past[:, -1:, : self.past.shape[2] - self.future.shape[2]].repeat(steps, axis=1)
        past = np.concatenate([self.past, np.concatenate([stayed, self.future[:, :steps]], axis=2)], axis=1)
        return replace(later, past=past[:, -lookback:], future=self.future[:, steps:])


def plain_windows(values: Float32, mask: Bool, categories: Int64, series: Int64, horizon: int) -> Windows:
    """Windows without covariates; the arguments are those of `Windows`."""
    samples, lookback = values.shape
    nothing = np.empty(0, np.float32)
    return Windows(
        values=values,
        mask=mask,
        past=nothing.reshape(samples, lookback, 0),
        future=nothing.reshape(samples, horizon, 0),
        static=nothing.reshape(samples, 0),
        categories=categories,
        series=series,
    )


@dataclass(frozen=True)
class Batch:
    """Windows with what followed them.

    Args:
        windows: what is forecast from.
        target: in model space, shape (samples, horizon).
        observed: False where the target was filled in, shape (samples, horizon).
    """

    windows: Windows
    target: Float32
    observed: Bool


@dataclass(frozen=True)
class Calendar:
    """Holidays and features of the calendar that models read beside the columns known ahead.

    Args:
        names: of the features, keys of `CALENDAR`.
        time_zone: of the clock on the wall that they are read from.
        holidays: calendars whose holidays every series has.
        holidays_from: number of the category whose labels are the calendars of the series; None for none.
        around: days before and after a holiday that are features of their own.
    """

    names: tuple[str, ...] = ()
    time_zone: str | None = None
    holidays: tuple[str, ...] = ()
    holidays_from: int | None = None
    around: int = 0

    @property
    def holiday_width(self) -> int:
        """How many columns holidays have, which come first."""
        return 1 + 2 * self.around if self.holidays or self.holidays_from is not None else 0

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.holiday_width + calendar_width(self.names)

    def of_series(self, covariates: Covariates) -> tuple[tuple[Calendar, ...], Int64]:
        """The calendars that differ in their holidays, and the number of that of each series, shape (n_series,)."""
        if self.holidays_from is None:
            return (self,), np.zeros(len(covariates.categories), np.int64)
        codes, labels = covariates.categories[:, self.holidays_from], covariates.labels[self.holidays_from]
        distinct, numbers = np.unique(codes, return_inverse=True)
        of_label = [self.holidays if code < 0 else (*self.holidays, labels[code]) for code in distinct.tolist()]
        return tuple(replace(self, holidays=each) for each in of_label), numbers.astype(np.int64)

    def features(self, frequency: Frequency, ordinals: Int64) -> Float32:
        """Columns of steps of any shape, columns last. Each step is worked on once, however often it stands there."""
        if not self.width or not ordinals.size:
            return np.empty((*ordinals.shape, self.width), np.float32)
        low, high = int(ordinals.min()), int(ordinals.max())
        if high - low < 2 * ordinals.size:
            return self._of(frequency, np.arange(low, high + 1))[ordinals - low]
        distinct, place = np.unique(ordinals, return_inverse=True)
        return self._of(frequency, distinct)[place.reshape(ordinals.shape)]

    def _of(self, frequency: Frequency, ordinals: Int64) -> Float32:
        features = calendar_features(frequency, ordinals, self.names, self.time_zone)
        if not self.holiday_width:
            return features
        from tsforecast.series.holiday_features import holiday_features

        days = holiday_features(frequency, ordinals, self.holidays, self.around, self.time_zone)
        return np.concatenate([days, features], axis=1)


NO_CALENDAR = Calendar()


@dataclass(frozen=True)
class ModelRows:
    """The rows of a panel as models see them.

    Args:
        panel: the rows in the user's units, without stray values and without those that the logarithm does not take.
        scaling: the transform into model space, of every series of the panel. Covariates that it has no columns for are
            left out.
        categories: categories of each series, shape (n_series, n), as `Windows` has them.
        calendar: what models read of the calendar.
        taken: what is taken out of the values in model space, shape (rows,); None for nothing.
    """

    panel: Panel
    scaling: Scaling
    categories: Int64
    calendar: Calendar = NO_CALENDAR
    taken: Float32 | None = None

    @cached_property
    def values(self) -> Float32:
        """All values in model space, shape (rows,)."""
        values = self.scaling.transform(self.panel.values, self.panel.series_of_row)
        return values if self.taken is None else values - self.taken

    @property
    def observed(self) -> Bool:
        """False where a value was filled in, shape (rows,); such values are not learned from."""
        return self.panel.observed

    @property
    def offsets(self) -> Int64:
        """Start of each series, shape (n_series + 1,)."""
        return self.panel.offsets

    def take(self, numbers: Int64) -> ModelRows:
        """The rows of some of the series, in the given order."""
        taken = None if self.taken is None else self.taken[rows_of(numbers, self.offsets)]
        scaling = self.scaling.take(numbers)
        return ModelRows(self.panel.take(numbers), scaling, self.categories[numbers], self.calendar, taken)

    def windows(self, index: WindowIndex, *, lookback: int, horizon: int) -> Windows:
        """Gather windows."""
        rows, mask = self._rows(index, lookback)
        return self._windows(self.values[rows], mask, index, horizon)

    def newest_windows(self, series: Int64, *, lookback: int, horizon: int) -> Windows:
        """The windows that end with the last row of some series; only what they hold is brought into model space."""
        index = WindowIndex(self.offsets[series + 1], series)
        rows, mask = self._rows(index, lookback)
        values = self.scaling.transform(self.panel.values[rows], series[:, None])
        return self._windows(values if self.taken is None else values - self.taken[rows], mask, index, horizon)

    def batches(self, index: WindowIndex, *, lookback: int, horizon: int) -> Iterator[Batch]:
        """Gather windows and their targets, one batch after the other."""
        for some in index.in_batches(lookback + horizon):
            rows = some.origins[:, None] + np.arange(horizon)
            windows = self.windows(some, lookback=lookback, horizon=horizon)
            yield Batch(windows, self.values[rows], self.observed[rows])

    def _rows(self, index: WindowIndex, lookback: int) -> tuple[Rows, Bool]:
        """Rows of each window, and which of them are no padding, both of shape (samples, lookback)."""
        rows = index.origins[:, None] + np.arange(-lookback, 0)
        start = self.offsets[index.series][:, None]
        return np.maximum(rows, start), rows >= start

    def _windows(self, values: Float32, mask: Bool, index: WindowIndex, horizon: int) -> Windows:
        plain = plain_windows(values, mask, self.categories[index.series], index.series, horizon)
        scaling = self.scaling
        if not (scaling.past.width or scaling.future.width or scaling.static.width or self.calendar.width):
            return plain
        known, series = self.panel.covariates, index.series
        begin = self.offsets[series][:, None]
        before = np.maximum(index.origins[:, None] + np.arange(-values.shape[1], 0), begin) - begin
        ahead = index.origins[:, None] + np.arange(horizon) - begin
        past = scaling.past.transform(known.past[begin + before])
        return replace(
            plain,
            past=np.concatenate([past, self._known_ahead(before, series)], axis=2),
            future=self._known_ahead(ahead, series),
            static=scaling.static.transform(known.static[series]),
        )

    def _known_ahead(self, steps: Int64, series: Int64) -> Float32:
        """The columns known ahead and the calendar, at steps within each series; the last known row stands for later
        ones."""
        known = self.panel.covariates
        first, last = known.future_offsets[series][:, None], known.future_offsets[series + 1][:, None] - 1
        columns = self.scaling.future.transform(known.future[np.minimum(first + steps, last)])
        if not self.calendar.width:
            return columns
        ordinals = self.panel.starts[series][:, None] + steps
        calendars, numbers = self.calendar.of_series(known)
        features = np.empty((*steps.shape, self.calendar.width), np.float32)
        for number, calendar in enumerate(calendars):
            chosen = numbers[series] == number
            features[chosen] = calendar.features(self.panel.frequency, ordinals[chosen])
        return np.concatenate([columns, features], axis=2)


def model_rows(
    panel: Panel, scaling: Scaling, trained_as: Int64 | None = None, calendar: Calendar = NO_CALENDAR
) -> ModelRows:
    """The rows of a panel as models see them.

    Args:
        panel: the rows, without stray values.
        scaling: of every series of the panel.
        trained_as: number of each series in training, UNKNOWN_SERIES for one that was not there, shape (n_series,);
            None where the panel is what is trained on.
        calendar: what models read of the calendar.
    """
    numbers = np.arange(panel.n_series) if trained_as is None else trained_as
    panel = above_zero(panel, scaling.log)
    return ModelRows(panel, scaling, np.column_stack([numbers, panel.covariates.categories]), calendar)


def window_index(offsets: Int64, first: Rows, last: Rows, *, horizon: int, min_context: int) -> WindowIndex:
    """All windows whose whole target lies in rows first..last of its series.

    Args:
        offsets: start of each series in the flat array, shape (n_series + 1,).
        first: first row that may be a target, counted within the series, shape (n_series,).
        last: row after the last one that may be a target, shape (n_series,).
        horizon: steps of a target.
        min_context: rows that must precede a target; what is missing to the lookback is padded.
    """
    lengths = np.diff(offsets)
    low = np.maximum(first, min_context)
    high = np.minimum(last, lengths) - horizon  # the last origin
    counts = np.maximum(0, high - low + 1)
    series = np.repeat(np.arange(len(lengths)), counts)
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    origins = (offsets[:-1] + low)[series] + number
    return WindowIndex(origins.astype(np.int64), series.astype(np.int64))
