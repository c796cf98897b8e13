"""`describe`: the profile, for people and for programs."""

from __future__ import annotations

import json
import sys

import pytest

from tests.conftest import make_series


@pytest.fixture
def table(run, tmp_path):
    """A small CSV in the working folder of `run`."""
    make_series(200).to_csv(tmp_path / "load.csv", index=False)
    return "load.csv"


def test_in_a_pipe(run, table):
    result = run("describe", table)
    assert result.exit_code == 0
    facts = dict(line.split("\t") for line in result.stdout.split("\n\n")[0].splitlines())
    assert facts["frequency"] == "hourly (h)"
    assert facts["rows"] == facts["rows per series"] == "200"
    assert facts["lookback"].isdigit()
    assert facts["time column"] == "ds"
    assert facts["horizon"] == "48"
    profile = [line.split("\t") for line in result.stdout.split("\n\n")[1].splitlines()]
    assert profile[0] == ["series", "rows", "first", "last", "missing", "zeros", "mean", "min", "max"]
    assert profile[1][:6] == ["y", "200", "2024-01-01 00:00:00", "2024-01-09 07:00:00", "0", "0"]
    assert float(profile[1][6]) == pytest.approx(101, abs=1)


def test_how_the_table_is_written(run, tmp_path):
    rows = [f'"2024-01-{day:02d}"\t{day},5\tx{day}\r\n' for day in (1, 2, 3, 4, 7, 8, 9, 10, 12, 13)]
    (tmp_path / "odd.csv").write_bytes("\ufeff".encode() + "".join(["ds\ty\tremark\r\n", *rows]).encode())
    result = run("describe", "odd.csv", "-q")
    facts = dict(line.split("\t") for line in result.stdout.split("\n\n")[0].splitlines())
    assert facts["text"] == "utf-8 with byte order mark; delimiter tab; decimal ,; quotes; line ends CRLF"
    assert facts["columns not used"] == "remark (text column)"
    assert facts["rows of the table"] == "10"
    assert facts["regular steps"] == "77.8%"
    assert facts["gaps"] == "2, the longest 2 steps from 2024-01-05 to 2024-01-06"
    assert facts["range"] == "1.5 to 13.5"
    assert facts["repeated times"] == "0"


def test_a_hundred_series_are_all_in_a_pipe_and_in_json(run, tmp_path):
    rows = [f"s{number:03d},2024-01-{day:02d},{number + day}" for number in range(100) for day in range(1, 6)]
    (tmp_path / "many.csv").write_text("\n".join(["shop,ds,y", *rows, ""]))
    assert len(run("describe", "many.csv", "-q").stdout.split("\n\n")[1].splitlines()) == 101
    assert len(json.loads(run("describe", "many.csv", "-q", "--json").stdout)["profile"]) == 100


def test_a_stated_step(run, table):
    document = json.loads(run("describe", table, "--freq", "daily", "--aggregate", "sum", "--json").stdout)
    assert (document["frequency_name"], document["rows"]) == ("daily", 8)
    assert any("8 daily steps (D) made of 192 values: the sum of each" in note["text"] for note in document["notes"])
    wrong = run("describe", table, "--freq", "dialy")
    assert (wrong.exit_code, "did you mean 'daily'?" in wrong.stderr) == (2, True)
    assert run("describe", table, "--aggregate", "sum").exit_code == 2


@pytest.mark.parametrize(("option", "text"), [("--max-rows", "200 rows; at most"), ("--max-series", None)])
def test_limits(run, table, option, text):
    result = run("describe", table, option, "100")
    assert result.exit_code == (65 if text else 0)
    assert text is None or text in result.stderr


def test_json(run, table):
    document = json.loads(run("describe", table, "--json").stdout)
    assert document["frequency_alias"] == "h"
    assert document["profile"][0]["rows"] == 200


def test_notes_go_to_stderr_unless_quiet(run, table):
    assert "hourly" in run("describe", table).stderr
    assert run("describe", table, "-q").stderr == ""


def test_from_stdin(run, table, tmp_path):
    result = run("describe", "-", stdin=(tmp_path / table).read_bytes())
    assert "file\tstdin" in result.stdout


def test_missing_file(run):
    result = run("describe", "none.csv")
    assert result.exit_code == 66
    assert result.stderr.startswith("Error: none.csv: ")


def test_declared_missing_values_may_begin_with_a_dash(run, tmp_path):
    rows = [f"2024-01-{day:02d},{-999 if day == 5 else day}" for day in range(1, 20)]
    (tmp_path / "dash.csv").write_text("\n".join(["ds,y", *rows, ""]))
    document = json.loads(run("describe", "dash.csv", "--missing", "-999", "--missing=n/k", "--json").stdout)
    assert (document["missing"], document["lowest"]) == (1, 1)


