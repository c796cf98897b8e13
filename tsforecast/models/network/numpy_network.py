"""The trained network's forward pass in NumPy, so that prediction starts at once and needs no TensorFlow.

Each function restates a part of network.py with the same weights; the contract test holds the two within 1e-5 for every
cell, direction, depth, strategy and head. In memory, steps come before samples, so that each step is one piece and
every product one of two matrices; and what is the same for all segments of the horizon is computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.network.config import NetworkConfig
from tsforecast.models.network.normalisation import normalise, statistics
from tsforecast.models.network.student_t import quantiles
from tsforecast.models.network.weights import Array, Weights, _directions
from tsforecast.series.panel import UNKNOWN_SERIES
from tsforecast.series.windows import Windows

State = tuple[Array, ...]


def forward(config: NetworkConfig, weights: Weights, windows: Windows) -> Array:
    """Forecast windows in model space.

    Args:
        config: the network's configuration.
        weights: tensors under the names of `weight_shapes`.
        windows: with the network's lookback.

    Returns:
        Shape (samples, horizon, levels), the levels in ascending order at every step.
    """
    values, mask = windows.values, windows.mask
    center, scale = statistics(values, mask, config.normalisation)
    segments = _segments(config, normalise(values, mask, center, scale))
    steps: NDArray[np.bool_] = np.any(_segments(config, mask), axis=2)
    embedded = _embed(weights, segments)
    end, states = _encode(config, weights, embedded, steps)
    if config.strategy == "direct":
        y = _decode_direct(config, weights, states, windows.categories)
    elif config.strategy == "seq2seq":
        end, states = _step(config, weights, embedded[-1], states, stack="decoder")
        y = _decode_fed_back(config, weights, end, states, stack="decoder")
    else:
        y = _decode_fed_back(config, weights, end, states, stack="layer")
    y = y.reshape(len(values), config.output_segments * config.segment, config.outputs)
    y = y[:, : config.horizon]
    if config.head == "student-t":
        y = quantiles(y, config.levels)
    if config.linear_skip:
        # As in the linear model, padding holds the first value: a level that goes on to the left. Quantiles of a
        # distribution move with its location.
        filled: Array = (values - center) / scale
        y = y + (filled @ weights["skip/kernel"] + weights["skip/bias"])[:, :, None]
    y = y * scale[:, :, None] + center[:, :, None]
    return np.sort(y, axis=2)


def _segments(config: NetworkConfig, window: NDArray[Any]) -> NDArray[Any]:
    """Windows cut up, padded on the left: shape (input_segments, samples, segment)."""
    padding = config.input_segments * config.segment - config.lookback
    padded = np.pad(window, ((0, 0), (padding, 0))) if padding else window
    cut = padded.reshape(len(window), config.input_segments, config.segment)
    # Segment by segment, so that the samples of each step lie side by side.
    return np.ascontiguousarray(cut.transpose(1, 0, 2))


def _sigmoid(x: Array) -> Array:
    """In place, as all activations: besides products the recurrent steps spend their time on moving memory."""
    x *= np.float32(0.5)
    np.tanh(x, out=x)
    x += np.float32(1)
    x *= np.float32(0.5)
    return x


def _tanh(x: Array) -> Array:
    return np.tanh(x, out=x)


def _relu(x: Array) -> Array:
    return np.maximum(x, np.float32(0), out=x)


_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"tanh": _tanh, "relu": _relu, "sigmoid": _sigmoid}


def _dense(x: Array, kernel: Array, bias: Array) -> Array:
    """The product over all leading axes at once, plus the bias."""
    y = x.reshape(-1, x.shape[-1]) @ kernel
    y += bias
    return y.reshape(*x.shape[:-1], y.shape[-1])


def _embed(weights: Weights, x: Array) -> Array:
    return _relu(_dense(x, weights["embed/kernel"], weights["embed/bias"]))


def _cell(config: NetworkConfig, projected: Array, recurrent: Array, state: State) -> State:
    """One step of a cell: Keras' SimpleRNN, LSTM (gates i, f, c, o) or GRU (gates z, r, h; reset after).

    Args:
        projected: from `_project`, shape (samples, gates x units); or (gates x units,) where it is one for all.
        recurrent: from `_recur`, shape (samples, gates x units).
        state: (h,) or (h, c), each (samples, units).
    """
    activation, units = _ACTIVATIONS[config.activation], config.units
    if config.cell == "rnn":
        return (activation(projected + recurrent),)
    if config.cell == "lstm":
        i, f, c, o = np.split(projected + recurrent, 4, axis=-1)
        memory = _sigmoid(f) * state[1]
        memory += _sigmoid(i) * activation(c)
        return _sigmoid(o) * activation(memory.copy()), memory
    gates = _sigmoid(projected[..., : 2 * units] + recurrent[..., : 2 * units])
    z, r = gates[..., :units], gates[..., units:]
    candidate = r * recurrent[..., 2 * units :]
    candidate += projected[..., 2 * units :]
    activation(candidate)
    h = state[0] - candidate
    h *= z
    h += candidate  # z x h + (1 - z) x candidate
    return (h,)


def _project(config: NetworkConfig, weights: Weights, name: str, x: Array) -> Array:
    """The part of a cell that does not depend on the state: the input times the kernel, plus the bias."""
    bias = weights[f"{name}/bias"]
    return _dense(x, weights[f"{name}/kernel"], bias[0] if config.cell == "gru" else bias)


def _recur(config: NetworkConfig, weights: Weights, name: str, state: State) -> Array:
    """The part of a cell that does not depend on the input."""
    recurrent = state[0] @ weights[f"{name}/recurrent_kernel"]
    if config.cell == "gru":
        recurrent += weights[f"{name}/bias"][1]
    return recurrent


def _run(
    config: NetworkConfig, weights: Weights, name: str, x: Array, steps: NDArray[np.bool_], *, backward: bool
) -> tuple[Array, State]:
    """One direction of one layer over the window: outputs (segments, samples, units) and the last state."""
    segments, samples, _ = x.shape
    zero = np.zeros((samples, config.units), np.float32)
    state: State = (zero, zero) if config.cell == "lstm" else (zero,)
    projected = _project(config, weights, name, x)
    outputs = np.empty((segments, samples, config.units), np.float32)
    padded = not steps.all()
    for t in reversed(range(segments)) if backward else range(segments):
        following = _cell(config, projected[t], _recur(config, weights, name, state), state)
        if padded:
            kept = steps[t, :, None]
            following = tuple(np.where(kept, new, old) for new, old in zip(following, state, strict=True))
        state = following
        outputs[t] = state[0]
    return outputs, state


def _encode(
    config: NetworkConfig, weights: Weights, x: Array, steps: NDArray[np.bool_]
) -> tuple[Array, list[list[State]]]:
    states, end = [], x[-1]
    for number in range(config.layers):
        outputs, last = [], []
        for direction in _directions(config):
            name = f"layer{number}/{direction}"
            output, state = _run(config, weights, name, x, steps, backward=direction == "backward")
            outputs.append(output)
            last.append(state)
        sequence, final = _joined(outputs), _joined([state[0] for state in last])
        x, end = (sequence + x, final + end) if number else (sequence, final)
        states.append(last)
    return end, states


def _joined(directions: list[Array]) -> Array:
    return directions[0] if len(directions) == 1 else np.concatenate(directions, axis=-1)


def _step(
    config: NetworkConfig, weights: Weights, x: Array, states: list[list[State]], *, stack: str
) -> tuple[Array, list[list[State]]]:
    """One more step of the layers of a stack, `layer` or `decoder`."""
    following = []
    for number, layer in enumerate(states):
        new = []
        for direction, state in zip(_directions(config), layer, strict=True):
            name = f"{stack}{number}/{direction}"
            recurrent = _recur(config, weights, name, state)
            new.append(_cell(config, _project(config, weights, name, x), recurrent, state))
        output = _joined([state[0] for state in new])
        x = output + x if number else output
        following.append(new)
    return x, following


def _head(weights: Weights, x: Array) -> Array:
    return _dense(x, weights["head/kernel"], weights["head/bias"])


def _decode_direct(
    config: NetworkConfig,
    weights: Weights,
    states: list[list[State]],
    categories: NDArray[np.int64],
) -> Array:
    """One step from the same states for each segment of the horizon: shape (samples, output_segments, outputs)."""
    x = _queries(config, weights, categories)
    for number, layer in enumerate(states):
        new = []
        for direction, state in zip(_directions(config), layer, strict=True):
            name = f"layer{number}/{direction}"
            recurrent = _recur(config, weights, name, state)
            new.append([_cell(config, each, recurrent, state)[0] for each in _project(config, weights, name, x)])
        output = _joined([np.stack(segments) for segments in new])
        x = output + x if number else output
    return _head(weights, x.transpose(1, 0, 2))


def _queries(config: NetworkConfig, weights: Weights, categories: NDArray[np.int64]) -> Array:
    """What each segment of the horizon is asked for with, shape (output_segments, samples, units).

    Without categories it is the same for all samples: shape (output_segments, 1, units).
    """
    position = weights["query/position"][:, None]
    if not config.inputs.categories:
        return position
    learned = [position]
    for number in range(len(config.inputs.categories)):
        vectors, values = weights[f"query/category{number}"], categories[:, number]
        chosen, unknown = vectors[values], values == UNKNOWN_SERIES
        if unknown.any():
            # A value that the network has not seen is asked for with the average of those that it has.
            chosen[unknown] = vectors.mean(axis=0)
        learned.append(chosen)
    shape = (len(position), len(categories))
    return np.concatenate([np.broadcast_to(one, (*shape, one.shape[-1])) for one in learned], axis=-1)


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
