"""The test of errors over windows: how often it rejects what is true, what it finds, and what does not matter to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from tsforecast.fitting.window_test import differences, far_apart, holm, p_value, windows_together

RUNS = 1500


def windows(random, count, likeness):
    """Differences of windows that are alike from one to the next: shape (RUNS, count)."""
    noise = random.normal(size=(RUNS, count + 30))
    found = np.zeros_like(noise)
    for place in range(1, count + 30):
        found[:, place] = likeness * found[:, place - 1] + noise[:, place]
    return found[:, 30:] * math.sqrt(1 - likeness**2)


def rejected(found):
    return np.mean([p_value(each) < 0.05 for each in found])


@pytest.mark.parametrize("count", [4, 5, 8, 12, 20])
def test_what_is_true_is_rejected_as_rarely_as_stated(count):
    random = np.random.default_rng(0)
    assert rejected(windows(random, count, 0.0)) <= 0.07
    assert rejected(windows(random, count, 0.2)) <= 0.1


@pytest.mark.parametrize(("count", "least"), [(4, 0.6), (6, 0.9), (12, 0.99)])
def test_what_is_there_is_found(count, least):
    assert rejected(3 + windows(np.random.default_rng(1), count, 0.15)) >= least


def test_by_hand():
    found = np.array([1.0, 2.0, 4.0, 1.0, 3.0])
    rest = found - 2.2
    lags = [float(rest[lag:] @ rest[: 5 - lag]) / 5 for lag in range(3)]
    variance = lags[0] + 2 * (2 / 3 * lags[1] + 1 / 3 * lags[2])
    statistic = 2.2 / math.sqrt(variance / 5) * math.sqrt((5 + 1 - 2 * 3 + 3 * 2 / 5) / 5)
    assert p_value(found) == pytest.approx(2 * t.sf(statistic, 4)) == pytest.approx(p_value(-1000 * found))


def test_what_needs_no_statistics():
    assert math.isnan(p_value(np.array([1.0, 1.0, 1.0])))
    assert p_value(np.zeros(5)) == 1 and p_value(np.full(5, 0.2)) == 0


def test_twice_the_error_needs_no_test_where_there_are_some_windows():
    assert [far_apart(count) for count in (0, 1, 3, 4, 20)] == [4, 4, 4, 2, 2]


def test_windows_that_overlap_count_once():
    assert [windows_together(12, step) for step in (1, 5, 6, 12, 24)] == [12, 3, 2, 1, 1]
    own, other = np.arange(7.0), np.array([0.0, 0, 0, 0, 0, 0, np.nan])
    np.testing.assert_array_equal(differences(own, other, 2), [0.5, 2.5, 4.5])
    np.testing.assert_array_equal(differences(own, other, 4), [3.5])
    assert differences(own, other, 8).shape == (0,)


def test_several_hypotheses():
    found = holm({"a": 0.01, "b": 0.04, "c": 0.02, "d": math.nan, "e": 0.9})
    assert {name: round(p, 6) for name, p in found.items() if name != "d"} == {
        "a": 0.04,
        "c": 0.06,
        "b": 0.08,
        "e": 0.9,
    }
    assert math.isnan(found["d"]) and list(found) == ["a", "b", "c", "d", "e"]
