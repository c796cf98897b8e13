"""Recurrent layers run for training on a CPU: the numbers of Keras' layers, in less than half the time.

Keras' own loop computes the input's part of the gates step by step, and TensorFlow's gradient of it adds to the
gradient of every weight at every step. Here both are matrix products over all steps at once (Appleyard et al. 2016), so
that a step is left with the product with the state, which nothing can hoist, and with what cells.py does by element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tsforecast.models.network.keras_cells import Cell, Gates, States, Tensor, cell_of, column_sums, project, recur


def run_hoisted(layer: Any, x: Tensor, steps: Tensor | None) -> Sequence[Tensor]:
    """Run a recurrent layer as network.run_layer does.

    At a padded step the outputs are those of the step before, as of a Keras layer of one direction; where Keras'
    Bidirectional puts zeros instead, nothing reads them.

    Args:
        layer: a Keras layer of one direction, or Bidirectional.
        x: shape (samples, steps, features).
        steps: shape (samples, steps), False where a step is padded and changes nothing; None where none is.

    Returns:
        The outputs (samples, steps, width), then the last states, each (samples, units).
    """
    x = tf.transpose(x, (1, 0, 2))
    mask = None if steps is None else tf.transpose(steps)[:, :, None]
    if not isinstance(layer, keras.layers.Bidirectional):
        sequence, *last = _run(layer, x, mask)
        return [tf.transpose(sequence, (1, 0, 2)), *last]
    sequence, *ahead = _run(layer.forward_layer, x, mask)
    mask = None if mask is None else tf.reverse(mask, [0])
    reverse, *back = _run(layer.backward_layer, tf.reverse(x, [0]), mask)
    both = tf.concat([sequence, tf.reverse(reverse, [0])], axis=-1)
    return [tf.transpose(both, (1, 0, 2)), *ahead, *back]


def _run(layer: Any, x: Tensor, mask: Tensor | None) -> list[Tensor]:
    """One direction over x (steps, samples, features): all outputs (steps, samples, units), then the last states."""
    cell = cell_of(layer)
    biased = [gate for gate, bias in enumerate(cell.recurrent_biases) if bias is not None]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def recurrence(*parts: Tensor) -> Any:
        projected = parts[: len(cell.kernels)]
        outputs, last, kept, before = _forward(cell, projected, mask)

        def gradient(d_outputs: Tensor, *d_last: Tensor) -> Any:
            d = _backward(cell, d_outputs, d_last, kept, before, mask)
            states = tf.reshape(before[0].stack(), (-1, layer.units))
            flat = [tf.reshape(d[place], (-1, layer.units)) for place in cell.recurrent]
            d_kernels = [tf.matmul(states, one, transpose_a=True) for one in flat]
            return *d[: len(projected)], *d_kernels, *(column_sums(flat[gate]) for gate in biased)

        return (outputs, *last), gradient

    # The weights are named as inputs, although the cell has them, because their gradients are returned.
    biases = (cell.recurrent_biases[gate] for gate in biased)
    return list(recurrence(*project(cell, x), *cell.recurrent_kernels, *biases))


def _forward(cell: Cell, projected: Gates, mask: Tensor | None) -> tuple[Tensor, States, list[Any], list[Any]]:
    """All outputs, the last states, and for the gradient of each step what the cell kept and the states before."""
    count, zero = projected[0].shape[0], tf.zeros_like(projected[0][0])
    start: States = (zero,) * cell.states
    # Tried on nothing, only to see how many values a cell keeps; it is no part of what runs.
    kept = cell.forward((zero,) * len(projected), (zero,) * len(projected), start)[1]

    def body(t: Any, states: States, outputs: Any, before: Any, kept: Any) -> Any:
        after, values = cell.forward(tuple(gate[t] for gate in projected), recur(cell, states[0]), states)
        if mask is not None:
            after = tuple(tf.where(mask[t], new, old) for new, old in zip(after, states, strict=True))
        return after, outputs.write(t, after[0]), _write(before, t, states), _write(kept, t, values)

    variables = (start, _array(count), [_array(count) for _ in start], [_array(count) for _ in kept])
    last, outputs, before, kept = _loop(count, body, variables)
    return outputs.stack(), last, kept, before


def _backward(
    cell: Cell, d_outputs: Tensor, d_last: States, kept: list[Any], before: list[Any], mask: Tensor | None
) -> list[Tensor]:
    """The gradients `d` of every step (cells.Cell), each (steps, samples, units)."""
    count = d_outputs.shape[0]

    def body(back: Any, d_states: States, written: Any) -> Any:
        t = count - 1 - back
        d_after = held = (d_states[0] + d_outputs[t], *d_states[1:])
        if mask is not None:
            d_after = tuple(tf.where(mask[t], d, 0.0) for d in d_after)
        d, d_before = cell.backward(d_after, _read(kept, t), _read(before, t))
        pairs = zip(cell.recurrent, cell.recurrent_kernels, strict=True)
        through = [tf.matmul(d[place], kernel, transpose_b=True) for place, kernel in pairs]
        d_before = (tf.add_n([d_before[0], *through]), *d_before[1:])
        if mask is not None:
            d_before = tuple(tf.where(mask[t], d, same) for d, same in zip(d_before, held, strict=True))
        return d_before, _write(written, t, d)

    arrays = [_array(count) for _ in range(max(cell.recurrent) + 1)]
    _, written = _loop(count, body, (d_last, arrays))
    return [array.stack() for array in written]


def _array(count: int) -> Any:
    return tf.TensorArray(tf.float32, count, clear_after_read=False)


def _write(arrays: Sequence[Any], t: Any, values: Sequence[Tensor]) -> list[Any]:
    return [array.write(t, value) for array, value in zip(arrays, values, strict=True)]


def _read(arrays: Sequence[Any], t: Any) -> States:
    return tuple(array.read(t) for array in arrays)


def _loop(count: int, body: Callable[..., Any], variables: tuple[Any, ...]) -> tuple[Any, ...]:
    """Body for every step from 0, which takes the step's number and the variables and returns the variables."""
    done = tf.while_loop(
        lambda t, *_: t < count, lambda t, *now: (t + 1, *body(t, *now)), (0, *variables), maximum_iterations=count
    )
    return tuple(done[1:])
