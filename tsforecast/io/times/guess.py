"""What to say of a column that looks like dates to a person and is in no format that is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.io.column import Column
from tsforecast.io.times.format_notes import CLOSING_ENTRIES
from tsforecast.io.times.formats import stamps_in_format
from tsforecast.io.times.months import month_numbers
from tsforecast.series.frequency import Stamps

_YEAR = re.compile(r"(?<![0-9])(?:1[789]|20|21)[0-9]{2}(?![0-9])")
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+|[\W_]+")
_YEAR_AND_MONTH = re.compile(r"([0-9]{1,2})[-/. ](0?[1-9]|1[0-2])")
_PERIOD, _LAST_PERIOD = re.compile(r"0(?:0[1-9]|1[0-6])[./][0-9]{4}"), "012~"
_MOST, _LAST_DAY, _MONTHS = 0.5, 31, 12


def date_hint(columns: Iterable[Column]) -> str | None:
    """How to go on where a column looks like dates; None where none does."""
    for column in columns:
        if not _may_be_periods(column):
            continue  # numbers that are no periods are no dates either
        closing = [text for text in column.sample() if _PERIOD.fullmatch(text)]
        if len(closing) == len(column.sample_rows) and (late := max(closing)) > _LAST_PERIOD:
            return f"'{late}' of column '{column.name}' is no month: {CLOSING_ENTRIES}"
        texts = [text for text in dict.fromkeys(column.sample()) if text] if _is_text(column) else []
        if len(texts) > 1 and sum(map(_looks_dated, texts)) >= _MOST * len(texts):
            return f"column '{column.name}' looks like dates, such as '{texts[0]}': {_advice(texts)}"
        if _counts_months(texts):
            return (
                f"column '{column.name}' holds texts such as '{texts[0]}', which may be a year and a month, but not of "
                "which century: add --start 2001-01-01 --freq MS with the true first month"
            )
    return None


def _may_be_periods(column: Column) -> bool:
    """Whether all of a column may be written like 012.2024: its texts are not read to find that they are not."""
    values = None if column.plain is None else column.plain.values[column.sample_rows]
    return values is None or bool(np.all((values > 1) & (values < 17) & (np.rint(values) != values)))


def _is_text(column: Column) -> bool:
    return column.plain is None and (column.typed is None or column.typed.dtype.kind in "OTU")


def _looks_dated(text: str) -> bool:
    words = re.findall(r"[^\W\d_]{3,}", text)
    return _YEAR.search(text) is not None or bool(words and any(month_numbers(words)) and re.search("[0-9]", text))


def _counts_months(texts: Sequence[str]) -> bool:
    """Whether texts such as 1-01 count through the months of years that have a number only."""
    found = [_YEAR_AND_MONTH.fullmatch(text) for text in texts]
    months = [12 * int(match[1]) + int(match[2]) for match in found if match]
    return len(months) == len(texts) > _MONTHS and max(months) - min(months) < 2 * len(months)


def _advice(texts: Sequence[str]) -> str:
    """A format that reads all texts, or what of them is not understood."""
    tokens = [_TOKEN.findall(text) for text in texts]
    kinds = [[_kind(token) for token in row] for row in tokens]
    odd = next((at for at, row in enumerate(kinds) if row != kinds[0]), None)
    if odd is not None:
        return f"'{texts[odd]}' is written otherwise: write all in one way, and say it with --date-format"
    pieces: list[str] = []
    for column in zip(*tokens, strict=True):
        piece = _word(column) if column[0][0].isalpha() else _number(column, pieces) if column[0].isdigit() else None
        if piece is None and len({*column}) > 1:
            return f"the part '{column[0]}' is not understood; write dates such as 2024-01-31"
        pieces.append(piece or column[0].replace("%", "%%"))
    text_format = "".join(pieces)
    if "%Y" not in text_format:
        return "the year is missing; write dates such as 2024-01-31"
    swapped = text_format.replace("%d", "%0").replace("%m", "%d").replace("%0", "%m")
    readings = {way: _read(texts, way) for way in (text_format, swapped if "%m" in text_format else text_format)}
    whole = {way: stamps for way, stamps in readings.items() if not np.isnat(stamps).any()}
    if whole:
        said = [f"--date-format \"{way}\" where '{texts[0]}' is {str(whole[way][0])[:10]}" for way in whole]
        return f"add {' or '.join(said)}" if len(said) > 1 else f'add --date-format "{next(iter(whole))}"'
    bad = np.isnat(readings[text_format])
    return f"'{texts[int(np.argmax(bad))]}' is no date in the format \"{text_format}\"; say another with --date-format"


def _read(texts: Sequence[str], text_format: str) -> Stamps:
    try:
        return stamps_in_format([*texts], text_format)
    except OptionError:
        return np.full(len(texts), np.datetime64("NaT", "us"))


def _kind(token: str) -> str:
    return "0" if token.isdigit() else "A" if token[0].isalpha() else token


def _word(words: Sequence[str]) -> str | None:
    if {word.lower() for word in words} <= {"am", "pm"}:
        return "%p"
    return "%b" if month_numbers(words).all() else None


def _number(texts: Sequence[str], before: Sequence[str]) -> str | None:
    """The directive of numbers behind some pieces of a format; None for what cannot be told."""
    numbers, done = [int(text) for text in texts], "".join(before)
    if all(map(_YEAR.fullmatch, texts)) and "%Y" not in done:
        return "%Y"
    if done.endswith(":") or {"%Y", "%d"} <= {*before}:
        part = next((part for part in ("%H", "%M", "%S") if part not in done), None)
        return part if max(numbers) < 60 else None
    month = "%m" if not {"%m", "%b"} & {*before} else None
    if max(numbers) > _LAST_DAY or max(map(len, texts)) > len("31"):
        return None
    first_of_two = "%Y" not in done and month and "%d" not in done
    return "%d" if "%d" not in done and (max(numbers) > _MONTHS or not month or first_of_two) else month
