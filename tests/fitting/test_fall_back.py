"""A combination that its own test says is far worse than a simple model is not published."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.training_stub import LOOKBACK
from tsforecast.fitting.fit_panel import fit_panel
from tsforecast.fitting.scores import lost_to, verdict
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel

OPTIONS = {"horizon": 6, "lookback": LOOKBACK, "segment": 7, "units": 4, "epochs": 1, "threads": 1}


def shifted(step):
    """Sales with a weekly season, and another level in the rows that are tested on."""
    day = np.arange(300)
    noise = np.random.default_rng(0).normal(0, 1, 300)
    values = 100 + 10 * np.sin(2 * np.pi * day / 7) + noise + np.where(day >= 262, step, 0)
    return make_panel([values], Frequency("fixed", DAY))


def test_a_shift_that_only_simple_models_follow(player):
    player.scale = 3.0  # of random weights: the networks forecast anything
    told = []
    options = FitOptions(**OPTIONS, transform="none", normalisation="mean-std")
    fitted = fit_panel(shifted(1000), options, TrainingSession(lambda event: told.append(getattr(event, "text", ""))))
    plan, scores = fitted.evaluated.plan, fitted.evaluated.scores
    if plan.model == "auto":
        pytest.fail(f"published: {scores}")
    assert fitted.final.spec.name == plan.model == min(scores, key=lambda name: scores[name]["mae"])
    assert fitted.everything.rows.scaling.log == plan.log
    (said,) = (text for text in told if f"{plan.model} is published in place of auto: MAE" in text)
    assert "chosen by these" in said
    assert fitted.evaluated.lost is None
    assert plan.choices[-1].value == plan.model
    assert verdict(plan.model, scores).startswith(plan.model)
    assert fitted.forecaster.calibration.scores is fitted.evaluated.calibration.scores


def lost(errors, by_row=None, rounding=0.0):
    """What is said of `auto` with these errors, and errors at twelve rows that are the same as a whole."""
    names = ("auto", "seasonal-naive", "linear")
    scores = {name: {"mae": error} for name, error in zip(names, errors, strict=True)}
    rows = by_row or {name: np.full(12, error) for name, error in zip(names, errors, strict=True)}
    return lost_to(SimpleNamespace(model="auto", horizon=6), scores, rows, "mae", rounding)


@pytest.mark.parametrize(
    ("errors", "instead", "clearly"),
    [((2.9, 1.0, 3.0), "seasonal-naive", True), ((3.1, 1.0, 3.0), "seasonal-naive", True),
     ((9.5, 4.0, 3.0), "linear", True), ((np.nan, 1.0, 2.0), "seasonal-naive", True),
     ((1.2, 1.0, 2.0), "seasonal-naive", False), ((1.01, 1.0, 2.0), None, False),
     ((1.0, np.nan, np.nan), None, False), ((0.0, 0.0, 0.0), None, False), ((0.5, 1.0, 2.0), None, False)],
)  # fmt: skip
def test_a_loss_that_is_small_is_said_and_a_large_one_counts(errors, instead, clearly):
    found = lost(errors)
    assert (found.name if found else None) == instead
    assert found is None or found.clearly == clearly


def test_a_loss_in_one_block_alone_may_be_chance():
    rows = {name: np.ones(24) for name in ("auto", "seasonal-naive", "linear")}
    rows["auto"][:6] += 1.6  # one horizon of four brings 40 % more error
    found = lost((1.4, 1.0, 1.0), rows)
    assert found and not found.clearly
    rows["auto"][:] = 1.4 + 0.1 * np.sin(np.arange(24))
    assert lost((1.4, 1.0, 1.0), rows).clearly


def test_what_float32_rounds_is_no_loss():
    assert lost((1e-6, 0.0, 0.5), rounding=1e-5) is None


def test_a_named_model_that_loses_clearly_is_published_with_a_warning_that_stands_when_quiet(run, tmp_path):
    rows = zip(pd.date_range("2023-01-01", periods=300).strftime("%Y-%m-%d"), shifted(1000).values, strict=True)
    (tmp_path / "s.csv").write_text("day,y\n" + "".join(f"{day},{value}\n" for day, value in rows))
    done = run("-q", "fit", "s.csv", "--model", "drift", "--horizon", 6)
    assert done.exit_code == 0
    assert "Warning: drift does worse than " in done.stderr and "consider --model " in done.stderr
    better = done.stderr.split("consider --model ")[1].split()[0]
    assert run("-q", "fit", "s.csv", "--model", better, "--horizon", 6).stderr == ""
