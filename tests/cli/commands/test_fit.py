"""`fit`: what it asks of the workflow, and what it shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from tsforecast.fitting.fit_panel import Networks
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.progress import EpochEnded, Message, PhaseStarted
from tsforecast.workflows.expected import Expected

BROUGHT = Networks("mase", 0.55, 0.5, 41.3, kept=True)
NEXT = Expected("shop 7", "2024-03-01 06:00", "2024-03-03 05:00", 41.2, 30.0, 50.25, 44.0)


@dataclass(frozen=True)
class Result:
    """The parts of a `FitResult` that are shown."""

    name: str = "sales"
    version: int = 3
    path: str = "models/sales/versions/000003"
    series: int = 2
    rows: int = 12345
    frequency_name: str = "hourly"
    horizon: int = 48
    lookback: int = 336
    choices: tuple = (SimpleNamespace(name="lookback", value="336", reason="two weeks"),)
    brought: tuple = ()
    scores: dict = field(
        default_factory=lambda: {
            "gru": {"mae": 1.23456, "mase": 0.5, "skill": 0.213, "coverage_80": 0.798, "seconds": 41.34},
            "seasonal-naive": {"mae": 1.5687, "mase": float("nan"), "skill": 0.0, "coverage_80": 0.8, "seconds": 0.0},
        }
    )
    verdict: str = "gru makes 21% less error than the seasonal naive."
    notes: tuple = (SimpleNamespace(kind="warning", text="3 of 12,345 values missing"),)
    seconds: float = 62.0
    training_rows: str = "trained anew on all 12345 rows"
    file: str = "sales.csv"
    season_length: int = 24
    model: str = "gru"
    target_cols: tuple = ("sold",)
    id_cols: tuple = ("shop",)
    profile: dict = field(
        default_factory=lambda: {"first": "2024-01-01 00:00:00", "last": "2024-03-01 05:00", "season_strength": 0.87}
    )
    expected: Expected = NEXT
    networks: Networks | None = BROUGHT

    def to_dict(self):
        return {"name": self.name, "scores": self.scores}


@pytest.fixture
def fitted(play, record):
    play("workflows.fit", fit=record(Result()))


def test_defaults(run, fitted, calls):
    result = run("fit", "sales.csv")
    assert result.exit_code == 0
    (source,), given = calls[0]
    assert source == "sales.csv"
    assert callable(given.pop("report"))
    assert given == {
        "options": FitOptions(),
        "reading": ReadOptions(),
        "store": "./models",
        "name": None,
        "resume": False,
        "publish": True,
    }


def test_options_reach_the_workflow(run, fitted, calls):
    words = (
        "--horizon 24 --model bilstm --preset best --strategy recursive --units 64 --dropout 0.3 --loss mae"
        " --normalisation mean-std --learning-rate 1e-4 --seed 7 --time-limit 60 --id-col shop --target-col y"
        " --target-col z --time-col day --on-duplicate mean --skip-rows 2 --store s --name n"
    )
    assert run("fit", "-", *words.split()).exit_code == 0
    given = calls[0][1]
    assert given["options"] == FitOptions(
        horizon=24,
        model="bilstm",
        preset="best",
        strategy="recursive",
        units=64,
        dropout=0.3,
        loss="mae",
        normalisation="mean-std",
        learning_rate=1e-4,
        seed=7,
        time_limit=60,
    )
    assert given["reading"] == ReadOptions(
        time_col="day", target_cols=("y", "z"), id_cols=("shop",), on_duplicate="mean", skip_rows=2
    )
    assert (given["store"], given["name"]) == ("s", "n")


def test_everything_is_said_on_stderr(run, fitted):
    result = run("fit", "sales.csv")
    assert result.stdout == ""
    assert (
        result.stderr
        == """\
