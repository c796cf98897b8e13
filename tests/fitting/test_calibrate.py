"""Which windows intervals rest on, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training_stub import HORIZON, QUIET, make_plan, make_rows
from tsforecast.fitting.calibrate import ENOUGH_HORIZONS, calibrate_model, predict_index
from tsforecast.fitting.learn import train_model

ADDED = "validation windows were added"


def count(learned, part):
    return sum(len(period.prepared.windows(part, learned.plan)) for period in learned.periods)


def learn(horizons, model="linear", **options):
    prepared, plan = make_plan(make_rows((400,)), horizons=horizons, model=model, **options)
    return train_model(model, prepared, plan, QUIET)


def test_windows_that_span_enough_horizons_are_used_alone():
    learned = learn(ENOUGH_HORIZONS)
    calibration = calibrate_model(learned)
    assert len(learned.periods) == 1
    assert calibration.windows == len(learned.periods[0].prepared.windows("calibration", learned.plan))
    assert ADDED not in calibration.method


def test_too_few_windows_are_joined_by_the_validation_windows_of_all_periods():
    learned = learn(1.0)
    calibration = calibrate_model(learned)
    assert len(learned.periods) == 3
    own = len(learned.periods[0].prepared.windows("calibration", learned.plan))
    assert calibration.windows == own + count(learned, "validation")
    assert f"calibration windows span only 1 times the horizon, so {ADDED}" in calibration.method


def test_each_period_is_scored_by_the_model_of_its_own_rows():
    """The model of an earlier period has not seen the rows that validate it; that of the newest one has."""
    learned = learn(1.0)
    earlier = learned.periods[1]
    index = earlier.prepared.windows("validation", learned.plan)
    own = predict_index(earlier.trained, earlier.prepared.rows, index)
    assert not np.allclose(own, predict_index(learned.trained, earlier.prepared.rows, index))


def test_without_held_out_rows_the_training_windows_stand_in():
    learned = learn(0.0)
    calibration = calibrate_model(learned)
    assert calibration.windows == count(learned, "train") > 0
    assert "training windows were used: intervals may be narrow" in calibration.method


@pytest.mark.parametrize(("horizons", "wider"), [(1.0, True), (ENOUGH_HORIZONS, False)])
def test_on_few_windows_intervals_are_never_narrower_than_the_networks_own(player, horizons, wider):
    learned = learn(horizons, model="gru")
    calibration = calibrate_model(learned)
    # The played networks forecast all levels alike: whatever errs at all lies far beyond their quantiles.
    assert ("never narrower than the networks' own" in calibration.method) == wider
    assert calibration.scores.shape[0] == HORIZON


def test_a_series_that_was_never_below_zero_has_no_bound_below_zero(tmp_path):
    import pandas as pd

    import tsforecast

    rng = np.random.default_rng(0)
    sold = rng.poisson(0.7, 200)
    table = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d"), "sold": sold})
    tsforecast.fit(table, store=tmp_path, name="rare", model="linear", horizon=7)
    forecast = tsforecast.predict(store=tmp_path, name="rare", levels=(95,))
    assert (forecast[["forecast", "lower_95", "upper_95"]] >= 0).all(axis=None)
    assert (forecast["lower_95"] == 0).any()


@pytest.mark.parametrize(("point", "whole"), [("median", True), ("mean", False)])
def test_medians_and_intervals_of_counts_are_whole_numbers_and_means_are_not(tmp_path, point, whole):
    import pandas as pd

    import tsforecast

    sold = np.random.default_rng(1).poisson(1.5, 200)
    table = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d"), "sold": sold})
    tsforecast.fit(table, store=tmp_path, name="rare", model="linear", horizon=7, point=point)
    made = tsforecast.predict(store=tmp_path, name="rare", levels=(80, 95)).filter(regex="forecast|lower|upper")
    assert (made == made.round()).all(axis=None) == whole


def test_windows_of_many_series_say_enough_to_be_narrower_than_the_networks_own(player):
    prepared, plan = make_plan(make_rows((60,) * 400), horizons=1.0, model="gru", linear_skip="off")
    learned = train_model("gru", prepared, plan, QUIET)
    calibration = calibrate_model(learned)
    assert "validation windows were added" in calibration.method
    assert "never narrower" not in calibration.method
