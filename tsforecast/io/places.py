"""Where in the input a cell stands, so that an error can name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import MOST_PLACES, BadCell, DataError


@dataclass(frozen=True)
class Place:
    """The rows of one column.

    Args:
        file: name of the file for messages.
        lines: line number of each row in the file, the header being line 1, shape (rows,).
        column: name of the column; may be empty.
    """

    file: str
    lines: Sequence[int] | NDArray[np.int64]
    column: str = ""

    def error(
        self,
        row: int,
        message: str,
        hint: str = "",
        *,
        rows: Sequence[int] | NDArray[np.integer[Any]] = (),
        written: Callable[[int], str] = lambda row: "",
    ) -> DataError:
        """An error about one row, counted from 0, or about several of which it is the first.

        Args:
            row: the first of them.
            message: what was found there, and how often.
            hint: how to fix it.
            rows: all rows with this error, if there are several.
            written: what the cell in a row says.
        """
        shown = [int(number) for number in rows[:MOST_PLACES]] if len(rows) > 1 else []
        return DataError(
            message,
            hint=hint,
            file=self.file,
            row=int(self.lines[row]),
            column=self.column,
            places=tuple(BadCell(int(self.lines[number]), self.column, written(number)) for number in shown),
            total=len(rows) if shown else 0,
        )
