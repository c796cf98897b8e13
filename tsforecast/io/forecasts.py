"""Forecasts written as CSV, Parquet or JSON Lines, a block of series after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
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

# Makes bytes of blocks of series.
_Rows = Callable[[Iterable[Forecast], Schema, Frequency], Iterator[bytes]]
_ROWS: dict[str, _Rows] = {".csv": csv_rows, ".jsonl": json_rows, ".ndjson": json_rows}
_PARQUET = ".parquet"


def write_forecast(
    forecasts: Iterable[Forecast], schema: Schema, frequency: Frequency, path: str | Path | None
) -> None:
    """Write a forecast, into a file as a whole or not at all.

    Args:
        forecasts: blocks of series in their order, with the same levels; each is taken when the one before is written.
        schema: names of the columns, and how the stamps are written.
        frequency: of the series.
        path: whose ending says how: .csv, .parquet, .jsonl or .ndjson; None or `-` is CSV on stdout.

    Raises:
        OptionError: another ending, or Parquet without pyarrow.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if path is None or str(path) == "-":
        with writing("stdout"):
            for rows in csv_rows(forecasts, schema, frequency):
                sys.stdout.write(rows.decode())
            sys.stdout.flush()
        return
    ending = Path(path).suffix.lower()
    if ending == _PARQUET:
        _need_pyarrow()
    elif ending not in _ROWS:
        endings = ", ".join((".csv", _PARQUET, *list(_ROWS)[1:]))
        raise OptionError(f"cannot tell how to write '{path}'", hint=f"use an ending of {endings}")
    with whole_file(path) as stream:
        if ending == _PARQUET:
            _write_parquet(forecasts, schema, frequency, stream)
        else:
            stream.writelines(_ROWS[ending](forecasts, schema, frequency))


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise OptionError("Parquet needs pyarrow", hint="pip install 'tsforecast[parquet]'") from error


def _write_parquet(forecasts: Iterable[Forecast], schema: Schema, frequency: Frequency, stream: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ExitStack() as opened:
        writer = None
        for forecast in forecasts:
            table = pa.Table.from_pandas(forecast_frame(forecast, schema, frequency), preserve_index=False)
            writer = writer or opened.enter_context(pq.ParquetWriter(stream, table.schema))
            writer.write_table(table)
