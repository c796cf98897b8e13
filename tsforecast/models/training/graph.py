"""The training steps of one network as a TensorFlow graph.

The flat array of values stays on the device; a step gathers its windows from it by origin, so that no window is copied
in advance. Every random draw (initial weights, dropout, order of windows) derives from one seed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from keras import optimizers

from tsforecast.arrays import Float32, Float64, Int64
from tsforecast.models.network.config import NetworkConfig, graph_of
from tsforecast.models.network.keras_cells import RunLayer, run_hoisted, run_layer
from tsforecast.models.network.keras_network import SegmentNetwork
from tsforecast.models.network.weights import Weights, weight_shapes
from tsforecast.models.training.config import LEAST_STEPS, TrainingConfig
from tsforecast.models.training.gradients import state_gradient_norms
from tsforecast.models.training.known import Known, resident
from tsforecast.models.training.losses import loss_function
from tsforecast.models.training.resume import GraphState
from tsforecast.series.windows import ModelRows, WindowIndex

_VALIDATION_BATCH = 256
_LEAST_SHARD = 16  # windows that are worth a core
_LONGEST_CALL = 1.0  # seconds that TensorFlow works without coming back, if a step takes less
_GRADIENT_WINDOWS = 64  # windows that the gradient along the window is measured on, at most a batch


@dataclass(frozen=True)
class TrainingData:
    """What a network learns from.

    Args:
        rows: all rows; targets that were filled in carry no loss.
        train: windows to learn from.
        validation: windows to choose the best weights by; may be empty.
        skip: `linear/kernel` and `linear/bias` that the linear skip starts from.
    """

    rows: ModelRows
    train: WindowIndex
    validation: WindowIndex
    skip: Weights | None = None


class TrainingGraph:
    """A network with its optimiser and its data on the device, and the graph functions that train it."""

    def __init__(self, data: TrainingData, network: NetworkConfig, training: TrainingConfig, seed: int) -> None:
        self.network, self.training = network, training
        self.model = SegmentNetwork(graph_of(network), seed=seed)
        self.batch = self._batch(data)
        self.optimizer = _optimizer(training)
        self.optimizer.build(self.model.trainable_variables)
        self.values = resident(data.rows.values)
        # On a GPU Keras' own loop becomes cuDNN's, and one batch fills it; a CPU is filled by a shard per core.
        on_gpu = "GPU" in self.values.device
        self.run_layer = run_layer if on_gpu else run_hoisted
        self.shards = 1 if on_gpu else max(1, min(training.threads, self.batch // _LEAST_SHARD))
        self.observed = None if data.rows.observed.all() else resident(data.rows.observed)
        self.starts = resident(data.rows.offsets[:-1])
        self.known = Known(data.rows, network)
        self.loss = loss_function(training.loss, network)
        self.all_full = self._all_full(data)
        self._at_once = 1  # steps per call, until their pace is known
        self._begin(data, network)
        # One trace serves every number of steps and every size of a validation batch.
        steps, windows = tf.TensorSpec((None, self.batch), tf.int64), tf.TensorSpec((None,), tf.int64)
        rates = tf.TensorSpec((None,), tf.float32)
        self._shard = tf.function(self._shard_gradients, input_signature=(windows, windows), autograph=False)
        self._validate = tf.function(self._validate_shard, input_signature=(windows, windows), autograph=False)
        self._train = tf.function(self._train_steps, input_signature=(steps, steps, rates), autograph=False)
        self._evaluate = tf.function(self._evaluate_batch, input_signature=(windows, windows), autograph=False)
        self._measure = tf.function(self._measure_gradients, input_signature=(windows, windows), autograph=False)

    def takes(self, data: TrainingData) -> bool:
        """Whether the traced graph serves these data too."""
        alike = (self.observed is None) == bool(data.rows.observed.all()) and self.all_full == self._all_full(data)
        return alike and self.batch == self._batch(data)

    def restart(self, data: TrainingData, network: NetworkConfig, seed: int) -> None:
        """Begin with other data and a network of the same graph, just as a new one would, without tracing again."""
        fresh = SegmentNetwork(graph_of(network), seed=seed)
        for (_, variable), (_, start) in zip(
            self.model.named_weights().items(), fresh.named_weights().items(), strict=True
        ):
            variable.assign(start)
        dropout = _dropout(self.model)
        if dropout is not None:
            dropout.assign(_dropout(fresh))
        for variable in self.optimizer.variables:
            variable.assign(tf.zeros_like(variable))
        self.values.assign(data.rows.values)
        if self.observed is not None:
            self.observed.assign(data.rows.observed)
        self.starts.assign(data.rows.offsets[:-1])
        self.known.assign(data.rows)
        self._begin(data, network)

    def _begin(self, data: TrainingData, network: NetworkConfig) -> None:
        self.data, self.network = data, network
        self.model.switch_to(network)
        if data.skip is not None:
            self.model.start_skip(data.skip["linear/kernel"], data.skip["linear/bias"])
        most = self.training.steps_per_epoch
        passes = -(-len(data.train) // self.batch)
        self.steps = int(np.clip(passes, min(LEAST_STEPS, most), most))

    def _batch(self, data: TrainingData) -> int:
        return min(self.training.batch_size, len(data.train))

    def _all_full(self, data: TrainingData) -> bool:
        """Whether no window is padded."""
        return all(
            bool(np.all(index.origins - data.rows.offsets[index.series] >= self.network.lookback))
            for index in (data.train, data.validation)
        )

    def order(self, seed: int, epoch: int) -> Int64:
        """Window numbers of each step, shape (steps, batch): a fresh shuffle, repeated where too short."""
        random = np.random.default_rng([seed, epoch])
        needed = self.steps * self.batch
        passes = -(-needed // len(self.data.train))
        shuffled = [random.permutation(len(self.data.train)) for _ in range(passes)]
        return np.concatenate(shuffled)[:needed].reshape(self.steps, self.batch)

    def run(self, order: Int64, rates: Float32) -> Float64:
        """Train on some steps; the loss, whether the gradient was clipped, and its norm of each, shape (steps, 3).

        Signals wait while TensorFlow works, so it gets as many steps at once as take about a second. How the steps are
        grouped does not change their results.
        """
        index, stats, begin = self.data.train, [], 0
        while begin < len(order):
            now = order[begin : begin + self._at_once]
            began = time.monotonic()
            known = self._train(
                tf.constant(index.origins[now]),
                tf.constant(index.series[now]),
                tf.constant(rates[begin : begin + len(now)], tf.float32),
            )
            stats.append(np.asarray(known.numpy(), dtype=np.float64))
            pace = (time.monotonic() - began) / len(now)
            self._at_once = max(1, int(_LONGEST_CALL / max(pace, 1e-6)))
            begin += len(now)
        return np.concatenate(stats)

    def validation_loss(self) -> float | None:
        """Mean loss over the validation windows; None without any."""
        index = self.data.validation
        if not len(index):
            return None
        total = weight = 0.0
        for begin in range(0, len(index), _VALIDATION_BATCH):
            part = slice(begin, begin + _VALIDATION_BATCH)
            losses, weights = self._evaluate(tf.constant(index.origins[part]), tf.constant(index.series[part]))
            total += float(losses)
            weight += float(weights)
        return total / weight if weight else None

    def gradient_norms(self) -> Float32:
        """The gradient's norm at every step of the window, over a fixed sample of the training windows."""
        sample = self.data.train.at_most(min(_GRADIENT_WINDOWS, self.batch))
        return self._measure(tf.constant(sample.origins), tf.constant(sample.series)).numpy()

    def weights(self) -> Weights:
        """A copy of the weights under their fixed names."""
        named = self.model.named_weights()
        return {name: np.array(named[name].numpy(), np.float32) for name in weight_shapes(self.network)}

    def restore(self, weights: Weights) -> None:
        """Go back to a copy of the weights."""
        named = self.model.named_weights()
        for name, weight in weights.items():
            named[name].assign(weight)

    def state(self) -> GraphState:
        """A copy of everything that training changes."""
        optimizer = tuple(np.array(variable.numpy()) for variable in self.optimizer.variables)
        dropout = _dropout(self.model)
        return GraphState(self.weights(), optimizer, None if dropout is None else np.array(dropout.numpy(), np.int64))

    def resume(self, state: GraphState) -> bool:
        """Go on from a state as if its epochs were trained here; False, with nothing changed, if it does not fit."""
        named, dropout = self.model.named_weights(), _dropout(self.model)
        named = {name: named[name] for name in weight_shapes(self.network)}
        if set(named) != set(state.weights) or (dropout is None) != (state.dropout is None):
            return False
        variables = [*named.values(), *self.optimizer.variables, *([] if dropout is None else [dropout])]
        values = [*(state.weights[name] for name in named), *state.optimizer]
        values += [] if state.dropout is None else [state.dropout]
        if [int(np.prod(variable.shape)) for variable in variables] != [value.size for value in values]:
            return False
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value.reshape(variable.shape).astype(variable.numpy().dtype))
        return True

    def _gather(self, origins: Any, series: Any, before: int) -> tuple[Any, Any, Any, Any]:
        """Windows, their masks, targets and weights; the last `before` steps of the windows are targets too."""
        network = self.network
        start = tf.gather(self.starts, series)[:, None]
        rows = origins[:, None] + tf.range(-network.lookback, 0, dtype=tf.int64)
        context = tf.gather(self.values, tf.maximum(rows, start))
        mask = None if self.all_full else rows >= start
        steps = tf.range(-before, network.horizon, dtype=tf.int64)
        targets = tf.maximum(origins[:, None] + steps, start)
        counts = None if self.observed is None else tf.gather(self.observed, targets)
        if before and mask is not None:
            # No loss on padding, nor on the first segment with a value: nothing comes before it.
            follows = origins[:, None] + steps // network.segment * network.segment > start
            counts = follows if counts is None else counts & follows
        weight = None if counts is None else tf.cast(counts, tf.float32)
        return context, mask, tf.gather(self.values, targets), weight

    def _forward(self, origins: Any, series: Any, training: bool, run: RunLayer) -> tuple[Any, Any]:
        before = self.network.window_targets if training else 0
        context, mask, target, weight = self._gather(origins, series, before)
        known = target[:, before:] if training else None
        categories, covariates = self.known.gather(origins, series, self.starts)
        y, center, scale = self.model.call(
            context, mask, categories, covariates, training=training, target=known, run=run
        )
        return self.loss(target, y, center, scale, weight)

    def _train_steps(self, origins: Any, series: Any, rates: Any) -> Any:
        """Loss, whether the gradient was clipped, and its norm of each step, shape (steps, 3)."""
        count = tf.shape(origins)[0]

        def body(step: Any, stats: Any) -> tuple[Any, Any]:
            return step + 1, stats.write(step, self._step(origins[step], series[step], rates[step]))

        stats = tf.TensorArray(tf.float32, count, element_shape=(3,))
        return tf.while_loop(lambda step, _: step < count, body, (0, stats))[1].stack()

    def _step(self, origins: Any, series: Any, rate: Any) -> Any:
        """Train on one batch; its loss, whether the gradient was clipped, and its norm."""
        variables = self.model.trainable_variables
        loss, gradients = self._batch_gradients(origins, series)
        norm = tf.linalg.global_norm(gradients)
        clipped = 0.0
        if self.training.clip_norm > 0:
            gradients, _ = tf.clip_by_global_norm(gradients, self.training.clip_norm, use_norm=norm)
            clipped = tf.cast(norm > self.training.clip_norm, tf.float32)
        self.optimizer.learning_rate.assign(rate)
        self.optimizer.apply(gradients, variables)
        return tf.stack([loss, clipped, norm])

    def _batch_gradients(self, origins: Any, series: Any) -> tuple[Any, list[Any]]:
        """Mean loss of a batch and its gradients; shards do not depend on each other, so each has a core for itself."""
        parts = [self._shard(origins[part], series[part]) for part in _shards(self.batch, self.shards)]
        losses, weights, gradients = zip(*parts, strict=True)
        total = tf.maximum(tf.add_n(weights), 1.0)
        return tf.add_n(losses) / total, [_sum(each, total) for each in zip(*gradients, strict=True)]

    def _shard_gradients(self, origins: Any, series: Any) -> tuple[Any, Any, list[Any]]:
        """Sum of the losses of some windows, sum of their weights, and the gradients of the former."""
        with tf.GradientTape() as tape:
            loss, weight = self._forward(origins, series, True, self.run_layer)
        # A skip that is switched off has no gradient.
        variables = [variable.value for variable in self.model.trainable_variables]
        return loss, weight, tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def _evaluate_batch(self, origins: Any, series: Any) -> tuple[Any, Any]:
        """Sum of the losses of a batch, and sum of their weights."""
        parts = _shards(tf.shape(origins)[0], self.shards)
        losses, weights = zip(*(self._validate(origins[part], series[part]) for part in parts), strict=True)
        return tf.add_n(losses), tf.add_n(weights)

    def _validate_shard(self, origins: Any, series: Any) -> tuple[Any, Any]:
        return self._forward(origins, series, False, self.run_layer)

    def _measure_gradients(self, origins: Any, series: Any) -> Any:
        def loss(run: RunLayer) -> Any:
            losses, weights = self._forward(origins, series, False, run)
            return losses / tf.maximum(weights, 1.0)

        return state_gradient_norms(loss)


