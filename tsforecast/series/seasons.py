"""Which seasons a series has, and how strong each is.

The strength is that of Wang, Smith and Hyndman (2006), 1 - Var(remainder) / Var(season + remainder), of a decomposition
like STL: the trend is a centred moving average over a season, and the season at a step the mean of the same step in the
two seasons before and the two after, so that it may change slowly. The step itself is left out of that mean, and the
noise of so few is taken out of the ratio: series without a season have a strength of about 0, however short they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.series.frequency import DAY, HOUR, WEEK, Frequency, season_length
from tsforecast.series.panel import Panel

_CYCLES = 3  # seasons that a series must have for one to be told from chance
_NEIGHBOURS = 2  # seasons on either side
_WEAK, _CLEAR = 0.3, 0.6  # strengths from which a natural season, and any other one, is told
_MOST_PEAKS, _MOST_SEASONS, _MOST_SERIES = 3, 2, 9
_MOST_ROWS = 20_000  # that are looked at, the newest
_CORRELATED = 0.3
_MOST_DEVIATIONS = 6  # median ones, at which a value is cut: one outlier says nothing of seasons
T = TypeVar("T")


@dataclass(frozen=True)
class Season:
    """A season in steps, and its strength from 0 to 1."""

    length: int
    strength: float


def season_strength(values: Float64, season: int) -> float | None:
    """How much of the movement around the trend is a season; None if it cannot be measured.

    Args:
        values: of a series without gaps, shape (n,).
        season: steps in a season.
    """
    if season < 2 or len(values) < _CYCLES * season:
        return None
    around = _detrended(_without_outliers(values, season), season)
    variance = float(np.var(around))
    if variance <= (1e-9 * float(np.abs(values).max())) ** 2:
        return None
    others, count = _other_seasons(around, season)
    # Of pure noise, the mean of `count` others makes the variance so many times larger.
    unexplained = float(np.mean((around - others) ** 2 / (1 + 1 / count)))
    return float(np.clip(1 - unexplained / variance, 0.0, 1.0))


def seasons_of(values: Float64, frequency: Frequency) -> tuple[Season, ...]:
    """The seasons of a series, at most two, the shortest first: those of the calendar, and others that are clear.

    Args:
        values: of a series without gaps, shape (n,).
        frequency: its step.
    """
    values = values[-_MOST_ROWS:]
    natural = natural_seasons(frequency)
    found: list[Season] = []
    for length in (*natural, *_peaks(values)):
        if length not in natural and any(length % one.length == 0 or one.length % length == 0 for one in found):
            continue
        strength = season_strength(values, length)
        if strength is not None and strength >= (_WEAK if length in natural else _CLEAR):
            found.append(Season(length, strength))
            # What is left tells whether a longer season is more than this one repeated.
            values = _without(values, length)
    return _strongest(found)


def seasons_of_panel(panel: Panel, share: float = 1.0) -> tuple[Season, ...]:
    """The seasons that at least half of some of the longer series have, with their median strengths.

    Args:
        panel: the series, without stray values.
        share: of the rows of each, the oldest first, that is looked at.
    """
    each = _of_some(panel, share, lambda values: seasons_of(values, panel.frequency))
    strengths: dict[int, list[float]] = {}
    for season in (season for found in each for season in found):
        strengths.setdefault(season.length, []).append(season.strength)
    return _strongest(
        [Season(length, float(np.median(found))) for length, found in strengths.items() if 2 * len(found) >= len(each)]
    )


def strength_in_panel(panel: Panel, season: int) -> float | None:
    """The median strength of a season in some of the longer series; None where it cannot be measured in any."""
    known = [one for one in _of_some(panel, 1.0, lambda values: season_strength(values, season)) if one is not None]
    return float(np.median(known)) if known else None


def _of_some(panel: Panel, share: float, measure: Callable[[Float64], T]) -> list[T]:
    longer = np.argsort(-panel.lengths, kind="stable")[: max(1, panel.n_series // 2)]
    some = longer[np.unique(np.linspace(0, len(longer) - 1, _MOST_SERIES).round().astype(np.int64))]
    rows = [panel.series(int(number)) for number in some]
    return [measure(values[: round(share * len(values))]) for values in rows]


def _strongest(found: list[Season]) -> tuple[Season, ...]:
    """The strongest two, the shorter first."""
    strongest = sorted(found, key=lambda season: -season.strength)[:_MOST_SEASONS]
    return tuple(sorted(strongest, key=lambda season: season.length))


def natural_seasons(frequency: Frequency) -> tuple[int, ...]:
    """The seasons that a calendar gives steps of this frequency: a day, a week, a year."""
    usual = {season_length(frequency)}
    if frequency.kind == "fixed" and HOUR // 4 <= frequency.step <= WEEK:
        lengths = (DAY, WEEK, 365 * DAY)
        usual |= {length // frequency.step for length in lengths if length // frequency.step > 1}
    return tuple(sorted(usual - {1}))


def _detrended(values: Float64, season: int) -> Float64:
    """Values less a centred moving average over a season, without half a season at either end."""
    weights = np.ones(season) if season % 2 else np.concatenate([[0.5], np.ones(season - 1), [0.5]])
    sums = np.concatenate([[0.0], np.cumsum(values - values.mean())])
    width = len(weights)
    whole = sums[width:] - sums[:-width]
    if not season % 2:
        centred = values - values.mean()
        whole = whole - 0.5 * (centred[: len(whole)] + centred[width - 1 :])
    half = width // 2
    kept: Float64 = values[half : len(values) - half] - values.mean() - whole / season
    return kept


def _without_outliers(values: Float64, season: int) -> Float64:
    """The series with what lies far from its trend brought nearer, shape (n,); twice, as outliers bend the trend."""
    for _ in range(2):
        around = _detrended(values, season)
        middle = float(np.median(around))
        most = _MOST_DEVIATIONS * float(np.median(np.abs(around - middle)))
        if most > 0:
            values, begin = values.copy(), season // 2
            values[begin : begin + len(around)] -= around - np.clip(around, middle - most, middle + most)
    return values


def _other_seasons(around: Float64, season: int) -> tuple[Float64, Float64]:
    """The mean of the same step in the neighbouring seasons, and how many these were, both of shape (n,)."""
    total, count = np.zeros_like(around), np.zeros_like(around)
    for shift in range(season, _NEIGHBOURS * season + 1, season):
        if shift < len(around):
            total[shift:] += around[:-shift]
            total[:-shift] += around[shift:]
            count[shift:] += 1
            count[:-shift] += 1
    count = np.maximum(count, 1)
    return total / count, count


def _without(values: Float64, season: int) -> Float64:
    """The series less its season, shape (n,); half a season at either end takes that of the nearest step alike."""
    around = _detrended(values, season)
    others, count = _other_seasons(around, season)
    local = (others * count + around) / (count + 1)
    places = np.arange(len(values)) - season // 2
    last = len(local) - 1
    places = np.where(places < 0, places + season, np.where(places > last, places - season, places))
    left: Float64 = values - local[places]
    return left


def _peaks(values: Float64) -> Iterable[int]:
    """The lags at which the series, without its slow movements, is most like itself."""
    count = len(values)
    most = count // (_CYCLES + 1)
    if most < 3:
        return ()
    steps = (
        values
        - np.convolve(np.pad(values, most // 2, mode="edge"), np.ones(most) / most, "same")[
            most // 2 : most // 2 + count
        ]
    )
    steps = steps - steps.mean()
    spectrum = np.fft.rfft(steps, 2 * count)
    correlation = np.fft.irfft(spectrum * np.conj(spectrum))[: most + 2]
    if correlation[0] <= 0:
        return ()
    correlation = correlation / correlation[0]
    inner = correlation[1:-1]
    above = (inner > correlation[:-2]) & (inner > correlation[2:]) & (inner > _CORRELATED)
    lags = np.flatnonzero(above) + 1
    lags = lags[lags >= 3]
    return lags[np.argsort(-correlation[lags], kind="stable")[:_MOST_PEAKS]].tolist()
