"""The distance to a line through the neighbours of a row: shocks and levels out of place, whatever the season.

As POLY of TSB-UAD (Paparrizos et al., VLDB 2022), which fits polynomials to the neighbourhood of a window; here a line
through one and a half windows on both sides of each row (a local regression, or filter of Savitzky and Golay).
"""

from __future__ import annotations

from scipy.ndimage import uniform_filter1d

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.windows import smoothed

_REACH = 1.5  # windows on each side


def polynomial(values: Float64, window: int) -> Float64:
    """Mean squared distance to the line, over a window around each row, shape (rows,)."""
    # In the middle of its rows a least-squares line is their mean.
    reach = min(int(_REACH * window), (len(values) - 1) // 2)
    line = uniform_filter1d(values, 2 * reach + 1, mode="reflect")
    scale = values.std() or 1.0
    return smoothed(((values - line) / scale) ** 2, window)
