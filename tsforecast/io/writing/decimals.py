"""Columns of numbers as the text of rows, many at a time: each number is written as Python's `repr` writes it.

A number that is a decimal of few digits, as all rounded ones are, is taken apart by whole-number arithmetic on its
column, and tables give its digits in groups. What does not make the very same number again when it is put together (one
that is tiny or huge, or has too many digits) is written by `repr`, which takes ten times as long.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

# Four characters each. A zero byte stands for no character, so that all texts of a column have one width at first.
Words = NDArray[np.uint32]
_CHARACTERS = 4
_GROUP, _POINT_GROUP = 10**4, 10**3  # the point shares a word with the three digits behind it

# Decimals to take a column apart with, and the size below which at most 15 digits result: no two decimals of up to 15
# digits are the same float64, so that such a one, without its last zeros, is what `repr` finds.
_DECIMALS = ((11, 1e4), (7, 1e8), (3, 1e12))
_LEAST = 1e-4  # what is smaller `repr` writes with an exponent
_ROWS = 8192  # at once: what is worked on stays in the processor's cache


def number_rows(
    columns: Sequence[Numbers], labels: Sequence[str], end: str, *, not_finite: Callable[[float], str] = repr
) -> bytes:
    """Rows of numbers as text.

    Args:
        columns: one or more, each of shape (rows,).
        labels: what stands before the number of each column.
        end: what stands behind the last number of each row.
        not_finite: the text of a number that is not finite.

    Returns:
        Label, number, label, number, ..., end of each row, in UTF-8.
    """
    parts = (slice(first, first + _ROWS) for first in range(0, len(columns[0]), _ROWS))
    return b"".join(_rows([values[part] for values in columns], labels, end, not_finite) for part in parts)


def _rows(columns: Sequence[Numbers], labels: Sequence[str], end: str, not_finite: Callable[[float], str]) -> bytes:
    words: list[Words] = []
    for values, label in zip(columns, labels, strict=True):
        words += [*_constant(label), *_number_words(values, not_finite)]
    words += _constant(end)
    rows = np.empty((len(columns[0]), len(words)), np.uint32)
    for position, column in enumerate(words):
        rows[:, position] = column
    return rows.tobytes().translate(None, b"\0")


def _constant(text: str) -> list[Words]:
    """A text as words of shape ()."""
    data = text.encode()
    return list(np.frombuffer(data + bytes(-len(data) % _CHARACTERS), np.uint32))


def _number_words(values: Numbers, not_finite: Callable[[float], str]) -> list[Words]:
    """The texts of a column as words, each of shape (rows,)."""
    size = np.abs(values)
    top = float(size.max(initial=0.0, where=np.isfinite(size)))
    decimals, limit = next((pair for pair in _DECIMALS if top < pair[1]), _DECIMALS[-1])
    power = 10**decimals
    with np.errstate(over="ignore"):
        scaled = np.rint(size * power)
    plain = (scaled / power == size) & (size < limit) & ((size >= _LEAST) | (size == 0))
    digits = np.where(plain, scaled, 0.0).astype(np.int64)
    before = digits // power
    sign = np.where(np.signbit(values), *_constant("-\0\0\0\0"))
    words = [sign, *_before_point(before), *_after_point(digits - before * power, decimals)]
    odd = np.flatnonzero(~plain)
    if len(odd):
        texts = [repr(value) if math.isfinite(value) else not_finite(value) for value in values[odd].tolist()]
        _overwrite(words, odd, [text.encode() for text in texts])
    return words


def _before_point(whole: Whole) -> list[Words]:
    """The digits of whole numbers: of zero a single one, of others none before the first that counts."""
    table = _tables().leading
    words: list[Words] = []
    while True:
        higher = whole // _GROUP
        word = table[whole - higher * _GROUP + _GROUP * (higher > 0)]
        words.insert(0, np.where(whole > 0, word, 0) if words else word)
        if not higher.any():
            return words
        whole = higher


def _after_point(fraction: Whole, decimals: int) -> list[Words]:
    """The point and the digits of so many decimals: at least one, and none behind the last that counts."""
    tables, unit = _tables(), 10**decimals // _POINT_GROUP
    group = fraction // unit
    rest = fraction - group * unit
    words = [tables.point[group + _POINT_GROUP * (rest > 0)]]
    while rest.any():
        unit //= _GROUP
        group = rest // unit
        rest = rest - group * unit
        words.append(tables.trailing[group + _GROUP * (rest > 0)])
    return words


def _overwrite(words: list[Words], rows: NDArray[np.intp], texts: list[bytes]) -> None:
    """Put texts in place of some rows of a column, which grows as wide as they need."""
    wide = np.array(texts, dtype=f"S{_CHARACTERS * max(len(words), -(-max(map(len, texts)) // _CHARACTERS))}")
    for position, word in enumerate(wide.view(np.uint32).reshape(len(texts), -1).T):
        if position == len(words):
            words.append(np.zeros_like(words[0]))
        words[position][rows] = word


class _Tables(NamedTuple):
    """Groups of digits as words: first with the zeros left out that do not count, then with all of them.

    Args:
        leading: without the zeros before the digits, shape (20000,).
        trailing: without those behind them, shape (20000,).
        point: those behind the point, with it, shape (2000,).
    """

    leading: Words
    trailing: Words
    point: Words


@cache
def _tables() -> _Tables:
    number = np.arange(_GROUP)[:, None]
    every = (ord("0") + number // (1000, 100, 10, 1) % 10).astype(np.uint8)
    leading = np.where(number >= (1000, 100, 10, 0), every, 0)
    trailing = np.where(number % (10_000, 1000, 100, 10) > 0, every, 0)
    # Of 0012 the last three digits, behind the point; a single zero stays.
    point_every, point_trailing = every[:_POINT_GROUP].copy(), trailing[:_POINT_GROUP].copy()
    point_every[:, 0] = point_trailing[:, 0] = ord(".")
    point_trailing[0, 1] = ord("0")
    return _Tables(_words(leading, every), _words(trailing, every), _words(point_trailing, point_every))


def _words(*characters: NDArray[np.uint8]) -> Words:
    return np.ascontiguousarray(np.concatenate(characters), np.uint8).view(np.uint32)[:, 0]
