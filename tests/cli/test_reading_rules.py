"""The 74 rules of reading through the command line: exit status, one line on stderr, rules about fits and models."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.io.reading.reading_rules import CASES
from tests.io.reading.reading_rules.kit import Read, Refused, day_list, hours, table

WAVE = [20 + 5 * math.sin(row * math.tau / 7) + row % 4 for row in range(120)]
FIT = ("--model", "linear", "--horizon", "7", "--lookback", "14")
DAYS = day_list(120)
# Refusals of every kind, and options that make tables readable.
SHOWN = (
    "02 UTF-16 without mark",
    "03 latin-1",
    "06 quoted thousands",
    "06 thousands named",
    "06 blanks for thousands",
    "06 points for thousands",
    "08 quote not closed",
    "12 comment",
    "12 comments left out",
    "14 the header again",
    "16 no bytes",
    "24 zip of two files",
    "37 another case",
    "39 no header, said so",
    "39 no header",
    "41 a cell too many",
    "44 currency in every cell",
    "58 two values",
)
BY_LABEL = {case.label: case for case in CASES}


def words(options: dict[str, Any]) -> list[str]:
    """Fields of ReadOptions as somebody would type them."""
    typed = []
    for name, value in options.items():
        option = f"--{name.removesuffix('s') if name.endswith('_cols') else name}".replace("_", "-")
        if value is True:
            typed.append(option)
        for each in [] if value is True else value if isinstance(value, tuple) else [value]:
            typed += [option, str(each)]
    return typed


@pytest.mark.parametrize("label", SHOWN)
def test_command_line(label: str, run: Run, tmp_path: Path) -> None:
    case = BY_LABEL[label]
    (tmp_path / "data.csv").write_bytes(case.data)
    result = run("describe", "data.csv", *words(case.options))
    if isinstance(case.expected, Read):
        assert result.exit_code == 0, result.stderr
        return
    assert isinstance(case.expected, Refused)
    assert result.exit_code == case.expected.error.exit_code
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: data.csv"), line
    assert case.expected.row is None or f"line {case.expected.row}" in line
    assert "Traceback" not in result.output


def test_a_blank_for_thousands_may_be_typed_as_a_word(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(table(zip(DAYS[:8], ["1 234", *range(1, 8)], strict=True)))
    assert run("describe", "data.csv").exit_code == 65
    assert run("describe", "data.csv", "--thousands", "space").exit_code == 0


def test_json_lists_the_places(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(table(zip(DAYS, ["x"] * 30 + [5] * 90, strict=True)))
    result = run("fit", "data.csv", *FIT, "--json")
    assert result.exit_code == 65
    assert "line 2, column 'y': 'x' is not a finite number (and 29 more cells of this column)" in result.stderr
    error = json.loads(result.stdout)["error"]
    assert (error["row"], error["total"], len(error["places"])) == (2, 30, 20)
    assert error["places"][19] == {"row": 21, "column": "y", "value": "x"}


def write(name: str, values: list[Any], days: list[str] = DAYS) -> None:
    Path(name).write_bytes(table(zip(days, values, strict=True)))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a model of a wave of 120 days."""
    from tsforecast.api import fit

    folder = tmp_path_factory.mktemp("fitted")
    (folder / "wave.csv").write_bytes(table(zip(DAYS, WAVE, strict=True)))
    fit(folder / "wave.csv", model="linear", horizon=7, lookback=14, name="wave", store=folder / "models")
    return folder / "models"


def test_rule_19_too_few_rows(run: Run) -> None:
    write("few.csv", WAVE[:20], DAYS[:20])
    result = run("fit", "few.csv", *FIT)
    assert result.exit_code == 65
    assert "20 rows" in result.stderr and "need" in result.stderr


@pytest.mark.parametrize("command", ["fit", "predict"])
def test_rule_53_values_that_overflow(command: str, run: Run, tmp_path: Path, store: Path) -> None:
    shutil.copytree(store, tmp_path / "models")
    write("huge.csv", [*WAVE[:60], 1e300, *WAVE[61:]])
    result = run(command, "huge.csv", *(FIT if command == "fit" else ("--name", "wave")))
    assert result.exit_code == 65
    assert "line 62, column 'y': '1e+300' is too large" in result.stderr.splitlines()[-1]
    assert result.stdout == ""


def test_rule_53_tiny_values(run: Run) -> None:
    write("tiny.csv", [value * 1e-90 for value in WAVE])
    assert run("fit", "tiny.csv", *FIT).exit_code == 0
    forecast = [line.split(",") for line in run("predict", "-q").stdout.splitlines()[1:]]
    assert len(forecast) == 7
    assert all(math.isfinite(float(cell)) and float(cell) < 1e-88 for row in forecast for cell in row[1:])


@pytest.mark.parametrize("last", [-2.5, 0])
def test_rule_54_a_logarithm_of_what_has_none(last: float, run: Run) -> None:
    write("signed.csv", [*WAVE[:-1], last])
    result = run("fit", "signed.csv", *FIT, "--transform", "log")
    if last < 0:
        assert result.exit_code == 2
        assert "negative value -2.5; use --transform none" in result.stderr
    else:
        assert result.exit_code == 0  # log1p


def test_rule_55_a_constant_series_is_continued(run: Run) -> None:
    write("flat.csv", [5] * 120)
    assert run("fit", "flat.csv", *FIT).exit_code == 0
    forecast = [line.split(",") for line in run("predict", "-q").stdout.splitlines()[1:]]
    assert [[float(cell) for cell in row[1:]] for row in forecast] == [[5.0] * 5] * 7


def test_rule_73_times_in_the_future_are_said(run: Run) -> None:
    write("future.csv", WAVE, [day.replace("2024", "2188") for day in day_list(120)])
    result = run("fit", "future.csv", *FIT)
    assert result.exit_code == 0
    assert any("Warning" in line and "future" in line for line in result.stderr.splitlines())


def test_rule_74_data_that_end_before_those_of_the_model(run: Run, tmp_path: Path, store: Path) -> None:
    shutil.copytree(store, tmp_path / "models")
    write("old.csv", WAVE[:60], DAYS[:60])
    result = run("predict", "old.csv", "--name", "wave")
    assert result.exit_code == 0
    assert "1 series end before the data the model was fitted on" in result.stderr
    assert result.stdout.splitlines()[1].startswith("2024-03-01,")


def test_rule_74_another_step(run: Run, tmp_path: Path, store: Path) -> None:
    shutil.copytree(store, tmp_path / "models")
    write("hours.csv", WAVE[:48], hours(48))
    result = run("predict", "hours.csv", "--name", "wave")
    assert result.exit_code == 65
    assert "off the daily grid" in result.stderr


def test_every_rule_has_a_case() -> None:
    """Every number from 1 to 74 is in the table of cases or has a test of its own."""
    import re

    from tests.io.reading import test_reading_rules as others

    own = {int(number) for name in (*globals(), *vars(others)) for number in re.findall(r"(?<=rule_)\d+", name)}
    own |= {27}  # with 16
    assert {case.rule for case in CASES} | own == set(range(1, 75))
    assert len(CASES) >= 150
    assert len(BY_LABEL) == len(CASES)
