"""Numbers and missing values in the cells of a column."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.io.text_column import TextColumn

MISSING_TOKENS = ("", "NA", "NaN", "null", "None", "-", "?", "#N/A", "n/a")
MISSING_SPELLINGS = frozenset(
    spelling for token in MISSING_TOKENS for spelling in (token, token.lower(), token.upper(), token.title())
)
_NUMBER = {
    ".": re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]+)?"),
}

# Texts that are read at once: Python's texts and numbers take several times the memory of what they become.
_PART = 1 << 20


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers.

    Args:
        values: float64, shape (rows,); NaN where a cell is missing or not a number.
        missing: bool, shape (rows,); True where a cell holds a missing token.
        wrong: rows whose cell is neither a finite number nor missing, in file order.
        odd: numbers that were written with a Unicode minus or a no-break space.
    """

    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    wrong: NDArray[np.int64]
    odd: int = 0

    @property
    def filled(self) -> int:
        """Cells that are not missing."""
        return int(self.missing.size - self.missing.sum())


def is_number(text: str, decimal: str = ".") -> bool:
    """Whether a text is a plain decimal number: no hex, no `1_000`, no digits of other scripts, no inf."""
    return _NUMBER[decimal].fullmatch(text) is not None


def is_missing(text: str) -> bool:
    """Whether a text is one of `MISSING_TOKENS`, in any of their usual letter cases."""
    return text in MISSING_SPELLINGS


@dataclass(frozen=True, eq=False)
class TextNumbers:
    """The distinct texts of a column read as numbers.

    Args:
        cells: the texts.
        values: float64, shape (texts,); NaN for a text that is missing or not a number.
        missing: bool, shape (texts,); True for a missing token.
        odd: which texts have a Unicode minus or no-break space, shape (texts,); None where none has.
    """

    cells: TextColumn
    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    odd: NDArray[np.bool_] | None = None

    @property
    def is_wrong(self) -> NDArray[np.bool_]:
        """Which texts are neither a finite number nor missing, shape (texts,)."""
        return np.isnan(self.values) & ~self.missing

    def count(self, texts: NDArray[np.bool_]) -> int:
        """Rows that hold one of some texts."""
        if texts.all() or not texts.any():
            return self.cells.rows if texts.any() else 0
        return int(np.count_nonzero(texts[self.cells.codes]))

    def by_row(self) -> Numbers:
        """The numbers of all rows."""
        codes, wrong = self.cells.codes, self.is_wrong
        rows = np.flatnonzero(wrong[codes]) if wrong.any() else np.empty(0, dtype=np.int64)
        odd = 0 if self.odd is None else self.count(self.odd & ~np.isnan(self.values))
        return Numbers(self.values[codes], self.missing[codes], rows, odd)


def parse_numbers(cells: TextColumn, decimal: str = ".", thousands: str = "") -> TextNumbers:
    """Read texts as numbers, exactly as Python would round them.

    A Unicode minus and no-break spaces stand for the plain ones; by `Numbers.odd` they can be told.

    Args:
        cells: texts, shape (rows,).
        decimal: `.` or `,`.
        thousands: what may stand between groups of three digits; empty for nothing.
    """
    texts, odd = cells.texts, None
    if not all(map(str.isascii, texts)):
        odd = np.array(list(map(has_odd_signs, texts)), dtype=bool)
        texts = [plain_signs(text) for text in texts]
    if thousands:
        texts = [ungrouped(text.strip(), decimal, thousands) for text in texts]
    return TextNumbers(cells, *parse_texts(texts, decimal), odd)


def parse_texts(texts: list[str], decimal: str = ".") -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of texts, NaN for all that is no finite number, and which texts are missing; both of shape (texts,)."""
    parts = [
        _parse_part(np.array(texts[start : start + _PART], dtype=object), decimal)
        for start in range(0, max(len(texts), 1), _PART)
    ]
    values, missing = (np.concatenate(part) for part in zip(*parts, strict=True))
    return values, missing


def _parse_part(texts: NDArray[np.object_], decimal: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values, NaN for all that is no finite number, and which texts are missing."""
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
    # A no-break space, which Python strips as well, is no plain number: whoever takes it for one has to say so.
    stripped = [str(text).strip(string.whitespace) for text in texts]
    numbers = np.array(
        [float(text.replace(",", ".")) if is_number(text, decimal) else np.nan for text in stripped],
        dtype=np.float64,
    )
    missing = np.array([is_missing(text) for text in stripped], dtype=bool)
    return np.where(np.isfinite(numbers), numbers, np.nan), missing


