"""Small tables as people have them, made by functions, and what `describe` says of them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from tests.conftest import Run

_VALUE = r"(?:\"[^\"]*\"|'[^']*'|,|[^\s,;]+)"
_TYPED = re.compile(rf"--[a-z-]+(?: (?!--){_VALUE})?(?: --[a-z-]+(?: (?!--){_VALUE})?)*")


def wave(row: int, level: float = 80.0) -> float:
    """A value with decimals: a week's season round a level, and something of its own."""
    return round(level + 9 * ((row * 3) % 7) / 7 + (row * 37 % 11) / 10 + 0.05, 2)


def stamps(count: int, freq: str, text_format: str, start: str = "2021-03-01") -> list[str]:
    """Times as they are written."""
    return [f"{moment:{text_format}}" for moment in pd.date_range(start, periods=count, freq=freq)]


def table(header: str, rows: Iterable[Sequence[Any]], mark: str = ",") -> str:
    """A text of a header and rows."""
    return "\n".join([header, *(mark.join(map(str, row)) for row in rows), ""])


def series(header: str, times: Sequence[str], level: float = 80.0, mark: str = ",") -> str:
    """A text of two columns."""
    return table(header, [(time, wave(row, level)) for row, time in enumerate(times)], mark)


def mean(rows: Iterable[int], level: float = 80.0) -> float:
    """Of the values of some rows."""
    values = [wave(row, level) for row in rows]
    return sum(values) / len(values)


@dataclass(frozen=True)
class Kind:
    """A kind of table, and how it is to be read.

    Args:
        row: of TABLES.md, and what tells it from others of that row.
        text: the table.
        panel: number of series, steps of the longest, and the frequency.
        span: the first and the last time.
        means: of each series by its id.
        flags: that it is read with.
        says: in a note.
    """

    row: str
    text: str
    panel: tuple[int, int, str]
    span: tuple[str, str]
    means: dict[str, float]
    flags: str = ""
    says: str = ""


def check_read(run: Run, kind: Kind, flags: str = "") -> None:
    """Assert that `describe` reads a table as it is to be read."""
    result = describe(run, kind.text, flags or kind.flags)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["series"], document["lengths"][2], document["frequency_alias"]) == kind.panel
    assert (document["first"], document["last"]) == kind.span
    assert {one["id"]: one["mean"] for one in document["profile"]} == pytest.approx(kind.means, rel=1e-9)
    assert kind.says in result.stderr


def check_hint(run: Run, kind: Kind, message: str, hint: str) -> None:
    """Assert that a table is refused, and that the hint, typed as it stands, makes it read as it is to be read."""
    result = describe(run, kind.text, kind.flags)
    assert result.exit_code == 65
    assert message in result.stderr
    assert hint in typed_flags(result.stderr)
    check_read(run, kind, f"{kind.flags} {hint}".strip())


def typed_flags(message: str) -> list[str]:
    """The options of a message, as they can be typed."""
    return _TYPED.findall(message.replace('"\'"', "'"))


def describe(run: Run, text: str, flags: str = "") -> Any:
    """The command on a table."""
    with open("table.csv", "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return run("describe", "table.csv", "--json", *shlex.split(flags))


Make = Callable[[], Kind]
