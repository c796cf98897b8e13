"""The clock that the steps of a table are counted on.

Steps shorter than a day are counted in UTC, so that days of 23 and 25 hours have 23 and 25 of them. Days and longer
steps are counted on the wall clock, so that each begins at local midnight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.io.messages import Note, Place, warning
from tsforecast.io.options import AmbiguousRule
from tsforecast.io.times.formats import UTC_ENDS
from tsforecast.io.times.notation import OPTIONAL, plain
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.io.times.zone_marks import instants_by_marks
from tsforecast.io.times.zones import (
    MARKS_IN_FORMAT,
    UTC,
    WallClock,
    find_zone,
    resolve,
    short_text,
    to_wall,
    told_zone,
)
from tsforecast.series.frequency import DAY, HOUR, Frequency, Stamps
from tsforecast.series.panel import Schema

# A local day may have 23 hours.
_SHORTEST_DAY = 23 * HOUR

_SUNDAY = 3  # 1970-01-01 was a Thursday
_CHANGES_BEFORE = 4 * HOUR

# Rows that are looked at together, so that what is computed of them stays small.
_PART = 1 << 18


@dataclass(frozen=True)
class Clock:
    """The times of a table on the clock that its steps are counted on."""

    codes: NDArray[np.int32]  # number of each row's stamp, int32, shape (rows,)
    stamps: Stamps  # datetime64[us], shape (n,)
    time_formats: tuple[str, ...]  # as in `Schema`, as is `time_zone`
    time_zone: str | None
    notes: tuple[Note, ...] = ()  # what was assumed


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The time of each row: `ranks`, int32, shape (rows,), are places among all `stamps` in order, none twice."""

    ranks: NDArray[np.int32]
    stamps: Stamps


def rank_times(codes: NDArray[np.int32], stamps: Stamps) -> TimeAxis:
    """Order the stamps of a column; `codes`, shape (rows,), number them, and two of them may be equal."""
    if np.all(stamps[1:] > stamps[:-1]):
        return TimeAxis(codes, stamps)
    ordered, ranks = np.unique(stamps, return_inverse=True)
    return TimeAxis(ranks.astype(np.int32)[codes], ordered)


def is_sub_daily(series: NDArray[np.int32], times: TimeAxis) -> bool:
    """Whether most steps within the series, which are numbered by row, are shorter than a day."""
    ranks = times.ranks
    if not grouped(series, ranks):
        joint = np.sort(series.astype(np.int64) * times.stamps.size + ranks)
        series, ranks = np.divmod(joint, times.stamps.size)
    micros = times.stamps.astype(np.int64)
    short = long = longest_short = 0
    shortest_long = np.iinfo(np.int64).max
    for start in range(0, ranks.size, _PART):
        part = slice(start, start + _PART + 1)
        steps = np.diff(micros[ranks[part]])[series[part][1:] == series[part][:-1]]
        is_short = steps < _SHORTEST_DAY
        low, high = steps[is_short & (steps > 0)], steps[~is_short]
        short, long = short + low.size, long + high.size
        longest_short = max(longest_short, int(low.max(initial=0)))
        shortest_long = min(shortest_long, int(high.min(initial=shortest_long)))
    # Of as many short steps as long ones the median lies half way between the two kinds.
    return short > long or (short == long > 0 and longest_short + shortest_long < 2 * _SHORTEST_DAY)


def grouped(series: NDArray[np.integer[Any]], ranks: NDArray[np.integer[Any]]) -> bool:
    """Whether the rows of each series, numbered from 0, stand together and in the order of time."""
    same = series[1:] == series[:-1]
    together = int(series.max()) == same.size - np.count_nonzero(same)
    return together and bool(np.all(~same | (ranks[1:] >= ranks[:-1])))


def in_order(series: NDArray[np.integer[Any]], ranks: NDArray[np.integer[Any]]) -> bool:
    """Whether rows are sorted by series, and by time within each."""
    same, later = series[1:] == series[:-1], series[1:] > series[:-1]
    return bool(np.all(later | (same & (ranks[1:] >= ranks[:-1]))))


def choose_clock(
    parsed: ParsedStamps,
    series: NDArray[np.int32],
    tz: str | None,
    sub_daily: bool,
    place: Place,
    ambiguous: AmbiguousRule = "error",
) -> Clock:
    """Count on UTC or on the wall clock of a zone.

    Args:
        parsed: the time column.
        series: number of each row's series, shape (rows,).
        tz: zone to write in, and of stamps without an offset; None for that of the offsets, if they have one.
        sub_daily: whether steps are shorter than a day.
        place: of the time column.
        ambiguous: what a time without an offset means that happens twice in the zone.

    Raises:
        DataError: a time without an offset that does not exist in the zone, or happens twice and cannot be told.
        OptionError: an unknown zone, or a rule for what happens twice without a zone.
    """
    if tz:
        find_zone(tz)
    if parsed.summer is not None and sub_daily and (tz or parsed.instants is None):
        told = instants_by_marks(parsed.wall, parsed.codes, parsed.summer, tz, place)
        parsed = parsed if told is None else replace(parsed, instants=told, time_zone=tz)
    if parsed.instants is None:
        return _without_offsets(parsed, series, tz, sub_daily, place, ambiguous)
    codes, formats, zone = parsed.codes, parsed.time_formats, tz or parsed.time_zone
    text_format = formats[-1]
    if zone is None and sub_daily:
        note = _unknown_zone("forecasts are written in UTC")
        return Clock(codes, parsed.instants, formats, UTC, (note,))
    if zone is None:
        note = _unknown_zone("dates are local and forecasts have no offset")
        return Clock(codes, parsed.wall, (text_format.removesuffix("%:z"),), None, (note,))
    if zone != UTC and text_format.endswith(UTC_ENDS):
        formats = (re.sub(" ?(Z|UTC|GMT)$", "%:z", text_format),)
    if zone != parsed.time_zone:
        formats = (MARKS_IN_FORMAT.sub("%:z", formats[0]),)  # the marks are those of another zone
    if sub_daily:
        return Clock(codes, parsed.instants, formats, zone)
    return Clock(codes, to_wall(parsed.instants, zone) if tz else parsed.wall, formats, zone)


