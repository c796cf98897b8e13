"""Parts of a day that no strftime directive names: how they are read from numbers and written back.

The notation beside that of `formats`:
    24|FORMAT      midnight belongs to the day before, as 24:00 of it or as its hour 24
    slot1/48       number of the 48th part of the day, counted from 1, such as a settlement period; slot0/48 from 0
    hhmm           hours and minutes as one whole number: 0, 30, 100, 2330
    names|A|B|...  the twelve names of months, in models of older versions; now `%{A|B|...}`
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from tsforecast.io.times.notation import write

ENDS = "24|"
HHMM = "hhmm"
NAMES = "names|"
SLOT = "slot"
_LATE = re.compile("([ T])24:00(?!:0*[1-9])")
_MINUTES = 24 * 60
_COUNTS = ("%G", "%-V", HHMM)


def is_day_part(text_format: str) -> bool:
    """Whether a format is in the notation of this module."""
    return text_format.startswith((ENDS, NAMES, SLOT)) or text_format == HHMM


def is_number_of_day(text_format: str) -> bool:
    """Whether a format writes whole numbers that no zero leads, and is not in the notation of strftime."""
    inner = text_format.removeprefix(ENDS)
    return inner in _COUNTS or inner.startswith(SLOT)


def slot_of(text_format: str) -> tuple[int, int]:
    """The first number and the count of the slots of a day."""
    origin, _, per_day = text_format.removeprefix(ENDS).removeprefix(SLOT).partition("/")
    return int(origin), int(per_day)


def write_day_parts(moments: Sequence[datetime], text_format: str, *, sub_daily: bool) -> list[str]:
    """Write moments in a format of this module; a day that is a step of its own has no hour 24."""
    ends = text_format.startswith(ENDS) and sub_daily
    return [_write(moment, text_format.removeprefix(ENDS), ends) for moment in moments]


def _write(moment: datetime, text_format: str, ends: bool) -> str:
    late = ends and moment.time() == datetime.min.time()
    if late:
        moment -= timedelta(days=1)
    if text_format.startswith(NAMES):
        return text_format.split("|")[moment.month]
    if text_format == HHMM:
        return str(2400 if late else 100 * moment.hour + moment.minute)
    if text_format.startswith(SLOT):
        origin, per_day = slot_of(text_format)
        return str(origin + (60 * moment.hour + moment.minute) * per_day // _MINUTES)
    text_format = text_format.replace("%q", str((moment.month + 2) // 3))
    return write([moment], text_format.replace("%-H", "24").replace("%H", "24") if late else text_format)[0]


def without_hour_24(texts: Sequence[str]) -> tuple[list[str], list[bool]] | None:
    """Texts with 24:00 as 00:00, and which of them had it; None where none has."""
    if not any("24:00" in text for text in texts):
        return None
    late = [_LATE.search(text) is not None for text in texts]
    plain = [_LATE.sub(r"\g<1>00:00", text) if is_late else text for text, is_late in zip(texts, late, strict=True)]
    return (plain, late) if any(late) else None
