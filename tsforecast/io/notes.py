"""What the reader decided, repaired or assumed, as sentences for the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_MOST_NAMES = 6


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
    return Note("info", text)


def warning(text: str) -> Note:
    """A note on what was repaired or assumed."""
    return Note("warning", text)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Quoted names with commas; a long list is cut: `'a', 'b' and 12 more`."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) <= _MOST_NAMES:
        return ", ".join(quoted)
    kept = _MOST_NAMES - 1
    return f"{', '.join(quoted[:kept])} and {len(quoted) - kept} more"
