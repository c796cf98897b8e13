"""How large a table may be: what the user allows, and what is no table any more but an attack."""

from __future__ import annotations

from typing import Literal

from tsforecast.errors import DataError

# An archive may expand a millionfold, a pipe have no end; memory is the user's, so there is an end to it.
MOST_BYTES = 4 << 30

# Small files of equal rows are left in peace.
_MOST_RATIO, _LARGE_BYTES = 250, 256 << 20


def most_expanded(packed: int, most: int = MOST_BYTES) -> int:
    """Bytes that a file of `packed` bytes may become in memory."""
    return min(most, max(_LARGE_BYTES, _MOST_RATIO * packed))


def too_large(kind: str, size: int, file: str) -> DataError:
    """The error of a file that becomes larger than `size` bytes."""
    limit = f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"
    hint = "if it is a table all the same, write its rows into a CSV file, and give that"
    return DataError(f"the {kind} expands to more than {limit}", hint=hint, file=file)


def check_count(
    count: int, most: int | None, what: Literal["rows", "series"], file: str, *, at_least: bool = False
) -> None:
    """Refuse a table that is larger than the user allows.

    Args:
        count: of the rows or series.
        most: that are allowed; None for any number.
        what: is counted.
        file: name for messages.
        at_least: whether there may be more than were counted.

    Raises:
        DataError: there are more.
    """
    if most is None or count <= most:
        return
    hint = "check the id columns, or allow" if what == "series" else "take fewer rows, or allow"
    raise DataError(
        f"{'at least ' if at_least else ''}{count:,} {what}; at most {most:,} are allowed",
        hint=f"{hint} more with --max-{what}",
        file=file,
    )
