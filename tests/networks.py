"""Small networks for tests, and small models made of them; what a test is about, it says."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsforecast.models.network.config import QUANTILES, NetworkConfig, series_inputs
from tsforecast.models.network.linear_inputs import linear_width
from tsforecast.models.network.weights import Weights, weight_shapes
from tsforecast.models.parts import joined_weights
from tsforecast.models.registry import get_model
from tsforecast.models.spec import Part


def small_network(model: str = "gru", **options: Any) -> NetworkConfig:
    """One layer of 6 units; the segment of 4 divides neither the lookback of 11 nor the horizon of 7.

    `series_vectors` is the number of series that have a learned vector, none by default.
    """
    info = get_model(model)
    values: dict[str, Any] = {
        "cell": info.cell,
        "bidirectional": info.bidirectional,
        "layers": 1,
        "units": 6,
        "activation": "tanh",
        "segment": 4,
        "lookback": 11,
        "horizon": 7,
        "strategy": "direct",
        "normalisation": "last",
        "dropout": 0.0,
        "head": "quantile",
        "quantiles": QUANTILES,
        "linear_skip": False,
    }
    values |= options
    inputs = series_inputs(values.pop("series_vectors", 0), values["units"])
    return NetworkConfig(**{"inputs": inputs, **values})


def small_parts(model: str, *, lookback: int, members: int = 1, **network: Any) -> tuple[Part, ...]:
    """What any model of the table may consist of: a network of its members, `auto` of parts of several kinds.

    In `auto` the seasonal naive alone sees the whole lookback; the others see 3 steps less.
    """
    kind = get_model(model).kind
    if kind == "network":
        part = Part(model, 1 / members, lookback, small_network(model, lookback=lookback, **network))
        return (part,) * members
    if kind != "combination":
        return (Part(model, 1.0, lookback),)
    options = {**network, "lookback": lookback - 3}
    skipping, plain = (small_network("gru", **{**options, "linear_skip": skip}) for skip in (True, False))
    return (
        Part("gru", 0.4, lookback - 3, skipping),
        Part("gru", 0.2, lookback - 3, plain),
        Part("linear", 0.2, lookback - 3),
        Part("seasonal-naive", 0.2, lookback),
    )


# What a local model keeps of a series, and of its units.
_OF_SERIES: dict[str, tuple[float, ...]] = {
    "ets": (0, 0, 0, 0.5, 0.05, 0, 0.9),
    "theta": (0, 0.5, 0.5),
    "seasonal-shape": (1, 2, 0, 0.1, 0.1, 0.1, 0),
}
_UNITS = (0.0, 100.0, 10.0)


def random_weights(parts: tuple[Part, ...], horizon: int, rng: np.random.Generator, n_series: int = 2) -> Weights:
    """Tensors of the shapes that the parts have."""
    shapes: list[dict[str, tuple[int, ...]]] = []
    for part in parts:
        width = linear_width(part.inputs, part.lookback, horizon)
        linear = {"linear/kernel": (width, horizon), "linear/bias": (horizon,)}
        shapes.append(weight_shapes(part.network) if part.network else linear if part.name == "linear" else {})
    random = [{name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in each.items()} for each in shapes]
    return joined_weights(
        [
            _local_weights(part, n_series) if part.name in _OF_SERIES else own
            for part, own in zip(parts, random, strict=True)
        ]
    )


def _local_weights(part: Part, n_series: int) -> Weights:
    """What a local model keeps; of several forms all are the same."""
    row = _OF_SERIES[part.name]
    if part.forms > 1:
        row = (1 / part.forms, *row) * part.forms
    return {
        f"{part.name}/parameters": np.tile(np.array(row, np.float32), (n_series, 1)),
        f"{part.name}/units": np.tile(np.array(_UNITS, np.float32), (n_series, 1)),
    }
