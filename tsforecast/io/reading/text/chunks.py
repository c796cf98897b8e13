"""A text in blocks of whole records, each checked and read by itself.

A block is read in one of two ways, with the same result. Where it has no quotes, and every line as many cells as the
header, `plain_block` finds its cells on the bytes. Anything else goes through `careful_block`, which leaves out blank
lines, refuses by its line what cannot be read, and hands the rest to pandas. A rule about lines and cells belongs
there; a rule about the texts of a column belongs where its distinct texts are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK_BYTES = 8 << 20
Edges = tuple[int, int]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Text:
    """The rows of a text, below its header.

    Args:
        data: UTF-8 with `\\n` line ends.
        start: first byte below the header.
        line: line number of that byte in the file.
        width: cells in each row.
        delimiter: one ASCII character.
        file: name for messages.
        header_line: line number of the header; None where there is none to compare the rows with.
    """

    data: bytes
    start: int
    line: int
    width: int
    delimiter: str
    file: str
    header_line: int | None = None


@dataclass(frozen=True)
class PlainNumbers:
    """A column of a block whose cells are all plain numbers or missing.

    Args:
        values: float64, shape (rows,); NaN where missing.
        whole: whether all are whole numbers.
        zero_led: whether the text of one may begin with a zero before another digit; False where not all are whole.
    """

    values: NDArray[np.float64]
    whole: bool
    zero_led: bool


@dataclass(frozen=True)
class Block:
    """What was read of a block.

    Args:
        rows: how many.
        lines: line of each row, 0 being the block's first, shape (rows,); None where each row is one line.
        n_lines: lines of the block.
        blank: lines left out.
        texts: numbers of the distinct texts of a column, shape (rows,), and these texts as they first appear.
        figures: columns of numbers; None for one that holds anything else.
    """

    rows: int
    lines: NDArray[np.int64] | None
    n_lines: int
    blank: int
    texts: dict[int, tuple[Codes, list[bytes]]]
    figures: dict[int, PlainNumbers | None]


def cut(text: Text) -> list[Edges]:
    """First byte of each block, and the byte after it; no quoted cell stands in two blocks."""
    data, edges, start = text.data, [], text.start
    quoted = b'"' in data
    while start < len(data):
        end = data.rfind(b"\n", start, start + _BLOCK_BYTES) + 1 if start + _BLOCK_BYTES < len(data) else len(data)
        end = end or _line_end(data, start + _BLOCK_BYTES)
        quotes = data.count(b'"', start, end) if quoted else 0
        while quotes % 2 and end < len(data):
            start_of_line, end = end, _line_end(data, end)
            quotes += data.count(b'"', start_of_line, end)
        edges.append((start, end))
        start = end
    return edges


def _line_end(data: bytes, start: int) -> int:
    return data.find(b"\n", start) + 1 or len(data)
