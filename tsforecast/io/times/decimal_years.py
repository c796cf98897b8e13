"""Years with decimals, such as 1990.0417: months, quarters or days as shares of the year.

The notation is `year4/12+0.5`: four decimals, of a year of 12 months, each by its middle; `year4t/4+0` are quarters by
their beginning, without the zeros at the end; `year4/365+0` are days of the calendar.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.times.periods import first_of_month
from tsforecast.io.times.readings import evenness
from tsforecast.series.frequency import Stamps

DECIMAL_YEAR = "year"  # of which nothing more is known
_NOTATION = re.compile(r"year([0-9]+)(t?)/(12|4|2|365)\+([0-9.]+)")
_NUMBER = re.compile(r"[0-9]{4}(?:\.[0-9]+)?")
_DAYS = 365
_MONTH_ERROR = 0.15  # of a month, which the days of the middles of months differ from even parts of the year
_DAY_ERROR, _DAY_DECIMALS = 0.3, 3
_FEWEST_STEPS, _EVEN = 2, 0.9
_NOT_A_TIME = np.datetime64("NaT", "us")


def is_decimal_year(text_format: str) -> bool:
    """Whether a format is of this module."""
    return text_format == DECIMAL_YEAR or _NOTATION.fullmatch(text_format) is not None


def decimal_year_format(texts: Sequence[str]) -> str | None:
    """The format of numbers that are the same parts of years one after the other; None for any others."""
    numbers = _numbers(texts)
    lengths = {len(text.partition(".")[2]) for text in texts}
    if np.isnan(numbers).any() or not max(lengths):
        return None
    decimals = f"{max(lengths)}{'t' if len(lengths) > 1 else ''}"
    fits = [text_format for parts in (2, 4, 12, _DAYS) if (text_format := _fitting(numbers, parts, decimals))]
    exact = (fit for fit in fits if write_decimal_years(stamps_of_decimal_years(texts, fit).tolist(), fit) == [*texts])
    return next(exact, next(iter(fits), None))


def _fitting(numbers: NDArray[np.float64], parts: int, decimals: str) -> str | None:
    """The format of numbers as these parts of the year; None where they are no such parts one after the other."""
    if parts == _DAYS:
        days = (numbers % 1.0) * _year_days(np.floor(numbers).astype(np.int64))
        exact = np.abs(days - np.round(days)).max() <= _DAY_ERROR
        even = evenness(_days(numbers).astype("datetime64[D]").astype("datetime64[us]")) >= _EVEN
        return f"year{decimals}/{_DAYS}+0" if exact and even and int(decimals.rstrip("t")) >= _DAY_DECIMALS else None
    share = numbers * parts % 1.0
    turned = (share - share[0] + 0.5) % 1.0 - 0.5
    phase = (float(np.median(turned)) + share[0]) % 1.0
    usual = min((0.0, 0.5, 1.0), key=lambda usual: abs(phase - usual))
    phase = usual if abs(phase - usual) <= _MONTH_ERROR / 2 else phase
    ordinals = np.round(numbers * parts - phase)
    steps = np.diff(np.unique(ordinals))
    near = np.abs(numbers * parts - phase - ordinals).max() <= _MONTH_ERROR
    regular = steps.size >= _FEWEST_STEPS and np.mean(steps == 1) >= _EVEN
    return f"year{decimals}/{parts}+{round(phase % 1.0, 3):g}" if near and regular else None


def stamps_of_decimal_years(texts: Sequence[str], text_format: str) -> Stamps:
    """The beginning of the part of the year that each number stands for; NaT where a text is no such number."""
    numbers = _numbers(texts)
    known = ~np.isnan(numbers)
    numbers = np.where(known, numbers, 1970.0)
    found = _NOTATION.fullmatch(text_format)
    if found is None or found[3] == str(_DAYS):
        return np.where(known, _days(numbers).astype("datetime64[D]").astype("datetime64[us]"), _NOT_A_TIME)
    parts, phase = int(found[3]), float(found[4])
    ordinals = np.round(numbers * parts - phase).astype(np.int64)
    near = np.abs(numbers * parts - phase - ordinals) <= 2 * _MONTH_ERROR
    stamps = first_of_month(ordinals // parts, 12 // parts * (ordinals % parts) + 1)
    return np.where(known & near, stamps, _NOT_A_TIME)


def write_decimal_years(moments: Sequence[datetime], text_format: str) -> list[str]:
    """Write moments in a format of this module."""
    found = _NOTATION.fullmatch(text_format)
    if found is None:
        raise ValueError(text_format)
    decimals, trimmed, parts, phase = int(found[1]), bool(found[2]), int(found[3]), float(found[4])
    years = np.array([moment.year for moment in moments], dtype=np.int64)
    if parts == _DAYS:
        share = np.array([moment.timetuple().tm_yday - 1 for moment in moments]) / _year_days(years)
    else:
        share = (np.array([(moment.month - 1) * parts // 12 for moment in moments]) + phase) / parts
    texts = [f"{year + part:.{decimals}f}" for year, part in zip(years.tolist(), share.tolist(), strict=True)]
    return [text.rstrip("0").rstrip(".") for text in texts] if trimmed else texts


def _numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    return np.array([float(text) if _NUMBER.fullmatch(text) else np.nan for text in texts], dtype=np.float64)


def _year_days(years: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = [first_of_month(year, np.ones_like(years)).astype("datetime64[D]") for year in (years, years + 1)]
    days: NDArray[np.int64] = (starts[1] - starts[0]).astype(np.int64)
    return days


def _days(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Days since 1970 of numbers of years."""
    years = np.floor(numbers).astype(np.int64)
    starts = first_of_month(years, np.ones_like(years)).astype("datetime64[D]").astype(np.int64)
    days: NDArray[np.int64] = starts + np.round((numbers - years) * _year_days(years)).astype(np.int64)
    return days
