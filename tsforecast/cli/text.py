"""Numbers, durations and tables as text that people read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tsforecast.safe_text import guarded, visible

Cell = str | int | float | None
Row = Sequence[Cell]
Line = Sequence[str]

_BREAKABLE = 20  # width at which a column with line breaks can still be read
_GAP = 2  # between columns


def clean(text: str) -> str:
    """Text without control characters: an id from a file must not move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in visible(text))


def number(value: float | None) -> str:
    """A number to read: four significant digits, thousands in full."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(value: float | None, sign: str = "") -> str:
    """A share in percent; `sign="+"` writes the plus."""
    return "-" if value is None or not math.isfinite(value) else f"{100 * value:{sign}.1f}%"


def seconds(value: float) -> str:
    """A duration, such as `41.3 s` or `3 min 5 s`."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def cell_text(cell: Cell, exact: bool) -> str:
    """A cell for people, or exact for programs, of which a spreadsheet is one."""
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
