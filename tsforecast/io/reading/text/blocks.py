"""The rows of a text as columns: Arrow splits its blocks into cells and reads their numbers, on several threads.

What Arrow says of a block is taken where it refused nothing and found a row on each line, there is no quote, and no row
may be blank or repeat the header. The records of all other blocks are found first, because what is wrong is named with
its line and what is no row is left out; only the rows are then given to Arrow.
"""

from __future__ import annotations

import codecs
import os
import re
import resource
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from tsforecast.errors import DataError
from tsforecast.io.column import Column, PlainNumbers, TextColumn, text_column
from tsforecast.io.messages import Place
from tsforecast.io.reading.numbers import MISSING_SPELLINGS, parse_texts
from tsforecast.io.reading.text.records import Edges, Text, find_rows

_BLOCK_BYTES = 8 << 20
_TIMES_BLOCK = 12  # memory that a block takes while it is read: its cells in an array of 8 bytes each, and Arrow's

# Bytes of memory that Arrow may take for a byte of text: a cell of one digit becomes a number of eight and an index.
_MEMORY_PER_BYTE = 8

# More threads than this wait for memory and for each other.
_MOST_THREADS = 4
_TEXTS, _NUMBERS = pa.dictionary(pa.int32(), pa.large_string()), pa.float64()
_ZERO_LED = re.compile("0[0-9]")
Lines = Sequence[int] | NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class TextRows:
    """The rows of a text."""

    columns: list[Column]
    lines: Lines  # line number of each row's first line in the file, shape (rows,)
    blank: int  # lines left out with nothing on them, or nothing but delimiters
    repeats: list[int]  # the lines left out because the header stands there again


@dataclass(frozen=True)
class _Block:
    """Some columns of a block of whole records."""

    rows: int  # how many
    # line of each row, 0 being the block's first, shape (rows,); None where each row is one line
    lines: NDArray[np.int64] | None
    n_lines: int  # lines of the block
    blank: int  # lines left out with nothing on them, or nothing but delimiters
    repeats: tuple[int, ...]  # lines left out because the header stands there again, 0 being the block's first
    texts: dict[int, pa.DictionaryArray]  # the columns that were read as texts, by position
    # the columns that were read as numbers; None for one that holds anything else
    numbers: dict[int, PlainNumbers | None]


def read_rows(
    text: Text, names: Sequence[str], number_like: Collection[int], progress: Callable[[int, int], None]
) -> TextRows:
    """Read all columns of a text.

    Args:
        text: the text.
        names: of the columns.
        number_like: positions of the columns that are read as numbers; others, and those that hold anything else, are
            read as texts.
        progress: told up to which byte the text is read, and how many rows that makes.

    Raises:
        DataError: no rows, a quote that is not closed or stands within a cell, a row with too many or too few cells.
    """
    edges, blocks, rows = _cut(text), [], 0
    positions = [position for position in range(text.width) if position not in number_like]
    for block, (_, end) in zip(_read_blocks(text, edges, positions, number_like), edges, strict=True):
        blocks.append(block)
        rows += block.rows
        progress(end, rows)
    if not rows:
        raise DataError("the file has a header but no rows", file=text.file)
    lines, columns = _lines_of(blocks, text.line), []
    for position, name in enumerate(names):
        place = Place(text.file, lines, name)
        if position in number_like:
            plain = _join_numbers([block.numbers[position] for block in blocks])
            columns.append(Column(place, partial(_read_texts, text, edges, position), plain))
        else:
            columns.append(text_column(place, _join_texts([block.texts[position] for block in blocks])))
    repeats, first = [], text.line
    for block in blocks:
        repeats += [first + line for line in block.repeats]
        first += block.n_lines
    return TextRows(columns, lines, sum(block.blank for block in blocks), repeats)


def _lines_of(blocks: Sequence[_Block], first: int) -> Lines:
    """The line of each row, `first` being that of the first block."""
    if all(block.lines is None for block in blocks):
        return range(first, first + sum(block.rows for block in blocks))
    parts = []
    for block in blocks:
        parts.append(first + (np.arange(block.rows) if block.lines is None else block.lines))
        first += block.n_lines
    return np.concatenate(parts)


def _join_texts(parts: list[pa.DictionaryArray]) -> TextColumn:
    texts = pa.concat_arrays([part.dictionary for part in parts])
    if pc.all(pc.less(texts[:-1], texts[1:])).as_py():
        # In ascending order, such as times, no text stands twice: there is nothing to look up.
        above = np.cumsum([0, *(len(part.dictionary) for part in parts)], dtype=np.int32)
        return TextColumn(_joined([part.indices.to_numpy() + n for part, n in zip(parts, above, strict=False)]), texts)
    whole = pa.chunked_array(parts, _TEXTS).unify_dictionaries()
    return TextColumn(_joined([part.indices.to_numpy() for part in whole.chunks]), whole.chunk(0).dictionary)


