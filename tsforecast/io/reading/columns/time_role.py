"""Which column holds the time, or which columns hold its parts, and which tell the series apart beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tsforecast.errors import DataError
from tsforecast.io.reading.columns.ids import Grouping, Ids, find_ids, given_ids, tolerated_repeats
from tsforecast.io.reading.columns.kinds import Column, find_stamps, read_column, read_stamps
from tsforecast.io.reading.columns.time_parts import clock_columns, named_parts, read_parts
from tsforecast.io.reading.table import RawTable
from tsforecast.io.text_column import TextColumn
from tsforecast.io.times.clock import rank_times
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.series.frequency import DAY
from tsforecast.series.panel import BETWEEN_COLUMNS

Names = tuple[str, ...]


@dataclass(frozen=True)
class ColumnRequest:
    """What is known about the columns beforehand; None or empty for what is to be found.

    Several time columns, which hold the parts of the time, stand in `time_col` with commas between them.
    """

    time_col: str | None = None
    id_cols: tuple[str, ...] = ()
    target_cols: tuple[str, ...] = ()
    date_format: str | None = None
    known_format: str | None = None


@dataclass(frozen=True)
class TimeRole:
    """The time of a table.

    Args:
        names: its column, or those of its parts.
        stamps: of the rows.
        ids: the columns that tell the series apart.
        columns: all others than those that hold dates, by their names.
        left_out: columns of dates that are not used.
    """

    names: Names
    stamps: ParsedStamps
    ids: Ids
    columns: dict[str, Column]
    left_out: Names = ()


def named_times(table: RawTable, request: ColumnRequest) -> Names:
    """The time columns that are asked for; empty where they are to be found."""
    if request.time_col is None:
        return ()
    of_model, spread = request.known_format is not None, BETWEEN_COLUMNS in (request.known_format or "")
    if spread or (not of_model and request.time_col not in table.names):
        return tuple(name.strip() for name in request.time_col.split(","))
    return (request.time_col,)


def find_times(table: RawTable, request: ColumnRequest) -> TimeRole:
    """Find the time column and the id columns.

    Raises:
        DataError: no column with dates in every row; dates that need a column of times of day, which was not named.
        OptionError: columns that make no time.
    """
    stamps = _read_times(table, request)
    found = _choose(table, request, stamps)
    clocks = _clocks(table, request, found)
    if not clocks:
        return found
    parts = (*found.names, clocks[0])
    if request.time_col:
        raise DataError(
            f"the dates of '{request.time_col}' repeat, and '{clocks[0]}' holds times of day",
            hint=f"read both as the time with --time-col '{','.join(parts)}', or name the series with --id-col",
            file=table.file,
        )
    return _choose(table, request, {parts: read_parts(table, parts, request.date_format)})


def written_times(table: RawTable, names: Names) -> Callable[[int], str]:
    """What the time columns say in a row, counted from 0."""
    columns = [table.written(name) for name in names]
    return lambda row: " ".join(column(row) for column in columns)


def _read_times(table: RawTable, request: ColumnRequest) -> dict[Names, ParsedStamps]:
    """The named time columns, or all columns that could be it."""
    named, date_format, known_format = named_times(table, request), request.date_format, request.known_format
    if len(named) == 1:
        return {named: read_stamps(table, named[0], date_format, known_format)}
    if named:
        return {named: read_parts(table, named, date_format, known_format)}
    taken = {*request.id_cols, *request.target_cols}
    parts = named_parts(table, taken)
    try:
        found = find_stamps(table, date_format, known_format, leave_out={*taken, *parts})
    except DataError as error:
        # A column of dates but for one row is not passed over; one of numbers that may be dates is.
        if not parts or (error.row is not None and "--date-format" not in error.hint):
            raise
        return {parts: read_parts(table, parts)}
    return {(name,): parsed for name, parsed in found.items()}


def _choose(table: RawTable, request: ColumnRequest, stamps: dict[Names, ParsedStamps]) -> TimeRole:
    """The first date column whose times do not repeat within a series; numbers come after real dates."""
    dated = {name for names in stamps for name in names}
    columns = {name: read_column(table, name) for name in table.names if name not in dated}
    texts = _id_texts(table, request, columns)
    ranked = []
    for position, (names, parsed) in enumerate(stamps.items()):
        ordered = rank_times(parsed.codes, parsed.key)
        times = Grouping(ordered.ranks, ordered.stamps.size)
        ids = given_ids(times, texts) if request.id_cols else find_ids(times, texts)
        repeating = ids.repeats > tolerated_repeats(table.rows)
        ranked.append((repeating, parsed.whole_numbers, position, names, ids))
    _, _, _, names, ids = min(ranked, key=lambda entry: entry[:3])
    return TimeRole(names, stamps[names], ids, columns, tuple(other[0] for other in stamps if other != names))


def _id_texts(table: RawTable, request: ColumnRequest, columns: dict[str, Column]) -> dict[str, Grouping]:
    """The columns that are ids, or may be."""
    names = request.id_cols or tuple(
        name for name, column in columns.items() if column.kind in ("text", "code") and name not in request.target_cols
    )

    def codes(cells: TextColumn) -> Grouping:
        return Grouping(cells.codes, len(cells.texts))

    return {name: codes(table.texts(name)) for name in names}


def _clocks(table: RawTable, request: ColumnRequest, found: TimeRole) -> Names:
    """Columns of times of day without which the dates repeat; none where the times are more than dates."""
    repeating, midnights = (
        found.ids.repeats > tolerated_repeats(table.rows),
        not np.any(found.stamps.wall.astype(np.int64) % DAY),
    )
    bare = len(found.names) == 1 and found.stamps.instants is None and "%d" in found.stamps.time_format and midnights
    if not bare or request.known_format or request.id_cols or not (repeating or found.ids.names):
        return ()
    clocks = clock_columns(table, leave_out={*found.names, *request.target_cols})
    return tuple(name for name in clocks if repeating or name in found.ids.names)
