"""Tables as they come: CSV, gzip, Parquet or a data frame, every cell of a text file kept as text."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.dialect import Records, decode, find_records, sniff
from tsforecast.io.notes import Note, counted, warning
from tsforecast.io.numbers import is_number
from tsforecast.io.sources import PARQUET_MAGIC, read_bytes, unpack
from tsforecast.io.time_formats import is_stamp_like

FRAME_NAME = "data frame"
_DEFAULT_TIME_NAME = "time"
_SHOWN_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass(frozen=True)
class RawTable:
    """A table before its columns have roles.

    Args:
        frame: the columns; texts unless `typed`.
        lines: line number of each row's first line in the file, the header being line 1, shape (rows,).
        file: name for messages, `stdin` for standard input.
        delimiter: of a text file, else empty.
        decimal: `.` or `,`.
        data_hash: SHA-256 of the bytes as they were on the disk.
        typed: whether the columns keep the types of a Parquet file or data frame.
        notes: what was assumed or skipped.
    """

    frame: pd.DataFrame
    lines: NDArray[np.int64]
    file: str
    delimiter: str
    decimal: str
    data_hash: str
    typed: bool
    notes: tuple[Note, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the columns in file order."""
        return [str(name) for name in self.frame.columns]


def read_table(
    source: str | Path,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str = "utf-8",
    skip_rows: int = 0,
) -> RawTable:
    """Read a CSV or Parquet file, plain or gzipped, or standard input for `-`.

    Args:
        source: path, or `-`.
        delimiter: one character; None to find it among `,` `;` tab and `|`.
        decimal: `.` or `,`; None to find it.
        encoding: of a text file without a byte order mark.
        skip_rows: lines before the header to leave out.

    Raises:
        InputMissingError: no such file, a folder, or no permission.
        DataError: no table, with the line where it goes wrong.
        BusyError: the file changed while it was read.
        OptionError: an unusable option, or Parquet without pyarrow.
    """
    file, data = read_bytes(source)
    data_hash = hashlib.sha256(data).hexdigest()
    data = unpack(data, file)
    if data.startswith(PARQUET_MAGIC):
        return _typed_table(_read_parquet(data, file), file, data_hash)
    text = _skip_lines(decode(data, encoding, file), skip_rows)
    if not text.strip():
        raise DataError("the file has no rows", file=file)
    mark, point = sniff(text, delimiter, decimal)
    notes = []
    records = find_records(text, mark, file, first_line=skip_rows + 1)
    records, text, blank = _drop_blank(records, text, mark)
    if blank:
        notes.append(warning(f"{counted(blank, 'blank line')} skipped"))
    if decimal is None and point == ",":
        notes.append(warning("numbers are read with a decimal comma"))
    names = _header(text[records.starts[0] : records.ends[0]], mark, file, int(records.lines[0]))
    _check_cells(records, len(names), mark, file)
    if records.starts.size == 1:
        raise DataError("the file has a header but no rows", file=file)
    frame = pd.read_csv(
        io.BytesIO(text),
        sep=mark,
        header=0,
        names=names,
        index_col=False,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        skip_blank_lines=False,
        lineterminator="\n",
        engine="c",
    )
    return RawTable(frame, records.lines[1:], file, mark, point, data_hash, typed=False, notes=tuple(notes))


def _skip_lines(text: bytes, count: int) -> bytes:
    for _ in range(count):
        _, _, text = text.partition(b"\n")
    return text


def _drop_blank(records: Records, text: bytes, delimiter: str) -> tuple[Records, bytes, int]:
    """Leave out the lines with nothing but blanks on them."""
    single = np.flatnonzero(records.cells == 1)
    if single.size == records.cells.size and delimiter != "\t":
        single = single[records.ends[single] - records.starts[single] <= 1]
    blank = [row for row in single if not text[records.starts[row] : records.ends[row]].strip()]
    if not blank:
        return records, text, 0
    keep = np.ones(records.cells.size, dtype=bool)
    keep[blank] = False
    pieces, position = [], 0
    for row in blank:
        pieces.append(text[position : records.starts[row]])
        position = records.ends[row]
    pieces.append(text[position:])
    ends = np.cumsum((records.ends - records.starts)[keep])
    starts = np.concatenate([[0], ends[:-1]])
    return Records(starts, ends, records.cells[keep], records.lines[keep]), b"".join(pieces), len(blank)


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


def _check_cells(records: Records, width: int, delimiter: str, file: str) -> None:
    """Refuse the first record that has not as many cells as the header."""
    ragged = np.flatnonzero(records.cells != width)
    shown = _SHOWN_DELIMITERS.get(delimiter, repr(delimiter))
    if ragged.size:
        row = int(ragged[0])
        hint = f"cells are separated by {shown}; put quotes round a cell that contains one"
        if width == 1:
            hint = "if lines of text stand above the table, leave them out with --skip-rows"
        raise DataError(
            f"this row has {counted(int(records.cells[row]), 'cell')}, the header has {width}",
            hint=hint,
            file=file,
            row=int(records.lines[row]),
        )
    if width == 1:
        raise DataError(
            "the table has one column only, but a time column and a value column are needed",
            hint="if another character separates the cells, name it with --delimiter",
            file=file,
        )


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
    lines = np.arange(2, len(frame) + 2)
    return RawTable(frame, lines, file, "", ".", data_hash, typed=True)
