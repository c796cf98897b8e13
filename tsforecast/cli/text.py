"""Numbers, durations and tables as text that people read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from tsforecast.safe_text import guarded, visible

Cell = str | int | float | None
Row = Sequence[Cell]
Line = Sequence[str]
Measure = Callable[[str], int]

_BREAKABLE = 32  # letters of a word that is kept in one piece
_GAP = 2  # between columns
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d)(?P<seconds>:\d\d)?(\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?"
)


def clean(text: str) -> str:
    """Text without control characters: an id from a file must not move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in visible(text))


def number(value: float | None) -> str:
    """A number to read: four significant digits, thousands in full."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def short_number(value: float | None) -> str:
    """A number to read in six letters, of either sign in seven: `0.0123`, `99,999`, `123.5k`, `12.35M`, `1.2e15`."""
    if value is None or not math.isfinite(value):
        return "-"
    size = abs(value)
    if size == 0 or 0.1 <= size < 99_999.5:
        return number(value)
    if 1e-3 <= size < 0.1:
        return f"{value:.4f}"
    for unit, letter in ((1e3, "k"), (1e6, "M")):
        if 0.1 * unit <= size < 999.95 * unit:
            return f"{value / unit:.4g}{letter}"
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits}e{int(power)}"


def whole_percent(value: float | None, sign: str = "") -> str:
    """A share in percent, without a fraction where it is large."""
    if value is None or not math.isfinite(value) or abs(value) < 9.995:
        return percent(value, sign)
    return f"{100 * value:{sign}.0f}%" if abs(value) < 999.5 else f"{'<-' if value < 0 else '>'}999x"


def same_decimals(values: Sequence[float]) -> list[str]:
    """Numbers to read below each other: all with the decimals that show four digits of the largest."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    decimals = min(6, max(0, 3 - math.floor(math.log10(largest)))) if largest else 0
    return [f"{value:,.{decimals}f}" if math.isfinite(value) else "-" for value in values]


def count(value: float | None) -> str:
    """How many there are, in few letters: 950, 12k, 3.4M."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value < 10_000 else f"{value / 1e3:.0f}k" if value < 1e6 else f"{value / 1e6:.3g}M"


def percent(value: float | None, sign: str = "") -> str:
    """A share in percent; `sign="+"` writes the plus."""
    return "-" if value is None or not math.isfinite(value) else f"{100 * value:{sign}.1f}%"


def seconds(value: float) -> str:
    """A duration, such as `41.3 s` or `3 min 5 s`."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def moment(text: str) -> str:
    """A time of ISO 8601 to read: without the letter T, seconds that are 0 or parts of one, and midnight."""
    return _MOMENT.sub(_moment_parts, text)


def _moment_parts(match: re.Match[str]) -> str:
    time = match["time"] + ("" if match["seconds"] in (None, ":00") else match["seconds"])
    zone = {"+00:00": " UTC", "Z": " UTC"}.get(match["zone"] or "", match["zone"] or "")
    return match["day"] if time == "00:00" and not zone else f"{match['day']} {time}{zone}"


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


def column_blocks(lines: Sequence[Line], width: int, measure: Measure = len) -> list[list[int]]:
    """The columns of a table in blocks that are shown below each other, where words have no room side by side.

    Each block begins with the first column, which says what a row is about.

    Args:
        lines: header and cells.
        width: columns of the terminal.
        measure: columns that a text takes.
    """
    least = [_least(column, measure) for column in zip(*lines, strict=True)]
    blocks, used = [[0]], least[0]
    for position in range(1, len(least)):
        needed = _GAP + least[position]
        if used + needed > width and len(blocks[-1]) > 1:
            blocks.append([0])
            used = least[0]
        blocks[-1].append(position)
        used += needed
    return blocks


def told_columns(lines: Sequence[Line]) -> list[Line]:
    """The table without columns that say nothing."""
    columns = list(zip(*lines, strict=True))
    told = [n for n, column in enumerate(columns) if n == 0 or len(lines) < 2 or {*column[1:]} - {"", "-"}]
    return [[line[position] for position in told] for line in lines]


def column_widths(lines: Sequence[Line], width: int, measure: Measure = len) -> list[int]:
    """How wide the columns of a table are: the widest ones give way first, and none breaks a word before it must.

    The arguments are those of `column_blocks`.
    """
    columns = list(zip(*lines, strict=True))
    natural = [max(map(measure, column)) for column in columns]
    least = [_least(column, measure) for column in columns]
    room = max(width - _GAP * (len(columns) - 1), len(columns))
    least[0] = max(1, min(least[0], room - sum(least[1:])))
    if sum(least) > room:
        least = [1] * len(columns)
    level = max(natural)
    while sum(widths := [min(most, max(low, level)) for most, low in zip(natural, least, strict=True)]) > room:
        level -= 1
    return widths


def _least(column: Line, measure: Measure) -> int:
    """The longest word of a column; longer ones than this can be broken."""
    return min(_BREAKABLE, max(measure(word) for cell in column for word in cell.split() or [""]))
