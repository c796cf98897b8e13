"""Forecasts written as CSV, Parquet or JSON Lines, a block of series after the other."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from tsforecast.errors import OptionError
from tsforecast.files import whole_file, writing
from tsforecast.frequency import Frequency
from tsforecast.io.forecast_columns import forecast_frame
from tsforecast.io.forecast_rows import csv_rows, json_rows
from tsforecast.models.spec import Forecast
from tsforecast.series import Schema

_CSV, _PARQUET = ".csv", ".parquet"
_ENDINGS = (_CSV, _PARQUET, ".jsonl", ".ndjson")


def write_forecast(
    forecasts: Iterable[Forecast],
    schema: Schema,
    frequency: Frequency,
    path: str | Path | None,
    *,
    raw_ids: bool = False,
) -> None:
    """Write a forecast, into a file as a whole or not at all.

    Args:
        forecasts: blocks of series in their order, with the same levels; each is taken when the one before is written.
        schema: names of the columns, and how the stamps are written.
        frequency: of the series.
        path: whose ending says how: .csv, .parquet, .jsonl or .ndjson; None or `-` is CSV on stdout.
        raw_ids: whether ids and names of columns stand in CSV as they are, though a spreadsheet may take one for a
            formula.

    Raises:
        OptionError: another ending, or Parquet without pyarrow.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if path is None or str(path) == "-":
        with writing("stdout"):
            sys.stdout.flush()
            for rows in csv_rows(forecasts, schema, frequency, raw_ids=raw_ids):
                sys.stdout.buffer.write(rows)  # UTF-8, as in a file, whatever the locale says
            sys.stdout.flush()
        return
    check_forecast_file(path)
    ending = Path(path).suffix.lower()
    with whole_file(path) as stream:
        if ending == _PARQUET:
            _write_parquet(forecasts, schema, frequency, stream)
        elif ending == _CSV:
            stream.writelines(csv_rows(forecasts, schema, frequency, raw_ids=raw_ids))
        else:
            stream.writelines(json_rows(forecasts, schema, frequency))


def check_forecast_file(path: str | Path) -> None:
    """Refuse a file that no forecast can be written to, before the long work whose result it is for.

    Raises:
        OptionError: another ending, or Parquet without pyarrow.
    """
    ending = Path(path).suffix.lower()
    if ending not in _ENDINGS:
        raise OptionError(f"cannot tell how to write '{path}'", hint=f"use an ending of {', '.join(_ENDINGS)}")
    if ending == _PARQUET and importlib.util.find_spec("pyarrow") is None:
        raise OptionError("Parquet needs pyarrow", hint="pip install 'tsforecast[parquet]'")


def _write_parquet(forecasts: Iterable[Forecast], schema: Schema, frequency: Frequency, stream: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ExitStack() as opened:
        writer = None
        for forecast in forecasts:
            table = pa.Table.from_pandas(forecast_frame(forecast, schema, frequency), preserve_index=False)
            writer = writer or opened.enter_context(pq.ParquetWriter(stream, table.schema))
            writer.write_table(table)
