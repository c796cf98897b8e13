"""From the window's last states to the horizon, in TensorFlow: one function for each way (MODEL.md section 3).

`layers` are recurrent layers that run forward in time, by layer and direction; `states` are theirs, in the same order.
A bidirectional network decodes with the cells of both directions side by side: neither sees the horizon.
inference.py has the same in NumPy, but for what reads the true horizon, which is known in training only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from tsforecast.models.cells import Cell, Gates, cell_of, combine, project, recur

if TYPE_CHECKING:
    from tsforecast.models.network import SegmentNetwork

Tensor = Any
Layers = list[list[Any]]
States = list[list[list[Tensor]]]


def decode_direct(network: SegmentNetwork, states: States, series: Tensor, training: bool) -> Tensor:
    """All segments of the horizon at once, each one step away from the encoder's last state.

    The queries are the same for every sample and the states for every segment, so each meets its weights once.
    """
    output: Tensor = None
    for number, (directions, before) in enumerate(zip(network.encoder, states, strict=True)):
        outputs = []
        for layer, state in zip(directions, before, strict=True):
            cell = cell_of(layer)
            projected = project(cell, output) if number else _project_queries(network, cell, series)
            recurrent = recur(cell, state[0])
            each = tuple(gate[:, None] for gate in recurrent), tuple(one[:, None] for one in state)
            outputs.append(combine(cell, projected, *each)[0])
        wide = tf.concat(outputs, axis=-1)
        output = wide + output if number else wide
    return network.read_out(output, training)


def _project_queries(network: SegmentNetwork, cell: Cell, series: Tensor) -> Gates:
    """What the queries add to the gates, (1 or samples, segments, units): of the segment, and of the series."""
    position = tuple(gate[None] for gate in project(cell, network.position))
    if network.series is None:
        return position
    vectors = project(cell, tf.gather(network.series, series), first=network.position.shape[1])
    return tuple(one + vector[:, None] for one, vector in zip(position, vectors, strict=True))


def decode_fed_back(network: SegmentNetwork, layers: Layers, output: Tensor, states: States, training: bool) -> Tensor:
    """One segment after the other; the median or location of each is the next input.

    Args:
        network: what embeds a segment and reads one out.
        layers: the cells that are stepped on.
        output: theirs that the first segment is read from, shape (samples, width).
        states: theirs after it.
        training: whether dropout is on.
    """
    config = network.config
    segments = []
    for number in range(config.output_segments):
        y = network.read_out(output, training)
        y = tf.reshape(y, (-1, config.segment, config.outputs))
        segments.append(y)
        if number < config.output_segments - 1:
            output, states = step(layers, network.embed(y[:, :, config.fed_back]), states)
    return tf.stack(segments, axis=1)


def step(layers: Layers, x: Tensor, states: States) -> tuple[Tensor, States]:
    """One more step of every layer from given states: outputs (samples, width) and the new states."""
    following = []
    for number, (directions, before) in enumerate(zip(layers, states, strict=True)):
        results = [layer.cell(x, state) for layer, state in zip(directions, before, strict=True)]
        output = tf.concat([output for output, _ in results], axis=-1)
        x = output + x if number else output
        following.append([_as_list(after) for _, after in results])
    return x, following


def run_stack(layers: Layers, x: Tensor, states: States) -> Tensor:
    """Many known steps of every layer from given states: (samples, segments, features) to (.., .., width)."""
    for number, (directions, before) in enumerate(zip(layers, states, strict=True)):
        outputs = [layer(x, initial_state=state)[0] for layer, state in zip(directions, before, strict=True)]
        output = tf.concat(outputs, axis=-1)
        x = output + x if number else output
    return x


def _as_list(state: Any) -> list[Tensor]:
    return list(state) if isinstance(state, (list, tuple)) else [state]