def _join_numbers(parts: list[PlainNumbers | None]) -> PlainNumbers | None:
    plain = [part for part in parts if part is not None]
    if len(plain) < len(parts):
        return None
    whole = all(part.whole for part in plain)
    zero_led, pointed = (whole and any(marks) for marks in zip(*((p.zero_led, p.pointed) for p in plain), strict=True))
    return PlainNumbers(_joined([part.values for part in plain]), whole, zero_led, pointed)


def _joined(parts: list[NDArray[Number]]) -> NDArray[Number]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _read_texts(text: Text, edges: Sequence[Edges], position: int) -> TextColumn:
    return _join_texts([block.texts[position] for block in _read_blocks(text, edges, [position], ())])


def _read_blocks(
    text: Text, edges: Sequence[Edges], texts: Collection[int], numbers: Collection[int]
) -> Iterator[_Block]:
    """Read some columns of all blocks on several threads, and hand the blocks on in the order of the text."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = min(_MOST_THREADS, cores, len(edges))

    def read(block: Edges) -> _Block:
        return _read_quickly(text, block, texts, numbers) or _read_carefully(text, block, texts, numbers)

    if threads < 2:
        yield from map(read, edges)
        return
    _check_room(threads)
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from pool.map(read, edges)
        finally:
            pool.shutdown(cancel_futures=True)


def _check_room(threads: int) -> None:
    """Refuse to read in little memory: where it is Arrow that gets none, its own code may end the process.

    Raises:
        MemoryError: a limit of the address space (ulimit -v) leaves less than blocks take that are read side by side.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    statistics = Path("/proc/self/statm")  # of Linux alone
    if allowed == resource.RLIM_INFINITY or not statistics.exists():
        return
    left = allowed - int(statistics.read_text().split()[0]) * resource.getpagesize()
    needed = threads * _TIMES_BLOCK * _BLOCK_BYTES
    if left < needed:
        raise MemoryError(f"reading takes {needed >> 20:,} MiB and ulimit -v leaves {max(left, 0) >> 20:,} MiB")


def _cut(text: Text) -> list[Edges]:
    """First byte of each block, and the byte after it; no quoted cell stands in two blocks."""
    data, edges, start = text.data, [], text.start
    quoted = b'"' in data
    while start < len(data):
        end = data.rfind(b"\n", start, start + _BLOCK_BYTES) + 1 if start + _BLOCK_BYTES < len(data) else len(data)
        end = end or _line_end(data, start + _BLOCK_BYTES)
        quotes = data.count(b'"', start, end) if quoted else 0
        while quotes % 2 and end < len(data):
            start_of_line, end = end, _line_end(data, end)
            quotes += data.count(b'"', start_of_line, end)
        edges.append((start, end))
        start = end
    return edges


def _line_end(data: bytes, start: int) -> int:
    return data.find(b"\n", start) + 1 or len(data)


def _read_quickly(text: Text, edges: Edges, texts: Collection[int], numbers: Collection[int]) -> _Block | None:
    """Read some columns of a block as Arrow finds them; None where it may be otherwise."""
    if text.width == 1 or text.data.find(b'"', *edges) >= 0:
        return None
    n_lines = _count_lines(text.data, edges)
    try:
        columns = _tokenize(text, text.data, edges, texts, numbers)
    except pa.ArrowInvalid:
        return None
    header = text.header.decode().removesuffix("\n").split(text.delimiter) if text.header else []
    if any(len(column) != n_lines for column in columns.values()):
        return None
    if any(_may_stand(cells, columns) for cells in ([""] * text.width, header) if len(cells) == text.width):
        return None
    plain = _plain_numbers(text, text.data, edges, {position: columns[position] for position in numbers})
    return _Block(n_lines, None, n_lines, 0, (), {position: columns[position] for position in texts}, plain)


def _may_stand(cells: Sequence[str], columns: dict[int, pa.Array]) -> bool:
    """Whether a row may hold these cells: it does in the columns that were read."""
    found = np.ones(len(next(iter(columns.values()))), dtype=bool)
    # The first column is one of texts, where there is one: their dictionary tells at once what does not stand there.
    for position, column in columns.items():
        if pa.types.is_dictionary(column.type):
            index = pc.index(column.dictionary, cells[position]).as_py()
            found &= index >= 0 and column.indices.to_numpy() == index
        else:
            (number,), (missing,) = parse_texts([cells[position]])
            values = column.to_numpy(zero_copy_only=False)
            found &= np.isnan(values) if missing else values == number
        if not found.any():
            return False
    return True


def _read_carefully(text: Text, edges: Edges, texts: Collection[int], numbers: Collection[int]) -> _Block:
    """Read some columns of a block by its records.

    Raises:
        DataError: a quote that is not closed or stands within a cell, a row with too many or too few cells.
    """
    rows = find_rows(text, edges)
    whole = 0, len(rows.data)
    coded = _tokenize(text, rows.data, whole, texts, ())
    plain = _plain_numbers(text, rows.data, whole, _read_numbers(text, rows.data, list(numbers)))
    n_lines = _count_lines(text.data, edges)
    return _Block(len(rows.lines), rows.lines, n_lines, rows.blank, rows.repeats, coded, plain)


