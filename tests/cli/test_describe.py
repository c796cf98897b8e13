"""`describe`: the profile, for people and for programs."""

from __future__ import annotations

import json

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
    assert profile[0] == ["series", "rows", "missing", "zeros", "mean", "min", "max"]
    assert profile[1][:4] == ["y", "200", "0", "0"]
    assert float(profile[1][4]) == pytest.approx(101, abs=1)


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
