"""Stray values: a few among ordinary ones that lie so far off that they are hardly measurements.

4294967295 or 1e12 among values of some hundreds is what a logger writes in place of a missing value. One of them would
be all that a deviation, a regression or the digits of a float32 know of its series. Stray are at most 5 % of a series'
observed values, of at most three kinds, each more than a thousand times as far from the median as every other value.
Heavy tails have no such gap: their large values are led up to by others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.series.panel import Panel

FACTOR = 1000.0
_SHARE, _KINDS = 0.05, 3
_LEAST = 20  # observed values, below which nothing is said

# Of the median, that distances count from at least: a series that hardly moves has no strays close to it.
_OWN_SIZE = 0.1


def find_strays(panel: Panel, ends: Int64 | None = None) -> Bool:
    """Which rows hold a stray value, filled ones with its copies included, shape (rows,).

    Args:
        panel: the series.
        ends: row of each series after the last one that may tell what is usual, shape (n_series,); None for all. Later
            rows are stray where they are as far from what was usual.
    """
    center, reach = _usual(panel, panel.lengths if ends is None else ends)
    owner = panel.series_of_row
    return np.abs(panel.values - center[owner]) > FACTOR * reach[owner]


def without_strays(panel: Panel, ends: Int64 | None = None) -> Panel:
    """The panel as models see it: a stray value is the one before it, and counts as filled in.

    Args:
        panel: the series; it is returned itself where no value is stray.
        ends: as for `find_strays`.
    """
    stray = find_strays(panel, ends)
    if not stray.any():
        return panel
    rows, owner = np.arange(len(stray)), panel.series_of_row
    before = np.maximum.accumulate(np.where(stray, -1, rows))
    after = np.minimum.accumulate(np.where(stray, len(rows), rows)[::-1])[::-1]
    first, last = panel.offsets[owner], panel.offsets[owner + 1] - 1
    source = np.where(before >= first, before, np.where(after <= last, after, rows))
    return replace(panel, values=panel.values[source], observed=panel.observed & ~stray)


def _usual(panel: Panel, ends: Int64) -> tuple[Float64, Float64]:
    """Center of each series and how far from it its usual values reach, both of shape (n_series,).

    The reach is infinite where the values are too few, or all zero.
    """
    owner, n_series = panel.series_of_row, panel.n_series
    counted = panel.observed & np.isfinite(panel.values) & (np.arange(len(owner)) < (panel.offsets[:-1] + ends)[owner])
    count = np.bincount(owner, counted, n_series)
    center = np.bincount(owner, np.where(counted, panel.values, 0.0), n_series) / np.maximum(count, 1)
    distance = np.where(counted, np.abs(panel.values - center[owner]), 0.0)
    mean = np.bincount(owner, distance, n_series) / np.maximum(count, 1)
    furthest = np.zeros(n_series)
    np.maximum.at(furthest, owner, distance)
    reach = np.maximum(furthest, _OWN_SIZE * np.abs(center))
    # Where few values lie far off, the mean distance is small beside the largest: only such series are looked into.
    for number in np.flatnonzero((count >= _LEAST) & (mean < 2.2 * _SHARE * furthest)).tolist():
        rows = slice(panel.offsets[number], panel.offsets[number + 1])
        found = _gap(panel.values[rows][counted[rows]])
        if found is not None:
            center[number], reach[number] = found
    reach[(count < _LEAST) | (reach == 0)] = np.inf
    return center, reach


def _gap(values: Float64) -> tuple[float, float] | None:
    """The median, and the reach of the values before the gap to stray ones; None without such a gap."""
    median = float(np.median(values))
    distance = np.abs(values - median)
    furthest = np.sort(distance)[-int(_SHARE * len(values)) - 1 :]
    reach = np.maximum(furthest[:-1], _OWN_SIZE * abs(median))
    gaps = np.flatnonzero((furthest[1:] > FACTOR * reach) & (reach > 0))
    if not gaps.size:
        return None
    usual = float(reach[gaps[0]])
    return (median, usual) if np.unique(values[distance > FACTOR * usual]).size <= _KINDS else None
