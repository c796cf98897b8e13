"""The contract of the networks: what TensorFlow trains is what NumPy predicts with.

TensorFlow is imported inside the tests, because every worker of a parallel run imports every test module.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from tests.networks import small_network
from tests.sampling import every
from tests.windows import windows_of
from tsforecast.models.network.config import QUANTILES, STRATEGIES
from tsforecast.models.network.numpy_network import forward
from tsforecast.models.network.weights import parameter_count, weight_shapes
from tsforecast.models.registry import MODELS
from tsforecast.series.panel import UNKNOWN_SERIES

pytestmark = pytest.mark.usefixtures("shared_graphs")
NETWORKS = [name for name, info in MODELS.items() if info.kind == "network"]
ONE_WAY = [name for name in NETWORKS if not MODELS[name].bidirectional]
POINT = (0.5,)
STUDENT = "student-t"
# Every model with every strategy that it can have.
PAIRS = [(model, strategy) for strategy in STRATEGIES for model in NETWORKS if strategy != "autoregressive"]
PAIRS += [(model, "autoregressive") for model in ONE_WAY]
# What decodes with the network's own forecasts.
FED_BACK = [(model, strategy) for model, strategy in PAIRS if strategy != "direct"]


def make_config(model, **options):
    """A small network of the table; 4 divides neither its lookback nor its horizon."""
    return small_network(model, **options)


def build(config, seed=0):
    from tsforecast.models.training import runtime

    runtime.start(1)
    from tsforecast.models.network.keras_network import SegmentNetwork

    return SegmentNetwork(config, seed=seed)


def named_arrays(network):
    return {name: variable.numpy() for name, variable in network.named_weights().items()}


def random_weights(config, seed=0):
    """Weights without a zero among them, so that no bias and no gate goes untested."""
    rng = np.random.default_rng(seed)
    shapes = weight_shapes(config).items()
    return {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes}


def random_windows(config, samples=5, *, padded=False, seed=0):
    """Contexts around a level, their masks and series numbers; padding holds a value that must not be used."""
    rng = np.random.default_rng(seed)
    context = rng.normal(3, 1, (samples, config.lookback)).astype(np.float32)
    mask = np.ones(context.shape, bool)
    if padded:
        short = np.array([0, 1, config.segment, config.lookback - 2, config.lookback - 1])[:samples]
        mask = np.arange(config.lookback) >= short[:, None]
        context = np.where(mask, context, np.float32(77))
    return context, mask, rng.integers(0, max(config.inputs.categories, default=1), samples)


def call(network, context, mask, series, target=None):
    import tensorflow as tf

    mask, target = (None if value is None else tf.constant(value) for value in (mask, target))
    outputs = network.call(tf.constant(context), mask, tf.constant(series, tf.int32)[:, None], target=target)
    return [output.numpy() for output in outputs]


def keras_forecast(network, context, mask, series):
    y, center, scale = call(network, context, mask, series)
    if network.config.head == "student-t":
        location, spread, freedom = np.split(y, 3, axis=2)
        y = location + spread * t.ppf(np.array(network.config.quantiles), freedom)
    return np.sort(y * scale + center, axis=2)


def build_with(config, weights):
    """A network with given weights."""
    network = build(config)
    for name, variable in network.named_weights().items():
        variable.assign(weights[name])
    return network


def case(layers, strategy, levels, normalisation, padded, **others):
    usual = {"layers": layers, "strategy": strategy, "normalisation": normalisation}
    return usual | ({"head": "student-t"} if levels == STUDENT else {"quantiles": levels}), padded, others


# Every pair of depth, strategy, head, normalisation and masking; then what else there is.
CASES = [
    case(1, "direct", QUANTILES, "last", True),
    case(1, "direct", POINT, "mean-std", False, linear_skip=True),
    case(1, "recursive", QUANTILES, "mean-level", False),
    case(1, "recursive", POINT, "none", True),
    case(3, "direct", QUANTILES, "none", False),
    case(3, "direct", POINT, "mean-level", True),
    case(3, "recursive", QUANTILES, "mean-std", True),
    case(3, "recursive", POINT, "last", False),
    case(2, "direct", QUANTILES, "last", True, activation="relu", series_vectors=3, linear_skip=True),
    case(2, "recursive", QUANTILES, "last", True, activation="sigmoid"),
    case(1, "direct", QUANTILES, "last", True, segment=1, series_vectors=2, units=5),
    case(1, "direct", QUANTILES, "last", True, segment=20),
    case(1, "direct", STUDENT, "mean-std", True, linear_skip=True, series_vectors=3),
    case(2, "direct", STUDENT, "mean-level", False),
    case(1, "recursive", STUDENT, "last", False),
    case(3, "recursive", STUDENT, "none", True, segment=3),
    case(1, "seq2seq", QUANTILES, "last", True),
    case(1, "seq2seq", POINT, "mean-std", False),
    case(2, "seq2seq", STUDENT, "mean-std", True, activation="relu"),
    case(3, "seq2seq", QUANTILES, "mean-level", False, segment=1),
    case(3, "seq2seq", POINT, "none", True, segment=3),
    case(1, "seq2seq", STUDENT, "none", False, segment=20),
    case(1, "autoregressive", QUANTILES, "last", True),
    case(1, "autoregressive", STUDENT, "mean-std", False, segment=1),
    case(2, "autoregressive", POINT, "mean-level", True),
    case(3, "autoregressive", STUDENT, "last", True, segment=3),
]
CONTRACT = [row for row in every(5, CASES, NETWORKS) if (row.values[1], row.values[0][0]["strategy"]) in PAIRS]


@pytest.mark.parametrize(("case", "model"), CONTRACT)
def test_numpy_forecasts_what_keras_trains(case, model):
    usual, padded, others = case
    config = make_config(model, **usual, **others)
    weights = random_weights(config)
    network = build_with(config, weights)
    context, mask, series = random_windows(config, padded=padded)
    expected = keras_forecast(network, context, mask if padded else None, series)
    y_pred = forward(config, weights, windows_of(context, mask, series))
    assert y_pred.shape == (5, config.horizon, len(config.quantiles))
    assert y_pred.dtype == np.float32
    assert np.all(np.isfinite(y_pred))
    np.testing.assert_allclose(y_pred, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("model", "strategy"), PAIRS)
def test_weights_have_the_names_and_shapes_that_the_configuration_implies(model, strategy):
    direct = {"series_vectors": 3, "linear_skip": True} if strategy == "direct" else {}
    for options in ({"head": "student-t"}, {"layers": 2, **direct}):
        config = make_config(model, strategy=strategy, **options)
        network = build(config)
        named = named_arrays(network)
        assert {name: value.shape for name, value in named.items()} == weight_shapes(config)
        assert all(value.dtype == np.float32 for value in named.values())
        assert len(network.trainable_variables) == len(named)
        assert parameter_count(config) == sum(value.size for value in named.values())


@pytest.mark.parametrize(("model", "strategy"), every(4, NETWORKS, ["direct", "seq2seq"]))
def test_the_seed_decides_everything(model, strategy):
    config = make_config(model, layers=2, strategy=strategy, series_vectors=3 if strategy == "direct" else 0)
    first, same, other = (build(config, seed) for seed in (1, 1, 2))
    windows = random_windows(config)
    np.testing.assert_array_equal(keras_forecast(first, *windows), keras_forecast(same, *windows))
    assert np.abs(keras_forecast(first, *windows) - keras_forecast(other, *windows)).max() > 1e-3
    drawn = {name: value for name, value in named_arrays(first).items() if "bias" not in name}
    for name, value in drawn.items():
        np.testing.assert_array_equal(value, named_arrays(same)[name])
        assert not np.array_equal(value, named_arrays(other)[name])
    # No two tensors share a draw.
    for name, value in drawn.items():
        assert not any(np.array_equal(value, drawn[other]) for other in drawn if other != name)


def test_the_largest_network_has_enough_seeds():
    config = make_config("birnn", layers=8, strategy="seq2seq", units=1)
    assert set(named_arrays(build(config))) == set(weight_shapes(config))


@pytest.mark.parametrize("model", NETWORKS)
def test_a_batch_of_one_is_a_row_of_a_larger_batch(model):
    config = make_config(model, layers=2)
    weights = random_weights(config)
    context, mask, series = random_windows(config, padded=True)
    together = forward(config, weights, windows_of(context, mask, series))
    for row in range(len(context)):
        part = slice(row, row + 1)
        alone = forward(config, weights, windows_of(context[part], mask[part], series[part]))
        np.testing.assert_allclose(alone, together[part], rtol=1e-5, atol=1e-6)
    network = build(config)
    assert keras_forecast(network, context[:1], None, series[:1]).shape == (1, config.horizon, len(QUANTILES))


@pytest.mark.parametrize(("pair", "normalisation"), every(3, PAIRS, ["last", "mean-std", "mean-level", "none"]))
def test_a_padded_window_is_a_shorter_window(pair, normalisation):
    model, strategy = pair
    for segment, padding in ((1, 5), (3, 6)):
        options = {"strategy": strategy, "normalisation": normalisation, "layers": 2, "segment": segment}
        long = make_config(model, lookback=12, **options)
        short = replace(long, lookback=12 - padding)
        weights = random_weights(long)
        context, mask, series = random_windows(long)
        mask[:, :padding] = False
        context[:, :padding] = 77
        expected = forward(short, weights, windows_of(context[:, padding:], mask[:, padding:], series))
        y_pred = forward(long, weights, windows_of(context, mask, series))
        np.testing.assert_allclose(y_pred, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("levels", [QUANTILES, POINT])
@pytest.mark.parametrize("model", ["rnn", "lstm", "gru"])
def test_recursive_decoding_feeds_its_median_back(model, levels):
    """The second segment is what a window that ends with the first one's median would forecast."""
    two = make_config(
        model, strategy="recursive", lookback=8, horizon=8, layers=2, quantiles=levels, normalisation="none"
    )
    weights = random_weights(two)
    context, mask, series = random_windows(two)
    # With ascending biases the levels do not cross, so that sorting leaves the median where it was.
    steps = np.linspace(-9, 9, len(levels)) if len(levels) > 1 else np.zeros(1)
    weights["head/bias"] = np.tile(steps, two.segment).astype(np.float32)
    y_pred = forward(two, weights, windows_of(context, mask, series))
    median = y_pred[:, :4, levels.index(0.5)]
    longer = replace(two, lookback=12, horizon=4)
    longer_windows = np.concatenate([context, median], axis=1), np.ones((len(context), 12), bool), series
    following = forward(longer, weights, windows_of(*longer_windows))
    np.testing.assert_allclose(y_pred[:, 4:], following, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("pair", "head"), every(5, FED_BACK, [QUANTILES, POINT, STUDENT]))