Warning: 3 of 12,345 values missing
Read sales.csv: 12,345 values of 2 series of 'sold' by 'shop', hourly from 2024-01-01 to 2024-03-01 05:00, season \
of 24 steps (strength 0.87 of 1).
Expect 41.2 of shop 7, the largest series, at 2024-03-01 06:00, 4 times in 5 between 30 and 50.25; and 44 on \
average over the 48 steps until 2024-03-03 05:00.
On the newest rows, which it had not seen, it was off by 1.235 on average, the usual guess (the value a season \
earlier) by 1.569: 21% less error, each series counted alike.
The networks, 41 s of training, brought 9% less error.
Published as version 3 of sales after 1 min 2 s.
next: tsforecast predict --name sales --plot sales.png
Errors on the newest rows, held out from training
model           MASE    MAE   skill  cov 80   sec
gru              0.5  1.235  +21.3%   79.8%  41.3  best, this model
seasonal-naive     -  1.569   +0.0%   80.0%   0.0
"""
    )


def test_details(run, fitted):
    said = run("fit", "sales.csv", "-v").stderr
    assert "lookback    336  two weeks" in said and "trained anew on all 12345 rows" in said
    assert "model             MAE  RMSE  MASE  sMAPE   skill  cov 80  cov 95   sec" in said
    assert "stored in models/sales/versions/000003" in said


def test_quiet_says_nothing(run, fitted):
    assert run("fit", "sales.csv", "-q").output == ""


def test_json(run, fitted):
    document = json.loads(run("fit", "sales.csv", "--json", "-q").stdout)
    assert document["scores"]["gru"]["skill"] == 0.213
    assert document["scores"]["seasonal-naive"]["mase"] is None


def test_next_command_names_another_store(run, fitted):
    assert run("fit", "a.csv", "--store", "my models").stderr.count("--plot sales.png --store 'my models'\n") == 1


def test_nothing_is_published_on_request(run, play, record, calls):
    play("workflows.fit", fit=record(replace(Result(), version=0, path="")))
    said = run("fit", "sales.csv", "--no-publish").stderr
    assert calls[0][1]["publish"] is False
    assert "Nothing was published; without --no-publish the model enters service." in said
    assert "next: " not in said and "Errors on" in said


def test_report_folder(run, fitted, play):
    written = []
    play("reports.fit", report_files=lambda folder: (), write_report=lambda *args: written.append(args))
    assert run("fit", "sales.csv", "--report", "out").exit_code == 0
    ((result, folder),) = written
    assert (result.version, folder) == (3, "out")


def test_progress_is_reported(run, play):
    def fit(source, *, report, **_):
        report(Message("info", "reading sales.csv"))
        report(PhaseStarted("training", epochs=5, windows=100))
        report(EpochEnded(1, 5, 0.5, 0.4, 1e-3, 0.0, seconds=1.0, windows_per_second=100.0))
        return Result()

    play("workflows.fit", fit=fit)
    assert run("fit", "sales.csv").stderr.startswith("reading sales.csv\ntraining: up to 5 epochs of 100 windows\n")
    assert "epoch 1/5" not in run("fit", "sales.csv").stderr
    assert "training: epoch 1/5, loss 0.5000, validation loss 0.4000, 100" in run("fit", "sales.csv", "-v").stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--horizon", "0"], "horizon is 0; give a value from 1 to"),
        (["--dropout", "1"], "dropout is 1; give a value from 0 to"),
        (["--model", "gruu"], "'gruu' is not one of 'auto', 'rnn', 'lstm', 'gru'"),
        (["--units", "many"], "'many' is not a valid int"),
        (["--epoch", "3"], "No such option '--epoch'"),
    ],
)
def test_options_are_refused_before_anything_is_read(run, fitted, calls, words, message):
    result = run("fit", "sales.csv", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert calls == []


def test_data_is_needed(run):
    result = run("fit")
    assert result.exit_code == 2
    assert "Missing argument 'DATA'" in result.stderr


def test_help_has_headings(run):
    text = run("fit", "--help").stdout
    headings = ("Forecast", "Model", "Preparation", "Training", "Columns", "Reading", "Store", "Messages")
    places = [text.index(f"\n{heading}:\n") for heading in headings]
    assert places == sorted(places)
    assert "--horizon N" in text[: places[1]]


def test_help_explains_every_model(run):
    from tsforecast.models.registry import MODELS

    text = run("fit", "--help").stdout
    assert all(model.summary in text for model in MODELS.values())


def test_help_explains_every_strategy_in_one_line(run):
    from tsforecast.models.network.config import STRATEGIES

    lines = run("fit", "--help").stdout.splitlines()
    for name, strategy in STRATEGIES.items():
        assert f"    {name:14}  {strategy.summary}" in lines
    assert max(len(line) for line in lines) <= 80
