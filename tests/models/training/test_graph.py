"""A batch cut into shards: loss and gradients of the whole, by Keras' own layers.

TensorFlow is imported inside the tests, as in test_keras_network.py.
Most tests run eagerly: a trace takes longer than they do.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.models.training.test_loop import TRAINING, graph_of, make_data, make_network
from tsforecast.models.network.config import QUANTILES
from tsforecast.models.network.weights import weight_shapes

pytestmark = pytest.mark.usefixtures("shared_graphs", "on_cpu")
BATCH = 7  # neither 2 nor 3 shards divide it


def make_shards_unlike():
    """Data and a batch of 7 windows: padded and full, of both series, nothing observed in the first two of them."""
    data = make_data(min_context=2)
    data.rows.observed[:30] = False
    data.rows.observed[[55, 57, 163, 170]] = False
    origins = np.array([3, 20, 50, 60, 90, 162, 170])
    return data, origins, (origins >= 160).astype(np.int64)


def sharded_graph(data, network, *, traced=False, **training):
    graph = graph_of(data, network, replace(TRAINING, batch_size=BATCH, **training))
    if not traced:
        graph._shard, graph._evaluate = graph._shard_gradients, graph._evaluate_batch
        graph._train = graph._train_steps
    return graph


def dense(loss, gradients):
    import tensorflow as tf

    return [np.asarray(tf.convert_to_tensor(one)) for one in (loss, *gradients)]


def whole_batch(graph, origins, series):
    """Mean loss and its gradients without shards, by Keras' layers."""
    import tensorflow as tf

    from tsforecast.models.network.keras_cells import run_layer

    with tf.GradientTape() as tape:
        losses, weights = graph._forward(origins, series, True, run_layer)
        loss = losses / tf.maximum(weights, 1.0)
    variables = [variable.value for variable in graph.model.trainable_variables]
    return dense(loss, tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO))


def assert_shards_add_up(graph, origins, series):
    expected = whole_batch(graph, origins, series)
    for shards in (1, 2, 3):
        graph.shards = shards
        for one, other in zip(dense(*graph._batch_gradients(origins, series)), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    return expected


@pytest.mark.parametrize(
    ("model", "loss", "options"),
    [
        ("gru", "quantile", {"series_vectors": 2}),
        pytest.param(
            "bilstm",
            "quantile",
            {"layers": 2, "activation": "relu", "linear_skip": True, "segment": 3},
            marks=pytest.mark.sweep,
        ),
        ("rnn", "student-t", {"strategy": "autoregressive", "layers": 2, "segment": 5, "head": "student-t"}),
        ("lstm", "huber", {"strategy": "seq2seq", "quantiles": (0.5,), "segment": 5}),
        ("bigru", "mse", {"strategy": "recursive", "layers": 2, "quantiles": (0.5,), "normalisation": "mean-level"}),
    ],
)
def test_shards_add_up_to_the_batch(model, loss, options):
    data, origins, series = make_shards_unlike()
    graph = sharded_graph(data, make_network(model, **{"quantiles": QUANTILES, **options}), loss=loss)
    # The first shard of three has nothing to learn from, and the others have unlike weights.
    weights = [float(graph._shard(origins[part], series[part])[1]) for part in (slice(2), slice(2, 4), slice(4, 7))]
    assert weights[0] == 0
    assert len(set(weights)) == 3
    loss, *gradients = assert_shards_add_up(graph, origins, series)
    assert loss > 0
    assert sum(bool(np.any(one)) for one in gradients) == len(weight_shapes(graph.network))


def test_shards_of_full_windows_observed_everywhere_add_up():
    """Without masks and weights; traced, so that the gradient of a table's rows passes from one function to another."""
    data = make_data()
    window = data.train.take(np.arange(0, 10 * BATCH, 10))
    graph = sharded_graph(data, make_network("gru", series_vectors=2), traced=True)
    assert_shards_add_up(graph, window.origins, window.series)
    assert graph._shard.experimental_get_tracing_count() == 1


def test_a_batch_without_an_observed_target_teaches_nothing():
    data, _, _ = make_shards_unlike()
    graph = sharded_graph(data, make_network("gru", series_vectors=2), threads=2)
    loss, *gradients = dense(*graph._batch_gradients(np.full(BATCH, 12), np.zeros(BATCH, np.int64)))
    assert loss == 0
    assert not any(np.any(one) for one in gradients)


def test_each_shard_drops_other_units():
    data, origins, series = make_shards_unlike()
    graph = sharded_graph(data, make_network("gru", dropout=0.5))
    first, second = (float(graph._shard(origins, series)[0]) for _ in range(2))
    assert first != second


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq", "autoregressive"])
def test_fewer_validation_windows_than_shards(strategy):
    data = make_data(min_context=2)
    data = replace(data, validation=data.validation.take(np.array([4, 30])))
    graph = sharded_graph(data, make_network("gru", strategy=strategy, segment=4, layers=2))
    losses = []
    for shards in (1, 2, 5):
        graph.shards = shards
        losses.append(graph.validation_loss())
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-6)


def test_a_graph_has_a_shard_for_each_thread_as_far_as_windows_go():
    data = make_data()
    few = replace(data, train=data.train.take(np.array([1, 5, 9])))
    many = [graph_of(data, make_network(), replace(TRAINING, threads=threads)).shards for threads in (1, 2, 8)]
    assert many == [1, 2, 2]  # a batch of 32 windows
    assert graph_of(few, make_network(), replace(TRAINING, threads=8)).shards == 1


def test_the_number_of_shards_changes_a_training_by_rounding_alone():
    data, _, _ = make_shards_unlike()
    rates = np.full(4, 0.01, np.float32)
    graphs, results = [], []
    for shards in (1, 2, 3):
        graph = sharded_graph(data, make_network("gru"), optimizer="sgd")
        graph.shards = shards
        losses, _, norms = graph.run(graph.order(0, 1)[:4], rates).sum(axis=0)
        graphs.append(graph)
        results.append([losses, norms, graph.validation_loss()])
    one, *others = graphs
    for other, result in zip(others, results[1:], strict=True):
        assert result == pytest.approx(results[0], rel=1e-5)
        for name, weight in one.weights().items():
            np.testing.assert_allclose(other.weights()[name], weight, rtol=1e-5, atol=1e-5)


def test_nothing_is_converted_by_autograph():
    """It writes Python files into the folder of temporary files, which a killed process leaves there."""
    import ast
    from pathlib import Path

    import tsforecast

    calls = [
        node
        for path in Path(tsforecast.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "tf.function"
    ]
    settings = [{keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords} for call in calls]
    assert len(settings) >= 5
    assert all(each.get("autograph") == "False" for each in settings)


def test_steps_are_cut_into_calls_of_about_a_second(monkeypatch):
    """Signals wait while TensorFlow works; the first calls are of one step, as nobody knows its pace."""
    from tsforecast.models.training import graph as graph_module

    data, _, _ = make_shards_unlike()
    graph = sharded_graph(data, make_network("gru"))
    now, sizes = [0.0], []

    def slow(origins, series, rates):
        sizes.append(len(origins))
        now[0] += 0.25 * len(origins)
        return SimpleNamespace(numpy=lambda: np.zeros((len(origins), 3)))

    monkeypatch.setattr(graph_module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(graph, "_train", slow)
    assert graph.run(np.zeros((12, BATCH), np.int64), np.zeros(12, np.float32)).shape == (12, 3)
    assert sizes == [1, 4, 4, 3]
