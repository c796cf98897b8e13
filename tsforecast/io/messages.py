"""What the reader decided, repaired or assumed, as sentences for the user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tsforecast.errors import MOST_PLACES, BadCell, DataError
from tsforecast.safe_text import bounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_NAMES = 6
_MOST_COLUMNS = 20


@dataclass(frozen=True)
class Note:
    """One sentence about the input.

    Args:
        kind: `info` for what was decided, `warning` for what was repaired or assumed.
        text: the sentence, without a full stop.
    """

    kind: Literal["info", "warning"]
    text: str


def info(text: str) -> Note:
    """A note on what was decided."""
    return Note("info", bounded(text))


def warning(text: str) -> Note:
    """A note on what was repaired or assumed."""
    return Note("warning", bounded(text))


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """Quoted names with commas; a long list is cut: `'a', 'b' and 12 more`."""
    return _cut([f"'{name}'" for name in names], most)


def all_columns(names: Sequence[str]) -> str:
    """The columns there are, for a message about one that is not: `the columns are a, b, c`."""
    return f"the columns are {_cut(names, _MOST_COLUMNS)}"


def _cut(names: Sequence[str], most: int) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


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
