"""`backtest`: load_csvs for people and for programs, and its files."""

from __future__ import annotations

import json

from matplotlib.image import imread

from tsforecast.models.registry import BASELINES

WORDS = ("--model", "linear", "--horizon", "12", "--windows", "3")


def test_in_a_pipe(run, load_csv, tmp_path):
    result = run("backtest", load_csv, *WORDS, "--forecasts", "made.csv", "--plot", "made.png", "--plot-dark")
    assert result.exit_code == 0, result.output
    header, first, *_ = (line.split("\t") for line in result.stdout.splitlines())
    assert header == ["model", "MAE", "MASE", "WQL", "skill", "cov 80", "cov 95", "sec"]
    assert first[0] == "linear" and float(first[2]) < 1
    assert "3 windows of 12 steps with cutoffs from 2024-01-16 03:00:00 to 2024-01-17 03:00:00" in result.stderr
    assert len((tmp_path / "made.csv").read_text().splitlines()) == 1 + 3 * len(BASELINES) * 12
    assert imread(tmp_path / "made.png")[0, 0, :3].max() < 0.2


def test_as_json(run, load_csv):
    result = run("backtest", load_csv, *WORDS, "--refit", "never", "--metric-season", "1", "--json")
    found = json.loads(result.stdout)
    assert (found["fits"], found["metric_season"], found["windows"]) == (1, 1, 3)
    assert found["scores"]["naive"]["coverage_80"] >= 0


def test_refused(run, load_csv):
    assert run("backtest", load_csv, "--refit", "0").exit_code == 2
    assert run("backtest", load_csv, "--windows", "0").exit_code == 2
    clash = run("backtest", load_csv, "--forecasts", load_csv)
    assert clash.exit_code == 2 and "would overwrite" in clash.output
    for folder in (load_csv, "missing"):
        refused = run("backtest", load_csv, "--plot", f"{folder}/made.png")
        assert refused.exit_code == 73 and "series of" not in refused.output  # before the table is read
    assert run("backtest", load_csv, "--plot", "made.eps").exit_code == 2
    for words in (("--plot", "made.png", "--series", "laod"), ("--series", "load")):
        refused = run("backtest", load_csv, *WORDS, *words)
        assert refused.exit_code == 2 and "windows are forecast" not in refused.output  # before the long work
    short = run("backtest", load_csv, *WORDS[:4], "--windows", "40")
    assert short.exit_code == 65 and "ask for fewer --windows" in short.output
