"""`retrain` on the command line: what it is asked, what it says, and how it exits."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tsforecast.errors import BusyError
from tsforecast.workflows.retrain.settings import AcceptAfter, GateLimits, PromotionRules, RetrainSettings, RunTargets

PROMOTED = SimpleNamespace(
    name="sales",
    status="promoted",
    message="challenger 0.8 MASE, champion 0.9: promoted",
    version=18,
    forecast="",
    exit_code=0,
    to_dict=lambda: {"name": "sales", "status": "promoted", "version": 18},
)


def _ended(status: str, message: str, exit_code: int) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(PROMOTED), "status": status, "message": message, "exit_code": exit_code})


@pytest.fixture
def asked(play, record, calls):
    """What the workflow was called with, after a run that promotes."""
    play("workflows.retrain.run", retrain=record(PROMOTED))
    return calls


def test_without_options_the_defaults_are_those_of_the_values(run, asked):
    assert run("retrain", "sales.csv").exit_code == 0
    (source,), values = asked[0]
    assert source == "sales.csv"
    assert values["settings"] == RetrainSettings()
    assert values["limits"] == GateLimits()
    assert values["rules"] == PromotionRules()
    assert values["targets"] == RunTargets()
    assert values["reading"].whole_lines


def test_options_reach_the_workflow(run, asked):
    run(
        *("retrain", "sales.csv", "--warm", "--promote", "better", "--tolerance", "0.02"),
        *("--no-beat-naive", "--min-new-rows", 3),
        *("--max-age", "2d", "--max-fewer-rows", "off", "--max-shift", 4, "--no-require-advance", "--no-final-newline"),
        *("--dry-run", "--force", "--resume", "--deadline", "45m", "--wait", 30, "--if-locked", "skip", "--keep", 3),
        *("--predict-to", "next.csv", "--level", 90, "--log-file", "-", "--metrics-file", "sales.prom"),
        *("--model", "gru", "--horizon", 7, "--name", "shop", "--store", "s", "--tz", "Europe/Berlin"),
    )
    _, values = asked[0]
    assert values["settings"] == RetrainSettings(
        warm=True,
        force=True,
        dry_run=True,
        resume=True,
        wait=30,
        if_locked="skip",
        deadline=45 * 60,
        keep=3,
        predict_to="next.csv",
        levels=(90.0,),
    )
    assert values["limits"] == GateLimits(max_age=2 * 86_400, max_fewer_rows=None, max_shift=4, require_advance=False)
    assert values["rules"] == PromotionRules("better", tolerance=0.02, beat_naive=False, min_new_rows=3)
    assert values["targets"] == RunTargets(log_file="-", metrics_file="sales.prom")
    assert (values["options"].model, values["options"].horizon) == ("gru", 7)
    assert (values["name"], values["store"], values["reading"].tz) == ("shop", "s", "Europe/Berlin")
    assert not values["reading"].whole_lines


def test_everything_can_stand_in_a_file(run, asked, tmp_path):
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "shop.toml").write_text(
        '[retrain]\ndata = "shop.csv"\nstore = "models"\nwarm = true\nmax-missing = "off"\nmax-age = "26h"\n'
    )
    assert run("retrain", "--config", "etc/shop.toml").exit_code == 0
    (source,), values = asked[0]
    assert source == str(folder / "shop.csv")
    assert values["store"] == str(folder / "models")
    assert values["settings"].warm
    assert values["limits"] == GateLimits(max_missing=None, max_age=26 * 3600)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--max-shift", "much"), "'--max-shift'"),
        (("--max-shift", "-1"), "'--max-shift'"),
        (("--deadline", "soon"), "'soon' is not a duration"),
        (("--predict-to", "next.xlsx"), "does not end in .csv"),
        (("--keep", "0"), "'--keep'"),
        (("--accept-after", "soon"), "'soon' is not a duration"),
        (("--accept-after", "0"), "'--accept-after'"),
        (("--ended-after", "0"), "'--ended-after'"),
    ],
)
def test_what_cannot_be_used_is_refused(run, words, said):
    result = run("retrain", "sales.csv", *words)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("season", AcceptAfter()),
        ("off", None),
        ("5", AcceptAfter(runs=5)),
        ("36h", AcceptAfter(seconds=36 * 3600)),
        ("7d", AcceptAfter(seconds=7 * 86_400)),
    ],
)
def test_when_a_change_is_accepted(run, asked, word, meant):
    run("retrain", "sales.csv", "--accept-after", word)
    assert asked[0][1]["settings"] == RetrainSettings(accept_after=meant)


@pytest.mark.parametrize(("word", "meant"), [("horizon", "horizon"), ("off", None), ("30", 30)])
def test_when_a_series_that_has_ended_leaves_the_forecast(run, asked, word, meant):
    run("retrain", "sales.csv", "--ended-after", word, "--accept")
    assert asked[0][1]["settings"] == RetrainSettings(ended_after=meant, accept=True)


def test_without_data_the_usage_is_shown(run):
    result = run("retrain")
    assert result.exit_code == 2
    assert "Missing argument 'DATA'" in result.stderr


@pytest.mark.parametrize(("status", "exit_code"), [("rejected", 3), ("gate", 4)])
def test_an_outcome_that_is_no_success_is_one_line_even_when_quiet(run, play, record, status, exit_code):
    play("workflows.retrain.run", retrain=record(_ended(status, "because", exit_code)))
    result = run("retrain", "sales.csv", "--quiet")
    assert result.exit_code == exit_code
    assert (result.stdout, result.stderr) == ("", f"Error: sales: {status}: because\n")


@pytest.mark.parametrize("status", ["promoted", "unchanged", "waiting", "skipped"])
def test_success_is_silent_when_quiet(run, play, record, status):
    play("workflows.retrain.run", retrain=record(_ended(status, "because", 0)))
    result = run("retrain", "sales.csv", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_what_happened_is_said(run, asked):
    assert run("retrain", "sales.csv").stderr.splitlines() == [
        "sales: promoted: challenger 0.8 MASE, champion 0.9: promoted",
        "in service: sales version 18",
    ]


def test_the_result_as_json(run, asked):
    assert json.loads(run("retrain", "sales.csv", "--json").stdout) == PROMOTED.to_dict()


def test_a_lock_that_is_held(run, play, record):
    play(
        "workflows.retrain.run", retrain=record(BusyError("held by process 7", hint="try again", file=".retrain.lock"))
    )
    result = run("retrain", "sales.csv")
    assert result.exit_code == 75
    assert "held by process 7" in result.stderr
