"""A block without quotes in which each line has as many cells as the header, read on its bytes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.reading.numbers import parse_texts
from tsforecast.io.reading.text.byte_kernels import MOST_BYTES, MOST_DIGITS, code_bytes, read_numbers
from tsforecast.io.reading.text.careful_block import figures_of
from tsforecast.io.reading.text.chunks import Block, Codes, Edges, PlainNumbers, Text
from tsforecast.io.reading.text.records import NEWLINE

_ZERO, _DIGITS = ord("0"), 10

# Bytes that are looked through together, so that what is computed of them stays in the cache.
_PART = 1 << 19

# With more texts than this share of the rows that are no short plain decimals, pandas is faster.
_OTHER_SHARE = 0.1
Places = NDArray[np.int64]


@dataclass(frozen=True)
class _Bounds:
    """Where the cells of a block stand.

    Args:
        letters: the block, with MOST_DIGITS bytes before and MOST_BYTES behind it.
        ends: byte after each cell, shape (rows, width).
    """

    letters: NDArray[np.uint8]
    ends: Places

    def column(self, position: int) -> tuple[Places, Places]:
        """First byte and length of each cell of a column, both of shape (rows,)."""
        above = np.concatenate([[MOST_DIGITS - 1], self.ends[:-1, -1]])
        starts = (self.ends[:, position - 1] if position else above) + 1
        return starts, self.ends[:, position] - starts

    def whole(self) -> bytes:
        """The block."""
        return self.letters[MOST_DIGITS : int(self.ends[-1, -1]) + 1].tobytes()


def read_plain(text: Text, edges: Edges, texts: Collection[int], numbers: Collection[int]) -> Block | None:
    """Read some columns of a block.

    Args:
        text: the whole.
        edges: of the block.
        texts: positions of columns to read as texts.
        numbers: positions of columns to read as numbers, if that is what they hold.

    Returns:
        None where the block has quotes, or a line with too many or too few cells.
    """
    if text.data.find(b'"', *edges) >= 0:
        return None
    bounds = _find_bounds(text, edges)
    if bounds is None:
        return None
    coded = {position: _read_texts(bounds, *bounds.column(position)) for position in texts}
    figures = {position: _read_figures(bounds, position, text) for position in numbers}
    return Block(len(bounds.ends), None, len(bounds.ends), 0, coded, figures)


def _find_bounds(text: Text, edges: Edges) -> _Bounds | None:
    """The cells of the block; None where a line has too many or too few."""
    letters = _with_margins(text.data, edges)
    found, n_lines = [], 0
    for start in range(MOST_DIGITS, letters.size - MOST_BYTES, _PART):
        part = letters[start : min(start + _PART, letters.size - MOST_BYTES)]
        is_newline = part == NEWLINE
        n_lines += int(np.count_nonzero(is_newline))
        found.append(np.flatnonzero((part == ord(text.delimiter)) | is_newline) + start)
    separators = np.concatenate(found)
    if separators.size != n_lines * text.width:
        return None
    ends = separators.reshape(-1, text.width)
    # As many lines as rows, and each row ends with one: no line ends within a row.
    return _Bounds(letters, ends) if np.all(letters[ends[:, -1]] == NEWLINE) else None


def _with_margins(data: bytes, edges: Edges) -> NDArray[np.uint8]:
    """The block with bytes before and behind it; a last line without an end gets one."""
    start, end = edges
    if start >= MOST_DIGITS and end + MOST_BYTES <= len(data):
        return np.frombuffer(data, np.uint8, end - start + MOST_DIGITS + MOST_BYTES, start - MOST_DIGITS)
    block = data[start:end]
    ending = b"" if block.endswith(b"\n") else b"\n"
    return np.frombuffer(bytes(MOST_DIGITS) + block + ending + bytes(MOST_BYTES), np.uint8)


def _read_texts(bounds: _Bounds, starts: Places, lengths: Places) -> tuple[Codes, list[bytes]]:
    """Numbers of the distinct texts of some cells, and these texts as they first appear."""
    codes, first = _code(bounds, starts, lengths)
    return codes, _cells(bounds, starts[first], lengths[first])


def _code(bounds: _Bounds, starts: Places, lengths: Places) -> tuple[Codes, Places]:
    found = code_bytes(bounds.letters, starts, lengths)
    if found is not None:
        return found
    numbers = pd.factorize(np.array(_cells(bounds, starts, lengths), dtype=object))[0]
    return numbers.astype(np.int32), np.flatnonzero(np.diff(np.maximum.accumulate(numbers), prepend=-1))


def _cells(bounds: _Bounds, starts: Places, lengths: Places) -> list[bytes]:
    memory = bounds.letters.data
    return [bytes(memory[start:end]) for start, end in zip(starts.tolist(), (starts + lengths).tolist(), strict=True)]


def _read_figures(bounds: _Bounds, position: int, text: Text) -> PlainNumbers | None:
    starts, lengths = bounds.column(position)
    values, known = read_numbers(bounds.letters, starts, lengths)
    others = np.flatnonzero(~known)
    if others.size:
        codes, first = _code(bounds, starts[others], lengths[others])
        if first.size > _OTHER_SHARE * known.size:
            return figures_of(bounds.whole(), text, (position,))[position]
        cells = _cells(bounds, starts[others[first]], lengths[others[first]])
        numbers, missing = parse_texts([cell.decode() for cell in cells])
        if np.any(np.isnan(numbers) & ~missing):
            return None
        values[others] = numbers[codes]
    whole = bool(np.all((np.rint(values) == values) | np.isnan(values)))
    return PlainNumbers(values, whole, whole and _zero_led(bounds.letters, starts))


def _zero_led(letters: NDArray[np.uint8], starts: Places) -> bool:
    first, second = letters[starts], letters[starts + 1]
    # Unsigned: what stands before the digits becomes a large number.
    return bool(np.any((first == _ZERO) & (second - np.uint8(_ZERO) < _DIGITS)))
