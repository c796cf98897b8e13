"""Losses in TensorFlow. Each leaves out filled targets and is measured where errors of all windows compare.

For `mean-level` that is the normalised space (series of very different sizes count alike), otherwise model space.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tsforecast.models.config import NetworkConfig

Tensor = Any
_HUBER_DELTA = 1.0


def loss_function(name: str, network: NetworkConfig) -> Callable[..., tuple[Tensor, Tensor]]:
    """The loss named, as a function of (target, y, center, scale, weight).

    target (samples, horizon) is in model space, y (samples, horizon, levels) is normalised, center and scale
    (samples, 1, 1) undo the normalisation, weight (samples, horizon) is zero where a target was filled in, or None.
    The function returns the mean loss and the sum of weights it is the mean over.
    """
    levels = tf.constant(network.levels, tf.float32)
    import os

    m = float(os.environ.get("MEDW", "0"))
    import numpy as _np

    lw = _np.array([1.0 / len(network.levels)] * len(network.levels), "float32")
    if m > 0 and len(network.levels) > 1:
        lw = _np.array([m if q == 0.5 else (1 - m) / (len(network.levels) - 1) for q in network.levels], "float32")
    lw = tf.constant(lw)

    def pointwise(error: Tensor) -> Tensor:
        if name == "quantile":
            # Koenker and Bassett (1978); the factor 2 makes the median's share the absolute error.
            return tf.reduce_sum(lw * 2.0 * tf.maximum(levels * error, (levels - 1.0) * error), axis=2)
        error = error[:, :, 0]
        if name == "mae":
            return tf.abs(error)
        if name == "mse":
            return tf.square(error)
        size = tf.abs(error)
        return tf.where(size <= _HUBER_DELTA, 0.5 * error * error, _HUBER_DELTA * (size - 0.5 * _HUBER_DELTA))

    def loss(target: Tensor, y: Tensor, center: Tensor, scale: Tensor, weight: Tensor | None) -> Any:
        error = (target[:, :, None] - center) / scale - y
        if network.normalisation != "mean-level":
            error = error * scale
        value = pointwise(error)
        if weight is None:
            return tf.reduce_mean(value), tf.cast(tf.size(value), tf.float32)
        total = tf.reduce_sum(weight)
        return tf.reduce_sum(value * weight) / tf.maximum(total, 1.0), total

    return loss
