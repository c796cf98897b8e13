"""The series of a table as they were understood, written as a plain CSV file: ids, an ISO time, the values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.files import check_file, whole_file
from tsforecast.io.times.formats import STEP, format_stamps
from tsforecast.io.times.zones import UTC
from tsforecast.io.writing.forecasts import quoted
from tsforecast.series.frequency import DAY, SECOND
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.wall_clock import reads_ends

_DAY, _MOMENT = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"


def check_series_file(path: str | Path) -> None:
    """Refuse a file that the series cannot be written into, before the table is read.

    Raises:
        OptionError: the name does not end in .csv.
        OutputError: its folder is not there or cannot be written to.
    """
    if Path(path).suffix.lower() != ".csv":
        raise OptionError(f"cannot tell how to write '{path}'", hint="use an ending of .csv")
    check_file(path)


def write_series(panel: Panel, schema: Schema, path: str | Path, *, long: bool = False) -> None:
    """Write the observed values so that the file reads as the same panel: one row for each time of an id.

    Steps that were filled in are left out: they are gaps again when the file is read. Ids stand as they are, also where
    a spreadsheet takes them for formulas.

    Args:
        panel: the series.
        schema: names of the columns, and how times were written.
        path: of the file, a CSV.
        long: whether several value columns become one, with a column of their names before the time.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    with whole_file(path) as stream:
        for lines in _lines(panel, schema, long):
            stream.write(lines.encode())


def _lines(panel: Panel, schema: Schema, long: bool) -> Iterator[str]:
    """The header, then the rows of each id."""
    ids, time, values = written_columns(schema, long=long)
    yield ",".join(map(quoted, (*ids, time, *values))) + "\n"
    written = _written_schema(panel, schema)
    of_id = groupby(range(panel.n_series), key=lambda number: panel.ids[number][: len(ids)])
    for key, group in of_id:
        numbers = list(group)
        start = int(panel.starts[numbers].min())
        cells = np.full((int(panel.ends[numbers].max()) - start, len(values)), np.nan)
        for number in numbers:
            rows = slice(panel.offsets[number], panel.offsets[number + 1])
            at = panel.starts[number] - start
            column = values.index(panel.ids[number][-1]) if len(values) > 1 else 0
            seen = np.where(panel.observed[rows], panel.values[rows], np.nan)
            cells[at : at + panel.lengths[number], column] = seen
        kept = np.flatnonzero(~np.isnan(cells).all(axis=1))
        (texts,) = format_stamps(panel.frequency.stamps(start + kept), written, panel.frequency)
        named = "".join(f"{quoted(text)}," for text in key)
        shown = zip(texts, cells[kept].tolist(), strict=True)
        yield "".join(f"{named}{text},{','.join(map(_cell, row))}\n" for text, row in shown)


def _cell(value: float) -> str:
    return "" if value != value else repr(value)


def written_columns(schema: Schema, *, long: bool) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """The names of the id columns, the time column and the value columns in the file, no two of them the same."""
    ids, values = (schema.key_columns, ()) if long else (schema.id_cols, schema.target_cols)
    values = values or (schema.target_cols if len(schema.target_cols) == 1 else ("value",))
    time = schema.time_cols[0] if len(schema.time_cols) == 1 else "time"
    while time in (*ids, *values):
        time += "_"
    while values[0] in ids:
        values = (f"{values[0]}_",)  # of the long form only: those of a table differ from its ids
    return ids, time, values


def _written_schema(panel: Panel, schema: Schema) -> Schema:
    """The schema with one ISO time format: dates alone where all steps begin at midnight; numbered steps stay so."""
    frequency = panel.frequency
    if schema.time_formats == (STEP,):
        return schema
    offset = frequency.phase if frequency.kind == "fixed" else frequency.time_of_day
    parts = (frequency.step, offset) if frequency.kind == "fixed" else (offset,)
    if not any(part % DAY for part in parts):
        return replace(schema, time_formats=(_DAY,))
    fraction = ".%f" if any(part % SECOND for part in parts) else ""
    if schema.time_zone is None:
        return replace(schema, time_formats=(f"{_MOMENT}{fraction}",))
    # The offset of a clock that is read at the ends of steps is none that others know.
    zone = UTC if reads_ends(schema.time_zone) else schema.time_zone
    return replace(schema, time_formats=(f"{_MOMENT}{fraction}%:z",), time_zone=zone)
