"""Stray values: found where there are some, never where there are none, and taken out of what models see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.strays import find_strays, without_strays

DAILY = Frequency("fixed", DAY)
SENTINELS = [2**32 - 1, 1e12, -1e12, 1e15]
quick = settings(deadline=None, max_examples=60)


def ordinary(length=200, seed=0, level=100.0):
    return level + np.random.default_rng(seed).normal(0, 10, length)


def panel_of(*series):
    return make_panel([np.asarray(values, np.float64) for values in series], DAILY)


@pytest.mark.parametrize("sentinel", SENTINELS)
@pytest.mark.parametrize("places", [[0], [199], [50, 51, 120], list(range(0, 200, 20))], ids=str)
def test_a_sentinel_is_found_wherever_and_however_often_it_stands(sentinel, places):
    spoilt = ordinary()
    spoilt[places] = sentinel
    panel = panel_of(ordinary(seed=1), spoilt, ordinary(seed=2, level=1e6))
    assert np.flatnonzero(find_strays(panel)).tolist() == [200 + place for place in places]


def test_sentinels_of_two_sizes_and_signs():
    spoilt = ordinary()
    spoilt[[3, 90, 91]] = 4294967295, -1e12, 1e15
    assert np.flatnonzero(find_strays(panel_of(spoilt))).tolist() == [3, 90, 91]


@pytest.mark.parametrize(
    "rest", [np.full(100, 7.5), np.random.default_rng(0).poisson(0.3, 100)], ids=["flat", "sparse"]
)
def test_beside_values_that_hardly_move(rest):
    spoilt = np.asarray(rest, np.float64).copy()
    spoilt[40] = 1e12
    assert np.flatnonzero(find_strays(panel_of(spoilt))).tolist() == [40]


TAILS = {
    "cauchy": lambda rng: rng.standard_cauchy(1000),
    "pareto": lambda rng: rng.pareto(0.8, 1000),
    "prices": lambda rng: np.where(rng.random(1000) < 0.01, rng.uniform(300, 15_000, 1000), rng.normal(50, 20, 1000)),
    "rain": lambda rng: np.where(rng.random(1000) < 0.8, 0, rng.exponential(5, 1000)),
    "one sale": lambda rng: np.eye(1, 400, 200)[0] * rng.uniform(1, 1e6),
    "a bulk order": lambda rng: rng.poisson(2, 400) + np.eye(1, 400, 200)[0] * rng.uniform(100, 800),
    "flat with a jump": lambda rng: np.full(100, 7.0) + np.eye(1, 100, 50)[0] * rng.uniform(1, 60),
    "on and off": lambda rng: np.where(rng.random(300) < 0.1, 1e6, rng.random(300)),
    "take-off": lambda rng: np.where(np.arange(300) < 200, rng.random(300), 1e5 + rng.normal(0, 10, 300)),
    "outage": lambda rng: np.where(np.arange(300) == 100, 0, 1e9 + rng.normal(0, 10, 300)),
    "growth": lambda rng: np.exp(np.linspace(0, 30, 300)),
    "zeros": lambda rng: np.zeros(100),
}


@pytest.mark.parametrize("tail", list(TAILS))
@pytest.mark.parametrize("seed", range(10))
def test_what_real_data_do_is_not_stray(tail, seed):
    assert not find_strays(panel_of(TAILS[tail](np.random.default_rng(seed)))).any()


def test_of_few_values_nothing_is_said():
    spoilt = ordinary(19)
    spoilt[4] = 1e12
    assert not find_strays(panel_of(spoilt)).any()


def test_models_see_the_value_before_and_learn_nothing_from_it():
    spoilt = ordinary()
    spoilt[[0, 1, 60, 61]] = 1e12
    first, second = ordinary(seed=1), ordinary(seed=2)
    seen = without_strays(panel_of(first, spoilt, second))
    expected = spoilt.copy()
    expected[[0, 1]], expected[[60, 61]] = spoilt[2], spoilt[59]
    np.testing.assert_array_equal(seen.values, np.concatenate([first, expected, second]))
    assert np.flatnonzero(~seen.observed).tolist() == [200, 201, 260, 261]


def test_without_a_stray_the_panel_is_the_same():
    panel = panel_of(ordinary(), np.zeros(3))
    assert without_strays(panel) is panel


def test_a_gap_filled_with_a_copy_is_stray_too():
    spoilt = ordinary()
    spoilt[[50, 57]] = 1e12
    panel = panel_of(spoilt)
    observed = panel.observed.copy()
    observed[57] = False
    assert np.flatnonzero(find_strays(replace(panel, observed=observed))).tolist() == [50, 57]


def test_series_without_rows_are_no_error():
    panel = panel_of(ordinary(), ordinary()).between(np.array([0, 0]), np.array([0, 200]))
    assert not find_strays(panel).any()
    assert not find_strays(panel.between(np.zeros(2, int), np.zeros(2, int))).any()


@quick
@given(st.integers(0, 2**32 - 1), st.sampled_from([*SENTINELS, 0.0, -5e4]), st.integers(20, 180), st.integers(0, 30))
def test_later_rows_say_nothing_about_earlier_ones(seed, later, end, strays):
    rng = np.random.default_rng(seed)
    values = ordinary(seed=seed)
    values[rng.integers(0, 200, strays)] = 1e12
    other = values.copy()
    other[end:] = np.where(rng.random(200 - end) < 0.5, later, other[end:] * 3e4)
    ends = np.array([end])
    found, other_found = (find_strays(panel_of(series), ends)[:end] for series in (values, other))
    np.testing.assert_array_equal(found, other_found)


@quick
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-9, 1e-3, 1e3, 1e5]))
def test_the_unit_plays_no_part(seed, unit):
    values = ordinary(seed=seed)
    values[np.random.default_rng(seed).integers(0, 200, 2)] = 1e12
    np.testing.assert_array_equal(find_strays(panel_of(values)), find_strays(panel_of(values * unit)))
