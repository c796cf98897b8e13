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
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling

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
        past: covariates known up to the origin, shape (samples, lookback, n).
        future: covariates known beyond the origin, shape (samples, horizon, n).
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

    def followed_by(self, values: Float32) -> Windows:
        """The windows of the same lookback after some more steps, given as values of shape (samples, steps)."""
        known = np.concatenate([self.mask, np.ones(values.shape, dtype=bool)], axis=1)
        longer = np.concatenate([self.values, values], axis=1)
        lookback = self.values.shape[1]
        return replace(self, values=longer[:, -lookback:], mask=known[:, -lookback:])


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
class ModelRows:
    """The rows of a panel as models see them.

    Args:
        panel: the rows in the user's units, without stray values.
        scaling: the transform into model space, of every series of the panel.
        categories: categories of each series, shape (n_series, n), as `Windows` has them.
    """

    panel: Panel
    scaling: Scaling
    categories: Int64

    @cached_property
    def values(self) -> Float32:
        """All values in model space, shape (rows,)."""
        return self.scaling.transform(self.panel.values, self.panel.series_of_row)

    @property
    def observed(self) -> Bool:
        """False where a value was filled in, shape (rows,); such values are not learned from."""
        return self.panel.observed

    @property
    def offsets(self) -> Int64:
        """Start of each series, shape (n_series + 1,)."""
        return self.panel.offsets

    def windows(self, index: WindowIndex, *, lookback: int, horizon: int) -> Windows:
        """Gather windows."""
        rows, mask = self._rows(index, lookback)
        return self._windows(self.values[rows], mask, index, horizon)

    def newest_windows(self, series: Int64, *, lookback: int, horizon: int) -> Windows:
        """The windows that end with the last row of some series; only what they hold is brought into model space."""
        index = WindowIndex(self.offsets[series + 1], series)
        rows, mask = self._rows(index, lookback)
        values = self.scaling.transform(self.panel.values[rows], series[:, None])
        return self._windows(values, mask, index, horizon)

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
        return plain_windows(values, mask, self.categories[index.series], index.series, horizon)


def model_rows(panel: Panel, scaling: Scaling, trained_as: Int64 | None = None) -> ModelRows:
    """The rows of a panel as models see them.

    Args:
        panel: the rows, without stray values.
        scaling: of every series of the panel.
        trained_as: number of each series in training, UNKNOWN_SERIES for one that was not there, shape (n_series,);
            None where the panel is what is trained on.
    """
    numbers = np.arange(panel.n_series) if trained_as is None else trained_as
    return ModelRows(panel, scaling, numbers[:, None])


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
