"""What stands in a number beside its digits: signs, spaces, and marks that may part decimals or thousands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tsforecast.errors import OptionError

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
