"""One clean table of time series, and 2,784 polluted versions of it, each with what a reader may make of it.

In the manner of the Pollock benchmark: a delimiter too many or too few at each place of each record, quotes, line ends
and escapes put in or taken out at each record, and whole files in another dialect or with something around the table. A
version has one pollution; what stands in the other records is never touched.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

STEPS = 40
IDS = ('Hall 1, "north"', "Yard 2")
Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Names of the columns and rows of texts; the first column is the id, the second the time."""

    names: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Polluted:
    """A version of the clean table.

    Args:
        name: what was done, and where.
        data: the bytes.
        line: first line of the record that was changed; None where none was.
        readings: tables that the version may be read as; none where it has to be refused.
        said: what a note must say if it is read.
        options: for reading it.
    """

    name: str
    data: bytes
    line: int | None = None
    readings: tuple[Table, ...] = ()
    said: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def clean_table() -> Table:
    """Two series of 40 hours in turn, with three values each."""
    rng = np.random.default_rng(7)
    rows = []
    for step in range(STEPS):
        stamp = str(np.datetime64("2024-01-01T00:00:00") + np.timedelta64(step, "h")).replace("T", " ")
        for place in IDS:
            values = rng.normal((20.0, 300.0, -5.0), (3.0, 40.0, 1.0))
            rows.append((place, stamp, *(f"{value:.2f}" for value in values)))
    return Table(("place", "time", "temp, outside", "load", "price"), tuple(rows))


