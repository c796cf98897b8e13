"""Time zones: by name or by offset, and the clock that a table's steps are counted on."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.io.messages import Note, Place, counted, warning
from tsforecast.io.options import AmbiguousRule
from tsforecast.series.frequency import HOUR, MINUTE, Frequency, Stamps

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


_WORDS = {
    "first": "read as the first of the two",
    "last": "read as the second of the two",
    "infer": "which of the two each is, the order of the rows tells",
}
_OPTIONS = "add --ambiguous infer where both stand in the file, else first or last"
_SUNDAY = 3  # 1970-01-01 was a Thursday
_CHANGES_BEFORE = 4 * HOUR
_DAY = 24 * HOUR


@dataclass(frozen=True, eq=False)
class WallClock:
    """A column of times as a wall clock shows them.

    Args:
        wall: distinct stamps in the order of first appearance, shape (n,).
        codes: number of each row's stamp, shape (rows,).
        series: number of each row's series, shape (rows,).
        place: of the column.
    """

    wall: Stamps
    codes: NDArray[np.int32]
    series: NDArray[np.int32]
    place: Place

    def first_row(self, index: int) -> int:
        """The first row that holds a stamp."""
        return int(np.argmax(self.codes == index))


@dataclass(frozen=True, eq=False)
class Resolved:
    """The same in UTC: `codes` of shape (rows,) number the rows' `instants`, of shape (m,) with m >= n."""

    instants: Stamps
    codes: NDArray[np.int32]
    notes: tuple[Note, ...] = ()


def resolve(clock: WallClock, zone: str, rule: AmbiguousRule) -> Resolved:
    """Read a wall clock as that of a zone.

    Args:
        clock: the times.
        zone: whose clock it is.
        rule: which of the two is meant by a time that a clock change repeats; `infer` takes the first and the second
            row of a series that says so.

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
    stamp = _text(clock.wall[index])
    written = "write the times with their offset from UTC, such as 2024-10-27T02:30:00+01:00"
    happens = f"{stamp} {'does not exist' if skipped else 'happens twice'} in {zone}: the clocks change"
    hint = f"{written}; if they are of another zone, name that with --tz" if skipped else f"{written}, or {_OPTIONS}"
    raise clock.place.error(clock.first_row(index), happens, hint)


def _text(stamp: np.datetime64) -> str:
    return str(stamp)[:16].replace("T", " ")


def _second_rows(clock: WallClock, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of rows whose times the clock change repeats, the later ones in time."""
    keys = clock.series[rows].astype(np.int64) * clock.wall.size + clock.codes[rows]
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    sizes = np.diff(np.append(starts, keys.size))
    odd = np.flatnonzero(sizes != 2)
    if odd.size:
        at = odd[np.argmin(rows[starts[odd]])]
        row, times = int(rows[starts[at]]), int(sizes[at])
        stamp = _text(clock.wall[clock.codes[row]])
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


def skipped_hours_note(stamps: Stamps, frequency: Frequency) -> list[Note]:
    """A warning where the clocks seem to go forward in times that have no zone.

    Args:
        stamps: all of a table in their order, none twice, shape (n,).
        frequency: of the table.
    """
    if not frequency.sub_daily or frequency.step > HOUR:
        return []
    micros = stamps.astype("datetime64[us]").astype(np.int64)
    absent = micros[:-1][np.diff(micros) == frequency.step + HOUR] + frequency.step
    absent = absent[in_the_night_of_a_change(absent.astype("datetime64[us]"))]
    if not absent.size:
        return []
    nights = "1 Sunday lacks" if absent.size == 1 else f"{absent.size} Sundays lack"
    first = _text(absent.astype("datetime64[us]")[0])
    return [
        warning(
            f"{nights} an hour of the night, the first at {first}, as where clocks go forward: it is filled like any "
            "gap; if the times are those of a zone, name it with --tz"
        )
    ]


def in_the_night_of_a_change(stamps: Stamps) -> NDArray[np.bool_]:
    """Whether stamps lie in the first hours of a Sunday, when most zones change their clocks, shape (n,)."""
    days, clock = np.divmod(stamps.astype("datetime64[us]").astype(np.int64), _DAY)
    return (days % 7 == _SUNDAY) & (clock < _CHANGES_BEFORE)
