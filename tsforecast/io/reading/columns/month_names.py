"""Names of months in a column of their own, in any case and length."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.times.day_parts import NAMES

_LANGUAGES = tuple(
    tuple(text.split())
    for text in (
        "January February March April May June July August September October November December",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "januari februari maart april mei juni juli augustus september oktober november december",
    )
)
_LEAST = 3


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.strip().rstrip(".").lower())
    return "".join(letter for letter in text if not unicodedata.combining(letter))


@lru_cache(maxsize=4096)
def _month_in(language: int, text: str) -> int:
    """The month that a text begins the name of; 0 for none or several."""
    plain = _plain(text)
    if len(plain) < _LEAST:
        return 0
    found = [month for month, name in enumerate(_LANGUAGES[language], 1) if _plain(name).startswith(plain)]
    return found[0] if len(found) == 1 else 0


def read_month_names(texts: Sequence[str]) -> tuple[NDArray[np.int64], str]:
    """The number of each month, 0 for a text that names none, and the format that writes them so.

    The language is the first that knows the most of the texts.
    """
    read = [np.array([_month_in(number, text) for text in texts], np.int64) for number in range(len(_LANGUAGES))]
    best = max(range(len(read)), key=lambda number: (int(np.count_nonzero(read[number])), -number))
    return read[best], _format(texts, read[best], _LANGUAGES[best])


def _format(texts: Sequence[str], months: NDArray[np.int64], names: Sequence[str]) -> str:
    english = _LANGUAGES[0]
    known = [(text, int(month)) for text, month in zip(texts, months, strict=True) if month]
    for text_format, length in (("%b", _LEAST), ("%B", None)):
        if all(text == english[month - 1][:length] for text, month in known):
            return text_format
    written: dict[int, str] = {}
    for text, month in known:
        written.setdefault(month, text)
    # A month that the table does not show yet is written like the others.
    first, month = known[0]
    point, bare = first.endswith("."), first.rstrip(".")
    length = None if len(bare) == len(names[month - 1]) else len(bare)
    case = str.upper if first.isupper() else str.lower if first.islower() else str.title
    made = [case(name[:length]) + "." * point for name in names]
    return NAMES + "|".join(written.get(number, made[number - 1]) for number in range(1, 13))
