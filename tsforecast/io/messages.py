"""Notes on what the reader decided, repaired or assumed, and errors that name their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tsforecast.errors import MOST_PLACES, BadCell, DataError
from tsforecast.progress import Message, Report
from tsforecast.safe_text import bounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    RowNumbers = Sequence[int] | NDArray[np.integer[Any]]

About = Literal["", "columns", "left out", "offered"]
_MOST_NAMES = 6
_MOST_COLUMNS = 20


@dataclass(frozen=True)
class Note:
    """One sentence about the input, without a full stop: `info` for a decision, `warning` for a repair or a guess.

    `about` is `columns` where it says what a column holds, `left out` where it says what is no part of the table, and
    `offered` where it says which columns could be used.
    """

    kind: Literal["info", "warning"]
    text: str
    about: About = ""


@dataclass(frozen=True)
class Candidate:
    """One way to read a part of a table, the evidence for or against it, and whether it was taken."""

    part: Literal["layout", "numbers", "time", "ids"]
    reading: str
    evidence: str
    taken: bool


def info(text: str, about: About = "") -> Note:
    """A note on a decision."""
    return Note("info", bounded(text), about)


def warning(text: str, about: About = "") -> Note:
    """A note on a repair or an assumption."""
    return Note("warning", bounded(text), about)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """Quoted names with commas; a long list is cut: `'a', 'b' and 12 more`."""
    return _cut([f"'{name}'" for name in names], most)


def of_series(label: str) -> str:
    """The series that is meant, behind what is said of it: ` of 'north'`; empty for one without a name."""
    return f" of '{label}'" if label else ""


def tell(notes: Iterable[Note], report: Report) -> None:
    """Report notes, each as a message."""
    for note in notes:
        report(Message(note.kind, note.text))


def all_columns(names: Sequence[str]) -> str:
    """The names of all columns, for a message about one that does not exist: `the columns are a, b, c`."""
    return f"the columns are {_cut(names, _MOST_COLUMNS)}"


def _cut(names: Sequence[str], most: int) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


@dataclass(frozen=True)
class Place:
    """The rows of a column in a file: `lines`, shape (rows,), are their line numbers, the header being line 1.

    `where` says what a row of a column is called in a file that has no lines, such as `cell B7`.
    """

    file: str
    lines: Sequence[int] | NDArray[np.int64]
    column: str = ""
    where: Callable[[int, str], str] = lambda line, column: ""

    def error(
        self,
        row: int | None,
        message: str,
        hint: str = "",
        *,
        rows: RowNumbers = (),
        cell_text: Callable[[int], str] = lambda row: "",
    ) -> DataError:
        """An error about a row, counted from 0, about several `rows` of which it is the first, or about the column.

        `cell_text` returns the text of the cell in a row, for the list of the first bad cells.
        """
        shown = [int(number) for number in rows[:MOST_PLACES]] if len(rows) > 1 else []
        return DataError(
            message,
            hint=hint,
            file=self.file,
            row=None if row is None else int(self.lines[row]),
            column=self.column,
            places=tuple(BadCell(int(self.lines[number]), self.column, cell_text(number)) for number in shown),
            total=len(rows) if shown else 0,
            where="" if row is None else self.where(int(self.lines[row]), self.column),
        )
