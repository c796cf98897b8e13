"""What the reader decided, repaired or assumed, as sentences for the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tsforecast.texts import bounded

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
