"""Which text columns tell the series of a table apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.messages import Note, Place, counted, warning
from tsforecast.io.reading.table import RawTable
from tsforecast.io.text_column import TextColumn

# Fewer repeated times than this share of the rows are slips, not several series.
_SLIPS_SHARE = 0.05

# A text that differs in nearly every row is a remark, not the name of a series.
_FEWEST_ROWS_PER_SERIES = 2

# Combinations per row up to which each of them is ticked off rather than looked up.
_SPARSE = 8
_LARGEST = 1 << 62


@dataclass(frozen=True)
class Ids:
    """Id columns, and the number of rows that still repeat a time of their series."""

    names: tuple[str, ...]
    repeats: int


def tolerated_repeats(rows: int) -> int:
    """As many repeated times are taken for mistakes in the data."""
    return int(_SLIPS_SHARE * rows)


@dataclass(frozen=True, eq=False)
class Grouping:
    """A number for each row, below `count`.

    Args:
        values: int32 or int64, shape (rows,).
        count: how many numbers there are; for combinations of columns, how many there may be.
    """

    values: NDArray[np.int32] | NDArray[np.int64]
    count: int


def codes_of(values: NDArray[Any]) -> Grouping:
    """A number for each distinct value, in the order of first appearance."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    return Grouping(codes.astype(np.int32), len(distinct))


def given_ids(times: Grouping, texts: dict[str, Grouping]) -> Ids:
    """The id columns that the user named."""
    return Ids(tuple(texts), _repeats([*texts.values(), times]))


def find_ids(times: Grouping, texts: dict[str, Grouping]) -> Ids:
    """The first column that alone makes each time unique, else the smallest leading set that does.

    Args:
        times: a number for each distinct time, shape (rows,).
        texts: the same for each column that may be an id.

    Returns:
        The ids, none where times do not repeat. A few repeated times in spite of the ids are left to be reported.
    """
    none = Ids((), _repeats([times]))
    if none.repeats <= tolerated_repeats(times.values.size):
        return none
    names = tuple(texts)
    leading = [names[:size] for size in range(2, len(names) + 1)]
    nearly = none
    for candidate in [*((name,) for name in names), *leading]:
        chosen = [texts[name] for name in candidate]
        n_series = times.values.size - _repeats(chosen)
        if n_series * _FEWEST_ROWS_PER_SERIES > times.values.size:
            continue
        repeats = _repeats([*chosen, times])
        if repeats == 0:
            return Ids(candidate, 0)
        if repeats <= tolerated_repeats(times.values.size) and not nearly.names:
            nearly = Ids(candidate, repeats)
    return nearly


def _repeats(codes: Sequence[Grouping]) -> int:
    """Rows whose combination of codes stands in an earlier row already."""
    if len(codes) == 1:
        return int(codes[0].values.size - codes[0].count)
    first, last = reduce(_join, codes[:-1]), codes[-1]
    if _ascending(first.values, last.values):
        return 0
    joint = _join(first, last)
    values = joint.values
    if joint.count > _SPARSE * values.size:
        return int(values.size - pd.unique(values).size)
    seen = np.zeros(joint.count, dtype=bool)
    seen[values] = True
    return int(values.size - np.count_nonzero(seen))


def _ascending(first: NDArray[np.integer[Any]], last: NDArray[np.integer[Any]]) -> bool:
    """Whether each pair of numbers comes after the one before."""
    same, later = first[1:] == first[:-1], first[1:] > first[:-1]
    return bool(np.all(later | (same & (last[1:] > last[:-1]))))


def _join(one: Grouping, other: Grouping) -> Grouping:
    """A number for each combination of two numbers."""
    if one.count * other.count > _LARGEST:
        one = codes_of(one.values)
    return Grouping(one.values.astype(np.int64) * other.count + other.values, one.count * other.count)


def number_series(ids: Sequence[TextColumn], rows: int) -> tuple[NDArray[np.int32], list[tuple[str, ...]]]:
    """Number the series in the order of their ids.

    Args:
        ids: texts of each id column, each of shape (rows,); empty for a single series.
        rows: of the table.

    Returns:
        The number of each row's series, shape (rows,), and the ids of each series.
    """
    names: list[tuple[str, ...]] = [()]
    series = np.zeros(rows, dtype=np.int32)
    for cells in ids:
        order = np.array(sorted(range(len(cells.texts)), key=cells.texts.__getitem__))
        codes = _ranks(order)[cells.codes]
        if len(names) == 1:
            series, joint = codes, np.arange(order.size)
        else:
            numbers, joint = pd.factorize(series.astype(np.int64) * order.size + codes)
            series = _ranks(np.argsort(joint))[numbers]
            joint = np.sort(joint)
        names = [(*names[key // order.size], cells.texts[order[key % order.size]]) for key in joint.tolist()]
    return series, names


def _ranks(order: NDArray[np.int64]) -> NDArray[np.int32]:
    """The place of each item in an order of them, shape (items,)."""
    ranks = np.empty(order.size, dtype=np.int32)
    ranks[order] = np.arange(order.size, dtype=np.int32)
    return ranks


LONGEST_ID = 1024


def read_ids(table: RawTable, name: str) -> tuple[TextColumn, list[Note]]:
    """The cells of an id column, and notes on ids that are easily mixed up.

    Raises:
        DataError: an id that is empty or longer than LONGEST_ID characters.
    """
    cells, place = table.texts(name), Place(table.file, table.lines, name)
    for number, text in enumerate(cells.texts):
        if len(text) > LONGEST_ID:
            raise place.error(
                cells.first_row(number),
                f"the id has {len(text):,} characters, at most {LONGEST_ID:,} are possible",
                hint="give the series a shorter name, or name the columns of the ids with --id-col",
            )
        if not text or text.isspace():
            raise place.error(cells.first_row(number), "the id is empty", hint="give every row the id of its series")
    notes = _twins(cells.texts, str.strip, "differ in blanks at their ends only")
    if not all(map(str.isascii, cells.texts)):
        notes += _twins(cells.texts, _composed, "look the same but differ in their Unicode form")
    return cells, notes


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _twins(texts: Sequence[str], rule: Callable[[str], str], how: str) -> list[Note]:
    """A note where a rule makes the same text of several."""
    first: dict[str, str] = {}
    twins = [(first[key], text) for text in texts if first.setdefault(key := rule(text), text) != text]
    if not twins:
        return []
    more = f" (and {counted(len(twins) - 1, 'more id')} like this)" if len(twins) > 1 else ""
    return [warning(f"the ids '{twins[0][0]}' and '{twins[0][1]}' {how}{more}: each is a series of its own")]
