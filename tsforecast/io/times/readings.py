"""Which of several readings of a time column is right: the order of day and month, the century, weeks or months."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tsforecast.series.frequency import Stamps
from tsforecast.series.regularity import regularity

# Formats in which a year of two digits may as well be a day: read so only where time runs on from row to row.
DOUBTFUL = frozenset({"%b %y", "%b%y", "%y-%b", "%y %b"})
_FEWEST_YEARS = 3

# Formats of a year and a number that may be a week or a month.
BARE_WEEKS = ("%G-%V", "%G/%V", "%V/%G", "%V-%G", "%G%V")
# What texts stand for that look like others: read unasked only where they follow one another at even steps.
NEED_STEPS = (*BARE_WEEKS, "%Y%j", "%Y-%j")
_SAYS_WEEK = re.compile(r"week|woche|semaine|semana|settimana|(?<![a-z])(?:kw|wk|cw|yw)(?![a-z])", re.IGNORECASE)

# Plans reach a few years ahead; what lies further on is of the century before.
_YEARS_AHEAD = 10
_FEWEST_TIMES, _REGULAR, _CLEAR = 4, 0.5, 0.5


def evenness(stamps: Stamps) -> float:
    """How regular the distinct times of a column are, from 0 to 1."""
    distinct = np.unique(stamps)
    return regularity(np.zeros(distinct.size, dtype=np.int32), distinct).score


def clear_winner(readings: Mapping[str, Stamps]) -> tuple[str | None, list[str]]:
    """The one format under which the times are clearly regular, if there is one, and all, the most regular first."""
    scores = {text_format: evenness(stamps) for text_format, stamps in readings.items()}
    ordered = sorted(scores, key=lambda text_format: -scores[text_format])
    best = scores[ordered[0]]
    rest = [scores[other] for other in ordered[1:] if not _same(readings[ordered[0]], readings[other])]
    enough = np.unique(readings[ordered[0]]).size >= _FEWEST_TIMES
    clear = enough and best >= _REGULAR and max(rest, default=0.0) <= _CLEAR * best
    return ordered[0] if clear else None, ordered


def _same(one: Stamps, other: Stamps) -> bool:
    return bool(np.array_equal(one, other))


def says_week(name: str) -> bool:
    """Whether a column is called like the number of a week."""
    return _SAYS_WEEK.search(name) is not None


def weeks_or_months(readings: Mapping[str, Stamps], name: str) -> dict[str, Stamps]:
    """The readings without weeks where there are others: numbers up to 12 are weeks only in a column called so."""
    weeks = {text_format: stamps for text_format, stamps in readings.items() if text_format in BARE_WEEKS}
    others = {text_format: stamps for text_format, stamps in readings.items() if text_format not in weeks}
    return weeks if weeks and (not others or says_week(name)) else others


def is_regular(stamps: Stamps) -> bool:
    """Whether times follow one another at even steps."""
    return evenness(stamps) >= _REGULAR


def fiscal(readings: Mapping[str, Stamps]) -> str | None:
    """The format of fiscal years such as 2023-24, where all texts are such years rather than months 13 apart."""
    found = next((text_format for text_format in readings if "%+" in text_format), None)
    return found if found and np.unique(readings[found]).size >= _FEWEST_YEARS else None


def runs_on(stamps: Stamps) -> bool:
    """Whether times run on in one direction, through more than one month of the year."""
    steps = np.diff(stamps.astype(np.int64))
    months = np.unique(stamps.astype("datetime64[M]").astype(np.int64) % 12)
    return months.size > 1 and (not np.any(steps < 0) or not np.any(steps > 0))


def in_likely_century(stamps: Stamps) -> Stamps:
    """Times of years of two digits, in the century that keeps them in order and out of the future; NaT stays NaT."""
    known = ~np.isnat(stamps)
    months = stamps[known].astype("datetime64[M]")
    digits = (months.astype(np.int64) // 12 + 1970) % 100
    if not digits.size:
        return stamps
    turns = digits[np.append(True, digits[1:] != digits[:-1])]
    latest = date.today().year + _YEARS_AHEAD
    _, _, _, first = min(_century(turns, int(first), latest) for first in np.unique(turns))
    year = first + (digits - first % 100) % 100
    moved = ((year - 1970) * 12 + months.astype(np.int64) % 12).astype("datetime64[M]")
    days = stamps[known] - months.astype("datetime64[us]")
    shifted = moved.astype("datetime64[us]") + days
    exists = shifted.astype("datetime64[M]") == moved
    result = stamps.copy()
    result[known] = np.where(exists, shifted, np.datetime64("NaT", "us"))
    return result


def _century(turns: NDArray[np.int64], first: int, latest: int) -> tuple[int, int, int, int]:
    """How well the years of two digits run on if `first` is the earliest: smaller is better; the last is its year."""
    ahead = (turns - first) % 100
    span = int(ahead.max())
    base = latest - span - (latest - span - first) % 100
    steps = np.diff(ahead)
    breaks = int(min(np.count_nonzero(steps < 0), np.count_nonzero(steps > 0)))
    return breaks, span, -base, base