def _without_offsets(
    parsed: ParsedStamps,
    series: NDArray[np.int32],
    tz: str | None,
    sub_daily: bool,
    place: Place,
    ambiguous: AmbiguousRule,
) -> Clock:
    """Stamps as a wall clock shows them: of the zone `tz`, or of none."""
    codes, formats = parsed.codes, parsed.time_formats
    if tz is None:
        if ambiguous != "error" and sub_daily:
            raise OptionError(
                f"--ambiguous {ambiguous} needs the zone of the times", hint="name it with --tz, such as Europe/Paris"
            )
        return Clock(codes, parsed.wall, formats, None)
    formats = tuple(OPTIONAL.sub(r"\1", text_format) for text_format in formats)
    if len(formats) == 1 and any(hour in plain(formats[0]) for hour in ("%H", "%I")):
        iso = formats[0] if formats[0].startswith("%Y-%m-%d") else "%Y-%m-%d %H:%M:%S"
        formats = (f"{iso}%:z",)
    if not sub_daily:
        return Clock(codes, parsed.wall, formats, tz)
    found = resolve(WallClock(parsed.wall, codes, series, place), tz, ambiguous)
    notes = list(found.notes)
    if not formats[-1].endswith("%:z"):
        notes.append(warning(f"times are written without an offset: an hour that {tz} repeats is written twice"))
    return Clock(found.codes, found.instants, formats, tz, tuple(notes))


def told_clock(
    parsed: ParsedStamps, clock: Clock, series: NDArray[np.int32], repeated: NDArray[np.int64], step: int, place: Place
) -> Clock | None:
    """The clock of a zone, for times without one that stand twice just where its clocks go back; None for others.

    Args:
        parsed: the time column.
        clock: that of no zone.
        series: number of each row's series, shape (rows,).
        repeated: rows that repeat a time of their series.
        step: microseconds between most rows.
        place: of the time column.
    """
    if parsed.instants is not None or step <= 0:
        return None
    wall = WallClock(parsed.wall, parsed.codes, series, place)
    zone = told_zone(wall, np.unique(parsed.codes[repeated]), step)
    if zone is None:
        return None
    found = resolve(wall, zone, "infer")
    note = warning(
        f"times stand twice just where the clocks of {zone} go back: read so, in the order of the rows; name another "
        "zone with --tz"
    )
    return Clock(found.codes, found.instants, clock.time_formats, zone, (*clock.notes, note))


def _unknown_zone(consequence: str) -> Note:
    return warning(
        f"the times have different offsets from UTC, so {consequence}; name the zone, such as --tz Europe/Paris"
    )


def known_zone(parsed: ParsedStamps, schema: Schema, sub_daily: bool, place: Place) -> tuple[str | None, Note | None]:
    """The zone of new data for a model fitted on data of this schema, where the user names none.

    Raises:
        DataError: one of the two has offsets from UTC and the other has not, and no zone is known.
    """
    zone = schema.time_zone
    if not sub_daily or (zone is None) == (parsed.instants is None):
        return zone, None
    if zone is None:
        raise place.error(
            0,
            "the times have an offset from UTC, those that the model was fitted on have none",
            hint="write the times of both in the same way",
        )
    if zone.startswith(UTC):
        raise place.error(
            0,
            f"the times have no offset from UTC, those that the model was fitted on are in {zone}",
            hint=f"write them with their offset, or name their zone, such as --tz {zone}",
        )
    return zone, warning(f"the times have no offset from UTC and are taken as {zone}, as when fitting")


def skipped_hours_note(stamps: Stamps, frequency: Frequency) -> list[Note]:
    """A warning where the clocks seem to go forward in the ordered stamps of a table without a zone."""
    if not frequency.sub_daily or frequency.step > HOUR:
        return []
    micros = stamps.astype("datetime64[us]").astype(np.int64)
    absent = micros[:-1][np.diff(micros) == frequency.step + HOUR] + frequency.step
    absent = absent[in_the_night_of_a_change(absent.astype("datetime64[us]"))]
    if not absent.size:
        return []
    nights = "1 Sunday lacks" if absent.size == 1 else f"{absent.size} Sundays lack"
    first = short_text(absent.astype("datetime64[us]")[0])
    return [
        warning(
            f"{nights} an hour of the night, the first at {first}, as where clocks go forward: filled like any gap; "
            "if the times are of a zone, add --tz"
        )
    ]


def in_the_night_of_a_change(stamps: Stamps) -> NDArray[np.bool_]:
    """Whether stamps lie in the first hours of a Sunday, when most zones change their clocks, shape (n,)."""
    days, clock = np.divmod(stamps.astype("datetime64[us]").astype(np.int64), DAY)
    return (days % 7 == _SUNDAY) & (clock < _CHANGES_BEFORE)
