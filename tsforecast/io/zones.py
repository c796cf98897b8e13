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
from tsforecast.io.places import Place

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


def to_instants(wall: Stamps, zone: str) -> Stamps:
    """UTC instants of a wall clock, shape (n,); a skipped hour counts from its end, a repeated one as the first."""
    import pandas as pd

    repeated: NDArray[np.bool_] = np.ones(wall.size, dtype=bool)
    local = pd.DatetimeIndex(wall).tz_localize(find_zone(zone), nonexistent="shift_forward", ambiguous=repeated)
    return local.tz_convert(None).to_numpy().astype("datetime64[us]")


def to_unique_instants(wall: Stamps, zone: str, place: Place, codes: NDArray[np.int32]) -> Stamps:
    """UTC instants of a wall clock that shows each of them once.

    Args:
        wall: distinct stamps in the order of first appearance, shape (n,).
        zone: of the clock.
        place: of the time column.
        codes: number of each row's stamp, shape (rows,).

    Raises:
        DataError: the first row whose hour the clock change skips or repeats.
    """
    import pandas as pd

    local = pd.DatetimeIndex(wall).tz_localize(find_zone(zone), nonexistent="NaT", ambiguous="NaT")
    unclear = np.flatnonzero(local.isna())
    if unclear.size:
        first = int(unclear[0])
        stamp = str(wall[first])[:16].replace("T", " ")
        skipped = to_wall(to_instants(wall[first : first + 1], zone), zone)[0] != wall[first]
        raise place.error(
            int(np.argmax(codes == first)),
            f"{stamp} {'does not exist' if skipped else 'happens twice'} in {zone}: the clocks change",
            hint="write the times with their offset from UTC, such as 2024-10-27T02:30:00+01:00",
        )
    return local.tz_convert(None).to_numpy().astype("datetime64[us]")
