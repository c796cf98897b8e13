"""What stands round a table without being part of it: a `sep=` line, totals and sources below, blanks for delimiters.

Lines that are left out are emptied, so that the line numbers of all others stay.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tsforecast.errors import DataError
from tsforecast.io.messages import Note, counted, info, listed, warning
from tsforecast.io.reading.numbers import is_missing, is_number
from tsforecast.io.reading.text.layout import Cells, Keys, find_keys, shortened
from tsforecast.io.reading.text.records import Text
from tsforecast.io.times.formats import is_stamp_like

_SEPARATOR_LINE = re.compile(rb'"?sep=([^\n"]|\\t)"?([;,\t|]*)[ ]*(\n|$)', re.IGNORECASE)
_JSON = re.compile(rb'\s*(?:\[\s*[\[{]|\{\s*["}])')
_MARKUP = re.compile(rb"\s*<(?:\?xml|!doctype|html|table|head|body)\b", re.IGNORECASE)

_TAIL_BYTES = 1 << 14
_MOST_LINES = 50
_MOST_SUMMED = 1 << 21
_FEWEST_ROWS = 3
_MOST_SHOWN = 2

# How lines below a table begin that are no rows.
_FOOTER = re.compile(
    r"(?:(?:grand|sub|overall)[ -]?)?(?:totals?|totale|totaal|sum|summe|gesamt(?:summe)?|insgesamt|somme|suma|average|"
    r"avg|mean|median|mittelwert|durchschnitt|moyenne|promedio|media|minimum|maximum|min|max|std|count|anzahl|sources?|"
    r"quellen?|fuente|fonte|bron|notes?|hinweise?|anmerkung(?:en)?|remarks?|nota|footnotes?|legend|disclaimer|copyright|"
    r"downloaded|exported|extracted|retrieved|generated|created|printed|(?:last )?updated?|data as of|as of|stand|"
    r"end of|database|metadata|data from|report)\b.*|[*©†¹²³].*|\(c\).*|\([0-9]+ rows?.*\)|[-=_]{3,}.*",
    re.IGNORECASE | re.DOTALL,
)
_WORDS = re.compile(r"[^\W\d_]{2,}.* .*", re.DOTALL)


@dataclass(frozen=True)
class Footer:
    """Where the rows end."""

    end: int  # byte after the last row
    notes: tuple[Note, ...] = ()


def refuse_other_text(data: bytes, file: str, line: int) -> None:
    """Refuse JSON and markup, which are no tables of cells.

    Raises:
        DataError: the text is JSON, HTML or XML.
    """
    start = data[:200]
    for pattern, kind, how in (
        (_JSON, "JSON", "with pandas: python -c \"import pandas; pandas.read_json('in.json').to_csv('out.csv')\""),
        (_MARKUP, "HTML or XML", "with the program it comes from, or open it in a spreadsheet and save it as CSV"),
    ):
        if pattern.match(start):
            raise DataError(f"this is {kind}, no table of cells", hint=f"write it as CSV {how}", file=file, row=line)


def take_separator_line(text: bytes) -> tuple[bytes, str | None]:
    """Empty a first line such as `sep=;`, which spreadsheets write and read, and return what it says."""
    found = _SEPARATOR_LINE.match(text)
    if found is None:
        return text, None
    mark = found[1].decode(errors="replace").replace("\\t", "\t")
    return text[found.end(2) :].lstrip(b" "), mark


def skip_last_lines(text: bytes, count: int) -> tuple[bytes, list[Note]]:
    """Leave out the last lines, blank ones counted."""
    end = len(text)
    for _ in range(min(count, text.count(b"\n") + 1) if count else 0):
        end = text.rfind(b"\n", 0, max(end - 1, 0)) + 1
    if not count:
        return text, []
    lines = [line for line in text[end:].decode(errors="replace").split("\n") if line.strip()]
    shown = listed([shortened(line.strip()) for line in lines], _MOST_SHOWN) if lines else "blank"
    return text[:end], [info(f"{counted(count, 'line')} at the end left out: {shown}", "left out")]


def blanks_to_tabs(text: bytes, delimiter: str | None) -> bytes | None:
    """Text whose cells are parted by runs of blanks, with a tab for each; None where its lines do not agree on that."""
    if delimiter not in (None, " ") or b'"' in text or b"\t" in text:
        return None
    lines = [line for line in text[:_TAIL_BYTES].split(b"\n") if line.strip()]
    lines = lines[:-1] if len(text) > _TAIL_BYTES else lines
    rows = [line.decode(errors="replace").split() for line in lines]
    if len(rows) < _FEWEST_ROWS or len(rows[0]) < 2 or len(set(map(len, rows))) > 1:
        return None
    # No other character parts all lines alike; a single blank that was named is left as it is.
    marks = b",;|" if delimiter is None else b""
    if any(lines[0].count(mark) and len({line.count(mark) for line in lines}) == 1 for mark in marks):
        return None
    if delimiter and all(line.count(b" ") == len(rows[0]) - 1 for line in lines):
        return None
    keys = find_keys(rows)
    if not keys.positions or keys.fits(rows[0]) or not any(map(_holds_number, rows[-1])):
        return None
    return re.sub(rb" +", b"\t", re.sub(rb"(?m)^ +| +$", b"", text))


def find_footer(text: Text, rows: Sequence[Cells], names: Sequence[str]) -> Footer:
    """Find the lines below the last row that are no rows: totals, sources, remarks; `rows` are the first ones.

    Raises:
        DataError: a last line that is no row like those above, and may be one all the same.
    """
    data = text.data
    nothing = Footer(len(data))
    keys = find_keys(rows[: max(_FEWEST_ROWS, len(rows) // 2)])
    if len(rows) < _FEWEST_ROWS or not keys.positions or keys.width < 2 or not keys.fits(rows[0]):
        return nothing
    first_cells = frozenset(row[0] for row in rows[: max(1, len(rows) - _FEWEST_ROWS)])
    left_out: list[str] = []
    end = len(data)
    for edge, stop, below_blank in _last_lines(data, text.start):
        said = data[edge:stop].decode(errors="replace").strip(" \n")
        cells = _cells(said, text.delimiter)
        if cells is None or keys.fits(cells):
            break
        if not any(cells):
            continue
        if not _is_footer(cells, keys, first_cells, below_blank) and not _is_total(text, edge, cells, keys):
            _refuse_unclear(text, edge, cells, keys, names)
            break
        left_out.insert(0, said)
        end = edge
    if not left_out:
        return nothing
    shown = listed([shortened(text) for text in left_out], _MOST_SHOWN)
    many = f"{counted(len(left_out), 'line')} below the rows left out"
    return Footer(end, (warning(f"{many}: {shown}", "left out"),))


def _last_lines(data: bytes, start: int) -> Iterator[tuple[int, int, bool]]:
    """First byte of each of the last lines, the byte after it, and whether a blank line stands above; last first."""
    end, least = len(data), max(start, len(data) - _TAIL_BYTES)
    for _ in range(_MOST_LINES):
        edge = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
        if edge <= least or end <= least:
            return
        above = data.rfind(b"\n", 0, edge - 1) + 1
        yield edge, end, not data[above:edge].strip()
        end = edge


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of a line; None for one with a part of a cell that goes on in another line."""
    if text.count('"') % 2:
        return None
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, strict=True), [])]
    except csv.Error:
        return None


