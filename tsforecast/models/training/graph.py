"""The steps of training, inside the TensorFlow graph.

The flat array of values stays resident on the device; a step gathers its windows from it by origin, so that no window
is ever copied in advance. Every random draw (initial weights, dropout, order of windows) derives from one seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from keras import optimizers
from numpy.typing import NDArray

from tsforecast.models.network.config import NetworkConfig
from tsforecast.models.network.keras_network import RunLayer, SegmentNetwork, run_layer
from tsforecast.models.network.keras_recurrence import run_hoisted
from tsforecast.models.network.weights import Weights
from tsforecast.models.training.config import LEAST_STEPS, TrainingConfig
from tsforecast.models.training.gradients import state_gradient_norms
from tsforecast.models.training.losses import loss_function
from tsforecast.models.training.resume import GraphState
from tsforecast.series.windows import ModelRows, WindowIndex

_VALIDATION_BATCH = 256
_LEAST_SHARD = 16  # windows that are worth a core
_LONGEST_CALL = 1.0  # seconds that TensorFlow works without coming back, as far as steps can be told apart
_GRADIENT_WINDOWS = 64  # that the gradient of each step is measured on, never more than a batch


@dataclass(frozen=True)
class TrainingData:
    """What a network learns from.

    Args:
        rows: all rows; targets that were filled in carry no loss.
        train: windows to learn from.
        validation: windows to choose the best weights by; may be empty.
        skip: `linear/kernel` and `linear/bias` that a network's linear skip starts from.
    """

    rows: ModelRows
    train: WindowIndex
    validation: WindowIndex
    skip: Weights | None = None


class TrainingGraph:
    """A network with its optimiser and its data on the device, and the graph functions that train it."""

    def __init__(self, data: TrainingData, network: NetworkConfig, training: TrainingConfig, seed: int) -> None:
        self.network, self.training = network, training
        self.model = SegmentNetwork(network, seed=seed)
        self.batch = self._batch(data)
        self.optimizer = _optimizer(training)
        self.optimizer.build(self.model.trainable_variables)
        self.values = _resident(data.rows.values)
        # Keras' own loop becomes cuDNN's on a GPU, which fills it with one batch; a CPU is filled by a shard per core.
        on_gpu = "GPU" in self.values.device
        self.run_layer = run_layer if on_gpu else run_hoisted
        self.shards = 1 if on_gpu else max(1, min(training.threads, self.batch // _LEAST_SHARD))
        self.observed = None if data.rows.observed.all() else _resident(data.rows.observed)
        self.starts = _resident(data.rows.offsets[:-1])
        self.loss = loss_function(training.loss, network)
        self.all_full = self._all_full(data)
        self._at_once = 1  # steps per call, until their pace is known
        self._begin(data)
        # One trace serves every number of steps and every size of a validation batch.
        steps, windows = tf.TensorSpec((None, self.batch), tf.int64), tf.TensorSpec((None,), tf.int64)
        rates = tf.TensorSpec((None,), tf.float32)
        self._shard = tf.function(self._shard_gradients, input_signature=(windows, windows), autograph=False)
        self._validate = tf.function(self._validate_shard, input_signature=(windows, windows), autograph=False)
        self._train = tf.function(self._train_steps, input_signature=(steps, steps, rates), autograph=False)
        self._evaluate = tf.function(self._evaluate_batch, input_signature=(windows, windows), autograph=False)
        self._measure = tf.function(self._measure_gradients, input_signature=(windows, windows), autograph=False)

    def takes(self, data: TrainingData) -> bool:
        """Whether what was traced serves these data too."""
        alike = (self.observed is None) == bool(data.rows.observed.all()) and self.all_full == self._all_full(data)
        return alike and self.batch == self._batch(data)

    def restart(self, data: TrainingData, seed: int) -> None:
        """Begin anew with other data, just as a new graph would, but without tracing again."""
        fresh = SegmentNetwork(self.network, seed=seed)
        for (_, variable), (_, start) in zip(
            self.model.named_weights().items(), fresh.named_weights().items(), strict=True
        ):
            variable.assign(start)
        if self.network.dropout > 0:
            self.model.dropout.seed_generator.state.assign(fresh.dropout.seed_generator.state)
        for variable in self.optimizer.variables:
            variable.assign(tf.zeros_like(variable))
        self.values.assign(data.rows.values)
        if self.observed is not None:
            self.observed.assign(data.rows.observed)
        self.starts.assign(data.rows.offsets[:-1])
        self._begin(data)

    def _begin(self, data: TrainingData) -> None:
        self.data = data
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

    def order(self, seed: int, epoch: int) -> NDArray[np.int64]:
        """Numbers of the windows of each step, shape (steps, batch): a fresh shuffle, repeated where too short."""
        random = np.random.default_rng([seed, epoch])
        needed = self.steps * self.batch
        passes = -(-needed // len(self.data.train))
        shuffled = [random.permutation(len(self.data.train)) for _ in range(passes)]
        return np.concatenate(shuffled)[:needed].reshape(self.steps, self.batch)

    def run(self, order: NDArray[np.int64], rates: NDArray[np.float32]) -> NDArray[np.float64]:
        """Train on some steps; the loss, whether the gradient was clipped, and its norm of each, shape (steps, 3).

        Signals wait while TensorFlow works: it gets so many steps at once as take about a second. What the steps come
        to does not depend on how they are grouped.
        """
        stats = []
        begin = 0
        while begin < len(order):
            part = slice(begin, begin + self._at_once)
            began = time.monotonic()
            stats.append(self._run(order[part], rates[part]))
            pace = (time.monotonic() - began) / len(stats[-1])
            self._at_once = max(1, int(_LONGEST_CALL / max(pace, 1e-6)))
            begin += len(stats[-1])
        return np.concatenate(stats)

    def _run(self, order: NDArray[np.int64], rates: NDArray[np.float32]) -> NDArray[np.float64]:
        index = self.data.train
        stats = self._train(
            tf.constant(index.origins[order]), tf.constant(index.series[order]), tf.constant(rates, tf.float32)
        )
        return np.asarray(stats.numpy(), dtype=np.float64)

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

    def gradient_norms(self) -> NDArray[np.float32]:
        """The gradient's norm at every step of the window, over a fixed sample of the training windows."""
        sample = self.data.train.at_most(min(_GRADIENT_WINDOWS, self.batch))
        return self._measure(tf.constant(sample.origins), tf.constant(sample.series)).numpy()

    def weights(self) -> Weights:
        """A copy of the weights under their fixed names."""
        return copy_weights(self.model)

    def restore(self, weights: Weights) -> None:
        """Go back to a copy of the weights."""
        for name, variable in self.model.named_weights().items():
            variable.assign(weights[name])

    def state(self) -> GraphState:
        """A copy of all that training changes."""
        return copy_state(self.model, self.optimizer)

    def resume(self, state: GraphState) -> bool:
        """Go on from a state; False, and nothing done, if it is of another network."""
        return put_state(state, self.model, self.optimizer)

    def _gather(self, origins: Any, series: Any, before: int) -> tuple[Any, Any, Any, Any]:
        """Contexts, their masks, targets and weights; the last `before` steps of the context are targets too."""
        network = self.network
        start = tf.gather(self.starts, series)[:, None]
        rows = origins[:, None] + tf.range(-network.lookback, 0, dtype=tf.int64)
        context = tf.gather(self.values, tf.maximum(rows, start))
        mask = None if self.all_full else rows >= start
        steps = tf.range(-before, network.horizon, dtype=tf.int64)
        targets = tf.maximum(origins[:, None] + steps, start)
        counts = None if self.observed is None else tf.gather(self.observed, targets)
        if before and mask is not None:
            # No loss on padding, nor on the first segment with a value, which follows from nothing.
            follows = origins[:, None] + steps // network.segment * network.segment > start
            counts = follows if counts is None else counts & follows
        weight = None if counts is None else tf.cast(counts, tf.float32)
        return context, mask, tf.gather(self.values, targets), weight

    def _forward(self, origins: Any, series: Any, training: bool, run: RunLayer) -> tuple[Any, Any]:
        before = self.network.window_targets if training else 0
        context, mask, target, weight = self._gather(origins, series, before)
        known = target[:, before:] if training else None
        y, center, scale = self.model.call(
            context, mask, tf.cast(series, tf.int32), training=training, target=known, run=run
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
        """Mean loss of a batch and its gradients: shards have nothing in common, so that each has a core for itself."""
        parts = [self._shard(origins[part], series[part]) for part in _shards(self.batch, self.shards)]
        losses, weights, gradients = zip(*parts, strict=True)
        total = tf.maximum(tf.add_n(weights), 1.0)
        return tf.add_n(losses) / total, [_sum(each, total) for each in zip(*gradients, strict=True)]

    def _shard_gradients(self, origins: Any, series: Any) -> tuple[Any, Any, list[Any]]:
        """Sum of the losses of some windows, sum of their weights, and the gradients of the first."""
        with tf.GradientTape() as tape:
            loss, weight = self._forward(origins, series, True, self.run_layer)
        return loss, weight, tape.gradient(loss, self.model.trainable_variables)

    def _evaluate_batch(self, origins: Any, series: Any) -> tuple[Any, Any]:
        """Sum of the losses of a batch, and of their weights."""
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
    """Cut so many windows into shards, the sizes as equal as can be."""
    return [slice(count * i // shards, count * (i + 1) // shards) for i in range(shards)]


def _sum(gradients: tuple[Any, ...], total: Any) -> Any:
    """The shards' gradients of one variable together, by the total; those of single rows of a table stay apart."""
    if isinstance(gradients[0], tf.IndexedSlices):
        values = tf.concat([one.values for one in gradients], axis=0) / total
        indices = tf.concat([one.indices for one in gradients], axis=0)
        return tf.IndexedSlices(values, indices, gradients[0].dense_shape)
    return tf.add_n(gradients) / total


def _resident(values: NDArray[Any]) -> Any:
    """An array on the device that one of another length can replace."""
    return tf.Variable(values, trainable=False, shape=tf.TensorShape([None]))


def _optimizer(training: TrainingConfig) -> Any:
    rate = training.learning_rate
    makers: dict[str, Callable[[], Any]] = {
        "adam": lambda: optimizers.Adam(rate),
        "adamw": lambda: optimizers.AdamW(rate, weight_decay=training.weight_decay),
        "sgd": lambda: optimizers.SGD(rate, momentum=0.9, nesterov=True),
        "rmsprop": lambda: optimizers.RMSprop(rate),
    }
    return makers[training.optimizer]()


def copy_weights(model: SegmentNetwork) -> Weights:
    """The weights under their fixed names."""
    return {name: np.array(v.numpy(), np.float32) for name, v in model.named_weights().items()}


def copy_state(model: SegmentNetwork, optimizer: Any) -> GraphState:
    """Weights, variables of the optimiser and state of the dropout's generator."""
    variables = tuple(np.array(variable.numpy()) for variable in optimizer.variables)
    dropout = _dropout(model)
    return GraphState(copy_weights(model), variables, None if dropout is None else np.array(dropout.numpy(), np.int64))


def put_state(state: GraphState, model: SegmentNetwork, optimizer: Any) -> bool:
    """Go on from a state as if its epochs had been trained here; False, and nothing done, if it is of another one."""
    dropout = _dropout(model)
    named = model.named_weights()
    if set(named) != set(state.weights) or (dropout is None) != (state.dropout is None):
        return False
    variables = [*named.values(), *optimizer.variables, *([] if dropout is None else [dropout])]
    values = [*(state.weights[name] for name in named), *state.optimizer]
    values += [] if state.dropout is None else [state.dropout]
    sizes = [int(np.prod(variable.shape)) for variable in variables]
    if sizes != [value.size for value in values]:
        return False
    for variable, value in zip(variables, values, strict=True):
        variable.assign(_like(variable, value))
    return True


def _dropout(model: SegmentNetwork) -> Any:
    return model.dropout.seed_generator.state if model.config.dropout > 0 else None


def _like(variable: Any, value: NDArray[Any]) -> NDArray[Any]:
    return value.reshape(variable.shape).astype(variable.numpy().dtype)
