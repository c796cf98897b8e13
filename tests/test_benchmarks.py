"""The benchmark scripts: figures that can be worked out by hand, the workflow that they claim to follow, and errors."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tsforecast
from tests.test_naive2 import naive2
from tsforecast.errors import DataError
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.panel import make_panel
from tsforecast.workflows.predict import predict

ROOT = Path(__file__).resolve().parents[1]
M4 = ROOT.parent / "shared" / "data" / "m4"
SEASON, HORIZON = 4, 3
QUICK = ("--preset", "fast", "--model", "linear")
ROWS = ("--frequency", "quarterly", "--season-length", SEASON)


@pytest.fixture
def script(monkeypatch):
    """`script("competition")`: a benchmark as a module, with `common` beside it as when it is run."""

    def load(name):
        spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / "benchmarks" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)  # where its dataclasses look for it
        spec.loader.exec_module(module)
        return module

    for name in ("common", "naive2", "long_horizon"):
        monkeypatch.setitem(sys.modules, name, load(name))
    return load


@pytest.fixture
def bench(script, monkeypatch, capsys):
    """`bench("competition", "--json", ...)`: run a benchmark; its exit status, stdout and stderr."""

    def invoke(name, *words):
        monkeypatch.setattr(sys, "argv", [name, *map(str, words)])
        module, status = script(name), 0
        try:
            module.run(module.main)
        except SystemExit as end:
            status = end.code
        return (status, *capsys.readouterr())

    return invoke


def test_owa_of_naive2_is_one(script):
    owa = script("competition").owa
    assert owa(18.383, 2.395, naive2_smape=18.383, naive2_mase=2.395) == 1
    assert owa(9.328, 0.893, naive2_smape=18.383, naive2_mase=2.395) == pytest.approx(0.440, abs=5e-4)


def make_rows(count=5, seed=0):
    """The past and the future of some seasonal quarterly series of different lengths and sizes."""
    random = np.random.default_rng(seed)
    series = {}
    for number in range(count):
        steps = np.arange(60 + 7 * number)
        values = 100 + 5 * number + 20 * np.sin(steps * np.pi / 2 + number) + 0.3 * steps
        series[f"Q{number}"] = (values * 3**number + random.normal(0, 3, len(steps))).round(3)
    return {key: row[:-HORIZON] for key, row in series.items()}, {key: row[-HORIZON:] for key, row in series.items()}


def write_rows(path, rows):
    """Series in rows as the competitions write them: quoted, padded with empty cells."""
    width = max(len(row) for row in rows.values())
    lines = [["V1", *(f"V{step}" for step in range(2, width + 2))]]
    lines += [[key, *map(str, row), *[""] * (width - len(row))] for key, row in rows.items()]
    quoted = [",".join(f'"{cell}"' if cell else "" for cell in line) for line in lines]
    path.write_text("\n".join(quoted) + "\n")
    return path


def write_pair(folder, past, future):
    return "--train", write_rows(folder / "train.csv", past), "--test", write_rows(folder / "test.csv", future)


def by_hand(past, future, forecasts):
    """Mean sMAPE and MASE of forecasts, series by series."""
    smape, mase = [], []
    for key, row in past.items():
        error = np.abs(future[key] - forecasts[key])
        smape.append(np.mean(200 * error / (np.abs(future[key]) + np.abs(forecasts[key]))))
        mase.append(error.mean() / np.abs(row[SEASON:] - row[:-SEASON]).mean())
    return np.mean(smape), np.mean(mase)


def test_the_simple_rows_of_a_competition_by_hand(bench, tmp_path):
    past, future = make_rows()
    shuffled = dict(reversed(future.items()))
    status, out, _ = bench("competition", *write_pair(tmp_path, past, shuffled), *ROWS, *QUICK, "--json")
    assert status == 0
    scores = json.loads(out)["scores"]
    assert list(scores) == ["linear", "seasonal-naive", "naive", "naive2"]
    forecasts = {
        "naive": {key: np.full(HORIZON, row[-1]) for key, row in past.items()},
        "seasonal-naive": {key: row[-SEASON:][:HORIZON] for key, row in past.items()},
        "naive2": {key: naive2(row, HORIZON, SEASON) for key, row in past.items()},
    }
    known = {name: by_hand(past, future, made) for name, made in forecasts.items()}
    for name, (smape, mase) in known.items():
        owa = (smape / known["naive2"][0] + mase / known["naive2"][1]) / 2
        assert scores[name]["smape"] == pytest.approx(smape, rel=1e-4)
        assert scores[name]["mase"] == pytest.approx(mase, rel=1e-4)
        assert scores[name]["owa"] == pytest.approx(owa, rel=1e-4)
        assert scores[name]["windows"] == 5
    assert scores["linear"]["mase"] < scores["naive"]["mase"]
    assert "coverage_80" not in scores["naive2"]


def test_a_competition_as_a_table_and_what_its_json_holds(bench, tmp_path):
    past, future = make_rows()
    past["flat"], future["flat"] = np.full(50, 7.0), np.full(HORIZON, 7.0)
    command = ("competition", *write_pair(tmp_path, past, future), *ROWS, *QUICK)
    _, out, err = bench(*command)
    lines = out.splitlines()
    assert lines[0].startswith("6 series, one window each, horizon 3, season 4, lookback ")
    assert lines[1].split() == ["model", "sMAPE", "MASE", "OWA", "80", "%", "95", "%", "seconds"]
    assert (lines[5].split()[0], lines[5].split()[3]) == ("naive2", "1.000")
    assert lines[6] == "MASE and OWA leave 1 series out: their training rows are constant"
    assert "--- linear\n" in err and "lookback " in err
    document = json.loads(bench(*command, "--json")[1])
    assert (document["series"], document["mase_left_out"], document["horizon"]) == (6, 1, HORIZON)
    assert (document["model"], document["preset"], document["seed"]) == ("linear", "fast", 0)
    assert set(document["choices"]) == {"linear", "seasonal-naive", "naive"}
    assert document["choices"]["linear"]["lookback"] == str(document["lookback"])
    assert {"smape", "mase", "owa", "coverage_80", "coverage_95", "seconds", "windows"} <= set(
        document["scores"]["linear"]
    )


def test_a_competition_forecasts_what_fit_and_predict_do(script, tmp_path):
    past, _ = make_rows()
    competition = script("competition")
    frequency = competition.FREQUENCIES["quarterly"]
    panel = make_panel(list(past.values()), frequency, ids=[(key,) for key in past])
    options = FitOptions(model="linear", horizon=HORIZON, season_length=SEASON)
    made = competition.forecast(competition.fit_panel(panel, options, TrainingSession()))
    table = pd.concat(
        pd.DataFrame({"id": key, "date": pd.date_range("2000-01-01", periods=len(row), freq="QS"), "y": row})
        for key, row in past.items()
    )
    tsforecast.fit(table, store=tmp_path, model="linear", horizon=HORIZON, season_length=SEASON)
    predicted = predict(store=tmp_path).forecast
    assert predicted.ids == panel.ids and predicted.levels == (80, 95)
    np.testing.assert_array_equal(predicted.y_pred, made.y_pred)
    np.testing.assert_array_equal(predicted.lower, made.lower)
    np.testing.assert_array_equal(predicted.upper, made.upper)


@pytest.mark.usefixtures("shared_graphs")
@pytest.mark.sweep
def test_a_network_in_a_competition(script):
    past, future = make_rows()
    competition = script("competition")
    train = make_panel(list(past.values()), competition.FREQUENCIES["quarterly"])
    small = {
        "model": "gru",
        "units": 4,
        "epochs": 1,
        "lookback": 8,
        "segment": 4,
        "linear_skip": "off",
        "preset": "fast",
    }
    options = FitOptions(horizon=HORIZON, season_length=SEASON, **small)
    scores, learned = competition.compete(train, np.stack(list(future.values())), options, lambda event: None, SEASON)
    assert list(scores) == ["gru", "linear", "seasonal-naive", "naive", "naive2"]
    assert np.isfinite(scores["gru"]["owa"]) and 0 <= scores["gru"]["coverage_80"] <= scores["gru"]["coverage_95"]
    assert [row["phase"] for row in learned["gru"].final.epochs] == ["final training on all rows, gru"]


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        (
            "id,a,b\nx,1,2\ny,1,2\n",
            "id,a\nx,1\nz,1\n",
            "test.csv: 1 id of {folder}/train.csv without a row here; the first is 'y'",
        ),
        (
            "id,a,b\nx,1,2\n",
            "id,a\nx,1\nz,1\n",
            "train.csv: 1 id of {folder}/test.csv without a row here; the first is 'z'",
        ),
        ("id,a,b\nx,1,2\ny,1,2\n", "id,a,b\nx,1,2\ny,1,\n", "test.csv: 'y' has 1 values and 'x' has 2"),
        ("id,a,b\nx,1,2\ny,1,two\n", "id,a\nx,1\ny,1\n", "train.csv, line 3, column 'b': 'two' is not a number"),
        ("id,a,b,c\nx,1,,2\n", "id,a\nx,1\n", "train.csv, line 2, column 'b': an empty cell between values"),
        ("id,a,b\nx,1,2\ny,,\n", "id,a\nx,1\ny,1\n", "train.csv, line 3: series 'y' has no values"),
        ("id,a,b\nx,1,2\nx,1,2\n", "id,a\nx,1\n", "train.csv, line 3: the id 'x' stands in more than one row"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(bench, tmp_path, train, test, said):
    (tmp_path / "train.csv").write_text(train)
    (tmp_path / "test.csv").write_text(test)
    files = ("--train", tmp_path / "train.csv", "--test", tmp_path / "test.csv")
    status, out, err = bench("competition", *files, *ROWS, *QUICK)
    assert (status, out) == (DataError.exit_code, "")
    assert err.startswith("error: ") and said.format(folder=tmp_path) in err and len(err.splitlines()) == 1


def test_a_missing_file_and_a_bad_option(bench, tmp_path):
    assert bench("competition", "--train", "no.csv", "--test", "no.csv", *ROWS)[0] == 66
    pair = write_pair(tmp_path, *make_rows())
    status, _, err = bench("competition", *pair, "--frequency", "daily", "--season-length", 0)
    assert status == 2 and "season_length is 0" in err
    status, _, err = bench("competition", *pair, *ROWS, "--metric-season", 0)
    assert status == 2 and "metric_season is 0" in err


def test_the_season_of_the_metric_is_apart_from_that_of_the_models(bench, tmp_path):
    past, future = make_rows()
    words = ("competition", *write_pair(tmp_path, past, future), "--frequency", "quarterly", *QUICK, "--json")
    usual, other = (json.loads(bench(*words, *more)[1]) for more in ((), ("--metric-season", 1)))
    assert (usual["season_length"], usual["metric_season"]) == (SEASON, SEASON)
    assert (other["season_length"], other["metric_season"]) == (SEASON, 1)
    assert other["choices"] == usual["choices"]
    assert other["scores"]["linear"]["smape"] == usual["scores"]["linear"]["smape"]
    for name, repeated in (("seasonal-naive", SEASON), ("naive2", 1)):  # without a season Naive2 is the naive
        errors = [
            np.abs(future[key] - np.resize(row[-repeated:], HORIZON)).mean() / np.abs(np.diff(row)).mean()
            for key, row in past.items()
        ]
        assert other["scores"][name]["mase"] == pytest.approx(np.mean(errors), rel=1e-4)


@pytest.fixture
def daily(tmp_path):
    """One daily series with a weekly season."""
    day = np.arange(300)
    values = 50 + 10 * np.sin(day * 2 * np.pi / 7) + np.random.default_rng(1).normal(0, 2, 300)
    date = pd.date_range("2023-01-01", periods=300).strftime("%Y-%m-%d")
    pd.DataFrame({"date": date, "y": values.round(3)}).to_csv(tmp_path / "daily.csv", index=False)
    return tmp_path / "daily.csv"


def test_coverage_is_that_of_the_fit(bench, daily, tmp_path):
    status, out, _ = bench("coverage", daily, *QUICK, "--horizon", 7, "--json")
    assert status == 0
    document = json.loads(out)
    assert document["levels"] == [50, 80, 90, 95]
    models = document["files"][str(daily)]
    assert list(models) == ["linear", "seasonal-naive"]
    for name, row in models.items():
        scores = tsforecast.fit(daily, store=tmp_path / "store", model=name, horizon=7).scores.loc[name]
        for key in ("windows", "mae", "coverage_80", "interval_score_80", "msis_95"):
            assert row[key] == pytest.approx(scores[key])
        assert 0 < row["coverage_50"] <= row["coverage_80"] <= row["coverage_90"] <= row["coverage_95"] <= 1
        assert row["choices"]["season_length"] == "7" and "held-out windows" in row["calibration"]


def test_the_seasonal_naive_of_coverage_by_hand(bench, daily):
    row = json.loads(bench("coverage", daily, *QUICK, "--horizon", 7, "--json")[1])["files"][str(daily)][
        "seasonal-naive"
    ]
    values = pd.read_csv(daily)["y"].to_numpy()
    # A tenth of 300 rows is held out for the test: 24 windows of 7 steps.
    origins = range(270, 294)
    assert row["windows"] == len(origins)
    errors = [np.abs(values[o : o + 7] - values[o - 7 : o]).mean() for o in origins]
    assert row["mae"] == pytest.approx(np.mean(errors), rel=1e-4)


def test_coverage_as_tables(bench, daily, tmp_path):
    other = daily.with_name("other.csv")
    other.write_bytes(daily.read_bytes())
    _, out, _ = bench("coverage", daily, other, *QUICK, "--horizon", 7)
    lines = out.splitlines()
    assert lines[0] == "preset fast, seed 0"
    heads = ["horizon", "windows", "50", "%", "80", "%", "90", "%", "95", "%"]
    assert lines[1].split()[:15] == ["linear", *heads, "80", "living", "95", "living"]
    assert [line.split()[:3] for line in lines[2:4]] == [[str(path), "7", "24"] for path in (daily, other)]
    assert lines[4].split()[:11] == ["seasonal-naive", *heads]
    assert lines[2].split()[1:] == lines[3].split()[1:]


def test_coverage_by_quarter_of_the_horizon(script):
    coverage = script("coverage")
    y_true = np.tile([0.0, 0.0, 0.0, 0.0, 0.0, 9.0, 9.0, 9.0], (2, 1))
    y_true[1, 5] = 0.0
    lower, upper = np.full((2, 2, 8), [[[-1.0]], [[1.0]]])
    points = {"observed": np.ones((2, 8), dtype=bool), "series": np.zeros(2, dtype=int)}
    assert coverage.by_quarter(y_true, lower, upper, **points) == [1.0, 1.0, 0.75, 0.0]
    two = {**points, "observed": points["observed"][:, :2]}
    short = coverage.by_quarter(y_true[:, 4:6], lower[:, :2], upper[:, :2], **two)
    np.testing.assert_array_equal(short, [1.0, 0.5, np.nan, np.nan])


def test_coverage_of_series_in_rows(bench, tmp_path):
    path = write_rows(tmp_path / "rows.csv", make_rows()[0])
    status, out, _ = bench("coverage", path, "--rows", *ROWS, *QUICK, "--horizon", HORIZON, "--json")
    assert status == 0
    row = json.loads(out)["files"][str(path)]["linear"]
    assert (row["horizon"], row["season_length"]) == (HORIZON, SEASON)
    assert row["coverage_95_q4"] is None and row["coverage_95_q3"] > 0.5
    for words in (["--rows"], ROWS, ["--rows", *ROWS[:2]]):
        status, _, err = bench("coverage", path, *words, *QUICK)
        assert status == 2 and "--rows, --frequency and --season-length go together" in err


def test_coverage_goes_without_a_linear_model_where_there_is_none(bench, daily):
    frame = pd.read_csv(daily)
    frame.loc[frame.index[5::6], "y"] = np.nan
    frame.to_csv(daily, index=False)
    status, out, err = bench("coverage", daily, "--model", "naive", "--horizon", 7)
    assert status == 0 and "no linear model" in err
    assert [line.split()[0] for line in out.splitlines()[1:]] == [
        "naive",
        str(daily),
        "linear",
        "seasonal-naive",
        str(daily),
    ]


def test_the_long_horizon_naive_by_hand(bench, daily):
    parts = ("--train-rows", 200, "--val-rows", 50, "--test-rows", 50, "--horizon", 7)
    scores = json.loads(bench("long_horizon", daily, *parts, *QUICK, "--json")[1])["scores"]
    values = pd.read_csv(daily)["y"].to_numpy()
    scaled = (values - values[:200].mean()) / values[:200].std()
    errors = np.array([scaled[o : o + 7] - scaled[o - 1] for o in range(250, 294)])
    assert scores["naive"]["windows"] == len(errors)
    assert scores["naive"]["mse"] == pytest.approx(np.mean(errors**2), rel=1e-4)
    assert scores["naive"]["mae"] == pytest.approx(np.mean(np.abs(errors)), rel=1e-4)
    head = bench("long_horizon", daily, *parts, *QUICK)[1].splitlines()[1]
    assert head.split() == ["model", "MSE", "MAE", "seconds", "parameters"]


def run_script(name, *words):
    """A benchmark in a process of its own."""
    command = [sys.executable, str(ROOT / "examples" / "benchmarks" / name), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


DATA = ("", " with DATA")
SMALL = ("--series", 3, "--lookback", 24, "--horizon", 6, "--segment", 6, "--units", 4, "--repeats", 1)


@pytest.mark.sweep
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured as Linux tells it")
def test_prediction_measures_every_case(bench):
    status, out, err = bench("prediction", *SMALL, "--data", "--json")
    assert status == 0, err
    cases = json.loads(out)["cases"]
    models = ("gru", "auto", "auto with local models")
    names = [f"{size}{data}, {model}" for size in ("cold start", "bulk") for model in models for data in DATA]
    assert list(cases) == names
    assert [row["rows"] for row in cases.values()] == [6] * 6 + [18] * 6
    assert all(row["seconds"] > 0 and 10 < row["peak_mb"] < 2000 for row in cases.values())
    # Where no table is read, there is no pandas to hold.
    assert cases["bulk, gru"]["peak_mb"] < cases["bulk with DATA, gru"]["peak_mb"]


def test_prediction_as_a_table(script, capsys):
    row = {"series": 1000, "rows": 48_000, "seconds": 1.5, "rows_per_second": 32_000, "peak_mb": 61.2}
    script("prediction").write_markdown({"bulk, gru": row})
    assert capsys.readouterr().out.splitlines()[2] == "| bulk, gru | 1,000 | 48,000 | 1.50 | 32,000 | 61 |"


def test_prediction_of_nothing_is_refused(bench):
    status, _, err = bench("prediction", "--series", 0)
    assert status == 2 and "series is 0" in err


def test_without_a_floor_the_naive_is_that_of_the_values(bench, tmp_path):
    """A drift of values that were never below zero falls below it, as in published tables; --floor holds it there."""
    values = np.maximum(0, 275 - 1.5 * np.arange(200.0))
    date = pd.date_range("2023-01-01", periods=200).strftime("%Y-%m-%d")
    pd.DataFrame({"date": date, "y": values.round(3)}).to_csv(tmp_path / "falls.csv", index=False)
    parts = ("--train-rows", 160, "--val-rows", 20, "--test-rows", 20, "--horizon", 7)
    free, floored = (
        json.loads(bench("long_horizon", tmp_path / "falls.csv", *parts, *QUICK, "--json", *more)[1])["scores"]["drift"]
        for more in ((), ("--floor",))
    )
    assert floored["mse"] < free["mse"]


@pytest.mark.sweep
def test_from_outside_the_naive_is_the_same_as_by_the_protocol(bench, daily):
    words = ("--train-rows", 200, "--val-rows", 50, "--test-rows", 50, "--horizon", 7, "--origins", 3)
    status, out, err = bench("black_box", daily, *words, "--preset", "fast", "--model", "seasonal-naive", "--json")
    assert status == 0, err
    scores = json.loads(out)["scores"]
    assert scores["fit and predict"]["mse"] == pytest.approx(scores["seasonal-naive"]["mse"], rel=1e-4)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("long_horizon", "--preset"),
        ("black_box", "--preset"),
        ("competition", "--preset"),
        ("coverage", "--preset"),
        ("prediction", "--series"),
    ],
)
def test_a_benchmark_runs_as_a_script(name, option):
    done = run_script(f"{name}.py", "--help")
    assert done.returncode == 0 and option in done.stdout, done.stderr


@pytest.mark.sweep
def test_speed_merges_sections_and_says_that_peers_are_left_out(tmp_path):
    kept = tmp_path / "speed.json"
    kept.write_text(json.dumps({"sections": {"other": {"runs": 1}, "training": {"runs": 99}}}))
    sections = ("--section", "training", "--section", "cold-start")
    done = run_script("speed.py", *sections, "--quick", "--runs", 1, "--keep", kept, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document == json.loads(kept.read_text())
    assert list(document["sections"]) == ["other", "training", "cold-start"]
    training, cold = document["sections"]["training"], document["sections"]["cold-start"]
    assert (training["quick"], training["runs"]) == (True, 1)
    (row,) = training["tables"]["all"]
    assert row["library"] == "tsforecast" and row["windows_per_second"] > 0 and row["share_of_peak"] > 0
    # Embedding, the two kernels and biases of a GRU, a query for each of 4 segments, and the head of 7 levels.
    assert row["parameters"] == (24 * 4 + 4) + (2 * 4 * 12 + 2 * 12) + 4 * 4 + (4 * 24 * 7 + 24 * 7)
    (row,) = cold["tables"]["cold start"]
    assert row["command"] == "tsforecast predict" and row["times_tsforecast"] == 1 and row["peak_rss_mib"] > 10
    for section in (training, cold):
        assert "Peers are left out: no --peer-python was given." in section["notes"]
        assert section["machine"]["versions"]["tsforecast"] == tsforecast.__version__


@pytest.mark.sweep
def test_speed_names_what_it_lacks(tmp_path):
    done = run_script("speed.py")
    assert done.returncode == 2 and "the section validation needs --data" in done.stderr
    done = run_script("speed.py", "--section", "memory", "--peer-python", "no/such/python")
    assert done.returncode == 1 and "no/such/python does not start" in done.stderr
    kept = tmp_path / "kept.json"
    kept.write_text("[]")
    done = run_script("speed.py", "--section", "memory", "--keep", kept)
    assert done.returncode == 1 and f"{kept} does not hold an earlier run's results" in done.stderr
    done = run_script("speed.py", "--section", "memory", "--keep", tmp_path / "none" / "kept.json")
    assert done.returncode == 1 and "cannot be written" in done.stderr


@pytest.mark.sweep
def test_validation_errors_of_the_speed_benchmark_by_hand(daily):
    request = {"began": 0, "data": daily, "train": 200, "validation": 50, "horizon": 7, "threads": 1}
    words = json.dumps(request | {"model": "naive", "preset": "fast"}, default=str)
    done = run_script("speed_sections/workers/ours_validation.py", words)
    assert done.returncode == 0, done.stderr
    values = pd.read_csv(daily)["y"].to_numpy()
    scaled = (values - values[:200].mean()) / values[:200].std()
    errors = np.array([scaled[o : o + 7] - scaled[o - 1] for o in range(200, 244)])
    errors_found = json.loads(done.stdout)
    assert errors_found["windows"] == len(errors)
    assert errors_found["mse"] == pytest.approx(np.mean(errors**2), rel=1e-4)
    assert errors_found["mae"] == pytest.approx(np.mean(np.abs(errors)), rel=1e-4)


def test_products_of_a_training_step_by_hand(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "benchmarks"))
    network = importlib.import_module("speed_sections.training").Network("lstm", steps=3, units=5, segment=2, horizon=4)
    forward = 3 * 2 * 5 + 3 * 4 * (5 * 5 + 5 * 5) + 4 * (5 * 5) + 2 * 5 * (2 * 7)
    assert network.flops == 3 * 2 * forward


def test_peak_memory_is_the_childs_own():
    big = "x = bytearray(300 * 2**20)"
    launcher = "speed_sections/workers/launcher.py"
    small, large = (
        json.loads(run_script(launcher, sys.executable, "-c", code).stdout)["peak_rss_mib"] for code in ("", big)
    )
    assert small < 100 and 300 < large < 400


def test_speed_in_markdown(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "benchmarks"))
    markdown = importlib.import_module("speed_sections.tables").markdown
    machine = {"cpu": "X", "cores": 2, "ram_gib": 8.0, "load": 0.1, "system": "Y", "python": "3.11"}
    rows = [{"what": "a", "windows_per_second": 12345.6, "ratio": 1.2345}, {"what": "b", "windows_per_second": 7}]
    section = {"quick": True, "tables": {"ETTh1": rows}, "notes": ["said"]} | {"machine": machine | {"versions": {}}}
    text = markdown({"sections": {"cold-start": section}})
    assert text.startswith("## Cold start\n\n**A quick check") and "\n- said\n" in text
    assert "### ETTh1\n\n| what | windows per second | ratio |" in text
    assert "| a | 12,346 | 1.23 |\n| b | 7 | - |" in text


@pytest.mark.sweep
def test_ingestion_takes_turns_and_compares_medians(bench):
    status, out, err = bench("ingestion", "--series", 3, "--rows", 50, "--repeats", 2, "--json")
    document = json.loads(out)
    assert status == 0 and "150 rows" in err
    for reader in ("tsforecast", "pandas"):
        readings = document["readings"][reader]
        assert [reading["rows"] for reading in readings] == [150, 150]
        assert document["medians"][reader]["peak_mb"] == pytest.approx(
            np.median([reading["peak_mb"] for reading in readings])
        )
    ours, bare = (document["medians"][reader]["seconds"] for reader in ("tsforecast", "pandas"))
    assert document["ratios"]["seconds"] == pytest.approx(ours / bare)


@pytest.mark.sweep
def test_ingestion_writes_a_markdown_table(bench):
    out = bench("ingestion", "--series", 1, "--rows", 20, "--repeats", 1)[1].splitlines()
    assert out[0] == "| reader | seconds | peak memory |"
    assert [line.split()[1] for line in out[2:]] == ["tsforecast", "pandas", "ratio"]
    assert bench("ingestion", "--rows", 0)[0] == 2


@pytest.mark.sweep
@pytest.mark.skipif(not M4.is_dir(), reason="the M4 data are not beside the repository")
def test_published_floors_of_m4_hourly(bench):
    files = ("--train", M4 / "Hourly-train.csv", "--test", M4 / "Hourly-test.csv")
    words = ("--frequency", "hourly", "--preset", "fast", "--model", "seasonal-naive", "--json")
    scores = json.loads(bench("competition", *files, *words)[1])["scores"]
    assert (round(scores["naive2"]["smape"], 3), round(scores["naive2"]["mase"], 3)) == (18.383, 2.395)
    seasonal = scores["seasonal-naive"]
    assert (round(seasonal["smape"], 3), round(seasonal["mase"], 3)) == (13.912, 1.193)
    assert seasonal["owa"] == pytest.approx(0.627, abs=1e-3)


@pytest.mark.parametrize("protocol", ["A", "B"])
def test_what_is_known_ahead_counts_under_protocol_b_alone(bench, tmp_path, protocol):
    rng, n = np.random.default_rng(0), 1600
    load = rng.normal(size=n)
    price = 30 + 5 * np.sin(np.arange(n) * 2 * np.pi / 24) + 4 * load + rng.normal(0, 0.5, n)
    times = pd.date_range("2013-01-01", periods=n, freq="h")
    pd.DataFrame({"date": times, "load forecast": load, "OT": price}).to_csv(tmp_path / "p.csv", index=False)
    words = ("--target", "OT", "--future", "load forecast", "--protocol", protocol, "--json", *QUICK)
    status, out, err = bench("covariates", tmp_path / "p.csv", *words)
    assert status == 0, err
    scores = json.loads(out)["scores"]
    assert set(scores) == {"linear with", "linear without"}
    assert scores["linear with"]["windows"] == 320 - 23
    ratio = scores["linear with"]["mse"] / scores["linear without"]["mse"]
    assert ratio < 0.1 if protocol == "B" else 0.9 < ratio < 1.1


def test_any_table_is_fitted_with_and_without_what_is_known(bench, tmp_path):
    rng, n = np.random.default_rng(0), 420
    price, wind = rng.normal(10, 2, n), rng.normal(size=n)
    table = {"day": pd.date_range("2022-01-01", periods=n), "sold": 100 - 3 * price + rng.normal(0, 1, n)}
    pd.DataFrame({**table, "price": price, "wind": wind}).to_csv(tmp_path / "p.csv", index=False)
    words = ("--target", "sold", "--future", "price", "--past", "wind", "--rows", 400, *QUICK)
    status, out, err = bench("covariates", tmp_path / "p.csv", *words)
    assert status == 0 and "errs" in err and "with price" in err, err
    head, *rows = out.splitlines()[1:]
    found = {row[:16].strip(): float(row.split()[-4]) for row in rows}
    assert list(found) == ["linear with", "seasonal-naive", "linear without"] and "MASE" in head
    assert found["linear with"] < 0.5 * found["linear without"]


def test_the_seasonal_naive_of_gift_eval_is_the_published_one(script):
    """On the one configuration that is quick and whose data lie beside the repository, where they do."""
    gift = script("gift_eval")
    if not (M4.parent / "ett" / "ETTm1.csv").exists():
        pytest.skip("the data are not part of the repository")
    for name in ("ett1/W/short", "ett1/D/short", "ett1/H/short"):
        config = gift.CONFIGS[name]
        panel = config.read(M4.parent)
        found = gift.naive_scores(panel, config, gift.folds_of(panel, config))
        assert round(found["mase"], 3) == config.published
