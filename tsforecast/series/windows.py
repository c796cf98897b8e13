"""Windows over a flat array: pairs (series, origin), gathered in batches, never copied as a whole.

A window's *origin* is the row of its first target step; the `lookback` rows before it are the context, the `horizon`
rows from it on are the target. A context that begins before its series is padded on the left with the series' first
value and masked there. Memory is O(windows) for the index and O(batch x (lookback + horizon)) for a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Real = TypeVar("Real", bound=np.floating)
_BATCH_VALUES = 1 << 20  # of all windows of a batch: a few MB, whatever the lookback


@dataclass(frozen=True)
class WindowIndex:
    """Which windows: nothing is copied.

    Args:
        origins: row of the first target step in the flat array, shape (samples,).
        series: number of the series, shape (samples,).
    """

    origins: Rows
    series: Rows

    def __len__(self) -> int:
        return len(self.origins)

    def take(self, rows: Rows) -> WindowIndex:
        """Some of the windows, by number."""
        return WindowIndex(self.origins[rows], self.series[rows])

    def at_most(self, most: int) -> WindowIndex:
        """At most `most` windows, evenly spread over all of them."""
        if len(self) <= most:
            return self
        if most == 0:
            return self.take(np.empty(0, np.int64))
        return self.take(np.unique(np.linspace(0, len(self) - 1, most).round().astype(np.int64)))


@dataclass(frozen=True)
class Batch:
    """Gathered windows.

    Args:
        context: shape (samples, lookback); padded positions hold the series' first value.
        mask: shape (samples, lookback); False where padded.
        target: shape (samples, horizon).
        observed: shape (samples, horizon); False where the target was filled in.
        series: shape (samples,).
    """

    context: NDArray[np.float32]
    mask: NDArray[np.bool_]
    target: NDArray[np.float32]
    observed: NDArray[np.bool_]
    series: Rows


def window_index(offsets: Rows, first: Rows, last: Rows, *, horizon: int, min_context: int) -> WindowIndex:
    """All windows whose whole target lies in rows first..last of its series.

    Args:
        offsets: start of each series in the flat array, shape (n_series + 1,).
        first: first row that may be a target, counted within the series, shape (n_series,).
        last: row after the last one that may be a target, shape (n_series,).
        horizon: steps of a target.
        min_context: rows that a context must have at least; what is missing to the lookback is padded.
    """
    lengths = np.diff(offsets)
    low = np.maximum(first, min_context)
    high = np.minimum(last, lengths) - horizon  # the last origin
    counts = np.maximum(0, high - low + 1)
    series = np.repeat(np.arange(len(lengths)), counts)
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    origins = (offsets[:-1] + low)[series] + number
    return WindowIndex(origins.astype(np.int64), series.astype(np.int64))


def gather(
    values: NDArray[np.float32],
    observed: NDArray[np.bool_],
    offsets: Rows,
    index: WindowIndex,
    *,
    lookback: int,
    horizon: int,
) -> Batch:
    """Copy the windows of `index` out of the flat array."""
    context, mask = gather_context(values, offsets, index, lookback=lookback)
    rows = index.origins[:, None] + np.arange(horizon)
    return Batch(context, mask, values[rows], observed[rows], index.series)


def gather_context(
    values: NDArray[Real], offsets: Rows, index: WindowIndex, *, lookback: int
) -> tuple[NDArray[Real], NDArray[np.bool_]]:
    """Copy only the contexts and their masks, both of shape (samples, lookback)."""
    rows = index.origins[:, None] + np.arange(-lookback, 0)
    start = offsets[index.series][:, None]
    return values[np.maximum(rows, start)], rows >= start


def batches(
    values: NDArray[np.float32],
    observed: NDArray[np.bool_],
    offsets: Rows,
    index: WindowIndex,
    *,
    lookback: int,
    horizon: int,
) -> Iterator[Batch]:
    """Gather the windows of `index` one batch after the other; the longer the windows, the fewer in a batch."""
    batch_size = max(1, _BATCH_VALUES // (lookback + horizon))
    for begin in range(0, len(index), batch_size):
        part = index.take(np.arange(begin, min(begin + batch_size, len(index))))
        yield gather(values, observed, offsets, part, lookback=lookback, horizon=horizon)
