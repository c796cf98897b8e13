"""Covariates in TensorFlow: what a batch has of them, and how the linear skip and the queries read them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tsforecast.models.network.config import Inputs, NetworkConfig
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


class Beside(NamedTuple):
    """What is read beside the values of each segment; None for nothing.

    Args:
        own: the covariates of the segment, shape (samples, steps, segment x past).
        following: what is added to the embedded segment: all that is known of the one to forecast after it, where
            segments are fed back; shape (samples or 1, steps, units). The steps are those of window and horizon but the
            last.
    """

    own: Tensor | None
    following: Tensor | None


def beside_of(network: Any, queries: Queries, mask: Tensor | None) -> Beside:
    """What a SegmentNetwork reads beside the values, with the arguments that its call has."""
    config, covariates = network.config, queries.covariates
    own = None
    if config.inputs.past and covariates is not None:
        past = covariates.past if mask is None else tf.where(mask[:, :, None], covariates.past, 0.0)
        padding = [[0, 0], [config.input_segments * config.segment - config.lookback, 0], [0, 0]]
        own = tf.reshape(tf.pad(past, padding), (-1, config.input_segments, config.segment * config.inputs.past))
    if config.decoding.at_once or not config.inputs.covariates:
        return Beside(own, None)
    count = config.input_segments + config.output_segments - 1
    following = tf.zeros((1, count, config.units))
    if own is not None:
        timeline = tf.concat([own, future_segments(config, covariates.future)], axis=1)
        own, following = timeline[:, :-1], network.future(timeline[:, 1:])
    if network.static is not None:
        following += tf.matmul(covariates.static, network.static)[:, None]
    if network.vectors:
        read = [vectors_of(each, queries.categories[:, number], number) for number, each in network.vectors.items()]
        # As in the queries of direct networks, the vectors are the last features.
        following += tf.pad(tf.concat(read, axis=1), [[0, 0], [config.units - config.category_width, 0]])[:, None]
    return Beside(own, following)


def future_segments(config: NetworkConfig, future: Tensor) -> Tensor:
    """The covariates of the horizon cut up, shape (samples, output_segments, segment x future)."""
    beyond = config.output_segments * config.segment - config.horizon
    shape = (-1, config.output_segments, config.segment * config.inputs.future)
    return tf.reshape(tf.pad(future, [[0, 0], [0, beyond], [0, 0]]), shape)


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