def test_a_network_that_reads_its_own_forecast_forecasts_the_same(pair, head):
    """Training on the truth and forecasting with its own output are one function of the segments read."""
    model, strategy = pair
    options = {"head": head} if head == STUDENT else {"quantiles": head}
    for horizon in (11, 3):  # three segments, and one, which follows the window alone
        config = make_config(model, strategy=strategy, layers=2, horizon=horizon, normalisation="mean-std", **options)
        network = build_with(config, random_weights(config))
        windows = random_windows(config, padded=True)
        y, center, scale = call(network, *windows)
        own = (y * scale + center)[:, :, config.fed_back]
        taught = call(network, *windows, target=own)[0]
        assert y.shape == (5, horizon, config.outputs)
        assert taught.shape == (5, config.window_targets + horizon, config.outputs)
        np.testing.assert_allclose(taught[:, config.window_targets :], y, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("pair", every(4, [pair for pair in FED_BACK if pair[1] != "recursive"]), ids="-".join)
def test_a_segment_of_the_truth_changes_only_what_follows_it(pair):
    model, strategy = pair
    config = make_config(model, strategy=strategy, layers=2, horizon=11)
    network = build_with(config, random_weights(config))
    windows, target = random_windows(config), np.random.default_rng(1).normal(3, 1, (5, 11)).astype(np.float32)
    before = call(network, *windows, target=target)[0]
    for number in range(3):
        segment = slice(4 * number, 4 * number + 4)
        changed = target.copy()
        changed[:, segment] += 1
        after = call(network, *windows, target=changed)[0]
        following = config.window_targets + 4 * number + 4
        np.testing.assert_array_equal(before[:, :following], after[:, :following])
        # The last segment is read by nobody.
        assert np.all(np.abs(before - after)[:, following:].max(axis=(0, 2)) > 1e-4)


@pytest.mark.parametrize("model", ONE_WAY)
def test_an_autoregressive_network_forecasts_every_segment_of_the_window(model):
    """Its output for a segment of the window is the forecast of the shorter window that ends before it."""
    config = make_config(model, strategy="autoregressive", layers=2, normalisation="none")
    weights = random_weights(config)
    context, mask, series = random_windows(config)
    y = call(build_with(config, weights), context, None, series, np.ones((5, 7), np.float32))[0]
    assert config.window_targets == 8
    for number, length in enumerate((3, 7)):
        shorter = replace(config, lookback=length, horizon=4)
        expected = forward(shorter, weights, windows_of(context[:, :length], mask[:, :length], series))
        made = np.sort(y[:, 4 * number : 4 * number + 4], axis=2)
        np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-5)


