"""Columns that hold times become rows, one for each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.column import Column, PlainNumbers, TextColumn, code_texts, text_column
from tsforecast.io.messages import Note, Place, info
from tsforecast.io.reading.shape.undated import free_name
from tsforecast.io.reading.table import RawTable

NO_NAME = "(none)"


def long_form(
    table: RawTable,
    wide: Mapping[str, Sequence[str]],
    ids: Sequence[str],
    times: tuple[str, TextColumn],
    notes: list[Note],
    clean: Callable[[str], str] | None = None,
) -> RawTable:
    """The table with a row for each time: its ids, the time and the values.

    Args:
        table: with a row for all times.
        wide: the columns of each value, which hold the same times.
        ids: columns that stay as they are; their empty cells get a name.
        times: name of the time column, and the time of each row that is made.
        notes: receives what was made of empty ids.
        clean: takes marks off the cells, for tables of statistical offices.
    """
    width = len(next(iter(wide.values())))
    lines = np.repeat(np.asarray(table.lines, dtype=np.int64), width)
    columns: dict[str, Column] = {}
    for name in ids:
        cells = table.columns[name].texts
        texts = list(cells.texts)
        if any(not text.strip() for text in texts) and len(texts) > 1:
            texts = [text if text.strip() else NO_NAME for text in texts]
            notes.append(info(f"empty cells of '{name}' are read as '{NO_NAME}'"))
        made = code_texts(texts)
        codes = np.repeat(made.codes[cells.codes], width)
        columns[name] = text_column(Place(table.file, lines, name, table.where), TextColumn(codes, made.texts))
    time = free_name(times[0], [*ids, *wide])
    columns[time] = text_column(Place(table.file, lines, time, table.where), times[1])
    for name, across in wide.items():
        value = free_name(name, [*ids, time])
        columns[value] = _values(table, across, Place(table.file, lines, value, table.where), clean)
    return replace(table, columns=columns, lines=lines, notes=(*table.notes, *notes), unnamed=frozenset())


def _values(table: RawTable, wide: Sequence[str], place: Place, clean: Callable[[str], str] | None) -> Column:
    columns = [table.columns[name] for name in wide]
    plain = [column.plain for column in columns if column.plain is not None]
    if len(plain) == len(columns):
        values = np.stack([numbers.values for numbers in plain], axis=1).ravel()
        numbers = PlainNumbers(values, all(part.whole for part in plain), False)
        return Column(place, lambda: _joined(columns, None), numbers)
    if all(column.typed is not None and pd.api.types.is_numeric_dtype(column.typed.dtype) for column in columns):
        parts = [column.typed.to_numpy(np.float64, na_value=np.nan) for column in columns if column.typed is not None]
        typed = pd.Series(np.stack(parts, axis=1).ravel())
        return Column(place, lambda: code_texts(typed.map(str)), typed=typed)
    return text_column(place, _joined(columns, clean))


def _joined(columns: Sequence[Column], clean: Callable[[str], str] | None) -> TextColumn:
    """The texts of several columns, row by row."""
    known: dict[str, int] = {}
    codes: NDArray[np.int32] = np.empty((len(columns[0].place.lines), len(columns)), dtype=np.int32)
    for position, column in enumerate(columns):
        cells = _texts(column)
        texts = [clean(text) for text in cells.texts] if clean else cells.texts
        numbers = np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int32)
        codes[:, position] = numbers[cells.codes]
    return TextColumn(codes.ravel(), list(known))


def _texts(column: Column) -> TextColumn:
    """The cells as texts; plain numbers are written anew, because reading each column of a file again takes long."""
    if column.plain is None:
        return column.texts
    codes, distinct = pd.factorize(column.plain.values, use_na_sentinel=False)
    return TextColumn(codes.astype(np.int32), ["" if np.isnan(number) else repr(float(number)) for number in distinct])
