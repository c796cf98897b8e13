"""From a table to a panel: columns found, rows put in order, gaps filled, everything decided said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.frequency import Frequency, infer_frequency
from tsforecast.io.clocks import Clock, choose_clock, is_sub_daily, known_zone, rank_times
from tsforecast.io.columns import Request, Roles, find_columns
from tsforecast.io.gaps import FillRule, RepeatRule
from tsforecast.io.ids import number_series
from tsforecast.io.notes import Note, counted, info
from tsforecast.io.places import Place
from tsforecast.io.rows import Rows, build_panel, one_row_per_time, sort_rows
from tsforecast.io.stamp_texts import format_stamps
from tsforecast.io.tables import frame_table, read_table
from tsforecast.models.events import Report
from tsforecast.series import Panel, Schema

__all__ = ["Note", "ReadOptions", "ReadResult", "read_panel"]

# A step that holds in the longest series holds in all of them.
_FREQUENCY_SERIES = 50


@dataclass(frozen=True)
class ReadOptions:
    """How to read a table; None or empty for what is to be found.

    Args:
        time_col: name of the time column.
        target_cols: names of the value columns.
        id_cols: names of the columns that tell series apart.
        tz: IANA zone of stamps without an offset, and the zone to write in.
        date_format: strftime format of the time column, where several fit.
        on_duplicate: what to do with rows that repeat a time of their series.
        fill_gaps: how to fill missing values.
        delimiter: between cells of a text file.
        decimal: mark of a text file, `.` or `,`.
        encoding: of a text file.
        skip_rows: lines above the header to leave out.
        whole_lines: whether to refuse a text file whose last line has no line ending, because it may be cut.
    """

    time_col: str | None = None
    target_cols: tuple[str, ...] = ()
    id_cols: tuple[str, ...] = ()
    tz: str | None = None
    date_format: str | None = None
    on_duplicate: RepeatRule = "error"
    fill_gaps: FillRule = "seasonal"
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str = "utf-8"
    skip_rows: int = 0
    whole_lines: bool = False


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
    """

    panel: Panel
    schema: Schema
    notes: tuple[Note, ...]
    data_hash: str
    rows: int
    file: str


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
        TsforecastError: as `read_table`, `find_columns` and `parse_stamps` do, and DataError for repeated times, stamps
            off the grid, no regular frequency, and more missing values than observed ones.
    """
    if isinstance(source, pd.DataFrame):
        table = frame_table(source)
    else:
        table = read_table(
            source,
            delimiter=options.delimiter,
            decimal=options.decimal,
            encoding=options.encoding,
            skip_rows=options.skip_rows,
            whole_lines=options.whole_lines,
            report=report,
        )
    roles = find_columns(table, _request(options, schema))
    place, written = Place(table.file, table.lines, roles.time_col), table.written(roles.time_col)
    file, data_hash, n_rows, table_notes = table.file, table.data_hash, table.rows, table.notes
    # The text takes more memory than all that follows.
    del table
    series, ids = number_series(roles.ids, n_rows)
    clock = _choose_clock(roles, options, schema, frequency, series, place)
    times = rank_times(roles.stamps.codes, clock.stamps)
    rows, row_notes = sort_rows(Rows(series, times.ranks, times.stamps, roles.values))
    labels = [" / ".join(key) for key in ids]
    rows, repeat_notes = one_row_per_time(rows, options.on_duplicate, place, written, labels, roles.repeat_hint)
    step = frequency or _infer(rows, place)
    names = _series_names(ids, roles.target_cols)
    panel, gap_notes = build_panel(rows, step, names, options.fill_gaps, place, written)
    found = Schema(roles.time_col, roles.id_cols, roles.target_cols, clock.time_format, clock.time_zone)
    notes = [*_summary(panel, found, rows), *roles.notes, *table_notes, *roles.stamps.notes, *clock.notes]
    return ReadResult(
        panel,
        schema or found,
        (*notes, *row_notes, *repeat_notes, *gap_notes),
        data_hash,
        n_rows,
        file,
    )


def _request(options: ReadOptions, schema: Schema | None) -> Request:
    if schema is None:
        return Request(options.time_col, options.id_cols, options.target_cols, options.date_format)
    return Request(schema.time_col, schema.id_cols, schema.target_cols, options.date_format, schema.time_format)


def _choose_clock(
    roles: Roles,
    options: ReadOptions,
    schema: Schema | None,
    frequency: Frequency | None,
    series: NDArray[np.int32],
    place: Place,
) -> Clock:
    sub_daily = (
        frequency.sub_daily if frequency else is_sub_daily(series, rank_times(roles.stamps.codes, roles.stamps.key))
    )
    tz, note = options.tz, None
    if schema is not None and tz is None:
        tz, note = known_zone(roles.stamps, schema, sub_daily, place)
    clock = choose_clock(roles.stamps, tz, sub_daily, place)
    return replace(clock, notes=(*clock.notes, note)) if note else clock


def _infer(rows: Rows, place: Place) -> Frequency:
    """The step that the longest series follow."""
    bounds = np.flatnonzero(rows.series[1:] != rows.series[:-1]) + 1
    edges = np.concatenate([[0], bounds, [rows.series.size]])
    longest = np.argsort(-np.diff(edges), kind="stable")[:_FREQUENCY_SERIES]
    parts = [rows.stamps[rows.times[edges[number] : edges[number + 1]]] for number in sorted(longest)]
    try:
        return infer_frequency(parts)
    except DataError as error:
        raise DataError(error.message, hint=error.hint, file=place.file, column=place.column) from None


def _series_names(ids: list[tuple[str, ...]], targets: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Ids of all series: those of the rows, and the value column where there are several."""
    return ids if len(targets) == 1 else [(*key, target) for key in ids for target in targets]


def _summary(panel: Panel, schema: Schema, rows: Rows) -> list[Note]:
    edges = rows.stamps[[rows.times.min(), rows.times.max()]]
    first, last = format_stamps(edges, schema, panel.frequency)
    time = f"time column '{schema.time_col}': {panel.frequency.name} from {first} to {last}"
    shortest, longest = int(panel.lengths.min()), int(panel.lengths.max())
    each = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
    return [info(time), info(f"{counted(panel.n_series, 'series', 'series')} of {each} steps")]
