"""Cells in parts and their derivatives, against Keras' cells and TensorFlow's derivatives.

TensorFlow is imported inside the tests, as in test_network.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.network.test_keras_network import build_with, random_weights
from tests.networks import small_network
from tsforecast.models.network.config import ACTIVATIONS, CELLS

pytestmark = pytest.mark.usefixtures("shared_graphs", "on_cpu")
UNITS, SAMPLES, SEGMENTS = 5, 3, 2


def make_layer(model, activation="tanh"):
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


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("model", CELLS)
def test_the_parts_together_are_the_cell_and_its_gradient(model, activation):
    from tsforecast.models.network.keras_cells import cell_of, combine, project, recur

    layer = make_layer(model, activation)
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

    cell = cell_of(make_layer(model))
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

    cell = cell_of(make_layer(model))
    x = random_tensor(SAMPLES, SEGMENTS, UNITS)
    whole = project(cell, x)
    assert [gate.shape for gate in whole] == [(SAMPLES, SEGMENTS, UNITS)] * len(cell.kernels)
    both = zip(project(cell, x[..., :3]), project(cell, x[..., 3:], first=3), strict=True)
    assert_same([one + other for one, other in both], whole)
