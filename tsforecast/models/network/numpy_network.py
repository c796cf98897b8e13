"""The forward pass of a trained network in NumPy, so that `predict` starts at once and needs no TensorFlow.

It computes what keras_network.py computes, with the same weights; a test holds the two within 1e-5 for every cell,
direction, depth, strategy and head. In memory, steps come before samples, so that each step is one piece and every
product one of two matrices. What is the same for all segments of the horizon is computed once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsforecast.arrays import Bool, Float32, Int64
from tsforecast.models.network.cells import CELLS, Activation, State
from tsforecast.models.network.config import NetworkConfig
from tsforecast.models.network.linear_inputs import linear_inputs
from tsforecast.models.network.normalisation import normalise, statistics
from tsforecast.models.network.student_t import quantiles
from tsforecast.models.network.weights import Weights
from tsforecast.series.panel import UNKNOWN_SERIES
from tsforecast.series.windows import Windows


def forward(config: NetworkConfig, weights: Weights, windows: Windows) -> Float32:
    """Forecast windows in model space.

    Args:
        config: the network's configuration.
        weights: tensors under the names of `weight_shapes`.
        windows: with the network's lookback.

    Returns:
        Quantiles, shape (samples, horizon, quantiles), in ascending order at every step.
    """
    values, mask = windows.values, windows.mask
    center, scale = statistics(values, mask, config.normalisation)
    normalised = normalise(values, mask, center, scale)
    steps: Bool = np.any(_segments(config, mask), axis=2)
    beside = _beside(config, weights, windows)
    embedded = _embed(weights, _segments(config, normalised), beside, slice(0, config.input_segments))
    end, states = _encode(config, weights, embedded, steps)
    if config.decoding.at_once:
        y = _decode_direct(config, weights, states, windows)
    elif config.decoding.own_decoder:
        end, states = _step(config, weights, embedded[-1], states, stack="decoder")
        y = _decode_fed_back(config, weights, end, states, beside, stack="decoder")
    else:
        y = _decode_fed_back(config, weights, end, states, beside, stack="layer")
    y = y.reshape(len(values), config.output_segments * config.segment, config.outputs)
    y = y[:, : config.horizon]
    if config.head == "student-t":
        y = quantiles(y, config.quantiles)
    if config.linear_skip:
        # As in the linear model, padding holds the first value, as if the level had been the same before. The quantiles
        # of a distribution move with its location.
        filled: Float32 = (values - center) / scale
        read = linear_inputs(config.inputs, filled, windows)
        y = y + (read @ weights["skip/kernel"] + weights["skip/bias"])[:, :, None]
    y = y * scale[:, :, None] + center[:, :, None]
    return np.sort(y, axis=2)


def _segments(config: NetworkConfig, window: NDArray[Any]) -> NDArray[Any]:
    """Windows cut up, padded on the left: shape (input_segments, samples, segment)."""
    padding = config.input_segments * config.segment - config.lookback
    padded = np.pad(window, ((0, 0), (padding, 0))) if padding else window
    cut = padded.reshape(len(window), config.input_segments, config.segment)
    # Segment by segment, so that the samples of each step lie side by side.
    return np.ascontiguousarray(cut.transpose(1, 0, 2))


def _past_segments(config: NetworkConfig, windows: Windows) -> Float32:
    """The covariates of the window cut up, zero where it is padded: shape (input_segments, samples, segment x past)."""
    padding = config.input_segments * config.segment - config.lookback
    known = np.where(windows.mask[:, :, None], windows.past, np.float32(0))
    known = np.pad(known, ((0, 0), (padding, 0), (0, 0))) if padding else known
    return np.ascontiguousarray(known.reshape(len(known), config.input_segments, -1).transpose(1, 0, 2))


def _future_segments(config: NetworkConfig, windows: Windows) -> Float32:
    """The covariates of the horizon cut up: shape (output_segments, samples, segment x future)."""
    padding = config.output_segments * config.segment - config.horizon
    known = np.pad(windows.future, ((0, 0), (0, padding), (0, 0))) if padding else windows.future
    return np.ascontiguousarray(known.reshape(len(known), config.output_segments, -1).transpose(1, 0, 2))


def _sigmoid(x: Float32) -> Float32:
    """In place, as all activations: besides products, recurrent steps spend their time on moving memory."""
    x *= np.float32(0.5)
    np.tanh(x, out=x)
    x += np.float32(1)
    x *= np.float32(0.5)
    return x


def _tanh(x: Float32) -> Float32:
    return np.tanh(x, out=x)


def _relu(x: Float32) -> Float32:
    return np.maximum(x, np.float32(0), out=x)


_ACTIVATIONS: dict[str, Activation] = {"tanh": _tanh, "relu": _relu, "sigmoid": _sigmoid}


def _dense(x: Float32, kernel: Float32, bias: Float32) -> Float32:
    """The product over all leading axes at once, plus the bias."""
    y = x.reshape(-1, x.shape[-1]) @ kernel
    y += bias
    return y.reshape(*x.shape[:-1], y.shape[-1])


class Beside(NamedTuple):
    """What is read beside the values of each segment, steps first; None for nothing.

    Args:
        own: the covariates of the segment, shape (steps, samples, segment x past).
        following: what is added to the embedded segment: all that is known of the one to forecast after it, where
            segments are fed back; shape (steps, samples, units). The steps are those of window and horizon but the
            last.
    """

    own: Float32 | None
    following: Float32 | None


def _beside(config: NetworkConfig, weights: Weights, windows: Windows) -> Beside:
    own = _past_segments(config, windows) if config.inputs.past else None
    if config.decoding.at_once or not config.inputs.covariates:
        return Beside(own, None)
    count, after = config.input_segments + config.output_segments - 1, None
    if own is not None:
        timeline = np.concatenate([own, _future_segments(config, windows)])
        own, after = timeline[:-1], timeline[1:]
    queries = _queries(config, weights, windows, after)
    return Beside(own, np.broadcast_to(queries, (count, *queries.shape[1:])))


def _embed(weights: Weights, values: Float32, beside: Beside, steps: slice) -> Float32:
    """Segments of values, shape (n, samples, segment), which are these steps of window and horizon."""
    read = values if beside.own is None else np.concatenate([values, beside.own[steps]], axis=2)
    x = _relu(_dense(read, weights["embed/kernel"], weights["embed/bias"]))
    return x if beside.following is None else x + beside.following[steps]


def _project(config: NetworkConfig, weights: Weights, name: str, x: Float32) -> Float32:
    """The part of the gates that does not depend on the state: the input times the kernel, plus the bias."""
    bias = weights[f"{name}/bias"]
    return _dense(x, weights[f"{name}/kernel"], bias[0] if CELLS[config.cell].recurrent_bias else bias)


def _recur(config: NetworkConfig, weights: Weights, name: str, state: State) -> Float32:
    """The part of the gates that does not depend on the input."""
    recurrent = state[0] @ weights[f"{name}/recurrent_kernel"]
    if CELLS[config.cell].recurrent_bias:
        recurrent += weights[f"{name}/bias"][1]
    return recurrent


def _cell(config: NetworkConfig, projected: Float32, recurrent: Float32, state: State) -> State:
    """One step of the network's cell, from what `_project` and `_recur` return."""
    return CELLS[config.cell].step(projected, recurrent, state, _ACTIVATIONS[config.activation], _sigmoid)


