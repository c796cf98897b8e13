"""The door of the reader: from a table of any kind to a panel of regular series, with notes on all that was decided."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from tsforecast.arrays import Bool
from tsforecast.io.messages import Candidate, Note, Place, counted, info
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.covariates import CovariateNames, covariate_names
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.columns.roles import Roles, find_columns
from tsforecast.io.reading.considered import considered, with_marks
from tsforecast.io.reading.grid.build import Build, Grid, StepSource, build_panel
from tsforecast.io.reading.grid.rows import (
    RowOrigin,
    Rows,
    clock_of_step,
    find_step,
    number_series,
    stated_step,
)
from tsforecast.io.reading.known import with_holidays, with_known
from tsforecast.io.reading.shape.unpivot import lay_out
from tsforecast.io.reading.source import check_count
from tsforecast.io.reading.table import RawTable, frame_table, read_table
from tsforecast.io.reading.text.sniff import TextFormat
from tsforecast.io.reading.timed_rows import TimedRows, timed_rows
from tsforecast.io.reading.unlikely_values import unlikely_values
from tsforecast.io.times.clock import skipped_hours_note
from tsforecast.io.times.formats import readable_stamps
from tsforecast.progress import Report
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.parse_frequency import StatedFrequency

RoleName = Literal["time", "id", "value", "past", "future", "static", "category", "unused"]


@dataclass(frozen=True)
class ColumnRole:
    """What a column of the table is.

    Args:
        name: of the column.
        role: `time`, `id`, `value`, that of a covariate, or `unused`.
        why: it is not used; empty otherwise.
        likely: the role of a covariate that it could have; empty where it is used or could have none.
    """

    name: str
    role: RoleName
    why: str = ""
    likely: str = ""


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
        readings: ways to read the layout, the numbers, the time and the ids that were weighed, with their evidence.
        past_observed: where the columns known up to now have a value of their own, row for row beside the panel's
            values, shape (rows, past).
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
    readings: tuple[Candidate, ...] = ()
    past_observed: Bool = field(default_factory=lambda: np.empty((0, 0), dtype=bool))


def read_panel(
    source: str | Path | pd.DataFrame,
    options: ReadOptions = ReadOptions(),
    *,
    schema: Schema | None = None,
    frequency: Frequency | None = None,
    held: Collection[float] = (),
    report: Report = lambda event: None,
    build: Build = build_panel,
    keep: Callable[[RawTable], None] = lambda table: None,
) -> ReadResult:
    """Read a table of time series.

    The source becomes columns, and each column gets its role. The rows are put in the order of time, their step is
    found, and they become regular series without gaps.

    Args:
        source: path of a CSV or Parquet file, `-` for standard input, or a data frame.
        options: how to read it.
        schema: of the data that a model was fitted on: its columns are demanded.
        frequency: of that data: all stamps must lie on its grid.
        held: values of that data that look like missing ones: they are not refused.
        report: is told how far a large file is read.
        build: makes a panel of the rows.
        keep: is given the table with a row for each time, before its rows become a panel.

    Raises:
        TsforecastError: as `read_table`, `find_columns` and `parse_stamps` do, DataError for repeated times, stamps
            off the grid, no regular frequency, and more missing values than observed ones, and OptionError for an
            unknown frequency.
    """
    stated = stated_step(options.freq, frequency)
    table = _read(source, options, report)
    table, options = lay_out(table, options, schema, frequency)
    keep(table)
    names = covariate_names(options, schema)
    roles = find_columns(table, _request(options, schema, names))
    place, time_text = _times_in_table(table, roles)
    table_notes = table.notes
    result = partial(
        ReadResult,
        data_hash=table.data_hash,
        rows=table.rows,
        file=table.file,
        columns=_column_roles(table.names, roles),
        text=table.text_format and with_marks(table.text_format, roles.number_format),
        readings=considered(table, roles),
    )
    del table  # its text takes more memory than all that follows
    origin = RowOrigin(place, time_text, *number_series(roles.ids, len(place.lines)), roles.target_cols)
    check_count(len(origin.names), options.max_series, "series", place.file)
    found = timed_rows(roles, options, schema, frequency or stated, origin)
    rows, clock = found.rows, found.clock
    grid = _grid(found, options, frequency, stated, place)
    unzoned = clock.time_zone is None and options.aggregate is None
    panel, gap_notes = build(rows, grid, origin, keep_future=bool(roles.known.names.future))
    own = Schema(roles.time_cols, roles.id_cols, roles.target_cols, clock.time_formats, clock.time_zone)
    panel, own, past_observed, known_notes = with_known(panel, own, roles.known, rows, grid, origin)
    if schema is None:
        own = with_holidays(own, panel, options)
    notes = (
        *_summary(panel, own, rows, on_grid=options.aggregate is not None or bool(names.future)),
        *roles.notes,
        *table_notes,
        *found.notes,
        *(skipped_hours_note(rows.stamps, grid.frequency) if unzoned else ()),
        *gap_notes,
        *known_notes,
        *unlikely_values(panel, rows, own, options, place.file, held),
    )
    repeats = origin.series.size - rows.series.size
    return result(panel=panel, schema=schema or own, notes=notes, repeats=repeats, past_observed=past_observed)


def _read(source: str | Path | pd.DataFrame, options: ReadOptions, report: Report) -> RawTable:
    if not isinstance(source, pd.DataFrame):
        return read_table(source, options, report)
    table = frame_table(source, options)
    check_count(table.rows, options.max_rows, "rows", table.file)
    return table


def _request(options: ReadOptions, schema: Schema | None, known: CovariateNames) -> ColumnRequest:
    if schema is not None:
        return ColumnRequest(
            schema.time_cols,
            schema.id_cols,
            schema.target_cols,
            options.date_format,
            schema.time_formats,
            tz=options.tz or schema.time_zone,
            known=known,
        )
    return ColumnRequest(
        (options.time_col,) if options.time_col else (),
        options.id_cols,
        options.target_cols,
        options.date_format,
        freq=options.freq,
        tz=options.tz,
        known=known,
        offer=options.covariates == "auto",
    )


def _times_in_table(table: RawTable, roles: Roles) -> tuple[Place, Callable[[int], str]]:
    """Where the times stand, and a function that returns the text of the time in a row."""
    texts = [table.columns[name].cell_text for name in roles.time_cols]
    place = Place(table.file, table.lines, ",".join(roles.time_cols), table.where)
    return place, lambda row: " ".join(text(row) for text in texts)


def _column_roles(names: list[str], roles: Roles) -> tuple[ColumnRole, ...]:
    known = roles.known.names
    used: dict[str, RoleName] = dict.fromkeys(known.categories, "category")
    used.update(dict.fromkeys(roles.time_cols, "time"))
    used.update(dict.fromkeys(roles.id_cols, "id"))
    used.update(dict.fromkeys(roles.target_cols, "value"))
    roles_of_known: tuple[tuple[RoleName, tuple[str, ...]], ...] = (
        ("past", known.past),
        ("future", known.future),
        ("static", known.static),
    )
    for role, columns in roles_of_known:
        # A column of texts is read as one for each text.
        spread = {name for name in names for column in columns if column.startswith(f"{name}=")}
        used.update(dict.fromkeys((*columns, *spread), role))
    return tuple(
        ColumnRole(name, used[name])
        if name in used
        else ColumnRole(name, "unused", roles.unused.get(name, ""), roles.offered.get(name, ""))
        for name in names
    )


def _grid(
    found: TimedRows,
    options: ReadOptions,
    frequency: Frequency | None,
    stated: StatedFrequency | None,
    place: Place,
) -> Grid:
    """The steps of the series: those of a model, those that are stated, or those that the rows follow."""
    rows, clock, sub_daily = found.rows, found.clock, found.sub_daily
    step = frequency or find_step(rows, stated, options, clock, sub_daily, place)
    source: StepSource = "model" if frequency else "stated" if stated else "found"
    return Grid(step, source, clock_of_step(rows.stamps, clock, step, sub_daily), options)


def _summary(panel: Panel, schema: Schema, rows: Rows, *, on_grid: bool) -> list[Note]:
    edges = rows.stamps[[rows.times.min(), rows.times.max()]]
    if on_grid:
        edges = panel.frequency.stamps(np.array([panel.starts.min(), (panel.starts + panel.lengths).max() - 1]))
    first, last = readable_stamps(edges, schema, panel.frequency)
    time = f"time column '{','.join(schema.time_cols)}': {panel.frequency.name} from {first} to {last}"
    shortest, longest = int(panel.lengths.min()), int(panel.lengths.max())
    each = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
    many = f"{counted(panel.n_series, 'series', 'series')} of {each} {'step' if longest == 1 else 'steps'}"
    return [info(time, "columns"), info(many, "columns")]
