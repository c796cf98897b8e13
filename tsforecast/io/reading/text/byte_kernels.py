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


# A buffer must begin as many bytes before its first cell.
MOST_DIGITS = 2 * WORD
_LARGEST_EXACT = np.uint64(1 << 53)
_POWERS = np.array([10**size for size in range(MOST_DIGITS + 2)], dtype=np.uint64)
_MINUS = ord("-")


def _each_byte(value: int) -> np.uint64:
    return np.uint64(value * 0x0101010101010101)


_ZEROS, _DOTS, _LOW, _HIGH = (_each_byte(value) for value in (ord("0"), ord("."), 0x7F, 0x80))
_OVER_NINE = _each_byte(0x80 - 10)
_DOT_TO_ZERO = np.uint64(ord(".") ^ ord("0"))

# The last bytes of a little-endian word: none of them, one, ..., all eight.
_LAST_BYTES = np.array([((1 << (8 * size)) - 1) << (64 - 8 * size) for size in range(WORD + 1)], dtype=np.uint64)
_SEVEN, _EIGHT, _SIXTEEN, _HALF = (np.uint64(size) for size in (7, 8, 16, 32))
_TEN, _PAIRS = np.uint64(10), np.uint64(0x000000FF000000FF)
_FIRST_PAIRS, _LAST_PAIRS = np.uint64(100 + (1_000_000 << 32)), np.uint64(1 + (10_000 << 32))


def read_numbers(letters: Bytes, starts: Places, lengths: Places) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read the cells that are written as digits, with a minus and a decimal point or without.

    Args:
        letters: the bytes, with MOST_DIGITS more before the first cell.
        starts: first byte of each cell, shape (rows,).
        lengths: bytes of each cell, shape (rows,).

    Returns:
        Values, and which cells were read; both of shape (rows,). Others may be numbers as well, written otherwise.
    """
    values, known = np.empty(starts.size), np.empty(starts.size, dtype=bool)
    view = words_at(letters)
    for part in parts(starts.size):
        minus = letters[starts[part]] == _MINUS
        values[part], known[part] = _read(view, starts[part] + lengths[part], lengths[part] - minus)
        np.negative(values[part], out=values[part], where=minus)
    return values, known


def _read(view: Words, ends: Places, sizes: Places) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Numbers of `sizes` digits and points before `ends`."""
    low, dots, decimals, known = _digits(view[ends - WORD], np.clip(sizes, 0, WORD))
    number = low
    if int(sizes.max()) > WORD:
        high, more_dots, more_decimals, more_known = _digits(view[ends - MOST_DIGITS], np.clip(sizes - WORD, 0, WORD))
        number = high * _POWERS[WORD] + low
        known &= more_known
        decimals = np.where(more_dots, more_decimals + WORD, decimals)
        dots = dots + more_dots
    known &= (dots <= 1) & (sizes > dots) & (sizes <= MOST_DIGITS)
    if dots.any():
        # The point was read as a zero: take its digit out.
        above = number // _POWERS[decimals + 1]
        number = np.where(dots > 0, number - above * (_POWERS[decimals + 1] - _POWERS[decimals]), number)
        known &= number < _LARGEST_EXACT
        return number / _POWERS[decimals].astype(np.float64), known
    return number.astype(np.float64), known & (number < _LARGEST_EXACT)


def _digits(word: Words, sizes: Places) -> tuple[Words, NDArray[np.uint8], NDArray[np.intp], NDArray[np.bool_]]:
    """The last bytes of words as numbers, a point counting as a zero.

    Returns:
        The numbers, how many points there are, how many digits stand behind the last one, and whether there is nothing
        but digits and points.
    """
    kept = _LAST_BYTES[sizes]
    word = (word & kept) | (_ZEROS & ~kept)
    apart = word ^ _DOTS
    # The high bit of each byte that is a point.
    points = ~(((apart & _LOW) + _LOW) | apart | _LOW)
    dots = np.bitwise_count(points)
    word ^= (points >> _SEVEN) * _DOT_TO_ZERO
    word ^= _ZEROS
    known = ((word + _OVER_NINE) | word) & _HIGH == 0
    decimals = np.where(dots == 1, WORD - 1 - (np.bitwise_count(points - np.uint64(1)) >> 3).astype(np.intp), 0)
    word = word * _TEN + (word >> _EIGHT)
    word = ((word & _PAIRS) * _FIRST_PAIRS + ((word >> _SIXTEEN) & _PAIRS) * _LAST_PAIRS) >> _HALF
    return word, dots, decimals, known
