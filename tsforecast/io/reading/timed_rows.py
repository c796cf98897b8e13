"""The rows of a table in the order of time: on one clock, sorted, and one for each time of a series."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tsforecast.io.messages import Note
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.roles import Roles
from tsforecast.io.reading.grid.rows import (
    RowOrigin,
    Rows,
    one_row_per_time,
    repeated_rows,
    several_per_time,
    sort_rows,
    without_copies,
)
from tsforecast.io.times.clock import Clock, choose_clock, is_sub_daily, known_zone, rank_times, told_clock
from tsforecast.io.times.day_parts import ENDS
from tsforecast.series.frequency import Frequency
from tsforecast.series.infer_frequency import commonest
from tsforecast.series.panel import Schema
from tsforecast.series.parse_frequency import StatedFrequency

_INSTANT = np.timedelta64(1, "us")
_MOST_REPEATED = 0.05  # of the rows, where clocks go back


@dataclass(frozen=True)
class TimedRows:
    """The rows of a table in the order of time, one for each time of a series."""

    clock: Clock
    rows: Rows
    sub_daily: bool  # whether their steps are shorter than a day
    notes: tuple[Note, ...]  # what was found in the times


def timed_rows(
    roles: Roles,
    options: ReadOptions,
    schema: Schema | None,
    given: Frequency | StatedFrequency | None,
    origin: RowOrigin,
) -> TimedRows:
    """Put the rows on one clock, sort them, and leave one for each time of a series, unless all of them count.

    Args:
        roles: the columns of the table.
        options: how to read it.
        schema: of the data that a model was fitted on; None without a model.
        given: the step, where it is that of a model or the user states it.
        origin: of the rows in the table.

    Raises:
        DataError: a time that stands twice in a series, or that its clock does not have.
    """
    short = given is not None and given.sub_daily
    sub_daily = short or is_sub_daily(origin.series, rank_times(roles.stamps.codes, roles.stamps.key))
    clock = _choose_clock(roles, options, schema, sub_daily, origin)
    if clock.time_formats[0].startswith(ENDS) and options.aggregate and given and not short:
        clock = replace(clock, stamps=clock.stamps - _INSTANT)  # 24:00 belongs to the day that it ends
    rows, notes = _sorted(clock, roles, origin)
    if sub_daily and clock.time_zone is None and options.on_duplicate == "error":
        told = _told_clock(roles, clock, rows, origin)
        if told is not None:
            clock = told
            rows, notes = _sorted(clock, roles, origin)
    notes = [*roles.stamps.notes, *clock.notes, *notes]
    if options.aggregate and options.on_duplicate == "error":
        return TimedRows(clock, rows, sub_daily, (*notes, *several_per_time(rows, roles.copies)))
    rows, copy_notes = without_copies(rows, roles.copies, options.on_duplicate)
    rows, repeat_notes = one_row_per_time(rows, options, origin, roles.repeat_hint)
    return TimedRows(clock, rows, sub_daily, (*notes, *copy_notes, *repeat_notes))


def _choose_clock(
    roles: Roles, options: ReadOptions, schema: Schema | None, sub_daily: bool, origin: RowOrigin
) -> Clock:
    tz, note = options.tz, None
    if schema is not None and tz is None:
        tz, note = known_zone(roles.stamps, schema, sub_daily, origin.place)
    clock = choose_clock(roles.stamps, origin.series, tz, sub_daily, origin.place, options.ambiguous)
    return replace(clock, notes=(*clock.notes, note)) if note else clock


def _sorted(clock: Clock, roles: Roles, origin: RowOrigin) -> tuple[Rows, list[Note]]:
    axis = rank_times(clock.codes, clock.stamps)
    return sort_rows(Rows(origin.series, axis.ranks, axis.stamps, roles.values, known=roles.known.moving))


def _told_clock(roles: Roles, clock: Clock, rows: Rows, origin: RowOrigin) -> Clock | None:
    """The clock of the zone that times without one tell by what they repeat; None where they repeat nothing."""
    repeated = np.flatnonzero(repeated_rows(rows.series, rows.times))
    if not repeated.size or repeated.size > _MOST_REPEATED * rows.series.size:
        return None
    steps = np.diff(rows.stamps[rows.times]).astype(np.int64)
    return told_clock(roles.stamps, clock, origin.series, rows.in_table(repeated), commonest(steps), origin.place)
