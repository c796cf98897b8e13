"""How often a score as high comes by chance, and the score that keeps a budget of false alarms.

Scores of different methods become comparable as their *surprise*: the negative logarithm of the share of rows with as
high a score. Ranks end with the largest; above the 80th percentile the surprise goes on with the logarithm of the
score, at the slope it has between the median and the 80th (a Pareto tail as Hill fits it, but by quantiles and from the
bulk of the scores, because an anomaly raises those of all windows that hold it).

Alarms are peaks, not rows: the highest rows within a window on both sides. Their upper part follows a generalised
Pareto distribution (peaks over threshold; Pickands 1975, Davison and Smith 1990), fitted by probability-weighted
moments (Hosking and Wallis 1987). The largest peaks may be true anomalies: those far beyond what an exponential tail
with the same median reaches are left out, and the scale is that of the median where this is smaller. The shape is drawn
to zero where peaks are few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from tsforecast.arrays import Float64, Int64

FEW_PEAKS = 10  # below which nothing is known of their tail
_MIDDLE, _HIGH = 0.5, 0.2  # shares of the scores that lie above
_UPPER = 0.4  # of the peaks, which the tail is fitted on
_MOST_SHAPE, _PRIOR = 0.3, 20
_FURTHEST = 2.0  # times the reach of an exponential tail, beyond which a peak is an anomaly


@dataclass(frozen=True)
class Tail:
    """The peaks of a series.

    Args:
        peaks: their scores, ascending.
        rows: of the series.
        window: rows within which the highest is a peak.
        start: score from which on the fitted tail holds.
        share: of the rows, which are peaks above it.
        scale: of the generalised Pareto distribution.
        shape: likewise.
    """

    peaks: Float64
    rows: int
    window: int
    start: float
    share: float
    scale: float
    shape: float

    @property
    def judged(self) -> bool:
        """Whether there are peaks enough to say how often one comes."""
        return len(self.peaks) >= FEW_PEAKS

    def rates(self, scores: Float64) -> Float64:
        """Peaks in a row of clean data that are at least as high as each score."""
        counted = (len(self.peaks) - np.searchsorted(self.peaks, scores, side="left")) / self.rows
        above = np.maximum(scores - self.start, 0.0) / self.scale
        if abs(self.shape) < 1e-6:
            left = np.exp(-above)
        else:
            left = np.maximum(1 + self.shape * above, 0.0) ** (-1 / self.shape)
        return np.where(scores > self.start, self.share * left, np.maximum(counted, self.share))

    def p_values(self, scores: Float64) -> Float64:
        """The chance that a window of clean data has a peak as high as each score."""
        return -np.expm1(-self.window * self.rates(scores))

    def alarm_level(self, steps: float) -> float:
        """The score that clean data exceed once in so many rows."""
        more = self.share * steps
        if more <= 1:
            return float(np.quantile(self.peaks, max(0.0, 1 - self.rows / steps / max(1, len(self.peaks)))))
        left = np.log(more) if abs(self.shape) < 1e-6 else (more**self.shape - 1) / self.shape
        return float(self.start + self.scale * left)


def surprise(scores: Float64) -> Float64:
    """The negative logarithm of the share of rows whose score is at least as high, continued beyond the data."""
    order = np.sort(scores)
    below = (np.searchsorted(order, scores, side="left") + np.searchsorted(order, scores, side="right")) / 2
    ranks = -np.log1p(-below / (len(scores) + 1))
    usual, high = np.quantile(scores, [1 - _MIDDLE, 1 - _HIGH])
    if not 0 < usual < high:
        return ranks
    slope = np.log(high / usual) / np.log(_MIDDLE / _HIGH)
    beyond = -np.log(_HIGH) + np.log(np.maximum(scores, high) / high) / slope
    return np.where(scores > high, beyond, ranks)


def find_peaks(scores: Float64, window: int) -> Int64:
    """Rows with the highest score within a window on both sides, the first of several equal ones."""
    highest = np.flatnonzero(scores >= maximum_filter1d(scores, 2 * window + 1, mode="nearest"))
    return highest[np.concatenate([[True], np.diff(highest) > window])]


def fit_tail(scores: Float64, window: int) -> Tail:
    """The tail of the peaks of a series without missing scores, shape (rows,)."""
    peaks = np.sort(scores[find_peaks(scores, window)])
    start = float(np.quantile(peaks, 1 - _UPPER))
    above = peaks[peaks > start] - start
    if not above.size:
        return Tail(peaks, len(scores), window, start, 1 / len(scores), 1.0, 0.0)
    median = float(np.median(above))
    above = above[above <= _FURTHEST * median / np.log(2) * (np.log(len(above)) + 1)]
    mean, count = above.mean(), len(above)
    smaller = (above * (1 - (np.arange(1, count + 1) - 0.35) / count)).mean()
    shape = 2 - mean / (mean - 2 * smaller) if mean > 2 * smaller else _MOST_SHAPE
    shape = float(np.clip(shape, -_MOST_SHAPE, _MOST_SHAPE)) * count / (count + _PRIOR)
    of_median = median * shape / (2**shape - 1) if abs(shape) > 1e-6 else median / np.log(2)
    scale = max(min(mean * (1 - shape), of_median), 1e-9)
    return Tail(peaks, len(scores), window, start, count / len(scores), scale, shape)
