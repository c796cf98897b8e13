"""`detect`: for people, for programs and for cron."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from matplotlib.image import imread

from tests.conftest import Run
from tests.workflows.detect.test_detect import load, with_anomaly


@pytest.fixture
def table(run: Run, tmp_path: Path) -> str:
    """A table with one anomaly in the working folder of `run`."""
    with_anomaly().to_csv(tmp_path / "load.csv", index=False)
    return "load.csv"


BUDGET = ("--false-alarm-every", "300d")


def test_in_a_pipe_anomalies_are_csv(run: Run, table: str) -> None:
    result = run("detect", table, *BUDGET)
    assert result.exit_code == 0
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert row["start"] <= "2024-02-11 16:00:00" <= row["end"]
    assert float(row["p_value"]) < 1e-3
    assert "1 anomaly in 1,440 rows, where clean data have 0.2 by chance (one in 7,200 rows)" in result.stderr


def test_json_has_all_that_was_found(run: Run, table: str) -> None:
    found = json.loads(run("detect", table, *BUDGET, "--json", "--method", "subpca").stdout)
    assert found["method"] == "subpca"
    assert [set(each) >= {"start", "end", "peak", "score", "p_value"} for each in found["anomalies"]] == [True]


def test_for_cron_an_anomaly_is_a_status(run: Run, table: str, tmp_path: Path) -> None:
    result = run("detect", table, *BUDGET, "--fail-on-anomaly", "--quiet")
    assert result.exit_code == 4
    assert result.stderr.startswith("Error: load.csv: 1 anomaly at 2024-02-1")
    assert run("detect", table, *BUDGET, "--newest", "100", "--fail-on-anomaly").exit_code == 0
    load().to_csv(tmp_path / "clean.csv", index=False)
    assert run("detect", "clean.csv", *BUDGET, "--fail-on-anomaly").exit_code == 0


def test_scores_and_pictures_are_files(run: Run, table: str, tmp_path: Path) -> None:
    result = run("detect", table, *BUDGET, "--scores", "scores.csv", "--plot", "marked.png", "--plot-dark")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text())))
    assert list(rows[0]) == ["time", "value", "score", "p_value", "alarm"]
    assert len(rows) == 1440 and {row["alarm"] for row in rows} == {"0", "1"}
    assert imread(tmp_path / "marked.png")[0, 0, :3].max() < 0.2
    assert run("detect", table, "--plot", "marked.html", "--method", "polynomial").exit_code == 0
    assert "anomaly" in (tmp_path / "marked.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--series", "x"], "--series says what is drawn"),
        (["--plot", "a.png", "--series", "x"], "no series 'x'"),
        (["--scores", "a.txt"], "does not end in"),
        (["--false-alarm-every", "never"], "false_alarm_every is 'never'"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, table: str, words: list[str], said: str) -> None:
    result = run("detect", table, *words)
    assert result.exit_code == 2
    assert said in result.stderr