def _run(
    config: NetworkConfig, weights: Weights, name: str, x: Float32, steps: Bool, *, backward: bool
) -> tuple[Float32, State]:
    """One direction of one layer over the window: outputs (segments, samples, units) and the last state."""
    segments, samples, _ = x.shape
    zero = np.zeros((samples, config.units), np.float32)
    state: State = (zero,) * CELLS[config.cell].states
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


def _encode(config: NetworkConfig, weights: Weights, x: Float32, steps: Bool) -> tuple[Float32, list[list[State]]]:
    states, end = [], x[-1]
    for number in range(config.layers):
        outputs, last = [], []
        for direction in config.directions:
            name = f"layer{number}/{direction}"
            output, state = _run(config, weights, name, x, steps, backward=direction == "backward")
            outputs.append(output)
            last.append(state)
        sequence, final = _joined(outputs), _joined([state[0] for state in last])
        x, end = (sequence + x, final + end) if number else (sequence, final)
        states.append(last)
    return end, states


def _joined(directions: list[Float32]) -> Float32:
    return directions[0] if len(directions) == 1 else np.concatenate(directions, axis=-1)


def _step(
    config: NetworkConfig, weights: Weights, x: Float32, states: list[list[State]], *, stack: str
) -> tuple[Float32, list[list[State]]]:
    """One more step of the layers of a stack, `layer` or `decoder`."""
    following = []
    for number, layer in enumerate(states):
        new = []
        for direction, state in zip(config.directions, layer, strict=True):
            name = f"{stack}{number}/{direction}"
            recurrent = _recur(config, weights, name, state)
            new.append(_cell(config, _project(config, weights, name, x), recurrent, state))
        output = _joined([state[0] for state in new])
        x = output + x if number else output
        following.append(new)
    return x, following


