"""How far back in the window a network learns from: the norm of d loss / d h_t for every step t of the recurrence.

A gradient that shrinks with every step back (Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013) is
measured here, through the recurrence and not only through the outputs. To the state that each step hands on, a probe is
added that is zero: the forecast stays as it was, and the gradient with respect to the probe is the one wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tsforecast.models.network.keras_cells import RunLayer, Tensor


def state_gradient_norms(loss: Callable[[RunLayer], Tensor]) -> Tensor:
    """Norm of the gradient of each window's loss with respect to the state after each step, averaged over the windows.

    The state is all that the cells hand on to the next step, of all layers and both directions: h, and for the LSTM its
    memory c. A padded step hands the state on as it was and counts for nothing.

    Args:
        loss: runs the network with the given way of running a layer, and returns the mean loss of its windows.

    Returns:
        Shape (steps,), the oldest first; NaN where the step is padded in every window.
    """
    probes: list[Tensor] = []
    masks: list[Tensor | None] = []

    with tf.GradientTape(watch_accessed_variables=False) as tape:

        def run(layer: Any, x: Tensor, steps: Tensor | None) -> list[Tensor]:
            masks.append(steps)
            if not isinstance(layer, keras.layers.Bidirectional):
                return _run_probed(layer, x, steps, tape, probes)
            sequence, *ahead = _run_probed(layer.forward_layer, x, steps, tape, probes)
            reverse, *back = _run_probed(layer.backward_layer, x, steps, tape, probes)
            return [tf.concat([sequence, tf.reverse(reverse, [1])], axis=-1), *ahead, *back]

        value = loss(run)
    gradients = tape.gradient(value, probes)
    norms = tf.sqrt(tf.add_n([tf.reduce_sum(gradient**2, axis=2) for gradient in gradients]))
    samples = tf.cast(tf.shape(norms)[0], tf.float32)
    real = tf.ones_like(norms) if masks[0] is None else tf.cast(masks[0], tf.float32)
    # The loss is a mean over the windows: `samples` times its gradient is that of each window's own loss.
    return samples * tf.reduce_sum(norms, axis=0) / tf.reduce_sum(real, axis=0)


class _ProbedCell(keras.layers.Layer):  # type: ignore[misc]
    """A cell whose input carries, after the features, a probe for each number of the state."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell
        self.state_size = cell.state_size
        self.built = True

    def call(self, inputs: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        sizes = [state.shape[-1] for state in states]
        x, *probes = tf.split(inputs, [inputs.shape[-1] - sum(sizes), *sizes], axis=-1)
        output, new = self.cell(x, states)
        new = new if isinstance(new, list | tuple) else [new]
        return output + probes[0], [state + probe for state, probe in zip(new, probes, strict=True)]


def _run_probed(layer: Any, x: Tensor, steps: Tensor | None, tape: Any, probes: list[Tensor]) -> list[Tensor]:
    """One direction of a layer by Keras' plain loop over its cell, which treats padded steps as the layer does."""
    sizes = layer.cell.state_size
    width = sum(sizes) if isinstance(sizes, list | tuple) else sizes
    probe = tf.zeros((tf.shape(x)[0], x.shape[1], width))
    tape.watch(probe)
    probes.append(probe)
    stepwise = keras.layers.RNN(
        _ProbedCell(layer.cell), return_sequences=True, return_state=True, go_backwards=layer.go_backwards
    )
    return list(stepwise(tf.concat([x, probe], axis=-1), mask=steps))
