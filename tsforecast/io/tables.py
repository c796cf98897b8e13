"""Tables as they come: CSV, gzip, Parquet or a data frame."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tsforecast.errors import DataError, OptionError
from tsforecast.io.blocks import Figures, Text
from tsforecast.io.cells import Cells, code_texts
from tsforecast.io.dialect import decode, sniff
from tsforecast.io.notes import Note, counted, warning
from tsforecast.io.numbers import is_number
from tsforecast.io.records import check_cells, find_records
from tsforecast.io.sources import PARQUET_MAGIC, read_bytes, unpack
from tsforecast.io.text_columns import Lines, TextColumns
from tsforecast.io.time_formats import is_stamp_like
from tsforecast.models.events import Reading, Report

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
    """

    names: list[str]
    columns: TextColumns | pd.DataFrame
    lines: Lines
    file: str
    delimiter: str
    decimal: str
    data_hash: str
    notes: tuple[Note, ...] = ()

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

    def texts(self, name: str) -> Cells:
        """The cells of a column as texts, missing ones of a typed column as empty text."""
        if isinstance(self.columns, TextColumns):
            return self.columns.texts(name)
        column = self.columns[name]
        return code_texts(column.astype(object).where(column.notna(), "").map(str))

    def written(self, name: str) -> Callable[[int], str]:
        """What the cell of a column in a row, counted from 0, says."""
        series = self.series(name)
        return self.texts(name).text if series is None else lambda row: str(series.iloc[row])

    def figures(self, name: str) -> Figures | None:
        """A column of a text file that holds plain numbers and missing values only; None for any other."""
        return self.columns.figures(name) if isinstance(self.columns, TextColumns) else None


def read_table(
    source: str | Path,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str = "utf-8",
    skip_rows: int = 0,
    whole_lines: bool = False,
    report: Report = lambda event: None,
) -> RawTable:
    """Read a CSV or Parquet file, plain or gzipped, or standard input for `-`.

    Args:
        source: path, or `-`.
        delimiter: one character; None to find it among `,` `;` tab and `|`.
        decimal: `.` or `,`; None to find it.
        encoding: of a text file without a byte order mark.
        skip_rows: lines before the header to leave out.
        whole_lines: whether to refuse a text file that does not end with a line ending.
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
        del raw
        if data.startswith(PARQUET_MAGIC):
            return _typed_table(_read_parquet(data, file), file, digest.result())
        data = decode(data, encoding, file)
        cut = _check_end(data, file, whole_lines)
        table = text_table(data, file, delimiter, decimal, skip_rows, report)
        return replace(table, data_hash=digest.result(), notes=(*table.notes, *cut))


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
    return [warning("the last line has no line ending: if the file is still being written its last value may be cut")]


def text_table(
    data: bytes,
    file: str,
    delimiter: str | None = None,
    decimal: str | None = None,
    skip_rows: int = 0,
    report: Report = lambda event: None,
) -> RawTable:
    """Take UTF-8 text with plain line ends as a table; arguments and errors are those of `read_table`."""
    data = _skip_lines(data, skip_rows)
    if not data or data.isspace():
        raise DataError("the file has no rows", file=file)
    mark, point = sniff(data, delimiter, decimal)
    start, end, blank = _find_header(data, mark)
    line = skip_rows + 1 + blank
    find_records(data[start:end], mark, file, line)
    names = _header(data[start:end], mark, file, line)
    text = Text(data, end, line + data.count(b"\n", start, end), len(names), mark, file)
    if text.width == 1:
        check_cells(find_records(data[end:], mark, file, text.line), 1, mark, file)

    def progress(done: int, rows: int) -> None:
        if len(data) >= _LARGE_BYTES:
            report(Reading(file, done, len(data), rows))

    progress(0, 0)
    columns = TextColumns(text, names, point, progress)
    notes = []
    if blank + columns.blank:
        notes.append(warning(f"{counted(blank + columns.blank, 'blank line')} skipped"))
    if decimal is None and point == ",":
        notes.append(warning("numbers are read with a decimal comma"))
    return RawTable(names, columns, columns.lines, file, mark, point, "", tuple(notes))


def _skip_lines(text: bytes, count: int) -> bytes:
    start = 0
    for _ in range(count):
        start = text.find(b"\n", start) + 1 or len(text)
    return text[start:] if count else text


def _find_header(text: bytes, delimiter: str) -> tuple[int, int, int]:
    """First byte of the first record that is not blank, the byte after it, and the blank lines above."""
    start = end = blank = 0
    while True:
        end = text.find(b"\n", end) + 1 or len(text)
        if text.count(b'"', start, end) % 2 and end < len(text):
            continue
        if text[start:end].strip() or delimiter.encode() in text[start:end]:
            return start, end, blank
        start, blank = end, blank + 1


def _header(line: bytes, delimiter: str, file: str, row: int) -> list[str]:
    """Trimmed names of the columns, with `column 1` for a first column without a name."""
    cells = [cell.strip() for cell in next(csv.reader([line.decode()], delimiter=delimiter))]
    numbers = [is_number(cell) for cell in cells]
    stamps = [is_stamp_like(cell) for cell in cells]
    if any(numbers) and any(stamps):
        raise DataError(
            f"this line holds data ('{cells[stamps.index(True)]}'), not the names of the columns",
            hint="put a line with the column names first",
            file=file,
            row=row,
        )
    names = [cell or f"column {position}" for position, cell in enumerate(cells, start=1)]
    _check_names(names, file, row)
    return names


def _check_names(names: list[str], file: str, row: int | None) -> None:
    first: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if name in first:
            raise DataError(
                f"columns {first[name]} and {position} have the same name '{name}'",
                hint="give each column a name of its own",
                file=file,
                row=row,
            )
        first[name] = position


def _read_parquet(data: bytes, file: str) -> pd.DataFrame:
    try:
        import pyarrow
    except ImportError:
        raise OptionError(
            "reading Parquet needs the package pyarrow", hint="pip install 'tsforecast[parquet]'", file=file
        ) from None
    try:
        return pd.read_parquet(io.BytesIO(data))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"the Parquet file is damaged: {error}", file=file) from error


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
    _check_names(names, file, None)
    if frame.empty:
        raise DataError("the table has no rows", file=file)
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    for name in names:
        if isinstance(frame[name].dtype, pd.PeriodDtype):
            frame[name] = frame[name].dt.to_timestamp()
    return RawTable(names, frame, range(2, len(frame) + 2), file, "", ".", data_hash)