def test_the_decoder_starts_from_the_last_states_and_the_last_segment():
    """With the encoder's weights in the decoder, seq2seq is recursive on a window whose last segment comes twice."""
    config = make_config("lstm", strategy="seq2seq", lookback=8, horizon=8, layers=2, normalisation="none")
    weights = random_weights(config)
    for name in weights:
        if name.startswith("decoder"):
            weights[name] = weights[name.replace("decoder", "layer")]
    context, mask, series = random_windows(config)
    recursive = replace(config, strategy="recursive", lookback=12)
    twice = np.concatenate([context, context[:, 4:]], axis=1)
    expected = forward(recursive, weights, windows_of(twice, np.ones((5, 12), bool), series))
    y_pred = forward(config, weights, windows_of(context, mask, series))
    np.testing.assert_allclose(y_pred, expected, rtol=1e-5, atol=1e-5)


def test_each_query_decides_its_own_segment():
    config = make_config("gru")
    weights = random_weights(config)
    windows = random_windows(config)
    before = forward(config, weights, windows_of(*windows))
    weights["query/position"][1] += 1
    after = forward(config, weights, windows_of(*windows))
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert np.all(before[:, 4:] != after[:, 4:])


@pytest.mark.parametrize("model", ["lstm", "bigru"])
def test_series_vectors_tell_series_apart_and_an_unknown_one_is_the_average(model):
    config = make_config(model, series_vectors=3)
    weights = random_weights(config)
    context, mask, _ = random_windows(config, 1)
    by_series = [forward(config, weights, windows_of(context, mask, np.array([number]))) for number in range(3)]
    assert np.abs(by_series[0] - by_series[1]).max() > 1e-4
    unknown = forward(config, weights, windows_of(context, mask, np.array([UNKNOWN_SERIES])))
    weights["query/category0"][:] = weights["query/category0"].mean(axis=0)
    np.testing.assert_allclose(unknown, forward(config, weights, windows_of(context, mask, np.array([1]))), rtol=1e-6)


