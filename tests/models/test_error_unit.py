"""What a point model's errors are measured in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.windows import rows_of, windows_of
from tsforecast.models.calibration import calibrate, intervals
from tsforecast.models.error_unit import LEAST_SPREAD, WINDOW_UNIT, ErrorUnit, spreads, usual_spreads

NONE = np.empty(0)
POWERS = st.sampled_from([(1.0, 0.0), (0.5, 0.5), (0.0, 1.0), (0.5, 0.0), (0.0, 0.5), (0.0, 0.0)])


def window_spread(context, season_length, mask=None):
    return spreads(windows_of(context, mask), season_length, 0, NONE).window


def test_the_spread_of_a_window_is_its_mean_seasonal_difference():
    context = np.array([[1, 5, 2, 9], [3, 3, 4, 5]], np.float32)
    np.testing.assert_allclose(window_spread(context, 2), [[2.5], [1.5]])
    np.testing.assert_allclose(window_spread(context, 9), [[14 / 3], [2 / 3]])


def test_the_spread_does_not_look_at_padding():
    context = np.array([[70, 80, 2, 9], [3, 4, 4, 5]], np.float32)
    mask = np.array([[False, False, True, True], [True] * 4])
    np.testing.assert_allclose(window_spread(context, 1, mask), [[7], [2 / 3]], rtol=1e-6)


def test_the_spread_of_a_window_does_not_depend_on_the_windows_beside_it():
    context = np.array([[0, 0, 0, 9], [4, 4, 4, 4], [1, 2, 3, 4]], np.float32)
    mask = np.array([[False, False, True, True], [True] * 4, [True] * 4])
    together = window_spread(context, 2, mask)
    np.testing.assert_allclose(together, [[1], [LEAST_SPREAD], [2]])
    alone = [window_spread(context[[i]], 2, mask[[i]])[0] for i in range(3)]
    np.testing.assert_array_equal(together, alone)
    assert window_spread(np.zeros((2, 1)), 1).tolist() == [[1], [1]]
    assert window_spread(np.zeros((2, 5)), 1).tolist() == [[LEAST_SPREAD]] * 2


def test_the_spread_at_a_phase_is_that_of_the_steps_of_the_past_at_it_and_beside_it():
    """Of a season of six steps only one ever changes: the steps ahead that meet it or its neighbours are wide."""
    context = np.zeros((1, 4 * 6))
    context[0, 2::6] = [0, 10, 0, 10]
    found = spreads(windows_of(context), 6, 14, NONE)
    wide = found.phase[0] > found.window[0]
    assert wide.tolist() == [False, True, True, True, False, False] * 2 + [False, True]
    # Three differences of 10 out of nine at three phases, and the window's own mean as if it were two more.
    mean = 30 / 18
    np.testing.assert_allclose(found.phase[0, 2], (30 + 2 * mean) / (9 + 2))


def test_a_window_that_begins_within_a_season_knows_its_phases():
    """The phases are counted back from the next step, so that older steps before the window change nothing of it."""
    rng = np.random.default_rng(0)
    long = rng.normal(size=(1, 24))
    short = spreads(windows_of(long[:, 2:]), 6, 6, NONE)
    mask = np.ones((1, 24), bool)
    mask[:, :2] = False
    np.testing.assert_allclose(spreads(windows_of(long, mask), 6, 6, NONE).phase, short.phase)


@pytest.mark.parametrize("season_length", [1, 24])
def test_without_a_season_in_the_window_every_phase_is_like_the_window(season_length):
    context = np.random.default_rng(0).normal(size=(3, 12))
    found = spreads(windows_of(context), season_length, 5, NONE)
    np.testing.assert_array_equal(found.phase, np.repeat(found.window, 5, axis=1))


def test_series_that_were_not_there_in_training_have_no_usual_spread():
    windows = windows_of(np.random.default_rng(0).normal(size=(3, 12)), series=[1, -1, 0])
    found = spreads(windows, 3, 0, np.array([2.0, 3.0]))
    np.testing.assert_array_equal(found.usual[[0, 2], 0], [3, 2])
    assert found.usual[1] == found.window[1]


def test_usual_spreads_are_of_the_rows_before_an_end():
    rows = rows_of([1, 2, 1, 2, 9, 9, 5, 5, 5], [0, 6, 9])
    np.testing.assert_allclose(usual_spreads(rows, np.array([4, 3]), 1), [1, 1])
    np.testing.assert_allclose(usual_spreads(rows, np.array([6, 3]), 1), [2, 1])
    again = ErrorUnit(0.5, 0.0, np.array([9.0, 9.0])).learned_on(rows, 1)
    np.testing.assert_allclose(again.usual, [2, 1])
    assert WINDOW_UNIT.learned_on(rows, 1) is WINDOW_UNIT


@settings(max_examples=50)
@given(POWERS, st.integers(1, 30), st.integers(1, 7), st.floats(0.5, 50))
def test_the_unit_follows_the_scale_of_the_values(powers, lookback, season_length, factor):
    context = np.random.default_rng(lookback).normal(size=(4, lookback)).astype(np.float32)
    usual = np.ones(1)
    unit = ErrorUnit(*powers, usual).of(windows_of(context), season_length, 9)
    larger = ErrorUnit(*powers, factor * usual).of(windows_of(factor * context), season_length, 9)
    assert np.all(unit > 0)
    if lookback > 1:  # a single value has no spread at all
        np.testing.assert_allclose(larger, factor * unit, rtol=0.2 if lookback < 4 else 1e-3)


def test_nights_that_never_change_have_narrow_intervals_and_days_wide_ones():
    calibration = calibrate(np.random.default_rng(0).normal(size=(500, 4)), np.ones((500, 4), bool))
    context = np.zeros((1, 80))
    context[0, 4::8] = np.arange(10) % 2 * 5.0
    unit = ErrorUnit(0.0, 1.0).of(windows_of(context), 8, 8)
    lower, upper = intervals(calibration, np.zeros((1, 8, 1)), (0.5,), unit, (80,))
    width = (upper - lower)[0, :, 0]
    assert width[4] > 5 * width[0]