def _is_footer(cells: Cells, keys: Keys, first_cells: frozenset[str], below_blank: bool) -> bool:
    """Whether a line without a date where rows have theirs is clearly a total or a remark."""
    said = next(cell for cell in cells if cell)
    if said in first_cells or _holds_number(said):
        return False
    if len(cells) == keys.width and any(_may_be_time(cells[key]) for key in keys.positions):
        return False
    if _FOOTER.fullmatch(said):
        return True
    alone = sum(map(bool, cells)) == 1 and cells[0] == said
    return alone and keys.positions[0] == 0 and (below_blank or _WORDS.match(said) is not None)


def _refuse_unclear(text: Text, edge: int, cells: Cells, keys: Keys, names: Sequence[str]) -> None:
    """Refuse a last line that has no date where all rows have theirs, and say how to leave it out."""
    if not keys.dated or len(cells) != keys.width or any(_may_be_time(cells[key]) for key in keys.positions):
        return
    said = cells[keys.positions[0]]
    lines = text.data.count(b"\n", edge) + (not text.data.endswith(b"\n"))
    what = f"'{shortened(said)}' is not a date" if said else "the time is missing"
    raise DataError(
        f"{what} in the last line" if lines == 1 else f"{what}, {lines} lines before the end",
        hint=f"if it is a total or a remark, leave it out with --skip-footer {lines}; else correct it",
        file=text.file,
        row=text.line + text.data.count(b"\n", text.start, edge),
        column=names[keys.positions[0]] if len(names) == keys.width else "",
    )


def _is_total(text: Text, edge: int, cells: Cells, keys: Keys) -> bool:
    """Whether a line without a time holds the sum or the mean of a column above it."""
    if len(cells) != keys.width or any(cells[key] for key in keys.positions) or edge - text.start > _MOST_SUMMED:
        return False
    above = text.data[text.start : edge].decode(errors="replace").split("\n")
    rows = [row for row in csv.reader(above, delimiter=text.delimiter) if len(row) == keys.width]
    for key, cell in enumerate(cells):
        for kept, decimal in ((".", "."), (",", ","), ("", ".")):
            dropped = str.maketrans("", "", "".join(set(",.' ") - {kept}) if kept != "." else "")
            column = [row[key].strip().translate(dropped) for row in (*rows, cells)]
            numbers = [float(part.replace(",", ".")) for part in column if is_number(part, decimal)]
            if cell and len(numbers) > _FEWEST_ROWS and len(numbers) == sum(map(bool, column)):
                *values, last = numbers
                total = math.fsum(values)
                if math.isclose(last, total, rel_tol=1e-6) or math.isclose(last, total / len(values), rel_tol=1e-6):
                    return last not in values
    return False


def _may_be_time(cell: str) -> bool:
    return any(letter.isdigit() for letter in cell) or (bool(cell) and is_missing(cell)) or is_stamp_like(cell)


def _holds_number(cell: str) -> bool:
    return is_number(cell) or is_number(cell, ",") or is_stamp_like(cell)
