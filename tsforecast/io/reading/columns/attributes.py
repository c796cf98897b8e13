"""Columns of numbers that are no quantities: indexes, constants, coordinates, codes, decimal dates and flags."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.column import Column, words
from tsforecast.io.messages import Note, info, listed, warning
from tsforecast.io.reading.columns.names import attribute_of, is_index_name, is_row_name, plain_words
from tsforecast.io.reading.numbers import Content, is_missing
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.series.frequency import DAY

_HEAD = 1000
_FARTHEST = 180.0
_FLAG = re.compile("[A-Za-z]{1,2}")
_MOST_FLAGS = 6
_YEAR_SHARE = 0.09  # what a decimal date may lie off the time: a month, for the middle or the end of one
_CALENDAR_WORDS = words("year yr season month mnth weekday working workingday weekend holiday dow day") | words(
    "is school state public bank"
)
_MOST_PARTS = 12  # of a year
_FEWEST_ROWS = 3  # per series, of which a constant tells something
_INDEX = "is an index without a name"
Values = NDArray[np.float64]


def attributes(
    contents: Mapping[str, Content], names: Sequence[str], stamps: ParsedStamps, ids: Sequence[Column]
) -> dict[str, str]:
    """Why some of the columns called `names` are no quantities, by name; empty where no quantity would be left."""
    indexes = {name: _INDEX for name in names if is_index_name(name)}
    if len(names) < 2:
        return {}
    series = _series(ids)
    found = {name: why for name in names if (why := _why(name, contents[name].numbers.values, stamps, series))}
    for reasons in (found | indexes, indexes):
        if len(reasons) < len(names):
            return reasons
    return {}


def attribute_notes(reasons: Mapping[str, str]) -> list[Note]:
    """One note for each reason."""
    by_reason: dict[str, list[str]] = {}
    for name, why in reasons.items():
        by_reason.setdefault(why, []).append(name)
    return [
        info(
            f"column {listed(names)} {why} and is not used"
            if len(names) == 1
            else f"columns {listed(names)} are not used: each {why}",
            "columns",
        )
        for why, names in by_reason.items()
    ]


def _series(ids: Sequence[Column]) -> NDArray[np.int64] | None:
    """A number for the series of each row; None for a single one."""
    codes: NDArray[np.int64] | None = None
    for column in ids:
        more = column.texts.codes.astype(np.int64)
        codes = more if codes is None else pd.factorize(codes * len(column.texts.texts) + more)[0]
    return codes


def _why(name: str, values: Values, stamps: ParsedStamps, series: NDArray[np.int64] | None) -> str | None:
    """The first rows rule out most columns, so that the others are seldom read."""
    kind = attribute_of(name)
    if kind == "a coordinate" and np.nanmax(np.abs(values)) <= _FARTHEST:
        return "is a coordinate"
    if kind == "a code" and _whole(values):
        return "is a code"
    if is_row_name(name) and values.size > 1 and np.all(np.diff(values) == 1):
        return "only counts the rows"
    for judge, why in (
        (_is_constant, "is the same in all rows of a series"),
        (_is_flag, "only says yes or no, as 0 and 1"),
    ):
        if judge(values[:_HEAD], None if series is None else series[:_HEAD]) and judge(values, series):
            return why
    if plain_words(name) <= _CALENDAR_WORDS and _whole(values):
        # All rows may be of one year, or without a holiday.
        if np.nanmin(values) >= 0 and np.nanmax(values) <= 1:
            return "only says yes or no, as 0 and 1"
        if len(pd.unique(values)) <= _MOST_PARTS:
            return "only restates the calendar"
    if _is_decimal_date(values, stamps, _HEAD) and _is_decimal_date(values, stamps, values.size):
        return "only restates the time as a decimal year"
    return None


def _whole(values: Values) -> bool:
    return not np.any(np.mod(values[~np.isnan(values)], 1) != 0)


def _is_constant(values: Values, series: NDArray[np.int64] | None) -> bool:
    """Whether each series has one value, other than 0: that is what a shop has that sells nothing."""
    filled = ~np.isnan(values)
    kept = values[filled]
    if kept.size < _FEWEST_ROWS or not kept.any():
        return False
    if series is None:
        return bool(np.all(kept == kept[0]))
    codes, distinct = pd.factorize(series[filled])
    first = np.full(len(distinct), np.nan)
    first[codes[::-1]] = kept[::-1]
    return bool(np.all(first[codes] == kept)) and (kept.size >= _FEWEST_ROWS * len(distinct) or values.size == _HEAD)


def _is_flag(values: Values, series: NDArray[np.int64] | None) -> bool:
    """Whether there are zeros and ones only; zeros alone are a series, and the first rows may hold nothing else."""
    yes = values == 1
    return bool(np.all(yes | (values == 0) | np.isnan(values))) and (values.size == _HEAD or bool(yes.any()))


def _is_decimal_date(values: Values, stamps: ParsedStamps, rows: int) -> bool:
    if not 1000 < values[0] < 3000 or _whole(values[:_HEAD]):
        return False
    wall = stamps.wall[stamps.codes[:rows]]
    year = wall.astype("datetime64[Y]")
    since = (wall - year.astype("datetime64[us]")).astype(np.int64)
    decimal = year.astype(np.int64) + 1970 + since / (365.25 * DAY)
    return bool(np.all(np.abs(values[:rows] - decimal) < _YEAR_SHARE))


def letter_flags(contents: Mapping[str, Content], names: Sequence[str]) -> dict[str, str]:
    """Columns with a few marks such as 0, a and b, by name with a mark; empty where nothing else would be left."""
    found = {name: mark for name in names if (mark := _letter_flag(contents[name]))}
    return found if len(found) < len(names) else {}


def _letter_flag(content: Content) -> str | None:
    column = content.column
    if column.typed is not None or not content.numbers.wrong.size or len(column.texts.texts) > _MOST_FLAGS:
        return None
    texts = [text for cell in column.texts.texts if not is_missing(text := cell.strip())]
    letters = [text for text in texts if not text.isdigit()]
    return letters[0] if all(map(_FLAG.fullmatch, letters)) and set(texts) - set(letters) <= set("0123") else None


def letter_flag_note(name: str, mark: str) -> Note:
    """Of a column that is left out, though its numbers might be meant."""
    hint = f"if it holds values, add --target-col and --missing {mark}"
    return warning(f"column '{name}' holds marks such as '{mark}' and is not used; {hint}", "columns")
