"""How a text is written: its dialect, the names of its columns, and which of them seem to hold numbers.

`sniff` looks at a sample of the first lines once. Everything that is found in it, and refused because of it, is here.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tsforecast.errors import DataError, OptionError
from tsforecast.io.column import is_id_name
from tsforecast.io.messages import Candidate, Note, counted
from tsforecast.io.reading.numbers import is_missing, is_number, shows_decimals
from tsforecast.io.reading.shape.headers import names_times
from tsforecast.io.reading.source import BYTE_ORDER_MARKS
from tsforecast.io.reading.text.layout import find_header, head_rows
from tsforecast.io.reading.text.records import Text, find_records
from tsforecast.io.reading.text.surroundings import find_footer
from tsforecast.io.times.formats import formats_of, is_stamp_like, shapes

_DELIMITERS = (",", ";", "\t", "|")
_DECIMALS = (".", ",")
_COMMENT_MARKS = ("#", "%", "//")
_NO_COMMENT_MARKS = frozenset("\"'+-.,;| \t")

# The sample: as many lines or rows, but no more bytes.
_SAMPLE_BYTES = 1 << 16
_SAMPLE_ROWS = 100
Cells = Sequence[str]
Dialects = dict[tuple[str, str], tuple[int, int]]
_DELIMITER_WORDS = {"\t": "tabs", " ": "blanks"}


@dataclass(frozen=True)
class TextFormat:
    """How the bytes of a text file are written."""

    encoding: str  # that of its byte order mark, else the one that it was read in
    byte_order_mark: bool  # whether it begins with one
    line_ends: str  # `LF`, `CRLF`, `CR` or `mixed`; `none` for a single line
    quotes: bool  # whether there is a quote anywhere
    compressed: bool  # whether it had to be unpacked
    delimiter: str = ""  # between cells; empty until it is found
    decimal: str = ""  # mark of the numbers; empty until it is found
    thousands: str = ""  # between groups of three digits; empty for nothing


def text_format(data: bytes, encoding: str, *, packed: bool) -> TextFormat:
    """Find out how the bytes of a text file are written; `encoding` is that of a file without a byte order mark."""
    found = next((name for mark, name in BYTE_ORDER_MARKS if data.startswith(mark)), None)
    return TextFormat(found or encoding, found is not None, _line_ends(data), b'"' in data, packed)


def _line_ends(data: bytes) -> str:
    # In two or four bytes a character, the other bytes of a line end are zero.
    if b"\r" not in data:
        return "LF" if b"\n" in data else "none"
    carriage, feeds = data.count(b"\r"), data.count(b"\n")
    both = data.count(b"\r\n") or data.count(b"\r\0\n") or data.count(b"\r\0\0\0\n")
    kinds = {"CRLF": both, "CR": carriage - both, "LF": feeds - both}
    present = [kind for kind, count in kinds.items() if count > 0]
    return present[0] if len(present) == 1 else "mixed"


def leave_out_comments(text: bytes, mark: str | None) -> tuple[bytes, int]:
    """Empty the lines that begin with a mark and are no part of a quoted cell, and count them.

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


@dataclass(frozen=True)
class Sniffed:
    """What the first lines of a text tell."""

    text: Text  # the rows below the names
    decimal: str  # mark of the numbers, `.` or `,`
    decimal_is_certain: bool  # whether the decimal mark was given, or some number shows that it does not part thousands
    names: list[str]  # of the columns; made up where there is none
    unnamed: frozenset[str]  # the names that were made up for a header with empty cells
    blank: int  # blank lines above
    number_like: tuple[int, ...]  # positions of the columns to read as numbers at first
    padded: bool = False  # whether the last column, which must be empty, has no cell in the header
    notes: tuple[Note, ...] = ()  # on what stands round the rows
    dialects: tuple[Candidate, ...] = ()  # what may part the cells and the decimals


