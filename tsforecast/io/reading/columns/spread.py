"""Covariates of texts that vary within a series, such as the weather or an event: a column for each text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsforecast.io.column import Column, PlainNumbers, TextColumn
from tsforecast.io.messages import Note, counted, info, listed, warning
from tsforecast.io.reading.columns.covariates import CovariateNames
from tsforecast.io.reading.numbers import is_missing, read_content
from tsforecast.io.reading.table import RawTable

_MOST_TEXTS = 20
_MARK = "="


def spread_texts(
    table: RawTable, names: CovariateNames, targets: tuple[str, ...] = ()
) -> tuple[RawTable, CovariateNames, list[Note]]:
    """The table with a column of ones and zeros for each text of a past or future column, called `weather=rain`.

    A model names such columns, so that texts that it does not know are none of its own.

    Args:
        table: as it was read.
        names: the columns asked for.
        targets: the value columns, which are columns known ahead in a table that holds only those.
    """
    columns, notes = dict(table.columns), []
    made: dict[str, list[str]] = {}
    for name in dict.fromkeys((*names.past, *names.future, *targets)):
        made[name] = [name]
        if name not in columns:
            base, text = _taken_apart(table, name)
            if base is not None:
                columns[name] = _marks(table.columns[base], name, text)
        elif name not in targets and (texts := _texts(table, name)):
            made[name] = [f"{name}{_MARK}{text}" for text in texts]
            marks = {each: _marks(columns[name], each, text) for each, text in zip(made[name], texts, strict=True)}
            columns |= marks
            said = f"column '{name}' is read as a column of 0 and 1 for each of {listed(texts)}; empty is none"
            notes.append(info(said))
    if len(columns) == len(table.columns):
        return table, names, []
    notes += _unknown(table, [each for every in made.values() for each in every])
    bases = {_base(table, each) for every in made.values() for each in every}
    columns = {name: column for name, column in columns.items() if name not in bases}
    past, future = (tuple(each for name in role for each in made[name]) for role in (names.past, names.future))
    lags = [lag for name, lag in zip(names.past, names.lags, strict=False) for _ in made[name]]
    return replace(table, columns=columns), replace(names, past=past, future=future, lags=tuple(lags)), notes


def _texts(table: RawTable, name: str) -> list[str]:
    """The texts of a column that is not of numbers, sorted; empty for numbers, and where there are too many."""
    content = read_content(table.columns[name], table.number_format)
    if content.kind not in ("text", "number", "code") or not content.numbers.wrong.size:
        return []
    texts = sorted({text for cell in table.columns[name].texts.texts if not is_missing(text := cell.strip())})
    return texts if len(texts) <= _MOST_TEXTS else []


def _taken_apart(table: RawTable, name: str) -> tuple[str | None, str]:
    """The column and the text that a name such as `weather=rain` is made of; None where there is no such column."""
    parts = name.split(_MARK)
    for count in range(1, len(parts)):
        base = _MARK.join(parts[:count])
        if base in table.columns:
            return base, _MARK.join(parts[count:])
    return None, ""


def _base(table: RawTable, name: str) -> str | None:
    return None if name in table.columns else _taken_apart(table, name)[0]


def _marks(column: Column, name: str, text: str) -> Column:
    """A column of ones where a text stands, and zeros."""
    cells = column.texts
    hits = np.array([cell.strip() == text for cell in cells.texts], dtype=bool)[cells.codes]
    texts = TextColumn(hits.astype(np.int32), ["0", "1"])
    numbers = PlainNumbers(hits.astype(np.float64), whole=True, zero_led=False)
    return Column(replace(column.place, column=name), lambda: texts, numbers)


def _unknown(table: RawTable, names: list[str]) -> list[Note]:
    """A warning of texts that a model has not learned."""
    known: dict[str, set[str]] = {}
    for name in names:
        if (base := _base(table, name)) is not None:
            known.setdefault(base, set()).add(_taken_apart(table, name)[1])
    notes = []
    for base, texts in known.items():
        cells = table.columns[base].texts
        new = [not is_missing(text.strip()) and text.strip() not in texts for text in cells.texts]
        if any(new):
            first = next(text for text, is_new in zip(cells.texts, new, strict=True) if is_new)
            said = f"{counted(cells.count(new), 'cell')} of column '{base}' hold texts that the model does not know"
            notes.append(warning(f"{said}, such as '{first}': read as none of its texts"))
    return notes
