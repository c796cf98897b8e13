"""Quarters, half-years, ISO weeks and fiscal years: the words that mark them, their formats, and their stamps."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tsforecast.series.frequency import Stamps

WORD = "\1"  # in a format that was found: the word that marks the period, as the texts write it
_NOT_A_TIME = np.datetime64("NaT", "us")

# The words, by the small letter that stands for them in a shape; a week of a word with more letters is `k`.
_WORDS = re.compile(
    r"(?<![^\W\d_])(?:"
    r"(?P<f>FY)(?=[ '\-]?[0-9])"
    r"|(?P<k>(?:KW|CW|WK|WEEK|WOCHE|SEMAINE|SEMANA|SETTIMANA)\.?)(?=[ \-]?[0-9])"
    r"|(?P<q>Q(?:UARTER|UARTAL|TR)?(?=[ .\-/']{0,2}[0-9])|[TK](?=[1-4](?![0-9:.]))"
    r"|(?<=\0[1-4])[TK](?=[ '\-/]?(?:[0-9]{2}){1,2}(?![0-9:])))"
    r"|(?P<h>[HS](?=[12](?![0-9]))|(?:HALBJAHR|HALF|HY)(?= ?[0-9])|(?<=\0[12])[HS](?=[ \-/]?[0-9]{4}(?![0-9])))"
    r"|(?P<w>W(?=[ \-]?[0-9])|(?:(?<=[0-9])|(?<=[0-9]-))S(?=[0-9]{2}(?![0-9])))"
    r"|(?P<m>M(?=[0-9]{1,2}(?![0-9])))"
    r")",
    re.IGNORECASE,
)
LETTERS = "fkqhwm"
_MARKS = {letter: chr(number) for number, letter in enumerate(LETTERS, 1)}
_SHAPES = (
    re.compile(
        r"(?P<year>0000|00(?=.?q))(?P<one>[ \-/.:]?)(?P<word>[qhwkm])(?P<two>[ .\-]?)(?P<part>0{1,2})(?P<day>-0)?"
    ),
    re.compile(r"(?P<word>[qhwkm])(?P<one>[ .\-]?)(?P<part>0{1,2})(?P<two>[ \-/.']|, | ')(?P<year>0000|00)"),
    re.compile(r"(?P<part>0{1,2})(?P<one>\.? ?)(?P<word>[qhwkm])(?P<two>[ .\-/']?)(?P<year>0000|00)"),
)
_FISCAL = re.compile(r"f([ \-]?)('?00|0000)(?:([-/])(00|0000))?")
# What is taken for a time beside another one too; others are rather labels there, such as `FY2020` or `KW 5 2020`.
_USUAL = re.compile("%Y[ -]?[QM]%[qm]|Q%q[ -]%Y|%G[ -]?W%V(-%u)?", re.IGNORECASE)
_PARTS = {"q": "%q", "h": "%:h", "w": "%V", "k": "%V", "m": "%m"}
_FIELDS = {
    "%Y": "(?P<year>[0-9]{4})",
    "%G": "(?P<year>[0-9]{4})",
    "%y": "(?P<year>[0-9]{2})",
    "%g": "(?P<year>[0-9]{2})",
    "%q": "(?P<part>[1-4])",
    "%:h": "(?P<part>[12])",
    "%V": "(?P<part>[0-9]{1,2})",
    "%m": "(?P<part>0?[1-9]|1[0-2])",
    "%u": "(?P<day>[1-7])",
}
_FIRST_SHORT_YEAR = 69  # of two digits, that is in the century before


def mark_words(joined: str) -> str:
    """Texts joined by NUL, with a control character for each word that marks a period; see `LETTERS`."""
    return _WORDS.sub(lambda found: _MARKS[str(found.lastgroup)], f"\0{joined}")[1:]


def with_word(formats: Sequence[str], text: str) -> tuple[str, ...]:
    """Formats with the word by which a text marks its period."""
    found = _WORDS.search(f"\0{text}")
    return tuple(text_format.replace(WORD, found[0] if found else "") for text_format in formats)


def period_formats(shape: str) -> tuple[str, ...]:
    """The formats of periods of this shape, with `WORD` in the place of the word."""
    if found := _FISCAL.fullmatch(shape):
        apart, year, joint, end = found.groups()
        begin = f"{WORD}{apart}{year.replace('0000', '%Y').replace('00', '%y')}"
        return (f"{begin}{joint}%+{'y' if len(end) == 2 else 'Y'}" if end else begin,)
    found = next((match for pattern in _SHAPES if (match := pattern.fullmatch(shape))), None)
    if found is None:
        return ()
    word, part, year = found["word"], found["part"], found["year"]
    if (word in "qh") != (len(part) == 1) and word not in "wkm":
        return ()
    if year == "00" and word not in "qk":
        return ()  # `W1-10` names a place rather than a week
    weekly = word in "wk"
    pieces = {
        "year": {"0000": "%G" if weekly else "%Y", "00": "%g" if weekly else "%y"}[year],
        "one": found["one"],
        "word": WORD,
        "two": found["two"],
        "part": _PARTS[word],
    }
    day = found.groupdict().get("day")
    if day and not weekly:
        return ()
    order = sorted(pieces, key=found.start)
    return ("".join(pieces[name] for name in order) + ("-%u" if day else ""),)


def is_period(text_format: str) -> bool:
    """Whether a format names quarters, half-years or ISO weeks, which only this module reads."""
    return any(mark in text_format for mark in ("%q", "%:h", "%G", "%g"))


def is_label(text_format: str) -> bool:
    """Whether a period is written in a way in which tables name groups of rows too."""
    fiscal = text_format[:2].upper() == "FY"
    return fiscal or (is_period(text_format) and len(text_format) > len("%q") and not _USUAL.fullmatch(text_format))


def stamps_of_periods(texts: list[str], text_format: str) -> Stamps:
    """The first day of quarters, half-years and of ISO weeks, or a named day of these; NaT where a text is none."""
    import pandas as pd

    pattern = re.escape(text_format)
    for mark, field in _FIELDS.items():
        pattern = pattern.replace(mark, field)
    found = pd.Series(texts, dtype=object).str.extract(re.compile(f"^{pattern}$", re.IGNORECASE))
    matches = found["part"].notna().to_numpy() if "part" in found else np.zeros(len(texts), dtype=bool)
    if "year" not in found or not matches.any():
        return np.full(len(texts), _NOT_A_TIME)
    year, part = (found[name].fillna("1").to_numpy(dtype=str).astype(np.int64) for name in ("year", "part"))
    if "%g" in text_format or "%y" in text_format:
        year = year + np.where(year < _FIRST_SHORT_YEAR, 2000, 1900)
    if "%V" not in text_format:
        months = 3 if "%q" in text_format else 6
        return np.where(matches, first_of_month(year, months * (part - 1) + 1), _NOT_A_TIME)
    day = found["day"].fillna("1").to_numpy(dtype=str).astype(np.int64) if "day" in found else np.ones_like(year)
    monday = first_monday(year) + (part - 1).astype("timedelta64[W]")
    exists = (part >= 1) & (monday < first_monday(year + 1))
    days = monday + (day - 1).astype("timedelta64[D]")
    return np.where(matches & exists, days.astype("datetime64[us]"), _NOT_A_TIME)


def stamps_of_fiscal_years(texts: list[str], text_format: str) -> Stamps:
    """The January of the year in which each fiscal year such as 2023-24 begins; NaT where the next one is not."""
    begin, _, end = text_format.partition("%+")
    pattern = re.escape(begin).replace("%Y", "(?P<year>[0-9]{4})").replace("%y", "(?P<year>[0-9]{2})")
    read = re.compile(f"{pattern}([0-9]{{{2 if end == 'y' else 4}}})", re.IGNORECASE)
    stamps = np.full(len(texts), _NOT_A_TIME)
    for at, text in enumerate(texts):
        found = read.fullmatch(text)
        if found and f"{int(found[1]) + 1:04d}".endswith(found[2]):
            stamps[at] = np.datetime64(f"{int(found[1]):04d}-01-01", "us")
    return stamps


def first_of_month(year: NDArray[np.int64], month: NDArray[np.int64]) -> Stamps:
    """The first day of months, counted from 1, shape (n,)."""
    return (12 * (year - 1970) + month - 1).astype("datetime64[M]").astype("datetime64[us]")


def first_monday(year: NDArray[np.int64]) -> Stamps:
    """Of ISO week 1, the one that holds 4 January."""
    fourth = first_of_month(year, np.ones_like(year)).astype("datetime64[D]") + np.timedelta64(3, "D")
    return fourth - ((fourth.astype(np.int64) + 3) % 7).astype("timedelta64[D]")
