"""The fast way to read a block of a text: on its bytes with NumPy.

It takes blocks without quotes in which each line has as many cells as the header. All others are left to the careful
way, which gives the same result. Cells are numbered and read as words of eight bytes; of equal cells, only one becomes
a text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.column import PlainNumbers
from tsforecast.io.reading.numbers import parse_texts
from tsforecast.io.reading.text.careful import NEWLINE, Block, BlockTexts, Edges, Text, numbers_of

_ZERO, _DIGITS = ord("0"), 10

# Bytes that are searched for separators together, so that what is computed of them stays in the cache.
_SEARCHED_BYTES = 1 << 19

# With more texts than this share of the rows that are no short plain decimals, pandas is faster.
_OTHER_SHARE = 0.1

# Cells of more bytes are not looked at here. A buffer must go on for as many bytes behind its last cell.
MOST_BYTES = 64
WORD = 8

# Rows that are looked at together, so that what is computed of them stays in the cache.
_ROWS = 1 << 15

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
Offsets = NDArray[np.int64]

# A buffer must begin as many bytes before its first cell.
MOST_DIGITS = 2 * WORD
_LARGEST_EXACT = np.uint64(1 << 53)
_POWERS = np.array([10**size for size in range(MOST_DIGITS + 2)], dtype=np.uint64)
_MINUS = ord("-")


@dataclass(frozen=True)
class _Bounds:
    """Where the cells of a block stand."""

    letters: NDArray[np.uint8]  # the block, with MOST_DIGITS bytes before and MOST_BYTES behind it
    ends: Offsets  # byte after each cell, shape (rows, width)

    def column(self, position: int) -> tuple[Offsets, Offsets]:
        """First byte and length of each cell of a column, both of shape (rows,)."""
        above = np.concatenate([[MOST_DIGITS - 1], self.ends[:-1, -1]])
        starts = (self.ends[:, position - 1] if position else above) + 1
        return starts, self.ends[:, position] - starts

    def whole(self) -> bytes:
        """The block."""
        return self.letters[MOST_DIGITS : int(self.ends[-1, -1]) + 1].tobytes()


def read_fast(text: Text, edges: Edges, texts: Collection[int], numbers: Collection[int]) -> Block | None:
    """Read some columns of a block without quotes as texts, and some as numbers, if that is what they hold.

    Returns:
        None where a line has too many or too few cells, none with anything in it, or repeats the header.
    """
    bounds = _find_bounds(text, edges)
    if bounds is None or _has_other_lines(bounds, text):
        return None
    coded = {position: _read_texts(bounds, position) for position in texts}
    plain = {position: _read_numbers(bounds, position, text) for position in numbers}
    return Block(len(bounds.ends), None, len(bounds.ends), 0, (), coded, plain)


def _find_bounds(text: Text, edges: Edges) -> _Bounds | None:
    """The cells of the block; None where a line has too many or too few."""
    letters = _with_margins(text.data, edges)
    found, n_lines = [], 0
    for start in range(MOST_DIGITS, letters.size - MOST_BYTES, _SEARCHED_BYTES):
        part = letters[start : min(start + _SEARCHED_BYTES, letters.size - MOST_BYTES)]
        is_newline = part == NEWLINE
        n_lines += int(np.count_nonzero(is_newline))
        found.append(np.flatnonzero((part == ord(text.delimiter)) | is_newline) + start)
    separators = np.concatenate(found)
    if separators.size != n_lines * text.width:
        return None
    ends = separators.reshape(-1, text.width)
    # As many lines as rows, and each row ends with one: no line ends within a row.
    return _Bounds(letters, ends) if np.all(letters[ends[:, -1]] == NEWLINE) else None


def _has_other_lines(bounds: _Bounds, text: Text) -> bool:
    """Whether a line has only empty cells, or is that of the header."""
    ends = bounds.ends[:, -1]
    sizes = np.diff(ends, prepend=MOST_DIGITS - 1)
    if bool((sizes == text.width).any()):
        return True
    alike = ends[sizes == len(text.header)] + 1 - len(text.header)
    for offset, letter in enumerate(text.header):
        if not alike.size:
            return False
        alike = alike[bounds.letters[alike + offset] == letter]
    return bool(alike.size)


def _with_margins(data: bytes, edges: Edges) -> NDArray[np.uint8]:
    """The block with bytes before and behind it; a last line without an end gets one."""
    start, end = edges
    if start >= MOST_DIGITS and end + MOST_BYTES <= len(data):
        return np.frombuffer(data, np.uint8, end - start + MOST_DIGITS + MOST_BYTES, start - MOST_DIGITS)
    block = data[start:end]
    ending = b"" if block.endswith(b"\n") else b"\n"
    return np.frombuffer(bytes(MOST_DIGITS) + block + ending + bytes(MOST_BYTES), np.uint8)


def _read_texts(bounds: _Bounds, position: int) -> BlockTexts:
    starts, lengths = bounds.column(position)
    codes, first = _code(bounds, starts, lengths)
    return BlockTexts(codes, _cells(bounds, starts[first], lengths[first]))


def _code(bounds: _Bounds, starts: Offsets, lengths: Offsets) -> tuple[NDArray[np.int32], Offsets]:
    found = code_bytes(bounds.letters, starts, lengths)
    if found is not None:
        return found
    numbers = pd.factorize(np.array(_cells(bounds, starts, lengths), dtype=object))[0]
    return numbers.astype(np.int32), np.flatnonzero(np.diff(np.maximum.accumulate(numbers), prepend=-1))


def _cells(bounds: _Bounds, starts: Offsets, lengths: Offsets) -> list[bytes]:
    memory = bounds.letters.data
    return [bytes(memory[start:end]) for start, end in zip(starts.tolist(), (starts + lengths).tolist(), strict=True)]


def _read_numbers(bounds: _Bounds, position: int, text: Text) -> PlainNumbers | None:
    starts, lengths = bounds.column(position)
    values, known = _parse_digits(bounds.letters, starts, lengths)
    others = np.flatnonzero(~known)
    if others.size:
        codes, first = _code(bounds, starts[others], lengths[others])
        if first.size > _OTHER_SHARE * known.size:
            return numbers_of(bounds.whole(), text, (position,))[position]
        cells = _cells(bounds, starts[others[first]], lengths[others[first]])
        numbers, missing = parse_texts([cell.decode() for cell in cells])
        if np.any(np.isnan(numbers) & ~missing):
            return None
        values[others] = numbers[codes]
    whole = bool(np.all((np.rint(values) == values) | np.isnan(values)))
    return PlainNumbers(values, whole, whole and _zero_led(bounds.letters, starts))


def _zero_led(letters: NDArray[np.uint8], starts: Offsets) -> bool:
    first, second = letters[starts], letters[starts + 1]
    # Unsigned: what stands before the digits becomes a large number.
    return bool(np.any((first == _ZERO) & (second - np.uint8(_ZERO) < _DIGITS)))


def _words_at(letters: Bytes) -> Words:
    """The eight bytes from each byte on as a little-endian word: a view."""
    return np.ndarray((letters.size - WORD + 1,), dtype="<u8", buffer=letters.data, strides=(1,))


def _parts(rows: int) -> Iterator[slice]:
    """Rows in parts that fit the cache."""
    return (slice(start, start + _ROWS) for start in range(0, rows, _ROWS))


def code_bytes(letters: Bytes, starts: Offsets, lengths: Offsets) -> tuple[NDArray[np.int32], Offsets] | None:
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
    view, n_words = _words_at(letters), -(-int(lengths.max()) // WORD)
    words = np.empty((n_words, starts.size), dtype=np.uint64)
    for part in _parts(starts.size):
        _cut_words(view, starts[part], lengths[part], words[:, part])
    new = _differ_from_above(words, lengths)
    if new.size > _RUN_SHARE * starts.size:
        return _code_words(words, lengths)
    coded = _code_words(words[:, new], lengths[new])
    return coded and (np.repeat(coded[0], np.diff(np.append(new, starts.size))), new[coded[1]])


def _differ_from_above(words: Words, lengths: Offsets) -> Offsets:
    """The rows whose cell is another than that of the row above, the first row among them."""
    new = np.ones(lengths.size, dtype=bool)
    np.not_equal(lengths[1:], lengths[:-1], out=new[1:])
    for word in words:
        new[1:] |= word[1:] != word[:-1]
    return np.flatnonzero(new)


def _code_words(words: Words, lengths: Offsets) -> tuple[NDArray[np.int32], Offsets] | None:
    key = np.empty(lengths.size, dtype=np.uint64)
    for part in _parts(lengths.size):
        key[part] = _mixed(words[:, part], lengths[part])
    holder = _first_alike(key)
    first = np.flatnonzero(holder == np.arange(holder.size))
    numbers = np.empty(holder.size, dtype=np.int32)
    numbers[first] = np.arange(first.size, dtype=np.int32)
    codes = numbers[holder]
    # The key of a row says which text it is likely to hold: whether it does is looked up.
    alike = all(_alike(row, row[first], codes) for row in (*words, lengths))
    return (codes, first) if alike else None


def _cut_words(view: Words, starts: Offsets, lengths: Offsets, out: Words) -> None:
    """The bytes of cells as words, zeros behind their ends."""
    shortest = int(lengths.min())
    for number, word in enumerate(out):
        position = WORD * number
        word[:] = view[starts + position]
        if shortest < position + WORD:
            word &= _FIRST_BYTES[np.clip(lengths - position, 0, WORD)]


def _mixed(words: Words, lengths: Offsets) -> Words:
    key = lengths.astype(np.uint64) * _MIX
    for word in words:
        key ^= word
        key *= _MIX
        key ^= key >> _SHIFT
    return key


def _alike(cells: NDArray[Any], of_codes: NDArray[Any], codes: NDArray[np.int32]) -> bool:
    """Whether each cell is what is known of its number."""
    return all(np.array_equal(of_codes[codes[part]], cells[part]) for part in _parts(codes.size))


def _first_alike(key: Words) -> Offsets:
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


def _parse_digits(letters: Bytes, starts: Offsets, lengths: Offsets) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read the cells of a column that are digits with or without a minus and a decimal point.

    Returns:
        Values, and which cells were read; both of shape (rows,). Others may be numbers as well, written otherwise.
    """
    values, known = np.empty(starts.size), np.empty(starts.size, dtype=bool)
    view = _words_at(letters)
    for part in _parts(starts.size):
        minus = letters[starts[part]] == _MINUS
        values[part], known[part] = _read(view, starts[part] + lengths[part], lengths[part] - minus)
        np.negative(values[part], out=values[part], where=minus)
    return values, known


def _read(view: Words, ends: Offsets, sizes: Offsets) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
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


def _digits(word: Words, sizes: Offsets) -> tuple[Words, NDArray[np.uint8], NDArray[np.intp], NDArray[np.bool_]]:
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
