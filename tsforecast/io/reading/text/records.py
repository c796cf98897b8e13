"""The records of a text: where they begin, how many cells they have, and which of them are refused.

They are found in one pass over the bytes with NumPy, quotes included, so that a row with a cell too many, which pandas
drops or shifts without a word, is refused with its line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import counted

NEWLINE, QUOTE = ord("\n"), ord('"')

# With fewer rows it cannot be told whether the header is wrong or they are.
_FEWEST_ROWS = 3
_PREAMBLE_HINT = "if lines of text stand above the table, leave them out with --skip-rows"
_SHOWN_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass(frozen=True)
class Records:
    """Records of a text, blank lines included.

    Args:
        starts: first byte of each record, shape (records,).
        ends: byte after each record and its line end, shape (records,).
        cells: cells in each record, shape (records,).
        lines: line number of the first line of each record, from 1, shape (records,).
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    cells: NDArray[np.int64]
    lines: NDArray[np.int64]


def find_records(text: bytes, delimiter: str, file: str, first_line: int) -> Records:
    """Split a text into records, line ends and delimiters in quotes not counted.

    Args:
        text: UTF-8 text with `\\n` line ends.
        delimiter: one ASCII character.
        file: name for messages.
        first_line: line number of the start of the text in its file.

    Raises:
        DataError: a quote that is not closed, or one in the middle of a cell.
    """
    letters = np.frombuffer(text, dtype=np.uint8)
    newline = letters == NEWLINE
    splits = letters == ord(delimiter)
    every_end = np.flatnonzero(newline)
    ends = every_end + 1
    if b'"' in text:
        quote = letters == QUOTE
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
    padded = np.concatenate([[NEWLINE], letters, [NEWLINE]])
    opening, closing = quotes[::2], quotes[1::2]
    beside = np.empty(quotes.size, dtype=np.uint8)
    beside[::2] = padded[opening]
    beside[1::2] = padded[closing + 2]
    wrong = np.flatnonzero((beside != delimiter) & (beside != NEWLINE) & (beside != QUOTE))
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


def leave_out_blank(records: Records, text: bytes) -> tuple[Records, bytes, int]:
    """Leave out the lines with nothing but blanks on them."""
    single = np.flatnonzero(records.cells == 1)
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


def check_cells(records: Records, width: int, delimiter: str, file: str, header_line: int | None = None) -> None:
    """Refuse the first record that has not as many cells as the header, or a header that no record agrees with.

    Args:
        records: of a block, blank lines left out.
        width: cells of the header.
        delimiter: one ASCII character.
        file: name for messages.
        header_line: line number of the header, where it stands right above these records.

    Raises:
        DataError: a record or header with too many or too few cells, or a table of one column.
    """
    ragged = np.flatnonzero(records.cells != width)
    if ragged.size:
        _check_header(records.cells, width, file, header_line)
        row = int(ragged[0])
        shown = _SHOWN_DELIMITERS.get(delimiter, repr(delimiter))
        hint = f"cells are separated by {shown}; put quotes round a cell that contains one"
        if records.cells[row] < width:
            hint = f"{hint} or that holds the end of a line"
        raise DataError(
            f"this row has {counted(int(records.cells[row]), 'cell')}, the header has {width}",
            hint=_PREAMBLE_HINT if width == 1 else hint,
            file=file,
            row=int(records.lines[row]),
        )
    if width == 1:
        raise DataError(
            "the table has one column only, but a time column and a value column are needed",
            hint="if another character separates the cells, name it with --delimiter",
            file=file,
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
