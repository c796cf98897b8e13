"""What the cases of the 74 rules are made of: a small input, how it is read, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tsforecast.errors import DataError, TsforecastError

DAYS = [f"2024-01-{day:02d}" for day in range(1, 9)]
VALUES = [1.5, 2.5, 4.0, 3.0, 5.5, 2.0, 6.5, 7.0]


@dataclass(frozen=True)
class Read:
    """The input is accepted as these series.

    Args:
        values: of each series, in the order of the ids; None where a value is missing.
        ids: of the series.
        stamps: of the first series, on the clock of the panel, to the minute.
        notes: patterns, each of which some note must match.
        silent: whether no note may be a warning.
    """

    values: Sequence[Sequence[float | None]] = (VALUES,)
    ids: Sequence[tuple[str, ...]] = ((),)
    stamps: Sequence[str] = tuple(DAYS)
    notes: tuple[str, ...] = ()
    silent: bool = False


@dataclass(frozen=True)
class Refused:
    """The input is refused.

    Args:
        message: pattern of what was found.
        row: line of the file; None where the whole file is meant.
        column: name; empty where the whole line is meant.
        hint: pattern of how to mend it.
        error: class of the error, whose exit status is that of the command.
    """

    message: str
    row: int | None = None
    column: str = ""
    hint: str = ""
    error: type[TsforecastError] = DataError


@dataclass(frozen=True)
class Case:
    """One input.

    Args:
        rule: number of the rule in the table of cases.
        name: what is special about the input.
        data: its bytes.
        expected: what must come of it.
        options: fields of `ReadOptions`.
    """

    rule: int
    name: str
    data: bytes
    expected: Read | Refused
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.rule:02d} {self.name}"


def table(rows: Iterable[Sequence[object]], header: str = "ds,y", sep: str = ",", end: str = "\n") -> bytes:
    """A table as text; cells are written as they are."""
    lines = [header.replace(",", sep), *(sep.join(map(str, row)) for row in rows)]
    return "".join(line + end for line in lines).encode()


def daily(*values: object, first: int = 0, header: str = "ds,y", sep: str = ",") -> bytes:
    """A daily table of these cells; the eight usual values where none are given."""
    cells = values or tuple(VALUES)
    return table(zip(day_list(len(cells), first), cells, strict=True), header, sep)


def with_cell(text: str, row: int = 3) -> bytes:
    """The usual table with another cell in a row, counted from 0: that row stands in line row + 2."""
    return daily(*VALUES[:row], text, *VALUES[row + 1 :])


def with_line(text: str, line: int) -> bytes:
    """The usual table with one more line, so that it is this line of the file; line 10 is the last."""
    lines = daily().decode().splitlines(keepends=True)
    return "".join([*lines[: line - 1], text + "\n", *lines[line - 1 :]]).encode()


def day_list(count: int, first: int = 0) -> list[str]:
    """Days from 2024-01-01 on."""
    return [str(date(2024, 1, 1) + timedelta(days=first + step)) for step in range(count)]


def panel_of(*ids: str, header: str = "id,ds,y") -> bytes:
    """A table of several series, each with the usual values."""
    return table(((key, day, value) for key in ids for day, value in zip(DAYS, VALUES, strict=True)), header)


def read_panel_of(*ids: str, notes: tuple[str, ...] = ()) -> Read:
    """What `panel_of` is read as."""
    return Read([VALUES] * len(ids), [(key,) for key in sorted(ids)], notes=notes)


def hours(count: int, zone: str = "", first: int = 0) -> list[str]:
    """Hours from 2024-01-01 00:00 on, with a suffix."""
    return [f"2024-01-{1 + step // 24:02d} {step % 24:02d}:00{zone}" for step in range(first, first + count)]
