"""Names of months as people write them: in seven languages, full or short, in any case, with or without a point."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

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
_SEEN_TEXTS = 5000


def _bare(word: str) -> str:
    """A word without accents."""
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


_ENGLISH, _ENGLISH_FULL = _SHORT[0].split(), _FULL[0].split()
_NUMBERS = {
    spelled.lower(): number
    for line in (*_FULL, *_SHORT)
    for number, name in enumerate(line.split())
    for spelled in (name, _bare(name))
    if name not in _TWO_MEANINGS
}


@lru_cache(maxsize=4096)
def _number(word: str) -> int | None:
    """The month of a name, from 0; None for any other word."""
    return _NUMBERS.get(unicodedata.normalize("NFC", word.lower().rstrip(".")))


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
    names = max(_spellings(), key=lambda names: sum(names[number] == name for number, name in written.items()))
    names = tuple(written.get(number, name) for number, name in enumerate(names))
    plain = {tuple(_ENGLISH): "%b", tuple(_ENGLISH_FULL): "%B"}
    return plain.get(names, f"%{{{'|'.join(names)}}}")


@lru_cache(maxsize=1)
def _spellings() -> tuple[tuple[str, ...], ...]:
    """The twelve names of a year in all ways that are known, the commonest first."""
    ways = []
    for line in (_SHORT[0], _FULL[0], *_SHORT[1:], *_FULL[1:]):
        full = {name.lower() for names in _FULL for name in names.split()}
        pointed = " ".join(name if name.lower() in full else f"{name}." for name in line.split())
        for names in (line, line.title(), line.upper(), line.lower(), _bare(line), _bare(line).upper()):
            ways.append(tuple(names.split()))
        ways += [tuple(names.split()) for names in (pointed, pointed.title(), pointed.upper(), pointed.lower())]
    return tuple(dict.fromkeys(ways))
