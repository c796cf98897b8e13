"""Nothing looks ahead: what is decided, fitted or forecast at a cutoff does not change with the rows after it.

tests/models/test_training.py holds the same for a single network.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.windows import arrays_of
from tsforecast.fitting.calibrate import calibrate_model, predict_index
from tsforecast.fitting.choose import choose_basics, choose_plan
from tsforecast.fitting.learn import train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.split import automatic_split

HORIZON = 3
# `auto` of its simple parts alone, so that many panels can be tried; one test below has its networks too.
SIMPLE = ["linear", "seasonal-naive", "drift", "auto"]
quick = settings(max_examples=25)


@st.composite
def panels(draw):
    """One to three daily series of various lengths, with a season, a trend and some filled values."""
    seed, count = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, 3))
    rng = np.random.default_rng(seed)
    series = []
    for length in draw(st.lists(st.integers(60, 120), min_size=count, max_size=count)):
        steps = np.arange(length)
        series.append(np.exp(rng.normal(0, 0.2, length) + 0.01 * steps + np.sin(steps * 2 * np.pi / 7)))
    panel = make_panel(series, Frequency("fixed", DAY))
    return replace(panel, observed=rng.random(len(panel.values)) > 0.03)


def after(panel, cutoffs, change):
    """The panel with other values from a row of each series on; `change` picks how."""
    later = np.arange(len(panel.values)) - panel.offsets[panel.series_of_row] >= cutoffs[panel.series_of_row]
    other = {"larger": panel.values * 50 + 7, "zero": 0 * panel.values, "negative": -3 * panel.values}[change]
    return replace(panel, values=np.where(later, other, panel.values), observed=panel.observed | later)


def learn(panel, split, options, *, networks=False):
    """Everything that a fit decides and trains before it calibrates, without its networks unless they are asked for."""
    basics = choose_basics(panel, options)
    plan = choose_plan(panel, split, basics, options)
    if not networks:
        plan = replace(plan, candidates=tuple(part for part in plan.candidates if part.network is None))
    prepared = prepare(panel, split, plan)
    return plan, prepared, train_model(options.model, prepared, plan, TrainingSession())


def assert_same_models(learned, other):
    """The same choices, shares, recipes and weights in every period."""
    assert decisions(learned.plan) == decisions(other.plan)
    assert len(learned.periods) == len(other.periods)
    for period, other_period in zip(learned.periods, other.periods, strict=True):
        trained, other_trained = period.trained, other_period.trained
        assert trained.spec == other_trained.spec
        assert trained.recipes == other_trained.recipes
        assert trained.weights.keys() == other_trained.weights.keys()
        for name, values in trained.weights.items():
            np.testing.assert_array_equal(values, other_trained.weights[name])


def held_out(panel):
    options = FitOptions(horizon=HORIZON)
    return automatic_split(panel.lengths, horizon=HORIZON, min_context=choose_basics(panel, options).min_context)


def decisions(plan):
    """The plan without the words on the season, which quote an autocorrelation of the whole series."""
    choices = tuple(choice for choice in plan.choices if choice.name != "season_length")
    return replace(plan, choices=choices)


changes = st.sampled_from(["larger", "zero", "negative"])


@quick
@given(panels(), st.sampled_from(SIMPLE), changes)
def test_later_rows_change_no_choice_no_scaling_no_window_and_no_weight(panel, model, change):
    split = held_out(panel)
    options = FitOptions(model=model, horizon=HORIZON)
    runs = [learn(data, split, options) for data in (panel, after(panel, split.validation_end, change))]
    (plan, prepared, learned), (other_plan, other_prepared, other_learned) = runs
    assert decisions(plan) == decisions(other_plan)
    np.testing.assert_array_equal(prepared.rows.scaling.center, other_prepared.rows.scaling.center)
    np.testing.assert_array_equal(prepared.rows.scaling.scale, other_prepared.rows.scaling.scale)
    for part in ("train", "validation"):
        batches = []
        for made in (prepared, other_prepared):
            index = made.windows(part, plan)
            batches.append(arrays_of(made.rows, index, lookback=plan.lookback, horizon=HORIZON))
        for name, values in batches[0].items():
            np.testing.assert_array_equal(values, batches[1][name])
    assert_same_models(learned, other_learned)


@quick
@given(panels(), st.sampled_from(SIMPLE), changes)
def test_test_rows_change_no_calibration(panel, model, change):
    split = held_out(panel)
    options = FitOptions(model=model, horizon=HORIZON, lookback=10, transform="none", normalisation="last")
    scores = []
    for data in (panel, after(panel, split.calibration_end, change)):
        scores.append(calibrate_model(learn(data, split, options)[2]).scores)
    np.testing.assert_array_equal(*scores)


@quick
@given(panels(), st.sampled_from(SIMPLE), changes, st.floats(0, 1))
def test_forecasts_do_not_depend_on_the_rows_after_their_cutoff(panel, model, change, share):
    split = held_out(panel)
    options = FitOptions(model=model, horizon=HORIZON, lookback=10, transform="none", normalisation="last")
    cutoffs = split.validation_end + (share * (panel.lengths - split.validation_end)).astype(np.int64)
    forecasts = []
    for data in (panel, after(panel, cutoffs, change)):
        plan, prepared, learned = learn(data, split, options)
        parts = [prepared.windows(part, plan) for part in ("validation", "calibration", "test")]
        made = []
        for index in parts:
            before = index.origins - panel.offsets[index.series] <= cutoffs[index.series]
            made.append(predict_index(learned.trained, prepared.rows, index.take(np.flatnonzero(before))))
        forecasts.append(np.concatenate(made))
    assert len(forecasts[0])
    np.testing.assert_array_equal(*forecasts)


@pytest.mark.parametrize("change", ["larger", "zero"])
def test_a_logarithm_asked_for_looks_at_training_rows_only(change):
    rng = np.random.default_rng(0)
    panel = make_panel([np.exp(rng.normal(size=100))], Frequency("fixed", DAY))
    split = held_out(panel)
    options = FitOptions(model="linear", horizon=HORIZON, transform="log")
    plans = [learn(data, split, options)[0] for data in (panel, after(panel, split.validation_end, change))]
    assert decisions(plans[0]) == decisions(plans[1])
    assert plans[0].log == "log"


@pytest.mark.usefixtures("shared_graphs")
def test_networks_in_a_combination_look_at_no_later_row():
    pytest.importorskip("tensorflow")
    steps = np.arange(110)
    rng = np.random.default_rng(0)
    values = [np.exp(0.3 * np.sin(steps * 2 * np.pi / 7 + i) + rng.normal(0, 0.1, 110)) for i in range(2)]
    panel = make_panel(values, Frequency("fixed", DAY))
    options = FitOptions(
        horizon=5, lookback=10, preset="fast", units=4, epochs=1, batch_size=64, linear_skip="on", threads=1
    )
    split = automatic_split(panel.lengths, horizon=5, min_context=10)
    runs = [
        learn(data, split, options, networks=True)[2] for data in (panel, after(panel, split.validation_end, "zero"))
    ]
    assert len(runs[0].periods) == 2
    assert len(runs[0].trained.epochs) == 2
    assert_same_models(*runs)
    assert [row["val_loss"] for row in runs[0].trained.epochs] == [row["val_loss"] for row in runs[1].trained.epochs]
