"""Forecasts written as files or to stdout, one block of series after the other; `FORMATS` is the table of ways.

The table is read for the help of the command line, so that what is slow to import is imported where it is used.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tsforecast.errors import OptionError, to_install
from tsforecast.io.messages import Note, warning
from tsforecast.safe_text import guarded

if TYPE_CHECKING:
    from tsforecast.forecast import Forecast
    from tsforecast.series.frequency import Frequency
    from tsforecast.series.panel import Schema

    Blocks = Iterable[Forecast]


class _Style(NamedTuple):
    """How a row of text is put together.

    Args:
        ids: the text of a series' id columns, up to the time.
        time: the text of the time columns, up to the first number.
        rest: the text of the numbers, up to the next row, given them with commas between.
        not_finite: the text of a number that is not finite.
    """

    ids: Callable[[tuple[str, ...]], str]
    time: Callable[[tuple[str, ...]], str]
    rest: Callable[[bytes], bytes]
    not_finite: Callable[[float], str]


def _write_csv(blocks: Blocks, schema: Schema, frequency: Frequency, stream: BinaryIO, raw_ids: bool) -> None:
    cell = quoted if raw_ids else lambda text: quoted(guarded(text))

    def cells(texts: Iterable[str]) -> str:
        return "".join(f"{cell(text)}," for text in texts)

    style = _Style(cells, cells, lambda numbers: numbers + b"\n", lambda value: repr(value) if value == value else "")
    for number, forecast in enumerate(blocks):
        if number == 0:
            header = (*schema.key_columns, *schema.time_cols, *_names(forecast))
            stream.write(f"{','.join(map(cell, header))}\n".encode())
        stream.write(_rows(forecast, schema, frequency, style))


def _write_json_lines(blocks: Blocks, schema: Schema, frequency: Frequency, stream: BinaryIO, raw_ids: bool) -> None:
    """An object for each row. What has no number is null, as JSON knows no other way."""
    from tsforecast.io.writing.columns import time_counts
    from tsforecast.json_output import json_text

    keys = [f"{json_text(name)}: " for name in schema.key_columns]
    times = [f"{json_text(name)}: " for name in schema.time_cols]
    counts = time_counts(schema)

    def ids(texts: tuple[str, ...]) -> str:
        return "{" + "".join(f"{name}{json_text(text)}, " for name, text in zip(keys, texts, strict=True))

    def time(texts: tuple[str, ...]) -> str:
        cells = zip(times, texts, counts, strict=True)
        return "".join(f"{name}{text if count else json_text(text)}, " for name, text, count in cells)

    for forecast in blocks:
        labels = ", ".join(f"{json_text(name)}: %b" for name in _names(forecast))
        style = _Style(ids, time, _filled(f"{labels}}}\n".encode()), lambda value: "null")
        stream.write(_rows(forecast, schema, frequency, style))


def _filled(template: bytes) -> Callable[[bytes], bytes]:
    return lambda numbers: template % tuple(numbers.split(b","))


def _write_parquet(blocks: Blocks, schema: Schema, frequency: Frequency, stream: BinaryIO, raw_ids: bool) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tsforecast.io.writing.columns import forecast_frame

    with ExitStack() as opened:
        writer = None
        for forecast in blocks:
            frame = forecast_frame(forecast, schema, frequency)
            rows = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or opened.enter_context(pq.ParquetWriter(stream, rows.schema))
            writer.write_table(rows)


class Format(NamedTuple):
    """A way to write forecasts.

    Args:
        name: as people call it.
        endings: of the names of its files.
        write: writes blocks into a stream; the bool says whether ids stand as they are.
        needs: package that has to be there; empty for none. It is an extra of this one.
        in_spreadsheets: whether spreadsheets open such a file, so that ids are guarded.
    """

    name: str
    endings: tuple[str, ...]
    write: Callable[[Blocks, Schema, Frequency, BinaryIO, bool], None]
    needs: str = ""
    in_spreadsheets: bool = False


FORMATS = (
    Format("CSV", (".csv",), _write_csv, in_spreadsheets=True),
    Format("Parquet", (".parquet",), _write_parquet, needs="pyarrow"),
    Format("JSON Lines", (".jsonl", ".ndjson"), _write_json_lines),
)
ON_STDOUT = FORMATS[0]
ENDINGS = tuple(ending for each in FORMATS for ending in each.endings)


def endings_in_words() -> str:
    """The ending of each format as the help names them: `.csv, .parquet or .jsonl`."""
    *others, last = (each.endings[0] for each in FORMATS)
    return f"{', '.join(others)} or {last}"


def format_of(path: str | Path | None) -> Format:
    """The format that the ending of a path says; None and `-` are stdout.

    Raises:
        OptionError: another ending, or a format whose package is missing.
    """
    if path is None or str(path) == "-":
        return ON_STDOUT
    for each in FORMATS:
        if Path(path).suffix.lower() in each.endings:
            if each.needs and importlib.util.find_spec(each.needs) is None:
                raise OptionError(f"{each.name} needs {each.needs}", hint=to_install(each.needs))
            return each
    raise OptionError(f"cannot tell how to write '{path}'", hint=f"use an ending of {', '.join(ENDINGS)}")


def write_forecast(
    blocks: Blocks, schema: Schema, frequency: Frequency, path: str | Path | None, *, raw_ids: bool = False
) -> None:
    """Write a forecast, into a file as a whole or not at all.

    Args:
        blocks: series in their order, with the same levels; each is taken when the one before is written.
        schema: names of the columns, and how the stamps are written.
        frequency: of the series.
        path: of the file, whose ending says how; None or `-` is CSV on stdout.
        raw_ids: whether ids and names of columns stand as they are, though a spreadsheet may take one for a formula.

    Raises:
        OptionError: another ending, or a format whose package is missing.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    from tsforecast.files import whole_file, writing

    write = format_of(path).write
    if path is None or str(path) == "-":
        with writing("stdout"):
            sys.stdout.flush()
            write(blocks, schema, frequency, sys.stdout.buffer, raw_ids)  # UTF-8, whatever the locale says
            sys.stdout.flush()
        return
    with whole_file(path) as stream:
        write(blocks, schema, frequency, stream, raw_ids)


