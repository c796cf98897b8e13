"""The cells, layers and the decoding that train on a CPU, against Keras' own: values and gradients.

TensorFlow is imported inside the tests, as in test_keras_network.py.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.models.network.test_keras_network import NETWORKS, build, build_with, random_weights
from tests.networks import small_network
from tests.sampling import every
from tsforecast.models.network.cells import CELLS
from tsforecast.models.network.config import ACTIVATIONS

pytestmark = pytest.mark.usefixtures("shared_graphs", "on_cpu")
UNITS, FEATURES, SAMPLES, SEGMENTS = 5, 4, 3, 2
# A sample in full, two padded in front, one that is all padding, one with a gap.
STEPS = np.array([[1, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0], [1, 0, 1, 1]], bool)


def network_layer(model, activation="tanh"):
    """A one-way layer of a network, no bias of it zero."""
    config = small_network(model, units=UNITS, activation=activation)
    ((layer,),) = build_with(config, random_weights(config)).encoder
    return layer


def random_tensor(*shape, seed=0):
    import tensorflow as tf

    return tf.constant(np.random.default_rng([seed, *shape]).normal(size=shape), tf.float32)


def differentiate(function, *tensors):
    """What a function of tensors returns, and the gradients of a weighted sum of it."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(tensors)
        results = function(*tensors)
        loss = tf.add_n([tf.reduce_sum(one * random_tensor(*one.shape, seed=7 + i)) for i, one in enumerate(results)])
    gradients = tape.gradient(loss, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [value.numpy() for value in (*results, *gradients)]


def assert_same(ones, others):
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_every_cell_has_a_twin_in_keras():
    from tsforecast.models.network.keras_cells import KERAS_CELLS

    assert list(KERAS_CELLS) == list(CELLS)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("model", CELLS)
def test_the_parts_together_are_the_cell_and_its_gradient(model, activation):
    from tsforecast.models.network.keras_cells import cell_of, combine, project, recur

    layer = network_layer(model, activation)
    cell = cell_of(layer)

    def whole(x, *states):
        after = layer.cell(x, list(states))[1]
        return after if isinstance(after, list | tuple) else [after]

    def parts(x, *states):
        return combine(cell, project(cell, x), recur(cell, states[0]), states)

    tensors = [random_tensor(SAMPLES, UNITS, seed=i) for i in range(1 + cell.states)]
    assert_same(differentiate(parts, *tensors), differentiate(whole, *tensors))


@pytest.mark.parametrize("model", CELLS)
def test_what_broadcasts_gets_the_gradient_of_all_that_it_was_used_for(model):
    from tsforecast.models.network.keras_cells import cell_of, combine

    cell = cell_of(network_layer(model))
    gates = len(cell.kernels)

    def split(tensors):
        return tensors[:gates], tensors[gates : 2 * gates], tensors[2 * gates :]

    shapes = [(1, SEGMENTS, UNITS)] * gates + [(SAMPLES, 1, UNITS)] * (gates + cell.states)
    tensors = [random_tensor(*shape, seed=i) for i, shape in enumerate(shapes)]
    written = differentiate(lambda *tensors: combine(cell, *split(tensors)), *tensors)
    assert_same(written, differentiate(lambda *tensors: cell.forward(*split(tensors))[0], *tensors))


@pytest.mark.parametrize("model", CELLS)
def test_parts_of_the_input_add_up_to_the_whole(model):
    from tsforecast.models.network.keras_cells import cell_of, project

    cell = cell_of(network_layer(model))
    x = random_tensor(SAMPLES, SEGMENTS, UNITS)
    whole = project(cell, x)
    assert [gate.shape for gate in whole] == [(SAMPLES, SEGMENTS, UNITS)] * len(cell.kernels)
    both = zip(project(cell, x[..., :3]), project(cell, x[..., 3:], first=3), strict=True)
    assert_same([one + other for one, other in both], whole)


def make_layer(model, activation):
    """A layer as a network has it, but with another number of features than units, and no bias zero."""
    layer = build(small_network(model, units=UNITS, activation=activation))._recurrent()
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(3)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    return layer


def outputs_and_gradients(run, layer, x, steps):
    """Outputs, last states, and the gradients of a weighted sum of them: of the input and of every weight."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = run(layer, x, steps)
        loss = tf.add_n([tf.reduce_sum(one * random_tensor(*one.shape, seed=i)) for i, one in enumerate(outputs)])
    gradients = tape.gradient(loss, [x, *layer.trainable_variables])
    return [value.numpy() for value in (*outputs, *gradients)]


def assert_like_keras(layer, x, steps, part=slice(None)):
    """The same outputs and last states, or a part of them, and gradients.

    Not so the outputs where Bidirectional is padded: Keras puts zeros there.
    """
    from tsforecast.models.network.keras_cells import run_hoisted, run_layer

    def read(run):
        def outputs(layer, x, steps):
            sequence, *last = run(layer, x, steps)
            if steps is not None and hasattr(layer, "backward_layer"):
                sequence = sequence * steps[:, :, None].astype(np.float32)
            return [sequence, *last][part]

        return outputs

    hoisted, usual = (outputs_and_gradients(read(run), layer, x, steps) for run in (run_hoisted, run_layer))
    assert_same(hoisted, usual)
    return hoisted


@pytest.mark.parametrize(("model", "activation", "padded"), every(3, NETWORKS, ACTIVATIONS, [False, True]))
def test_a_layer_and_its_gradients_are_those_of_keras(model, activation, padded):
    layer = make_layer(model, activation)
    x = random_tensor(*STEPS.shape, FEATURES)
    sequence, *rest = assert_like_keras(layer, x, STEPS if padded else None)
    assert sequence.shape[:2] == STEPS.shape
    assert all(np.any(one) for one in rest)


@pytest.mark.parametrize(("model", "padded"), every(2, NETWORKS, [False, True]))
def test_one_sample_of_one_step(model, padded):
    layer = make_layer(model, "tanh")
    results = assert_like_keras(layer, random_tensor(1, 1, FEATURES), np.zeros((1, 1), bool) if padded else None)
    assert any(np.any(one) for one in results) != padded


@pytest.mark.parametrize("model", NETWORKS)
def test_the_last_state_alone_carries_a_gradient(model):
    """As in a direct network of one layer, which does not use the outputs of the steps."""
    assert_like_keras(make_layer(model, "tanh"), random_tensor(*STEPS.shape, FEATURES), STEPS, slice(1, None))


def test_a_traced_layer_is_the_layer():
    """In a graph the loops are TensorFlow's, and the number of samples is not known."""
    import tensorflow as tf

    from tsforecast.models.network.keras_cells import run_hoisted

    layer = make_layer("bigru", "tanh")

    @tf.function(
        input_signature=(tf.TensorSpec((None, STEPS.shape[1], FEATURES)), tf.TensorSpec((None, STEPS.shape[1]), bool)),
        autograph=False,
    )
    def traced(x, steps):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = run_hoisted(layer, x, steps)
            assert outputs[0].shape[1:] == (STEPS.shape[1], 2 * UNITS)
            loss = tf.add_n([tf.reduce_sum(one**2) for one in outputs])
        return outputs, tape.gradient(loss, [x, *layer.trainable_variables])

    for samples in (len(STEPS), 1):
        x, steps = random_tensor(samples, STEPS.shape[1], FEATURES), tf.constant(STEPS[:samples])
        in_graph, eager = (tf.nest.flatten(way(x, steps)) for way in (traced, traced.python_function))
        assert_same(in_graph, eager)
    assert traced.experimental_get_tracing_count() == 1


def decode_plainly(network, states, series, training):
    """Each segment of each sample is one step of Keras' cells, from a copy of the state and with its own query."""
    import tensorflow as tf

    from tsforecast.models.network.keras_decoding import step

    segments = network.config.output_segments
    query = tf.tile(network.position[None], (len(series), 1, 1))
    for vectors in network.vectors.values():
        query = tf.concat([query, tf.repeat(tf.gather(vectors, series)[:, None], segments, axis=1)], axis=-1)
    query = tf.reshape(query, (-1, network.config.units))
    repeated = [[[tf.repeat(one, segments, axis=0) for one in state] for state in layer] for layer in states]
    output, _ = step(network.encoder, query, repeated)
    return tf.reshape(network.read_out(output, training), (len(series), segments, -1))


@pytest.mark.parametrize(("sizes", "model"), every(3, [(1, 0), (1, 3), (3, 0), (2, 3)], NETWORKS))
def test_direct_decoding_is_a_step_of_the_cells_for_each_segment(model, sizes):
    layers, series_vectors = sizes
    import tensorflow as tf

    config = small_network(model, units=UNITS, layers=layers, series_vectors=series_vectors)
    network = build_with(config, random_weights(config))
    from tsforecast.models.network.keras_covariates import Queries
    from tsforecast.models.network.keras_decoding import decode_direct

    series = np.array([0, 2, 2, 1])  # one of them twice, so that its gradients add up
    parts = range(CELLS[config.cell].states)
    seeds = itertools.count()
    states = [
        [[random_tensor(len(series), UNITS, seed=next(seeds)) for _ in parts] for _ in directions]
        for directions in network.encoder
    ]
    results = []
    for decode, asked in ((decode_direct, Queries(series[:, None], None)), (decode_plainly, series)):
        with tf.GradientTape() as tape:
            tape.watch(states)
            output = decode(network, states, asked, False)
            loss = tf.reduce_sum(output * random_tensor(*output.shape))
        sources = [*tf.nest.flatten(states), *network.trainable_variables]
        gradients = [one for one in tape.gradient(loss, sources) if one is not None]
        results.append([output, *(tf.convert_to_tensor(one) for one in gradients)])
    assert results[0][0].shape == (len(series), config.output_segments, config.segment * config.outputs)
    assert_same(*results)
