"""A combination that its own test says is far worse than a simple model is not published."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training_stub import LOOKBACK
from tsforecast.fitting.fit_panel import fit_panel
from tsforecast.fitting.scores import far_better_simple_model, verdict
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
    assert any(f"{plan.model} is published in place of auto: MAE" in text for text in told)
    assert plan.choices[-1].value == plan.model
    assert verdict(plan.model, scores).startswith(plan.model)
    assert fitted.forecaster.calibration is fitted.evaluated.calibration


def scores(auto, naive, linear):
    return {name: {"mae": error, "mase": 1.0} for name, error in
            (("auto", auto), ("seasonal-naive", naive), ("linear", linear))}  # fmt: skip


@pytest.mark.parametrize(
    ("errors", "instead"),
    [((2.9, 1.0, 3.0), None), ((3.1, 1.0, 3.0), "seasonal-naive"), ((9.5, 4.0, 3.0), "linear"),
     ((np.nan, 1.0, 2.0), "seasonal-naive"), ((1.0, np.nan, np.nan), None), ((0.0, 0.0, 0.0), None)],
)  # fmt: skip
def test_by_far(errors, instead):
    better = far_better_simple_model("auto", scores(*errors), "mae")
    assert (better.value if better else None) == instead
