"""What a point model's errors are measured in: how much values move in the window, at a time of the season, as ever.

A point model says nothing of its errors' size; the rows do. Where the last weeks moved much, the next one may, too;
nights vary less than noons; and a restless series stays one. The unit of an error is the product of three spreads, each
to a power, which sum to 1, so that the unit follows the scale of a series: the window's own, that at the phase of the
season, and the usual one of the series. Which powers suit is chosen by the interval score of held-out windows
(Gneiting and Raftery 2007; normalised conformal scores: Papadopoulos, Gammerman and Vovk 2008).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.windows import ModelRows, Windows

# In model space, where a series has a deviation of about 1.
LEAST_SPREAD = 0.05
# Seasonal differences that the spread of the whole window counts as, beside those at a phase: these are few.
_WINDOW_COUNTS = 2.0


@dataclass(frozen=True)
class ErrorUnit:
    """Powers of the spreads whose product errors are divided by.

    Args:
        window: power of the window's spread.
        phase: power of the spread at the phase of the season; what is left of 1 is that of the usual spread.
        usual: spread of each series that was trained on, in model space, shape (n_series,); empty where its power is 0.
    """

    window: float = 1.0
    phase: float = 0.0
    usual: Float64 = field(default_factory=lambda: np.empty(0))

    def of(self, windows: Windows, season_length: int, horizon: int) -> Float64:
        """The unit of each window's errors, shape (samples, 1), or (samples, horizon) where it depends on the phase."""
        return self.made_of(spreads(windows, season_length, horizon if self.phase else 0, self.usual))

    def made_of(self, known: Spreads) -> Float64:
        """The same from spreads that are known already."""
        unit = known.window**self.window
        if self.phase:
            unit = unit * known.phase**self.phase
        rest = 1 - self.window - self.phase
        return unit * known.usual**rest if rest else unit

    def learned_on(self, rows: ModelRows, season_length: int) -> ErrorUnit:
        """The same for a model that was trained on all of these rows."""
        if not len(self.usual):
            return self
        return replace(self, usual=usual_spreads(rows, rows.panel.lengths, season_length))


@dataclass(frozen=True)
class Spreads:
    """How much values move, as mean absolute seasonal differences.

    Args:
        window: of all of each window, shape (samples, 1).
        phase: of the part at the phase of each step ahead, shape (samples, steps).
        usual: of the series, as far as it was trained on, or else of the window, shape (samples, 1).
    """

    window: Float64
    phase: Float64
    usual: Float64


WINDOW_UNIT = ErrorUnit()


def spreads(windows: Windows, season_length: int, steps: int, usual: Float64) -> Spreads:
    """The spreads of windows in model space.

    A window that hardly moves, or that is too short for a difference, takes a fixed value, so that no window's spread
    depends on the others around it. That at a phase is a mean over it and its neighbours, drawn to that of the window;
    without a season, or within one, it is that of the window.

    Args:
        windows: shape (samples, lookback).
        season_length: steps in a season.
        steps: ahead, whose phases are asked for.
        usual: spread of each series that was trained on, shape (n_series,); empty where it is not asked for.
    """
    lookback = windows.values.shape[1]
    lag = season_length if lookback > season_length else 1
    both = windows.mask[:, lag:] & windows.mask[:, :-lag]
    difference = np.abs(windows.values[:, lag:].astype(np.float64) - windows.values[:, :-lag]) * both
    count = both.sum(axis=1)
    spread = difference.sum(axis=1) / np.maximum(1, count)
    window = np.where(count > 0, np.maximum(spread, LEAST_SPREAD), 1.0)[:, None]
    if lag == 1:
        phase = np.repeat(window, steps, axis=1)
    else:
        sums, counts = (_by_phase(each.astype(np.float64), lag) for each in (difference, both))
        phase = (sums + _WINDOW_COUNTS * window) / (counts + _WINDOW_COUNTS)
        phase = phase[:, np.arange(steps) % lag]
    number = windows.categories[:, :1]
    known = np.append(usual, np.nan)[np.where(number < len(usual), number, -1)]
    return Spreads(window, phase, np.where(np.isnan(known), window, known))


def _by_phase(of_steps: Float64, season_length: int) -> Float64:
    """Sums over the steps at each phase and at the two beside it, shape (samples, season); the next step's is first.

    Args:
        of_steps: of the newest steps of windows, shape (samples, steps).
        season_length: steps in a season.
    """
    missing = -of_steps.shape[1] % season_length
    seasons = np.pad(of_steps, ((0, 0), (missing, 0))).reshape(len(of_steps), -1, season_length)
    sums: Float64 = seasons.sum(axis=1)
    return sums + np.roll(sums, 1, axis=1) + np.roll(sums, -1, axis=1)


def usual_spreads(rows: ModelRows, ends: Int64, season_length: int) -> Float64:
    """The usual spread of each series in model space, shape (n_series,).

    Args:
        rows: the series.
        ends: row of each series before which differences are taken, shape (n_series,).
        season_length: steps in a season.
    """
    panel = replace(rows.panel, values=rows.values.astype(np.float64))
    spread, _ = seasonal_errors(panel, season_length, ends)
    return np.where(np.isfinite(spread), np.maximum(spread, LEAST_SPREAD), 1.0)
