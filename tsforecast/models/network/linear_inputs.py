"""What a linear map reads of the covariates besides the values of its window, for the linear model and for the skip.

Of the columns it reads every step of window and horizon; of the calendar the first step of the horizon alone, because
each step of the forecast has weights of its own, which know how much later it lies. Where that would be too many
numbers for a regression, it reads means of neighbouring steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tsforecast.arrays import Float32, Int64
from tsforecast.models.network.config import Inputs
from tsforecast.series.windows import Windows

# Numbers that are read at most of the columns in the window, and as many of those in the horizon.
_MOST = 512


def linear_width(inputs: Inputs, lookback: int, horizon: int) -> int:
    """How many numbers a linear map reads, those of the window included."""
    past, future = columns_of(inputs)
    before, ahead = (block_count(steps, columns) for steps, columns in ((lookback, past), (horizon, future)))
    return lookback + before * past + ahead * future + inputs.calendar


def column_numbers(inputs: Inputs, lookback: int, horizon: int) -> Int64:
    """Which column each of these numbers is of, shape (linear_width,); -1 for the values of the window.

    Columns are counted as in `Windows.past`; the calendar, whose features go together, has the number after the last.
    """
    past, future = columns_of(inputs)
    before, ahead = (block_count(steps, columns) for steps, columns in ((lookback, past), (horizon, future)))
    return np.concatenate(
        [
            np.full(lookback, -1),
            np.tile(np.arange(past), before),
            np.tile(np.arange(past - future, past), ahead),
            np.full(inputs.calendar, past),
        ]
    )


def columns_of(inputs: Inputs) -> tuple[int, int]:
    """Columns of the window and of the horizon without the calendar."""
    return max(0, inputs.past - inputs.calendar), inputs.future - inputs.calendar


def block_of(steps: int, columns: int) -> int:
    """Neighbouring steps that are read as their mean."""
    return -(-steps * columns // _MOST)


def block_count(steps: int, columns: int) -> int:
    """How many means are read of each column."""
    return -(-steps // block_of(steps, columns)) if columns else 0


def linear_inputs(inputs: Inputs, filled: Float32, windows: Windows) -> Float32:
    """The values of the windows, normalised, and what is read of the covariates, shape (samples, linear_width)."""
    if not inputs.past and not inputs.future:
        return filled
    past, future = columns_of(inputs)
    read = [filled, _means(windows.past[:, :, :past]), _means(windows.future[:, :, :future])]
    read += [windows.future[:, 0, future:]] if inputs.calendar else []
    return np.concatenate([one.reshape(len(filled), -1) for one in read], axis=1)


def _means(columns: Float32) -> Float32:
    """Means of neighbouring steps, the last of which may be fewer: (samples, steps, n) to (samples, blocks, n)."""
    steps, count = columns.shape[1:]
    size = block_of(steps, count) if count else 1
    if size == 1:
        return columns
    starts: Any = np.arange(0, steps, size)
    lengths = np.diff([*starts, steps]).astype(np.float32)
    return np.asarray(np.add.reduceat(columns, starts, axis=1) / lengths[:, None], np.float32)