def _head(weights: Weights, x: Float32) -> Float32:
    return _dense(x, weights["head/kernel"], weights["head/bias"])


def _decode_direct(
    config: NetworkConfig,
    weights: Weights,
    states: list[list[State]],
    windows: Windows,
) -> Float32:
    """One step from the same states for each segment of the horizon: shape (samples, output_segments, outputs)."""
    x = _queries(config, weights, windows, _future_segments(config, windows) if config.inputs.future else None)
    for number, layer in enumerate(states):
        new = []
        for direction, state in zip(config.directions, layer, strict=True):
            name = f"layer{number}/{direction}"
            recurrent = _recur(config, weights, name, state)
            new.append([_cell(config, each, recurrent, state)[0] for each in _project(config, weights, name, x)])
        output = _joined([np.stack(segments) for segments in new])
        x = output + x if number else output
    return _head(weights, x.transpose(1, 0, 2))


def _queries(config: NetworkConfig, weights: Weights, windows: Windows, known: Float32 | None) -> Float32:
    """What is known of segments to forecast, shape (segments, samples, units).

    Without categories and covariates it is the same for all samples, and without `known` for all segments that are fed
    back: such an axis has the length 1. `known` holds the covariates of the segments, one after the other.
    """
    queries = _learned(config, weights, windows.categories)
    if known is not None:
        queries = queries + _relu(_dense(known, weights["query/future/kernel"], weights["query/future/bias"]))
    return queries + windows.static @ weights["query/static"] if config.inputs.static else queries


def _learned(config: NetworkConfig, weights: Weights, categories: Int64) -> Float32:
    """The learned vectors of segments and categories beside each other, shaped as the queries.

    Segments that are fed back have none of their own, for the recurrence tells them apart.
    """
    none = np.zeros((1, config.units - config.category_width), np.float32)
    position = weights.get("query/position", none)[:, None]
    read = [number for number, width in enumerate(config.inputs.category_widths) if width]
    if not read:
        return position
    learned = [position]
    for number in read:
        vectors, values = weights[f"query/category{number}"], categories[:, number]
        chosen, unknown = vectors[values], values == UNKNOWN_SERIES
        if unknown.any():
            # A value that the network has not seen gets the average vector of those that it has.
            chosen[unknown] = vectors.mean(axis=0)
        learned.append(chosen)
    shape = (len(position), len(categories))
    return np.concatenate([np.broadcast_to(one, (*shape, one.shape[-1])) for one in learned], axis=-1)


def _decode_fed_back(
    config: NetworkConfig, weights: Weights, end: Float32, states: list[list[State]], beside: Beside, *, stack: str
) -> Float32:
    segments = []
    for number in range(config.output_segments):
        y = _head(weights, end).reshape(len(end), config.segment, config.outputs)
        segments.append(y)
        if number < config.output_segments - 1:
            step = config.input_segments + number
            (x,) = _embed(weights, y[None, :, :, config.fed_back], beside, slice(step, step + 1))
            end, states = _step(config, weights, x, states, stack=stack)
    return np.stack(segments, axis=1)
