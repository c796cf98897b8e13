"""A table before its columns have roles: read from a CSV or Parquet file, standard input, or a data frame.

Each column of a text is read once, as what it seems to be in the sample: as texts or as numbers. A column of numbers is
read again where it is asked for as texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tsforecast.errors import DataError, OptionError
from tsforecast.io.column import Column
from tsforecast.io.messages import Candidate, Note, counted, info, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.files.arrow import read_arrow
from tsforecast.io.reading.files.cells import DELIMITER
from tsforecast.io.reading.files.kinds import Kind, is_json, kind_of, refuse_address
from tsforecast.io.reading.files.query import query_database, query_table
from tsforecast.io.reading.files.records import read_records
from tsforecast.io.reading.files.workbook import read_sheet
from tsforecast.io.reading.frames import frame_columns, read_parquet
from tsforecast.io.reading.numbers import NumberFormat, choose_decimal
from tsforecast.io.reading.source import check_count, decode, read_bytes, unpack
from tsforecast.io.reading.text.blocks import Lines, read_rows
from tsforecast.io.reading.text.records import check_cells, find_records
from tsforecast.io.reading.text.sniff import Sniffed, TextFormat, leave_out_comments, sniff, text_format
from tsforecast.io.reading.text.surroundings import (
    blanks_to_tabs,
    refuse_other_text,
    skip_last_lines,
    take_separator_line,
)
from tsforecast.progress import Reading, Report

FRAME_NAME = "data frame"

# Progress on smaller files is not worth a message.
_LARGE_BYTES = 128 << 20


@dataclass(frozen=True)
class RawTable:
    """A table before its columns have roles."""

    columns: dict[str, Column]  # by name, in file order
    lines: Lines  # line number of each row's first line in the file, the header being line 1, shape (rows,)
    file: str  # name for messages, `stdin` for standard input
    data_hash: str  # SHA-256 of the bytes as they were on the disk
    number_format: NumberFormat  # how the numbers of a text file are written
    # whether the decimal mark was given, or a number of the sample shows that it parts decimals
    decimal_is_certain: bool = True
    decimal_is_given: bool = False  # by an option
    text_format: TextFormat | None = None  # how the text is written; None for a table that was never a text
    dialects: tuple[Candidate, ...] = ()  # what may part its cells and decimals
    unnamed: frozenset[str] = frozenset()  # the names that were made up for columns without one
    notes: tuple[Note, ...] = ()  # what was assumed or skipped
    # what a row is called in a file without lines, by its number and column
    where: Callable[[int, str], str] = lambda line, column: ""

    @property
    def names(self) -> list[str]:
        return list(self.columns)

    @property
    def rows(self) -> int:
        return len(self.lines)


def read_table(
    source: str | Path, options: ReadOptions = ReadOptions(), report: Report = lambda event: None
) -> RawTable:
    """Read a CSV or Parquet file, packed or not, or standard input for `-`; `report` is told how far a large one is.

    Raises:
        InputMissingError: no such file, a folder, or no permission.
        DataError: no table, with the line where it goes wrong.
        BusyError: the file changed while it was read.
        OptionError: an unusable option, or a package that an extra installs is missing.
    """
    refuse_address(source)
    file, raw = read_bytes(source)
    with ThreadPoolExecutor(1) as beside:
        digest = beside.submit(lambda data: hashlib.sha256(data).hexdigest(), raw)
        data = unpack(raw, file)
        packed = len(data) != len(raw)
        del raw
        kind = kind_of(data)
        if kind in ("sqlite", "duckdb"):
            table = _database_table(data, kind, file, options)
        else:
            queried = options.sql is not None
            table = _any_table(
                data, kind, file, replace(options, max_rows=None) if queried else options, report, packed
            )
            if options.sql is not None:
                frame = query_table(table.columns, table.number_format, file, options.sql, options.max_rows)
                table = replace(_typed_table(frame, file, "", options), notes=table.notes)
        return replace(table, data_hash=digest.result())


def _database_table(data: bytes, kind: Kind, file: str, options: ReadOptions) -> RawTable:
    if options.sql is None:
        hint = 'give a query, such as --sql "SELECT time, value FROM readings"'
        raise DataError("this is a database: say what to read from it", hint=hint, file=file)
    return _typed_table(query_database(data, kind, file, options.sql, options.max_rows), file, "", options)


def _any_table(data: bytes, kind: Kind, file: str, options: ReadOptions, report: Report, packed: bool) -> RawTable:
    """The table of a file that is no database."""
    if options.sheet is not None and kind != "workbook":
        raise OptionError("--sheet names a sheet of a workbook, and this file is none", file=file)
    if kind == "parquet":
        return _typed_table(read_parquet(data, file, options.max_rows), file, "", options)
    if kind in ("arrow", "feather"):
        return _typed_table(read_arrow(data, file, options.max_rows), file, "", options)
    decimal = choose_decimal(options.decimal, options.thousands) or "."
    cells = replace(options, delimiter=DELIMITER)
    if kind == "workbook":
        sheet = read_sheet(data, file, options, decimal)
        table = _renamed_rows(sheet.text, file, cells, 0, sheet.place)
        return replace(table, notes=(*sheet.notes, *table.notes))
    written = text_format(data, options.encoding, packed=packed)
    data = decode(data, options.encoding, file)
    if is_json(data) and options.delimiter is None:
        records = read_records(data, file, decimal)
        unit = "line" if records.lined else "record"
        # The names stand on a line that the file does not have.
        return _renamed_rows(records.text, file, cells, 1, lambda names: lambda row, name: f"{unit} {row}")
    cut = _check_end(data, file, options.whole_lines)
    table = text_table(data, file, options, report, text_format=written)
    return replace(table, notes=(*table.notes, *cut))


def _renamed_rows(
    text: bytes, file: str, options: ReadOptions, above: int, place: Callable[[list[str]], Callable[[int, str], str]]
) -> RawTable:
    """A table that was written out as text below `above` lines that the file does not have.

    Errors name its rows by `place`, which takes the names of the columns.
    """
    try:
        table = text_table(text, file, options)
    except DataError as error:
        error.row = error.row and (error.row - above or None)
        error.where = place([])(error.row, error.column) if error.row else ""
        raise
    where, lines = place(table.names), np.asarray(table.lines) - above
    for column in table.columns.values():
        column.place = replace(column.place, where=where, lines=lines)
    return replace(table, where=where, lines=lines)


def _check_end(text: bytes, file: str, whole_lines: bool) -> list[Note]:
    """Refuse or note a last line without a line ending: `12` may be what is there so far of `12.5`."""
    if text.endswith(b"\n"):
        return []
    if whole_lines:
        raise DataError(
            "the last line has no line ending: it may be cut",
            hint="try again if it is still being written; if it always ends so, give --no-final-newline",
            file=file,
            row=text.count(b"\n") + 1,
        )
    return [info("the last line has no line ending: if the file is still being written its last value may be cut")]


def text_table(
    data: bytes,
    file: str,
    options: ReadOptions = ReadOptions(),
    report: Report = lambda event: None,
    *,
    text_format: TextFormat | None = None,
) -> RawTable:
    """Take UTF-8 text with plain line ends as a table; `text_format` tells how its file was written.

    Raises:
        DataError: no table, with the line where it goes wrong.
        OptionError: an unusable option.
    """
    decimal = choose_decimal(options.decimal, options.thousands)
    bare = _take_off_surroundings(data, file, options)
    found = sniff(bare.data, file, options.skip_rows + 1, bare.delimiter, decimal, no_header=options.no_header)
    text = replace(found.text, undated=options.no_time or options.start is not None)
    if bare.in_blanks:
        text = replace(text, shown_delimiter="runs of blanks")
    if text.width == 1:
        check_cells(find_records(bare.data[text.start :], text.delimiter, file, text.line), text, text.header_line)

    def progress(done: int, rows: int) -> None:
        check_count(rows, options.max_rows, "rows", file, at_least=done < len(bare.data))
        if len(bare.data) >= _LARGE_BYTES:
            report(Reading(file, done, len(bare.data), rows))

    progress(0, 0)
    rows = read_rows(text, found.names, found.number_like, progress)
    columns = _without_padding(rows.columns, found) if found.padded else rows.columns
    if text_format is not None:
        delimiter = " " if bare.in_blanks else text.delimiter
        text_format = replace(text_format, delimiter=delimiter, decimal=found.decimal)
    return RawTable(
        {column.name: column for column in columns},
        rows.lines,
        file,
        "",
        NumberFormat(found.decimal, options.thousands or "", options.missing),
        found.decimal_is_certain,
        decimal is not None,
        text_format,
        found.dialects,
        found.unnamed,
        (*found.notes, *bare.notes, *_left_out(rows.repeats, rows.blank + found.blank - bare.emptied)),
    )


@dataclass(frozen=True)
class _Bare:
    """A text without what stands round its table and is no part of it."""

    data: bytes
    delimiter: str | None  # that was given, or that the text names; None to find it
    in_blanks: bool  # whether runs of blanks parted the columns, which are tabs now
    emptied: int  # lines that were blanked
    notes: tuple[Note, ...]


def _take_off_surroundings(data: bytes, file: str, options: ReadOptions) -> _Bare:
    """Leave out lines above and below, a line `sep=;` and comments.

    Raises:
        DataError: nothing is left, or the text is no table, such as a page of HTML.
        OptionError: one character for delimiter and comments.
    """
    data, cut = skip_last_lines(_skip_lines(data, options.skip_rows), options.skip_footer)
    refuse_other_text(data, file, options.skip_rows + 1)
    data, separator = take_separator_line(data)
    data, comments = leave_out_comments(data, options.comment)
    if not data or data.isspace():
        raise DataError("the file has no rows", file=file)
    if options.delimiter is not None and options.delimiter == options.comment:
        raise OptionError(f"{options.delimiter!r} cannot both separate cells and begin comments")
    delimiter = options.delimiter or separator
    tabbed = blanks_to_tabs(data, delimiter)
    notes = list(cut)
    if separator is not None:
        notes.append(info(f"the line 'sep={separator}' names the delimiter: left out", "left out"))
    if tabbed is not None:
        notes.append(info("the columns are parted by runs of blanks"))
    if comments:
        notes.append(info(f"{counted(comments, 'comment line')} left out", "left out"))
    emptied = comments + (separator is not None)
    if tabbed is None:
        return _Bare(data, delimiter, False, emptied, tuple(notes))
    return _Bare(tabbed, "\t", True, emptied, tuple(notes))


def _left_out(repeats: Sequence[int], blank: int) -> list[Note]:
    """Say which lines of the table itself are no rows."""
    notes = []
    if repeats:
        again = f"in {counted(len(repeats), 'line')} below, the first of them line {repeats[0]}"
        notes.append(warning(f"the header stands again {again}: left out", "left out"))
    if blank:
        notes.append(warning(f"{counted(blank, 'blank line')} skipped", "left out"))
    return notes


def _skip_lines(text: bytes, count: int) -> bytes:
    start = 0
    for _ in range(count):
        start = text.find(b"\n", start) + 1 or len(text)
        if start == len(text):
            break  # however many there should be
    return text[start:] if count else text


def frame_table(frame: pd.DataFrame, options: ReadOptions = ReadOptions()) -> RawTable:
    """Take a data frame as a table.

    Raises:
        DataError: no rows, or two columns of the same name.
        OptionError: a sheet or a query, which only a file has.
    """
    if options.sheet is not None or options.sql is not None:
        raise OptionError("a sheet or a query goes with a file, not with a data frame")
    content = pd.util.hash_pandas_object(frame, index=True).to_numpy()
    named = repr([str(name) for name in frame.columns]).encode()
    return _typed_table(frame, FRAME_NAME, hashlib.sha256(named + content.tobytes()).hexdigest(), options)


def _typed_table(frame: pd.DataFrame, file: str, data_hash: str, options: ReadOptions) -> RawTable:
    columns = frame_columns(frame, file)
    named = {column.name: column for column in columns}
    decimal = choose_decimal(options.decimal, options.thousands)
    written = NumberFormat(decimal or ".", options.thousands or "", options.missing)
    return RawTable(named, columns[0].place.lines, file, data_hash, written, decimal_is_given=decimal is not None)


def _without_padding(columns: list[Column], found: Sniffed) -> list[Column]:
    """Leave out the last column, which has no name; it must be empty."""
    *kept, last = columns
    filled = np.flatnonzero(np.array([bool(text.strip()) for text in last.texts.texts])[last.texts.codes])
    if filled.size:
        width = found.text.width
        raise last.place.error(
            int(filled[0]),
            f"this row has {width} cells, the header has {width - 1}",
            "name every column once, or leave the last cell of each row empty",
        )
    return kept
