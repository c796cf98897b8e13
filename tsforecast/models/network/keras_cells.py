"""Recurrent layers for training: Keras' layers, run in Keras' way on a GPU and by `run_hoisted` on a CPU.

On a GPU, Keras' loop is cuDNN's. On a CPU, it computes the input part of the gates step by step, and TensorFlow's
gradient of it adds to the gradient of every weight at every step. `run_hoisted` gives the same numbers in less than
half the time: both are matrix products over all steps at once (Appleyard et al. 2016), so that a step is left with the
product with the state, which nothing can hoist, and with element-wise work. For that, a cell is split into what depends
on the input, what depends on the state, and the element-wise rest, whose derivative is written out: that of a gate
follows from its value, so nothing is computed twice. Gates are tensors of their own, because cutting them out of a wide
one copies them at every step.

KERAS_CELLS has the twin of every cell of cells.py. Each state and each gate has the shape (.., units).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tsforecast.models.network.cells import CELLS

Tensor = Any
Gates = tuple[Tensor, ...]
States = tuple[Tensor, ...]

# Runs one recurrent layer over x (samples, steps, features), with a mask (samples, steps) that is False where a step is
# padded, or None. Returns the outputs of every step (samples, steps, width), then the last states.
RunLayer = Callable[[Any, Tensor, Tensor | None], Sequence[Tensor]]
# (input part of the gates, state part, states before) to (states after, what `Backward` needs)
Forward = Callable[[Gates, Gates, States], tuple[States, States]]
# (gradients of the states after, what `Forward` kept, states before) to the gradients `d` of the parts, the input part
# first, and those of the states before as far as they do not go through the gates.
Backward = Callable[[States, States, States], tuple[Gates, States]]


class _Activation(NamedTuple):
    """A function, and its derivative as a function of its value."""

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


_ACTIVATIONS = {
    "tanh": _Activation(tf.tanh, lambda y: 1.0 - y * y),
    "sigmoid": _Activation(tf.sigmoid, lambda y: y * (1.0 - y)),
    "relu": _Activation(tf.nn.relu, lambda y: tf.cast(y > 0.0, y.dtype)),
}
_GATE = _ACTIVATIONS["sigmoid"]


def _rnn(activation: _Activation) -> tuple[Forward, Backward]:
    def forward(projected: Gates, recurrent: Gates, states: States) -> tuple[States, States]:
        h = activation.value(projected[0] + recurrent[0])
        return (h,), (h,)

    def backward(d_after: States, kept: States, states: States) -> tuple[Gates, States]:
        d = d_after[0] * activation.slope(kept[0])
        return (d,), (tf.zeros_like(d),)

    return forward, backward


def _lstm(activation: _Activation) -> tuple[Forward, Backward]:
    def forward(projected: Gates, recurrent: Gates, states: States) -> tuple[States, States]:
        i, f, c, o = (one + other for one, other in zip(projected, recurrent, strict=True))
        i, f, c, o = _GATE.value(i), _GATE.value(f), activation.value(c), _GATE.value(o)
        memory = f * states[1] + i * c
        shown = activation.value(memory)
        return (o * shown, memory), (i, f, c, o, shown)

    def backward(d_after: States, kept: States, states: States) -> tuple[Gates, States]:
        i, f, c, o, shown = kept
        d_h, d_memory = d_after
        d_memory += d_h * o * activation.slope(shown)
        d = (
            d_memory * c * _GATE.slope(i),
            d_memory * states[1] * _GATE.slope(f),
            d_memory * i * activation.slope(c),
            d_h * shown * _GATE.slope(o),
        )
        return d, (tf.zeros_like(d_h), d_memory * f)

    return forward, backward


def _gru(activation: _Activation) -> tuple[Forward, Backward]:
    def forward(projected: Gates, recurrent: Gates, states: States) -> tuple[States, States]:
        z = _GATE.value(projected[0] + recurrent[0])
        r = _GATE.value(projected[1] + recurrent[1])
        candidate = activation.value(projected[2] + r * recurrent[2])
        return (candidate + z * (states[0] - candidate),), (z, r, candidate, recurrent[2])

    def backward(d_after: States, kept: States, states: States) -> tuple[Gates, States]:
        z, r, candidate, reset = kept
        d_kept = d_after[0] * z
        d_candidate = (d_after[0] - d_kept) * activation.slope(candidate)
        d_z = (states[0] - candidate) * d_kept * (1.0 - z)
        d_r = d_candidate * reset * _GATE.slope(r)
        return (d_z, d_r, d_candidate, d_candidate * r), (d_kept,)

    return forward, backward


class KerasCell(NamedTuple):
    """The twin of a cell.

    Args:
        layer: Keras' layer of its kind, whose weights it has.
        elementwise: from the activation to the element-wise part of a step and its derivative.
        recurrent: of each gate's state part, the place of its gradient in `d`.
    """

    layer: Any
    elementwise: Callable[[_Activation], tuple[Forward, Backward]]
    recurrent: tuple[int, ...]


KERAS_CELLS = {
    "rnn": KerasCell(keras.layers.SimpleRNN, _rnn, (0,)),
    "lstm": KerasCell(keras.layers.LSTM, _lstm, (0, 1, 2, 3)),
    "gru": KerasCell(keras.layers.GRU, _gru, (0, 1, 3)),
}
_NAMES = {twin.layer: name for name, twin in KERAS_CELLS.items()}


class SplitCell(NamedTuple):
    """The cell of a Keras layer, its weights by gate.

    Args:
        kernels: of the input, each (features, units).
        biases: added to the input part, each (units,).
        recurrent_kernels: of the state, each (units, units).
        recurrent_biases: added to the state part, each (units,) or None.
        states: how many there are.
        forward: the element-wise part of a step.
        backward: its derivative.
        recurrent: of each gate's state part, the place of its gradient in `d`.
    """

    kernels: Gates
    biases: Gates
    recurrent_kernels: Gates
    recurrent_biases: tuple[Tensor | None, ...]
    states: int
    forward: Forward
    backward: Backward
    recurrent: tuple[int, ...]


def cell_of(layer: Any) -> SplitCell:
    """The cell of a Keras layer of one direction."""
    cell, name = layer.cell, _NAMES[type(layer)]
    gates, twin = CELLS[name].gates, KERAS_CELLS[name]
    rows = [cell.bias] if len(cell.bias.shape) == 1 else tf.unstack(cell.bias)
    biases, *others = (tf.split(row, gates) for row in rows)
    recurrent_biases: list[Tensor | None] = [None] * gates
    for other in others:
        # Of the two biases of a GRU's gates, all but the one inside the reset are just added.
        biases = [bias + more for bias, more in zip(biases[:-1], other[:-1], strict=True)] + biases[-1:]
        recurrent_biases[-1] = other[-1]
    return SplitCell(
        tuple(tf.split(cell.kernel, gates, axis=1)),
        tuple(biases),
        tuple(tf.split(cell.recurrent_kernel, gates, axis=1)),
        tuple(recurrent_biases),
        CELLS[name].states,
        *twin.elementwise(_ACTIVATIONS[cell.activation.__name__]),
        twin.recurrent,
    )


def project(cell: SplitCell, x: Tensor, first: int = 0, *, biased: bool = True) -> Gates:
    """The input part of the gates, of x (.., features), with the bias unless it was added to another part.

    x may be the features from `first` on only, which are such another part.
    """
    flat, around = tf.reshape(x, (-1, x.shape[-1])), tf.unstack(tf.shape(x))[:-1]
    rows = slice(first, first + x.shape[-1])
    biases = cell.biases if biased and not first else tuple(tf.zeros_like(bias) for bias in cell.biases)
    return tuple(
        tf.reshape(affine(flat, kernel[rows], bias), (*around, kernel.shape[1]))
        for kernel, bias in zip(cell.kernels, biases, strict=True)
    )


@tf.custom_gradient  # type: ignore[untyped-decorator]
def affine(x: Tensor, kernel: Tensor, bias: Tensor) -> Any:
    """x (rows, features) times the kernel plus the bias; the gradient of the bias is a product too: it is quicker."""

    def gradient(d: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return tf.matmul(d, kernel, transpose_b=True), tf.matmul(x, d, transpose_a=True), column_sums(d)

    return tf.matmul(x, kernel) + bias, gradient


def column_sums(x: Tensor) -> Tensor:
    """The sum over the rows of x (rows, columns), as a product: it is quicker than TensorFlow's reduction."""
    return tf.matmul(tf.ones((1, tf.shape(x)[0])), x)[0]


