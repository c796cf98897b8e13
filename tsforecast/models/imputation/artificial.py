"""Artificial gaps: where values are known, what is missing elsewhere is cut out, to see how well it is filled.

A gap of the table is laid over another place of its column together with what is missing beside it in other columns, so
that artificial gaps are like those that there are; of a very long one a part, which tells more than nothing. Gaps at
the end of a column are judged by cutting the column off earlier, those at its beginning by cutting off its first rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64
from tsforecast.models.imputation.gaps import Gap, class_of

_SHARE = 0.08  # of the values at most are hidden at once
_MOST = 60  # gaps of a class in a trial
_TRIES = 4  # for each of them
_PIECES = 6  # a longer part of a column than one in so many is not cut: there would be too few such to judge


@dataclass(frozen=True)
class Trial:
    """Some values that are hidden, and the gaps among them that are judged.

    Args:
        hidden: shape (rows, columns).
        gaps: whose values are known, and hidden.
    """

    hidden: Bool
    gaps: tuple[Gap, ...]


def inner_trial(values: Float64, gaps: list[Gap], rng: np.random.Generator) -> Trial:
    """Cut gaps like those between two values, of every class of length alike.

    Args:
        values: NaN where missing, shape (rows, columns).
        gaps: of the table.
        rng: where gaps are cut.
    """
    missing = np.isnan(values)
    hidden, taken = np.zeros_like(missing), missing.copy()
    classes: dict[int, list[Gap]] = {}
    for gap in gaps:
        if gap.kind == "inner":
            classes.setdefault(class_of(gap.length), []).append(gap)
    judged: list[Gap] = []
    # Long gaps first, as they find less room.
    for _, own in sorted(classes.items(), reverse=True):
        room = _SHARE * (~missing).sum() / len(classes)
        used = cut = 0
        for _ in range(_TRIES * _MOST):
            if cut >= _MOST or (cut and used + own[0].length > room):
                break
            gap = own[int(rng.integers(len(own)))]
            longest = max(1, int((~missing[:, gap.column]).sum()) // _PIECES)
            gap = gap if gap.length <= longest else gap._replace(end=gap.first + longest)
            first = _free_place(taken[:, gap.column], gap.length, rng)
            while first is None and gap.length > 1:
                gap = gap._replace(end=gap.first + gap.length // 2)
                first = _free_place(taken[:, gap.column], gap.length, rng)
            if first is None:
                continue
            end = first + gap.length
            pattern = missing[gap.first : gap.end] & ~missing[first:end]
            hidden[first:end] |= pattern
            taken[max(0, first - 1) : end + 1] |= pattern.any(axis=0)
            judged.append(Gap(gap.column, first, end, "inner"))
            cut, used = cut + 1, used + int(pattern.sum())
    return Trial(hidden, tuple(judged))


def _free_place(taken: Bool, length: int, rng: np.random.Generator) -> int | None:
    """A row from which so many values, and one on either side, are free; None where there is none."""
    counts = np.concatenate([[0], np.cumsum(taken)])
    free = np.flatnonzero(counts[length + 2 :] == counts[: -(length + 2)])
    return int(free[rng.integers(len(free))]) + 1 if free.size else None


def edge_trial(values: Float64, gaps: list[Gap], rng: np.random.Generator) -> Trial:
    """Cut the columns that miss their first or last values off earlier, and judge as many rows as are missing."""
    hidden, judged = np.zeros(values.shape, bool), []
    rows = len(values)
    start, stop = int(rows * rng.uniform(0.1, 0.4)), int(rows * rng.uniform(0.6, 0.9))
    for gap in gaps:
        if gap.kind == "inner":
            continue
        first, end = (stop, stop + gap.length) if gap.kind == "end" else (start - gap.length, start)
        if first < 0 or end > rows or np.isnan(values[first:end, gap.column]).any():
            continue
        cut = slice(stop, None) if gap.kind == "end" else slice(None, start)
        hidden[cut, gap.column] = True
        judged.append(Gap(gap.column, first, end, gap.kind))
    return Trial(hidden & ~np.isnan(values), tuple(judged))