def sniff(
    data: bytes, file: str, line: int, delimiter: str | None, decimal: str | None, *, no_header: bool = False
) -> Sniffed:
    """Find out how a text is written by its first lines.

    Args:
        data: UTF-8 text with plain line ends, not all blank.
        file: name for messages.
        line: line number of its first byte.
        delimiter: a given delimiter, None to find it.
        decimal: a given decimal mark, None to find it.
        no_header: whether the first row holds data: the columns are then called 1, 2, 3 and so on.

    Raises:
        DataError: a first line that is no header, or two columns of the same name.
        OptionError: a delimiter that is not one character, or a decimal mark other than `.` and `,`.
    """
    tried = try_dialects(data, delimiter, decimal)
    mark, point = _best_dialect(tried) or (delimiter or ",", decimal or ".")
    start, end, blank = _first_record(data, mark)
    head = head_rows(data, mark, start, line + blank)
    header = None if no_header else find_header(head, file)
    if header is not None:
        start, end, cells = header.row.start, header.start, header.names
        blank = header.line - line - sum(data.count(b"\n", row.start, row.end) for row in head if row.start < end)
        line, below, below_line = header.row.line, end, header.line
    else:
        line += blank
        cells = _names(data[start:end], mark, file, line)
        below = start if no_header else end
        below_line = line + data.count(b"\n", start, below)
    text = Text(data, below, below_line, len(cells), mark, file, None if no_header else line)
    rows, lines = _first_rows(text)
    footer = find_footer(text, rows, cells)
    if footer.end < len(data):
        text = replace(text, data=data[: footer.end])
        rows, lines = _first_rows(text)
    if not no_header:
        text = replace(text, header=data[start : data.find(b"\n", start) + 1])
    unnamed: frozenset[str] = frozenset()
    if no_header:
        names = [str(position) for position in range(1, len(cells) + 1)]
    else:
        if rows and header is None:
            _check_first_lines(cells, rows, lines, file, line)
        names = [cell or f"column {position}" for position, cell in enumerate(cells, start=1)]
        check_names(names, file, line)
        unnamed = frozenset(name for name, cell in zip(names, cells, strict=True) if not cell)
    certain = decimal is not None or any(
        shows_decimals(cell, point) and is_number(cell, point) for row in rows for cell in row
    )
    numbers = _number_like(names, rows) if point == "." else ()
    padded = header is not None and header.padded
    notes = (*(header.notes if header else ()), *footer.notes)
    dialects = _as_candidates(tried, mark, point)
    return Sniffed(text, point, certain, names, unnamed, blank, numbers, padded, notes, dialects)


def find_dialect(text: bytes, delimiter: str | None, decimal: str | None) -> tuple[str, str]:
    """The delimiter and decimal mark under which the most cells are numbers or time stamps."""
    return _best_dialect(try_dialects(text, delimiter, decimal)) or (delimiter or ",", decimal or ".")


def _best_dialect(tried: Dialects) -> tuple[str, str] | None:
    return max(tried, key=lambda pair: tried[pair]) if tried else None


def _as_candidates(tried: Dialects, mark: str, point: str) -> tuple[Candidate, ...]:
    """The delimiters, and the decimal marks beside the one that was taken, with how many cells they explain."""
    cells = {delimiter: max(tried[pair][0] for pair in tried if pair[0] == delimiter) for delimiter, _ in tried}
    layouts = [
        Candidate("layout", f"{_DELIMITER_WORDS.get(one, one)} between cells", _in_sample(count), one == mark)
        for one, count in sorted(cells.items(), key=lambda entry: -entry[1])
        if count or one == mark
    ]
    worse = [(other, count) for (one, other), (count, _) in tried.items() if one == mark and count < cells[mark]]
    return (
        *layouts,
        *(Candidate("numbers", f"decimals after {other}", _in_sample(count), False) for other, count in worse),
    )


def _in_sample(count: int) -> str:
    return f"{counted(count, 'number or time', 'numbers or times')} in the sample"


def try_dialects(text: bytes, delimiter: str | None, decimal: str | None) -> Dialects:
    """For each delimiter and decimal mark how many cells are numbers or time stamps, and how many the first row has.

    Args:
        text: of which lines from all over are tried.
        delimiter: the only one that is tried; None for all.
        decimal: likewise.

    Raises:
        OptionError: a delimiter or a decimal mark that is none.
    """
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\n\r'):
        raise OptionError(f"the delimiter must be one character, not {delimiter!r}")
    if decimal is not None and decimal not in _DECIMALS:
        raise OptionError(f"the decimal mark must be '.' or ',', not {decimal!r}")
    lines = _sample_lines(text)
    tried: Dialects = {}
    for mark in (delimiter,) if delimiter else _DELIMITERS:
        rows = list(csv.reader(lines, delimiter=mark))
        for point in (decimal,) if decimal else _DECIMALS:
            useful = sum(is_number(cell, point) or is_stamp_like(cell) for row in rows for cell in row)
            score = (useful, len(rows[0]) if rows else 0)
            # Only quotes can hold a decimal comma between commas: it must be asked for.
            if (mark != point or decimal) and score > (0, 0):
                tried[mark, point] = score
    return tried