def write(table: Table, *, delimiter: str = ",", end: str = "\n", header: bool = True) -> str:
    """The table as text, only those cells in quotes that need them."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([*([table.names] if header else []), *table.rows])
    return text.getvalue()


def polluted_versions() -> Iterator[Polluted]:
    """All versions."""
    yield from _file_versions(clean_table())
    for number in range(2 * STEPS + 1):
        record = _Record(clean_table(), number)
        yield from _delimiter_versions(record)
        yield from _structure_versions(record)


@dataclass(frozen=True)
class _Record:
    """A record of a table, which stands on one line; number 0 is the header."""

    table: Table
    number: int

    @property
    def texts(self) -> Row:
        return self.table.rows[self.number - 1] if self.number else self.table.names

    @property
    def cells(self) -> list[str]:
        """The cells as they are written."""
        return [write(Table((text,), ())).rstrip("\n") for text in self.texts]

    @property
    def written(self) -> str:
        """Without its line end."""
        return ",".join(self.cells)

    def starts(self) -> list[int]:
        """Where each cell begins, and one more behind the last."""
        return [0, *np.cumsum([len(cell) + 1 for cell in self.cells]).tolist()]

    def version(self, name: str, changed: str, readings: tuple[Table, ...] = (), said: str = "") -> Polluted:
        """The table with another text, line end included, for this record."""
        lines = write(self.table).splitlines(keepends=True)
        lines[self.number] = changed
        return Polluted(f"{name}, line {self.number + 1}", "".join(lines).encode(), self.number + 1, readings, said)

    def put_in(self, name: str, position: int, character: str) -> Polluted:
        """One character more."""
        text = self.written
        changed = text[:position] + character + text[position:] + "\n"
        name = f"{name} put in at {position}"
        for column, (start, cell) in enumerate(zip(self.starts(), self.cells, strict=False)):
            quoted = cell.startswith('"')
            # Between the two quotes that stand for one, it would end the cell.
            whole = text[start + 1 : position].count('"') % 2 == 0
            within = quoted and start < position < start + len(cell) and character != '"' and whole
            is_text = self.number == 0 or column == 0
            if self.number == 0 and character == "," and position == len(text):
                return self.version(name, changed, (self.table,))  # a delimiter at the end names no column
            plain = not quoted and start <= position <= start + len(cell) and character == "\\" and is_text
            if within or plain:
                # There it is a character like others. Who reads it so has to say what came of it.
                before = len(text[start + quoted : position].replace('""', '"'))
                table = self._with(column, before, character)
                said = "a single value" if self.number else f"'{table.names[column]}'"
                return self.version(f"{name}, part of a text", changed, (table,), said)
        return self.version(name, changed)

    def taken_out(self, name: str, position: int) -> Polluted:
        """One character fewer."""
        text = self.written
        return self.version(f"{name} taken out at {position}", text[:position] + text[position + 1 :] + "\n")

    def _with(self, column: int, offset: int, character: str) -> Table:
        """The table with one character more in a cell of this record."""
        texts = list(self.texts)
        texts[column] = texts[column][:offset] + character + texts[column][offset:]
        if self.number == 0:
            return replace(self.table, names=tuple(texts))
        rows = list(self.table.rows)
        rows[self.number - 1] = tuple(texts)
        return replace(self.table, rows=tuple(rows))


def _delimiter_versions(record: _Record) -> Iterator[Polluted]:
    """Each delimiter taken out; one put in before and behind each cell and at two places within it."""
    starts, cells = record.starts(), record.cells
    for start in starts[1:-1]:
        yield record.taken_out("delimiter", start - 1)
    for start, cell in zip(starts, cells, strict=False):
        for offset in sorted({0, len(cell) // 3, 2 * len(cell) // 3}):
            yield record.put_in("delimiter", start + offset, ",")
    yield record.put_in("delimiter", starts[-1] - 1, ",")


def _structure_versions(record: _Record) -> Iterator[Polluted]:
    """Quotes, line ends and escapes put in or taken out; which cell they meet goes round with the records."""
    text, starts, cells = record.written, record.starts(), record.cells
    column = record.number % len(cells)
    start, size = starts[column], len(cells[column])
    for name, position in (("before", start), ("behind", start + size), ("in", start + size // 2)):
        yield record.put_in(f"quote {name} a cell", position, '"')
    for position in [place for place, character in enumerate(text) if character == '"']:
        yield record.taken_out("quote", position)
    yield record.put_in("line end in a cell", start + size // 2, "\n")
    if column:
        yield record.put_in("line end before a cell", start, "\n")
    last = record.number == len(record.table.rows)
    yield record.version("line end taken out", text, (record.table,) if last else (), "no line ending" if last else "")
    yield record.version("line end twice", text + "\n\n", (record.table,), "1 blank line")
    yield record.put_in("carriage return in a cell", start + size // 2, "\r")
    yield record.put_in("escape in a cell", start + size // 2, "\\")
    yield record.put_in("escape before a delimiter", start + size, "\\")
    if '"' in text:
        yield record.put_in("escape before a quote", text.index('"'), "\\")
        yield record.put_in("escape before a closing quote", text.rindex('"'), "\\")


def _file_versions(table: Table) -> Iterator[Polluted]:
    """The same table in other dialects, and with something above or below it."""
    text = write(table)
    for mark, name in ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")):
        for end in ("\n", "\r\n", "\r"):
            yield _whole(f"{name}, line end {end!r}", write(table, delimiter=mark, end=end), table)
    comma = replace(table, rows=tuple((*row[:2], *(cell.replace(".", ",") for cell in row[2:])) for row in table.rows))
    yield _whole("decimal comma", write(comma, delimiter=";"), table, "decimal comma")
    yield _whole("decimal comma in quotes", write(comma), table, options={"decimal": ","})
    yield _whole("decimal comma in quotes, not told", write(comma), table, "decimal comma")
    yield from _encoded_versions(table, text)
    lines = text.splitlines()
    mixed = "".join(line + ("\n", "\r\n", "\r")[row % 3] for row, line in enumerate(lines))
    yield _whole("mixed line ends", mixed, table)
    yield _whole("no last line end", text[:-1], table, "no line ending")
    yield _whole("blank lines below", text + "\n\n  \n", table, "3 blank lines")
    yield _whole("blank lines above", "\n\n" + text, table, "2 blank lines")
    yield _whole("blank lines everywhere", "\n\n".join(lines) + "\n", table, "80 blank lines")
    every = "".join(",".join(f'"{cell}"' if cell[0] != '"' else cell for cell in line) + "\n" for line in _cells(table))
    yield _whole("all in quotes", every, table)
    yield _whole("trailing delimiters", "".join(f"{line},\n" for line in lines), table, "column 6")
    yield from _other_content(table, text, lines)


def _other_content(table: Table, text: str, lines: list[str]) -> Iterator[Polluted]:
    """Lines that do not belong to the table."""
    preamble = "Report of the halls\nmade by hand\n"
    yield _whole("preamble, told", preamble + text, table, options={"skip_rows": 2})
    yield _whole("preamble", preamble + text, table, "2 lines above the header")
    yield _whole("preamble with delimiters", "Report,,,,\n,,,,\n" + text, table, "1 line above the header")
    yield _whole("footer", text + "Total: 80 rows\n", table, "1 line below the rows")
    yield _whole("footer with delimiters", text + "Total,,80,80,80\n", table, "1 line below the rows")
    yield _whole("two headers", f"{lines[0]}\n{text}", table, "further header line")
    yield _whole("two tables", text + text, table, "kept once")
    yield _whole("another table below", f"{text}name,size\na,1\n", line=len(lines) + 1)
    yield _whole("another table below a blank line", f"{text}\nname,size\na,1\n", line=len(lines) + 2)
    yield _whole("no header", write(table, header=False), line=1)
    numbered = replace(table, names=("1", "2", "3", "4", "5"))
    yield _whole("no header, told", write(table, header=False), numbered, options={"no_header": True})
    yield _whole(
        "trailing delimiters below the header", "".join([f"{lines[0]}\n", *(f"{line},\n" for line in lines[1:])]), table
    )
    yield _whole("row numbers", "".join(f"{row - 1 if row else ''},{line}\n" for row, line in enumerate(lines)), table)


def _encoded_versions(table: Table, text: str) -> Iterator[Polluted]:
    other = replace(table, rows=tuple((row[0].replace("Yard", "Höfe"), *row[1:]) for row in table.rows))
    letters = write(other)
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        yield Polluted(encoding, letters.encode(encoding), None, (other,))
    for encoding in ("utf-16-le", "latin-1", "cp1252", "cp037"):
        yield Polluted(f"{encoding}, told", letters.encode(encoding), None, (other,), options={"encoding": encoding})
        yield Polluted(encoding, letters.encode(encoding))
    yield Polluted("utf-8 with one byte of latin-1", text.encode().replace(b"Yard", b"Y\xe4rd", 1), 3)


def _whole(
    name: str,
    text: str,
    table: Table | None = None,
    said: str = "",
    line: int | None = None,
    options: dict[str, Any] | None = None,
) -> Polluted:
    return Polluted(name, text.encode(), line, (table,) if table else (), said, options or {})


def _cells(table: Table) -> list[list[str]]:
    return [_Record(table, number).cells for number in range(len(table.rows) + 1)]
