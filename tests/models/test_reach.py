"""What was never seen is not published: intervals beyond all known values, and a constant that would move."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tsforecast.forecast import Intervals
from tsforecast.models import reach
from tsforecast.models.options import FitOptions
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.scaling import fit_scaling
from tsforecast.series.windows import model_rows
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict

SERIES = np.arange(3)


def known(log="none", method="standard"):
    """A count with many zeros, a constant, and a level with noise."""
    count = np.where(np.arange(60) % 5 == 0, 8.0, 0.0)
    noise = 100 + np.sin(np.arange(60.0))
    panel = make_panel([count, np.full(60, 0.1), noise], Frequency("fixed", DAY))
    scaling = fit_scaling(panel, panel.lengths, method=method, log=log)
    newest = panel.between(panel.lengths - 30, panel.lengths)
    return reach.known_of(model_rows(newest, scaling), SERIES)


@pytest.mark.parametrize(("log", "method"), [("none", "standard"), ("log1p", "standard"), ("none", "scale")])
def test_intervals_end_within_some_spans_of_what_was_seen(log, method):
    middle = np.array([1.0, 0.2, 100.0])[:, None].repeat(4, axis=1)
    far = Intervals(middle, middle[:, :, None] - 1e30, middle[:, :, None] + 1e41)
    made, out = reach.held(far, known(log, method))
    assert out.tolist() == [True, False, True]
    assert 8 < made.upper[0].max() < 50 and made.upper[2].max() < 120
    np.testing.assert_array_equal(made.y_pred[[0, 2]], middle[[0, 2]])
    # What never changes is forecast to the last digit, and without a doubt.
    for numbers in (made.y_pred[1], made.lower[1], made.upper[1]):
        assert set(numbers.ravel().tolist()) == {0.1}


def test_usual_intervals_stay_as_they_are():
    middle = np.array([1.0, 0.1, 100.0])[:, None].repeat(4, axis=1)
    usual = Intervals(middle, middle[:, :, None] - 4, middle[:, :, None] + 4)
    made, out = reach.held(usual, known())
    assert not out.any()
    np.testing.assert_array_equal(made.upper[[0, 2]], usual.upper[[0, 2]])


@pytest.mark.parametrize("value", [0.0, 0.1, 7.5, 123_456.7])
def test_a_constant_is_forecast_by_the_naive_without_training(tmp_path, value):
    table = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=80).strftime("%Y-%m-%d"), "y": value})
    made = fit(table, options=FitOptions(horizon=7), store=tmp_path, name="m")
    assert ("model", "naive") in [(choice.name, choice.value) for choice in made.choices]
    assert not made.history
    numbers = predict(store=tmp_path, name="m", horizon=20).frame.drop(columns="day").to_numpy()
    np.testing.assert_array_equal(numbers, value)


def test_a_constant_among_others_is_forecast_as_it_is(tmp_path):
    day = np.arange(100)
    date = pd.date_range("2023-01-01", periods=100).strftime("%Y-%m-%d")
    table = pd.DataFrame({"day": date, "a": 50 + 10 * np.sin(day), "b": 0.1, "c": 0.0})
    fit(table, options=FitOptions(horizon=7, model="linear"), store=tmp_path, name="m")
    made = predict(store=tmp_path, name="m").frame
    for name, value in (("b", 0.1), ("c", 0.0)):
        rows = made[made["series"] == name]
        np.testing.assert_array_equal(rows[["forecast", "lower_80", "upper_80", "lower_95", "upper_95"]], value)
    # Once it moves, it is forecast like any other.
    moved = table.assign(b=np.where(day > 95, 0.3, 0.1))
    rows = predict(moved, store=tmp_path, name="m").frame.query("series == 'b'")
    assert (rows["upper_95"] > rows["lower_95"]).all()


def test_two_heaps_of_logarithms_have_no_reach_far_above_both():
    """Counts that are either zero or about a thousand: two deviations of their logarithms reach to 50,000."""
    rng = np.random.default_rng(0)
    panel = make_panel([np.where(rng.random(400) < 0.3, 0.0, rng.uniform(900, 1100, 400))], Frequency("fixed", DAY))
    scaling = fit_scaling(panel, panel.lengths, method="standard", log="log1p")
    newest = panel.between(panel.lengths - 100, panel.lengths)
    found = reach.known_of(model_rows(newest, scaling), SERIES[:1])
    middle = np.full((1, 24), 1000.0)
    made, out = reach.held(Intervals(middle, middle[:, :, None] * 0, middle[:, :, None] * 50), found)
    assert out.all() and made.upper.max() < 5 * 1100


def test_growth_may_become_several_times_as_fast():
    line = np.arange(40.0)
    panel = make_panel([line], Frequency("fixed", DAY))
    scaling = fit_scaling(panel, panel.lengths, method="none")
    found = reach.known_of(model_rows(panel, scaling), SERIES[:1])
    faster = (39 + 8 * np.arange(1, 21.0))[None]
    assert not reach.held(Intervals(faster, faster[:, :, None], faster[:, :, None]), found)[1].any()
