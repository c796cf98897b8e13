"""Keras' recurrent cells in parts, in TensorFlow: what depends on the input, on the state, and the rest, gate by gate.

The part of the input needs no state, so it is one matrix product for all steps; the part of the state needs no input,
so it is one product for all that start from the same state. The rest is element-wise, with its derivative written out:
that of a gate follows from its value, so nothing is computed twice. Gates are tensors of their own, because cutting
them out of a wide one copies them at every step.

SimpleRNN; LSTM with gates i, f, c, o (Hochreiter and Schmidhuber 1997); GRU with gates z, r, h, reset after the product
(Cho et al. 2014, as in cuDNN). States are (h,) or (h, c); each state and each gate has the shape (.., units).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

Tensor = Any
Gates = tuple[Tensor, ...]
States = tuple[Tensor, ...]


class Cell(NamedTuple):
    """A Keras cell, its weights by gate.

    Args:
        kernels: of the input, each (features, units).
        biases: added to the input's part, each (units,).
        recurrent_kernels: of the state, each (units, units).
        recurrent_biases: added to the state's part, (units,) or None, each.
        states: how many there are.
        forward: (input's part of the gates, state's part, states before) to (states after, what `backward` needs).
        backward: (gradients of the states after, what it needs, states before) to the gradients `d`, and those of the
            states before as far as they do not go through the gates. The first of `d` are those of the input's part;
            those of the state's part are named by `recurrent`.
        recurrent: of each gate of the state's part, the place of its gradient in `d`.
    """

    kernels: Gates
    biases: Gates
    recurrent_kernels: Gates
    recurrent_biases: tuple[Tensor | None, ...]
    states: int
    forward: Callable[[Gates, Gates, States], tuple[States, States]]
    backward: Callable[[States, States, States], tuple[Gates, States]]
    recurrent: tuple[int, ...]


def cell_of(layer: Any) -> Cell:
    """The cell of a Keras layer of one direction."""
    cell = layer.cell
    gates, states, maker, recurrent = _CELLS[type(cell).__name__]
    rows = [cell.bias] if len(cell.bias.shape) == 1 else tf.unstack(cell.bias)
    biases, *others = (tf.split(row, gates) for row in rows)
    recurrent_biases: list[Tensor | None] = [None] * gates
    for other in others:
        # Of the two biases of a GRU's gates, all but the one inside the reset are just added.
        biases = [bias + more for bias, more in zip(biases[:-1], other[:-1], strict=True)] + biases[-1:]
        recurrent_biases[-1] = other[-1]
    return Cell(
        tuple(tf.split(cell.kernel, gates, axis=1)),
        tuple(biases),
        tuple(tf.split(cell.recurrent_kernel, gates, axis=1)),
        tuple(recurrent_biases),
        states,
        *maker(_ACTIVATIONS[cell.activation.__name__]),
        recurrent,
    )


def project(cell: Cell, x: Tensor, first: int = 0) -> Gates:
    """What the input (.., features) adds to the gates; if it is a part of the input, the features from `first` on."""
    flat, around = tf.reshape(x, (-1, x.shape[-1])), tf.unstack(tf.shape(x))[:-1]
    rows = slice(first, first + x.shape[-1])
    biases = cell.biases if not first else tuple(tf.zeros_like(bias) for bias in cell.biases)
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


def recur(cell: Cell, h: Tensor) -> Gates:
    """What the state (samples, units) adds to the gates."""
    parts = zip(cell.recurrent_kernels, cell.recurrent_biases, strict=True)
    return tuple(tf.matmul(h, kernel) if bias is None else tf.matmul(h, kernel) + bias for kernel, bias in parts)


def combine(cell: Cell, projected: Gates, recurrent: Gates, states: States) -> States:
    """The states after one step, differentiable; whatever broadcasts may be given."""
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


def _simple(activation: _Activation) -> tuple[Any, Any]:
    def forward(projected: Gates, recurrent: Gates, states: States) -> tuple[States, States]:
        h = activation.value(projected[0] + recurrent[0])
        return (h,), (h,)

    def backward(d_after: States, kept: States, states: States) -> tuple[Gates, States]:
        d = d_after[0] * activation.slope(kept[0])
        return (d,), (tf.zeros_like(d),)

    return forward, backward


def _lstm(activation: _Activation) -> tuple[Any, Any]:
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


def _gru(activation: _Activation) -> tuple[Any, Any]:
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


# Number of gates and of states, the element-wise part, and where the gradients of the state's part are.
_CELLS: dict[str, tuple[int, int, Callable[[_Activation], tuple[Any, Any]], tuple[int, ...]]] = {
    "SimpleRNNCell": (1, 1, _simple, (0,)),
    "LSTMCell": (4, 2, _lstm, (0, 1, 2, 3)),
    "GRUCell": (3, 1, _gru, (0, 1, 3)),
}
