"""One column of a table: its cells as texts, plain numbers or typed values, its name, and where its rows stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import Place

if TYPE_CHECKING:
    from tsforecast.io.messages import RowNumbers

_SAMPLE_ROWS = 100
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_ID_NAME = re.compile(r"(?:.*[^A-Za-z])?(?:id|ID|Id)|.*[a-z](?:ID|Id)")


@dataclass(frozen=True, eq=False)
class TextColumn:
    """The cells of a column: `codes`, int32, shape (rows,), number the distinct `texts` as they first appear."""

    codes: NDArray[np.int32]
    distinct: Sequence[str] | pa.Array  # the texts; those of a file are made texts of Python's when they are asked for

    @cached_property
    def texts(self) -> list[str]:
        """The distinct texts."""
        return self.distinct.to_pylist() if isinstance(self.distinct, pa.Array) else list(self.distinct)

    def first_texts(self, most: int) -> list[str]:
        """The distinct texts that appear first, at most so many."""
        return TextColumn(self.codes, self.distinct[:most]).texts

    @property
    def rows(self) -> int:
        return int(self.codes.size)

    def text(self, row: int) -> str:
        """The text of one row."""
        return str(self.distinct[self.codes[row]])

    def first_row(self, index: int) -> int:
        """The first row that holds a text."""
        return int(np.argmax(self.codes == index))

    def count(self, chosen: Sequence[bool] | NDArray[np.bool_]) -> int:
        """Rows that hold one of the chosen texts, shape (texts,)."""
        marks = np.asarray(chosen, dtype=bool)
        if marks.all() or not marks.any():
            return self.rows if marks.any() else 0
        return int(np.count_nonzero(marks[self.codes]))


def code_texts(texts: Iterable[str]) -> TextColumn:
    """Number the texts of a column."""
    codes, distinct = pd.factorize(np.array(list(texts), dtype=object), use_na_sentinel=False)
    return TextColumn(codes.astype(np.int32), distinct.tolist())


@dataclass(frozen=True)
class PlainNumbers:
    """Cells of a text that are all plain numbers or missing."""

    values: NDArray[np.float64]  # float64, shape (rows,); NaN where missing
    whole: bool  # whether all are whole numbers
    zero_led: bool  # whether a text may begin with a zero before another digit; False where not all are whole
    pointed: bool = False  # whether all are whole and some may be written as 1.000, which may be a thousand


@dataclass(eq=False)
class Column:
    """One column of a table."""

    place: Place  # its name, its file and the lines of its rows
    read_texts: Callable[[], TextColumn]  # reads the cells as texts
    plain: PlainNumbers | None = None  # the cells of a text file where all are plain numbers or missing, else None
    typed: pd.Series | None = None  # the values of a Parquet file or data frame, None for a text file

    @property
    def name(self) -> str:
        return self.place.column

    @cached_property
    def texts(self) -> TextColumn:
        """The cells as texts; missing cells of a typed column are empty texts."""
        return self.read_texts()

    @property
    def cell_text(self) -> Callable[[int], str]:
        """A function that returns the text of the cell in a row, counted from 0."""
        typed = self.typed
        return self.texts.text if typed is None else lambda row: str(typed.iloc[row])

    @property
    def sample_rows(self) -> NDArray[np.int64]:
        """Up to 100 rows from all over the column."""
        return np.unique(np.linspace(0, len(self.place.lines) - 1, _SAMPLE_ROWS).astype(np.int64))

    def sample(self) -> list[str]:
        """The texts of the sample rows without blanks round them."""
        return [self.texts.text(row).strip() for row in self.sample_rows]

    def first_row(self, text: str) -> int:
        """The first row that holds a text."""
        return self.texts.first_row(self.texts.texts.index(text))

    def error(self, row: int, message: str, hint: str = "", *, rows: RowNumbers = ()) -> DataError:
        """An error about one row, counted from 0; `rows` are all rows with this error, if there are several."""
        return self.place.error(row, message, hint, rows=rows, cell_text=lambda number: self.cell_text(number))


def text_column(place: Place, cells: TextColumn) -> Column:
    """A column whose texts are known."""
    return Column(place, lambda: cells)


def words(name: str) -> frozenset[str]:
    """The words of a column name in lower case: `obsYear` has `obs` and `year`."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def is_id_name(name: str) -> bool:
    """Whether a column is named like an id: `id`, `store_id`, `storeId`."""
    return _ID_NAME.fullmatch(name) is not None
