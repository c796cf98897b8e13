"""Series of unequal lengths side by side, and units in which zero is zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float32, Float64, Int64
from tsforecast.series.scaling import Scaling, apply_log, invert_log
from tsforecast.series.windows import Windows

LOGS = ("none", "log", "log1p")


@dataclass(frozen=True)
class Aligned:
    """Series that begin in the first row, the longest ones first, so that those alive at a step are the first ones.

    Args:
        values: zero below the last value, shape (steps, n_series).
        lengths: values of each series, descending, shape (n_series,).
        order: number of each series before they were ordered, shape (n_series,).
    """

    values: Float64
    lengths: Int64
    order: Int64

    @property
    def alive(self) -> Int64:
        """How many series have a value at each step, shape (steps,)."""
        return np.searchsorted(-self.lengths, -np.arange(len(self.values)), side="left")

    @property
    def known(self) -> Bool:
        """Where there are values, shape (steps, n_series)."""
        return np.arange(len(self.values))[:, None] < self.lengths

    def take(self, numbers: Int64 | slice | Bool) -> Aligned:
        """Some of the series, in the same order; no longer than the longest of them."""
        lengths = self.lengths[numbers]
        return Aligned(self.values[: lengths.max(initial=0), numbers], lengths, self.order[numbers])

    def unordered(self, rows: Float64) -> Float64:
        """Rows that belong to the series, in the order that these had."""
        back = np.empty_like(rows)
        back[self.order] = rows
        return back


def aligned_windows(values: Float64, mask: Bool) -> Aligned:
    """Windows as aligned series; a window without a value is one zero.

    Args:
        values: shape (samples, lookback).
        mask: False where padded, which is on the left, shape (samples, lookback).
    """
    lookback = values.shape[1]
    counts = mask.sum(axis=1)
    lengths = np.maximum(counts, 1)
    order = np.argsort(-lengths, kind="stable")
    places = np.arange(int(lengths.max(initial=1))) + (lookback - lengths[order])[:, None]
    moved = np.take_along_axis(values[order], np.minimum(places, lookback - 1), axis=1)
    known = (places < lookback) & (counts[order] > 0)[:, None]
    return Aligned(np.where(known, moved, 0.0).T.copy(), lengths[order], order)


def units_of(scaling: Scaling) -> Float32:
    """What leads from model space to units in which zero is zero, shape (n_series, 3): logarithm, center, scale.

    With a logarithm they are the user's units, otherwise these divided by the scale, which float32 may not hold.
    """
    log = np.full(len(scaling.center), LOGS.index(scaling.log))
    size = size_of_units(scaling)
    return np.stack([log, scaling.center / size, scaling.scale / size], axis=1).astype(np.float32)


def size_of_units(scaling: Scaling) -> Float64:
    """A unit of each series in the user's units, shape (n_series,)."""
    return scaling.scale if scaling.log == "none" else np.ones_like(scaling.scale)


def units_of_windows(units: Float32, windows: Windows) -> Float64:
    """The units of each window, shape (samples, 3). Those of an unknown series are those of model space."""
    number = windows.categories[:, 0]
    found = units.astype(np.float64)[np.maximum(number, 0)]
    found[number < 0, 1:] = 0.0, 1.0
    return found


def in_units(values: Float64, units: Float64) -> Float64:
    """From model space into the units of each row, shape (samples, steps)."""
    return invert_log(values * units[:, 2:] + units[:, 1:2], _log(units))


def from_units(values: Float64, units: Float64) -> Float32:
    """Back into model space; with a logarithm, values below what it takes count as the least that it takes."""
    log = _log(units)
    if log == "log":
        # A forecast of zero or less of a positive series has no logarithm: what is next to nothing beside its scale.
        values = np.maximum(values, np.exp(units[:, 1:2] - 10 * units[:, 2:]))
    return np.asarray((apply_log(values, log) - units[:, 1:2]) / units[:, 2:], np.float32)


def _log(units: Float64) -> str:
    return LOGS[int(np.clip(units[0, 0], 0, len(LOGS) - 1))] if len(units) else "none"
