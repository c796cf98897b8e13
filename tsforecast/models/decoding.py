"""From the window's last states to the horizon, in TensorFlow: one function for each way (MODEL.md section 3).

`layers` are recurrent layers that run forward in time, by layer and direction; `states` are theirs, in the same order.
A bidirectional network decodes with the cells of both directions side by side: neither sees the horizon.
inference.py has the same in NumPy, but for what reads the true horizon, which is known in training only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from tsforecast.models.network import SegmentNetwork

Tensor = Any
Layers = list[list[Any]]
States = list[list[list[Tensor]]]


def decode_direct(network: SegmentNetwork, states: States, series: Tensor, training: bool) -> Tensor:
    """All segments of the horizon at once, each one step away from the encoder's last state."""
    config = network.config
    segments = config.output_segments
    query = tf.tile(network.position[None], (tf.shape(series)[0], 1, 1))
    if network.series is not None:
        vector = tf.gather(network.series, series)[:, None]
        query = tf.concat([query, tf.tile(vector, (1, segments, 1))], axis=-1)
    query = tf.reshape(query, (-1, config.units))
    repeated = [[[tf.repeat(s, segments, axis=0) for s in state] for state in layer] for layer in states]
    output, _ = step(network.encoder, query, repeated)
    return network.read_out(output, training)


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
