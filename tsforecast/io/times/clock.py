"""The clock that the steps of a table are counted on.

Steps shorter than a day are counted in UTC, so that days of 23 and 25 hours have 23 and 25 of them. Days and longer
steps are counted on the wall clock, so that each begins at local midnight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.io.messages import Note, Place, warning
from tsforecast.io.options import AmbiguousRule
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.io.times.zones import UTC, WallClock, find_zone, resolve, to_wall
from tsforecast.series.frequency import HOUR, Stamps
from tsforecast.series.panel import BETWEEN_COLUMNS, Schema

# A local day may have 23 hours.
_SHORTEST_DAY = 23 * HOUR

# Rows that are looked at together, so that what is computed of them stays small.
_PART = 1 << 18


@dataclass(frozen=True)
class Clock:
    """Stamps as the panel counts them, and how they are written.

    Args:
        codes: number of each row's stamp, int32, shape (rows,).
        stamps: datetime64[us], shape (n,).
        time_format: as in `Schema`.
        time_zone: as in `Schema`.
        notes: what was assumed.
    """

    codes: NDArray[np.int32]
    stamps: Stamps
    time_format: str
    time_zone: str | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class Times:
    """The time of each row.

    Args:
        ranks: place of each row's stamp among all stamps, int32, shape (rows,).
        stamps: all stamps in their order, none twice, shape (n,).
    """

    ranks: NDArray[np.int32]
    stamps: Stamps


def rank_times(codes: NDArray[np.int32], stamps: Stamps) -> Times:
    """Order the stamps of a column.

    Args:
        codes: number of each row's stamp, shape (rows,).
        stamps: on any clock, shape (n,); two of them may be equal.
    """
    if np.all(stamps[1:] > stamps[:-1]):
        return Times(codes, stamps)
    ordered, ranks = np.unique(stamps, return_inverse=True)
    return Times(ranks.astype(np.int32)[codes], ordered)


def is_sub_daily(series: NDArray[np.int32], times: Times) -> bool:
    """Whether most steps within the series are shorter than a day.

    Args:
        series: number of each row's series, shape (rows,).
        times: of the rows.
    """
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
    if parsed.instants is None:
        return _without_offsets(parsed, series, tz, sub_daily, place, ambiguous)
    codes, text_format, zone = parsed.codes, parsed.time_format, tz or parsed.time_zone
    if zone is None and sub_daily:
        note = _unknown_zone("forecasts are written in UTC")
        return Clock(codes, parsed.instants, text_format, UTC, (note,))
    if zone is None:
        note = _unknown_zone("dates are those of the local clock and forecasts are written without offset")
        return Clock(codes, parsed.wall, text_format.removesuffix("%:z"), None, (note,))
    if zone != UTC and text_format.endswith("Z"):
        text_format = text_format.removesuffix("Z") + "%:z"
    if sub_daily:
        return Clock(codes, parsed.instants, text_format, zone)
    return Clock(codes, to_wall(parsed.instants, zone) if tz else parsed.wall, text_format, zone)


def _without_offsets(
    parsed: ParsedStamps,
    series: NDArray[np.int32],
    tz: str | None,
    sub_daily: bool,
    place: Place,
    ambiguous: AmbiguousRule,
) -> Clock:
    """Stamps as a wall clock shows them: of the zone `tz`, or of none."""
    codes, text_format = parsed.codes, parsed.time_format
    if tz is None:
        if ambiguous != "error" and sub_daily:
            raise OptionError(
                f"--ambiguous {ambiguous} needs the zone of the times", hint="name it with --tz, such as Europe/Paris"
            )
        return Clock(codes, parsed.wall, text_format, None)
    spread = BETWEEN_COLUMNS in text_format
    if not spread and ("%H" in text_format or "%I" in text_format):
        iso = text_format if text_format.startswith("%Y-%m-%d") else "%Y-%m-%d %H:%M:%S"
        text_format = f"{iso}%:z"
    if not sub_daily:
        return Clock(codes, parsed.wall, text_format, tz)
    found = resolve(WallClock(parsed.wall, codes, series, place), tz, ambiguous)
    notes = list(found.notes)
    if not text_format.endswith("%:z"):
        notes.append(warning(f"times are written without an offset: an hour that {tz} repeats is written twice"))
    return Clock(found.codes, found.instants, text_format, tz, tuple(notes))


def _unknown_zone(consequence: str) -> Note:
    return warning(
        f"the times have different offsets from UTC, so {consequence}; "
        "name the zone with --tz, such as --tz Europe/Paris"
    )


def known_zone(parsed: ParsedStamps, schema: Schema, sub_daily: bool, place: Place) -> tuple[str | None, Note | None]:
    """The zone of new data for a model, where the user names none.

    Args:
        parsed: the new time column.
        schema: of the data that the model was fitted on.
        sub_daily: whether the model's steps are shorter than a day.
        place: of the time column.

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
