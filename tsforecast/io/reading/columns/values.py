"""What must hold of the cells of value columns, and what is said of those that are repaired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import Note, Place, all_columns, counted, info, warning
from tsforecast.io.reading.columns.kinds import Column
from tsforecast.io.reading.grid.gaps import Values
from tsforecast.io.reading.numbers import (
    is_dressed,
    is_missing,
    is_number,
    mark_hint,
    may_group,
    plain_signs,
    shows_decimals,
)
from tsforecast.io.reading.table import RawTable
from tsforecast.io.text_column import TextColumn
from tsforecast.safe_text import shown
from tsforecast.series.scaling import LARGEST

_DRESSED_SHARE = 0.5
_SAMPLE_TEXTS = 1000

# The squares of what is far below are zero as float64.
_LEAST = 1e-100
_HINT = "correct it or leave the cell empty; if the column holds no values, choose others with --target-col"


def check_values(table: RawTable, targets: Sequence[str], columns: Mapping[str, Column]) -> list[Note]:
    """Refuse what is no number, or a number that can be read in two ways.

    Args:
        table: with the columns.
        targets: names of the value columns.
        columns: by name.

    Returns:
        Notes on numbers that were written in an unusual way.

    Raises:
        DataError: the first such cell.
    """
    for name in targets:
        _check_numbers(table, name, columns[name])
        _check_size(table, name, columns[name])
    if not table.sure and not table.typed:
        _check_mark(table, [name for name in targets if columns[name].kind == "number"])
    notes = []
    for name in targets:
        if columns[name].numbers.odd:
            cells = counted(columns[name].numbers.odd, "number")
            notes.append(
                warning(
                    f"{cells} of column '{name}' written with a Unicode minus or no-break space: read as plain ones"
                )
            )
    return notes


def _check_numbers(table: RawTable, name: str, column: Column) -> None:
    """Refuse the cells of a value column that are neither a number nor missing."""
    wrong = column.numbers.wrong
    if not wrong.size:
        return
    written, row = table.written(name), int(wrong[0])
    text = written(row)
    more = f" (and {counted(wrong.size - 1, 'more cell')} of this column)" if wrong.size > 1 else ""
    hint = mark_hint(text) or _HINT
    if column.kind == "flag":
        hint = "write 1 and 0 for true and false"
    elif text.strip().isalpha() and hint == _HINT:
        hint = f"{_HINT}; if it stands for a missing value, add --missing {shown(text.strip())}"
    place = Place(table.file, table.lines, name)
    raise place.error(row, f"'{text}' is not a finite number{more}", hint, rows=wrong, written=written)


def _check_size(table: RawTable, name: str, column: Column) -> None:
    """Refuse numbers that overflow when they are scaled, and a column whose squares are all zero."""
    values = column.numbers.values
    if not values.size:
        return
    # Missing values pass, and no copy of the column is made.
    top = max(float(np.fmax.reduce(values)), -float(np.fmin.reduce(values)))
    place = Place(table.file, table.lines, name)
    if top > LARGEST:
        written = table.written(name)
        rows = np.flatnonzero(np.abs(values) > LARGEST)
        more = f" (and {counted(rows.size - 1, 'more cell')} of this column)" if rows.size > 1 else ""
        message = f"'{written(int(rows[0]))}' is too large: at most {LARGEST:g} can be forecast{more}"
        hint = "correct it, or divide the column by a constant"
        raise place.error(int(rows[0]), message, hint, rows=rows, written=written)
    if 0 < top < _LEAST:
        row = int(np.nanargmax(np.abs(values)))
        message = f"'{table.written(name)(row)}' is too small, and no value of the column is larger"
        raise place.error(row, message, "multiply the column by a constant")


def _check_mark(table: RawTable, names: Sequence[str]) -> None:
    """Refuse `1,234` where no number of the table shows whether it is 1.234 or 1234."""
    mark, suspects = table.decimal, []
    for name in names:
        figures = table.figures(name)
        if figures is not None and figures.whole:
            continue
        if figures is not None and _has_decimals(figures.values):
            return
        numbers = [text for cell in table.texts(name).texts if is_number(text := plain_signs(cell).strip(), mark)]
        if any(shows_decimals(text, mark) for text in numbers):
            return
        if may_group(numbers, mark):
            suspects.append((name, next(text for text in numbers if mark in text)))
    for name, text in suspects:
        cells = table.texts(name)
        row = cells.first_row(next(number for number, cell in enumerate(cells.texts) if text in cell))
        raise Place(table.file, table.lines, name).error(
            row, f"'{text}' is ambiguous: the mark may be that of decimals or of thousands", mark_hint(text)
        )


def _has_decimals(values: NDArray[np.float64]) -> bool:
    """Whether some number with decimals can be no group of three digits before another; the texts are not needed."""
    broken = values[(np.rint(values) != values) & ~np.isnan(values)]
    size = np.abs(broken)
    return bool(np.any((size < 1) | (size >= 1000) | (np.round(size, 3) != size)))


def dressed_text(table: RawTable, name: str) -> str:
    """The first text of a column that seems to hold numbers with a currency, a unit or a mark; empty for any other."""
    if table.typed:
        return ""
    filled = [text for cell in table.texts(name).texts[:_SAMPLE_TEXTS] if not is_missing(text := cell.strip())]
    dressed = [text for text in filled if is_dressed(text)]
    return dressed[0] if len(dressed) > _DRESSED_SHARE * len(filled) else ""


def no_values(table: RawTable, names: Sequence[str]) -> DataError:
    """The error of a table in which no column can be forecast.

    Args:
        table: the table.
        names: columns that are neither time nor id.
    """
    for name in names:
        text = dressed_text(table, name)
        if text:
            cells = table.texts(name)
            row = cells.first_row(next(number for number, cell in enumerate(cells.texts) if cell.strip() == text))
            message = f"no column holds numbers to forecast: '{text}' is not a finite number"
            return Place(table.file, table.lines, name).error(row, message, mark_hint(text) or _HINT)
    return DataError(
        f"no column holds numbers to forecast; {all_columns(table.names)}",
        hint="name the value column with --target-col",
        file=table.file,
    )


def declared_missing(
    values: Values, columns: Sequence[TextColumn | None], tokens: Sequence[str], decimal: str
) -> tuple[Values, list[Note]]:
    """The values without those that equal a token, and how many cells each token stood in.

    Args:
        values: of the value columns, shape (rows, targets); cells with tokens that are texts are NaN already.
        columns: the texts of each value column; None for a column of plain numbers.
        tokens: as the user gave them.
        decimal: mark of the numbers among them.
    """
    notes = []
    for token in tokens:
        if is_number(token, decimal):
            equal = values == float(token.replace(",", "."))
            count = int(np.count_nonzero(equal))
            values = np.where(equal, np.nan, values)
        else:
            count = sum(_cells_with(token, cells) for cells in columns if cells is not None)
        # A token that stands nowhere is a slip of the user's, or the data have changed.
        found = info(f"{counted(count, 'value')} '{token}' read as missing")
        notes.append(found if count else warning(f"no value is '{token}', which --missing declares"))
    return values, notes


def _cells_with(token: str, cells: TextColumn) -> int:
    codes = [code for code, text in enumerate(cells.texts) if text.strip() == token]
    return int(np.count_nonzero(np.isin(cells.codes, codes)))
