"""Windows in, forecasts out: one function for every model of the table, in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import ModelError
from tsforecast.models import baselines
from tsforecast.models.calibration import Calibration, interval
from tsforecast.models.inference import forward
from tsforecast.models.linear import predict_linear
from tsforecast.models.spec import Array, ModelSpec, Weights
from tsforecast.scaling import Scaling

_BASELINES: dict[str, Callable[[Array, NDArray[np.bool_], int, int], Array]] = {
    "naive": baselines.naive,
    "seasonal-naive": baselines.seasonal_naive,
    "drift": baselines.drift,
}
_CHUNK = 2048  # windows at once, so that memory does not grow with the number of series


def predict_windows(
    spec: ModelSpec, weights: Weights, context: Array, mask: NDArray[np.bool_], series: NDArray[np.int64]
) -> Array:
    """Forecast windows in model space.

    Args:
        spec: the model.
        weights: its tensors; those of an ensemble's members carry the prefix `member0/`, `member1/`, ...
        context: shape (samples, lookback).
        mask: shape (samples, lookback), False where padded.
        series: shape (samples,); -1 for a series that the model was not trained on.

    Returns:
        Shape (samples, horizon, levels), ascending over the levels.
    """
    chunks = [
        _predict_chunk(spec, weights, context[part], mask[part], series[part])
        for part in (slice(begin, begin + _CHUNK) for begin in range(0, len(context), _CHUNK))
    ]
    if not chunks:
        return np.empty((0, spec.horizon, len(spec.levels)), np.float32)
    return np.concatenate(chunks)


def predict_ahead(
    spec: ModelSpec,
    weights: Weights,
    context: Array,
    mask: NDArray[np.bool_],
    series: NDArray[np.int64],
    horizon: int,
) -> Array:
    """Forecast any number of steps: beyond the model's own horizon, its medians become the context of the next block.

    Returns:
        Shape (samples, horizon, levels).
    """
    middle = spec.levels.index(0.5)
    blocks = []
    for _ in range(-(-horizon // spec.horizon)):
        block = predict_windows(spec, weights, context, mask, series)
        blocks.append(block)
        known = np.ones(block.shape[:2], dtype=bool)
        context = np.concatenate([context, block[:, :, middle]], axis=1)[:, -spec.lookback :]
        mask = np.concatenate([mask, known], axis=1)[:, -spec.lookback :]
    return np.concatenate(blocks, axis=1)[:, :horizon]


@dataclass(frozen=True)
class Intervals:
    """Point forecasts and calibrated intervals in the user's units.

    Args:
        y_pred: shape (samples, horizon).
        lower: shape (samples, horizon, levels).
        upper: shape (samples, horizon, levels).
    """

    y_pred: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def in_user_units(
    quantiles: Array,
    spread: NDArray[np.float64],
    *,
    spec: ModelSpec,
    calibration: Calibration,
    scaling: Scaling,
    series: NDArray[np.int64],
    levels: tuple[float, ...],
) -> Intervals:
    """Medians and calibrated intervals, with the scaling undone.

    Args:
        quantiles: in model space, shape (samples, horizon, spec.levels).
        spread: of each window in model space, shape (samples, 1).
        spec: the model.
        calibration: of its intervals.
        scaling: to be undone.
        series: number of each sample's series in `scaling`, shape (samples,).
        levels: of the intervals in percent.
    """
    made, column = quantiles.astype(np.float64), series[:, None]
    y_pred = scaling.inverse(made[:, :, spec.levels.index(0.5)], column)
    lower, upper = np.empty((*y_pred.shape, len(levels))), np.empty((*y_pred.shape, len(levels)))
    for number, level in enumerate(levels):
        low, high = interval(calibration, made, spec.levels, spread, level)
        lower[:, :, number] = np.minimum(scaling.inverse(low, column), y_pred)
        upper[:, :, number] = np.maximum(scaling.inverse(high, column), y_pred)
    return Intervals(y_pred, lower, upper)


def member_weights(weights: Weights, member: int) -> Weights:
    """The tensors of one member of an ensemble, under their own names."""
    prefix = f"member{member}/"
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def ensemble_weights(members: list[Weights]) -> Weights:
    """The tensors of several members under one roof."""
    return {f"member{i}/{name}": value for i, member in enumerate(members) for name, value in member.items()}


def _predict_chunk(
    spec: ModelSpec, weights: Weights, context: Array, mask: NDArray[np.bool_], series: NDArray[np.int64]
) -> Array:
    if spec.network is not None:
        members = [
            forward(spec.network, member_weights(weights, i), context, mask, series) for i in range(spec.members)
        ]
        return members[0] if len(members) == 1 else np.median(members, axis=0).astype(np.float32)
    if spec.name == "linear":
        return predict_linear(weights, context, mask)[:, :, None]
    if spec.name not in _BASELINES:
        raise ModelError(f"the model '{spec.name}' is not known to this version")
    return _BASELINES[spec.name](context, mask, spec.horizon, spec.season_length)[:, :, None]
