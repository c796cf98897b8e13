"""Texts of the user in tables that a spreadsheet or a terminal may open: nothing in them is run."""

from __future__ import annotations

import re
from collections.abc import Iterable

# How a cell begins that a spreadsheet runs as a formula (OWASP ASVS 1.2.10), in letters of full width too.
_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?")
# They move the cursor or colour a terminal. Tabs and line ends are ordinary in a quoted cell.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def guarded(text: str) -> str:
    """A text without control characters, and with a `'` in front if a spreadsheet would take it for a formula.

    A number such as -3.2 stays one, and a lone sign is no formula.
    """
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    if text[:1] in _STARTS and len(text) > 1 and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def count_guarded(ids: Iterable[tuple[str, ...]]) -> int:
    """How many series have an id that is not written as it is."""
    return sum(any(guarded(text) != text for text in key) for key in ids)