def recur(cell: SplitCell, h: Tensor) -> Gates:
    """The state part of the gates, of h (samples, units)."""
    parts = zip(cell.recurrent_kernels, cell.recurrent_biases, strict=True)
    return tuple(tf.matmul(h, kernel) if bias is None else tf.matmul(h, kernel) + bias for kernel, bias in parts)


def combine(cell: SplitCell, projected: Gates, recurrent: Gates, states: States) -> States:
    """The states after one step, differentiable; parts and states may broadcast."""
    shape = tf.broadcast_dynamic_shape(tf.shape(projected[0]), tf.shape(recurrent[0]))
    gates = len(projected)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def step(*parts: Tensor) -> Any:
        before = parts[2 * gates :]
        after, kept = cell.forward(parts[:gates], parts[gates : 2 * gates], before)

        def gradient(*d_after: Tensor) -> Any:
            d, d_before = cell.backward(d_after, kept, before)
            return *d[:gates], *(d[place] for place in cell.recurrent), *d_before

        return after, gradient

    return tuple(step(*(tf.broadcast_to(part, shape) for part in (*projected, *recurrent, *states))))


def run_layer(layer: Any, x: Tensor, steps: Tensor | None) -> Sequence[Tensor]:
    """Run a recurrent layer in Keras' own way."""
    return layer(x, mask=steps)


def run_hoisted(layer: Any, x: Tensor, steps: Tensor | None) -> Sequence[Tensor]:
    """Run a recurrent layer on a CPU.

    At a padded step the outputs are those of the step before, as in a Keras layer of one direction. Keras'
    Bidirectional puts zeros there instead; nothing reads either.

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


def _forward(cell: SplitCell, projected: Gates, mask: Tensor | None) -> tuple[Tensor, States, list[Any], list[Any]]:
    """All outputs, the last states, and for the gradient of every step what the cell kept and the states before."""
    count, zero = projected[0].shape[0], tf.zeros_like(projected[0][0])
    start: States = (zero,) * cell.states
    # Only to see how many values the cell keeps: the result is no part of the graph that runs.
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
    cell: SplitCell, d_outputs: Tensor, d_last: States, kept: list[Any], before: list[Any], mask: Tensor | None
) -> list[Tensor]:
    """The gradients `d` of every step, each (steps, samples, units)."""
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
    """Call the body for every step from 0 on, with the step's number and the variables; it returns the variables."""
    done = tf.while_loop(
        lambda t, *_: t < count, lambda t, *now: (t + 1, *body(t, *now)), (0, *variables), maximum_iterations=count
    )
    return tuple(done[1:])
