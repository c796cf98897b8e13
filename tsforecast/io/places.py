"""Where in the input a cell stands, so that an error can name it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError


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

    def error(self, row: int, message: str, hint: str = "") -> DataError:
        """An error about one row, counted from 0."""
        return DataError(message, hint=hint, file=self.file, row=int(self.lines[row]), column=self.column)
