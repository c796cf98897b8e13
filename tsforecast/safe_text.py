"""Texts of the user as messages and outputs can hold them: of bounded length, and without what no output can say."""

from __future__ import annotations

import re

_VALUE, _SHOWN = 500, 60
_QUOTED = re.compile(rf"'([^']{{{_SHOWN}}})([^']{{30,}})'")
_SURROGATE = re.compile("[\ud800-\udfff]")

# How a cell begins that a spreadsheet runs as a formula (OWASP ASVS 1.2.10), in letters of full width too.
_FORMULA_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?")

# They move the cursor, colour a terminal or end a line for some. Tabs and line ends are ordinary in a quoted cell.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def bounded(text: str, most: int = 2000) -> str:
    """A message of at most `most` characters: long values in quotes are cut first, then the middle of the text.

    Args:
        text: the message; a short one stays as it is.
        most: characters, at least 100.
    """
    if len(text) > _VALUE:
        text = _QUOTED.sub(lambda match: f"'{match[1]}...' ({len(match[2]):,} more characters)", text)
    if len(text) <= most:
        return text
    kept = (most - 50) // 2
    return f"{text[:kept]} ... ({len(text) - 2 * kept:,} characters left out) ... {text[-kept:]}"


def shown(value: object) -> str:
    """A value by itself: its first characters, and how many more there are."""
    text = str(value)
    return text if len(text) <= _SHOWN + 30 else f"{text[:_SHOWN]}... ({len(text) - _SHOWN:,} more characters)"


def visible(text: str) -> str:
    """A text in which bytes of a file name that are not UTF-8 read as \\xe9, so that it can be written as UTF-8."""
    return text if text.isascii() else _SURROGATE.sub(_escaped, text)


def printable(text: str) -> str:
    """A text on one line without control characters, which would move a cursor and are an error in XML."""
    return " ".join("".join(c for c in word if c.isprintable()) for word in visible(str(text)).split())


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def guarded(text: str) -> str:
    """A text without control characters, and with a `'` in front if a spreadsheet would take it for a formula.

    A number such as -3.2 stays one, and a lone sign is no formula.
    """
    if not text.isprintable():
        text = _CONTROL.sub("", visible(text))
    if text[:1] in _FORMULA_STARTS and len(text) > 1 and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
