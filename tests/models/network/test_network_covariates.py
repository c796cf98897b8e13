"""The contract of the networks with covariates: what TensorFlow trains is what NumPy predicts with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.models.network.test_keras_network import build_with, random_weights
from tests.networks import small_network
from tests.windows import windows_of
from tsforecast.models.network.config import STRATEGIES, Inputs, problem
from tsforecast.models.network.numpy_network import forward
from tsforecast.models.network.weights import parameter_count, weight_shapes
from tsforecast.models.registry import MODELS

pytestmark = pytest.mark.usefixtures("shared_graphs")
NETWORKS = [name for name, info in MODELS.items() if info.kind == "network"]
EVERYTHING = Inputs(5, 4, 2, (3, 0, 4), (3, 0, 1), 2)
CASES = [
    (EVERYTHING, {"linear_skip": True}, True),
    (EVERYTHING, {"layers": 2, "normalisation": "mean-std"}, False),
    (Inputs(past=2), {"linear_skip": True, "segment": 3}, True),
    (Inputs(past=3, future=3, calendar=3), {"linear_skip": True, "normalisation": "mean-level"}, False),
    (Inputs(static=2), {"segment": 20}, True),
    (Inputs(past=1, future=1, categories=(0, 3), category_widths=(0, 2)), {"segment": 1, "quantiles": (0.5,)}, True),
]


def random_covariates(config, samples=5, *, padded=False, seed=0):
    """Windows with everything that a network reads; an unknown category is among them."""
    rng = np.random.default_rng(seed)
    inputs = config.inputs
    values = rng.normal(3, 1, (samples, config.lookback)).astype(np.float32)
    mask = np.ones(values.shape, bool)
    if padded:
        mask = np.arange(config.lookback) >= np.array([0, 1, 4, config.lookback - 2, config.lookback - 1])[:, None]
    categories = [
        rng.integers(0 if number == 0 else -1, max(1, size), samples)
        for number, size in enumerate(inputs.categories or (1,))
    ]
    drawn = {
        "past": rng.normal(size=(samples, config.lookback, inputs.past)),
        "future": rng.normal(size=(samples, config.horizon, inputs.future)),
        "static": rng.normal(size=(samples, inputs.static)),
    }
    drawn = {name: value.astype(np.float32) for name, value in drawn.items()}
    return replace(windows_of(values, mask, horizon=config.horizon), **drawn, categories=np.stack(categories, axis=1))


def keras_forecast(config, weights, windows, *, masked):
    import tensorflow as tf

    from tsforecast.models.network.keras_covariates import Covariates

    network = build_with(config, weights)
    covariates = Covariates(*(tf.constant(each) for each in (windows.past, windows.future, windows.static)))
    y, center, scale = network.call(
        tf.constant(windows.values),
        tf.constant(windows.mask) if masked else None,
        tf.constant(windows.categories, tf.int32),
        covariates,
    )
    return np.sort((y * scale + center).numpy(), axis=2)


@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.parametrize("model", NETWORKS)
def test_numpy_forecasts_what_keras_trains(model, number):
    inputs, options, padded = CASES[number]
    config = small_network(model, inputs=inputs, **options)
    assert problem(config) is None
    weights = random_weights(config)
    windows = random_covariates(config, padded=padded)
    expected = keras_forecast(config, weights, windows, masked=padded)
    y_pred = forward(config, weights, windows)
    np.testing.assert_allclose(y_pred, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("inputs", "options"), [case[:2] for case in CASES])
def test_weights_have_the_shapes_that_the_inputs_imply(inputs, options):
    config = small_network("gru", inputs=inputs, **options)
    network = build_with(config, random_weights(config))
    named = {name: tuple(value.shape) for name, value in network.named_weights().items()}
    assert named == weight_shapes(config)
    assert len(network.trainable_variables) == len(named)
    assert parameter_count(config) == sum(np.prod(shape) for shape in named.values())


@pytest.mark.parametrize("name", ["past", "future", "static", "categories"])
def test_everything_that_is_read_changes_the_forecast(name):
    config = small_network("gru", inputs=EVERYTHING)
    weights, windows = random_weights(config), random_covariates(config)
    value = getattr(windows, name)
    changed = replace(windows, **{name: (value + 1) % 3 if name == "categories" else value + 1})
    assert np.abs(forward(config, weights, windows) - forward(config, weights, changed)).max() > 1e-3


def test_covariates_at_padded_steps_are_not_read():
    config = small_network("lstm", inputs=EVERYTHING)
    weights, windows = random_weights(config), random_covariates(config, padded=True)
    changed = replace(windows, past=np.where(windows.mask[:, :, None], windows.past, np.float32(99)))
    np.testing.assert_array_equal(forward(config, weights, windows), forward(config, weights, changed))


AHEAD = Inputs(past=4, future=4, static=2, categories=(3, 0, 4), category_widths=(0, 0, 2), calendar=2)
FED_BACK_CASES = [
    ("recursive", AHEAD, {}, True),
    ("recursive", Inputs(past=1, future=1), {"segment": 1, "quantiles": (0.5,), "normalisation": "mean-std"}, False),
    ("seq2seq", AHEAD, {"layers": 2}, True),
    ("seq2seq", Inputs(static=2), {"segment": 3}, False),
    ("autoregressive", AHEAD, {"normalisation": "mean-level"}, True),
    ("autoregressive", Inputs(categories=(0, 3), category_widths=(0, 2)), {}, False),
]


def fed_back(number, model="gru"):
    strategy, inputs, options, padded = FED_BACK_CASES[number]
    return small_network(model, strategy=strategy, inputs=inputs, **options), padded


@pytest.mark.parametrize("number", range(len(FED_BACK_CASES)))
@pytest.mark.parametrize("model", ["lstm", "gru", "birnn"])
def test_numpy_forecasts_what_keras_trains_where_segments_are_fed_back(model, number):
    config, padded = fed_back(number, model)
    assert (problem(config) is None) == (not config.bidirectional or not config.decoding.every_step)
    weights = random_weights(config)
    named = build_with(config, weights).named_weights()
    assert {name: tuple(value.shape) for name, value in named.items()} == weight_shapes(config)
    windows = random_covariates(config, padded=padded)
    expected = keras_forecast(config, weights, windows, masked=padded)
    np.testing.assert_allclose(forward(config, weights, windows), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_what_is_fed_back_is_trained_on_as_it_is_forecast(number):
    """A network that reads its own forecast in the place of the truth forecasts the same: covariates are aligned."""
    import tensorflow as tf

    from tsforecast.models.network.keras_covariates import Covariates

    config, _ = fed_back(number)
    network, windows = build_with(config, random_weights(config)), random_covariates(config)
    covariates = Covariates(*(tf.constant(each) for each in (windows.past, windows.future, windows.static)))
    read = (tf.constant(windows.values), None, tf.constant(windows.categories, tf.int32), covariates)
    free, center, scale = network.call(*read)
    forced, _, _ = network.call(*read, target=(free[:, :, config.fed_back] * scale[:, :, 0] + center[:, :, 0]))
    np.testing.assert_allclose(forced[:, config.window_targets :], free, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strategy", ["recursive", "seq2seq", "autoregressive"])
def test_a_segment_reads_what_is_known_of_it_and_of_those_before_only(strategy):
    config = small_network("gru", strategy=strategy, inputs=AHEAD)
    weights, windows = random_weights(config), random_covariates(config)
    base = forward(config, weights, windows)
    for step in range(config.horizon):
        future = windows.future.copy()
        future[:, step] += 1
        moved = np.abs(forward(config, weights, replace(windows, future=future)) - base).max(axis=(0, 2)) > 1e-6
        first = step // config.segment * config.segment
        assert not moved[:first].any() and moved[first:].all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_columns_known_up_to_now_go_with_direct_networks_only(strategy):
    config = small_network("gru", strategy=strategy, inputs=Inputs(past=2, future=1))
    assert (problem(config) is None) == STRATEGIES[strategy].at_once
    assert problem(replace(config, inputs=Inputs(past=1, future=1))) is None
