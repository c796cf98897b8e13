"""Covariates in TensorFlow: what a batch has of them, and how the linear skip and the queries read them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tsforecast.models.network.config import Inputs
from tsforecast.models.network.keras_cells import Tensor
from tsforecast.models.network.linear_inputs import block_of, columns_of


class Covariates(NamedTuple):
    """The covariates of a batch, as in `Windows`."""

    past: Tensor
    future: Tensor
    static: Tensor


class Queries(NamedTuple):
    """What the queries of a batch are made of."""

    categories: Tensor
    covariates: Any


def vectors_of(vectors: Tensor, values: Tensor, number: int) -> Tensor:
    """The learned vectors of some values of a category; the mean of all for an unknown one, which no series is."""
    if not number:
        return tf.gather(vectors, values)
    unknown = tf.cast(tf.shape(vectors)[0], values.dtype)
    vectors = tf.concat([vectors, tf.reduce_mean(vectors, axis=0, keepdims=True)], axis=0)
    return tf.gather(vectors, tf.where(values < 0, unknown, values))


def linear_inputs(inputs: Inputs, filled: Tensor, covariates: Covariates) -> Tensor:
    """linear_inputs.linear_inputs in TensorFlow."""
    if not inputs.past and not inputs.future:
        return filled
    past, future = columns_of(inputs)
    read = [filled, _means(covariates.past[:, :, :past]), _means(covariates.future[:, :, :future])]
    read += [covariates.future[:, 0, future:]] if inputs.calendar else []
    return tf.concat([tf.reshape(one, (tf.shape(filled)[0], math.prod(one.shape[1:]))) for one in read], axis=1)


def _means(columns: Tensor) -> Tensor:
    steps, count = columns.shape[1:]
    size = block_of(steps, count) if count else 1
    if size == 1:
        return columns
    blocks = -(-steps // size)
    padded = tf.pad(columns, [[0, 0], [0, blocks * size - steps], [0, 0]])
    lengths = np.minimum(size, steps - size * np.arange(blocks)).astype(np.float32)
    return tf.reduce_sum(tf.reshape(padded, (-1, blocks, size, count)), axis=2) / lengths[:, None]
