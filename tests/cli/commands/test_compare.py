"""`compare`: its table, and the model that it publishes."""

from __future__ import annotations

import json

import pytest

from tests.conftest import make_series

WORDS = ("--models", "linear,naive", "--horizon", "12", "--windows", "3")


@pytest.fixture
def table(run, tmp_path):
    make_series(400).to_csv(tmp_path / "load.csv", index=False)
    return "load.csv"


def test_in_a_pipe(run, table, tmp_path):
    result = run("compare", table, *WORDS, "--forecasts", "made.csv")
    assert result.exit_code == 0, result.output
    header, first, *_ = (line.split("\t") for line in result.stdout.splitlines())
    assert header == ["model", "MASE", "WQL", "skill", "cov 80", "cov 95", "p", "fit s", "ms", "numbers"]
    assert first[0] == "linear"
    assert "linear makes the least error" in result.stderr
    assert len((tmp_path / "made.csv").read_text().splitlines()) == 1 + 3 * 3 * 12


def test_the_best_is_published(run, table):
    result = run("compare", table, *WORDS, "--publish", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["best"] == "linear"
    assert run("models", "list").stdout.splitlines()[1].split("\t")[0] == "load"


def test_refused(run, table):
    assert run("compare", table, "--models", "linear").exit_code == 2
    assert "did you mean" in run("compare", table, "--models", "linaer,gru").output
    assert run("compare", table, "--model", "gru").exit_code == 2
    assert run("compare", table, *WORDS, "--forecasts", table).exit_code == 2
