"""What is read besides the values, and what each of it brings."""

from __future__ import annotations

import numpy as np
import pytest

from tests.covariates import driven_panel, with_columns
from tsforecast.fitting.fit_panel import make_plan
from tsforecast.models.options import FitOptions

OPTIONS = FitOptions(model="linear", horizon=6, lookback=24, calendar="none")


def planned(panel, options=OPTIONS):
    plan, _ = make_plan(panel, options)
    return plan, {choice.name: choice for choice in plan.choices}


def test_what_each_column_brings():
    panel = driven_panel(ahead=12)
    noise = np.random.default_rng(1).normal(size=len(panel.values))
    plan, choices = planned(with_columns(panel, past=noise, future=panel.covariates.future, ahead=12))
    assert choices["covariates"].value == "used"
    brought = {one.name: one for one in plan.brought}
    assert list(brought) == ["all", "past 1", "future 1"]
    assert brought["future 1"].share > 0.5 > 0.2 > abs(brought["past 1"].share)


def test_many_columns_are_left_out_by_their_roles():
    panel = driven_panel(ahead=12)
    noise = np.random.default_rng(1).normal(size=(len(panel.values), 9))
    plan, _ = planned(with_columns(panel, past=noise, future=panel.covariates.future, ahead=12))
    assert [(one.name, one.role) for one in plan.brought][1:] == [
        ("9 columns", "known up to now"),
        ("future 1", "known ahead"),
    ]


@pytest.mark.parametrize("rows", [36, 40])
def test_what_cannot_be_shown_to_help_is_not_read(rows):
    plan, choices = planned(driven_panel(rows))
    assert (choices["covariates"].value, choices["covariates"].reason) == (
        "tried",
        "too few rows to tell whether they help",
    )
    assert (plan.inputs.past, plan.brought) == (0, ())


def test_noise_is_not_read():
    panel = driven_panel(effect=0.0, ahead=12)
    plan, choices = planned(panel)
    assert choices["covariates"].value == "tried"
    assert plan.inputs.past == 0


@pytest.mark.parametrize("model", ["ets", "naive"])
def test_a_model_that_reads_none_says_so(model):
    _, choices = planned(driven_panel(ahead=12), FitOptions(model=model, horizon=6))
    assert choices["covariates"].reason == f"{model} sees nothing but the values"
    _, choices = planned(with_columns(driven_panel(ahead=12)), FitOptions(model=model, horizon=6))
    assert "covariates" not in choices
