"""From a table to a panel: columns found, rows put in order, gaps filled, everything decided said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.messages import Note, Place, counted, info
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.ids import number_series
from tsforecast.io.reading.columns.roles import Roles, find_columns
from tsforecast.io.reading.columns.time_role import ColumnRequest, written_times
from tsforecast.io.reading.grid.build import Grid, RowOrigin, StepSource, build_panel
from tsforecast.io.reading.grid.rows import Rows, one_row_per_time, sort_rows
from tsforecast.io.reading.grid.step import clock_of_step, find_step, stated_step
from tsforecast.io.reading.limits import check_count
from tsforecast.io.reading.stray_notes import stray_notes
from tsforecast.io.reading.table import RawTable, frame_table, read_table
from tsforecast.io.reading.text.dialect import TextFormat
from tsforecast.io.times.clock import Clock, choose_clock, is_sub_daily, known_zone, rank_times
from tsforecast.io.times.format_codec import readable_stamps
from tsforecast.io.times.zones import skipped_hours_note
from tsforecast.progress import Report
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.parse_frequency import StatedFrequency

__all__ = ["Note", "ReadOptions", "ReadResult", "read_panel"]


@dataclass(frozen=True)
class ColumnRole:
    """What a column of the table is.

    Args:
        name: of the column.
        role: `time`, `id`, `value` or `unused`.
        why: it is not used; empty otherwise.
    """

    name: str
    role: Literal["time", "id", "value", "unused"]
    why: str = ""


@dataclass(frozen=True)
class ReadResult:
    """A table as a panel.

    Args:
        panel: the series, sorted by id.
        schema: how the table names and writes things.
        notes: what was decided, repaired or assumed.
        data_hash: SHA-256 of the input as it was.
        rows: of the table, without the header.
        file: name for messages.
        columns: of the table: its column names, and the role of each with the reason where it has none.
        text: how a text file is written; None for any other.
        repeats: rows that repeated a time of their series.
    """

    panel: Panel
    schema: Schema
    notes: tuple[Note, ...]
    data_hash: str
    rows: int
    file: str
    columns: tuple[ColumnRole, ...] = ()
    text: TextFormat | None = None
    repeats: int = 0


def read_panel(
    source: str | Path | pd.DataFrame,
    options: ReadOptions = ReadOptions(),
    *,
    schema: Schema | None = None,
    frequency: Frequency | None = None,
    report: Report = lambda event: None,
) -> ReadResult:
    """Read a table of time series.

    Args:
        source: path of a CSV or Parquet file, `-` for standard input, or a data frame.
        options: how to read it.
        schema: of the data that a model was fitted on: its columns are demanded.
        frequency: of that data: all stamps must lie on its grid.
        report: is told how far a large file is read.

    Raises:
        TsforecastError: as `read_table`, `find_columns` and `parse_stamps` do, DataError for repeated times, stamps
            off the grid, no regular frequency, and more missing values than observed ones, and OptionError for an
            unknown frequency.
    """
    aggregated = options.aggregate is not None
    stated = stated_step(options.freq, aggregated, frequency)
    table = _read(source, options, report)
    roles = find_columns(table, _request(options, schema))
    place, written = Place(table.file, table.lines, roles.time_col), written_times(table, roles.time_cols)
    file, n_rows, look, table_notes = table.file, table.rows, table.look, table.notes
    data_hash, columns = table.data_hash, _column_roles(table.names, roles)
    # The text takes more memory than all that follows.
    del table
    series, ids = number_series(roles.ids, n_rows)
    names = _series_names(ids, roles.target_cols)
    check_count(len(names), options.max_series, "series", file)
    sub_daily = _in_utc(frequency or stated, roles, series)
    clock = _choose_clock(roles, options, schema, sub_daily, series, place)
    times = rank_times(clock.codes, clock.stamps)
    rows, row_notes = sort_rows(Rows(series, times.ranks, times.stamps, roles.values))
    labels = [" / ".join(key) for key in ids]
    rows, repeat_notes = one_row_per_time(rows, options.on_duplicate, place, written, labels, roles.repeat_hint)
    step = frequency or find_step(rows, stated, aggregated, clock, sub_daily, place)
    source_of_step: StepSource = "model" if frequency else "stated" if stated else "found"
    own_clock = clock_of_step(rows.stamps, clock, step, sub_daily)
    grid = Grid(step, options.fill_gaps, options.on_bad_series, options.aggregate, own_clock, source_of_step)
    panel, gap_notes = build_panel(rows, grid, RowOrigin(place, written, names))
    found = Schema(roles.time_col, roles.id_cols, roles.target_cols, clock.time_format, clock.time_zone)
    notes = [*_summary(panel, found, rows, aggregated=aggregated), *roles.notes, *table_notes, *roles.stamps.notes]
    skipped = skipped_hours_note(rows.stamps, step) if clock.time_zone is None and not aggregated else []
    notes += [*clock.notes, *row_notes, *repeat_notes, *skipped, *gap_notes]
    notes += stray_notes(panel, found, as_written=options.aggregate not in ("sum", "mean"))
    repeats = n_rows - rows.series.size
    return ReadResult(panel, schema or found, tuple(notes), data_hash, n_rows, file, columns, look, repeats)


def _read(source: str | Path | pd.DataFrame, options: ReadOptions, report: Report) -> RawTable:
    if isinstance(source, pd.DataFrame):
        table = frame_table(source)
        check_count(table.rows, options.max_rows, "rows", table.file)
    else:
        table = read_table(
            source,
            delimiter=options.delimiter,
            decimal=options.decimal,
            encoding=options.encoding,
            skip_rows=options.skip_rows,
            thousands=options.thousands,
            comment=options.comment,
            no_header=options.no_header,
            whole_lines=options.whole_lines,
            max_rows=options.max_rows,
            report=report,
        )
    return replace(table, missing=options.missing)


def _request(options: ReadOptions, schema: Schema | None) -> ColumnRequest:
    if schema is None:
        return ColumnRequest(options.time_col, options.id_cols, options.target_cols, options.date_format)
    return ColumnRequest(schema.time_col, schema.id_cols, schema.target_cols, options.date_format, schema.time_format)


def _column_roles(names: list[str], roles: Roles) -> tuple[ColumnRole, ...]:
    used: dict[str, Literal["time", "id", "value"]] = dict.fromkeys(roles.time_cols, "time")
    used.update(dict.fromkeys(roles.id_cols, "id"))
    used.update(dict.fromkeys(roles.target_cols, "value"))
    return tuple(
        ColumnRole(name, used[name]) if name in used else ColumnRole(name, "unused", roles.unused.get(name, ""))
        for name in names
    )


def _in_utc(given: Frequency | StatedFrequency | None, roles: Roles, series: NDArray[np.int32]) -> bool:
    """Whether rows of a zoned table are counted in UTC: for the step that they are to have, or that they have."""
    short = given is not None and given.sub_daily
    return short or is_sub_daily(series, rank_times(roles.stamps.codes, roles.stamps.key))


def _choose_clock(
    roles: Roles,
    options: ReadOptions,
    schema: Schema | None,
    sub_daily: bool,
    series: NDArray[np.int32],
    place: Place,
) -> Clock:
    tz, note = options.tz, None
    if schema is not None and tz is None:
        tz, note = known_zone(roles.stamps, schema, sub_daily, place)
    clock = choose_clock(roles.stamps, series, tz, sub_daily, place, options.ambiguous)
    return replace(clock, notes=(*clock.notes, note)) if note else clock


def _series_names(ids: list[tuple[str, ...]], targets: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Ids of all series: those of the rows, and the value column where there are several."""
    return ids if len(targets) == 1 else [(*key, target) for key in ids for target in targets]


def _summary(panel: Panel, schema: Schema, rows: Rows, *, aggregated: bool) -> list[Note]:
    edges = rows.stamps[[rows.times.min(), rows.times.max()]]
    if aggregated:
        edges = panel.frequency.stamps(np.array([panel.starts.min(), (panel.starts + panel.lengths).max() - 1]))
    first, last = readable_stamps(edges, schema, panel.frequency)
    time = f"time column '{schema.time_col}': {panel.frequency.name} from {first} to {last}"
    shortest, longest = int(panel.lengths.min()), int(panel.lengths.max())
    each = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
    return [info(time), info(f"{counted(panel.n_series, 'series', 'series')} of {each} steps")]
