"""R13: what a series is called is never run by a spreadsheet, nor obeyed by a terminal."""

from __future__ import annotations

import csv
import io
import os
import pty
import re
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tsforecast.cli.console import Console
from tsforecast.forecast import Forecast
from tsforecast.io.writing.forecasts import guarded_notes, write_forecast
from tsforecast.json_output import json_bytes
from tsforecast.reports.markdown import escaped
from tsforecast.safe_text import guarded
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import Schema

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "+cmd|'/C calc'!A0",
    "-2+3",
    "-cmd",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x1b=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1x",
    "\uff20SUM(A1)",
]
ESCAPES = ["\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "bell\x07", "\x9b2Jgone"]
HOSTILE = FORMULAS + ESCAPES
HARMLESS = ["-3.2", "+4e5", "-5", "+12.5%", "-", "=", "", "a=b", "north", "Größe", "a-b", "'quoted", "007"]
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
SCHEMA = Schema(("day",), ("shop",), ("sold",), ("%Y-%m-%d",))


def is_live(cell: str) -> bool:
    """Whether a spreadsheet would run a cell."""
    start = CONTROL.sub("", cell)
    return bool(re.match("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20].", start, re.DOTALL)) and not _is_number(start)


def _is_number(text: str) -> bool:
    try:
        float(text.removesuffix("%"))
    except ValueError:
        return False
    return True


def forecast(ids: list[str]) -> Forecast:
    y_pred = -np.ones((len(ids), 2))
    bounds = np.empty((len(ids), 2, 0))
    return Forecast(tuple((text,) for text in ids), np.full(len(ids), 19_000), y_pred, (), bounds, bounds)


def write(path: Path, **options: bool) -> str:
    write_forecast([forecast(HOSTILE + HARMLESS)], SCHEMA, Frequency("fixed", DAY), path, **options)
    return path.read_bytes().decode()


def test_the_cases_are_live_as_they_are() -> None:
    assert len(HOSTILE) == 20
    assert all(is_live(text) for text in FORMULAS)
    assert all(CONTROL.search(text) for text in ESCAPES)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_guarded(text: str) -> None:
    assert not is_live(guarded(text))
    assert not CONTROL.search(guarded(text))


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


def test_no_cell_of_a_csv_file_is_live(tmp_path: Path) -> None:
    text = write(tmp_path / "out.csv")
    assert not CONTROL.search(text)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == 1 + 2 * len(HOSTILE + HARMLESS)
    assert not [cell for row in rows for cell in row if is_live(cell)]
    assert {row[2] for row in rows[1:]} == {"-1.0"}


def test_ids_are_left_as_they_are_when_asked(tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(write(tmp_path / "out.csv", raw_ids=True), newline="")))
    assert [row[0] for row in rows[1::2]] == HOSTILE + HARMLESS


def test_series_are_counted_once() -> None:
    ids = [("=a", "@b"), ("a", "-c"), ("a", "b")]
    for path in (None, "-", "f.csv", "F.CSV"):
        assert [note.text.split()[0] for note in guarded_notes(ids, path)] == ["2"]
    assert guarded_notes(ids, "f.jsonl") == guarded_notes(ids[2:], None) == []


def test_a_piped_table_and_a_terminal_hold_nothing_live(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [text for text in HOSTILE if "\n" not in text and "\r" not in text]
    rows = [[name, f"2024-01-{day:02d}", "1.5"] for name in ids for day in range(1, 29)]
    with open("data.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["=shop", "day", "@sold"], *rows])
    result = run("describe", "data.csv")
    assert result.exit_code == 0, result.output
    cells = [cell for line in result.stdout.splitlines() for cell in line.split("\t")]
    assert "'=1+1" in cells and "'=shop" in cells
    assert not [cell for cell in cells if is_live(cell)]
    assert not CONTROL.search(result.stdout + result.stderr)
    assert not CONTROL.search(run("describe", "data.csv", "--json").stdout)


def test_a_terminal_obeys_no_id(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("NO_COLOR", "1")
    with open(theirs, "w", closefd=False, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setattr("sys.stderr", terminal)
        console = Console()
        console.table(("series", "rows"), [(text, 1) for text in HOSTILE])
        for text in HOSTILE:
            console.warning(f"series '{text}' is short")
        terminal.flush()
    os.close(theirs)
    shown = b""
    while shown.count(b"is short") != len(HOSTILE):
        shown += os.read(ours, 1 << 16)
    os.close(ours)
    assert not CONTROL.search(shown.decode().replace("\x1b[0m", "").replace("\x1b[1m", ""))


def test_a_report_holds_no_control_characters_and_no_markup() -> None:
    for text in [*HOSTILE, "<script>", "[link](http://x)", "| cell", "`code`"]:
        shown = escaped(text)
        assert not CONTROL.search(shown)
        assert not re.search(r"(?<!\\)[`*|<\[]", shown)


def test_json_is_the_same_text_without_control_characters() -> None:
    import json

    data = json_bytes({"ids": HOSTILE}).decode()
    assert not CONTROL.search(data)
    assert json.loads(data) == {"ids": HOSTILE}
