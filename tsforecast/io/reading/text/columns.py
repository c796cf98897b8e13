"""The columns of a text, read block by block on several threads, each as texts or as numbers."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.reading.names import is_id_name
from tsforecast.io.reading.numbers import is_missing, is_number
from tsforecast.io.reading.text.careful_block import read_careful
from tsforecast.io.reading.text.chunks import Block, Codes, Edges, PlainNumbers, Text, cut
from tsforecast.io.reading.text.fast_block import read_plain
from tsforecast.io.text_column import TextColumn
from tsforecast.io.times.formats import formats_of, shapes

_SAMPLE_LINES = 100
_SAMPLE_BYTES = 1 << 16

# More threads than this wait for memory and for each other.
_MOST_THREADS = 4
Lines = Sequence[int] | NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)
Progress = Callable[[int, int], None]


class _TextsBelow:
    """A column of texts that grows by a block at a time."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}
        self._codes: list[Codes] = []

    def add(self, part: tuple[Codes, list[bytes]]) -> None:
        codes, texts = part
        known = self._known
        self._codes.append(np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int32)[codes])

    def cells(self) -> TextColumn:
        return TextColumn(_joined(self._codes), [text.decode() for text in self._known])


class _LinesBelow:
    """The lines of rows that grow by a block at a time."""

    def __init__(self, first: int) -> None:
        self.rows = self.blank = 0
        self._first = self._next = first
        self._parts: list[Lines] = []

    def add(self, block: Block) -> None:
        plain = range(self._next, self._next + block.rows)
        self._parts.append(plain if block.lines is None else self._next + block.lines)
        self._next += block.n_lines
        self.rows += block.rows
        self.blank += block.blank

    def all(self) -> Lines:
        """The line of each row."""
        if all(isinstance(part, range) for part in self._parts):
            return range(self._first, self._next)
        return np.concatenate([np.asarray(part, dtype=np.int64) for part in self._parts])


def _joined(parts: list[NDArray[Number]]) -> NDArray[Number]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class TextColumns:
    """The columns of a text, read once as what they seem to be, and again where they are asked for as texts.

    Attributes:
        rows: of the text.
        lines: line number of each row's first line in the file, shape (rows,).
        blank: blank lines left out.
    """

    def __init__(self, text: Text, names: Sequence[str], decimal: str, progress: Progress) -> None:
        """Read all columns.

        Args:
            text: the rows.
            names: of the columns.
            decimal: `.` or `,`.
            progress: is told how many bytes and rows are read.

        Raises:
            DataError: a row that cannot be read.
        """
        self._text = text
        self._edges = cut(text)
        numbers = _number_like(text, names) if decimal == "." else ()
        columns = {position: _TextsBelow() for position in range(text.width) if position not in numbers}
        figures: dict[int, list[PlainNumbers | None]] = {position: [] for position in numbers}
        lines = _LinesBelow(text.line)
        for block, edges in zip(self._read(columns, numbers), self._edges, strict=True):
            lines.add(block)
            for position, column in columns.items():
                column.add(block.texts[position])
            for position, parts in figures.items():
                parts.append(block.figures[position])
            progress(edges[1], lines.rows)
        if not lines.rows:
            raise DataError("the file has a header but no rows", file=text.file)
        self.rows, self.lines, self.blank = lines.rows, lines.all(), lines.blank
        self._position = {name: position for position, name in enumerate(names)}
        self._texts = {names[position]: column.cells() for position, column in columns.items()}
        self._figures = {names[position]: _join(parts) for position, parts in figures.items()}

    def texts(self, name: str) -> TextColumn:
        """The texts of a column."""
        if name not in self._texts:
            position, column = self._position[name], _TextsBelow()
            for block in self._read([position], ()):
                column.add(block.texts[position])
            self._texts[name] = column.cells()
        return self._texts[name]

    def figures(self, name: str) -> PlainNumbers | None:
        """A column of plain numbers; None for any other."""
        return self._figures.get(name)

    def _read(self, texts: Collection[int], numbers: Collection[int]) -> Iterator[Block]:
        return _in_order(partial(read_block, self._text, texts=texts, numbers=numbers), self._edges)


def read_block(text: Text, edges: Edges, texts: Collection[int], numbers: Collection[int]) -> Block:
    """Read some columns of a block in the quick way, or in the careful way where that cannot be taken."""
    return read_plain(text, edges, texts, numbers) or read_careful(text, edges, texts, numbers)


def _in_order(read: Callable[[Edges], Block], edges: Sequence[Edges]) -> Iterator[Block]:
    """Read blocks on several threads, and hand them on in the order of the text."""
    threads = min(_MOST_THREADS, _cores(), len(edges))
    if threads < 2:
        yield from map(read, edges)
        return
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from pool.map(read, edges)
        finally:
            pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _number_like(text: Text, names: Sequence[str]) -> tuple[int, ...]:
    """Positions of the columns whose first cells are numbers and no dates, and that are not named like an id."""
    head = text.data[text.start : text.start + _SAMPLE_BYTES].decode(errors="replace")
    # csv.reader refuses a line end in a cell that it does not take for a quoted one.
    lines = head.replace("\r", " ").split("\n")[:_SAMPLE_LINES]
    rows = list(csv.reader(lines, delimiter=text.delimiter))
    columns = list(zip(*(row for row in rows if len(row) == text.width), strict=True))
    return tuple(
        position
        for position, (name, cells) in enumerate(zip(names, columns, strict=False))
        if not is_id_name(name) and _look_like_numbers([cell.strip() for cell in cells])
    )


def _look_like_numbers(cells: Sequence[str]) -> bool:
    present = [cell for cell in cells if not is_missing(cell)]
    dates = sum(bool(formats_of(shape)) for shape in shapes(present))
    return bool(present) and all(is_number(cell) for cell in present) and 2 * dates < len(cells)


def _join(parts: list[PlainNumbers | None]) -> PlainNumbers | None:
    plain = [part for part in parts if part is not None]
    if len(plain) < len(parts):
        return None
    whole = all(part.whole for part in plain)
    return PlainNumbers(_joined([part.values for part in plain]), whole, whole and any(part.zero_led for part in plain))
