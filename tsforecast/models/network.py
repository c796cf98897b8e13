"""The segment network in Keras (MODEL.md sections 1 to 3; SegRNN, Lin et al. 2023).

The window of L steps is cut into segments of w steps; each is one step of a recurrent stack, embedded by Dense + ReLU.
`direct` decoding runs the same cells for one step from the encoder's last state, once for each segment of the horizon
in parallel, with a learned query as input; `recursive` decoding predicts the next segment and feeds it back.
Layers are Keras' own, so that a GPU uses its cuDNN kernels. inference.py is this network in NumPy.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tsforecast.models.config import NetworkConfig
from tsforecast.models.normalisation import LEVEL_FLOOR, VARIANCE_FLOOR

_LAYERS = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
Tensor = Any


class SegmentNetwork(keras.Model):  # type: ignore[misc]
    """Windows in model space to forecasts in model space.

    Args:
        config: the network's configuration.
        seed: every initial weight and dropout mask derives from it.
    """

    def __init__(self, config: NetworkConfig, *, seed: int) -> None:
        super().__init__()
        self.config = config
        self._seeds = iter(np.random.SeedSequence(seed).generate_state(64).tolist())
        self.embed = keras.layers.Dense(config.units, activation="relu", kernel_initializer=self._glorot())
        self.stack = [self._recurrent() for _ in range(config.layers)]
        self.dropout = keras.layers.Dropout(config.dropout, seed=self._seed())
        self.head = keras.layers.Dense(config.segment * len(config.levels), kernel_initializer=self._glorot())
        self.position, self.series = self._queries()
        self.skip: Any = None
        if config.linear_skip:
            self.skip = keras.layers.Dense(config.horizon, kernel_initializer="zeros")
            self.skip.build((None, config.lookback))
        for number, layer in enumerate(self.stack):
            layer.build((None, None, config.units if number == 0 else config.width))
        self.embed.build((None, None, config.segment))
        self.head.build((None, None, config.width))
        self.built = True

    def _seed(self) -> int:
        return int(next(self._seeds)) % (2**31)

    def _glorot(self) -> Any:
        return keras.initializers.GlorotUniform(seed=self._seed())

    def _recurrent(self) -> Any:
        config = self.config
        options: dict[str, Any] = {
            "activation": config.activation,
            "kernel_initializer": self._glorot(),
            "recurrent_initializer": keras.initializers.Orthogonal(seed=self._seed()),
            "return_sequences": True,
            "return_state": True,
        }
        layer = _LAYERS[config.cell](config.units, **options)
        if not config.bidirectional:
            return layer
        options["kernel_initializer"] = self._glorot()
        options["recurrent_initializer"] = keras.initializers.Orthogonal(seed=self._seed())
        backward = _LAYERS[config.cell](config.units, go_backwards=True, **options)
        return keras.layers.Bidirectional(layer, backward_layer=backward, merge_mode="concat")

    def _queries(self) -> tuple[Any, Any]:
        """Learned vectors of the horizon's segments and, where wanted, of the series; half the width each."""
        config = self.config
        if config.strategy != "direct":
            return None, None
        half = config.units // 2 if config.series_vectors else 0
        normal = keras.initializers.RandomNormal(stddev=1.0, seed=self._seed())
        position = self.add_weight(
            shape=(config.output_segments, config.units - half), initializer=normal, name="position"
        )
        if not half:
            return position, None
        normal = keras.initializers.RandomNormal(stddev=1.0, seed=self._seed())
        series = self.add_weight(shape=(config.series_vectors, half), initializer=normal, name="series")
        return position, series

    def call(
        self, context: Tensor, mask: Tensor | None, series: Tensor, training: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Forecast.

        Args:
            context: float32, shape (samples, lookback).
            mask: bool, shape (samples, lookback), False where padded; None when nothing is padded.
            series: int32, shape (samples,).
            training: whether dropout is on.

        Returns:
            Normalised forecasts (samples, horizon, levels), and the center and the scale that undo the
            normalisation (samples, 1, 1).
        """
        config = self.config
        center, scale = _statistics(context, mask, config.normalisation)
        filled = (context - center) / scale
        x = filled if mask is None else tf.where(mask, filled, 0.0)
        padding = config.input_segments * config.segment - config.lookback
        segments = tf.pad(x, [[0, 0], [padding, 0]])
        segments = tf.reshape(segments, (-1, config.input_segments, config.segment))
        steps = None
        if mask is not None:
            padded = tf.pad(mask, [[0, 0], [padding, 0]])
            steps = tf.reduce_any(tf.reshape(padded, (-1, config.input_segments, config.segment)), axis=2)
        output, states = self._encode(self.embed(segments), steps)
        if config.strategy == "direct":
            y = self._decode_direct(states, series, training)
        else:
            y = self._decode_recursive(output, states, training)
        y = tf.reshape(y, (-1, config.output_segments * config.segment, len(config.levels)))
        y = y[:, : config.horizon]
        if self.skip is not None:
            y = y + self.skip(filled)[:, :, None]
        return y, center[:, :, None], scale[:, :, None]

    def _encode(self, x: Tensor, steps: Tensor | None) -> tuple[Tensor, list[list[Tensor]]]:
        """Run the stack over the window: what it ends with, shape (samples, width), and each layer's last states."""
        states: list[list[Tensor]] = []
        ends: list[Tensor] = []
        for number, layer in enumerate(self.stack):
            sequence, *last = layer(x, mask=steps)
            end = tf.concat(last[:: len(last) // 2], axis=-1) if self.config.bidirectional else last[0]
            ends.append(end + ends[-1] if number else end)
            states.append(list(last))
            x = sequence + x if number else sequence
        return ends[-1], states

    def _step(self, x: Tensor, states: list[list[Tensor]]) -> tuple[Tensor, list[list[Tensor]]]:
        """One more step of every layer from given states: outputs (samples, width) and the new states."""
        following = []
        for number, (layer, state) in enumerate(zip(self.stack, states, strict=True)):
            if self.config.bidirectional:
                half = len(state) // 2
                forward, ahead = layer.forward_layer.cell(x, state[:half])
                backward, back = layer.backward_layer.cell(x, state[half:])
                output = tf.concat([forward, backward], axis=-1)
                new = [*_as_list(ahead), *_as_list(back)]
            else:
                output, new = layer.cell(x, state)
                new = _as_list(new)
            following.append(new)
            x = output + x if number else output
        return x, following

    def _decode_direct(self, states: list[list[Tensor]], series: Tensor, training: bool) -> Tensor:
        """All segments of the horizon at once, each one step away from the encoder's last state."""
        config = self.config
        segments = config.output_segments
        samples = tf.shape(series)[0]
        query = tf.tile(self.position[None], (samples, 1, 1))
        if self.series is not None:
            vector = tf.gather(self.series, series)[:, None]
            query = tf.concat([query, tf.tile(vector, (1, segments, 1))], axis=-1)
        query = tf.reshape(query, (-1, config.units))
        repeated = [[tf.repeat(state, segments, axis=0) for state in layer] for layer in states]
        output, _ = self._step(query, repeated)
        return self.head(self.dropout(output, training=training))

    def _decode_recursive(self, output: Tensor, states: list[list[Tensor]], training: bool) -> Tensor:
        """One segment after the other; its median is fed back as the next input."""
        config = self.config
        middle = config.levels.index(0.5)
        segments = []
        for number in range(config.output_segments):
            y = self.head(self.dropout(output, training=training))
            y = tf.reshape(y, (-1, config.segment, len(config.levels)))
            segments.append(y)
            if number < config.output_segments - 1:
                output, states = self._step(self.embed(y[:, :, middle]), states)
        return tf.stack(segments, axis=1)

    def start_skip(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        """Start at a linear model: the skip takes its weights, and the rest of the network starts by adding nothing."""
        self.skip.kernel.assign(kernel)
        self.skip.bias.assign(bias)
        self.head.kernel.assign(tf.zeros_like(self.head.kernel))

    def named_weights(self) -> dict[str, Any]:
        """Variables under fixed names, the same for every version of Keras."""
        named = {"embed/kernel": self.embed.kernel, "embed/bias": self.embed.bias}
        for number, layer in enumerate(self.stack):
            directions = {"forward": layer}
            if self.config.bidirectional:
                directions = {"forward": layer.forward_layer, "backward": layer.backward_layer}
            for direction, part in directions.items():
                for name in ("kernel", "recurrent_kernel", "bias"):
                    named[f"layer{number}/{direction}/{name}"] = getattr(part.cell, name)
        if self.position is not None:
            named["query/position"] = self.position
        if self.series is not None:
            named["query/series"] = self.series
        named["head/kernel"], named["head/bias"] = self.head.kernel, self.head.bias
        if self.skip is not None:
            named["skip/kernel"], named["skip/bias"] = self.skip.kernel, self.skip.bias
        return named


def _as_list(state: Any) -> list[Tensor]:
    return list(state) if isinstance(state, (list, tuple)) else [state]


def _statistics(context: Tensor, mask: Tensor | None, method: str) -> tuple[Tensor, Tensor]:
    """normalisation.statistics for TensorFlow, without gradient (the input has none)."""
    last = context[:, -1:]
    if method == "last":
        return last, tf.ones_like(last)
    if method == "none":
        return tf.zeros_like(last), tf.ones_like(last)
    weight = tf.ones_like(context) if mask is None else tf.cast(mask, tf.float32)
    count = tf.reduce_sum(weight, axis=1, keepdims=True)
    if method == "mean-level":
        level = tf.reduce_sum(tf.abs(context) * weight, axis=1, keepdims=True) / count
        return tf.zeros_like(level), tf.maximum(level, LEVEL_FLOOR)
    mean = tf.reduce_sum(context * weight, axis=1, keepdims=True) / count
    variance = tf.reduce_sum(weight * (context - mean) ** 2, axis=1, keepdims=True) / count
    return mean, tf.sqrt(variance + VARIANCE_FLOOR)