def with_tokens(found: TextNumbers, tokens: Sequence[str]) -> TextNumbers:
    """The numbers of a column in which these texts are missing; tokens that are numbers are left as they are."""
    if not tokens:
        return found
    declared = np.array([text.strip() in tokens for text in found.cells.texts], dtype=bool) & found.is_wrong
    return replace(found, missing=found.missing | declared)


THOUSANDS = (",", ".", " ", "'")
_ODD_SIGNS = {"\u2212": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"}
_PLAIN_SIGNS = str.maketrans(_ODD_SIGNS)
_NAMES = {",": "a comma", ".": "a point"}
_TYPED = {" ": '" "', "'": '"\'"'}
_LONG_WHOLE = re.compile(r"[+-]?[0-9]{4,}")

# A number in company: `$5`, `5%`, `5 kWh`, `1,234`.
_DRESSED = re.compile(r"[^\w\s]{0,3} ?[+-]?[0-9][0-9.,' _]*(?:\s?[^\d\s]{1,5})?")


def has_odd_signs(text: str) -> bool:
    """Whether a text has a Unicode minus, a no-break space or the like, as spreadsheets and web pages write them."""
    return not text.isascii() and any(sign in text for sign in _ODD_SIGNS)


def plain_signs(text: str) -> str:
    """The text with a plain minus, plain spaces and plain apostrophes."""
    return text if text.isascii() else text.translate(_PLAIN_SIGNS)


def choose_marks(decimal: str | None, thousands: str | None) -> str | None:
    """The decimal mark that two options leave; None where it is to be found.

    Raises:
        OptionError: an unusable thousands separator, or one character for both.
    """
    if thousands is None:
        return decimal
    if thousands not in THOUSANDS:
        raise OptionError(f"the thousands separator must be a comma, point, blank or apostrophe, not {thousands!r}")
    if thousands == decimal:
        raise OptionError(f"{thousands!r} cannot separate both decimals and thousands")
    return decimal or {",": ".", ".": ","}.get(thousands)


def ungrouped(text: str, decimal: str, thousands: str) -> str:
    """A number without its thousands separators; a text whose groups are not all of three digits as it is."""
    if not thousands or thousands not in text:
        return text
    return text.replace(thousands, "") if _grouped(decimal, thousands).fullmatch(text) else text


@lru_cache
def _grouped(decimal: str, thousands: str) -> re.Pattern[str]:
    mark, point = re.escape(thousands), re.escape(decimal)
    return re.compile(rf"[+-]?[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+(?:{point}[0-9]*)?")


def shows_decimals(text: str, mark: str) -> bool:
    """Whether the mark in a number can only part its decimals: `0.5`, `1.25`; not so in `1.234`."""
    return mark in text and not _grouped(mark, mark).fullmatch(text)


def may_group(texts: Sequence[str], mark: str) -> bool:
    """Whether the decimal mark of a column may as well separate thousands.

    Numbers with three decimals are common, so it is suspected only beside numbers without it, none of which has more
    than three digits.

    Args:
        texts: the distinct numbers of the column, none of which shows decimals.
        mark: `.` or `,`.
    """
    plain = [text for text in texts if mark not in text]
    return 0 < len(plain) < len(texts) and not any(_LONG_WHOLE.fullmatch(text) for text in plain)


def is_dressed(text: str) -> bool:
    """Whether a text is a number in company, such as a currency, a unit or a per cent sign."""
    return _DRESSED.fullmatch(text.strip()) is not None


def mark_hint(text: str) -> str:
    """How to read a number that has a mark whose meaning must be said; empty where it has none."""
    text = plain_signs(text)
    for mark in THOUSANDS:
        for point in (".", ","):
            if point == mark or mark not in text or not _grouped(point, mark).fullmatch(text):
                continue
            option = f"--thousands {_TYPED.get(mark, mark)}"
            if mark in ".," and text.count(mark) == 1 and point not in text:
                return f"if {_NAMES[mark]} separates thousands add {option}, if it marks decimals add --decimal {mark}"
            return f"write numbers without thousands separators, or add {option}"
    return "for a decimal comma add --decimal ," if "," in text else ""
