"""The ways of writing a date that are known, told apart by their shape.

The shape of a text has `0` for every digit and `A` for every letter: `2024-01-31T06:00Z` has `0000-00-00A00:00A`. Dates
are read by these formats only; nothing is guessed row by row.

Beside the directives of strftime there are `%q` for the quarter, `%:z` for an offset such as `+05:30`, and `%-m`, `%-d`
and the like for numbers without leading zeros. `epoch-s`, `epoch-ms`, `epoch-us` and `epoch-ns` are whole numbers since
1970 in UTC, `excel` is days since 1899-12-30. A tab stands between the columns of a time that is spread over several.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from functools import lru_cache

ISO = "iso"
YEAR = "%Y"
COMPACT_DAY = "%Y%m%d"
EXCEL = "excel"

# Nanoseconds in the unit of each kind of number since 1970.
EPOCHS = {"epoch-s": 10**9, "epoch-ms": 10**6, "epoch-us": 10**3, "epoch-ns": 1}

# Parts of a time that are written like any other whole number.
COUNTS = ("%Y", "%q", "%-m", "%-d", "%-H", "%-M", "%-S")
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
    ("A{4,}-0000", ("%B-%Y",)),
    ("0000 A{3,}", ("%Y %b", "%Y %B")),
    ("AAA-0000", ("%b-%Y",)),
    ("0000-AAA", ("%Y-%b",)),
    ("AAA-00", ("%b-%y",)),
    ("0000A0", ("%YQ%q",)),
    ("0000 A0", ("%Y Q%q",)),
    ("0000-A0", ("%Y-Q%q",)),
    ("A0 0000", ("Q%q %Y",)),
    ("A0-0000", ("Q%q-%Y",)),
    ("0000A00", ("%GW%V",)),
    ("0000 A00", ("%G W%V",)),
    ("0000-A00", ("%G-W%V",)),
    ("0000-A00-0", ("%G-W%V-%u",)),
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
    ("A{3,} 0{1,2} 0000", ("%b %d %Y", "%B %d %Y")),
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

# Whole numbers that are dates by their size only; whether a column may hold them is for the caller to judge.
_NUMBER_FORMATS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"00000(\.0+)?", (EXCEL,)),
    ("0{9}", ("epoch-s",)),
    ("0{10}", ("epoch-s", "%Y%m%d%H")),
    ("0{12}", ("epoch-ms", "%Y%m%d%H%M")),
    ("0{13}", ("epoch-ms",)),
    ("0{14}", ("%Y%m%d%H%M%S",)),
    ("0{15,16}", ("epoch-us",)),
    ("0{18,19}", ("epoch-ns",)),
)
_NUMBERS = tuple((re.compile(shape), formats) for shape, formats in _NUMBER_FORMATS)


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
def number_formats_of(shape: str) -> tuple[str, ...]:
    """The formats that a number of this shape is a date in, if it is one: such as `epoch-s` for ten digits."""
    return next((formats for pattern, formats in _NUMBERS if pattern.fullmatch(shape)), ())


def common_number_formats(all_shapes: Sequence[str]) -> tuple[str, ...]:
    """The formats in which numbers of all these shapes may be dates."""
    several = [number_formats_of(shape) for shape in dict.fromkeys(all_shapes)]
    return tuple(text for text in several[0] if all(text in formats for formats in several)) if several else ()


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
