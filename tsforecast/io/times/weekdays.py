"""Names of weekdays before a date, in the languages of `months`: `Fri 01/01/2021`, `Freitag, 1. Januar 2021`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.times.months import bare, directive, spellings
from tsforecast.series.frequency import EPOCH_WEEKDAY, Stamps

# Each line holds the names of a language, from Monday to Sunday; the first two are the names of strftime.
_FULL = (
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "Montag Dienstag Mittwoch Donnerstag Freitag Sonnabend Sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miércoles jueves viernes sábado domingo",
    "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "segunda terça quarta quinta sexta sábado domingo",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
)
_SHORT = (
    "Mon Tue Wed Thu Fri Sat Sun",
    "Mon Tues Wed Thur Fri Sat Sun",
    "Mon Tues Weds Thurs Fri Sat Sun",
    "Mo Di Mi Do Fr Sa So",
    "Mon Die Mit Don Fre Sam Son",
    "lun mar mer jeu ven sam dim",
    "lun mar mié jue vie sáb dom",
    "lun mar mer gio ven sab dom",
    "seg ter qua qui sex sáb dom",
    "ma di wo do vr za zo",
    "maa din woe don vri zat zon",
)
_NUMBERS = {
    spelled.lower(): number
    for line in (*_FULL, *_SHORT)
    for number, name in enumerate(line.split())
    for spelled in (name, bare(name))
}
# A date of its own has to follow: of `mar 5 2021` the first word is a month.
_LEADING = re.compile(
    r"([^\W\d_]{2,20}(?:-[^\W\d_]{2,20})?)(\.?,? )"
    r"(?=[0-9]{1,4}[-/.年]|[0-9]{8}|[0-9]{1,2}\.? ?(?:de )?[^\W\d_]|[^\W\d_]{3,}\.? +[0-9])"
)
_SEEN_TEXTS = 5000


def split(text: str) -> tuple[int, str, str] | None:
    """The weekday that a text begins with, from 0, its name with what follows it, and the date; None for others."""
    found = _LEADING.match(text)
    number = _NUMBERS.get(unicodedata.normalize("NFC", found[1].lower())) if found else None
    return None if found is None or number is None else (number, found[0], text[found.end() :])


def weekdays_of(stamps: Stamps) -> NDArray[np.int64]:
    """The weekday of each stamp, from 0 for Monday, shape (n,)."""
    return (stamps.astype("datetime64[D]").astype(np.int64) + EPOCH_WEEKDAY) % 7


def weekday_directive(texts: Sequence[str]) -> str:
    """How the weekdays at the beginning of some texts are written: `%a`, `%A`, or else the seven names."""
    written: dict[int, str] = {}
    for text in texts[:_SEEN_TEXTS]:
        if found := split(text):
            written.setdefault(found[0], found[1].rstrip(" ,").rstrip("."))
    plain = {tuple(_SHORT[0].split()): "%a", tuple(_FULL[0].split()): "%A"}
    return directive(written, spellings(_FULL, _SHORT), plain)