def _sample_lines(text: bytes) -> list[str]:
    """First lines of a text, and some from all over it where no quote can hold a line end."""
    lines = text[:_SAMPLE_BYTES].split(b"\n", _SAMPLE_ROWS)
    lines = lines[:-1] if len(lines) > 1 else lines
    if b'"' not in text:
        for part in range(1, _SAMPLE_ROWS):
            start = text.find(b"\n", part * len(text) // _SAMPLE_ROWS) + 1
            lines.append(text[start : start + _SAMPLE_BYTES // _SAMPLE_ROWS].split(b"\n", 1)[0])
    # csv.reader refuses a line end in a cell that it does not take for a quoted one.
    return [line.strip().replace(b"\r", b" ").decode(errors="replace") for line in lines if line.strip()]


def _names(record: bytes, delimiter: str, file: str, line: int) -> list[str]:
    if b'"' in record:
        find_records(record, delimiter, file, line)  # refuses quotes in the wrong place
    try:
        return [cell.strip() for cell in next(csv.reader([record.decode()], delimiter=delimiter))]
    except csv.Error:
        raise DataError("this line is too long for the names of columns", file=file, row=line) from None


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


def _first_rows(text: Text) -> tuple[list[Cells], list[int]]:
    """The cells of the first records that are not blank, and their lines; none where quotes are not closed."""
    end = text.start + _SAMPLE_BYTES
    end = text.data.rfind(b"\n", text.start, end) + 1 if end < len(text.data) else end
    sample = text.data[text.start : end].decode(errors="replace").split("\n")
    reader = csv.reader(sample, delimiter=text.delimiter, strict=True)
    rows: list[Cells] = []
    lines: list[int] = []
    above = 0
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) or len(cells) > 1:
                rows.append(cells)
                lines.append(text.line + above)
            above = reader.line_num
            if len(rows) == _SAMPLE_ROWS:
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
    if not times and names_times(cells):
        return False
    first = [*times, *(column[0] for column in held)][:1]
    return bool(held) and all(_holds_data(c[0]) or is_missing(c[0]) for c in held) and all(map(_holds_data, first))


def _header_below(rows: Sequence[Cells]) -> int | None:
    """The first row as wide as most, if it has words, with letters, above all that holds numbers or dates below it."""
    width = Counter(map(len, rows)).most_common(1)[0][0]
    first = next(number for number, row in enumerate(rows) if len(row) == width)
    columns = list(zip(*(row for row in rows[first:] if len(row) == width), strict=True))
    held = [column for column in columns if any(map(_holds_data, column[1:]))]
    words = all(any(map(str.isalpha, column[0])) and not _holds_data(column[0]) for column in held)
    words &= not any(is_missing(column[0]) for column in held)
    dated = any(all(map(is_stamp_like, column[1:])) for column in held)
    return first if dated and words else None


def check_names(names: Sequence[str], file: str, row: int | None) -> None:
    """Refuse two columns of the same name.

    Raises:
        DataError: with the places of both.
    """
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


def _number_like(names: Sequence[str], rows: Sequence[Cells]) -> tuple[int, ...]:
    """Positions of the columns whose first cells are numbers and no dates, and that are not named like an id."""
    columns = zip(*(row for row in rows if len(row) == len(names)), strict=True)
    return tuple(
        position
        for position, (name, cells) in enumerate(zip(names, columns, strict=False))
        if not is_id_name(name) and _look_like_numbers(cells)
    )


def _look_like_numbers(cells: Cells) -> bool:
    present = [cell for cell in cells if not is_missing(cell)]
    dates = sum(bool(formats_of(shape)) for shape in shapes(present))
    return bool(present) and all(is_number(cell) for cell in present) and 2 * dates < len(cells)
