"""`compare`: its load_csv, and the model that it publishes."""

from __future__ import annotations

import json

WORDS = ("--models", "linear,naive", "--horizon", "12", "--windows", "3")


def test_in_a_pipe(run, load_csv, tmp_path):
    drawn = ("--plot", "made.svg", "--plot-dark")
    result = run("compare", load_csv, *WORDS, "--forecasts", "made.csv", *drawn, "--report", "made.md")
    assert result.exit_code == 0, result.output
    header, first, *_ = (line.split("\t") for line in result.stdout.splitlines())
    assert header == ["model", "MASE", "WQL", "skill", "cov 80", "cov 95", "p", "fit s", "ms", "size"]
    assert first[0] == "linear"
    assert "linear makes the least error" in result.stderr
    assert len((tmp_path / "made.csv").read_text().splitlines()) == 1 + 3 * 3 * 12
    assert (tmp_path / "made.md").read_text().startswith("# Models compared on load.csv")
    picture = (tmp_path / "made.svg").read_text()
    assert "linear" in picture and "#1c1c1c" in picture


def test_the_best_is_published(run, load_csv):
    result = run("compare", load_csv, *WORDS, "--publish", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["best"] == "linear"
    assert run("models", "list").stdout.splitlines()[1].split("\t")[0] == "load"


def test_refused(run, load_csv):
    assert "pages are never dark" in run("compare", load_csv, *WORDS, "--plot", "a.html", "--plot-dark").stderr
    assert run("compare", load_csv, "--models", "linear").exit_code == 2
    assert "did you mean" in run("compare", load_csv, "--models", "linaer,gru").output
    assert run("compare", load_csv, "--model", "gru").exit_code == 2
    assert run("compare", load_csv, *WORDS, "--forecasts", load_csv).exit_code == 2
    assert run("compare", load_csv, *WORDS, "--report", "missing/page.html").exit_code == 73
    assert run("compare", load_csv, *WORDS, "--report", "page.pdf").exit_code == 2
