"""Texts of the user in tables that a spreadsheet or a terminal may open: nothing in them is run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tsforecast.io.messages import Note, warning
from tsforecast.safe_text import visible

# How a cell begins that a spreadsheet runs as a formula (OWASP ASVS 1.2.10), in letters of full width too.
_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?")

# They move the cursor, colour a terminal or end a line for some. Tabs and line ends are ordinary in a quoted cell.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def guarded(text: str) -> str:
    """A text without control characters, and with a `'` in front if a spreadsheet would take it for a formula.

    A number such as -3.2 stays one, and a lone sign is no formula.
    """
    if not text.isprintable():
        text = _CONTROL.sub("", visible(text))
    if text[:1] in _STARTS and len(text) > 1 and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def guarded_notes(ids: Iterable[tuple[str, ...]], path: str | Path | None) -> list[Note]:
    """What to say of ids that a forecast file does not hold as they are: in CSV, which spreadsheets open.

    Args:
        ids: of the series.
        path: of the file; None or `-` is CSV on stdout.
    """
    if path is not None and str(path) != "-" and Path(path).suffix.lower() != ".csv":
        return []
    changed = sum(any(guarded(text) != text for text in key) for key in ids)
    if not changed:
        return []
    some = "1 id begins like a formula or holds" if changed == 1 else f"{changed:,} ids begin like a formula or hold"
    return [warning(f"{some} control characters: written with a ' in front and without these")]