def test_dropout_is_for_training_only_and_follows_the_seed():
    import tensorflow as tf

    config = make_config("gru", dropout=0.5)
    context, _, series = random_windows(config)
    tensors = tf.constant(context), None, tf.constant(series, tf.int32)[:, None]
    weights, trained, used = random_weights(config), [], []
    for seed in (1, 1, 2):
        network = build(config, seed)
        for name, variable in network.named_weights().items():
            variable.assign(weights[name])
        trained.append([network.call(*tensors, training=True)[0].numpy() for _ in range(2)])
        used.append(network.call(*tensors)[0].numpy())
    np.testing.assert_array_equal(trained[0], trained[1])
    assert np.abs(trained[0][0] - trained[0][1]).max() > 0
    assert np.abs(trained[0][0] - trained[2][0]).max() > 0
    np.testing.assert_array_equal(used[0], used[1])
    np.testing.assert_array_equal(used[0], used[2])


@pytest.mark.parametrize("normalisation", ["last", "mean-std", "mean-level", "none"])
def test_a_network_with_a_linear_skip_starts_at_the_linear_model(normalisation):
    from tsforecast.models.linear import predict_linear

    config = make_config("gru", normalisation=normalisation, linear_skip=True)
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(config.lookback, config.horizon)).astype(np.float32)
    bias = rng.normal(size=config.horizon).astype(np.float32)
    network = build(config)
    network.start_skip(kernel, bias)
    context, mask, series = random_windows(config)
    weights = {"linear/kernel": kernel, "linear/bias": bias}
    expected = predict_linear(weights, windows_of(context, mask), normalisation=normalisation)
    for level in np.moveaxis(keras_forecast(network, context, mask, series), 2, 0):
        np.testing.assert_allclose(level, expected, rtol=1e-4, atol=1e-4)


def test_a_student_t_network_with_a_linear_skip_starts_around_the_linear_model():
    config = make_config("gru", head="student-t", linear_skip=True, normalisation="none")
    network = build(config)
    network.start_skip(np.zeros((config.lookback, config.horizon)), np.arange(config.horizon))
    y_pred = keras_forecast(network, *random_windows(config))
    np.testing.assert_allclose(y_pred[:, :, 3], np.tile(np.arange(config.horizon), (5, 1)), atol=1e-6)
    np.testing.assert_allclose(y_pred[:, :, 3] - y_pred[:, :, 0], y_pred[:, :, -1] - y_pred[:, :, 3], rtol=1e-5)
    assert np.all(np.diff(y_pred, axis=2) > 0.1)
