"""The gradient at every step of the window, against NumPy's network and against hand-made ones.

TensorFlow is imported inside the tests, as in test_keras_network.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.network.test_keras_network import (
    NETWORKS,
    POINT,
    build,
    keras_forecast,
    random_weights,
    random_windows,
)
from tests.networks import small_network
from tests.sampling import every
from tests.windows import windows_of
from tsforecast.models.network import numpy_network

pytestmark = pytest.mark.usefixtures("shared_graphs")


def measure(config, weights, context, mask, series, readout):
    """Norms of the gradient of the mean over the windows of sum(readout x forecast), and the forecasts."""
    import tensorflow as tf

    network = build(config)
    from tsforecast.models.training.gradients import state_gradient_norms

    for name, variable in network.named_weights().items():
        variable.assign(weights[name])
    forecasts = []

    def loss(run):
        padding = None if mask.all() else tf.constant(mask)
        y, center, scale = network.call(tf.constant(context), padding, tf.constant(series, tf.int32)[:, None], run=run)
        y_pred = y * scale + center
        forecasts.append(y_pred.numpy())
        return tf.reduce_mean(tf.reduce_sum(y_pred * readout, axis=(1, 2)))

    norms = state_gradient_norms(loss).numpy()
    usual = keras_forecast(network, context, None if mask.all() else mask, series)
    return norms, np.sort(forecasts[0], axis=2), usual


def nudged(monkeypatch, config, weights, windows, nudge):
    """NumPy's forecasts when `nudge` = (name, step, part, unit, by) changes the state after one step of one layer."""
    name, step, part, unit, by = nudge
    recur, cell, calls = numpy_network._recur, numpy_network._cell, []

    def noted_recur(config, weights, at, state):
        noted_recur.at = at  # the cell that is stepped next
        return recur(config, weights, at, state)

    def nudged_cell(config, projected, recurrent, state):
        new, at = cell(config, projected, recurrent, state), noted_recur.at
        calls.append(at)
        position = calls.count(at) - 1
        if at.endswith("backward"):
            position = config.input_segments - 1 - position
        if (at, position) == (name, step):
            new[part][:, unit] += np.float32(by)
        return new

    with monkeypatch.context() as patched:
        patched.setattr(numpy_network, "_recur", noted_recur)
        patched.setattr(numpy_network, "_cell", nudged_cell)
        return numpy_network.forward(config, weights, windows_of(*windows)).astype(np.float64)


def difference_norms(monkeypatch, config, weights, windows, readout, by=0.01):
    """The same norms by finite differences: every number of every state after every step is nudged both ways."""
    squares = np.zeros((len(windows[0]), config.input_segments))
    directions = ("forward", "backward") if config.bidirectional else ("forward",)
    names = [f"layer{number}/{direction}" for number in range(config.layers) for direction in directions]
    for name in names:
        for step in range(config.input_segments):
            for part in range(2 if config.cell == "lstm" else 1):
                for unit in range(config.units):
                    up, down = (
                        nudged(monkeypatch, config, weights, windows, (name, step, part, unit, sign * by))
                        for sign in (1, -1)
                    )
                    squares[:, step] += (((up - down) * readout).sum(axis=(1, 2)) / (2 * by)) ** 2
    padding = config.input_segments * config.segment - config.lookback
    mask = np.pad(windows[1], ((0, 0), (padding, 0)))
    real = mask.reshape(len(mask), config.input_segments, config.segment).any(axis=2)
    return np.sqrt(squares).sum(axis=0) / real.sum(axis=0)


@pytest.mark.parametrize(("model", "layers", "padded"), every(6, NETWORKS, [1, 2, 3], [False, True]))
def test_the_forecast_is_the_usual_one(model, layers, padded):
    strategy = "direct" if layers == 2 else "recursive"
    config = small_network(model, layers=layers, strategy=strategy)
    windows = random_windows(config, padded=padded)
    _, stepwise, usual = measure(config, random_weights(config), *windows, readout=1.0)
    np.testing.assert_allclose(stepwise, usual, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("model", "kind"), every(2, NETWORKS, [(1, "recursive", False), (2, "direct", True)]))
def test_the_gradient_is_what_a_small_change_of_the_state_makes(monkeypatch, model, kind):
    layers, strategy, padded = kind
    config = small_network(model, layers=layers, strategy=strategy, units=2, quantiles=POINT)
    windows, weights = random_windows(config, padded=padded), random_weights(config)
    readout = np.random.default_rng(1).normal(size=(1, config.horizon, 1)).astype(np.float32)
    norms, _, _ = measure(config, weights, *windows, readout=readout)
    expected = difference_norms(monkeypatch, config, weights, windows, readout)
    assert norms.shape == (config.input_segments,)
    np.testing.assert_allclose(norms, expected, rtol=2e-3)


def test_the_gradient_of_a_linear_recurrence_falls_by_its_factor():
    """Around zero tanh is linear: with half the identity as recurrent kernel each step back halves the gradient."""
    config = small_network("rnn", segment=1, lookback=40, quantiles=POINT)
    weights = random_weights(config)
    weights["layer0/forward/recurrent_kernel"] = 0.5 * np.eye(config.units, dtype=np.float32)
    for name in ("embed/bias", "layer0/forward/bias"):
        weights[name] *= 0
    # Constant windows are zero once normalised.
    windows = np.full((3, 40), 7, np.float32), np.ones((3, 40), bool), np.zeros(3, np.int64)
    norms, _, _ = measure(config, weights, *windows, readout=1.0)
    np.testing.assert_allclose(norms[:-1] / norms[1:], 0.5, rtol=1e-5)


def test_a_step_that_is_padded_everywhere_has_no_gradient():
    config = small_network("bigru", segment=2, lookback=8, quantiles=POINT)
    context, mask, series = random_windows(config)
    mask[:, :4] = False
    norms, _, _ = measure(config, random_weights(config), context, mask, series, readout=1.0)
    np.testing.assert_array_equal(np.isnan(norms), [True, True, False, False])