def guarded_notes(ids: Iterable[tuple[str, ...]], path: str | Path | None) -> list[Note]:
    """What to say of ids that a file for spreadsheets does not hold as they are.

    Args:
        ids: of the series.
        path: of the file; None or `-` is stdout.
    """
    changed = sum(any(guarded(text) != text for text in key) for key in ids) if format_of(path).in_spreadsheets else 0
    if not changed:
        return []
    some = "1 id begins like a formula or holds" if changed == 1 else f"{changed:,} ids begin like a formula or hold"
    return [warning(f"{some} control characters: written with a ' in front and without these")]


def _names(forecast: Forecast) -> list[str]:
    from tsforecast.io.writing.columns import names_of

    return names_of(forecast)


def _rows(forecast: Forecast, schema: Schema, frequency: Frequency, style: _Style) -> bytes:
    """The rows of one block as text."""
    import numpy as np

    from tsforecast.io.writing.columns import number_columns, number_rows, time_cells

    shown = forecast.total or forecast
    horizon = shown.horizon
    cells, begins = time_cells(shown, schema, frequency)
    times = [style.time(texts).encode() for texts in zip(*cells, strict=True)]
    numbers = number_rows(np.column_stack(list(number_columns(forecast).values())), style.not_finite)
    pieces = [b""] * (3 * len(numbers))
    pieces[::3] = chain.from_iterable(repeat(style.ids(key).encode(), horizon) for key in forecast.ids)
    pieces[1::3] = chain.from_iterable(times[begin : begin + horizon] for begin in begins)
    pieces[2::3] = map(style.rest, numbers)
    return b"".join(pieces)


_SPECIAL = re.compile(r'[",\r\n]')


def quoted(text: str) -> str:
    """A cell of a CSV file."""
    # The csv module takes a lone carriage return for an ordinary character, readers take it for the end of a row.
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _SPECIAL.search(text) else text
