"""The ways of writing a date that are known, told apart by their shape.

The shape of a text has `0` for every digit and `A` for every letter: `2024-01-31T06:00Z` has `0000-00-00A00:00A`. Dates
are read by these formats only; nothing is guessed row by row.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from functools import lru_cache

ISO = "iso"
YEAR = "%Y"
COMPACT_DAY = "%Y%m%d"
_SHAPE_OF = bytes.maketrans(
    (string.digits + string.ascii_letters).encode(),
    b"0" * len(string.digits) + b"A" * len(string.ascii_letters),
)
_ISO_SHAPE = re.compile(r"0000-00-00(?:[A ]00:00(?::00(?:\.0{1,9})?)?(?: ?(?:A|[+-]00(?::?00)?))?)?")
_ISO_OFFSET_SHAPE = re.compile(r".{11}.*?(?: ?(?:A|[+-]00(?::?00)?))$")

# Shapes of dates that name months, quarters or years: no time of day follows them.
_LONG_PERIODS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("0000", (YEAR,)),
    ("0000-00", ("%Y-%m",)),
    ("0000/00", ("%Y/%m",)),
    ("00/0000", ("%m/%Y",)),
    ("00-0000", ("%m-%Y",)),
    ("A{3,} 0000", ("%b %Y", "%B %Y")),
    ("0000 A{3,}", ("%Y %b", "%Y %B")),
    ("AAA-0000", ("%b-%Y",)),
    ("0000-AAA", ("%Y-%b",)),
    ("AAA-00", ("%b-%y",)),
    ("0000A0", ("%YQ%q",)),
    ("0000 A0", ("%Y Q%q",)),
    ("0000-A0", ("%Y-Q%q",)),
    ("A0 0000", ("Q%q %Y",)),
    ("A0-0000", ("Q%q-%Y",)),
)
_DAYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("00000000", (COMPACT_DAY,)),
    ("0000-0{1,2}-0{1,2}", ("%Y-%m-%d",)),
    ("0000/0{1,2}/0{1,2}", ("%Y/%m/%d",)),
    (r"0000\.0{1,2}\.0{1,2}", ("%Y.%m.%d",)),
    ("0{1,2}/0{1,2}/0000", ("%d/%m/%Y", "%m/%d/%Y")),
    ("0{1,2}-0{1,2}-0000", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"0{1,2}\.0{1,2}\.0000", ("%d.%m.%Y", "%m.%d.%Y")),
    ("0{1,2}/0{1,2}/00", ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d")),
    ("0{1,2}-0{1,2}-00", ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d")),
    (r"0{1,2}\.0{1,2}\.00", ("%d.%m.%y", "%m.%d.%y", "%y.%m.%d")),
    ("0{1,2} A{3,} 0000", ("%d %b %Y", "%d %B %Y")),
    ("0{1,2}-AAA-0000", ("%d-%b-%Y",)),
    ("0{1,2}-AAA-00", ("%d-%b-%y",)),
    ("A{3,} 0{1,2}, 0000", ("%b %d, %Y", "%B %d, %Y")),
)
_TIMES = (
    ("", ""),
    (" 0{1,2}:00", " %H:%M"),
    (" 0{1,2}:00:00", " %H:%M:%S"),
    (" 0{1,2}:00 AA", " %I:%M %p"),
    (" 0{1,2}:00:00 AA", " %I:%M:%S %p"),
)
_FORMATS = tuple((re.compile(shape), formats) for shape, formats in _LONG_PERIODS) + tuple(
    (re.compile(shape + clock_shape), tuple(text + clock for text in formats))
    for shape, formats in _DAYS
    for clock_shape, clock in _TIMES
)


def shapes(texts: Sequence[str]) -> list[str]:
    """The shape of each text."""
    joined = "\0".join(texts).encode().translate(_SHAPE_OF).decode()
    return joined.split("\0") if texts else []


@lru_cache(maxsize=4096)
def formats_of(shape: str) -> tuple[str, ...]:
    """The formats that a text of this shape may be written in; `(ISO,)` for ISO 8601, empty for no date."""
    if _ISO_SHAPE.fullmatch(shape):
        return (ISO,)
    for pattern, formats in _FORMATS:
        if pattern.fullmatch(shape):
            return formats
    return ()


@lru_cache(maxsize=4096)
def has_offset(shape: str) -> bool:
    """Whether an ISO shape ends in `Z` or an offset such as `+05:30`."""
    return _ISO_OFFSET_SHAPE.fullmatch(shape) is not None


def is_stamp_like(text: str) -> bool:
    """Whether a text is shaped like a date and is no plain number."""
    (shape,) = shapes([text])
    return not text.isdigit() and bool(formats_of(shape))


def iso_format(text: str, shape: str) -> str:
    """The strftime format of an ISO 8601 text; `%:z` stands for an offset such as `+05:30`."""
    if len(text) <= 10:
        return "%Y-%m-%d"
    clock = {5: "%H:%M", 8: "%H:%M:%S"}.get(len(shape[11:].split("+")[0].split("-")[0].rstrip("A ")), "")
    offset = "" if not has_offset(shape) else "Z" if shape.endswith("A") else "%:z"
    return f"%Y-%m-%d{text[10]}{clock or '%H:%M:%S.%f'}{offset}"
