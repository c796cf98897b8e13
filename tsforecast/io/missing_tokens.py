"""Texts and numbers that the user declares to mean a missing value, besides the usual tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsforecast.io.cells import Cells
from tsforecast.io.gaps import Values
from tsforecast.io.notes import Note, counted, info, warning
from tsforecast.io.numbers import TextNumbers, is_number


def with_tokens(found: TextNumbers, tokens: Sequence[str]) -> TextNumbers:
    """The numbers of a column in which these texts are missing; tokens that are numbers are left as they are."""
    if not tokens:
        return found
    declared = np.array([text.strip() in tokens for text in found.cells.texts], dtype=bool) & found.is_wrong
    return replace(found, missing=found.missing | declared)


def declared_missing(
    values: Values, columns: Sequence[Cells | None], tokens: Sequence[str], decimal: str
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


def _cells_with(token: str, cells: Cells) -> int:
    codes = [code for code, text in enumerate(cells.texts) if text.strip() == token]
    return int(np.count_nonzero(np.isin(cells.codes, codes)))
