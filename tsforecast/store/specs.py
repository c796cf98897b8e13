"""The part of model.json that says what a model is: its parts and their networks."""

from __future__ import annotations

from typing import Any, cast

from tsforecast.models.config import (
    ACTIVATIONS,
    CELLS,
    HEADS,
    MAX_LAYERS,
    MAX_STEPS,
    MAX_UNITS,
    NORMALISATIONS,
    STRATEGIES,
    NetworkConfig,
)
from tsforecast.models.inference import weight_shapes
from tsforecast.models.registry import MODELS, ModelInfo
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.store.fields import Fields

MAX_PARTS = 500
MAX_LEVELS = 99
_SHARE_TOLERANCE = 1e-6
_SPEC = ("name", "horizon", "season_length", "parts")
_PART = ("name", "share", "lookback", "network")
_NETWORK = (
    "cell",
    "bidirectional",
    "layers",
    "units",
    "activation",
    "segment",
    "lookback",
    "horizon",
    "strategy",
    "normalisation",
    "dropout",
    "head",
    "levels",
    "series_vectors",
    "linear_skip",
)


def decode_spec(document: Fields, n_series: int) -> ModelSpec:
    """The spec under `spec`, with the kind under `kind` that its name implies.

    Raises:
        ModelError: naming the key, what stands there and what was expected.
    """
    fields = document.fields("spec", _SPEC)
    name = fields.text("name", tuple(MODELS))
    document.text("kind", (MODELS[name].kind,))
    horizon = fields.integer("horizon", 1, MAX_STEPS)
    parts = tuple(_part(part, name, horizon, n_series) for part in fields.items("parts", _PART, 1, MAX_PARTS))
    if abs(sum(part.share for part in parts) - 1) > _SHARE_TOLERANCE:
        fields.refuse("parts", "shares that sum to 1")
    if len({part.network.levels for part in parts if part.network}) > 1:
        fields.refuse("parts", "the same levels in all networks")
    return ModelSpec(name, horizon, fields.integer("season_length", 1, MAX_STEPS), parts)


def _part(fields: Fields, model: str, horizon: int, n_series: int) -> Part:
    combined = MODELS[model].kind == "combination"
    names = tuple(name for name, info in MODELS.items() if info.kind != "combination") if combined else (model,)
    name = fields.text("name", names)
    info = MODELS[name]
    is_network = info.kind == "network"
    if is_network == (fields.values["network"] is None):
        fields.refuse("network", f"{'an object' if is_network else 'null'} for the model '{name}'")
    network = _network(fields.fields("network", _NETWORK), info, n_series) if is_network else None
    part = Part(name, fields.number("share", 0, 1), fields.integer("lookback", 1, MAX_STEPS), network)
    if network is not None and network.horizon != horizon:
        fields.refuse("network", f"the horizon {horizon}")
    if network is not None and network.lookback != part.lookback:
        fields.refuse("lookback", "what the network has")
    return part


def _levels(fields: Fields) -> tuple[float, ...]:
    levels = fields.numbers("levels")
    ascending = all(low < high for low, high in zip((0.0, *levels), (*levels, 1.0), strict=True))
    if not ascending or 0.5 not in levels or len(levels) > MAX_LEVELS:
        fields.refuse("levels", f"at most {MAX_LEVELS} ascending numbers between 0 and 1, with 0.5")
    return levels


def _network(fields: Fields, info: ModelInfo, n_series: int) -> NetworkConfig:
    config = NetworkConfig(
        cell=cast(Any, fields.text("cell", CELLS)),
        bidirectional=fields.flag("bidirectional"),
        layers=fields.integer("layers", 1, MAX_LAYERS),
        units=fields.integer("units", 1, MAX_UNITS),
        activation=fields.text("activation", ACTIVATIONS),
        segment=fields.integer("segment", 1, MAX_STEPS),
        lookback=fields.integer("lookback", 1, MAX_STEPS),
        horizon=fields.integer("horizon", 1, MAX_STEPS),
        strategy=fields.text("strategy", tuple(STRATEGIES)),
        normalisation=fields.text("normalisation", NORMALISATIONS),
        dropout=fields.number("dropout", 0, 0.95),
        head=cast(Any, fields.text("head", HEADS)),
        levels=_levels(fields),
        series_vectors=fields.integer("series_vectors", 0, n_series),
        linear_skip=fields.flag("linear_skip"),
    )
    if config.cell != info.cell:
        fields.refuse("cell", f"'{info.cell}' for the model '{info.name}'")
    if config.bidirectional != info.bidirectional:
        fields.refuse("bidirectional", f"{str(info.bidirectional).lower()} for the model '{info.name}'")
    if config.series_vectors and (config.series_vectors != n_series or config.units < 2):
        fields.refuse("series_vectors", f"0, or {n_series} and at least 2 units")
    if config.strategy != "direct" and config.series_vectors:
        fields.refuse("series_vectors", f"0 for the strategy '{config.strategy}'")
    if config.strategy != "direct" and config.linear_skip:
        fields.refuse("linear_skip", f"false for the strategy '{config.strategy}'")
    if config.strategy == "autoregressive" and config.bidirectional:
        fields.refuse("strategy", f"another for the model '{info.name}', which reads both ways")
    return config


def spec_shapes(spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight that a model has."""
    return {
        f"part{number}/{name}": shape
        for number, part in enumerate(spec.parts)
        for name, shape in _part_shapes(part, spec.horizon).items()
    }


def _part_shapes(part: Part, horizon: int) -> dict[str, tuple[int, ...]]:
    if part.network is not None:
        return weight_shapes(part.network)
    if part.name == "linear":
        return {"linear/kernel": (part.lookback, horizon), "linear/bias": (horizon,)}
    return {}
