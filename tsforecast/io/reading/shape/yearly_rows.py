"""Rows that sum up a year among those of its months, such as the period M13 of statistical offices."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.column import Column, TextColumn, text_column
from tsforecast.io.messages import counted, warning
from tsforecast.io.reading.columns.names import names_series, unit_of
from tsforecast.io.reading.numbers import read_content
from tsforecast.io.reading.table import RawTable

_THIRTEENTH = re.compile("[Mm]?13")
_MOST_DECIMALS = 6


def without_yearly_rows(table: RawTable) -> RawTable:
    """The table without its thirteenth months, if each is the mean or the sum of the twelve of its year."""
    year = next((name for name in table.columns if unit_of(name) == "year"), None)
    month = next((name for name in table.columns if unit_of(name) in ("month", "slot")), None)
    if year is None or month is None:
        return table
    column = table.columns[month]
    if column.plain is not None and np.nanmax(column.plain.values, initial=0) != 13:
        return table
    last = np.array([_THIRTEENTH.fullmatch(text.strip()) is not None for text in column.texts.texts], dtype=bool)
    yearly = last[column.texts.codes]
    what = _what_they_are(table, yearly, year, month) if yearly.any() else None
    if what is None:
        return table
    keep = np.flatnonzero(~yearly)
    lines = np.asarray(table.lines, dtype=np.int64)[keep]
    columns = {name: _taken(part, keep, lines) for name, part in table.columns.items()}
    text = column.texts.texts[int(np.argmax(last))]
    note = warning(f"{counted(int(yearly.sum()), 'row')} of '{month}' {text}, the {what} of a year each, left out")
    return replace(table, columns=columns, lines=lines, notes=(*table.notes, note))


def _what_they_are(table: RawTable, yearly: NDArray[np.bool_], year: str, month: str) -> str | None:
    """Whether the rows hold the means or the sums of the others of their series and year; None where some do not."""
    contents = {name: read_content(column, table.number_format) for name, column in table.columns.items()}
    texts = [name for name, content in contents.items() if content.kind in ("text", "code") and name != month]
    named = [name for name in texts if names_series(name)] or texts
    keys = pd.DataFrame({name: table.columns[name].texts.codes for name in {*named, year}})
    groups = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    values = [c.numbers.values for name, c in contents.items() if c.kind == "number" and name not in (year, month)]
    for rule in ("mean", "sum"):
        if values and all(_agree(pd.Series(part), groups, yearly, rule) for part in values):
            return rule
    return None


def _agree(values: pd.Series, groups: NDArray[np.integer[Any]], yearly: NDArray[np.bool_], rule: str) -> bool:
    made = values[~yearly].groupby(groups[~yearly]).agg(rule)
    given = values[yearly]
    expected = made.reindex(groups[yearly]).to_numpy()
    decimals = next((n for n in range(_MOST_DECIMALS) if np.allclose(given.round(n), given, atol=1e-9)), _MOST_DECIMALS)
    return bool(np.all(np.abs(given.to_numpy() - expected) <= 10.0**-decimals))


def _taken(column: Column, keep: NDArray[np.intp], lines: NDArray[np.int64]) -> Column:
    place = replace(column.place, lines=lines)
    if column.typed is not None:
        typed = column.typed.iloc[keep].reset_index(drop=True)
        return Column(place, lambda: _some(column.texts, keep), typed=typed)
    if column.plain is not None:
        plain = replace(column.plain, values=column.plain.values[keep])
        return Column(place, lambda: _some(column.texts, keep), plain)
    return text_column(place, _some(column.texts, keep))


def _some(cells: TextColumn, keep: NDArray[np.intp]) -> TextColumn:
    """Some of the rows, without the texts that none of them holds."""
    codes, kept = pd.factorize(cells.codes[keep])
    return TextColumn(codes.astype(np.int32), [cells.texts[code] for code in kept])
