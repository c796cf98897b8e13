"""Times on an axis: where they lie, and at which round ones of them a drawing has its ticks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.io.times.formats import STEP
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Schema
from tsforecast.series.wall_clock import to_wall

Ticks = tuple[tuple[float, str], ...]
_MOST = 6
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Steps of ticks in seconds, with how a tick is written; months and years are counted, not measured.
_SECONDS = tuple((n, "%H:%M:%S") for n in (1, 5, 15, 30))
_SHORT = (
    *_SECONDS,
    *((n * _MINUTE, "%H:%M") for n in (1, 5, 15, 30)),
    *((n * _HOUR, "%H:%M") for n in (1, 3, 6, 12)),
    *((n * _DAY, "%d %b") for n in (1, 2, 7, 14)),
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000)


@dataclass(frozen=True)
class TimeAxis:
    """Where the steps of a frequency lie on an axis, as the clock on the wall of the user shows them."""

    frequency: Frequency
    schema: Schema

    def places(self, ordinals: Int64) -> Float64:
        """Seconds since 1970, or the numbers of steps that have no time, shape (n,)."""
        stamps = self.frequency.stamps(ordinals)
        if self._counts:
            return stamps.astype(np.int64).astype(np.float64)
        if self.frequency.sub_daily and self.schema.time_zone:
            stamps = to_wall(stamps, self.schema.time_zone)
        return stamps.astype("datetime64[us]").astype(np.int64) / 1e6

    def ticks(self, places: Float64) -> Ticks:
        """Ticks between the first and the last place; none where round numbers do."""
        if self._counts or not len(places):
            return ()
        return time_ticks(float(places.min()), float(places.max()))

    @property
    def _counts(self) -> bool:
        return self.schema.time_formats[0] == STEP


def time_ticks(first: float, last: float) -> Ticks:
    """At most six round times between two, in seconds since 1970, with what each is called."""
    for step, form in _SHORT:
        if (last - first) / step < _MOST:
            begin = -(-first // step) * step
            places = np.arange(begin, last + 1, step)
            if len(places):
                return tuple((float(place), _named(place, form)) for place in places)
    return _month_ticks(first, last)


def _month_ticks(first: float, last: float) -> Ticks:
    begin, end = (np.datetime64(int(edge), "s").astype("datetime64[M]").astype(int) for edge in (first, last))
    step = next((n for n in _MONTHS if (end - begin) / n < _MOST), _MONTHS[-1])
    # Whole years are counted from the year 0, so that ticks of a century are 1900 and 2000.
    shift = 1970 * 12
    months = np.arange(-(-(begin + shift) // step) * step, end + shift + 1, step) - shift
    places = months.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
    kept = places[(places >= first) & (places <= last)]
    form = "%Y" if step >= 12 else "%b %Y"
    return tuple((float(place), _named(place, form)) for place in kept)


def _named(place: float, form: str) -> str:
    moment: datetime = np.datetime64(int(place), "s").item()
    if form == "%H:%M" and moment.hour == moment.minute == 0:
        form = "%d %b"  # where a day begins
    year = f"{moment.year:04d}"  # strftime writes the year 33 in as many digits as the platform likes
    return moment.strftime(form.replace("%Y", year))
