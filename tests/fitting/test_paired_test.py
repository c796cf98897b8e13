"""The test of paired errors: how often it rejects what is true, what it finds, and what does not matter to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from tests.sampling import every
from tsforecast.fitting.paired_test import LEVEL, compare, ratio_of
from tsforecast.workflows.retrain.settings import PromotionRules

_CONTESTS = 1000
quick = settings(deadline=None, max_examples=60)


def forecast_errors(random, rows, horizon, coefficient):
    """Errors of the best forecasts of an AR(1) process, each row from every lead: (contests, rows, horizon)."""
    shocks = random.normal(size=(_CONTESTS, rows + horizon))
    errors = np.zeros((_CONTESTS, rows, horizon))
    for row in range(rows):
        total = np.zeros(_CONTESTS)
        for lead in range(horizon):
            total = total + coefficient**lead * shocks[:, row + horizon - lead]
            errors[:, row, lead] = total
    return errors


def moved(random, errors, kind):
    """The errors of a model whose forecasts are moved at random: each step by itself, or each window as a whole."""
    contests, rows, horizon = errors.shape
    if kind == "step":
        return np.abs(errors + random.normal(size=errors.shape)).mean(axis=2)
    origins = random.normal(size=(contests, rows + horizon))
    place = np.arange(rows)[:, None] - np.arange(horizon) + horizon - 1
    return np.abs(errors + origins[:, place]).mean(axis=2)


def shares(own, other, horizon, tolerance=0.0):
    made = [compare(one, two, horizon, tolerance=tolerance) for one, two in zip(own, other, strict=True)]
    return np.mean([one.worse < LEVEL for one in made]), np.mean([one.better < LEVEL for one in made])


@pytest.mark.parametrize(
    ("kind", "coefficient", "sizes"), every(4, ["step", "window"], [0.0, 0.5, 0.9], [(7, 14), (7, 28), (14, 56)])
)
def test_models_that_are_equally_good_are_told_apart_as_rarely_as_stated(kind, coefficient, sizes):
    horizon, rows = sizes
    random = np.random.default_rng(0)
    errors = forecast_errors(random, rows, horizon, coefficient)
    worse, better = shares(moved(random, errors, kind), moved(random, errors, kind), horizon)
    # Nominally 5 %; neighbouring blocks have windows in common, which costs up to 3 points.
    assert (worse + better) / 2 <= 0.08
    # With the margin that a retraining has, it holds.
    tolerance = PromotionRules().tolerance
    assert shares(moved(random, errors, kind), moved(random, errors, kind), horizon, tolerance)[0] <= 0.05


@pytest.mark.parametrize(("horizon", "rows", "least"), [(7, 14, 0.2), (7, 28, 0.7), (14, 56, 0.85)])
def test_a_worse_model_is_found_out(horizon, rows, least):
    random = np.random.default_rng(1)
    errors = forecast_errors(random, rows, horizon, 0.5)
    own, other = moved(random, errors, "window"), np.abs(errors).mean(axis=2)
    assert 1.25 < own.mean() / other.mean() < 1.4
    worse, better = shares(own, other, horizon)
    assert worse >= least and better <= 0.005
    assert shares(other, own, horizon)[1] >= least


def test_it_is_students_test_of_the_means_of_the_blocks():
    random = np.random.default_rng(2)
    own, other = random.random(30), random.random(30)
    made = compare(own, other, 7)
    means = [block.mean() for block in np.array_split(own - other, 4)]
    assert made.blocks == 4 and made.rows == 30
    assert ttest_1samp(means, 0, alternative="less").pvalue == pytest.approx(made.better)
    assert ttest_1samp(means, 0).pvalue == pytest.approx(made.equal)
    means = [block.mean() for block in np.array_split(own - 1.1 * other, 4)]
    assert ttest_1samp(means, 0, alternative="greater").pvalue == pytest.approx(
        compare(own, other, 7, tolerance=0.1).worse
    )
    assert made.newest == pytest.approx(own[-7:].mean() / other[-7:].mean())


values = st.lists(st.floats(0, 100), min_size=1, max_size=40)


@quick
@given(values, st.integers(1, 12), st.floats(0.01, 1000), st.integers(0, 99))
def test_neither_the_unit_nor_the_sides_matter(numbers, horizon, unit, seed):
    other = np.array(numbers)
    own = other * np.random.default_rng(seed).uniform(0.5, 2, len(other))
    one, two = compare(own, other, horizon), compare(other, own, horizon)
    assert one.worse == pytest.approx(two.better, abs=1e-9) and one.equal == pytest.approx(two.equal, abs=1e-9)
    assert not (one.clearly_worse and one.clearly_better)
    scaled = compare(unit * own, unit * other, horizon)
    assert scaled.worse == pytest.approx(one.worse, abs=1e-6)
    assert all(0 <= p <= 1 for p in (one.worse, one.better, one.equal))
    # A larger tolerance never makes it worse.
    assert compare(own, other, horizon, tolerance=0.5).worse >= one.worse - 0.5


def test_of_one_block_only_a_multiple_counts():
    ones = np.ones(7)
    assert compare(1.9 * ones, ones, 7).worse == 1.0
    assert not compare(1.9 * ones, ones, 7).clearly_worse
    assert compare(2.1 * ones, ones, 7).clearly_worse
    assert compare(0.4 * ones, ones, 7).clearly_better
    assert not compare(2.1 * ones, ones, 7, tolerance=1.5).fails
    # Of very few rows nothing counts.
    assert not compare(9 * ones[:6], ones[:6], 6).clearly_worse
    assert compare(1.6 * np.ones(14), np.ones(14), 7).clearly_worse


def test_a_champion_that_fails_of_late_fails():
    own, other = np.ones(28), np.ones(28)
    own[21:] = 2.5
    made = compare(own, other, 7)
    assert made.fails and not made.clearly_worse
    assert not compare(own[::-1], other, 7).fails


def test_what_cannot_be_compared():
    nothing = compare(np.full(20, np.nan), np.ones(20), 5)
    assert (nothing.blocks, nothing.worse, nothing.equal) == (0, 1.0, 1.0)
    assert not nothing.clearly_worse and not nothing.fails
    some = np.where(np.arange(20) < 10, np.nan, 2.0)
    assert compare(some, np.ones(20), 5).rows == 10
    same = compare(np.zeros(20), np.zeros(20), 5)
    assert (same.ratio, same.equal, same.clearly_worse) == (1.0, 1.0, False)
    assert compare(np.full(20, 1e-9), np.zeros(20), 5, rounding=1e-6).ratio == 1.0
    assert ratio_of(1.0, 0.0) == math.inf and ratio_of(0.0, 0.0) == 1.0
    # As much worse in every block as in any other: that is no chance.
    assert compare(np.full(20, 1.2), np.ones(20), 5).worse == 0.0
