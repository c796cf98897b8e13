"""Losses in TensorFlow. Each leaves out filled targets and is measured where errors of all windows compare.

For `mean-level` that is the normalised space (series of very different sizes count alike), otherwise model space.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tsforecast.models.network.config import NetworkConfig

Tensor = Any
_HUBER_DELTA = 1.0

# The point forecast is the median: it gets half of the quantile loss, the others share the rest. With equal
# shares the network learned the tails at the cost of the median (validation MAE on ETTh1 0.538 against 0.531).
_MEDIAN_SHARE = 0.5


def loss_function(name: str, network: NetworkConfig) -> Callable[..., tuple[Tensor, Tensor]]:
    """The loss named, as a function of (target, y, center, scale, weight).

    target (samples, steps) is in model space, y (samples, steps, outputs) is normalised, center and scale
    (samples, 1, 1) undo the normalisation, weight (samples, steps) is zero where a target does not count, or None.
    The function returns the sum of the losses and the sum of their weights; one by the other is the mean.
    """
    if name == "student-t":
        return _weighted(_student_t(network))
    quantiles = np.array(network.quantiles, np.float32)
    shares = np.array(_quantile_shares(network.quantiles), np.float32)
    above, below = 2 * shares * quantiles, 2 * shares * (quantiles - 1)

    def pointwise(error: Tensor) -> Tensor:
        if name == "quantile":
            # Koenker and Bassett (1978); the factor 2 makes the median's share the absolute error.
            slope = tf.where(error < 0.0, below, above)
            return tf.reduce_sum(error * tf.stop_gradient(slope), axis=2)
        error = error[:, :, 0]
        if name == "mae":
            return tf.abs(error)
        if name == "mse":
            return tf.square(error)
        size = tf.abs(error)
        return tf.where(size <= _HUBER_DELTA, 0.5 * error * error, _HUBER_DELTA * (size - 0.5 * _HUBER_DELTA))

    def values(target: Tensor, y: Tensor, center: Tensor, scale: Tensor) -> Tensor:
        error = (target[:, :, None] - center) / scale - y
        if network.normalisation != "mean-level":
            error = error * scale
        return pointwise(error)

    return _weighted(values)


def _student_t(network: NetworkConfig) -> Callable[..., Tensor]:
    """Negative log-likelihood of a Student-t distribution: of location, scale and degrees of freedom."""

    def values(target: Tensor, y: Tensor, center: Tensor, scale: Tensor) -> Tensor:
        location, spread, freedom = tf.unstack(y, axis=2)
        standard = ((target - center[:, :, 0]) / scale[:, :, 0] - location) / spread
        if network.normalisation != "mean-level":
            spread = spread * scale[:, :, 0]
        half = (freedom + 1.0) / 2.0
        constant = tf.math.lgamma(freedom / 2.0) - tf.math.lgamma(half) + 0.5 * tf.math.log(math.pi * freedom)
        return constant + tf.math.log(spread) + half * tf.math.log1p(standard * standard / freedom)

    return values


def _weighted(values: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, Tensor]]:
    """The sum of pointwise losses, and of their weights."""

    def loss(target: Tensor, y: Tensor, center: Tensor, scale: Tensor, weight: Tensor | None) -> Any:
        value = values(target, y, center, scale)
        if weight is None:
            return tf.reduce_sum(value), tf.cast(tf.size(value), tf.float32)
        return tf.reduce_sum(value * weight), tf.reduce_sum(weight)

    return loss


def _quantile_shares(quantiles: tuple[float, ...]) -> list[float]:
    """Weight of each quantile in the quantile loss; they sum to 1."""
    if len(quantiles) == 1:
        return [1.0]
    return [_MEDIAN_SHARE if one == 0.5 else (1 - _MEDIAN_SHARE) / (len(quantiles) - 1) for one in quantiles]
