"""The trained network's forward pass in NumPy, so that prediction starts at once and needs no TensorFlow.

Each function restates a part of network.py with the same weights and the same order of operations; the contract test
holds the two within 1e-5 for every cell, direction, depth, strategy and head.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.config import NetworkConfig
from tsforecast.models.normalisation import normalise, statistics
from tsforecast.models.spec import Array, Weights
from tsforecast.models.student_t import quantiles

UNKNOWN_SERIES = -1
State = tuple[Array, ...]


def forward(
    config: NetworkConfig, weights: Weights, context: Array, mask: NDArray[np.bool_], series: NDArray[np.int64]
) -> Array:
    """Forecast windows in model space.

    Args:
        config: the network's configuration.
        weights: tensors under the names of `weight_shapes`.
        context: shape (samples, lookback).
        mask: shape (samples, lookback), False where padded.
        series: shape (samples,); UNKNOWN_SERIES for one the network was not trained on.

    Returns:
        Shape (samples, horizon, levels), the levels in ascending order at every step.
    """
    center, scale = statistics(context, mask, config.normalisation)
    x = normalise(context, mask, center, scale)
    padding = config.input_segments * config.segment - config.lookback
    segments = np.pad(x, ((0, 0), (padding, 0))).reshape(-1, config.input_segments, config.segment)
    steps: NDArray[np.bool_] = np.any(np.pad(mask, ((0, 0), (padding, 0))).reshape(segments.shape), axis=2)
    embedded = _embed(weights, segments)
    end, states = _encode(config, weights, embedded, steps)
    if config.strategy == "direct":
        y = _decode_direct(config, weights, states, series)
    elif config.strategy == "seq2seq":
        end, states = _step(config, weights, embedded[:, -1], states, stack="decoder")
        y = _decode_fed_back(config, weights, end, states, stack="decoder")
    else:
        y = _decode_fed_back(config, weights, end, states, stack="layer")
    y = y.reshape(len(context), config.output_segments * config.segment, config.outputs)
    y = y[:, : config.horizon]
    if config.head == "student-t":
        y = quantiles(y, config.levels)
    if config.linear_skip:
        # As in the linear model, padding holds the first value: a level that goes on to the left. Quantiles of a
        # distribution move with its location.
        filled: Array = (context - center) / scale
        y = y + (filled @ weights["skip/kernel"] + weights["skip/bias"])[:, :, None]
    y = y * scale[:, :, None] + center[:, :, None]
    return np.sort(y, axis=2)


def weight_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a configuration implies."""
    units, gates = config.units, {"rnn": 1, "gru": 3, "lstm": 4}[config.cell]
    shapes: dict[str, tuple[int, ...]] = {"embed/kernel": (config.segment, units), "embed/bias": (units,)}
    for stack in ("layer", "decoder") if config.strategy == "seq2seq" else ("layer",):
        for number, direction in product(range(config.layers), _directions(config)):
            name = f"{stack}{number}/{direction}"
            shapes[f"{name}/kernel"] = (config.width if number else units, gates * units)
            shapes[f"{name}/recurrent_kernel"] = (units, gates * units)
            shapes[f"{name}/bias"] = (2, gates * units) if config.cell == "gru" else (gates * units,)
    if config.strategy == "direct":
        half = units // 2 if config.series_vectors else 0
        shapes["query/position"] = (config.output_segments, units - half)
        if half:
            shapes["query/series"] = (config.series_vectors, half)
    outputs = config.segment * config.outputs
    shapes["head/kernel"], shapes["head/bias"] = (config.width, outputs), (outputs,)
    if config.linear_skip:
        shapes["skip/kernel"], shapes["skip/bias"] = (config.lookback, config.horizon), (config.horizon,)
    return shapes


def parameter_count(config: NetworkConfig) -> int:
    """Trained numbers of one network, from its configuration alone."""
    return sum(int(np.prod(shape)) for shape in weight_shapes(config).values())


def _sigmoid(x: Array) -> Array:
    return np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1))


def _relu(x: Array) -> Array:
    return np.maximum(x, np.float32(0))


_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"tanh": np.tanh, "relu": _relu, "sigmoid": _sigmoid}


def _embed(weights: Weights, x: Array) -> Array:
    return _relu(x @ weights["embed/kernel"] + weights["embed/bias"])


