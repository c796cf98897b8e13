"""`predict`: what it asks of the workflow, and where the forecast goes."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tsforecast.io.options import ReadOptions

BLOCKS, WHOLE = ["block 1", "block 2"], ["forecast"]
TABLE = ("schema", "daily")
RESULT = SimpleNamespace(
    name="sales",
    version=3,
    model="gru",
    horizon=14,
    rows=2,
    steps=28,
    forecast="forecast",
    blocks=lambda report=None: iter(BLOCKS),
    recent=SimpleNamespace(frequency="daily", ids=(("=a",), ("b",)), n_series=2),
    schema="schema",
    notes=(SimpleNamespace(kind="info", text="using sales version 3"),),
    scenario=None,
    to_dict=lambda: {"name": "sales"},
)
GUARDED = (
    "1 id begins like a formula or holds control characters: written with a ' in front and without these; "
    "--raw-ids leaves them as they are"
)


@pytest.fixture
def predicted(play, record):
    play("workflows.predict", predict=record(RESULT))


@pytest.fixture
def written(play, monkeypatch):
    """What was handed to the writers."""
    files = []
    monkeypatch.setattr(
        "tsforecast.io.writing.forecasts.write_forecast",
        lambda blocks, *args, raw_ids: files.append((list(blocks), *args, raw_ids)),
    )
    play("reports.plots.predicted", predicted=lambda result, **which: (result.name, which))
    play(
        "reports.plots.write",
        check_drawable=lambda path, **_: None,
        most_series=lambda path: 9,
        draw_forecast=lambda *args, **_: files.append(args),
    )
    return files


def test_defaults(run, predicted, written, calls):
    result = run("predict")
    assert result.exit_code == 0
    (source,), given = calls[0]
    assert source is None
    assert callable(given.pop("report"))
    assert given == {
        "store": "./models",
        "name": None,
        "version": None,
        "horizon": None,
        "levels": (80.0, 95.0),
        "reading": None,
        "max_age": None,
        "fallback": False,
        "trusted": False,
        "future": None,
        "what_if": None,
        "calibration": "living",
        "total": False,
        "above": None,
        "series": (),
    }
    assert written == [(BLOCKS, *TABLE, None, False)]
    assert result.output == f"using sales version 3\nWarning: {GUARDED}\n"


def test_options_reach_the_workflow(run, predicted, written, calls):
    words = "new.csv --horizon 7 --level 50 --level 99.5 --name sales --version 2 --store s --tz UTC"
    assert run("predict", *words.split(), "--calibration", "fixed").exit_code == 0
    (source,), given = calls[0]
    assert source == "new.csv"
    assert (given["horizon"], given["levels"], given["name"], given["version"]) == (7, (50.0, 99.5), "sales", 2)
    assert (given["store"], given["reading"], given["calibration"]) == ("s", ReadOptions(tz="UTC"), "fixed")


@pytest.mark.parametrize(
    ("words", "environment", "fallback", "trusted"),
    [
        (["--fallback"], {}, True, False),
        (["--trust-store"], {}, False, True),
        ([], {"TSFORECAST_TRUST_STORE": "1"}, False, True),
        ([], {"TSFORECAST_TRUST_STORE": "0"}, False, False),
    ],
)
def test_a_damaged_and_a_foreign_model_can_be_used(
    run, predicted, written, calls, words, environment, fallback, trusted
):
    assert run("predict", *words, **environment).exit_code == 0
    ((_, given),) = calls
    assert (given["fallback"], given["trusted"]) == (fallback, trusted)


def test_files(run, predicted, written):
    result = run("predict", "-o", "f.parquet", "--plot", "f.svg")
    plot = ("sales", {"names": (), "pick": "largest", "most": 9, "title": "", "unit": ""})
    assert written == [(plot, "f.svg"), (WHOLE, *TABLE, "f.parquet", False)]
    assert result.stdout == ""
    assert "drew f.svg\nwrote 2 rows to f.parquet from sales version 3\n" in result.stderr


def test_json_takes_the_place_of_csv(run, predicted, written):
    assert json.loads(run("predict", "--json").stdout) == {"name": "sales"}
    assert written == []
    assert json.loads(run("predict", "--json", "-o", "f.csv").stdout) == {"name": "sales"}
    assert written == [(WHOLE, *TABLE, "f.csv", False)]


def test_quiet_says_nothing(run, predicted, written):
    assert run("predict", "-q", "-o", "f.csv").output == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "f.xlsx"], "'f.xlsx' does not end in .csv or .parquet or .jsonl or .ndjson"),
        (["--plot", "f.jpg"], "'f.jpg' does not end in .png or .svg or .pdf or .html"),
        (["--plot", "png"], "'png' does not end in .png or .svg or .pdf or .html"),
        (["--level", "high"], "'high' is not a valid float"),
    ],
)
def test_refused_before_any_work(run, predicted, calls, words, message):
    result = run("predict", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert calls == []


def test_dash_is_stdout(run, predicted, written):
    assert run("predict", "-", "-o", "-").exit_code == 0
    assert written == [(BLOCKS, *TABLE, "-", False)]


@pytest.mark.parametrize("words", [["--raw-ids"], ["-o", "f.jsonl"], ["-o", "f.parquet"]])
def test_ids_that_stay_as_they_are_are_not_spoken_of(run, predicted, written, words):
    assert GUARDED not in run("predict", *words).stderr
    assert written[0][-1] == ("--raw-ids" in words)


def test_a_limit_on_the_age(run, predicted, written, calls):
    run("predict", "--max-age", "26h")
    assert calls[0][1]["max_age"] == 93_600.0
