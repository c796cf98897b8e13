"""Columns as numbers: what counts as a number or as missing, and what a column holds."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.io.column import Column, TextColumn, is_id_name, words
from tsforecast.io.reading.dressed import is_missing_word, missing_said, undress
from tsforecast.io.reading.durations import read_durations

MISSING_TOKENS = ("", "NA", "NaN", "null", "None", "-", "?", "#N/A", "n/a")
MISSING_SPELLINGS = frozenset(
    spelling for token in MISSING_TOKENS for spelling in (token, token.lower(), token.upper(), token.title())
)
_NUMBER = {
    ".": re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]+)?"),
}
_THOUSANDS = (",", ".", " ", "'")
_ODD_SIGNS = {"\u2212": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"}
_PLAIN_SIGNS = str.maketrans(_ODD_SIGNS)

# Texts that are read at once: Python's texts and numbers take several times the memory of what they become.
_TEXTS_AT_ONCE = 1 << 20

_NUMBER_SHARE = 0.5
_FLAGS = (("true", "false"), ("yes", "no"), ("on", "off"), ("y", "n"), ("t", "f"))
_LEADING_ZERO = re.compile(r'(?:=")?0[0-9]')
CALENDAR = ("hour", "minute", "day", "month", "year", "weekday", "day of year", "quarter", "week")
_CALENDAR_WORDS = frozenset({*CALENDAR, "hr", "dow", "dayofweek", "dayofyear", "doy", "yr"})


@dataclass(frozen=True)
class NumberFormat:
    """How a table writes numbers."""

    decimal: str = "."  # mark of the decimals, `.` or `,`
    thousands: str = ""  # what may stand between groups of three digits; empty for nothing
    missing: tuple[str, ...] = ()  # texts that the user declares to mean a missing value


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers."""

    values: NDArray[np.float64]  # float64, shape (rows,); NaN where a cell is missing or not a number
    missing: NDArray[np.bool_]  # bool, shape (rows,); True where a cell holds a missing token
    wrong: NDArray[np.int64]  # rows whose cell is neither a finite number nor missing, in file order
    odd: int = 0  # numbers that were written with a Unicode minus or a no-break space


def is_number(text: str, decimal: str = ".") -> bool:
    """Whether a text is a plain decimal number: no hex, no `1_000`, no digits of other scripts, no inf."""
    return _NUMBER[decimal].fullmatch(text) is not None


def is_missing(text: str) -> bool:
    """Whether a text is one of `MISSING_TOKENS`, in any of their usual letter cases."""
    return text in MISSING_SPELLINGS


@dataclass(frozen=True, eq=False)
class TextNumbers:
    """The distinct texts of a column read as numbers; all arrays have the shape (texts,)."""

    cells: TextColumn  # the texts
    values: NDArray[np.float64]  # float64; NaN for a text that is missing or not a number
    missing: NDArray[np.bool_]  # True for a missing token
    odd: NDArray[np.bool_] | None = None  # which texts have a Unicode minus or no-break space; None where none has
    said: tuple[str, ...] = ()  # what was taken off the numbers, or taken for missing

    @property
    def is_wrong(self) -> NDArray[np.bool_]:
        """Which texts are neither a finite number nor missing."""
        return np.isnan(self.values) & ~self.missing

    def by_row(self) -> Numbers:
        """The numbers of all rows."""
        codes, wrong = self.cells.codes, self.is_wrong
        rows = np.flatnonzero(wrong[codes]) if wrong.any() else np.empty(0, dtype=np.int64)
        odd = 0 if self.odd is None else self.cells.count(self.odd & ~np.isnan(self.values))
        return Numbers(self.values[codes], self.missing[codes], rows, odd)


def parse_numbers(cells: TextColumn, number_format: NumberFormat = NumberFormat()) -> TextNumbers:
    """Read texts as numbers, exactly as Python would round them.

    A Unicode minus and no-break spaces stand for the plain ones; `Numbers.odd` counts them.
    """
    texts, odd = cells.texts, None
    if not all(map(str.isascii, texts)):
        odd = np.array([any(sign in text for sign in _ODD_SIGNS) for text in texts], dtype=bool)
        texts = [plain_signs(text) for text in texts]
    if number_format.thousands:
        texts = [_ungrouped(text.strip(), number_format) for text in texts]
    values, missing = parse_texts(texts, number_format.decimal)
    if number_format.missing:
        # Tokens that are numbers are left to `declared_missing`, which compares them as numbers.
        declared = np.array([text.strip() in number_format.missing for text in cells.texts], dtype=bool)
        missing = missing | (declared & np.isnan(values))
    return TextNumbers(cells, values, missing, odd)


