"""The records of a text, quotes and blank lines included: which are rows, and which cells are too many or too few.

They are found in one pass over the bytes with NumPy, where it must be known on which line what is wrong stands, and
where lines are to be left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import counted

_NEWLINE, _QUOTE = ord("\n"), ord('"')

# With fewer rows it cannot be told whether the header is wrong or they are.
_FEWEST_ROWS = 3
_PREAMBLE_HINT = "if lines of text stand above the table, leave them out with --skip-rows"
_SHOWN_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
Edges = tuple[int, int]


@dataclass(frozen=True)
class Text:
    """The rows of a text, below its header."""

    data: bytes  # UTF-8 with `\n` line ends
    start: int  # first byte below the header
    line: int  # line number of that byte in the file
    width: int  # cells in each row
    delimiter: str  # one ASCII character
    file: str  # name for messages
    header_line: int | None = None  # line number of the header; None where there is none to compare the rows with
    shown_delimiter: str = ""  # for messages, where it is not what stands in the file
    header: bytes = b""  # the line of the header with its line end; a row that repeats it is left out
    undated: bool = False  # whether the rows need no time, so that one column is enough


@dataclass(frozen=True)
class Records:
    """Records of a text, blank lines included; all arrays have the shape (records,)."""

    starts: NDArray[np.int64]  # first byte of each record
    ends: NDArray[np.int64]  # byte after each record and its line end
    cells: NDArray[np.int64]  # cells in each record
    lines: NDArray[np.int64]  # line number of the first line of each record, from 1


@dataclass(frozen=True)
class Rows:
    """The rows of a block of whole records."""

    data: bytes  # the block without what is left out
    lines: NDArray[np.int64]  # line of each row, 0 being the block's first, shape (rows,)
    blank: int  # lines left out with nothing on them, or nothing but delimiters
    repeats: tuple[int, ...]  # lines left out because the header stands there again, 0 being the block's first


def find_records(text: bytes, delimiter: str, file: str, first_line: int) -> Records:
    """Split UTF-8 text with `\\n` line ends into records, line ends and delimiters in quotes not counted.

    Raises:
        DataError: a quote that is not closed, or one in the middle of a cell.
    """
    letters = np.frombuffer(text, dtype=np.uint8)
    newline = letters == _NEWLINE
    splits = letters == ord(delimiter)
    every_end = np.flatnonzero(newline)
    ends = every_end + 1
    if b'"' in text:
        quote = letters == _QUOTE
        inside = np.bitwise_xor.accumulate(quote)
        _check_quotes(letters, np.flatnonzero(quote), ord(delimiter), every_end, file, first_line)
        splits &= ~inside
        ends = every_end[~inside[every_end]] + 1
    if not ends.size or ends[-1] < len(text):
        ends = np.append(ends, len(text))
    starts = np.concatenate([[0], ends[:-1]])
    cells = np.diff(np.searchsorted(np.flatnonzero(splits), ends), prepend=0) + 1
    return Records(starts, ends, cells, np.searchsorted(every_end, starts) + first_line)


def _check_quotes(
    letters: NDArray[np.uint8],
    quotes: NDArray[np.int64],
    delimiter: int,
    every_end: NDArray[np.int64],
    file: str,
    first_line: int,
) -> None:
    """An opening quote follows a delimiter or a line end, a closing one stands before one; else refuse."""
    padded = np.concatenate([[_NEWLINE], letters, [_NEWLINE]])
    opening, closing = quotes[::2], quotes[1::2]
    beside = np.empty(quotes.size, dtype=np.uint8)
    beside[::2] = padded[opening]
    beside[1::2] = padded[closing + 2]
    wrong = np.flatnonzero((beside != delimiter) & (beside != _NEWLINE) & (beside != _QUOTE))
    if not wrong.size and quotes.size % 2 == 0:
        return
    last = int(wrong[0]) if wrong.size else quotes.size - 1
    first = last - last % 2
    # A doubled quote stands for one quote within a cell: go back to where the cell opened.
    while first >= 2 and quotes[first] == quotes[first - 1] + 1:
        first -= 2
    line_of = np.searchsorted(every_end, quotes[[first, last]]) + first_line
    closed_elsewhere = not wrong.size or line_of[1] > line_of[0]
    raise DataError(
        "the quote that opens here is not closed" if closed_elsewhere else "a quote in the middle of a cell",
        hint='a quote within a quoted cell is written twice: ""',
        file=file,
        row=int(line_of[0]),
    )


def _find_blank(records: Records, text: bytes) -> list[int]:
    """The records with nothing but blanks, or nothing but delimiters, on them."""
    single = np.flatnonzero(records.cells == 1)
    blank = [int(row) for row in single if not text[records.starts[row] : records.ends[row]].strip()]
    bare = np.flatnonzero((records.ends - records.starts == records.cells) & (records.cells > 1))
    return sorted((*blank, *bare.tolist()))


def _find_repeats(records: Records, text: bytes, header: bytes) -> list[int]:
    """The records that repeat the header."""
    alike = np.flatnonzero(records.ends - records.starts == len(header)) if header else np.empty(0, dtype=np.int64)
    return [int(row) for row in alike if text.startswith(header, records.starts[row])]


def _leave_out(records: Records, text: bytes, rows: Sequence[int]) -> tuple[Records, bytes]:
    """Leave out some records; `rows` are sorted."""
    if not rows:
        return records, text
    keep = np.ones(records.cells.size, dtype=bool)
    keep[rows] = False
    pieces, position = [], 0
    for row in rows:
        pieces.append(text[position : records.starts[row]])
        position = records.ends[row]
    pieces.append(text[position:])
    ends = np.cumsum((records.ends - records.starts)[keep])
    starts = np.concatenate([[0], ends[:-1]])
    return Records(starts, ends, records.cells[keep], records.lines[keep]), b"".join(pieces)


def check_cells(records: Records, text: Text, header_line: int | None = None) -> None:
    """Refuse the first record that has not as many cells as the header, or a header that no record agrees with.

    Args:
        records: of a block, blank lines left out.
        text: that they belong to.
        header_line: line number of the header, where it stands right above these records.

    Raises:
        DataError: a record or header with too many or too few cells, or a table of one column.
    """
    ragged, width = np.flatnonzero(records.cells != text.width), text.width
    if ragged.size:
        _check_header(records.cells, width, text.file, header_line)
        row = int(ragged[0])
        shown = text.shown_delimiter or _SHOWN_DELIMITERS.get(text.delimiter, repr(text.delimiter))
        hint = f"cells are separated by {shown}; put quotes round a cell that contains one"
        if records.cells[row] < width:
            hint = f"{hint} or that holds the end of a line"
        raise DataError(
            f"this row has {counted(int(records.cells[row]), 'cell')}, the header has {width}",
            hint=_PREAMBLE_HINT if width == 1 else hint,
            file=text.file,
            row=int(records.lines[row]),
        )
    if width == 1 and not text.undated:
        first = text.data[text.start :].split(b"\n", 1)[0].strip()
        odd = re.fullmatch(rb"[-+]?[0-9]*[.,]?[0-9]*", first) is None
        raise DataError(
            "the table has one column only, but a time column and a value column are needed",
            hint=(
                "if another character separates the cells, name it with --delimiter; if there are values only, " * odd
            )
            + "add --start 2021-01-01 --freq D with the first time and the step, or --no-time to number the steps",
            file=text.file,
        )


def _check_header(cells: NDArray[np.int64], width: int, file: str, header_line: int | None) -> None:
    """Refuse a header where all records differ from it, and most of them do not differ among themselves."""
    if header_line is None or cells.size < _FEWEST_ROWS or np.any(cells == width):
        return
    commonest = int(np.argmax(np.bincount(cells)))
    if 2 * np.count_nonzero(cells == commonest) > cells.size:
        raise DataError(
            f"this line has {counted(width, 'cell')}, the rows below it have {commonest}",
            hint=f"name every column once; {_PREAMBLE_HINT}",
            file=file,
            row=header_line,
        )


def find_rows(text: Text, edges: Edges) -> Rows:
    """The rows of a block, each with as many cells as the header.

    Raises:
        DataError: a quote that is not closed or stands within a cell, a row with too many or too few cells.
    """
    try:
        return _find_rows(text, edges, 0)
    except DataError:
        # Only an error needs to know how many lines stand above.
        return _find_rows(text, edges, text.line + text.data.count(b"\n", text.start, edges[0]))


def _find_rows(text: Text, edges: Edges, line: int) -> Rows:
    start, end = edges
    data = text.data[start:end]
    data = data if data.endswith(b"\n") else data + b"\n"
    records = find_records(data, text.delimiter, text.file, line)
    blank, repeats = _find_blank(records, data), _find_repeats(records, data, text.header)
    if text.width == 1 and text.undated:
        # A line with nothing on it is a missing value, unless it only ends the file.
        at_end = end >= len(text.data)
        blank = [
            row for left, row in zip(range(len(blank), 0, -1), blank, strict=True) if row + left == len(records.cells)
        ]
        blank = blank if at_end else []
    repeated = tuple(records.lines[repeats].tolist())
    records, data = _leave_out(records, data, sorted((*blank, *repeats)))
    check_cells(records, text, text.header_line if start == text.start else None)
    return Rows(data, records.lines, len(blank), repeated)
