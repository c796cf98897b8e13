"""Numbers for the distinct cells of a text, found on its bytes: no text is made but for one cell of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Cells of more bytes are not looked at here. A buffer must go on for as many bytes behind its last cell.
MOST_BYTES = 64
WORD = 8
# Rows that are looked at together, so that what is computed of them stays in the cache.
PART = 1 << 15
# With fewer changes from row to row than this share of the rows, only the changes are numbered.
_RUN_SHARE = 0.25
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_TABLE_BITS = 18
_TABLE_SIZE, _TABLE_SHIFT = 1 << _TABLE_BITS, np.uint64(64 - _TABLE_BITS)
# The first bytes of a little-endian word: none of them, one, ..., all eight.
_FIRST_BYTES = np.array([(1 << (8 * size)) - 1 for size in range(WORD + 1)], dtype=np.uint64)

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Places = NDArray[np.int64]


def words_at(letters: Bytes) -> Words:
    """The eight bytes from each byte on as a little-endian word: a view."""
    return np.ndarray((letters.size - WORD + 1,), dtype="<u8", buffer=letters.data, strides=(1,))


def parts(rows: int) -> Iterator[slice]:
    """Rows in parts that fit the cache."""
    return (slice(start, start + PART) for start in range(0, rows, PART))


def code_bytes(letters: Bytes, starts: Places, lengths: Places) -> tuple[NDArray[np.int32], Places] | None:
    """Number the distinct cells of a column in the order in which they first appear.

    Args:
        letters: the bytes, with MOST_BYTES more behind the last cell.
        starts: first byte of each cell, shape (rows,).
        lengths: bytes of each cell, shape (rows,).

    Returns:
        The number of each cell, shape (rows,), and the first row of each number; None where a cell is too long, or two
        cells could be mistaken for each other.
    """
    if int(lengths.max()) > MOST_BYTES:
        return None
    view, n_words = words_at(letters), -(-int(lengths.max()) // WORD)
    words = np.empty((n_words, starts.size), dtype=np.uint64)
    for part in parts(starts.size):
        _cut_words(view, starts[part], lengths[part], words[:, part])
    new = _differ_from_above(words, lengths)
    if new.size > _RUN_SHARE * starts.size:
        return _code_words(words, lengths)
    coded = _code_words(words[:, new], lengths[new])
    return coded and (np.repeat(coded[0], np.diff(np.append(new, starts.size))), new[coded[1]])


def _differ_from_above(words: Words, lengths: Places) -> Places:
    """The rows whose cell is another than that of the row above, the first row among them."""
    new = np.ones(lengths.size, dtype=bool)
    np.not_equal(lengths[1:], lengths[:-1], out=new[1:])
    for word in words:
        new[1:] |= word[1:] != word[:-1]
    return np.flatnonzero(new)


def _code_words(words: Words, lengths: Places) -> tuple[NDArray[np.int32], Places] | None:
    key = np.empty(lengths.size, dtype=np.uint64)
    for part in parts(lengths.size):
        key[part] = _mixed(words[:, part], lengths[part])
    holder = _first_alike(key)
    first = np.flatnonzero(holder == np.arange(holder.size))
    numbers = np.empty(holder.size, dtype=np.int32)
    numbers[first] = np.arange(first.size, dtype=np.int32)
    codes = numbers[holder]
    # The key of a row says which text it is likely to hold: whether it does is looked up.
    alike = all(_alike(row, row[first], codes) for row in (*words, lengths))
    return (codes, first) if alike else None


def _cut_words(view: Words, starts: Places, lengths: Places, out: Words) -> None:
    """The bytes of cells as words, zeros behind their ends."""
    shortest = int(lengths.min())
    for number, word in enumerate(out):
        position = WORD * number
        word[:] = view[starts + position]
        if shortest < position + WORD:
            word &= _FIRST_BYTES[np.clip(lengths - position, 0, WORD)]


def _mixed(words: Words, lengths: Places) -> Words:
    key = lengths.astype(np.uint64) * _MIX
    for word in words:
        key ^= word
        key *= _MIX
        key ^= key >> _SHIFT
    return key


def _alike(cells: NDArray[Any], of_codes: NDArray[Any], codes: NDArray[np.int32]) -> bool:
    """Whether each cell is what is known of its number."""
    return all(np.array_equal(of_codes[codes[part]], cells[part]) for part in parts(codes.size))


def _first_alike(key: Words) -> Places:
    """The first row that has the key of each row, shape (rows,).

    Most rows find it in a table by the first bits of their key; only those whose place another key has taken are looked
    up one by one.
    """
    slots = (key >> _TABLE_SHIFT).astype(np.int64)
    table = np.empty(_TABLE_SIZE, dtype=np.int64)
    # Written backwards, so that the first row of each place stays.
    table[slots[::-1]] = np.arange(key.size - 1, -1, -1)
    holder = table[slots]
    others = np.flatnonzero(key[holder] != key)
    if others.size:
        codes = pd.factorize(key[others])[0]
        first = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
        holder[others] = others[first][codes]
    return holder
