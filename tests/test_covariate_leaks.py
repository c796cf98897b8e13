"""What is not known yet changes no forecast: past columns after the cutoff, columns known ahead after the horizon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.covariates import driven_panel, with_columns
from tsforecast.fitting.calibrate import predict_index
from tsforecast.fitting.fit_panel import fit_panel, make_plan
from tsforecast.fitting.learn import train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import HOUR, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.windows import WindowIndex, model_rows

HORIZON = 6
OPTIONS = FitOptions(model="linear", horizon=HORIZON, lookback=24, calendar="time-of-day")


@pytest.fixture(scope="module")
def fitted():
    driven = driven_panel()
    panel = with_columns(driven, past=np.roll(driven.values, 1), future=driven.covariates.future, ahead=12)
    made = fit_panel(panel, OPTIONS, TrainingSession())
    assert made.final.spec.parts[0].inputs.covariates
    return panel, made


def forecast(made, panel, cutoff):
    """The forecast from a row on, by the model of all rows."""
    rows = model_rows(panel, made.everything.rows.scaling, calendar=made.final.spec.calendar)
    return predict_index(made.final, rows, WindowIndex(np.array([cutoff]), np.array([0])))


@settings(max_examples=20, deadline=None)
@given(cutoff=st.integers(30, 390), row=st.integers(0, 399), change=st.floats(1, 100))
def test_a_past_column_after_the_cutoff_changes_nothing(fitted, cutoff, row, change):
    panel, made = fitted
    past = panel.covariates.past.copy()
    past[row] += change
    changed = replace(panel, covariates=replace(panel.covariates, past=past))
    same = np.array_equal(forecast(made, panel, cutoff), forecast(made, changed, cutoff))
    assert same == (row >= cutoff or row < cutoff - 24)


@settings(max_examples=20, deadline=None)
@given(cutoff=st.integers(30, 390), row=st.integers(0, 411), change=st.floats(1, 100))
def test_a_column_known_ahead_after_the_horizon_changes_nothing(fitted, cutoff, row, change):
    panel, made = fitted
    future = panel.covariates.future.copy()
    future[row] += change
    changed = replace(panel, covariates=replace(panel.covariates, future=future))
    same = np.array_equal(forecast(made, panel, cutoff), forecast(made, changed, cutoff))
    assert same == (row >= cutoff + HORIZON or row < cutoff - 24)


def test_covariates_after_validation_change_neither_plan_nor_weights():
    panel = driven_panel()
    plan, split = make_plan(panel, OPTIONS)
    border = int(split.validation_end[0])
    future = panel.covariates.future.copy()
    future[border:] = 77
    changed = replace(panel, covariates=replace(panel.covariates, future=future))
    other, _ = make_plan(changed, OPTIONS)
    assert [vars(choice) for choice in plan.choices] == [vars(choice) for choice in other.choices]
    weights = [
        train_model("linear", prepare(each, split, plan), plan, TrainingSession()).trained.weights
        for each in (panel, changed)
    ]
    for name, value in weights[0].items():
        np.testing.assert_array_equal(value, weights[1][name])


def test_the_series_itself_as_a_past_column_brings_nothing():
    """A canary: what equals the target is known up to the cutoff only, as the target is."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=600)  # nothing to know beforehand
    panel = make_panel([values], Frequency("fixed", HOUR))
    errors = []
    for table in (panel, with_columns(panel, past=values)):
        made = fit_panel(table, replace(OPTIONS, calendar="none"), TrainingSession())
        errors.append(made.evaluated.scores["linear"]["mae"])
    assert errors[1] > 0.95 * errors[0]
