"""Columns as numbers: what counts as a number or as missing, what a column holds, and which values are refused."""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.io.column import Column, TextColumn, is_id_name, words
from tsforecast.io.messages import Note, counted, info, warning
from tsforecast.io.reading.dressed import undress
from tsforecast.safe_text import shown
from tsforecast.series.scaling import LARGEST

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
_MARK_NAMES = {".": "a point", ",": "a comma"}
_TYPED_MARKS = {" ": '" "', "'": '"\'"'}
_PLAIN_SIGNS = str.maketrans(_ODD_SIGNS)

# Texts that are read at once: Python's texts and numbers take several times the memory of what they become.
_TEXTS_AT_ONCE = 1 << 20

_NUMBER_SHARE = 0.5
_MOST_TOKENS, _TOKEN_ROWS = 5, 1000
_FLAGS = frozenset({"true", "false"})
_LEADING_ZERO = re.compile(r'(?:=")?0[0-9]')
CALENDAR = ("hour", "minute", "day", "month", "year", "weekday", "day of year", "quarter", "week")
_CALENDAR_WORDS = frozenset({*CALENDAR, "hr", "dow", "dayofweek", "dayofyear", "doy", "yr"})

# The squares of smaller values are zero as float64.
_LEAST = 1e-100
VALUE_HINT = "correct it or leave the cell empty; if the column holds no values, choose others with --target-col"


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


def mark_hint(text: str) -> str | None:
    """How to read a number that has a mark whose meaning must be said; None where it has none."""
    text = plain_signs(text).strip()
    for mark in _THOUSANDS:
        for point in _MARK_NAMES:
            if point == mark or not is_grouped(text, point, mark):
                continue
            option = f"--thousands {_TYPED_MARKS.get(mark, mark)}"
            if mark in _MARK_NAMES and text.count(mark) == 1 and point not in text:
                name = _MARK_NAMES[mark]
                return f"if {name} separates thousands add {option}, if it marks decimals add --decimal {mark}"
            if mark not in _MARK_NAMES and point == "," and point in text:
                option += " --decimal ,"
            return f"write numbers without thousands separators, or add {option}"
    return "for a decimal comma add --decimal ," if is_number(text, ",") and "," in text else None


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
    if typed is None and found.is_wrong.any():
        found = _undressed(found, number_format)
    return Content(column, _kind_of(column, found), found.by_row, found.said)


def _undressed(found: TextNumbers, number_format: NumberFormat) -> TextNumbers:
    """The numbers with those in company, such as `$5`, and without the usual words for a missing value."""

    def parse(texts: list[str]) -> NDArray[np.float64]:
        return parse_numbers(TextColumn(np.empty(0, dtype=np.int32), texts), number_format).values

    texts = [plain_signs(text) for text in found.cells.texts]
    bare = undress(texts, found.values, found.missing, found.cells.rows, parse)
    if bare is None:
        return found
    undressed = replace(found, values=bare.values, missing=bare.missing, said=bare.said)
    return undressed if undressed.cells.count(undressed.is_wrong) <= _NUMBER_SHARE * undressed.cells.rows else found


def _kind_of(column: Column, found: TextNumbers) -> Literal["number", "code", "flag", "text", "empty"]:
    filled, wrong = found.cells.count(~found.missing), found.cells.count(found.is_wrong)
    if not filled:
        return "code" if is_id_name(column.name) and found.cells.texts != [""] else "empty"
    if wrong <= _NUMBER_SHARE * filled:
        return "code" if _is_code(column.name, found) else "number"
    flags = {text.strip().lower() for text in found.cells.texts if not is_missing(text.strip())} <= _FLAGS
    return "flag" if flags else "text"


def _is_code(name: str, found: TextNumbers) -> bool:
    """Whether digits name something rather than count it: `007`, or a column called `store_id`."""
    if is_id_name(name):
        return True
    if found.is_wrong.any() or words(name) & _CALENDAR_WORDS:
        return False
    whole = np.all(np.mod(found.values[~found.missing], 1) == 0)
    return bool(whole) and any(_LEADING_ZERO.match(text) for text in found.cells.texts)


