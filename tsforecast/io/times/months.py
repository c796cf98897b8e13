"""Names of months as people write them: in seven languages, full or short, in any case, with or without a point."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

# Each line holds the names of a language, from January to December; the first two are the names of strftime.
_FULL = (
    "January February March April May June July August September October November December",
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "Jänner Februar März April Mai Juni Juli August September Oktober November Dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
)
_SHORT = (
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "Jan Feb March April May June July Aug Sept Oct Nov Dec",
    "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "Jan Feb März Apr Mai Juni Juli Aug Sept Okt Nov Dez",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "jan fév mar avr mai jui juil aoû sep oct nov déc",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "ene feb mar abr may jun jul ago sept oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
)
# Short for June as well as for July in French.
_TWO_MEANINGS = frozenset({"jui"})
_UTC_NAMES = {"utc": "Z", "gmt": "Z"}
_WORD = re.compile(r"[^\W\d_]{3,}(?:\.(?![0-9]))?")
_SEEN_TEXTS, _SHORTEST, _LONGEST = 5000, 3, 40


def bare(word: str) -> str:
    """A word without accents."""
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


_ENGLISH, _ENGLISH_FULL = _SHORT[0].split(), _FULL[0].split()
_NUMBERS = {
    spelled.lower(): number
    for line in (*_FULL, *_SHORT)
    for number, name in enumerate(line.split())
    for spelled in (name, bare(name))
    if name not in _TWO_MEANINGS
}


_BEGINNINGS = tuple((bare(name).lower(), number) for line in _FULL for number, name in enumerate(line.split()))


@lru_cache(maxsize=4096)
def _number(word: str) -> int | None:
    """The month of a name or of the beginning of one, from 0; None for any other word."""
    if len(word) > _LONGEST:
        return None
    name = unicodedata.normalize("NFC", word.strip().lower().rstrip("."))
    if name in _NUMBERS or len(name) < _SHORTEST:
        return _NUMBERS.get(name)
    beginning = bare(name)
    begun = {number for full, number in _BEGINNINGS if full.startswith(beginning)}
    return begun.pop() if len(begun) == 1 else None


def month_numbers(texts: Sequence[str]) -> NDArray[np.int64]:
    """The month that each text names, from 1; 0 where it names none, shape (n,)."""
    numbers = [_number(text) for text in texts]
    return np.array([0 if number is None else number + 1 for number in numbers], dtype=np.int64)


def _english(found: re.Match[str]) -> str:
    number = _number(found[0])
    return _UTC_NAMES.get(found[0].lower(), found[0]) if number is None else _ENGLISH[number]


def in_english(texts: Sequence[str]) -> list[str]:
    """Texts with each name of a month as `Jan` to `Dec`, and `UTC` and `GMT` as `Z`."""
    return _WORD.sub(_english, "\0".join(texts)).split("\0") if texts else []


def month_directive(texts: Sequence[str]) -> str:
    """How the months of some texts are written: `%b`, `%B`, or else the twelve names: `%{JAN|FEB|...}`."""
    written: dict[int, str] = {}
    for found in islice(_WORD.finditer("\0".join(texts[:_SEEN_TEXTS])), 2 * _SEEN_TEXTS):
        number = _number(found[0])
        if number is not None:
            written.setdefault(number, found[0])
    return directive(written, spellings(_FULL, _SHORT), {tuple(_ENGLISH): "%b", tuple(_ENGLISH_FULL): "%B"})


def directive(written: Mapping[int, str], ways: Sequence[tuple[str, ...]], plain: Mapping[tuple[str, ...], str]) -> str:
    """How numbered names are written: those of a directive of strftime, or else all of them: `%{JAN|FEB|...}`.

    Args:
        written: the names that were found, by their number.
        ways: all names in the ways that are known, of which the best completes those that were found.
        plain: the directive for the names of strftime.
    """
    names = max(ways, key=lambda names: sum(names[number] == name for number, name in written.items()))
    names = tuple(written.get(number, name) for number, name in enumerate(names))
    return plain.get(names, f"%{{{'|'.join(names)}}}")


@lru_cache(maxsize=2)
def spellings(full_lines: Sequence[str], short_lines: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Lines of names in all ways that are known, the commonest first."""
    ways = []
    for line in (short_lines[0], full_lines[0], *short_lines[1:], *full_lines[1:]):
        full = {name.lower() for names in full_lines for name in names.split()}
        pointed = " ".join(name if name.lower() in full else f"{name}." for name in line.split())
        for names in (line, line.title(), line.upper(), line.lower(), bare(line), bare(line).upper()):
            ways.append(tuple(names.split()))
        ways += [tuple(names.split()) for names in (pointed, pointed.title(), pointed.upper(), pointed.lower())]
    return tuple(dict.fromkeys(ways))
