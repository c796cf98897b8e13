"""Time zones: their names, their wall clocks, and the hours that clock changes skip or repeat."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.io.messages import Note, Place, counted, warning
from tsforecast.io.options import AmbiguousRule
from tsforecast.series.frequency import HOUR, MINUTE, Stamps

UTC = "UTC"
_FIXED_OFFSET = re.compile(r"UTC([+-])([0-9]{2}):([0-9]{2})")
_WORDS = {
    "first": "read as the first of the two",
    "last": "read as the second of the two",
    "infer": "which of the two each is, the order of the rows tells",
}
_OPTIONS = "add --ambiguous infer where both stand in the file, else first or last"


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
        known = sorted(zoneinfo.available_timezones())
        hint = did_you_mean(name, known, otherwise="zones are named like Europe/Paris")
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


@dataclass(frozen=True, eq=False)
class WallClock:
    """A column of times as a wall clock shows them."""

    wall: Stamps  # distinct stamps in the order of first appearance, shape (n,)
    codes: NDArray[np.int32]  # number of each row's stamp, shape (rows,)
    series: NDArray[np.int32]  # number of each row's series, shape (rows,)
    place: Place  # of the column

    def first_row(self, index: int) -> int:
        """The first row that holds a stamp."""
        return int(np.argmax(self.codes == index))


@dataclass(frozen=True, eq=False)
class Resolved:
    """The times in UTC: `codes`, shape (rows,), number the rows' `instants`, shape (m,) with m >= n."""

    instants: Stamps
    codes: NDArray[np.int32]
    notes: tuple[Note, ...] = ()


def resolve(clock: WallClock, zone: str, rule: AmbiguousRule) -> Resolved:
    """Read a wall clock as that of a zone.

    Under the rule `infer`, the first of two rows of a series with a repeated time is the earlier, the second the later.

    Raises:
        DataError: the first row whose time the clock change skips; under the rule `error` the first whose time it
            repeats; under `infer` the first whose time does not stand twice in its series.
    """
    import pandas as pd

    local = pd.DatetimeIndex(clock.wall).tz_localize(find_zone(zone), nonexistent="NaT", ambiguous="NaT")
    unclear = np.flatnonzero(local.isna())
    instants = local.tz_convert(None).to_numpy().astype("datetime64[us]")
    if not unclear.size:
        return Resolved(instants, clock.codes)
    early = to_instants(clock.wall[unclear], zone)
    skipped = to_wall(early, zone) != clock.wall[unclear]
    wrong = unclear if rule == "error" else unclear[skipped]
    if wrong.size:
        _refuse(clock, int(wrong[0]), zone, skipped=bool(skipped[unclear == wrong[0]][0]))
    late = to_instants(clock.wall[unclear], zone, second=True)
    instants[unclear] = late if rule == "last" else early
    rows = np.flatnonzero(np.isin(clock.codes, unclear))
    many = "lie in hours" if rows.size > 1 else "lies in an hour"
    note = warning(f"{counted(rows.size, 'row')} {many} that the clocks of {zone} repeat: {_WORDS[rule]}")
    if rule != "infer":
        return Resolved(instants, clock.codes, (note,))
    second = _second_rows(clock, rows)
    codes = clock.codes.copy()
    codes[second] = instants.size + np.searchsorted(unclear, codes[second])
    return Resolved(np.concatenate([instants, late]), codes, (note,))


def _refuse(clock: WallClock, index: int, zone: str, *, skipped: bool) -> None:
    stamp = short_text(clock.wall[index])
    written = "write the times with their offset from UTC, such as 2024-10-27T02:30:00+01:00"
    happens = f"{stamp} {'does not exist' if skipped else 'happens twice'} in {zone}: the clocks change"
    hint = f"{written}; if they are of another zone, name that with --tz" if skipped else f"{written}, or {_OPTIONS}"
    raise clock.place.error(clock.first_row(index), happens, hint)


def short_text(stamp: np.datetime64) -> str:
    """A stamp to the minute."""
    return str(stamp)[:16].replace("T", " ")


def _second_rows(clock: WallClock, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Given the rows whose times a clock change repeats, those that are the second of two."""
    keys = clock.series[rows].astype(np.int64) * clock.wall.size + clock.codes[rows]
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    sizes = np.diff(np.append(starts, keys.size))
    odd = np.flatnonzero(sizes != 2)
    if odd.size:
        at = odd[np.argmin(rows[starts[odd]])]
        row, times = int(rows[starts[at]]), int(sizes[at])
        stamp = short_text(clock.wall[clock.codes[row]])
        stands = "only once" if times == 1 else f"{times} times"
        hint = "say which it is with --ambiguous first or last, or write the times with their offset from UTC"
        raise clock.place.error(row, f"{stamp} happens twice and stands {stands}: which it is cannot be told", hint)
    backwards = _backwards(clock)[clock.series[rows[starts]]]
    return rows[starts + np.where(backwards, 0, 1)]


def _backwards(clock: WallClock) -> NDArray[np.bool_]:
    """Whether each series, numbered from 0, begins with its latest time, shape (n_series,)."""
    _, first = np.unique(clock.series, return_index=True)
    _, last = np.unique(clock.series[::-1], return_index=True)
    begin, end = clock.wall[clock.codes[first]], clock.wall[clock.codes[clock.codes.size - 1 - last]]
    return begin > end
