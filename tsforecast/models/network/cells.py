"""The recurrent cells: their facts, and one step of each in array arithmetic.

A step uses only the operators, slices and methods of the arrays that it is given. So this module does not import NumPy,
and the command line can list the cells at once. keras_cells.py holds the twin of each cell, which is trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsforecast.arrays import Float32

State = tuple["Float32", ...]
Activation = Callable[["Float32"], "Float32"]  # works in place


@dataclass(frozen=True)
class Cell:
    """A recurrent cell, with the weights and the gate order of the Keras layer of its kind.

    Args:
        summary: one line for the help.
        gates: blocks of `units` columns in its kernels and its bias.
        states: arrays that it hands on to the next step, the output first.
        recurrent_bias: whether the product with the state has a bias of its own, the second row of `bias`.
        step: (input part of the gates, state part, states before, activation, sigmoid) to the states after. The parts
            have the shape (samples, gates x units), or (gates x units,) for an input that is one for all samples.
    """

    summary: str
    gates: int
    states: int
    recurrent_bias: bool
    step: Callable[[Float32, Float32, State, Activation, Activation], State]


def _rnn(projected: Float32, recurrent: Float32, before: State, activate: Activation, sigmoid: Activation) -> State:
    """h' = activate(x W + h U + b)."""
    return (activate(projected + recurrent),)


def _lstm(projected: Float32, recurrent: Float32, before: State, activate: Activation, sigmoid: Activation) -> State:
    """c' = f c + i activate(..), h' = o activate(c'); gates i, f, c, o (Hochreiter and Schmidhuber 1997)."""
    gates, units = projected + recurrent, before[0].shape[-1]
    i, f, c, o = (gates[..., k * units : (k + 1) * units] for k in range(4))
    memory = sigmoid(f) * before[1]
    memory += sigmoid(i) * activate(c)
    return sigmoid(o) * activate(memory.copy()), memory


def _gru(projected: Float32, recurrent: Float32, before: State, activate: Activation, sigmoid: Activation) -> State:
    """h' = z h + (1 - z) activate(x W + r (h U + b)); gates z, r, h, reset after the product (Cho et al. 2014)."""
    units = before[0].shape[-1]
    gates = sigmoid(projected[..., : 2 * units] + recurrent[..., : 2 * units])
    z, r = gates[..., :units], gates[..., units:]
    candidate = r * recurrent[..., 2 * units :]
    candidate += projected[..., 2 * units :]
    activate(candidate)
    h = before[0] - candidate
    h *= z
    h += candidate
    return (h,)


CELLS = {
    "rnn": Cell("plain recurrent cell: the smallest and fastest network", 1, 1, False, _rnn),
    "lstm": Cell("gates and a memory cell: for long windows with rare events", 4, 2, False, _lstm),
    "gru": Cell("gates without a memory cell: the best network for most data", 3, 1, True, _gru),
}