def test_the_series_are_written_but_never_over_the_table(run, table, tmp_path):
    before = (tmp_path / table).read_bytes()
    refused = run("describe", table, "--write", table)
    assert refused.exit_code == 2
    assert "--write" in refused.stderr
    assert (tmp_path / table).read_bytes() == before
    done = run("describe", table, "--write", "clean.csv")
    assert done.exit_code == 0
    assert "written to clean.csv" in done.stderr
    assert (tmp_path / "clean.csv").read_text().splitlines()[:2] == ["ds,y", f"2024-01-01T00:00:00,{_first(before)!r}"]


def _first(table: bytes) -> float:
    return float(table.decode().splitlines()[1].split(",")[1])


@pytest.fixture
def screen(monkeypatch):
    """Results go to a terminal."""
    monkeypatch.setattr("tsforecast.cli.commands.describe.is_terminal", lambda stream: True)
    monkeypatch.setattr("tsforecast.cli.console.is_terminal", lambda stream: stream is sys.stdout)


def test_on_a_screen(run, tmp_path, screen):
    rows = [f"s{number:02d},2024-01-{day:02d},{number + day}" for number in range(20) for day in range(1, 21)]
    (tmp_path / "many.csv").write_text("\n".join(["shop,ds,y", *rows, ""]))
    result = run("describe", "many.csv", "--explain")
    lines = result.stdout.splitlines()
    assert lines[0] == "many.csv: 20 series of 20 steps, daily, from 2024-01-01 to 2024-01-20"
    assert "Readings considered" in lines
    assert max(map(len, lines)) <= 80
    assert lines[-1].split()[0] == "s11"
    assert result.stderr == "8 more series are shown by --json, and when piped\n"


def test_readings_in_a_pipe(run, table):
    readings = run("describe", table, "--explain").stdout.split("\n\n")[2].splitlines()
    assert readings[0].split("\t") == ["part", "taken", "reading", "evidence"]
    assert [line.split("\t")[:2] for line in readings[1:]] == [[part, "yes"] for part in PARTS]
    document = json.loads(run("describe", table, "--json").stdout)
    assert [reading["part"] for reading in document["readings"]] == PARTS


PARTS = ["layout", "numbers", "time", "ids"]


def test_options_that_the_written_series_need(run, table):
    done = run("describe", table, "--freq", "W", "--aggregate", "sum", "--write", "clean.csv")
    assert done.exit_code == 0
    assert "read them with: --freq W-MON" in done.stderr
    assert run("describe", table, "--write", "clean.csv").stderr.endswith(
        "which read as the same series without an option\n"
    )


def test_columns_of_covariates_have_their_roles(run, tmp_path):
    frame = make_series(200)
    frame["temp"], frame["forecast"], frame["actual"] = range(200), range(0, 400, 2), frame["y"]
    frame.loc[190:, ["y", "temp"]] = None
    frame.to_csv(tmp_path / "load.csv", index=False)
    named = ("--target-col", "y", "--past-col", "temp", "--future-col", "forecast", "--future-col", "actual")
    result = run("describe", "load.csv", *named)
    assert result.exit_code == 0
    facts = dict(line.split("\t") for line in result.stdout.split("\n\n")[0].splitlines())
    assert facts["known up to now"] == "temp"
    assert facts["known ahead"] == "forecast, actual (for 10 steps after the last value)"
    assert facts["value columns"] == "y"
    assert "of each series" not in facts
    assert facts["may be measured afterwards"] == "actual"
    assert "column 'actual' is said to be known ahead and follows the values nearly exactly" in result.stderr
    assert "column 'forecast' is said" not in result.stderr
    document = json.loads(run("describe", "load.csv", *named, "--json", "-q").stdout)
    assert (document["past_cols"], document["known_ahead"]) == (["temp"], [10, 10])
    roles = {column["name"]: column["role"] for column in document["columns"]}
    assert roles == {"ds": "time", "y": "value", "temp": "past", "forecast": "future", "actual": "future"}


def test_covariates_from_the_configuration_file(run, tmp_path):
    frame = make_series(200)
    frame["temp"] = range(200)
    frame.to_csv(tmp_path / "load.csv", index=False)
    (tmp_path / "options.toml").write_text('[describe]\ntarget-col = ["y"]\npast-col = ["temp"]\nlag = ["temp=24"]\n')
    result = run("--config", "options.toml", "describe", "load.csv", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["past_cols"], document["rows"]) == (["temp"], 176)
