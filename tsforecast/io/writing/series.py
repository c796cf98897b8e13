"""The series of a table as they were understood, written as a plain CSV file: ids, an ISO time, the value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.files import check_folder, whole_file
from tsforecast.io.times.formats import format_stamps
from tsforecast.io.writing.forecasts import quoted
from tsforecast.series.frequency import DAY, SECOND
from tsforecast.series.panel import Panel, Schema

_DAY, _MOMENT = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"


def check_series_file(path: str | Path) -> None:
    """Refuse a file that the series cannot be written into, before the table is read.

    Raises:
        OptionError: the name does not end in .csv.
        OutputError: its folder cannot be made or written to.
    """
    if Path(path).suffix.lower() != ".csv":
        raise OptionError(f"cannot tell how to write '{path}'", hint="use an ending of .csv")
    check_folder(Path(path).parent)


def write_series(panel: Panel, schema: Schema, path: str | Path) -> None:
    """Write the observed values of all series, one row each, so that the file reads as the same panel.

    Steps that were filled in are left out: they are gaps again when the file is read. Ids stand as they are, also where
    a spreadsheet takes them for formulas.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    with whole_file(path) as stream:
        for lines in _lines(panel, schema):
            stream.write(lines.encode())


def _lines(panel: Panel, schema: Schema) -> Iterator[str]:
    """The header, then the rows of each series."""
    time, value = _column_names(schema)
    yield ",".join(map(quoted, (*schema.key_columns, time, value))) + "\n"
    iso = _iso_schema(panel, schema)
    for number, key in enumerate(panel.ids):
        rows = panel.offsets[number] + np.flatnonzero(panel.observed[panel.offsets[number] : panel.offsets[number + 1]])
        stamps = panel.frequency.stamps(panel.starts[number] + rows - panel.offsets[number])
        (texts,) = format_stamps(stamps, iso, panel.frequency)
        ids = "".join(f"{quoted(text)}," for text in key)
        cells = zip(texts, panel.values[rows].tolist(), strict=True)
        yield "".join(f"{ids}{text},{number!r}\n" for text, number in cells)


def _column_names(schema: Schema) -> tuple[str, str]:
    """Names of the time and value columns that no id column has."""
    time = schema.time_cols[0] if len(schema.time_cols) == 1 else "time"
    value = schema.target_cols[0] if len(schema.target_cols) == 1 else "value"
    while time in schema.key_columns:
        time += "_"
    while value in (*schema.key_columns, time):
        value += "_"
    return time, value


def _iso_schema(panel: Panel, schema: Schema) -> Schema:
    """The schema with one ISO time format: dates alone where all steps begin at midnight."""
    frequency = panel.frequency
    offset = frequency.phase if frequency.kind == "fixed" else frequency.time_of_day
    parts = (frequency.step, offset) if frequency.kind == "fixed" else (offset,)
    if not any(part % DAY for part in parts):
        return replace(schema, time_formats=(_DAY,))
    fraction = ".%f" if any(part % SECOND for part in parts) else ""
    zone = "%:z" if schema.time_zone is not None else ""
    return replace(schema, time_formats=(f"{_MOMENT}{fraction}{zone}",))
