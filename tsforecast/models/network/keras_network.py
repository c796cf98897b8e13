"""The segment network in Keras, for training. numpy_network.py is its twin for forecasting.

Layers are Keras' own, so that a GPU uses its cuDNN kernels.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tsforecast.models.network.config import NetworkConfig, graph_normalisations
from tsforecast.models.network.keras_cells import KERAS_CELLS, RunLayer, Tensor, run_layer
from tsforecast.models.network.keras_covariates import Beside, Covariates, Queries, beside_of, linear_inputs
from tsforecast.models.network.keras_decoding import Layers, States, decode_direct, decode_fed_back, run_stack, step
from tsforecast.models.network.linear_inputs import linear_width
from tsforecast.models.network.normalisation import LEVEL_FLOOR, VARIANCE_FLOOR
from tsforecast.models.network.student_t import FREEDOM_FLOOR, SCALE_FLOOR


class SegmentNetwork(keras.Model):  # type: ignore[misc]
    """Windows in model space to forecasts in model space.

    Args:
        config: the network's configuration.
        seed: every initial weight and dropout mask derives from it.
    """

    def __init__(self, config: NetworkConfig, *, seed: int) -> None:
        super().__init__()
        self.config = config
        self._seeds = iter(np.random.SeedSequence(seed).generate_state(128).tolist())
        self.embed = keras.layers.Dense(config.units, activation="relu", kernel_initializer=self._glorot())
        self.stack = [self._recurrent() for _ in range(config.layers)]
        self.dropout = keras.layers.Dropout(config.dropout, seed=self._seed())
        self.head = keras.layers.Dense(config.segment * config.outputs, kernel_initializer=self._glorot())
        self.position, self.vectors = self._queries()
        self.decoder = self._decoder()
        self.skip: Any = None
        if config.linear_skip:
            self.skip = keras.layers.Dense(config.horizon, kernel_initializer="zeros")
            self.skip.build((None, linear_width(config.inputs, config.lookback, config.horizon)))
        for number, layer in enumerate(self.stack):
            layer.build(self._inputs(number))
        self.embed.build((None, None, config.segment * (1 + config.inputs.past)))
        self.head.build((None, None, config.width))
        self.future, self.static = self._covariates()
        self.built = True
        self._skips = tf.Variable(float(config.linear_skip), trainable=False)
        self._normalisations = graph_normalisations(config)
        place = self._normalisations.index(config.normalisation)
        self._normalisation = tf.Variable(place, trainable=False, dtype=tf.int64)

    def switch_to(self, config: NetworkConfig) -> None:
        """Become another network with the same graph (`config.graph_of`): under its normalisation, with its skip."""
        self._skips.assign(float(config.linear_skip))
        self._normalisation.assign(self._normalisations.index(config.normalisation))

    def _seed(self) -> int:
        return int(next(self._seeds)) % (2**31)

    def _glorot(self) -> Any:
        return keras.initializers.GlorotUniform(seed=self._seed())

    def _inputs(self, number: int) -> tuple[int | None, ...]:
        """Shape of what a recurrent layer reads."""
        return None, None, self.config.width if number else self.config.units

    def _one_way(self, *, go_backwards: bool = False) -> Any:
        config = self.config
        return KERAS_CELLS[config.cell].layer(
            config.units,
            activation=config.activation,
            kernel_initializer=self._glorot(),
            recurrent_initializer=keras.initializers.Orthogonal(seed=self._seed()),
            return_sequences=True,
            return_state=True,
            go_backwards=go_backwards,
        )

    def _recurrent(self) -> Any:
        layer = self._one_way()
        if not self.config.bidirectional:
            return layer
        backward = self._one_way(go_backwards=True)
        return keras.layers.Bidirectional(layer, backward_layer=backward, merge_mode="concat")

    def _decoder(self) -> Layers:
        """One layer for each one-way layer of the encoder, to start from its last state; none without own decoder."""
        if not self.config.decoding.own_decoder:
            return []
        layers = [[self._one_way() for _ in directions] for directions in self.encoder]
        for number, directions in enumerate(layers):
            for layer in directions:
                layer.build(self._inputs(number))
        return layers

    @property
    def encoder(self) -> Layers:
        """The one-way layers of the stack, by layer and direction."""
        if self.config.bidirectional:
            return [[layer.forward_layer, layer.backward_layer] for layer in self.stack]
        return [[layer] for layer in self.stack]

    def _covariates(self) -> tuple[Any, Any]:
        """What brings the covariates of the horizon, and the numbers of each series, into the queries."""
        config, future, static = self.config, None, None
        if config.inputs.future:
            future = keras.layers.Dense(config.units, activation="relu", kernel_initializer=self._glorot())
            future.build((None, None, config.segment * config.inputs.future))
        if config.inputs.static:
            shape = (config.inputs.static, config.units)
            static = self.add_weight(shape=shape, initializer=self._glorot(), name="static")
        return future, static

    def _queries(self) -> tuple[Any, dict[int, Any]]:
        """Learned vectors of the horizon's segments and, where wanted, of the categories, by their numbers."""
        config, position, vectors = self.config, None, {}
        if config.decoding.at_once:
            normal = keras.initializers.RandomNormal(stddev=1.0, seed=self._seed())
            shape = (config.output_segments, config.units - config.category_width)
            position = self.add_weight(shape=shape, initializer=normal, name="position")
        for number, shape in enumerate(zip(config.inputs.categories, config.inputs.category_widths, strict=True)):
            if shape[1]:
                normal = keras.initializers.RandomNormal(stddev=1.0, seed=self._seed())
                name = f"category{number}" if number else "series"
                vectors[number] = self.add_weight(shape=shape, initializer=normal, name=name)
        return position, vectors

    def call(
        self,
        values: Tensor,
        mask: Tensor | None,
        categories: Tensor,
        covariates: Covariates | None = None,
        training: bool = False,
        target: Tensor | None = None,
        run: RunLayer = run_layer,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Forecast.

        Args:
            values: float32, shape (samples, lookback).
            mask: bool, shape (samples, lookback), False where padded; None when nothing is padded.
            categories: int32, shape (samples, n), as in `Windows`.
            covariates: those that the network reads; None for none.
            training: whether dropout is on.
            target: float32, shape (samples, horizon), which `seq2seq` and `autoregressive` networks read in training in
                place of their own forecasts.
            run: how the encoder's layers are run.

        Returns:
            Normalised outputs (samples, steps, outputs): quantiles, or location, scale and degrees of freedom. The
            steps are the horizon's, with a target after the newest `window_targets` ones of the window. And the center
            and the scale that undo the normalisation, both (samples, 1, 1).
        """
        config = self.config
        center, scale = self._statistics(values, mask)
        filled = (values - center) / scale
        segments, steps = self._segments(filled, mask)
        known = None if target is None else (target - center) / scale
        queries = Queries(categories, covariates)
        beside = beside_of(self, queries, mask)
        if config.decoding.every_step and known is not None:
            y = self._predict_every_segment(segments, steps, beside, known, training, run)
        else:
            y = self._decode(segments, steps, queries, beside, known, training, run)
        y = tf.reshape(y, (tf.shape(values)[0], -1, config.outputs))
        predicted = config.horizon if known is None else config.window_targets + config.horizon
        y = y[:, :predicted]
        if config.head == "student-t":
            y = _distribution(y)
        if self.skip is not None:
            y = self._add_skip(y, filled, covariates)
        return y, center[:, :, None], scale[:, :, None]

    def read_out(self, output: Tensor, training: bool) -> Tensor:
        """The head's numbers for one segment, from the recurrent output (.., width): (.., segment x outputs)."""
        return self.head(self.dropout(output, training=training))

    def embedded(self, values: Tensor, beside: Beside, steps: slice) -> Tensor:
        """Segments of values, shape (samples, n, segment), which are these steps of window and horizon, embedded.

        Args:
            values: normalised.
            beside: what is read beside them.
            steps: of those that `beside` has.
        """
        x = self.embed(values if beside.own is None else tf.concat([values, beside.own[:, steps]], axis=2))
        return x if beside.following is None else x + beside.following[:, steps]

    def _segments(self, filled: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The window cut up, shape (samples, input_segments, segment), and which segments hold any value."""
        config = self.config
        padding = [[0, 0], [config.input_segments * config.segment - config.lookback, 0]]
        shape = (-1, config.input_segments, config.segment)
        steps = None if mask is None else tf.reduce_any(tf.reshape(tf.pad(mask, padding), shape), axis=2)
        return tf.reshape(tf.pad(filled if mask is None else tf.where(mask, filled, 0.0), padding), shape), steps

    def _decode(
        self,
        segments: Tensor,
        steps: Tensor | None,
        queries: Queries,
        beside: Beside,
        known: Tensor | None,
        training: bool,
        run: RunLayer,
    ) -> Tensor:
        """Outputs for the segments of the horizon."""
        count = self.config.input_segments
        embedded = self.embedded(segments, beside, slice(0, count))
        _, end, states = self._encode(embedded, steps, run)
        if self.config.decoding.at_once:
            return decode_direct(self, states, queries, training)
        if not self.config.decoding.own_decoder:
            return decode_fed_back(self, self.encoder, end, states, beside, training)
        if known is None:
            output, states = step(self.decoder, embedded[:, -1], states)
            return decode_fed_back(self, self.decoder, output, states, beside, training)
        inputs = tf.concat([segments[:, -1:], self._all_but_last(known)], axis=1)
        x = self.embedded(inputs, beside, slice(count - 1, count - 1 + self.config.output_segments))
        return self.read_out(run_stack(self.decoder, x, states), training)

    def _predict_every_segment(
        self, segments: Tensor, steps: Tensor | None, beside: Beside, known: Tensor, training: bool, run: RunLayer
    ) -> Tensor:
        """Outputs for every segment of window and horizon but the first, each after those before it (DeepAR)."""
        following = self._all_but_last(known)
        if steps is not None:
            steps = tf.concat([steps, tf.ones(tf.shape(following)[:2], bool)], axis=1)
        x = self.embedded(tf.concat([segments, following], axis=1), beside, slice(None))
        sequence, _, _ = self._encode(x, steps, run)
        return self.read_out(sequence, training)

    def _all_but_last(self, known: Tensor) -> Tensor:
        """The segments of a horizon that another follows, shape (samples, output_segments - 1, segment)."""
        count, segment = self.config.output_segments - 1, self.config.segment
        return tf.reshape(known[:, : count * segment], (tf.shape(known)[0], count, segment))

    def _encode(self, x: Tensor, steps: Tensor | None, run: RunLayer) -> tuple[Tensor, Tensor, States]:
        """Run the stack over embedded segments.

        Returns:
            Its outputs (samples, segments, width), its last output (samples, width), and each layer's last states.
        """
        states: States = []
        ends: list[Tensor] = []
        for number, layer in enumerate(self.stack):
            sequence, *last = run(layer, x, steps)
            each = [last[: len(last) // 2], last[len(last) // 2 :]] if self.config.bidirectional else [last]
            end = tf.concat([state[0] for state in each], axis=-1)
            ends.append(end + ends[-1] if number else end)
            states.append(each)
            x = sequence + x if number else sequence
        return x, ends[-1], states

    def _statistics(self, values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Center and scale of each window under the normalisation that is switched on, both (samples, 1)."""
        # All are computed, and one is taken: that is quicker than a branch in the graph.
        each = zip(*(_statistics(values, mask, method) for method in self._normalisations), strict=True)
        center, scale = (tf.gather(tf.stack(of_each), self._normalisation) for of_each in each)
        return center, scale

    def _add_skip(self, y: Tensor, filled: Tensor, covariates: Covariates | None) -> Tensor:
        """Add the linear forecast to every quantile, or to the location; nothing while the skip is switched off."""
        read = filled if covariates is None else linear_inputs(self.config.inputs, filled, covariates)
        linear = self.skip(read)[:, :, None] * self._skips
        if self.config.head == "student-t":
            return tf.concat([y[:, :, :1] + linear, y[:, :, 1:]], axis=2)
        return y + linear

    def start_skip(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        """Start at a linear model: the skip takes its weights, and the rest of the network adds nothing at first."""
        self.skip.kernel.assign(kernel)
        self.skip.bias.assign(bias)
        self.head.kernel.assign(tf.zeros_like(self.head.kernel))

    def named_weights(self) -> dict[str, Any]:
        """Variables under fixed names, the same for every version of Keras."""
        named = {"embed/kernel": self.embed.kernel, "embed/bias": self.embed.bias}
        for stack, layers in (("layer", self.encoder), ("decoder", self.decoder)):
            for number, directions in enumerate(layers):
                for direction, layer in zip(self.config.directions, directions, strict=True):
                    for name in ("kernel", "recurrent_kernel", "bias"):
                        named[f"{stack}{number}/{direction}/{name}"] = getattr(layer.cell, name)
        if self.position is not None:
            named["query/position"] = self.position
        for number, vectors in self.vectors.items():
            named[f"query/category{number}"] = vectors
        if self.future is not None:
            named["query/future/kernel"], named["query/future/bias"] = self.future.kernel, self.future.bias
        if self.static is not None:
            named["query/static"] = self.static
        named["head/kernel"], named["head/bias"] = self.head.kernel, self.head.bias
        if self.skip is not None:
            named["skip/kernel"], named["skip/bias"] = self.skip.kernel, self.skip.bias
        return named


def _distribution(y: Tensor) -> Tensor:
    """Location, scale and degrees of freedom from the head's numbers, as in student_t.quantiles."""
    scale, freedom = tf.nn.softplus(y[:, :, 1:2]) + SCALE_FLOOR, tf.nn.softplus(y[:, :, 2:]) + FREEDOM_FLOOR
    return tf.concat([y[:, :, :1], scale, freedom], axis=2)


def _statistics(values: Tensor, mask: Tensor | None, method: str) -> tuple[Tensor, Tensor]:
    """normalisation.statistics in TensorFlow."""
    last = values[:, -1:]
    if method == "last":
        return last, tf.ones_like(last)
    if method == "none":
        return tf.zeros_like(last), tf.ones_like(last)
    weight = tf.ones_like(values) if mask is None else tf.cast(mask, tf.float32)
    count = tf.reduce_sum(weight, axis=1, keepdims=True)
    if method == "mean-level":
        level = tf.reduce_sum(tf.abs(values) * weight, axis=1, keepdims=True) / count
        return tf.zeros_like(level), tf.maximum(level, LEVEL_FLOOR)
    mean = tf.reduce_sum(values * weight, axis=1, keepdims=True) / count
    variance = tf.reduce_sum(weight * (values - mean) ** 2, axis=1, keepdims=True) / count
    return mean, tf.sqrt(variance + VARIANCE_FLOOR)
