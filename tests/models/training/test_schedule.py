"""The learning rates of a schedule.

TensorFlow, which the loop needs, is imported inside the tests, as in test_keras_network.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.models.training.config import SCHEDULES, TrainingConfig

STEPS = 50


def learning_rates(*args):
    from tsforecast.models.training import loop

    return loop.learning_rates(*args)


def rates(schedule, epochs=8, rate=0.01):
    training = TrainingConfig(schedule=schedule, learning_rate=rate, epochs=epochs)
    return np.array([learning_rates(training, epoch, STEPS) for epoch in range(1, epochs + 1)])


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("epochs", [1, 8])
def test_rates_are_above_zero_and_at_most_the_peak(schedule, epochs):
    made = rates(schedule, epochs)
    assert made.shape == (epochs, STEPS)
    assert made.dtype == np.float32
    assert np.all(made > 0)
    assert np.all(made <= np.float32(0.01))


def test_cosine_warms_up_for_half_an_epoch_and_then_falls_to_a_hundredth():
    made = rates("cosine").ravel()
    warm_up = STEPS // 2
    assert np.all(np.diff(made[:warm_up]) > 0)
    assert np.all(np.diff(made[warm_up:]) < 0)
    assert made.max() == pytest.approx(0.01, rel=0.02)
    assert made[len(made) // 2] == pytest.approx(0.5 * 0.01 * 1.01, rel=1e-3)
    assert made[-1] == pytest.approx(0.01 * 0.01, rel=0.05)


def test_cosine_goes_on_from_epoch_to_epoch_without_a_jump():
    made = rates("cosine").ravel()
    within = np.abs(np.diff(made[STEPS // 2 :]))
    assert within.max() < 2 * np.median(within)


def test_cosine_beyond_the_last_epoch_stays_at_the_floor():
    training = TrainingConfig(schedule="cosine", learning_rate=1.0, epochs=2)
    np.testing.assert_allclose(learning_rates(training, 4, 3), 0.01)


def test_exponential_and_step_fall_from_epoch_to_epoch():
    np.testing.assert_allclose(rates("exponential")[:, 0], 0.01 * 0.7 ** np.arange(8), rtol=1e-6)
    np.testing.assert_allclose(rates("step")[:, 0], 0.01 * np.array([1, 1, 1, 0.3, 0.3, 0.3, 0.09, 0.09]), rtol=1e-6)


@pytest.mark.parametrize("schedule", ["exponential", "step", "constant", "plateau"])
def test_the_others_are_level_within_an_epoch(schedule):
    made = rates(schedule)
    np.testing.assert_array_equal(made, made[:, :1].repeat(STEPS, axis=1))


@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_constant_and_plateau_stay_at_the_peak(schedule):
    np.testing.assert_array_equal(rates(schedule), np.float32(0.01))
