"""Numbers and missing values in the cells of a column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

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

# Rows that are read at once: Python's texts and numbers take several times the memory of what they become.
_PART = 1 << 20

Texts: TypeAlias = "pd.Series[str]"


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
    parts = [_parse_part(texts.iloc[start : start + _PART], decimal) for start in range(0, len(texts), _PART)]
    if not parts:
        return Numbers(np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=np.int64))
    values = np.concatenate([part[0] for part in parts])
    missing = np.concatenate([part[1] for part in parts])
    return Numbers(values, missing, np.flatnonzero(np.isnan(values) & ~missing))


def _parse_part(texts: Texts, decimal: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values, NaN for all that is no finite number, and which cells are missing."""
    missing = texts.isin(_MISSING_SPELLINGS).to_numpy(dtype=bool)
    present = texts.to_numpy(dtype=object)[~missing]
    numbers = _parse_plain(present, decimal)
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


def _parse_each(texts: Texts, decimal: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One distinct text at a time: for columns with blanks round the numbers, or with text among them."""
    codes, distinct = pd.factorize(texts)
    stripped = [str(text).strip() for text in distinct]
    numbers = np.array(
        [float(text.replace(",", ".")) if is_number(text, decimal) else np.nan for text in stripped],
        dtype=np.float64,
    )
    missing = np.array([is_missing(text) for text in stripped], dtype=bool)
    return np.where(np.isfinite(numbers), numbers, np.nan)[codes], missing[codes]
