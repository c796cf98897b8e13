"""Rows above a level as segments: one alarm for what belongs together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Float64


@dataclass(frozen=True)
class Stretch:
    """Rows first:end of a series above a level, the highest at `peak`."""

    first: int
    end: int
    peak: int


def stretches_above(scores: Float64, level: float, window: int) -> tuple[Stretch, ...]:
    """The stretches of rows above a level; those less than a window apart are one.

    Args:
        scores: NaN where a row has none, shape (rows,).
    """
    rows = np.flatnonzero(np.nan_to_num(scores, nan=-np.inf) > level)
    if not rows.size:
        return ()
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > window) + 1)
    return tuple(Stretch(int(one[0]), int(one[-1]) + 1, int(one[np.argmax(scores[one])])) for one in groups)
