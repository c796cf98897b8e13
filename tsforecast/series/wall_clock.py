"""What the clock on a wall shows: the zones by their names, and their wall clocks at instants."""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache

import numpy as np

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.series.frequency import Stamps

UTC = "UTC"
_UTC = timezone(timedelta(0))

# A zone whose clock is read at the end of each step: what it shows then is that of the beginning, and a step more.
_ENDS = re.compile(r"(.+) \(ends of ([0-9]{1,3})min\)")
_FIXED_OFFSET = re.compile(r"UTC([+-])([0-9]{2}):([0-9]{2})")


@lru_cache(maxsize=64)
def find_zone(name: str) -> tzinfo:
    """The zone of an IANA name, of `UTC`, of a fixed offset such as `UTC+05:30`, or of the ends of steps of a zone.

    Raises:
        OptionError: an unknown name.
    """
    ends = _ENDS.fullmatch(name)
    if ends:
        return _EndsOfSteps(find_zone(ends[1]), timedelta(minutes=int(ends[2])))
    fixed = _FIXED_OFFSET.fullmatch(name)
    if fixed:
        offset = timedelta(hours=int(fixed[2]), minutes=int(fixed[3]))
        return timezone(-offset if fixed[1] == "-" else offset)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = sorted(zoneinfo.available_timezones())
        hint = did_you_mean(name, known, otherwise="zones are named like Europe/Paris")
        raise OptionError(f"there is no time zone '{name}'", hint=hint) from None


class _EndsOfSteps(tzinfo):
    """The clock of a zone at the beginning of a step, and the length of that step more."""

    def __init__(self, zone: tzinfo, step: timedelta) -> None:
        self.zone, self.step = zone, step

    def fromutc(self, dt: datetime) -> datetime:
        begun = (dt.replace(tzinfo=_UTC) - self.step).astimezone(self.zone)
        return begun.replace(tzinfo=self) + self.step

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return self.zone.utcoffset(None if dt is None else dt.replace(tzinfo=self.zone) - self.step)

    def dst(self, dt: datetime | None) -> timedelta | None:
        return self.zone.dst(None if dt is None else dt.replace(tzinfo=self.zone) - self.step)

    def tzname(self, dt: datetime | None) -> str | None:
        return self.zone.tzname(dt)


def reads_ends(zone: str) -> bool:
    """Whether a zone is one whose clock is read at the ends of steps."""
    return _ENDS.fullmatch(zone) is not None


def begins(zone: str) -> tuple[str, np.timedelta64]:
    """A zone of the ends of steps as that of their beginnings, and the length of the steps; 0 for any other zone."""
    ends = _ENDS.fullmatch(zone)
    return (ends[1], np.timedelta64(int(ends[2]), "m")) if ends else (zone, np.timedelta64(0, "m"))


def later(stamps: Stamps, step: np.timedelta64) -> Stamps:
    """Stamps some time later, shape (n,)."""
    shifted: Stamps = np.add(stamps, step)
    return shifted


def to_wall(instants: Stamps, zone: str) -> Stamps:
    """The wall clock of a zone at UTC instants, shape (n,)."""
    import pandas as pd

    name, step = begins(zone)
    local = pd.DatetimeIndex(instants - step).tz_localize(UTC).tz_convert(find_zone(name))
    shown: Stamps = local.tz_localize(None).to_numpy().astype("datetime64[us]")
    return later(shown, step)
