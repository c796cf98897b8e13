"""Tables as they come: CSV, gzip, Parquet or a data frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import Note, counted, info, warning
from tsforecast.io.reading.limits import check_count
from tsforecast.io.reading.numbers import choose_marks, is_number, shows_decimals
from tsforecast.io.reading.parquet import read_parquet
from tsforecast.io.reading.source import PARQUET_MAGIC, read_bytes, unpack
from tsforecast.io.reading.text.chunks import PlainNumbers, Text
from tsforecast.io.reading.text.columns import Lines, TextColumns
from tsforecast.io.reading.text.dialect import TextFormat, decode, look_of, sniff
from tsforecast.io.reading.text.header import Header, check_names, leave_out_comments, read_header
from tsforecast.io.reading.text.records import check_cells, find_records
from tsforecast.io.text_column import TextColumn, code_texts
from tsforecast.progress import Reading, Report

FRAME_NAME = "data frame"
_DEFAULT_TIME_NAME = "time"

# Smaller files are read before anybody wonders.
_LARGE_BYTES = 128 << 20


@dataclass(frozen=True)
class RawTable:
    """A table before its columns have roles.

    Args:
        names: of the columns in file order.
        columns: the cells of a text file as texts and plain numbers, or the typed columns of a data frame.
        lines: line number of each row's first line in the file, the header being line 1, shape (rows,).
        file: name for messages, `stdin` for standard input.
        delimiter: of a text file, else empty.
        decimal: `.` or `,`.
        data_hash: SHA-256 of the bytes as they were on the disk.
        notes: what was assumed or skipped.
        missing: texts that the user declares to mean a missing value.
        look: how the text is written; None for a table that was never a text.
        thousands: what may stand between groups of three digits; empty for nothing.
        unnamed: the names that were made up for columns without one.
        sure: whether the decimal mark was given, or the first rows show that it separates no thousands.
    """

    names: list[str]
    columns: TextColumns | pd.DataFrame
    lines: Lines
    file: str
    delimiter: str
    decimal: str
    data_hash: str
    notes: tuple[Note, ...] = ()
    missing: tuple[str, ...] = ()
    look: TextFormat | None = None
    thousands: str = ""
    unnamed: frozenset[str] = frozenset()
    sure: bool = True

    @property
    def rows(self) -> int:
        return len(self.lines)

    @property
    def typed(self) -> bool:
        """Whether the columns keep the types of a Parquet file or data frame."""
        return isinstance(self.columns, pd.DataFrame)

    def series(self, name: str) -> pd.Series | None:
        """A column of a Parquet file or data frame; None for a text file."""
        return self.columns[name] if isinstance(self.columns, pd.DataFrame) else None

    def texts(self, name: str) -> TextColumn:
        """The cells of a column as texts, missing ones of a typed column as empty text."""
        if isinstance(self.columns, TextColumns):
            return self.columns.texts(name)
        column = self.columns[name]
        return code_texts(column.astype(object).where(column.notna(), "").map(str))

    def written(self, name: str) -> Callable[[int], str]:
        """What the cell of a column in a row, counted from 0, says."""
        series = self.series(name)
        return self.texts(name).text if series is None else lambda row: str(series.iloc[row])

    def figures(self, name: str) -> PlainNumbers | None:
        """A column of a text file that holds plain numbers and missing values only; None for any other."""
        return self.columns.figures(name) if isinstance(self.columns, TextColumns) else None


def read_table(
    source: str | Path,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str = "utf-8",
    skip_rows: int = 0,
    thousands: str | None = None,
    comment: str | None = None,
    no_header: bool = False,
    whole_lines: bool = False,
    max_rows: int | None = None,
    report: Report = lambda event: None,
) -> RawTable:
    """Read a CSV or Parquet file, plain or gzipped, or standard input for `-`.

    Args:
        source: path, or `-`.
        delimiter: one character; None to find it among `,` `;` tab and `|`.
        decimal: `.` or `,`; None to find it.
        encoding: of a text file without a byte order mark.
        skip_rows: lines before the header to leave out.
        thousands: what stands between groups of three digits, `,` `.` `'` or a blank; None for nothing.
        comment: character that begins lines to leave out; None for none.
        no_header: whether the first row holds data.
        whole_lines: whether to refuse a text file that does not end with a line ending.
        max_rows: rows that it may have; None for any number.
        report: is told how far a large file is read.

    Raises:
        InputMissingError: no such file, a folder, or no permission.
        DataError: no table, with the line where it goes wrong.
        BusyError: the file changed while it was read.
        OptionError: an unusable option, or Parquet without pyarrow.
    """
    file, raw = read_bytes(source)
    with ThreadPoolExecutor(1) as beside:
        digest = beside.submit(lambda data: hashlib.sha256(data).hexdigest(), raw)
        data = unpack(raw, file)
        packed = len(data) != len(raw)
        del raw
        if data.startswith(PARQUET_MAGIC):
            return _typed_table(read_parquet(data, file, max_rows), file, digest.result())
        look = look_of(data, encoding, packed=packed)
        data = decode(data, encoding, file)
        cut = _check_end(data, file, whole_lines)
        table = text_table(
            data,
            file,
            delimiter,
            decimal,
            skip_rows,
            report,
            thousands=thousands,
            comment=comment,
            no_header=no_header,
            max_rows=max_rows,
        )
        look = replace(look, delimiter=table.delimiter, decimal=table.decimal)
        return replace(table, data_hash=digest.result(), notes=(*table.notes, *cut), look=look)


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
    delimiter: str | None = None,
    decimal: str | None = None,
    skip_rows: int = 0,
    report: Report = lambda event: None,
    *,
    thousands: str | None = None,
    comment: str | None = None,
    no_header: bool = False,
    max_rows: int | None = None,
) -> RawTable:
    """Take UTF-8 text with plain line ends as a table; arguments and errors are those of `read_table`."""
    given = choose_marks(decimal, thousands)
    data, comments = leave_out_comments(_skip_lines(data, skip_rows), comment)
    if not data or data.isspace():
        raise DataError("the file has no rows", file=file)
    mark, point = sniff(data, delimiter, given)
    if mark == comment:
        raise OptionError(f"{mark!r} cannot both separate cells and begin comments")
    header = read_header(data, mark, file, skip_rows + 1, no_header=no_header)
    text = Text(data, header.end, header.line, len(header.names), mark, file, header.names_line)
    if text.width == 1:
        check_cells(find_records(data[text.start :], mark, file, text.line), 1, mark, file, header.names_line)

    def progress(done: int, rows: int) -> None:
        check_count(rows, max_rows, "rows", file, at_least=done < len(data))
        if len(data) >= _LARGE_BYTES:
            report(Reading(file, done, len(data), rows))

    progress(0, 0)
    columns = TextColumns(text, header.names, point, progress)
    notes = _left_out(comments, header.blank + columns.blank - comments)
    if given is None and point == ",":
        notes.append(warning("numbers are read with a decimal comma"))
    return RawTable(
        header.names,
        columns,
        columns.lines,
        file,
        mark,
        point,
        "",
        tuple(notes),
        thousands=thousands or "",
        unnamed=header.unnamed,
        sure=given is not None or _shows_decimals(header, point),
    )


def _left_out(comments: int, blank: int) -> list[Note]:
    notes = [info(f"{counted(comments, 'comment line')} left out")] if comments else []
    return [*notes, warning(f"{counted(blank, 'blank line')} skipped")] if blank else notes


def _shows_decimals(header: Header, mark: str) -> bool:
    """Whether a number of the first rows tells the decimal mark from a thousands separator."""
    return any(shows_decimals(cell, mark) and is_number(cell, mark) for row in header.sample for cell in row)


def _skip_lines(text: bytes, count: int) -> bytes:
    start = 0
    for _ in range(count):
        start = text.find(b"\n", start) + 1 or len(text)
        if start == len(text):
            break  # however many there should be
    return text[start:] if count else text


def frame_table(frame: pd.DataFrame) -> RawTable:
    """Take a data frame as a table; an index that is not a plain row number becomes columns.

    Rows are numbered as if the frame stood in a file below its header, so that the first row is line 2.

    Raises:
        DataError: no rows, or two columns of the same name.
    """
    content = pd.util.hash_pandas_object(frame, index=True).to_numpy()
    named = repr([str(name) for name in frame.columns]).encode()
    return _typed_table(frame, FRAME_NAME, hashlib.sha256(named + content.tobytes()).hexdigest())


def _typed_table(frame: pd.DataFrame, file: str, data_hash: str) -> RawTable:
    index = frame.index
    plain = index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype)
    if not plain:
        timed = isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex))
        frame = frame.reset_index(names=_DEFAULT_TIME_NAME if timed and index.name is None else None)
    names = [str(name).strip() for name in frame.columns]
    check_names(names, file, None)
    if frame.empty:
        raise DataError("the table has no rows", file=file)
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    for name in names:
        if isinstance(frame[name].dtype, pd.PeriodDtype):
            frame[name] = frame[name].dt.to_timestamp()
    return RawTable(names, frame, range(2, len(frame) + 2), file, "", ".", data_hash)
