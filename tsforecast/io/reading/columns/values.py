"""The values of a table: which cells are refused, with the hint that helps, and which are declared to be missing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.column import Column
from tsforecast.io.messages import Note, counted, info, warning
from tsforecast.io.reading.columns.marks import mark_hint
from tsforecast.io.reading.numbers import Content, NumberFormat, is_number, plain_signs
from tsforecast.safe_text import shown
from tsforecast.series.scaling import LARGEST

_HINT = "correct it or leave the cell empty; if the column holds no values, choose others with --target-col"
_MOST_TOKENS, _TOKEN_ROWS = 5, 1000

_NUMBER_FIRST = re.compile(r"[^\w\s<>]{0,3} ?[.,]?[0-9]")
_FOREIGN = re.compile(r"(?![0-9])\d|[\u066b\u066c\uff0c\uff0e]")

# The squares of smaller values are zero as float64.
_LEAST = 1e-100


def check_values(targets: Sequence[Content], number_format: NumberFormat, *, fixed: bool) -> list[Note]:
    """Refuse cells of value columns that are no number, too large, or too small.

    Args:
        targets: the value columns.
        number_format: how the table writes numbers.
        fixed: whether the decimal mark was given by an option.

    Returns:
        Notes on numbers that were written in an unusual way.

    Raises:
        DataError: the first such cell.
    """
    for content in targets:
        _check_numbers(content, number_format, fixed)
        _check_size(content)
    how = "written with a Unicode minus or no-break space: read as plain ones"
    taken = [
        warning(f"column '{content.column.name}' is read with {', '.join(content.said)}")
        for content in targets
        if content.said
    ]
    return taken + [
        warning(f"{counted(content.numbers.odd, 'number')} of column '{content.column.name}' {how}")
        for content in targets
        if content.numbers.odd
    ]


def _check_numbers(content: Content, number_format: NumberFormat, fixed: bool) -> None:
    wrong, column = content.numbers.wrong, content.column
    if not wrong.size:
        return
    row = int(wrong[0])
    text = column.cell_text(row)
    hint = _hint(text, column, wrong, number_format, fixed)
    raise column.error(row, f"'{text}' is not a finite number{_more(wrong)}", hint, rows=wrong)


def _hint(text: str, column: Column, wrong: NDArray[np.int64], number_format: NumberFormat, fixed: bool) -> str:
    """What to do about a text that is no number."""
    if _FOREIGN.search(text):
        return "write it with the digits 0 to 9 and a plain decimal mark"
    if text.strip().lower() in ("true", "false"):
        return "write 1 and 0 for true and false"
    hint = mark_hint(text, column.texts.texts, number_format, fixed=fixed)
    if hint is not None:
        return hint
    if not _may_be_missing(text):
        return f"write it as a plain number, or all of the column with the same unit; {_HINT}"
    found = dict.fromkeys(column.cell_text(int(each)).strip() for each in wrong[:_TOKEN_ROWS])
    tokens = [token for token in found if _may_be_missing(token)]
    if len(tokens) > _MOST_TOKENS:
        return _HINT
    flags = " ".join(f"--missing {shlex.quote(shown(token))}" for token in tokens)
    stands = "it stands" if len(tokens) == 1 else "they stand"
    return f"if {stands} for a missing value, add {flags}; else {_HINT}"


def _may_be_missing(text: str) -> bool:
    """Whether a text may stand for a missing value: it does not begin with a number, unless it is `<1` or `1.#INF`."""
    return _NUMBER_FIRST.match(plain_signs(text).strip()) is None or "#" in text


def _check_size(content: Content) -> None:
    """Refuse numbers that overflow when they are scaled, and a column whose squares are all zero."""
    values, column = content.numbers.values, content.column
    if not values.size:
        return
    # Missing values pass, and no copy of the column is made.
    top = max(float(np.fmax.reduce(values)), -float(np.fmin.reduce(values)))
    if top > LARGEST:
        rows = np.flatnonzero(np.abs(values) > LARGEST)
        text = column.cell_text(int(rows[0]))
        message = f"'{text}' is too large: at most {LARGEST:g} can be forecast{_more(rows)}"
        raise column.error(int(rows[0]), message, "correct it, or divide the column by a constant", rows=rows)
    if 0 < top < _LEAST:
        row = int(np.nanargmax(np.abs(values)))
        message = f"'{column.cell_text(row)}' is too small, and no value of the column is larger"
        raise column.error(row, message, "multiply the column by a constant")


def _more(rows: NDArray[np.int64]) -> str:
    return f" (and {counted(rows.size - 1, 'more cell')} of this column)" if rows.size > 1 else ""


def declared_missing(
    values: NDArray[np.float64], columns: Sequence[Column], number_format: NumberFormat
) -> tuple[NDArray[np.float64], list[Note]]:
    """The values without those that the user declares to be missing, and how many cells each token stood in.

    Args:
        values: of the value columns, shape (rows, targets); cells with tokens that are texts are NaN already.
        columns: the value columns.
        number_format: the tokens, and how the numbers among them are written.
    """
    notes = []
    for token in number_format.missing:
        if is_number(token, number_format.decimal):
            equal = values == float(token.replace(",", "."))
            count = int(np.count_nonzero(equal))
            values = np.where(equal, np.nan, values)
        else:
            texts = [column.texts for column in columns if column.plain is None]
            count = sum(cells.count([text.strip() == token for text in cells.texts]) for cells in texts)
        found = info(f"{counted(count, 'value')} '{token}' read as missing")
        # A token that stands nowhere is a mistake of the user's, or the data have changed.
        notes.append(found if count else warning(f"no value is '{token}', which --missing declares"))
    return values, notes
