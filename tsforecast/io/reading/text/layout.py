"""What stands above the rows of a table: titles, the names of the columns, and lines of units below them.

The lines are told apart by the first row of data: the first line that holds a date (or, without dates, a number) where
most lines further below hold one. Of the lines above it the names are the one line with a word of its own for each
column. Where two lines could be it, the user is asked.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tsforecast.errors import DataError
from tsforecast.io.column import words
from tsforecast.io.messages import Note, counted, info, listed
from tsforecast.io.reading.numbers import is_missing, is_number
from tsforecast.io.times.formats import is_stamp_like

SAMPLE_BYTES = 1 << 16
SAMPLE_ROWS = 100
_MOST_SHOWN = 2
_MOST_LETTERS = 40
_TIME_WORDS = frozenset(
    {
        "at",
        "date",
        "dates",
        "datetime",
        "datum",
        "day",
        "ds",
        "dt",
        "fecha",
        "hour",
        "jahr",
        "monat",
        "month",
        "quarter",
    }
    | {"time", "timestamp", "ts", "week", "year", "zeit", "zeitpunkt", "zeitstempel", "data", "giorno", "mois"}
    | {"jour", "heure", "anno", "año", "mes", "tag", "woche", "period", "periode"}
)
_UNIT = re.compile(
    r"[(\[<].*[)\]>]|[%°#$€£]|°[CFK]|deg(?:rees)? ?[CF]?|[kMGmµu]?(?:Wh|VA|Hz|Pa)|[kM]W|[mk]V|mA|[kMG]?VArh?|hPa|m?bar|"
    r"[mck]m|km/h|m/s|mph|kn|knots|W/m[2²]|m[3²³]|l/min|kg|min|sec|ms|pp[mb]|[uµ]g/m[3³]|usd|eur|gbp|EUR|USD|GBP|count|pcs|"
    r"UTC|utc",
)
Cells = Sequence[str]


@dataclass(frozen=True)
class HeadRow:
    """One of the first records of a text that are not blank."""

    cells: Cells
    line: int  # its line number in the file
    start: int  # its first byte
    end: int  # byte after its line end
    after_blank: bool  # whether a blank line stands right above it


@dataclass(frozen=True)
class Keys:
    """The columns by which a row is known to be one."""

    width: int  # cells of most rows
    positions: tuple[int, ...]  # the columns of dates, else the first of numbers; empty where there is neither
    dated: bool  # whether they hold dates

    def fits(self, cells: Cells) -> bool:
        """Whether a line holds what a row holds in these columns."""
        holds = is_stamp_like if self.dated else _is_some_number
        return bool(self.positions) and len(cells) == self.width and all(holds(cells[key]) for key in self.positions)


@dataclass(frozen=True)
class Header:
    """Where the names of the columns stand, and what else stands above the first row."""

    names: list[str]  # as they are written, empty where a column has none
    row: HeadRow  # the line of the names
    start: int  # first byte below the lines of the header
    line: int  # its line number
    padded: bool  # whether the last column has no cell in the header, and seems empty
    notes: tuple[Note, ...]


def head_rows(data: bytes, delimiter: str, start: int, line: int) -> list[HeadRow]:
    """The first records that are not blank, from a byte on whose line number is `line`; none with open quotes."""
    end = start + SAMPLE_BYTES
    end = data.rfind(b"\n", start, end) + 1 or end if end < len(data) else len(data)
    pieces = data[start:end].split(b"\n")
    reader = csv.reader((piece.decode(errors="replace") for piece in pieces), delimiter=delimiter, strict=True)
    edges = [start]
    for piece in pieces:
        edges.append(edges[-1] + len(piece) + 1)
    rows: list[HeadRow] = []
    above, after_blank = 0, False
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                stop = min(edges[reader.line_num], len(data))
                rows.append(HeadRow(cells, line + above, edges[above], stop, after_blank))
            after_blank = not any(cells)
            above = reader.line_num
            if len(rows) == SAMPLE_ROWS:
                break
    except csv.Error:
        return []
    return rows


def find_keys(rows: Sequence[Cells]) -> Keys:
    """The columns of dates, or else the first column of numbers, by the lower half of the first rows."""
    lower = rows[len(rows) // 2 :]
    width = Counter(map(len, lower)).most_common(1)[0][0] if lower else 0
    columns = list(zip(*(row for row in lower if len(row) == width), strict=True))
    for holds, most in ((is_stamp_like, width), (_is_some_number, 1)):
        positions = [number for number, cells in enumerate(columns) if 2 * sum(map(holds, cells)) > len(cells)]
        if positions:
            return Keys(width, tuple(positions[:most]), holds is is_stamp_like)
    return Keys(width, (), dated=False)


def find_header(rows: Sequence[HeadRow], file: str) -> Header | None:
    """Find the names of the columns where they do not simply stand in the first line; None where they do, or unclear.

    Raises:
        DataError: two lines could be the names.
    """
    keys = find_keys([row.cells for row in rows])
    first = next((number for number, row in enumerate(rows) if keys.fits(row.cells)), None)
    if not first or keys.width < 2:
        return None
    body = [row.cells for row in rows[first:] if len(row.cells) == keys.width]
    empty = frozenset(number for number, cells in enumerate(zip(*body, strict=True)) if not any(cells))
    above = [(number, _fitted(row.cells, keys.width, empty)) for number, row in enumerate(rows[:first])]
    if _are_times(rows[first].cells) and not any(cells for _, cells in above):
        return _header(rows, first, first + 1, list(rows[first].cells), keys)
    below_blank = max((number for number in range(1, first) if rows[number].after_blank), default=0)
    fitting = [(number, cells) for number, cells in above if cells and _has_no_data(cells)]
    candidates = [(number, cells) for number, cells in fitting if _are_names(cells, empty)]
    candidates = [found for found in candidates if found[0] >= below_blank] or candidates
    candidates = [
        found for at, found in enumerate(candidates) if found[1] not in [cells for _, cells in candidates[:at]]
    ]
    if any(cells[0] for _, cells in candidates):
        candidates = [found for found in candidates if found[1][0]]
    # pandas writes the name of an index in a line of its own below the names, which may stand in several lines.
    indexed = any(cells[0] and not any(cells[1:]) for number, cells in fitting if number > below_blank)
    if not candidates or (indexed and candidates[0][0] > below_blank):
        return _stacked(rows, first, [found for found in fitting if found[0] >= below_blank], keys, empty)
    chosen = candidates[0] if len(candidates) == 1 else _choose(candidates, rows, keys, file)
    if chosen is None:
        return None
    number, names = chosen
    if number == 1 and not rows[number].after_blank and re.fullmatch("[^A-Z \t]*", ",".join(rows[number - 1].cells)):
        return None  # perhaps a name broken by a line end, and no title
    below = [cells for other, cells in above if other > number]
    if not keys.dated and any(all(cells) for other, cells in above if other < number and cells):
        return None
    if not all(cells and _is_no_row(cells, keys) for cells in below):
        return None
    return _header(rows, number, first, _with_index_name(names, below), keys)


def _is_some_number(cell: str) -> bool:
    return is_number(cell) or is_number(cell, ",")


def _has_no_data(cells: Cells) -> bool:
    return not any(_is_some_number(cell) or is_stamp_like(cell) for cell in cells)


def _fitted(cells: Cells, width: int, empty: frozenset[int]) -> list[str]:
    """The cells of a line above the table as one for each column; none where it has more or fewer."""
    if len(cells) > width and not any(cells[width:]):
        return list(cells[:width])
    if len(cells) == width - 1 and width > 2 and width - 1 in empty:
        return [*cells, ""]
    return list(cells) if len(cells) == width else []


def _are_names(cells: Cells, empty: frozenset[int]) -> bool:
    """Whether each column has a name of its own; one without cells needs none, and the first is often without."""
    named = [cell for number, cell in enumerate(cells) if number not in empty]
    return all(named[1:]) and any(named) and len(set(named)) == len(named)


def _are_times(cells: Cells) -> bool:
    """Whether a line that looks like a row names columns by times: `Country,1970,1971,1972`."""
    years = [int(cell) for cell in cells if re.fullmatch("(1[89]|20)[0-9]{2}", cell)]
    following = sum(after - before == 1 for before, after in pairwise(years))
    return following >= 2 and following == len(years) - 1 and not _is_some_number(cells[0])


def _is_no_row(cells: Cells, keys: Keys) -> bool:
    """Whether a line below the names can be no damaged row: words, and no digit where rows have their date.

    Where the rows have no date, a word may be the value of a row: only units are none.
    """
    if not keys.dated:
        return _units(cells, Keys(keys.width, (), dated=False)) > 0 and not re.search("[0-9]", "".join(cells))
    said = any(cell and not is_missing(cell) for cell in cells)
    return said and _has_no_data(cells) and not re.search("[0-9]", "".join(cells[key] for key in keys.positions))


def _choose(
    candidates: list[tuple[int, list[str]]], rows: Sequence[HeadRow], keys: Keys, file: str
) -> tuple[int, list[str]] | None:
    """The line whose column of times is called so, or that only units stand under; else ask."""
    named = [(found, {word for key in keys.positions for word in words(found[1][key])}) for found in candidates]
    for chosen in (
        [found for found, said in named if said & _TIME_WORDS],
        [found for found, said in named if said and said <= _TIME_WORDS],
    ):
        if len(chosen) == 1:
            return chosen[0]
    units = [_units(cells, keys) for _, cells in candidates]
    if not units[0] and all(units[1:]):
        return candidates[0]
    if not keys.dated:
        return None
    lines = [rows[number].line for number, _ in candidates]
    shown = " and ".join(
        f"line {line} ('{shortened(','.join(rows[number].cells))}')"
        for line, (number, _) in zip(lines[:2], candidates[:2], strict=True)
    )
    raise DataError(
        f"this line looks like the names of the columns, but is not the only one: {shown} both do",
        hint=f"if line {lines[1]} holds the names, add --skip-rows {lines[1] - 1}; else delete that line",
        file=file,
        row=lines[1],
    )


def _units(cells: Cells, keys: Keys) -> int:
    """How many columns of values have a unit in this line."""
    return sum(bool(_UNIT.fullmatch(cell)) for key, cell in enumerate(cells) if key not in keys.positions)


def _with_index_name(names: list[str], below: Sequence[Cells]) -> list[str]:
    """Where a line below the names has the first cell only, as pandas writes the name of an index, it is the name."""
    alone = [cells[0] for cells in below if cells[0] and not any(cells[1:])]
    if len(alone) == 1 and words(alone[0]) & _TIME_WORDS and not words(names[0]) & _TIME_WORDS:
        return [alone[0], *names[1:]]
    return names


def _stacked(
    rows: Sequence[HeadRow], first: int, lines: list[tuple[int, list[str]]], keys: Keys, empty: frozenset[int]
) -> Header | None:
    """Names that stand in several lines, such as `Close` above `XYZ`: put together where that makes each its own."""
    if not keys.dated or len(lines) < 2 or [number for number, _ in lines] != list(range(lines[0][0], first)):
        return None
    full = [cells for _, cells in lines if any(cells[1:])]
    names = [" ".join(dict.fromkeys(filter(None, cells))) for cells in zip(*full, strict=True)]
    alone = [cells for _, cells in lines if not any(cells[1:])]
    names = [alone[0][0], *names[1:]] if len(alone) == 1 else names
    if not all(_is_no_row(cells, keys) for _, cells in lines[1:]) or not _are_names(names, empty):
        return None
    return _header(rows, lines[0][0], first, names, keys, stacked=len(lines))


def _header(
    rows: Sequence[HeadRow], number: int, first: int, names: list[str], keys: Keys, stacked: int = 1
) -> Header | None:
    """The header with notes on the lines round it; None where the names are the first line, just above the rows."""
    row = rows[number]
    padded = len(row.cells) < keys.width
    if number == 0 and first == 1 and len(row.cells) == keys.width:
        return None
    notes = []
    if number:
        shown = listed([shortened(",".join(above.cells)) for above in rows[:number]], _MOST_SHOWN)
        notes.append(info(f"{counted(number, 'line')} above the header left out: {shown}", "left out"))
    if stacked > 1:
        notes.append(info(f"the names of the columns stand in {stacked} lines: put together, such as '{names[-1]}'"))
    elif first > number + 1:
        under = [shortened(",".join(below.cells)) for below in rows[number + 1 : first]]
        many = counted(len(under), "further header line")
        notes.append(info(f"{many} below the names left out: {listed(under, _MOST_SHOWN)}", "left out"))
    if first == len(rows):
        return None
    return Header(names, row, rows[first].start, rows[first].line, padded, tuple(notes))


def shortened(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 3] + "..."
