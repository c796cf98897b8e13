"""`predict --ledger` and `score` as an operator meets them: in a terminal, in a pipe, under cron."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Freeze, Run
from tests.workflows.score.conftest import DAYS, morning, publish, until
from tsforecast.cli.commands import score as command
from tsforecast.store.layout import LEDGER
from tsforecast.store.ledger import database
from tsforecast.workflows.score import summary

FILE = Path("models/sales", LEDGER)


@pytest.fixture
def noted(run: Run, tmp_path: Path, freeze: Freeze) -> Run:
    """`run` in a folder with a model, whose forecasts of four mornings were noted, and the table of the fifth."""
    freeze(morning(DAYS))
    publish(tmp_path / "models", until(DAYS))
    for days in range(DAYS, DAYS + 4):
        freeze(morning(days))
        until(days).to_csv("sales.csv", index=False)
        result = run("predict", "sales.csv", "--name", "sales", "--ledger", "-o", "forecast.csv")
        assert result.exit_code == 0, result.output
        assert "noted 10 forecasts in the ledger of sales\n" in result.stderr
    freeze(morning(DAYS + 4))
    until(DAYS + 4).to_csv("sales.csv", index=False)
    return run


def test_in_a_pipe(noted: Run) -> None:
    result = noted("score", "sales.csv")
    assert result.exit_code == 0, result.output
    header, first, *rows = (line.split("\t") for line in result.stdout.splitlines())
    assert header == ["by", "group", "forecasts", "MAE", "RMSE", "bias", "WAPE", "MASE", "cov 80", "cov 95"]
    assert first[:3] == ["all", "", "20"] and float(first[3]) > 0
    assert [row[:3] for row in rows if row[0] == "step"] == [
        ["step", str(step), str(10 - 2 * step)] for step in (1, 2, 3, 4)
    ]
    assert [row[1] for row in rows if row[0] == "age"] == ["up to a day", "1 to 7 days"]
    assert "sales: 20 forecasts of 4 runs from 2024-02-05 to 2024-02-08, scored on sales.csv" in result.stderr


def test_on_a_terminal(noted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(command, "is_terminal", lambda stream: True)
    monkeypatch.setattr(
        command.Console, "table", lambda self, header, rows, title="": shown.append((title, header, rows))
    )
    assert noted("score", "sales.csv").exit_code == 0
    titles = [title for title, _, _ in shown]
    assert titles[:2] == ["All forecasts", "By step of the horizon"]
    assert titles[-2:] == ["Over time", "The series with the largest MASE"]
    assert all(len(header) == len(row) for _, header, rows in shown for row in rows)
    assert len(set(titles)) == len(titles) == 5  # there is one version


def test_as_json(noted: Run) -> None:
    result = noted("score", "sales.csv", "--max-mase", "0.001", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 4
    assert found["outside"][0].startswith("MASE is ") and found["outside"][0].endswith("the limit is 0.001")
    assert found["scores"]["forecasts"] == 20 and found["waiting"] == 20
    assert [row["step"] for row in found["by_step"]] == [1, 2, 3, 4]
    assert {"by_age", "by_version", "by_period", "by_series", "drift", "verdict", "levels"} <= set(found)


def test_cron_hears_of_what_is_wrong_and_of_nothing_else(noted: Run) -> None:
    quiet = noted("score", "sales.csv", "--newest", "3", "--max-mase", "100", "-q")
    assert (quiet.exit_code, quiet.output) == (0, "")
    wrong = noted("score", "sales.csv", "--newest", "3", "--max-mae", "0.001", "-q")
    assert wrong.exit_code == 4
    assert wrong.output.startswith("Error: sales: MAE is ") and wrong.output.count("\n") == 1


def test_the_forecasts_as_a_file(noted: Run) -> None:
    result = noted("score", "sales.csv", "--as-of", "2024-02-06", "--forecasts", "rows.csv", "-q")
    assert result.exit_code == 0, result.output
    rows = pd.read_csv("rows.csv", dtype={"shop": str})
    assert list(rows["step"]) == [1, 1, 2, 3] * 2 and set(rows["shop"]) == {"7", "007"}
    assert "would overwrite DATA" in noted("score", "sales.csv", "--forecasts", "sales.csv").stderr
    assert noted("score", "sales.csv", "--forecasts", "rows.xyz").exit_code == 2


def test_without_data_what_was_kept_counts(noted: Run) -> None:
    nothing = noted("score")
    assert nothing.exit_code == 0 and "no actuals are known: give DATA" in nothing.stderr
    assert "sales: nothing to score; 40 forecasts are of times not known yet" in nothing.stderr
    assert noted("score", "sales.csv").stdout == noted("score").stdout
    both = noted("score", "sales.csv", "--actuals-as-of", "2024-01-01")
    assert both.exit_code == 2 and "give one of the two" in both.stderr


def test_refused(run: Run, noted: Run) -> None:
    assert run("score", "sales.csv", "--as-of", "soon").exit_code == 2
    assert run("score", "sales.csv", "--name", "shop").exit_code == 66
    publish(Path("models"), until(DAYS), "new")
    fresh = run("score", "sales.csv", "--name", "new")
    assert fresh.exit_code == 66 and "tsforecast predict --name new --ledger" in fresh.stderr


def test_a_forecast_that_cannot_be_noted_is_not_written(noted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    os.remove("forecast.csv")
    words = ("predict", "sales.csv", "--name", "sales", "--ledger", "-o", "forecast.csv")
    monkeypatch.setattr(database, "WAIT", 0)
    other = sqlite3.connect(FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    busy = noted(*words)
    other.close()
    assert busy.exit_code == 75 and f"{LEDGER}: is in use by another run" in busy.stderr
    FILE.write_bytes(FILE.read_bytes()[:5000])
    torn = noted(*words)
    assert torn.exit_code == 65 and "is damaged" in torn.stderr
    FILE.unlink()
    FILE.mkdir()
    assert noted(*words).exit_code == 65
    FILE.rmdir()
    assert not Path("forecast.csv").exists()
    assert noted(*words).exit_code == 0


@pytest.mark.parametrize("folder", ["plain", "missing"])
def test_a_forecast_that_cannot_be_written_is_not_noted(noted: Run, folder: str) -> None:
    before = FILE.read_bytes()
    Path("plain").touch()
    result = noted("predict", "sales.csv", "--name", "sales", "--ledger", "-o", f"{folder}/forecast.csv")
    assert result.exit_code == 73
    assert FILE.read_bytes() == before


def test_the_tools_of_a_store_know_the_ledger(noted: Run) -> None:
    assert noted("models", "verify", "sales").exit_code == 0
    assert noted("predict", "-o", str(FILE), "--name", "sales").exit_code == 2
    publish(Path("models"), until(DAYS + 4))
    publish(Path("models"), until(DAYS + 4))
    assert noted("models", "prune", "sales", "--keep", "1").exit_code == 0
    assert noted("models", "rollback", "sales").exit_code == 0
    assert noted("score", "sales.csv").exit_code == 0
    with sqlite3.connect(FILE) as connection:
        connection.execute("UPDATE forecast SET cutoff = 'never'")
    connection.close()
    found = noted("models", "verify", "sales", "--json")
    assert found.exit_code == 65
    assert [each["file"] for each in json.loads(found.stdout)["versions"] if each["error"]] == [LEDGER]
    assert LEDGER in noted("models", "verify", "sales").stdout


def test_of_a_long_ledger_the_newest_runs_are_shown(noted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert noted("score", "sales.csv").exit_code == 0
    assert "oldest" not in noted("models", "show", "sales").stdout
    monkeypatch.setattr(summary, "_MOST", 4)  # forecasts of a series: two runs of two series
    assert ", without the 2 oldest runs\n" in noted("models", "show", "sales").stdout
    assert json.loads(noted("models", "show", "sales", "--json").stdout)["ledger"]["unread_runs"] == 2
    assert noted("report", "sales", "-o", "sales.md").exit_code == 0
    assert "without the 2 oldest runs." in Path("sales.md").read_text()


def test_what_is_shown_of_a_model_has_its_ledger(noted: Run) -> None:
    def shown() -> dict[str, str]:
        return dict(line.split("\t") for line in noted("models", "show", "sales").stdout.split("\n\n")[0].splitlines())

    assert shown()["forecasts noted"] == "4 runs, the last at 2024-02-08 06:00 UTC" and "scored" not in shown()
    assert noted("status").stdout.splitlines()[1].split("\t")[7] == "4, 24 h ago"
    scored = json.loads(noted("score", "sales.csv", "--json").stdout)
    ledger = json.loads(noted("models", "show", "sales", "--json").stdout)["ledger"]
    assert (ledger["runs"], ledger["last"], ledger["problem"]) == (4, "2024-02-08", None)
    assert ledger["scores"]["mae"] == scored["scores"]["mae"] and "coverage_80" in ledger["scores"]
    assert shown()["scored"].startswith("2024-02-09 06:00 UTC: MAE ")
    (status,) = json.loads(noted("status", "--json").stdout)["models"]
    assert status["ledger"]["last_scored"] == ledger["last_scored"] == "2024-02-09T06:00:00+00:00"
    assert noted("report", "sales", "-o", "sales.md").exit_code == 0
    report = Path("sales.md").read_text().split("## How its forecasts have turned out")[1].split("\n## ")[0]
    assert "4 forecasts of all versions, the last at 2024-02-08 06:00 UTC; scored from 2024-02-05" in report
    assert "### By step of the horizon" in report and "| 1 | 8 |" in report
    FILE.write_bytes(b"x" * 5000)
    damaged = noted("models", "show", "sales")
    assert damaged.exit_code == 0 and "move it aside" in damaged.stdout
    assert json.loads(noted("models", "show", "sales", "--json").stdout)["ledger"]["problem"]["code"] == 65
