"""Time zones: their names, their wall clocks, and the hours that clock changes skip or repeat."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.messages import Note, Place, counted, warning
from tsforecast.io.options import AmbiguousRule
from tsforecast.series.frequency import HOUR, MINUTE, Stamps
from tsforecast.series.wall_clock import UTC as UTC
from tsforecast.series.wall_clock import begins, later
from tsforecast.series.wall_clock import find_zone as find_zone
from tsforecast.series.wall_clock import to_wall as to_wall

# One zone for each rule by which clocks are changed.
CHANGES = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "Atlantic/Azores",
    "America/New_York",
    "America/Santiago",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
)

# Marks behind the clock in winter and in summer, the zone they name, and how many minutes it is ahead of UTC in winter.
MARKED_ZONES = (
    ("CET", "CEST", "Europe/Berlin", 60),
    ("MEZ", "MESZ", "Europe/Berlin", 60),
    ("GMT", "BST", "Europe/London", 0),
    ("WET", "WEST", "Europe/Lisbon", 0),
    ("EET", "EEST", "Europe/Athens", 120),
    ("EST", "EDT", "America/New_York", -300),
    ("CST", "CDT", "America/Chicago", -360),
    ("MST", "MDT", "America/Denver", -420),
    ("PST", "PDT", "America/Los_Angeles", -480),
    ("AEST", "AEDT", "Australia/Sydney", 600),
    ("NZST", "NZDT", "Pacific/Auckland", 720),
)
MARK_NAMES = sorted({*(name for pair in MARKED_ZONES for name in pair[:2]), "DST", "ST", "STD"}, key=len, reverse=True)
MARK = re.compile(rf"(?<=[0-9MmZz]) (?:{'|'.join(MARK_NAMES)})(?=\0|$| [0-9]{{4}}(?:\0|$))")
MARKS_IN_FORMAT = re.compile(r"%\{([^}|]*)\|([^}|]*)\}")

_WORDS = {
    "first": "read as the first of the two",
    "last": "read as the second of the two",
    "infer": "which of the two each is, the order of the rows tells",
}
_OPTIONS = "add --ambiguous infer where both stand in the file, else first or last"


def ends_of_steps(zone: str, micros: int) -> str:
    """The name of a zone whose clock is read at the ends of steps of this length; the zone itself for a length of 0."""
    return f"{zone} (ends of {micros // MINUTE}min)" if micros else zone


def offset_name(offset: np.timedelta64) -> str:
    """A fixed offset as a zone name: `UTC`, `UTC+05:30`."""
    micros = int(offset.astype("timedelta64[us]").astype(np.int64))
    if micros == 0:
        return UTC
    hours, rest = divmod(abs(micros), HOUR)
    return f"UTC{'-' if micros < 0 else '+'}{hours:02d}:{rest // MINUTE:02d}"


def to_instants(wall: Stamps, zone: str, *, second: bool = False) -> Stamps:
    """UTC instants of a wall clock, shape (n,).

    A skipped hour counts from its end; a repeated one as the first of the two, or as the second.
    """
    import pandas as pd

    repeated: NDArray[np.bool_] = np.full(wall.size, not second)
    name, step = begins(zone)
    local = pd.DatetimeIndex(wall - step).tz_localize(find_zone(name), nonexistent="shift_forward", ambiguous=repeated)
    return later(local.tz_convert(None).to_numpy().astype("datetime64[us]"), step)


def winter_offset(zone: str) -> np.timedelta64:
    """How far the winter time of a zone is ahead of UTC."""
    seasons = np.array(["2020-01-15", "2020-07-15"], dtype="datetime64[us]")
    offset: np.timedelta64 = np.min(to_wall(seasons, zone) - seasons)
    return offset


def are_summer(instants: Stamps, zone: str) -> NDArray[np.bool_]:
    """Whether the clocks of a zone show summer time at UTC instants, shape (n,)."""
    summer: NDArray[np.bool_] = to_wall(instants, zone) - instants > winter_offset(zone)
    return summer


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
    instants = _clear_instants(clock.wall, zone)
    unclear = np.flatnonzero(np.isnat(instants))
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


def _clear_instants(wall: Stamps, zone: str) -> Stamps:
    """UTC instants of a wall clock, NaT for what a clock change skips or repeats, shape (n,)."""
    import pandas as pd

    name, step = begins(zone)
    local = pd.DatetimeIndex(wall - step).tz_localize(find_zone(name), nonexistent="NaT", ambiguous="NaT")
    return later(local.tz_convert(None).to_numpy().astype("datetime64[us]"), step)


def told_zone(clock: WallClock, repeated: NDArray[np.int64], step: int) -> str | None:
    """A zone whose clock changes repeat exactly the stamps that stand twice, and skip none that stand in the table.

    Args:
        clock: the times as they are written.
        repeated: numbers of the stamps that stand twice in a series.
        step: microseconds between rows; the stamps may be the ends of such steps.

    Returns:
        None where no zone does, or the order of the rows does not tell which of two is the first.
    """
    for ending in (0, step):
        for name in CHANGES:
            zone = ends_of_steps(name, ending)
            unclear = np.flatnonzero(np.isnat(_clear_instants(clock.wall, zone)))
            if np.array_equal(unclear, repeated):
                return zone if _order_tells(clock, np.flatnonzero(np.isin(clock.codes, unclear))) else None
    return None


def _order_tells(clock: WallClock, rows: NDArray[np.int64]) -> bool:
    """Whether each time of some rows stands just twice in its series, between rows in one and the same direction."""
    first, second = _pairs(clock, rows)
    if 2 * first.size != rows.size:
        return False
    before, after = _falling(clock)
    return bool(np.array_equal(before[first], after[second]))


def _refuse(clock: WallClock, index: int, zone: str, *, skipped: bool) -> None:
    stamp = short_text(clock.wall[index])
    written = "write the times with their offset from UTC, such as 2024-10-27T02:30:00+01:00"
    happens = f"{stamp} {'does not exist' if skipped else 'happens twice'} in {zone}: the clocks change"
    other = "if they are of another zone, name that with --tz, if they are the ends of their hours, leave it out"
    hint = f"{written}; {other}" if skipped else f"{written}, or {_OPTIONS}"
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
    first, last = _pairs(clock, rows)
    return np.where(_falling(clock)[0][first], first, last)


def _pairs(clock: WallClock, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of some rows those whose time stands just twice among them: the first and the second row of each pair."""
    keys = clock.series[rows].astype(np.int64) * clock.wall.size + clock.codes[rows]
    order = np.argsort(keys, kind="stable")
    _, starts, sizes = np.unique(keys[order], return_index=True, return_counts=True)
    twice = starts[sizes == 2]
    return rows[order][twice], rows[order][twice + 1]


def _falling(clock: WallClock) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether time runs backwards from the row before in the same series to each row, and from there to the next.

    At the ends of a series the one neighbour stands for both.
    """
    order = np.argsort(clock.series, kind="stable")
    series, wall = clock.series[order], clock.wall[clock.codes[order]]
    same = series[1:] == series[:-1]
    steps = np.where(same, np.diff(wall).astype(np.int64), 0)
    before, after = np.append(0, steps), np.append(steps, 0)
    falling = [np.where(one != 0, one, other) < 0 for one, other in ((before, after), (after, before))]
    for found in falling:
        found[order] = found.copy()
    return falling[0], falling[1]
