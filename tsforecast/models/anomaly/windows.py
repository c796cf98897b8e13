"""The window that suits a series, and how scores of windows become scores of rows."""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float64

LEAST_WINDOW, _MOST_WINDOW = 4, 400
_SHARE = 4  # of the rows of a series that a window takes at most is one in so many
_USUAL, _USUAL_SHARE = 100, 10  # where nothing repeats
_NEAR = 0.02  # of the season, within which its peak lies
_CLEAR, _SOME = 0.2, 0.1  # autocorrelation


def find_window(values: Float64, season: int) -> int:
    """The number of steps after which a series repeats itself.

    The season of the calendar where the autocorrelation has a peak there, else the highest peak of the autocorrelation,
    of the values or of their differences, else 100 steps or a tenth of the series.

    Args:
        values: shape (rows,).
        season: steps in a season by the calendar.
    """
    most = min(_MOST_WINDOW, len(values) // _SHARE)
    for each in (values, np.diff(values)):
        lags = autocorrelation(each, most + 1)
        rises = np.diff(lags[LEAST_WINDOW - 1 :]) > 0
        peaks = LEAST_WINDOW + np.flatnonzero(rises[:-1] & ~rises[1:])
        near = np.abs(peaks - season) <= max(1, _NEAR * season)
        if LEAST_WINDOW <= season <= most and near.any() and lags[season] > _CLEAR:
            return season
        if peaks.size and lags[peaks].max() > _SOME:
            return int(peaks[np.argmax(lags[peaks])])
    return max(LEAST_WINDOW, min(_USUAL, len(values) // _USUAL_SHARE))


def autocorrelation(values: Float64, lags: int) -> Float64:
    """At lags 0 to `lags`, shape (lags + 1,); all zero for a constant series."""
    moved = values - values.mean()
    size = 1 << (2 * len(values) - 1).bit_length()
    spectrum = np.fft.rfft(moved, size)
    sums = np.fft.irfft(spectrum * spectrum.conj(), size)[: lags + 1]
    return sums / sums[0] if sums[0] > 0 else np.zeros(lags + 1)


def of_rows(scores: Float64, window: int) -> Float64:
    """The mean score of the windows that hold each row.

    Args:
        scores: of each window, by its first row, shape (rows - window + 1,).

    Returns:
        Shape (rows,).
    """
    rows = len(scores) + window - 1
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    first = np.maximum(np.arange(rows) - window + 1, 0)
    last = np.minimum(np.arange(rows), len(scores) - 1)
    return (sums[last + 1] - sums[first]) / (last + 1 - first)


def smoothed(scores: Float64, window: int) -> Float64:
    """The mean over a window around each row, of as many rows as there are, shape (rows,)."""
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    first = np.maximum(np.arange(len(scores)) - window // 2, 0)
    end = np.minimum(np.arange(len(scores)) + (window + 1) // 2, len(scores))
    return (sums[end] - sums[first]) / (end - first)


def smoothed_where_known(scores: Float64, window: int) -> Float64:
    """The same of scores that begin late: NaN where there is none, shape (rows,)."""
    known = np.isfinite(scores)
    means = np.full(len(scores), np.nan)
    means[known] = smoothed(scores[known], window)
    return means
