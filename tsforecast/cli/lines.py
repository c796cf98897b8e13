"""The cells of a table as lines of text, and what their widths and contents say of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from tsforecast.cli.text import clean, number
from tsforecast.io.formulas import guarded

Cell = str | int | float | None
Row = Sequence[Cell]
Line = Sequence[str]

# Width that a column with line breaks needs to be read, and that between columns.
_BREAKABLE, _GAP = 20, 2


def cell_text(cell: Cell, exact: bool) -> str:
    """A cell as people read it, or exact, as programs do; a spreadsheet is one."""
    if isinstance(cell, str):
        return guarded(clean(cell)) if exact else clean(cell)
    if exact:
        return "" if cell is None else str(cell)
    return f"{cell:,}" if isinstance(cell, int) else number(cell)


def numeric_columns(lines: Sequence[Line]) -> list[bool]:
    """Which columns hold nothing but numbers below their header."""
    return [all(cell[:1] in "0123456789+-" for cell in column[1:]) for column in zip(*lines, strict=True)]


def aligned(lines: Sequence[Line]) -> list[str]:
    """Lines of a table with its columns side by side, in plain text."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    signs = [">" if numeric else "<" for numeric in numeric_columns(lines)]
    return ["  ".join(f"{c:{s}{w}}" for c, s, w in zip(line, signs, widths, strict=True)).rstrip() for line in lines]


def unbroken_columns(lines: Sequence[Line], width: int) -> set[int]:
    """Columns that are shown without line breaks, the narrowest first, as long as the others keep room to break."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    kept: set[int] = set()
    for position in sorted(range(len(widths)), key=lambda i: widths[i]):
        others = set(range(len(widths))) - kept - {position}
        needed = sum(widths[i] for i in {*kept, position}) + sum(min(widths[i], _BREAKABLE) for i in others)
        if needed + _GAP * (len(widths) - 1) <= width:
            kept.add(position)
    return kept
