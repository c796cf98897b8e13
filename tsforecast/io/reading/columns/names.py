"""What the name of a column says of it: a part of the time, an id, a code, a coordinate, or nothing."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

from tsforecast.io.column import is_id_name, words

Names = tuple[str, ...]  # of several columns, in their order


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


# English, Spanish, Portuguese, German, French, Italian and Dutch.
_UNIT_WORDS = {
    "year": "year yr yyyy ano anio jahr annee an anno jaar",
    "quarter": "quarter qtr trimestre quartal kwartaal",
    "month": "month mon mnth mo mm mes monat mois mese maand",
    "week": "week wk woche kw semana semaine settimana isoweek weeknum",
    "day": "day dd dia tag jour giorno dag dayofmonth",
    "hour": "hour hours hr hrs hh hora stunde heure ora uur he hourending",
    "minute": "minute minutes min mi minuto",
    "second": "second seconds sec ss segundo sekunde seconde secondo",
    "slot": "period interval slot sp settlementperiod periodo periode viertelstunde halfhour quarterhour",
}
_UNITS = {word: unit for unit, listed in _UNIT_WORDS.items() for word in listed.split()}

# What may stand beside the word of a unit without another meaning.
_BESIDE = _listed(
    "of the obs observation calendar cal iso number no num nr nbr n ending end local utc settlement "
    "trading dispatch delivery ref reference data"
)
_TOGETHER = {
    frozenset({"hour", "day"}): "hour",
    frozenset({"day", "month"}): "day",
    frozenset({"minute", "hour"}): "minute",
    frozenset({"second", "minute"}): "second",
    frozenset({"week", "year"}): "week",
    frozenset({"month", "year"}): "month",
    frozenset({"hour", "quarter"}): "slot",
    frozenset({"hour", "half"}): "slot",
    frozenset({"hour", "slot"}): "hour",
    frozenset({"day", "slot"}): "slot",
}
_CLOCK_WORDS = _listed("time hhmm hour hr zeit uhrzeit hora heure ora tijd clock")
_ID_WORDS = _listed(
    "id uid uuid guid store shop sku sensor entity product item station device meter series customer "
    "client filiale artikel article tienda producto produto loja cliente kunde ticker symbol branch "
    "outlet site warehouse plant machine location asset channel dept department geo"
)
_ID_BESIDE = _listed("unique number no num nr nbr name code key ref")
_START_WORDS = _listed("start started from begin begins beginning since von ab beginn anfang debut inizio inicio desde")
_END_WORDS = _listed("end ended ends ending to until till finish stop bis ende fin hasta")
_CODE_WORDS = _listed("code codes fips zip zipcode postcode postal plz kode codigo")
_COORDINATES = _listed("latitude longitude lat lon lng latitud longitud")
_ROW_WORDS = _listed("index idx row rownum rownumber rowid instant record")


def plain_words(name: str) -> frozenset[str]:
    """The words of a name in small letters without accents."""
    plain = unicodedata.normalize("NFKD", name)
    return words("".join(letter for letter in plain if not unicodedata.combining(letter)))


@lru_cache(maxsize=4096)
def unit_of(name: str) -> str | None:
    """The part of a time that a column is called: `hour` for `hr`, `HE`, `Hour of day`; None for no part or several."""
    found = plain_words(name) - _BESIDE
    units = frozenset(_UNITS.get(word, word) for word in found)
    if len(units) == 1:
        (unit,) = units
        return unit if unit in _UNIT_WORDS else None
    return _TOGETHER.get(units)


def says_ending(name: str) -> bool:
    """Whether hours are called by their ends."""
    found = plain_words(name)
    return bool(found & {"he", "hourending"}) or ("hour" in found and bool(found & {"ending", "end"}))


def edge_of(name: str) -> Literal["start", "end"] | None:
    """Whether a column is called like the beginning or the end of something."""
    found = plain_words(name)
    starts, ends = found & _START_WORDS, found & _END_WORDS
    return None if bool(starts) == bool(ends) else "start" if starts else "end"


def is_clock_name(name: str) -> bool:
    """Whether a column is called like a time of day."""
    return bool(plain_words(name) & _CLOCK_WORDS)


@lru_cache(maxsize=4096)
def names_series(name: str) -> bool:
    """Whether a column is called like what tells series apart: `unique_id`, `store`, `sku`, `sensor_id`."""
    found = plain_words(name)
    return is_id_name(name) or (bool(found & _ID_WORDS) and found <= _ID_WORDS | _ID_BESIDE)


def is_row_name(name: str) -> bool:
    """Whether a column is called like the number of a row."""
    found = plain_words(name)
    return bool(found) and found <= _ROW_WORDS


def is_index_name(name: str) -> bool:
    """Whether a column is the index that a program has written without a name: `Unnamed: 0`."""
    return name.startswith("Unnamed: ") and name.removeprefix("Unnamed: ").isdigit()


def attribute_of(name: str) -> str | None:
    """What a column of numbers is called that is no quantity; None where its name tells nothing."""
    found = plain_words(name)
    return "a coordinate" if found & _COORDINATES else "a code" if found & _CODE_WORDS else None