def _count_lines(data: bytes, edges: Edges) -> int:
    return data.count(b"\n", *edges) + (not data.endswith(b"\n", *edges))


def _read_numbers(text: Text, data: bytes, positions: list[int]) -> dict[int, pa.Array | None]:
    """Columns of numbers; those that Arrow refuses are found by halves, and read by their distinct texts."""
    whole, half = (0, len(data)), len(positions) // 2
    try:
        return {**_tokenize(text, data, whole, (), positions)}
    except pa.ArrowInvalid:
        if half:
            return _read_numbers(text, data, positions[:half]) | _read_numbers(text, data, positions[half:])
    cells = _tokenize(text, data, whole, positions, ())[positions[0]]
    values, missing = parse_texts(cells.dictionary.to_pylist())
    if np.any(np.isnan(values) & ~missing):
        return {positions[0]: None}
    codes = cells.indices.to_numpy()
    return {positions[0]: pa.array(values[codes], mask=missing[codes])}


def _plain_numbers(
    text: Text, data: bytes, edges: Edges, columns: Mapping[int, pa.Array | None]
) -> dict[int, PlainNumbers | None]:
    """The columns with what is said of how their numbers are written; None for one that holds anything else."""
    known = {each: column for each, column in columns.items() if column is not None and _is_plain(column)}
    values = {each: column.to_numpy(zero_copy_only=False) for each, column in known.items()}
    whole = {each for each, numbers in values.items() if np.all((np.rint(numbers) == numbers) | np.isnan(numbers))}
    # A number of four digits without a mark, beside it, says that a mark is one of decimals.
    marked = data.find(b".000", *edges) >= 0
    pointed = {each for each in whole if marked and not np.any(np.abs(values[each]) >= 1000)}
    zero_led = _zero_led(text, data, edges, whole)
    return dict.fromkeys(columns) | {
        each: PlainNumbers(numbers, each in whole, each in zero_led, each in pointed)
        for each, numbers in values.items()
    }


def _is_plain(column: pa.Array) -> bool:
    """Whether a column holds numbers only: what is missing is null, and all else not finite is a text such as `inf`."""
    return bool(np.count_nonzero(np.isfinite(column.to_numpy(zero_copy_only=False))) + column.null_count == len(column))


def _zero_led(text: Text, data: bytes, edges: Edges, positions: Collection[int]) -> set[int]:
    """The columns with a cell that begins with a zero before another digit."""
    later = re.compile(re.escape(text.delimiter.encode()) + b'"?0[0-9]').search(data, *edges) is not None
    first = data.startswith(b"0", *edges) or re.compile(b'\n"?0[0-9]').search(data, *edges) is not None
    texts = _tokenize(text, data, edges, [each for each in positions if (later if each else first)], ())
    return {each for each, cells in texts.items() if any(map(_ZERO_LED.match, cells.dictionary.to_pylist()))}


def _tokenize(
    text: Text, data: bytes, edges: Edges, texts: Collection[int], numbers: Collection[int]
) -> dict[int, pa.Array]:
    """Some columns of whole records as Arrow reads them, texts first, by position.

    Raises:
        pyarrow.ArrowInvalid: a row with too many or too few cells, or a column of numbers that holds something else.
    """
    start, end = edges
    quoted = data.find(b'"', start, end) >= 0
    types = {str(position): _TEXTS for position in texts} | {str(position): _NUMBERS for position in numbers}
    if start == end or not types:
        return {int(name): pa.array([], kind) for name, kind in types.items()}
    # Arrow ends the process where memory runs out: what it takes at most is asked for first, and given back unused.
    np.empty(_MEMORY_PER_BYTE * (end - start), np.uint8)
    block = pa.py_buffer(data).slice(start, end - start)
    # Arrow drops a byte order mark, which here is part of a cell: that of the file is long gone.
    block = pa.py_buffer(codecs.BOM_UTF8 + bytes(block)) if data.startswith(codecs.BOM_UTF8, start) else block
    table = csv.read_csv(
        pa.BufferReader(block),
        csv.ReadOptions(use_threads=False, block_size=block.size, column_names=list(map(str, range(text.width)))),
        csv.ParseOptions(
            delimiter=text.delimiter,
            quote_char=quoted and '"',
            newlines_in_values=quoted,
            ignore_empty_lines=text.width > 1,
        ),
        csv.ConvertOptions(
            check_utf8=False,
            column_types=types,
            null_values=list(MISSING_SPELLINGS),
            include_columns=list(types),
        ),
        # Of the pools of Arrow, it gives back the least of what is needed again for the next block.
        pa.system_memory_pool(),
    )
    return {int(name): table.column(name).chunk(0) for name in types}
