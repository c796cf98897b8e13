"""The small picture of a forecast is drawn where somebody looks at a terminal, and nowhere else."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.reports.plots.test_forecast import SCHEMA, make_forecast, make_history
from tsforecast.cli.console import Console
from tsforecast.cli.drawn import show_forecast, show_table
from tsforecast.reports.plots.predicted import Kept

HISTORY = make_history(["a", "b"])
RESULT = Kept("shop", 1, "gru", 10, HISTORY, make_forecast(HISTORY), SCHEMA)


class Shown:
    """The result with the count that a table needs besides."""

    def __init__(self, kept: Kept) -> None:
        self.__dict__.update(vars(kept), rows=kept.horizon)


class Terminal(io.TextIOWrapper):
    """A terminal of an encoding."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding)

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture
def attach(monkeypatch):
    """`attach(stdout, stderr)`: these are the streams from now on, 60 columns wide."""
    for name, value in {"COLUMNS": "60", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)

    def streams(out, err):
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)

    return streams


def test_on_a_terminal(attach):
    out, err = Terminal(), Terminal()
    attach(out, err)
    show_forecast(Console(), RESULT)
    lines = err.shown().splitlines()
    assert lines[1].startswith("b: 40 rows and 10 steps ahead, dots: 80 % interval; the")
    assert max(map(len, lines)) <= 60 and any("\u2800" < letter <= "\u28ff" for letter in err.shown())
    assert out.shown() == ""


def test_times_stand_as_in_the_table(attach):
    """In the table and below the picture."""
    out, err = Terminal(), Terminal()
    attach(out, err)
    german = replace(RESULT, schema=replace(SCHEMA, time_formats=("%d.%m.%Y",)))
    show_forecast(Console(), german)
    assert err.shown().splitlines()[-1].split()[-1] == "27.04.2022"
    show_table(Console(), Shown(german), ("b",))
    assert [line.split()[0] for line in out.shown().splitlines()[-10:]][::9] == ["18.04.2022", "27.04.2022"]


def test_named_series_stand_below_each_other(attach):
    out, err = Terminal(), Terminal()
    attach(out, err)
    show_forecast(Console(), RESULT, ("b", "a"))
    assert [line[:3] for line in err.shown().splitlines() if " rows and " in line] == ["b: ", "a: "]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_where_the_encoding_has_no_dots(attach, encoding):
    out, err = Terminal(encoding), Terminal(encoding)
    attach(out, err)
    show_forecast(Console(), RESULT)
    assert "*" in err.shown() and err.shown().isascii()


@pytest.mark.parametrize("setting", ["stdout", "stderr", "quiet", "json", "dumb"])
def test_nowhere_else(attach, monkeypatch, setting):
    streams = {"stdout": Terminal(), "stderr": Terminal()}
    if setting in streams:
        streams[setting] = io.StringIO()
    attach(*streams.values())
    console = Console()
    console.verbosity = -1 if setting == "quiet" else 0
    console.as_json = setting == "json"
    if setting == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    show_forecast(console, RESULT)
    written = [each.getvalue() if isinstance(each, io.StringIO) else each.shown() for each in streams.values()]
    assert written == ["", ""]


def test_history_is_not_needed(attach):
    attach(Terminal(), err := Terminal())
    empty = HISTORY.between(np.array([100, 100]), HISTORY.lengths)
    show_forecast(Console(), Kept("shop", 1, "gru", 10, empty, make_forecast(HISTORY), SCHEMA))
    assert "a: 10 steps ahead" in err.shown()
