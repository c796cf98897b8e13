"""`impute`: for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.workflows.impute.test_impute import load, with_gaps

TABLE = "time;load;note\n" + "".join(
    f"2024-01-{day:02d};{'' if day in (9, 10) else f'{day},50'};n{day}\n" for day in range(1, 29) if day != 20
)


@pytest.fixture
def table(run: Run, tmp_path: Path) -> str:
    """A table with two gaps in the working folder of `run`."""
    with_gaps(load(480), (100, 106), (300, 301)).to_csv(tmp_path / "load.csv", index=False)
    return "load.csv"


def test_in_a_pipe_the_filled_table_is_csv(run: Run, table: str, tmp_path: Path) -> None:
    result = run("impute", table)
    assert result.exit_code == 0, result.output
    rows = list(csv.reader(io.StringIO(result.stdout)))
    before = list(csv.reader(io.StringIO((tmp_path / table).read_text())))
    assert rows[0] == ["time", "load", "filled"]
    assert [row[:2] for row in rows[1:] if row[2] == "0"] == [row for row in before[1:] if row[1]]
    assert [row[0] for row in rows] == [row[0] for row in before]
    assert "7 values in 2 gaps filled" in result.stderr


def test_a_table_keeps_its_delimiter_its_decimals_and_its_texts(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sensor.csv").write_text(TABLE)
    result = run("impute", "sensor.csv", "-o", "filled.csv", "--target-col", "load", "--methods", "linear")
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    lines = (tmp_path / "filled.csv").read_text().splitlines()
    assert lines[0] == "time;load;note;filled"
    assert lines[1] == "2024-01-01;1,50;n1;0"
    assert lines[9:11] == ["2024-01-09;9,5;n9;1", "2024-01-10;10,5;n10;1"]
    assert lines[20] == "2024-01-20;20,5;;1"
    assert len(lines) == 29


def test_a_table_without_gaps_is_written_as_it_came(run: Run, tmp_path: Path) -> None:
    load(100).to_csv(tmp_path / "whole.csv", index=False)
    result = run("impute", "whole.csv", "-o", "same.csv")
    assert result.exit_code == 0
    assert "no value is missing" in result.stderr
    before = (tmp_path / "whole.csv").read_text().splitlines()
    after = (tmp_path / "same.csv").read_text().splitlines()
    assert after == [f"{before[0]},filled", *(f"{line},0" for line in before[1:])]


def test_json_has_gaps_and_methods(run: Run, table: str) -> None:
    found = json.loads(run("impute", table, "--json").stdout)
    assert [gap["steps"] for gap in found["gaps"]] == [6, 1]
    assert {each["shortest"] for each in found["methods"]} == {1, 4}
    assert found["filled"] == 7


def test_filled_values_and_pictures_are_files(run: Run, table: str, tmp_path: Path) -> None:
    result = run("impute", table, "--filled", "filled.csv", "--plot", "drawn.png", "-o", "whole.parquet")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "filled.csv").read_text())))
    assert list(rows[0]) == ["time", "value", "method", "lower_80", "upper_80", "lower_95", "upper_95"]
    assert len(rows) == 7
    assert (tmp_path / "drawn.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "whole.parquet").read_bytes().startswith(b"PAR1")
    assert run("impute", table, "--plot", "drawn.html", "--methods", "linear").exit_code == 0
    assert "filled" in (tmp_path / "drawn.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--series", "x"], "--series says what is drawn"),
        (["--plot", "a.png", "--series", "x"], "no series 'x'"),
        (["-o", "a.txt"], "does not end in"),
        (["--methods", "spline"], "methods names 'spline'"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, table: str, words: list[str], said: str) -> None:
    result = run("impute", table, *words)
    assert result.exit_code == 2
    assert said in result.stderr
