"""A block with quotes, blank lines or errors, read by its records and by pandas."""

from __future__ import annotations

import codecs
import io
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from tsforecast.errors import DataError
from tsforecast.io.reading.numbers import MISSING_SPELLINGS
from tsforecast.io.reading.text.chunks import Block, Codes, Edges, PlainNumbers, Text
from tsforecast.io.reading.text.records import Records, check_cells, find_records, leave_out_blank


def read_careful(text: Text, edges: Edges, texts: Collection[int], numbers: Collection[int]) -> Block:
    """Read some columns of a block.

    Args:
        text: the whole.
        edges: of the block.
        texts: positions of columns to read as texts.
        numbers: positions of columns to read as numbers, if that is what they hold.

    Raises:
        DataError: a quote that is not closed or stands within a cell, a row with too many or too few cells.
    """
    data = text.data[slice(*edges)]
    data = data if data.endswith(b"\n") else data + b"\n"
    n_lines = data.count(b"\n")
    records, data, blank = _careful(data, text, edges[0])
    if not data:
        nothing: tuple[Codes, list[bytes]] = (np.empty(0, dtype=np.int32), [])
        no_figures = PlainNumbers(np.empty(0), whole=True, zero_led=False)
        return Block(
            0, records.lines, n_lines, blank, dict.fromkeys(texts, nothing), dict.fromkeys(numbers, no_figures)
        )
    coded = {position: _texts_of(data, text, position) for position in texts}
    figures = figures_of(data, text, numbers) if numbers else {}
    return Block(len(records.lines), records.lines, n_lines, blank, coded, figures)


def _careful(data: bytes, text: Text, start: int) -> tuple[Records, bytes, int]:
    """The records of a block, lines counted from 0, its bytes without blank lines, and how many of them there were."""
    try:
        return _checked(data, text, 0, start)
    except DataError:
        # Only an error needs to know how many lines stand above.
        return _checked(data, text, text.line + text.data.count(b"\n", text.start, start), start)


def _checked(data: bytes, text: Text, line: int, start: int) -> tuple[Records, bytes, int]:
    records, data, blank = leave_out_blank(find_records(data, text.delimiter, text.file, line), data)
    below_header = text.header_line if start == text.start else None
    check_cells(records, text.width, text.delimiter, text.file, below_header)
    return records, data, blank


def _texts_of(data: bytes, text: Text, position: int) -> tuple[Codes, list[bytes]]:
    """Numbers of the distinct texts of a column, and these texts as they first appear."""
    # Not as categories: pandas makes numbers of their texts.
    numbers, distinct = pd.factorize(_parse(data, text, (position,), dtype=str, na_filter=False)[position])
    return numbers.astype(np.int32), [str(cell).encode() for cell in distinct]


def figures_of(data: bytes, text: Text, positions: Collection[int]) -> dict[int, PlainNumbers | None]:
    """Columns of records as plain numbers; None for one where a cell may be something else to us than to pandas.

    Args:
        data: records that have been checked.
        text: from which they are.
        positions: of the columns.
    """
    spellings = {"keep_default_na": False, "na_values": MISSING_SPELLINGS}
    try:
        columns = _parse(data, text, positions, dtype=np.float64, **spellings)
    except (ValueError, OverflowError):
        # Some column holds something else: left to itself, pandas shows which.
        columns = _parse(data, text, positions, **spellings)
    return {position: _figures(columns[position]) for position in positions}


def _figures(column: pd.Series) -> PlainNumbers | None:
    if column.dtype.kind not in "iuf":
        return None
    values = column.to_numpy(dtype=np.float64)
    missing = np.isnan(values)
    # pandas takes `inf` for a number, and `true` and `false` for 1 and 0.
    if np.isinf(values).any() or np.all((values == 0) | (values == 1) | missing):
        return None
    whole = bool(np.all((np.rint(values) == values) | missing))
    return PlainNumbers(values, whole, zero_led=whole)


def _parse(data: bytes, text: Text, positions: Collection[int], **options: Any) -> pd.DataFrame:
    """Some columns of a block whose every row has the right number of cells."""
    # pandas drops a byte order mark, which here is part of a cell: that of the file is long gone.
    marked = data.startswith(codecs.BOM_UTF8)
    return pd.read_csv(
        io.BytesIO(b"\n" + data if marked else data),
        skiprows=int(marked),
        sep=text.delimiter,
        header=None,
        names=list(range(text.width)),
        usecols=list(positions),
        index_col=False,
        skip_blank_lines=False,
        lineterminator="\n",
        low_memory=False,
        engine="c",
        **options,
    )
