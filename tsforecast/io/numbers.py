"""Numbers and missing values in the cells of a column."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.cells import Cells
from tsforecast.io.number_marks import has_odd_signs, plain_signs, ungrouped

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

    cells: Cells
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


def parse_numbers(cells: Cells, decimal: str = ".", thousands: str = "") -> TextNumbers:
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
