"""Durations as seconds: `0:02:47`, `1 days 02:30:16` as pandas writes it, `PT2H30M`, `1h 20m`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.column import words

_SIGN, _COUNT, _SECONDS = "(?P<sign>[+-])?", "[0-9]{1,9}", "[0-9]{1,9}(?:[.][0-9]{1,9})?"
_CLOCK = re.compile(
    rf"{_SIGN}(?:(?P<days>{_COUNT}) days?,? \+?)?"
    rf"(?P<h>{_COUNT}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9](?:[.,][0-9]{{1,9}})?)"
)
_ISO = re.compile(
    rf"{_SIGN}P(?=.)(?:(?P<days>{_COUNT})D)?(?:T(?=.)(?:(?P<h>{_COUNT})H)?(?:(?P<m>{_COUNT})M)?(?:(?P<s>{_SECONDS})S)?)?"
)
_UNITS = re.compile(
    rf"{_SIGN}(?=.)(?:(?P<days>{_COUNT}) ?d(?:ays?)?\s*)?(?:(?P<h>{_COUNT}) ?h(?:(?:ou)?rs?)?\s*)?"
    rf"(?:(?P<m>{_COUNT}) ?m(?:in(?:ute)?s?)?\s*)?(?:(?P<s>{_SECONDS}) ?s(?:ec(?:ond)?s?)?)?",
    re.IGNORECASE,
)
_DAY = 86_400
_SAMPLE = 20
_NAMES = words(
    "duration durations elapsed length wait waiting runtime lasted latency delay pace lap uptime downtime"
) | words("dauer dur\u00e9e duree durata duraci\u00f3n")


@dataclass(frozen=True)
class Durations:
    """Texts read as durations.

    Args:
        seconds: of each text, NaN where it is none, shape (texts,).
        sure: whether they can be nothing else; `02:30:16` may be a time of day.
        said: what is said of it.
    """

    seconds: NDArray[np.float64]
    sure: bool
    said: str


def read_durations(name: str, texts: Sequence[str]) -> Durations | None:
    """Read the texts of a column; None where most of those at its beginning are no durations.

    Args:
        name: of the column, which may say that they are durations.
        texts: those that are neither numbers nor missing, each once.
    """
    sample = [text.strip() for text in texts[:_SAMPLE]]  # remarks may be many and long
    for pattern in (_CLOCK, _ISO, _UNITS):
        if 2 * sum(pattern.fullmatch(text) is not None for text in sample) <= len(sample):
            continue
        found = [pattern.fullmatch(text.strip()) for text in texts]
        if pattern is _UNITS and not any(match and _parts(match) > 1 for match in found):
            continue  # one unit is a unit, and m may be a million
        seconds = np.array([np.nan if match is None else _seconds(match) for match in found])
        of_day = pattern is _CLOCK and not any(match and (match["sign"] or match["days"]) for match in found)
        named = bool(words(name) & _NAMES)
        sure = named or not of_day or bool(np.nanmax(seconds) >= _DAY)
        first = int(np.argmax(~np.isnan(seconds)))
        return Durations(seconds, sure, f"durations in seconds: {texts[first].strip()} is {seconds[first]:,.12g}")
    return None


def _parts(match: re.Match[str]) -> int:
    return sum(match[part] is not None for part in ("days", "h", "m", "s"))


def _seconds(match: re.Match[str]) -> float:
    """Of days with a sign only these are negative, as in `-1 days +23:59:59`."""
    days, hours, minutes = (int(match[part] or 0) for part in ("days", "h", "m"))
    sign = -1.0 if match["sign"] == "-" else 1.0
    clock = 3600 * hours + 60 * minutes + float((match["s"] or "0").replace(",", "."))
    return sign * days * _DAY + (clock if match["days"] and match.re is _CLOCK else sign * clock)
