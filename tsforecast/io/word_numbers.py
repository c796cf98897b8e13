"""Plain decimal numbers read on the bytes of a text, eight digits at once.

A cell of up to 16 characters is a whole number, its digits, and a power of ten that they are divided by. Both are exact
as floats, hence so is their quotient: the very number that Python would read (Clinger, 1990).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.word_codes import WORD, Bytes, Places, Words, parts, words_at

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