def parse_texts(texts: list[str], decimal: str = ".") -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of texts, NaN for all that is no finite number, and which texts are missing; both of shape (texts,)."""
    parts = [
        _parse_part(np.array(texts[start : start + _TEXTS_AT_ONCE], dtype=object), decimal)
        for start in range(0, max(len(texts), 1), _TEXTS_AT_ONCE)
    ]
    values, missing = (np.concatenate(part) for part in zip(*parts, strict=True))
    return values, missing


def _parse_part(texts: NDArray[np.object_], decimal: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    missing = np.array([text in MISSING_SPELLINGS for text in texts], dtype=bool)
    numbers = _parse_plain(texts[~missing], decimal)
    if numbers is None:
        return _parse_each(texts, decimal)
    values = np.full(missing.size, np.nan)
    values[~missing] = np.where(np.isfinite(numbers), numbers, np.nan)
    return values, missing


def _parse_plain(texts: NDArray[np.object_], decimal: str) -> NDArray[np.float64] | None:
    """All texts at once, where they hold nothing but the characters of a number; None otherwise."""
    joined = "\0".join(texts)
    allowed = f"0123456789+-eE{decimal}\0".encode()
    # Python's float() also takes "1_000", "inf" and Arabic digits: their characters are kept out here.
    if not joined.isascii() or joined.encode().translate(None, allowed):
        return None
    if decimal == ",":
        texts = np.array(joined.replace(",", ".").split("\0"), dtype=object) if texts.size else texts
    try:
        return texts.astype(np.float64)
    except ValueError:
        return None


def _parse_each(texts: NDArray[np.object_], decimal: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One text at a time: for columns with blanks round the numbers, or with text among them."""
    # Not `strip()`, which takes no-break spaces away as well: parse_numbers counts these.
    stripped = [str(text).strip(string.whitespace) for text in texts]
    numbers = np.array(
        [float(text.replace(",", ".")) if is_number(text, decimal) else np.nan for text in stripped],
        dtype=np.float64,
    )
    missing = np.array([is_missing(text) for text in stripped], dtype=bool)
    return np.where(np.isfinite(numbers), numbers, np.nan), missing


def plain_signs(text: str) -> str:
    """The text with a plain minus, plain spaces and plain apostrophes."""
    return text if text.isascii() else text.translate(_PLAIN_SIGNS)


def choose_decimal(decimal: str | None, thousands: str | None) -> str | None:
    """The decimal mark that two options leave; None where it is to be found.

    Raises:
        OptionError: an unusable thousands separator, or one character for both.
    """
    if thousands is None:
        return decimal
    if thousands not in _THOUSANDS:
        raise OptionError(f"the thousands separator must be a comma, point, blank or apostrophe, not {thousands!r}")
    if thousands == decimal:
        raise OptionError(f"{thousands!r} cannot separate both decimals and thousands")
    return decimal or {",": ".", ".": ","}.get(thousands)


def _ungrouped(text: str, number_format: NumberFormat) -> str:
    """A number without its thousands separators; a text whose groups are not all of three digits as it is."""
    mark = number_format.thousands
    return text.replace(mark, "") if mark in text and is_grouped(text, number_format.decimal, mark) else text


def is_grouped(text: str, decimal: str, thousands: str) -> bool:
    """Whether a text is a number in groups of three digits."""
    return _grouped(decimal, thousands).fullmatch(text) is not None


@lru_cache
def _grouped(decimal: str, thousands: str) -> re.Pattern[str]:
    mark, point = re.escape(thousands), re.escape(decimal)
    return re.compile(rf"[+-]?[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+(?:{point}[0-9]*)?")


def shows_decimals(text: str, mark: str) -> bool:
    """Whether the mark in a number can only part its decimals: `0.5`, `1.25`; not so in `1.234`."""
    return mark in text and not is_grouped(text, mark, mark)


@dataclass(frozen=True, eq=False)
class Content:
    """What a column holds that is not the time."""

    column: Column  # the cells
    # `number` also for numbers with some text among them, `code` for digits with leading zeros or in a column named
    # like an id, `flag` for true and false, `empty` where all cells are missing
    kind: Literal["number", "code", "flag", "text", "empty"]
    read: Callable[[], Numbers]  # reads the cells as numbers
    said: tuple[str, ...] = ()  # what was taken off the numbers, or taken for missing

    @cached_property
    def numbers(self) -> Numbers:
        """The cells as numbers; most columns of texts are never asked for them."""
        return self.read()


