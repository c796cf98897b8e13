"""How a text file looked before it was decoded, for the profile of a table."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Look:
    """How the bytes of a text file are written.

    Args:
        encoding: that of its byte order mark, else the one that it was read in.
        byte_order_mark: whether it begins with one.
        line_ends: `LF`, `CRLF`, `CR` or `mixed`; `none` for a single line.
        quotes: whether there is a quote anywhere.
        compressed: whether it had to be unpacked.
        delimiter: between cells; empty before it is found.
        decimal: mark of the numbers; empty before it is found.
    """

    encoding: str
    byte_order_mark: bool
    line_ends: str
    quotes: bool
    compressed: bool
    delimiter: str = ""
    decimal: str = ""


def look_of(data: bytes, encoding: str, *, packed: bool) -> Look:
    """Look at the bytes of a text file.

    Args:
        data: unpacked.
        encoding: that they are read in where they have no byte order mark.
        packed: whether they were compressed.
    """
    found = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    return Look(found or encoding, found is not None, _line_ends(data), b'"' in data, packed)


def _line_ends(data: bytes) -> str:
    # In two or four bytes a character, the other bytes of a line end are zero.
    if b"\r" not in data:
        return "LF" if b"\n" in data else "none"
    carriage, feeds = data.count(b"\r"), data.count(b"\n")
    both = data.count(b"\r\n") or data.count(b"\r\0\n") or data.count(b"\r\0\0\0\n")
    kinds = {"CRLF": both, "CR": carriage - both, "LF": feeds - both}
    present = [kind for kind, count in kinds.items() if count > 0]
    return present[0] if len(present) == 1 else "mixed"
