"""How the segments of the horizon follow from the encoder's states, in Keras: all at once, or one after the other."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tsforecast.models.network.keras_cells import Gates, SplitCell, Tensor, cell_of, combine, project, recur
from tsforecast.models.network.keras_covariates import Beside, Queries, future_segments, vectors_of

Layers = list[list[Any]]
States = list[list[list[Tensor]]]


def decode_direct(network: Any, states: States, queries: Queries, training: bool) -> Tensor:
    """All segments of the horizon at once, each one step away from the encoder's last state.

    What is the same for every sample, or for every segment, meets its weights once.
    """
    output: Tensor = None
    for number, (directions, before) in enumerate(zip(network.encoder, states, strict=True)):
        outputs = []
        for layer, state in zip(directions, before, strict=True):
            cell = cell_of(layer)
            projected = project(cell, output) if number else _project_queries(network, cell, queries)
            recurrent = recur(cell, state[0])
            each = tuple(gate[:, None] for gate in recurrent), tuple(one[:, None] for one in state)
            outputs.append(combine(cell, projected, *each)[0])
        wide = tf.concat(outputs, axis=-1)
        output = wide + output if number else wide
    return network.read_out(output, training)


def _project_queries(network: Any, cell: SplitCell, queries: Queries) -> Gates:
    """The input part of the gates from the queries, each (1 or samples, segments, units)."""
    gates = tuple(gate[None] for gate in project(cell, network.position))
    first = network.position.shape[1]
    for number, vectors in network.vectors.items():
        projected = project(cell, vectors_of(vectors, queries.categories[:, number], number), first=first)
        gates = tuple(one + vector[:, None] for one, vector in zip(gates, projected, strict=True))
        first += vectors.shape[1]
    if network.static is not None:
        projected = project(cell, tf.matmul(queries.covariates.static, network.static), biased=False)
        gates = tuple(one + more[:, None] for one, more in zip(gates, projected, strict=True))
    if network.future is not None:
        known = network.future(future_segments(network.config, queries.covariates.future))
        projected = project(cell, known, biased=False)
        gates = tuple(one + more for one, more in zip(gates, projected, strict=True))
    return gates


def decode_fed_back(
    network: Any, layers: Layers, output: Tensor, states: States, beside: Beside, training: bool
) -> Tensor:
    """One segment after the other; the median or location of each is the next input.

    Args:
        network: a SegmentNetwork, which embeds segments and reads them out.
        layers: the cells that run.
        output: their output that the first segment is read from, shape (samples, width).
        states: their states after it.
        beside: what is read beside the values of a segment.
        training: whether dropout is on.
    """
    config = network.config
    segments = []
    for number in range(config.output_segments):
        y = network.read_out(output, training)
        y = tf.reshape(y, (-1, config.segment, config.outputs))
        segments.append(y)
        if number < config.output_segments - 1:
            place = config.input_segments + number
            x = network.embedded(y[:, None, :, config.fed_back], beside, slice(place, place + 1))
            output, states = step(layers, x[:, 0], states)
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
