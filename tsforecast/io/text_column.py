"""A column of texts in which each distinct text stands once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class TextColumn:
    """The cells of a column.

    Args:
        codes: number of each row's text, int32, shape (rows,).
        texts: the distinct texts, in the order in which they first appear.
    """

    codes: NDArray[np.int32]
    texts: list[str]

    @property
    def rows(self) -> int:
        return int(self.codes.size)

    def text(self, row: int) -> str:
        """The text of one row."""
        return self.texts[self.codes[row]]

    def first_row(self, index: int) -> int:
        """The first row that holds a text."""
        return int(np.argmax(self.codes == index))


def code_texts(texts: Iterable[str]) -> TextColumn:
    """Number the texts of a column."""
    codes, distinct = pd.factorize(np.array(list(texts), dtype=object), use_na_sentinel=False)
    return TextColumn(codes.astype(np.int32), distinct.tolist())
