"""`report` and `backtest --report`: where a report goes, in which format, and what is refused."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def fitted(run, load_csv):
    assert run("fit", load_csv, "--model", "linear", "--horizon", "12").exit_code == 0
    return load_csv


def test_the_page_has_the_name_of_the_model(run, fitted, tmp_path):
    result = run("report")
    assert result.exit_code == 0, result.output
    (path,) = tmp_path.glob("*-report.html")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>") and "usual guess" in text
    assert f"wrote the report of {path.name.removesuffix('-report.html')} version 1 to {path.name}" in result.stderr
    assert result.stdout == ""
    said = json.loads(run("report", "--format", "json", "--json").stdout)
    assert (said["version"], said["format"], said["size"]) == (1, "json", (tmp_path / said["output"]).stat().st_size)
    document = json.loads((tmp_path / said["output"]).read_text())
    assert [each["title"] for each in document["sections"]][:2] == ["Forecast and truth", "Scores"]
    assert {block["kind"] for each in document["sections"] for block in each["blocks"]} >= {"table", "chart", "text"}
    assert run("report", "-o", "-", "--format", "md").stdout.startswith("# ")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["-o", "page.pdf"], 2, "does not end in .html or .md or .json"),
        (["-o", "page.html", "--format", "md"], 2, "--format md does not go with 'page.html'"),
        (["--format", "pdf"], 2, "'pdf' is not one of 'html', 'md', 'json'"),
        (["--json", "-o", "-"], 2, "go to the same place"),
        (["other"], 66, "no model in ./models"),
    ],
)
def test_refused(run, words, status, said):
    result = run("report", *words)
    assert result.exit_code == status
    assert said in result.stderr + result.stdout


def test_a_backtest_writes_its_page(run, load_csv, tmp_path):
    words = ("--model", "linear", "--horizon", "12", "--windows", "3", "--refit", "never")
    result = run("backtest", load_csv, *words, "--report", "made.json")
    assert result.exit_code == 0, result.output
    assert "wrote the report to made.json" in result.stderr
    document = json.loads((tmp_path / "made.json").read_text())
    assert (document["facts"][2]["name"], document["facts"][2]["value"]) == ("windows", "3")
    titles = [each["title"] for each in document["sections"]]
    assert titles[:4] == ["Scores", "Error by horizon", "Coverage of the intervals", "Residuals"]
    assert run("backtest", load_csv, *words, "--report", "no/such/folder/made.html").exit_code == 73
    assert run("backtest", load_csv, *words, "--report", "made.pdf").exit_code == 2
