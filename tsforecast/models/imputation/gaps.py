"""Runs of missing values, and classes of their length."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64

# The first length of each class: a method may be good over two steps and poor over two days.
CLASSES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Gap(NamedTuple):
    """Rows first:end of a column that are missing.

    Args:
        column: its number.
        first: row.
        end: row after the last one.
        kind: `inner` between two values, `begin` before the first one, or `end` after the last.
    """

    column: int
    first: int
    end: int
    kind: str

    @property
    def length(self) -> int:
        return self.end - self.first


def class_of(length: int) -> int:
    """The number of the class of a length."""
    return int(np.searchsorted(CLASSES, length, side="right")) - 1


def find_gaps(values: Float64, inside: Bool | None = None) -> list[Gap]:
    """The gaps of a matrix, column by column.

    Args:
        values: NaN where missing, shape (rows, columns).
        inside: which cells belong to the table, same shape; None for all. The others are no gaps.
    """
    missing = np.isnan(values) if inside is None else np.isnan(values) & inside
    found = []
    for column in range(values.shape[1]):
        seen = np.flatnonzero(~np.isnan(values[:, column]))
        if not seen.size:
            continue
        for first, end in runs(missing[:, column]).tolist():
            kind = "begin" if end <= seen[0] else "end" if first > seen[-1] else "inner"
            found.append(Gap(column, first, end, kind))
    return found


def runs(marked: Bool) -> Int64:
    """First row and the row after the last one of each run of marked rows, shape (runs, 2)."""
    edges = np.diff(np.concatenate([[0], marked.astype(np.int8), [0]]))
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)