def check_values(targets: Sequence[Content]) -> list[Note]:
    """Refuse cells of value columns that are no number, too large, or too small.

    Returns:
        Notes on numbers that were written in an unusual way.

    Raises:
        DataError: the first such cell.
    """
    for content in targets:
        _check_numbers(content)
        _check_size(content)
    how = "written with a Unicode minus or no-break space: read as plain ones"
    taken = [
        warning(f"column '{content.column.name}' is read with {', '.join(content.said)}")
        for content in targets
        if content.said
    ]
    return taken + [
        warning(f"{counted(content.numbers.odd, 'number')} of column '{content.column.name}' {how}")
        for content in targets
        if content.numbers.odd
    ]


def _check_numbers(content: Content) -> None:
    wrong, column = content.numbers.wrong, content.column
    if not wrong.size:
        return
    row = int(wrong[0])
    text = column.cell_text(row)
    hint = mark_hint(text)
    if content.kind == "flag":
        hint = "write 1 and 0 for true and false"
    elif hint is None:
        hint = f"{VALUE_HINT}{_missing_hint(column, wrong)}"
    raise column.error(row, f"'{text}' is not a finite number{_more(wrong)}", hint, rows=wrong)


def _missing_hint(column: Column, wrong: NDArray[np.int64]) -> str:
    """The options that declare all wrong texts of a column to be missing; empty where they are too many."""
    tokens = list(dict.fromkeys(column.cell_text(int(row)).strip() for row in wrong[:_TOKEN_ROWS]))
    words_only = all(token.isalpha() for token in tokens)
    if (
        len(tokens) > _MOST_TOKENS
        or not (words_only or len(tokens) < len(wrong))
        or any("," in token for token in tokens)
    ):
        return ""
    flags = " ".join(f"--missing {shown(token) if token.isalnum() else shlex.quote(shown(token))}" for token in tokens)
    return f"; if {'it stands' if len(tokens) == 1 else 'they stand'} for a missing value, add {flags}"


def _check_size(content: Content) -> None:
    """Refuse numbers that overflow when they are scaled, and a column whose squares are all zero."""
    values, column = content.numbers.values, content.column
    if not values.size:
        return
    # Missing values pass, and no copy of the column is made.
    top = max(float(np.fmax.reduce(values)), -float(np.fmin.reduce(values)))
    if top > LARGEST:
        rows = np.flatnonzero(np.abs(values) > LARGEST)
        text = column.cell_text(int(rows[0]))
        message = f"'{text}' is too large: at most {LARGEST:g} can be forecast{_more(rows)}"
        raise column.error(int(rows[0]), message, "correct it, or divide the column by a constant", rows=rows)
    if 0 < top < _LEAST:
        row = int(np.nanargmax(np.abs(values)))
        message = f"'{column.cell_text(row)}' is too small, and no value of the column is larger"
        raise column.error(row, message, "multiply the column by a constant")


def _more(rows: NDArray[np.int64]) -> str:
    return f" (and {counted(rows.size - 1, 'more cell')} of this column)" if rows.size > 1 else ""


def declared_missing(
    values: NDArray[np.float64], columns: Sequence[Column], number_format: NumberFormat
) -> tuple[NDArray[np.float64], list[Note]]:
    """The values without those that the user declares to be missing, and how many cells each token stood in.

    Args:
        values: of the value columns, shape (rows, targets); cells with tokens that are texts are NaN already.
        columns: the value columns.
        number_format: the tokens, and how the numbers among them are written.
    """
    notes = []
    for token in number_format.missing:
        if is_number(token, number_format.decimal):
            equal = values == float(token.replace(",", "."))
            count = int(np.count_nonzero(equal))
            values = np.where(equal, np.nan, values)
        else:
            texts = [column.texts for column in columns if column.plain is None]
            count = sum(cells.count([text.strip() == token for text in cells.texts]) for cells in texts)
        found = info(f"{counted(count, 'value')} '{token}' read as missing")
        # A token that stands nowhere is a mistake of the user's, or the data have changed.
        notes.append(found if count else warning(f"no value is '{token}', which --missing declares"))
    return values, notes
