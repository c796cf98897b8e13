"""The lines at the top of a text: comments, a title, the names of the columns, or none of these."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import counted
from tsforecast.io.reading.numbers import is_missing, is_number
from tsforecast.io.reading.text.records import find_records
from tsforecast.io.times.formats import is_stamp_like

_SAMPLE_BYTES = 1 << 16
_SAMPLE_RECORDS = 100
_COMMENT_MARKS = ("#", "%", "//")
_NO_COMMENT_MARKS = frozenset("\"'+-.,;| \t")
Cells = Sequence[str]


@dataclass(frozen=True)
class Header:
    """The names of the columns and where the rows below them begin.

    Args:
        names: one for each column; made up where there is none.
        unnamed: the names that were made up for a header with empty cells.
        end: first byte of the rows.
        line: line number of that byte.
        names_line: line number of the names; None where they are made up.
        blank: blank lines above.
        sample: cells of the first rows, empty where quotes are in the way.
    """

    names: list[str]
    unnamed: frozenset[str]
    end: int
    line: int
    names_line: int | None
    blank: int
    sample: Sequence[Cells]


def leave_out_comments(text: bytes, mark: str | None) -> tuple[bytes, int]:
    """Empty the lines that begin with a mark and are no part of a quoted cell.

    Returns:
        The text, with as many lines as before, and how many were emptied.

    Raises:
        OptionError: the mark may begin a cell as well.
    """
    if mark is None:
        return text, 0
    if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in _NO_COMMENT_MARKS or not mark.isprintable():
        raise OptionError(f"{mark!r} cannot begin comments", hint='name one character, such as --comment "#"')
    pieces, start, inside = [], 0, False
    for found in re.finditer(rb"^[ \t]*%s[^\n]*" % re.escape(mark.encode()), text, re.MULTILINE):
        piece = text[start : found.start()]
        inside ^= bool(piece.count(b'"') % 2)
        if inside:
            # A line of a quoted cell: its quotes count as well.
            piece = text[start : found.end()]
            inside ^= bool(text.count(b'"', found.start(), found.end()) % 2)
            pieces.append((piece, 0))
        else:
            pieces.append((piece, 1))
        start = found.end()
    return b"".join(piece for piece, _ in pieces) + text[start:], sum(count for _, count in pieces)


def read_header(text: bytes, delimiter: str, file: str, line: int, *, no_header: bool = False) -> Header:
    """Find the names of the columns.

    Args:
        text: UTF-8 text with plain line ends, not all blank.
        delimiter: one ASCII character.
        file: name for messages.
        line: line number of its first byte.
        no_header: whether the first row holds data: the columns are then called 1, 2, 3 and so on.

    Raises:
        DataError: a first line that is no header, or two columns of the same name.
    """
    start, end, blank = _first_record(text, delimiter)
    line += blank
    find_records(text[start:end], delimiter, file, line)
    try:
        cells = [cell.strip() for cell in next(csv.reader([text[start:end].decode()], delimiter=delimiter))]
    except csv.Error:
        raise DataError("this line is too long for the names of columns", file=file, row=line) from None
    if no_header:
        names = [str(position) for position in range(1, len(cells) + 1)]
        return Header(names, frozenset(), start, line, None, blank, _records(text[start:], delimiter, line)[0])
    below = line + text.count(b"\n", start, end)
    rows, lines = _records(text[end:], delimiter, below)
    if rows:
        _check_first_lines(cells, rows, lines, file, line)
    names = [cell or f"column {position}" for position, cell in enumerate(cells, start=1)]
    check_names(names, file, line)
    unnamed = frozenset(name for name, cell in zip(names, cells, strict=True) if not cell)
    return Header(names, unnamed, end, below, line, blank, rows)


def _first_record(text: bytes, delimiter: str) -> tuple[int, int, int]:
    """First byte of the first record that is not blank, the byte after it, and the blank lines above."""
    start = end = blank = 0
    while True:
        end = text.find(b"\n", end) + 1 or len(text)
        if text.count(b'"', start, end) % 2 and end < len(text):
            continue
        if text[start:end].strip() or delimiter.encode() in text[start:end]:
            return start, end, blank
        start, blank = end, blank + 1


def _records(text: bytes, delimiter: str, line: int) -> tuple[list[Cells], list[int]]:
    """The cells of the first records that are not blank, and their lines; none where quotes are not closed."""
    sample = text[:_SAMPLE_BYTES]
    sample = sample[: sample.rfind(b"\n") + 1] if len(sample) < len(text) else sample
    reader = csv.reader(sample.decode(errors="replace").split("\n"), delimiter=delimiter, strict=True)
    rows: list[Cells] = []
    lines: list[int] = []
    above = 0
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) or len(cells) > 1:
                rows.append(cells)
                lines.append(line + above)
            above = reader.line_num
            if len(rows) == _SAMPLE_RECORDS:
                break
    except csv.Error:
        return [], []
    return rows, lines


def _check_first_lines(cells: Cells, rows: Sequence[Cells], lines: Sequence[int], file: str, line: int) -> None:
    """Refuse a first line that holds data, a comment or a title."""
    if _is_data(cells, rows):
        shown = next(cell for cell in cells if _holds_data(cell))
        raise DataError(
            f"this line holds data ('{shown}'), not the names of the columns",
            hint="put a line with the column names first, or add --no-header",
            file=file,
            row=line,
        )
    below = _header_below(rows)
    ragged = len(rows[0]) != len(cells)
    mark = next((mark for mark in _COMMENT_MARKS if cells[0].startswith(mark)), "")
    if mark and (ragged or below is not None or rows[0][0].startswith(mark)):
        raise DataError(
            f"this line begins with '{mark}': it is no header",
            hint=f'leave out all such lines with --comment "{mark}"' if len(mark) == 1 else "use --skip-rows",
            file=file,
            row=line,
        )
    if below is None or not (ragged or len(rows[below]) == len(cells)):
        return
    hint = f"if lines of text stand above the table, leave them out with --skip-rows {lines[below] - 1}"
    shown = next(cell for cell in rows[below] if cell)
    message = f"this line looks like the names of the columns ('{shown}' and so on), but is not the first"
    if ragged:
        message = f"this row has {counted(len(rows[0]), 'cell')}, the header has {len(cells)}"
    raise DataError(message, hint=hint, file=file, row=lines[0 if ragged else below])


def _holds_data(cell: str) -> bool:
    return is_number(cell) or is_stamp_like(cell)


def _is_data(cells: Cells, rows: Sequence[Cells]) -> bool:
    """Whether the line holds data in all columns that do so below it; a value may be missing, the time may not."""
    columns = list(zip(cells, *(row for row in rows if len(row) == len(cells)), strict=True))
    held = [column for column in columns if any(map(_holds_data, column[1:]))]
    times = [column[0] for column in held if any(map(is_stamp_like, column[1:]))]
    first = [*times, *(column[0] for column in held)][:1]
    return bool(held) and all(_holds_data(c[0]) or is_missing(c[0]) for c in held) and all(map(_holds_data, first))


def _header_below(rows: Sequence[Cells]) -> int | None:
    """The first row as wide as most, if it has words in all columns that hold numbers or dates below it."""
    width = Counter(map(len, rows)).most_common(1)[0][0]
    first = next(number for number, row in enumerate(rows) if len(row) == width)
    columns = list(zip(*(row for row in rows[first:] if len(row) == width), strict=True))
    held = [column for column in columns if any(map(_holds_data, column[1:]))]
    words = all(not _holds_data(column[0]) and not is_missing(column[0]) for column in held)
    dated = any(all(map(is_stamp_like, column[1:])) for column in held)
    return first if dated and words else None


def check_names(names: Sequence[str], file: str, row: int | None) -> None:
    """Refuse two columns of the same name."""
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
