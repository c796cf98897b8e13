"""What the calendar says of each step, as numbers for a model: functions of ordinals, of which names are stored only.

A feature is read from the wall clock of the series, so that ten o'clock is ten o'clock in summer too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tsforecast.arrays import Float32, Float64, Int64
from tsforecast.errors import OptionError, did_you_mean
from tsforecast.series.frequency import DAY, EPOCH_WEEKDAY, HOUR, WEEK, Frequency, Ordinals, Stamps
from tsforecast.series.wall_clock import to_wall

_HARMONICS, _HARMONICS_OF_YEAR = 2, 10  # the latter as in Prophet (Taylor and Letham, Forecasting at Scale, 2018)
_DAYS_OF_YEAR = 365.2425
_DAYS_OF_MONTH = 31


def calendar_features(
    frequency: Frequency, ordinals: Ordinals, names: tuple[str, ...], time_zone: str | None = None
) -> Float32:
    """Features of steps, for every name in turn its columns.

    Args:
        frequency: of the steps.
        ordinals: of the steps, shape (n,).
        names: of features, keys of `CALENDAR`.
        time_zone: of the table (`Schema.time_zone`); None for times without a zone.

    Returns:
        Shape (n, calendar_width(names)), all between -1 and 1.

    Raises:
        OptionError: an unknown name.
    """
    check_calendar(names)
    features = np.empty((len(ordinals), calendar_width(names)), np.float32)
    if not names:
        return features
    wall = wall_stamps(frequency, ordinals, time_zone)
    begin = 0
    for name in names:
        width, function = CALENDAR[name]
        features[:, begin : begin + width] = function(wall)
        begin += width
    return features


def calendar_width(names: tuple[str, ...]) -> int:
    """How many columns features have."""
    return sum(CALENDAR[name][0] for name in names)


def check_calendar(names: tuple[str, ...]) -> None:
    """Refuse a name that is none of `CALENDAR`.

    Raises:
        OptionError: naming it.
    """
    for name in names:
        if name not in CALENDAR:
            hint = did_you_mean(name, tuple(CALENDAR))
            raise OptionError(f"there is no calendar feature '{name}'", hint=hint)


def usual_calendar(frequency: Frequency) -> tuple[str, ...]:
    """The features that can tell steps of a frequency apart; none for yearly and for numbered steps."""
    if frequency.kind == "month":
        return {1: ("month",), 3: ("quarter",)}.get(frequency.step, ("month",) if frequency.step < 12 else ())
    if frequency.step == 1 and frequency.kind == "fixed":
        return ()
    if frequency.sub_daily:
        return ("time-of-day", "weekday", "day-of-year")
    if frequency.kind == "fixed" and frequency.step % WEEK == 0:
        return ("day-of-year",)
    return ("weekday", "day-of-month", "day-of-year")


def wall_stamps(frequency: Frequency, ordinals: Ordinals, time_zone: str | None) -> Stamps:
    """What the clock on the wall shows at each step, shape (n,)."""
    stamps = frequency.stamps(ordinals)
    return to_wall(stamps, time_zone) if time_zone and frequency.sub_daily and stamps.size else stamps


def _micros(wall: Stamps) -> Int64:
    return wall.astype("datetime64[us]").astype(np.int64)


def _weekday(wall: Stamps) -> Int64:
    return (_micros(wall) // DAY + EPOCH_WEEKDAY) % 7


def _month(wall: Stamps) -> Int64:
    return wall.astype("datetime64[M]").astype(np.int64) % 12


def _days_since(wall: Stamps, unit: str) -> Int64:
    return (wall.astype("datetime64[D]") - wall.astype(f"datetime64[{unit}]").astype("datetime64[D]")).astype(np.int64)


def _share_of_year(wall: Stamps) -> Float64:
    return _days_since(wall, "Y") / _DAYS_OF_YEAR


def _cycle(share: Float64, harmonics: int = _HARMONICS) -> Float64:
    """Sine and cosine of a share of a cycle, of its half and so on, shape (n, 2 harmonics)."""
    angles = 2 * np.pi * share[:, None] * np.arange(1, harmonics + 1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _one_of(number: Int64, count: int) -> Float64:
    """A one in the column of each number, shape (n, count)."""
    return (number[:, None] == np.arange(count)).astype(np.float64)


# How many columns a feature has, and the function that gives them from the wall clock.
CALENDAR: dict[str, tuple[int, Callable[[Stamps], Float64]]] = {
    "time-of-day": (4, lambda wall: _cycle(_micros(wall) % DAY / DAY)),
    "hour": (24, lambda wall: _one_of(_micros(wall) % DAY // HOUR, 24)),
    "minute-of-hour": (4, lambda wall: _cycle(_micros(wall) % HOUR / HOUR)),
    "weekday": (7, lambda wall: _one_of(_weekday(wall), 7)),
    "weekend": (1, lambda wall: (_weekday(wall) >= 5).astype(np.float64)[:, None]),
    "time-of-week": (4, lambda wall: _cycle((_micros(wall) + EPOCH_WEEKDAY * DAY) % WEEK / WEEK)),
    "share-of-week": (1, lambda wall: ((_micros(wall) + EPOCH_WEEKDAY * DAY) % WEEK / WEEK)[:, None]),
    "day-of-month": (4, lambda wall: _cycle(_days_since(wall, "M") / _DAYS_OF_MONTH)),
    "day-of-year": (4, lambda wall: _cycle(_share_of_year(wall))),
    "time-of-year": (2 * _HARMONICS_OF_YEAR, lambda wall: _cycle(_share_of_year(wall), _HARMONICS_OF_YEAR)),
    "week": (4, lambda wall: _cycle(_days_since(wall, "Y") // 7 / 53)),
    "month": (12, lambda wall: _one_of(_month(wall), 12)),
    "quarter": (4, lambda wall: _one_of(_month(wall) // 3, 4)),
}
