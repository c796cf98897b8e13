"""A line between the values on both sides of a gap; before the first and after the last value, that value."""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float64


def linear(values: Float64) -> Float64:
    """Fill the gaps of each column by a line, shape (rows, columns)."""
    filled, rows = values.copy(), np.arange(len(values))
    for column in range(values.shape[1]):
        seen = ~np.isnan(values[:, column])
        if seen.any() and not seen.all():
            filled[~seen, column] = np.interp(rows[~seen], rows[seen], values[seen, column])
    return filled
