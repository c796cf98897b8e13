"""Time zones: by name or by offset, and the clock that a table's steps are counted on."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.frequency import HOUR, MINUTE, Stamps

UTC = "UTC"
_FIXED_OFFSET = re.compile(r"UTC([+-])([0-9]{2}):([0-9]{2})")


@lru_cache(maxsize=64)
def find_zone(name: str) -> tzinfo:
    """The zone of an IANA name, of `UTC`, or of a fixed offset such as `UTC+05:30`.

    Raises:
        OptionError: an unknown name.
    """
    fixed = _FIXED_OFFSET.fullmatch(name)
    if fixed:
        offset = timedelta(hours=int(fixed[2]), minutes=int(fixed[3]))
        return timezone(-offset if fixed[1] == "-" else offset)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
        hint = f"did you mean {near[0]}?" if near else "zones are named like Europe/Paris"
        raise OptionError(f"there is no time zone '{name}'", hint=hint) from None


def offset_name(offset: np.timedelta64) -> str:
    """A fixed offset as a zone name: `UTC`, `UTC+05:30`."""
    micros = int(offset.astype("timedelta64[us]").astype(np.int64))
    if micros == 0:
        return UTC
    hours, rest = divmod(abs(micros), HOUR)
    return f"UTC{'-' if micros < 0 else '+'}{hours:02d}:{rest // MINUTE:02d}"


def to_wall(instants: Stamps, zone: str) -> Stamps:
    """The wall clock of a zone at UTC instants, shape (n,)."""
    import pandas as pd

    local = pd.DatetimeIndex(instants).tz_localize(UTC).tz_convert(find_zone(zone))
    return local.tz_localize(None).to_numpy().astype("datetime64[us]")


def to_instants(wall: Stamps, zone: str, *, second: bool = False) -> Stamps:
    """UTC instants of a wall clock, shape (n,).

    A skipped hour counts from its end; a repeated one as the first of the two, or as the second.
    """
    import pandas as pd

    repeated: NDArray[np.bool_] = np.full(wall.size, not second)
    local = pd.DatetimeIndex(wall).tz_localize(find_zone(zone), nonexistent="shift_forward", ambiguous=repeated)
    return local.tz_convert(None).to_numpy().astype("datetime64[us]")