def _shards(count: Any, shards: int) -> list[slice]:
    """Cut `count` windows into shards of sizes as equal as can be."""
    return [slice(count * i // shards, count * (i + 1) // shards) for i in range(shards)]


def _sum(gradients: tuple[Any, ...], total: Any) -> Any:
    """The sum of the shards' gradients of one variable, divided by the total; gradients of single rows stay sparse."""
    if isinstance(gradients[0], tf.IndexedSlices):
        values = tf.concat([one.values for one in gradients], axis=0) / total
        indices = tf.concat([one.indices for one in gradients], axis=0)
        return tf.IndexedSlices(values, indices, gradients[0].dense_shape)
    return tf.add_n(gradients) / total


def _optimizer(training: TrainingConfig) -> Any:
    rate = training.learning_rate
    if training.optimizer == "adamw":
        return optimizers.AdamW(rate, weight_decay=training.weight_decay)
    if training.optimizer == "sgd":
        return optimizers.SGD(rate, momentum=0.9, nesterov=True)
    return {"adam": optimizers.Adam, "rmsprop": optimizers.RMSprop}[training.optimizer](rate)


def _dropout(model: SegmentNetwork) -> Any:
    """The state of the generator that drops units; None for a network without dropout."""
    return model.dropout.seed_generator.state if model.config.dropout > 0 else None
