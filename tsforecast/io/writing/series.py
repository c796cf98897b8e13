"""The series of a table as they were understood, written as a plain CSV file: ids, an ISO time, the value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.files import whole_file
from tsforecast.io.times.formats import format_stamps
from tsforecast.io.writing.forecasts import quoted
from tsforecast.series.panel import Panel, Schema

_DAY, _MOMENT = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"


def write_series(panel: Panel, schema: Schema, path: str | Path) -> int:
    """Write the observed values of all series, one row each, so that the file reads without an option.

    Steps that were filled in are left out: they are gaps again when the file is read.

    Returns:
        The rows written.

    Raises:
        OptionError: the name of the file does not end in .csv.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if Path(path).suffix.lower() != ".csv":
        raise OptionError(f"cannot tell how to write '{path}'", hint="use an ending of .csv")
    with whole_file(path) as stream:
        for lines in _lines(panel, schema):
            stream.write(lines.encode())
    return int(panel.observed.sum())


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
    zoned = "%:z" if schema.time_zone is not None else ""
    clock = panel.frequency.sub_daily or bool(panel.frequency.time_of_day)
    fraction = ".%f" if panel.frequency.kind == "fixed" and panel.frequency.step % 1_000_000 else ""
    return replace(schema, time_formats=(f"{_MOMENT}{fraction}{zoned}" if clock else _DAY,))
