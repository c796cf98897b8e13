"""What is read besides the values, and what each of it brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.covariates import driven_panel, with_columns
from tsforecast.fitting.fit_panel import make_plan
from tsforecast.fitting.learn import train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.models.network.linear_inputs import column_numbers
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.holiday_features import holiday_features
from tsforecast.series.panel import Schema, make_panel

OPTIONS = FitOptions(model="linear", horizon=6, lookback=24, calendar="none")
DAYS = Frequency("fixed", DAY)


def planned(panel, options=OPTIONS, schema=None):
    plan, _ = make_plan(panel, options, schema=schema)
    return plan, {choice.name: choice for choice in plan.choices}


def noise_of(panel, count=1, seed=1):
    return np.random.default_rng(seed).normal(size=(len(panel.values), count))


def test_what_each_column_brings():
    panel = driven_panel(ahead=12)
    both = with_columns(panel, past=noise_of(panel), future=panel.covariates.future, ahead=12)
    plan, choices = planned(both)
    assert choices["covariates"].value == "used"
    assert "with future 1" in choices["covariates"].reason and "past 1 (p" in choices["covariates"].reason
    brought = {one.name: one for one in plan.brought}
    assert list(brought) == ["all", "past 1", "future 1"]
    assert brought["future 1"].share > 0.5 > 0.2 > abs(brought["past 1"].share)
    assert (brought["past 1"].role, brought["future 1"].role) == ("known up to now; not read", "known ahead")


def test_a_column_that_is_not_read_has_no_influence():
    panel = driven_panel(ahead=12)
    kept = []
    for seed in (1, 2):
        noisy = with_columns(panel, past=noise_of(panel, seed=seed), future=panel.covariates.future, ahead=12)
        plan, split = make_plan(noisy, OPTIONS)
        assert plan.unread == ((0,), ())
        rows = prepare(noisy, split, plan).rows
        assert rows.scaling.past.unread == (0,)
        kept.append(rows.windows(prepare(noisy, split, plan).windows("test", plan), lookback=24, horizon=6).past)
    assert np.array_equal(*kept)
    assert not kept[0][:, :, 0].any() and kept[0][:, :, 1].any()


def with_noise(rows):
    """A column known ahead that drives the series, and one of noise in each role: past 1, future 1 and future 2."""
    panel = driven_panel(rows, ahead=12)
    driver = panel.covariates.future
    both = np.column_stack([driver, np.random.default_rng(3).normal(size=len(driver))])
    return with_columns(panel, past=noise_of(panel), future=both, ahead=12)


@pytest.mark.parametrize(
    ("rows", "model", "alone"), [(9000, "gru", False), (14_000, "linear", False), (14_000, "gru", True)]
)
def test_of_many_windows_networks_read_what_a_linear_model_cannot_use(rows, model, alone):
    plan, choices = planned(with_noise(rows), replace(OPTIONS, model=model))
    assert plan.unread == ((0,), () if alone else (1,))
    reason = choices["covariates"].reason
    assert "not read, as what it brings" in reason
    assert ("networks read future 2 all the same" in reason) == alone
    roles = {one.name: one.role for one in plan.brought}
    assert roles["past 1"] == "known up to now; not read"
    assert roles["future 2"] == f"known ahead; {'read by networks alone' if alone else 'not read'}"


def test_a_linear_model_ignores_what_networks_alone_read():
    noisy = with_noise(14_000)
    plan, split = make_plan(noisy, replace(OPTIONS, model="gru"))
    learned = train_model("linear", prepare(noisy, split, plan), plan, TrainingSession())
    kernel = learned.trained.weights["part0/linear/kernel"]
    of_column = [np.abs(kernel[column_numbers(plan.inputs, 24, 6) == number]).max() for number in (1, 2)]
    assert of_column[1] < 1e-6 < 0.1 < of_column[0]


def test_each_column_has_a_strength_of_its_own():
    panel = driven_panel(ahead=12)
    weak = with_columns(panel, past=noise_of(panel), future=panel.covariates.future, ahead=12)
    plan, _ = planned(weak)
    past, future, calendar = plan.strengths
    assert (past, calendar) == (1.0, 1.0) and future <= 0.1


def test_many_columns_are_read_by_their_roles():
    panel = driven_panel(ahead=12)
    plan, _ = planned(with_columns(panel, past=noise_of(panel, 9), future=panel.covariates.future, ahead=12))
    assert [(one.name, one.role) for one in plan.brought][1:] == [
        ("9 columns", "known up to now; not read"),
        ("future 1", "known ahead"),
    ]
    assert plan.unread == (tuple(range(9)), ())


@pytest.mark.parametrize("rows", [36, 46])
def test_what_cannot_be_shown_to_help_is_not_read(rows):
    plan, choices = planned(driven_panel(rows))
    assert (choices["covariates"].value, choices["covariates"].reason) == (
        "not read",
        "too few rows to tell whether they help",
    )
    assert (plan.inputs.past, plan.brought) == (0, ())


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_not_read(seed):
    panel = driven_panel(effect=0.0, ahead=12, seed=seed)
    plan, choices = planned(panel)
    assert choices["covariates"].value == "not read"
    assert "may be chance: future 1 (p 0." in choices["covariates"].reason
    assert plan.inputs.past == 0


def test_a_gain_that_is_small_but_steady_is_read():
    panel = driven_panel(2000, effect=0.15, noise=0.5, ahead=12)
    plan, _ = planned(panel)
    (brought,) = plan.brought
    assert 0.01 < brought.share < 0.05


def test_holidays_are_read_without_a_calendar_that_says_nothing():
    begin = int(DAYS.ordinals(np.array(["2020-01-01"], "datetime64[us]"))[0][0])
    closed = holiday_features(DAYS, begin + np.arange(1500), ("US",))[:, 0]
    values = 50 + np.random.default_rng(0).normal(size=1500) - 20 * closed
    panel = make_panel([values], DAYS, starts=[begin])
    schema = Schema(("time",), (), ("y",), ("%Y-%m-%d",), holidays=("US",))
    plan, choices = planned(panel, FitOptions(model="linear"), schema)
    assert (plan.calendar.holidays, plan.calendar.names) == (("US",), ())
    assert choices["covariates"].value == "used" and "calendar (p 0." in choices["covariates"].reason
    assert (plan.inputs.past, plan.inputs.future, plan.inputs.calendar) == (1, 1, 0)


def test_rows_after_validation_decide_nothing():
    panel = driven_panel(ahead=12)
    first, split = make_plan(panel, OPTIONS)
    later = panel.values.copy()
    later[split.validation_end[0] :] += 100.0
    future = panel.covariates.future.copy()
    future[split.validation_end[0] :] = 7.0
    second, _ = make_plan(with_columns(replace(panel, values=later), future=future, ahead=12), OPTIONS)
    assert (second.strengths, second.brought) == (first.strengths, first.brought)


def yearly_course(days, effect):
    noise = np.random.default_rng(1).normal(size=days)
    level = effect * np.sin(2 * np.pi * np.arange(days) / 365.2425)
    return make_panel([100 + level + noise], DAYS, starts=[20_000])


def test_a_series_alone_is_read_with_the_time_of_the_year_where_that_helps():
    plan, choices = planned(yearly_course(2000, 10.0), FitOptions(model="linear"))
    assert plan.calendar.names == ("day-of-year",)
    assert choices["calendar"].value == "used" and "covariates" not in choices


def test_what_comes_on_some_days_of_the_year_needs_the_fine_features():
    weeks = np.arange(2000) % 365 // 7
    values = 100 + 10 * np.random.default_rng(2).normal(size=53)[weeks] + np.random.default_rng(1).normal(size=2000)
    plan, _ = planned(make_panel([values], DAYS, starts=[20_000]), FitOptions(model="linear"))
    assert plan.calendar.names == ("time-of-year",)


@pytest.mark.parametrize(
    ("days", "effect", "calendar"), [(2000, 0.0, "auto"), (1000, 10.0, "auto"), (2000, 10.0, "none")]
)
def test_otherwise_a_series_alone_is_read_as_it_is_and_nothing_is_said(days, effect, calendar):
    plan, choices = planned(yearly_course(days, effect), FitOptions(model="linear", calendar=calendar))
    assert (plan.calendar.width, plan.inputs.past, plan.brought) == (0, 0, ())
    assert not {"calendar", "covariates"} & set(choices)


@pytest.mark.parametrize("model", ["ets", "naive"])
def test_a_model_that_reads_none_says_so(model):
    _, choices = planned(driven_panel(ahead=12), FitOptions(model=model, horizon=6))
    assert choices["covariates"].reason == f"{model} sees nothing but the values"
    _, choices = planned(with_columns(driven_panel(ahead=12)), FitOptions(model=model, horizon=6))
    assert "covariates" not in choices
