"""Forecasts written as CSV, Parquet or JSON Lines, a block of series after the other."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import BinaryIO

from tsforecast.errors import OptionError
from tsforecast.files import whole_file, writing
from tsforecast.forecast import Forecast
from tsforecast.io.times.formats import COUNTS
from tsforecast.io.writing.columns import forecast_frame, number_columns, number_names, stamp_texts
from tsforecast.io.writing.decimals import number_rows
from tsforecast.io.writing.spreadsheet import guarded
from tsforecast.json_output import json_text
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Schema

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


_SPECIAL = re.compile(r'[",\r\n]')


@dataclass(frozen=True)
class _Style:
    """How a row is put together.

    Args:
        ids: the texts of a series' id columns, up to the time.
        stamp: the cells of a time, up to the first number.
        labels: what stands before each number.
        end: what stands behind the last one.
        not_finite: the text of a number that is not finite.
    """

    ids: Callable[[tuple[str, ...]], str]
    stamp: Callable[[Sequence[str]], str]
    labels: Sequence[str]
    end: str
    not_finite: Callable[[float], str]


def csv_rows(
    forecasts: Iterable[Forecast], schema: Schema, frequency: Frequency, *, raw_ids: bool = False
) -> Iterator[bytes]:
    """CSV: a header and the rows of each block; the texts of the user `guarded`, unless they are wanted as they are."""
    cell = _quoted if raw_ids else _cell
    for number, forecast in enumerate(forecasts):
        names = number_names(forecast.levels)
        if number == 0:
            yield f"{','.join(map(cell, (*schema.key_columns, *schema.time_cols, *names)))}\n".encode()
        style = _Style(
            ids=lambda key: "".join(f"{cell(text)}," for text in key),
            stamp=lambda cells: "".join(f"{cell(text)}," for text in cells),
            labels=["", *[","] * (len(names) - 1)],
            end="\n",
            not_finite=lambda value: repr(value) if value == value else "",
        )
        yield _block(forecast, schema, frequency, style)


def json_rows(forecasts: Iterable[Forecast], schema: Schema, frequency: Frequency) -> Iterator[bytes]:
    """JSON Lines: an object for each row. What has no number is null, as JSON knows no other way."""
    columns = [f"{json_text(name)}: " for name in schema.key_columns]
    times = [f"{json_text(name)}: " for name in schema.time_cols]
    formats = schema.time_formats if len(times) > 1 else ("",)

    def stamp(cells: Sequence[str]) -> str:
        named = zip(times, cells, formats, strict=True)
        return "".join(f"{name}{cell if part in COUNTS else json_text(cell)}, " for name, cell, part in named)

    for forecast in forecasts:
        first, *others = (f"{json_text(name)}: " for name in number_names(forecast.levels))
        style = _Style(
            ids=lambda key: (
                "{" + "".join(f"{name}{json_text(text)}, " for name, text in zip(columns, key, strict=True))
            ),
            stamp=stamp,
            labels=[first, *(f", {name}" for name in others)],
            end="}\n",
            not_finite=lambda value: "null",
        )
        yield _block(forecast, schema, frequency, style)


def _block(forecast: Forecast, schema: Schema, frequency: Frequency, style: _Style) -> bytes:
    horizon = forecast.horizon
    texts, begins = stamp_texts(forecast, schema, frequency)
    stamps = [style.stamp(cells).encode() for cells in zip(*texts, strict=True)]
    columns = list(number_columns(forecast).values())
    lines = number_rows(columns, style.labels, style.end, not_finite=style.not_finite).splitlines(keepends=True)
    pieces = [b""] * (3 * len(lines))
    pieces[::3] = chain.from_iterable(repeat(style.ids(key).encode(), horizon) for key in forecast.ids)
    pieces[1::3] = chain.from_iterable(stamps[begin : begin + horizon] for begin in begins)
    pieces[2::3] = lines
    return b"".join(pieces)


def _cell(text: str) -> str:
    return _quoted(guarded(text))


def _quoted(text: str) -> str:
    # The csv module takes a lone carriage return for an ordinary character, readers take it for the end of a row.
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _SPECIAL.search(text) else text