def read_content(column: Column, number_format: NumberFormat) -> Content:
    """Find out what a column holds."""
    typed, plain, named_like_id = column.typed, column.plain, is_id_name(column.name)
    if typed is not None and pd.api.types.is_numeric_dtype(typed.dtype) and typed.dtype.kind != "b":
        values = typed.to_numpy(dtype=np.float64, na_value=np.nan)
        infinite = np.isinf(values)
        numbers = Numbers(np.where(infinite, np.nan, values), np.isnan(values), np.flatnonzero(infinite))
        filled_kind: Literal["code", "number"] = "code" if named_like_id else "number"
        return Content(column, "empty" if numbers.missing.all() else filled_kind, lambda: numbers)
    if plain is not None and not plain.zero_led and not named_like_id:
        missing = np.isnan(plain.values)
        if not missing.all():
            return Content(column, "number", lambda: Numbers(plain.values, missing, np.empty(0, dtype=np.int64)))
    found = parse_numbers(column.texts, number_format)
    if not found.is_wrong.any():
        return Content(column, _kind_of(column, found), found.by_row, found.said)
    if holds_texts(column):
        found = _undressed(found, number_format)
    kind = _kind_of(column, found)
    return (_lasting(column, found) if kind == "text" else None) or Content(column, kind, found.by_row, found.said)


def holds_texts(column: Column) -> bool:
    """Whether the cells are texts: those of a text file, or of a column that is typed so."""
    return column.typed is None or pd.api.types.is_string_dtype(column.typed.dtype)


def as_flags(content: Content) -> Content | None:
    """A column of two words such as yes and no, as 1 and 0; None for any other.

    Besides true and false, both words must stand in it.
    """
    cells = content.column.texts
    texts = [text.strip().lower() for text in cells.texts]
    words_only = np.array([is_missing_word(text) for text in texts], dtype=bool)
    missing = words_only | np.array([is_missing(text) for text in texts], dtype=bool)
    words_found = {text for text, gone in zip(texts, missing, strict=True) if not gone}
    for yes, no in _FLAGS:
        if words_found and words_found <= {yes, no} and (yes == "true" or len(words_found) == 2):
            values = np.where(missing, np.nan, [float(text == yes) for text in texts])
            said = missing_said(cells.texts, np.bincount(cells.codes), np.flatnonzero(words_only).tolist())
            said.insert(0, f"'{yes}' as 1 and '{no}' as 0")
            return Content(content.column, "flag", TextNumbers(cells, values, missing).by_row, tuple(said))
    return None


def _undressed(found: TextNumbers, number_format: NumberFormat) -> TextNumbers:
    """The numbers with those in company, such as `$5`, and without the usual words for a missing value."""

    def parse(texts: list[str]) -> NDArray[np.float64]:
        return parse_numbers(TextColumn(np.empty(0, dtype=np.int32), texts), number_format).values

    texts = [plain_signs(text) for text in found.cells.texts]
    counts = np.bincount(found.cells.codes, minlength=len(texts))
    bare = undress(texts, found.values, found.missing, counts, parse)
    if bare is None:
        return found
    undressed = replace(found, values=bare.values, missing=bare.missing, said=bare.said)
    return undressed if undressed.cells.count(undressed.is_wrong) <= _NUMBER_SHARE * undressed.cells.rows else found


def _lasting(column: Column, found: TextNumbers) -> Content | None:
    """A column of durations; as texts, which are read as numbers where it is named, if they may be times of day."""
    if np.any(~np.isnan(found.values)):
        return None
    wrong = np.flatnonzero(found.is_wrong)
    durations = read_durations(column.name, [found.cells.texts[row] for row in wrong])
    if durations is None:
        return None
    values = found.values.copy()
    values[wrong] = durations.seconds
    read = replace(found, values=values, said=(*found.said, durations.said))
    if read.cells.count(read.is_wrong) > _NUMBER_SHARE * read.cells.rows:
        return None
    return Content(column, "number" if durations.sure else "text", read.by_row, read.said)


def _kind_of(column: Column, found: TextNumbers) -> Literal["number", "code", "flag", "text", "empty"]:
    filled, wrong = found.cells.count(~found.missing), found.cells.count(found.is_wrong)
    if not filled:
        return "code" if is_id_name(column.name) and found.cells.texts != [""] else "empty"
    if wrong <= _NUMBER_SHARE * filled:
        return "code" if _is_code(column.name, found) else "number"
    flags = {text.strip().lower() for text in found.cells.texts if not is_missing(text.strip())} <= set(_FLAGS[0])
    return "flag" if flags else "text"


def _is_code(name: str, found: TextNumbers) -> bool:
    """Whether digits name something rather than count it: `007`, or a column called `store_id`."""
    if is_id_name(name):
        return True
    if found.is_wrong.any() or words(name) & _CALENDAR_WORDS:
        return False
    whole = np.all(np.mod(found.values[~found.missing], 1) == 0)
    return bool(whole) and any(_LEADING_ZERO.match(text) for text in found.cells.texts)