def _cell(config: NetworkConfig, weights: Weights, name: str, projected: Array, state: State) -> State:
    """One step of a cell: Keras' SimpleRNN, LSTM (gates i, f, c, o) or GRU (gates z, r, h; reset after).

    Args:
        projected: the input times the kernel, plus the bias, shape (samples, gates x units).
        state: (h,) or (h, c), each (samples, units).
    """
    activation = _ACTIVATIONS[config.activation]
    h = state[0]
    recurrent = h @ weights[f"{name}/recurrent_kernel"]
    if config.cell == "rnn":
        return (activation(projected + recurrent),)
    if config.cell == "lstm":
        i, f, c, o = np.split(projected + recurrent, 4, axis=-1)
        memory = _sigmoid(f) * state[1] + _sigmoid(i) * activation(c)
        return _sigmoid(o) * activation(memory), memory
    recurrent = recurrent + weights[f"{name}/bias"][1]
    units = config.units
    gates = _sigmoid(projected[..., : 2 * units] + recurrent[..., : 2 * units])
    z, r = gates[..., :units], gates[..., units:]
    candidate = activation(projected[..., 2 * units :] + r * recurrent[..., 2 * units :])
    return (z * h + (np.float32(1) - z) * candidate,)


def _project(config: NetworkConfig, weights: Weights, name: str, x: Array) -> Array:
    """The part of a cell that does not depend on the state, for all steps at once."""
    bias = weights[f"{name}/bias"]
    return x @ weights[f"{name}/kernel"] + (bias[0] if config.cell == "gru" else bias)


def _run(
    config: NetworkConfig, weights: Weights, name: str, x: Array, steps: NDArray[np.bool_], *, backward: bool
) -> tuple[Array, State]:
    """One direction of one layer over the window: outputs (samples, segments, units) and the last state."""
    samples, segments, _ = x.shape
    zero = np.zeros((samples, config.units), np.float32)
    state: State = (zero, zero) if config.cell == "lstm" else (zero,)
    projected = _project(config, weights, name, x)
    outputs = np.empty((samples, segments, config.units), np.float32)
    padded = not steps.all()
    for t in reversed(range(segments)) if backward else range(segments):
        following = _cell(config, weights, name, projected[:, t], state)
        if padded:
            kept = steps[:, t, None]
            following = tuple(np.where(kept, new, old) for new, old in zip(following, state, strict=True))
        state = following
        outputs[:, t] = state[0]
    return outputs, state


def _directions(config: NetworkConfig) -> tuple[str, ...]:
    return ("forward", "backward") if config.bidirectional else ("forward",)


def _encode(
    config: NetworkConfig, weights: Weights, x: Array, steps: NDArray[np.bool_]
) -> tuple[Array, list[list[State]]]:
    states, end = [], x[:, -1]
    for number in range(config.layers):
        outputs, last = [], []
        for direction in _directions(config):
            name = f"layer{number}/{direction}"
            output, state = _run(config, weights, name, x, steps, backward=direction == "backward")
            outputs.append(output)
            last.append(state)
        sequence, final = np.concatenate(outputs, axis=-1), np.concatenate([s[0] for s in last], axis=-1)
        x, end = (sequence + x, final + end) if number else (sequence, final)
        states.append(last)
    return end, states


def _step(
    config: NetworkConfig, weights: Weights, x: Array, states: list[list[State]], *, stack: str
) -> tuple[Array, list[list[State]]]:
    """One more step of the layers of a stack, `layer` or `decoder`."""
    following = []
    for number, layer in enumerate(states):
        new = []
        for direction, state in zip(_directions(config), layer, strict=True):
            name = f"{stack}{number}/{direction}"
            new.append(_cell(config, weights, name, _project(config, weights, name, x), state))
        output = np.concatenate([state[0] for state in new], axis=-1)
        x = output + x if number else output
        following.append(new)
    return x, following


def _head(weights: Weights, x: Array) -> Array:
    return x @ weights["head/kernel"] + weights["head/bias"]


def _decode_direct(
    config: NetworkConfig,
    weights: Weights,
    states: list[list[State]],
    series: NDArray[np.int64],
) -> Array:
    samples, segments = len(series), config.output_segments
    query = np.broadcast_to(weights["query/position"], (samples, *weights["query/position"].shape))
    if config.series_vectors:
        # A series that the network has not seen is asked for with the average of those that it has.
        table = np.vstack([weights["query/series"], weights["query/series"].mean(axis=0)])
        vector = table[np.where(series == UNKNOWN_SERIES, len(table) - 1, series)][:, None]
        query = np.concatenate([query, np.broadcast_to(vector, (samples, segments, vector.shape[2]))], axis=-1)
    repeated = [[tuple(np.repeat(s, segments, axis=0) for s in state) for state in layer] for layer in states]
    output, _ = _step(config, weights, query.reshape(samples * segments, config.units), repeated, stack="layer")
    return _head(weights, output)


def _decode_fed_back(
    config: NetworkConfig, weights: Weights, end: Array, states: list[list[State]], *, stack: str
) -> Array:
    segments = []
    for number in range(config.output_segments):
        y = _head(weights, end).reshape(len(end), config.segment, config.outputs)
        segments.append(y)
        if number < config.output_segments - 1:
            end, states = _step(config, weights, _embed(weights, y[:, :, config.fed_back]), states, stack=stack)
    return np.stack(segments, axis=1)
