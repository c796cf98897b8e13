"""Numbers and missing values in the cells of a column."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING_TOKENS = ("", "NA", "NaN", "null", "None", "-", "?", "#N/A", "n/a")
_MISSING_SPELLINGS = frozenset(
    spelling for token in MISSING_TOKENS for spelling in (token, token.lower(), token.upper(), token.title())
)
_NUMBER = {
    ".": re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?(?:[0-9]+,?[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?"),
}

Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers.

    Args:
        values: float64, shape (rows,); NaN where a cell is missing or not a number.
        missing: bool, shape (rows,); True where a cell holds a missing token.
        wrong: rows whose cell is neither a finite number nor missing, in file order.
    """

    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    wrong: NDArray[np.int64]

    @property
    def filled(self) -> int:
        """Cells that are not missing."""
        return int(self.missing.size - self.missing.sum())


def is_number(text: str, decimal: str = ".") -> bool:
    """Whether a text is a plain decimal number: no hex, no `1_000`, no digits of other scripts, no inf."""
    return _NUMBER[decimal].fullmatch(text) is not None


def is_missing(text: str) -> bool:
    """Whether a text is one of `MISSING_TOKENS`, in any of their usual letter cases."""
    return text in _MISSING_SPELLINGS


def parse_numbers(texts: Texts, decimal: str = ".") -> Numbers:
    """Read texts as numbers, exactly as Python would round them.

    Args:
        texts: cells, shape (rows,).
        decimal: `.` or `,`.
    """
    missing = pd.Series(texts).isin(_MISSING_SPELLINGS).to_numpy(dtype=bool)
    values = np.full(texts.size, np.nan)
    present = texts[~missing]
    numbers = _parse_plain(present, decimal)
    if numbers is None:
        return _parse_each(texts, missing, decimal)
    values[~missing] = numbers
    wrong = np.flatnonzero(~missing)[~np.isfinite(numbers)]
    values[wrong] = np.nan
    return Numbers(values, missing, wrong)


def _parse_plain(texts: Texts, decimal: str) -> NDArray[np.float64] | None:
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


def _parse_each(texts: Texts, missing: NDArray[np.bool_], decimal: str) -> Numbers:
    """One distinct text at a time: for columns with blanks round the numbers, or with text among them."""
    codes, distinct = pd.factorize(texts)
    stripped = [str(text).strip() for text in distinct]
    parsed = np.array(
        [float(text.replace(",", ".")) if is_number(text, decimal) else np.nan for text in stripped],
        dtype=np.float64,
    )
    absent = np.array([is_missing(text) for text in stripped], dtype=bool)
    values = np.where(np.isfinite(parsed), parsed, np.nan)[codes]
    missing = absent[codes]
    return Numbers(values, missing, np.flatnonzero(np.isnan(values) & ~missing))
