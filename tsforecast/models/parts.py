"""The parts of a model: their weights under one roof, their forecasts, and the weighted mean of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tsforecast.arrays import Float32
from tsforecast.errors import ModelError
from tsforecast.models import baselines
from tsforecast.models.linear import predict_linear
from tsforecast.models.local.models import LOCAL_MODELS, predict_local
from tsforecast.models.network.numpy_network import forward
from tsforecast.models.network.weights import Weights
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.series.weekly_cycle import windows_without_cycles
from tsforecast.series.windows import Windows

_BASELINES: dict[str, Callable[[Windows, int, int], Float32]] = {
    "naive": baselines.naive,
    "seasonal-naive": baselines.seasonal_naive,
    "drift": baselines.drift,
}

WEEK = "week"  # the usual week of each series, a tensor (n_series, steps) beside those of a part
SHARES = "shares"  # of each series, a tensor (n_series, parts) beside those of the parts

# Windows at once: what a recurrent step works on stays in the processor's cache. A multiple of the 4 to 24 rows that
# the kernels of BLAS take together.
CHUNK = 192


def predict_windows(spec: ModelSpec, weights: Weights, windows: Windows) -> Float32:
    """Forecast windows in model space.

    Args:
        spec: the model.
        weights: the tensors of its parts, under the prefixes `part0/`, `part1/`, ..., and the shares of each series.
        windows: with the model's lookback.

    Returns:
        Quantiles, shape (samples, horizon, spec.quantiles), ascending.
    """
    parts = [(part, part_weights(weights, number)) for number, part in enumerate(spec.parts)]
    # Local models take each step of all windows at once.
    whole = {
        number: predict_part(part, spec, own, windows.newest(part.lookback))
        for number, (part, own) in enumerate(parts)
        if part.name in LOCAL_MODELS
    }
    y_pred = np.empty((len(windows), spec.horizon, len(spec.quantiles)), np.float32)
    for begin in range(0, len(windows), CHUNK):
        rows = slice(begin, begin + CHUNK)
        chunk = windows.take(rows)
        outputs = [
            whole[number][rows] if number in whole else predict_part(part, spec, own, chunk.newest(part.lookback))
            for number, (part, own) in enumerate(parts)
        ]
        y_pred[rows] = outputs[0] if len(outputs) == 1 else combine(spec, outputs, _shares(spec, weights, chunk))
    return y_pred


def predict_part(part: Part, spec: ModelSpec, weights: Weights, windows: Windows) -> Float32:
    """Forecast windows of the part's own lookback with its own weights, shape (samples, horizon, quantiles or 1)."""
    if part.week:
        windows, ahead = windows_without_cycles(windows, weights[WEEK])
        return predict_part(replace(part, week=0), spec, weights, windows) + ahead[:, :, None]
    if part.network is not None:
        return forward(part.network, weights, windows)
    if part.name == "linear":
        return predict_linear(weights, windows, inputs=part.inputs)[:, :, None]
    if part.name in LOCAL_MODELS:
        return predict_local(part.name, weights, windows, spec.season_length, spec.horizon)[:, :, None]
    if part.name not in _BASELINES:
        raise ModelError(f"the model '{part.name}' is not known to this version")
    return _BASELINES[part.name](windows, spec.horizon, spec.season_length)[:, :, None]


def _shares(spec: ModelSpec, weights: Weights, windows: Windows) -> Float32:
    """Shares of the parts, shape (parts, samples or 1)."""
    of_all = np.array([part.share for part in spec.parts], np.float32)[:, None]
    if not spec.by_series:
        return of_all
    number = windows.categories[:, 0]
    return np.where(number < 0, of_all, weights[SHARES][np.maximum(number, 0)].T)


def combine(spec: ModelSpec, outputs: Sequence[Float32], shares: Float32) -> Float32:
    """The weighted mean of the parts' forecasts, quantile by quantile (Vincent averaging, which keeps their order).

    Parts that forecast a point only move the middle of what the networks say of the spread.

    Args:
        spec: the model.
        outputs: of each part, shape (samples, horizon, quantiles) or (samples, horizon, 1).
        shares: of each part, shape (parts, samples or 1); those of a sample sum to 1.

    Returns:
        Shape (samples, horizon, spec.quantiles).
    """
    middle = spec.median
    points = np.stack([y[:, :, middle if part.network else 0] for part, y in zip(spec.parts, outputs, strict=True)])
    point: Float32 = (shares[:, :, None] * points).sum(axis=0)[:, :, None]
    networks = [number for number, part in enumerate(spec.parts) if part.network]
    if not networks:
        return point
    spreads = np.stack([outputs[i] - points[i][:, :, None] for i in networks])
    # Where no network counts, as for a series that goes by other models, all tell the spread alike.
    total = shares[networks].sum(axis=0)
    weights = np.divide(shares[networks], total, out=np.full_like(shares[networks], 1 / len(networks)), where=total > 0)
    return np.asarray(point + (weights[:, :, None, None] * spreads).sum(axis=0), np.float32)


def part_weights(weights: Weights, number: int) -> Weights:
    """The tensors of one part of a model, under their own names."""
    prefix = f"part{number}/"
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def joined_weights(parts: Sequence[Weights]) -> Weights:
    """The tensors of all parts of a model under one roof."""
    return {f"part{i}/{name}": value for i, part in enumerate(parts) for name, value in part.items()}
