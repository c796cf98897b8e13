from __future__ import annotations

import numpy as np
import pytest

from tsforecast.models.calibration import Calibration, calibrate, intervals
from tsforecast.models.paths import MOST_EXAMPLES, error_examples, sample_paths, totals

LEVELS = (80.0, 95.0)
HORIZON = 12


def errors(windows, together, seed=0):
    """Normal errors whose steps share so much of their variance."""
    rng = np.random.default_rng(seed)
    common, own = rng.normal(size=(windows, 1)), rng.normal(size=(windows, HORIZON))
    return np.sqrt(together) * common + np.sqrt(1 - together) * own


def calibration_of(scores):
    observed = np.ones(scores.shape, dtype=bool)
    made = calibrate(scores, observed)
    return Calibration(made.scores, made.windows, made.method, error_examples(scores, observed))


def paths_of(calibration, factors=None):
    quantiles = np.zeros((1, HORIZON, 1))
    return sample_paths(calibration, quantiles, (0.5,), np.ones((1, 1)), LEVELS, factors)


@pytest.mark.parametrize("together", [0.0, 0.5, 1.0])
def test_totals_are_as_uncertain_as_errors_go_together(together):
    median, lower, upper = totals(paths_of(calibration_of(errors(2000, together))), LEVELS)
    fresh = errors(4000, together, seed=1).sum(axis=1)
    held = np.mean((fresh >= lower[0, 0, :, None]) & (fresh <= upper[0, 0, :, None]), axis=1)
    assert held == pytest.approx([0.80, 0.95], abs=0.04)
    assert abs(median[0, 0]) < 0.1 * (upper[0, 0, 0] - lower[0, 0, 0])


def test_at_each_step_paths_spread_as_the_intervals_do():
    calibration = calibration_of(errors(1000, 0.3) * np.linspace(1, 3, HORIZON))
    quantiles, spread = np.zeros((1, HORIZON, 1)), np.ones((1, 1))
    lower, upper = intervals(calibration, quantiles, (0.5,), spread, LEVELS)
    paths = paths_of(calibration)
    inside = (paths[0, :, :, None] >= lower[0, :, None]) & (paths[0, :, :, None] <= upper[0, :, None])
    assert np.allclose(inside.mean(axis=1), [0.80, 0.95], atol=0.015)


def test_quantiles_of_a_network_are_followed_too():
    """A skewed network: paths above its median reach further than those below."""
    probabilities = (0.1, 0.5, 0.9)
    quantiles = np.tile([-1.0, 0.0, 5.0], (1, HORIZON, 1))
    calibration = calibration_of(errors(1000, 0.0))
    paths = sample_paths(calibration, quantiles, probabilities, np.ones((1, 1)), LEVELS)
    assert np.mean(paths < 0) == pytest.approx(0.5, abs=0.01)
    assert np.mean(paths > 5) == pytest.approx(0.1, abs=0.02)
    assert np.mean(paths < -1) == pytest.approx(0.1, abs=0.02)


def test_factors_of_living_intervals_widen_the_paths():
    calibration = calibration_of(errors(1000, 0.0))
    wider = np.full((1, HORIZON, len(LEVELS)), 2.0)
    assert np.allclose(paths_of(calibration, wider), 2 * paths_of(calibration))


def test_few_windows_count_as_going_together_entirely():
    scores = errors(15, 0.0)
    calibration = calibration_of(scores)
    assert calibration.examples.shape == (0, HORIZON)
    paths = paths_of(calibration)[0]
    assert np.all(np.diff(paths, axis=1) >= 0), "a path that is higher at one step is higher at all"


def test_examples_are_bounded_and_of_whole_windows():
    scores = errors(1000, 0.5)
    observed = np.ones(scores.shape, dtype=bool)
    observed[::2, 3] = False
    scores[::2, 3] = np.nan
    examples = error_examples(scores, observed)
    assert examples.shape == (MOST_EXAMPLES, HORIZON)
    assert np.isfinite(examples).all()


def test_an_error_of_nothing_has_no_sign():
    examples = error_examples(np.zeros((30, 2)), np.ones((30, 2), dtype=bool))
    assert np.array_equal(examples, np.zeros((30, 2)))
