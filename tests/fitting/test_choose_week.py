"""When models learn without the usual week, and what they forecast then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.covariates import with_columns
from tsforecast.fitting.calibrate import predict_index
from tsforecast.fitting.candidate_words import describe
from tsforecast.fitting.choose import choose_basics, choose_plan
from tsforecast.fitting.learn import train_again, train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.split import all_training, automatic_split

WEEK = 168
SHAPE = 5 * np.random.default_rng(1).normal(size=WEEK)
ASKED = FitOptions(model="linear", horizon=24, lookback=48, transform="none")


def hours(weeks=30, size=1.0, frequency=HOUR):
    """A noisy series whose week a window of two days does not show."""
    count = weeks * WEEK
    noise = np.random.default_rng(0).normal(0, 1, count)
    return make_panel([100 + size * SHAPE[np.arange(count) % WEEK] + noise], Frequency("fixed", frequency))


def decide(panel, options=ASKED):
    basics = choose_basics(panel, options)
    split = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
    return choose_plan(panel, split, basics, options), split


def test_models_learn_without_the_week_where_a_linear_model_errs_less_so():
    plan, _ = decide(hours())
    assert plan.week == WEEK
    assert plan.calendar.names == ("share-of-week",)
    assert [part.week for part in plan.candidates] == [WEEK]
    (choice,) = (choice for choice in plan.choices if choice.name == "usual week")
    assert choice.value == "168 steps"
    assert choice.reason.startswith("forecast apart from the rest, which takes a linear model from ")


def test_in_a_combination_networks_learn_without_it_and_a_linear_model_with_it_stands_beside():
    plan, _ = decide(hours(), replace(ASKED, model="auto", preset="fast"))
    weeks = [(describe(part, 0, plan), part.week) for part in plan.candidates if part.name in ("gru", "linear")]
    networks = [("gru with linear skip", WEEK), ("gru", WEEK)]
    assert weeks == [*networks, ("linear", WEEK), ("linear (with the usual week)", 0)]
    assert not any(part.week for part in plan.candidates if part.name not in ("gru", "linear"))


@pytest.mark.parametrize(
    ("panel", "options"),
    [
        (hours(size=0.0), ASKED),
        (hours(weeks=18), ASKED),
        (hours(frequency=DAY), ASKED),
        (hours(), replace(ASKED, calendar="none")),
        (hours(), replace(ASKED, calendar="hour")),
        (with_columns(hours(), past=np.arange(30 * WEEK)), ASKED),
    ],
    ids=["no week", "few weeks", "days", "no calendar", "another calendar", "covariates"],
)
def test_otherwise_the_week_stays_in(panel, options):
    plan, _ = decide(panel, options)
    assert plan.week == 0
    assert not any(part.week for part in plan.candidates)
    assert "share-of-week" not in plan.calendar.names


def error(trained, prepared, plan):
    index = prepared.windows("test", plan)
    made = predict_index(trained, prepared.rows, index)[:, :, trained.spec.median]
    rows = index.origins[:, None] + np.arange(plan.horizon)
    return np.abs(prepared.rows.scaling.inverse(made, index.series[:, None]) - prepared.panel.values[rows]).mean()


def test_the_week_is_added_to_the_forecast():
    panel = hours()
    plan, split = decide(panel)
    prepared = prepare(panel, split, plan)
    learned = train_model("linear", prepared, plan, TrainingSession())
    # The least error that is possible is that of the noise, 0.8.
    assert error(learned.trained, prepared, plan) < 0.9
    again = train_again(prepare(panel, all_training(panel.lengths), plan), plan, learned.trained, TrainingSession())
    assert again.weights["part0/week"].shape == (1, WEEK)
    assert error(again, prepared, plan) < 0.9
    plain, _ = decide(panel, replace(ASKED, calendar="none"))
    prepared = prepare(panel, split, plain)
    assert error(train_model("linear", prepared, plain, TrainingSession()).trained, prepared, plain) > 2


@pytest.mark.usefixtures("shared_graphs")
def test_a_network_learns_the_rest():
    panel = hours(weeks=24)
    options = replace(ASKED, model="gru", epochs=2, units=4, linear_skip="off", threads=1, normalisation="last")
    plan, split = decide(panel, options)
    prepared = prepare(panel, split, plan)
    learned = train_model("gru", prepared, plan, TrainingSession())
    assert learned.trained.weights["part0/week"].shape == (1, WEEK)
    # Without the week, its deviation of 5 stays.
    assert error(learned.trained, prepared, plan) < 2
