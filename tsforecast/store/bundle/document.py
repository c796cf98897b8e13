"""model.json: everything about a model but its numbers. The names and shapes of all tensors follow from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np

from tsforecast._version import __version__
from tsforecast.errors import ModelError
from tsforecast.json_output import json_bytes
from tsforecast.models.network.config import (
    ACTIVATIONS,
    CELLS,
    HEADS,
    MAX_LAYERS,
    MAX_STEPS,
    MAX_UNITS,
    NORMALISATIONS,
    STRATEGIES,
    Inputs,
    NetworkConfig,
    problem,
    series_inputs,
)
from tsforecast.models.network.weights import weight_shapes
from tsforecast.models.options import SCALERS
from tsforecast.models.registry import MODELS, ModelInfo
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.series.frequency import DAY, MONTH_END, Frequency
from tsforecast.series.panel import Schema
from tsforecast.store.bundle.bundle import FORMAT_VERSION, Bundle
from tsforecast.store.bundle.json_fields import Fields, parse_json, read_fields

FILE = "model.json"
MAX_PARAMETERS = 50_000_000
_MAX_GOLDEN = 64
_MAX_PARTS = 500
_MAX_LEVELS = 99
# The oldest format that `upgrade` brings up to date.
OLDEST_FORMAT = 2
_SHARE_TOLERANCE = 1e-6
_MAX_COUNT = 2**40
_CENTURY = 36_525 * DAY
_LOGS = ("none", "log", "log1p")
_CONTENTS = ("kind", "spec", "schema", "frequency", "scaling", "calibration", "context", "golden", "provenance")
_KEYS = ("format_version", *_CONTENTS)
_SCHEMA = ("time_col", "id_cols", "target_cols", "time_format", "time_zone")
_FREQUENCY = ("kind", "step", "phase", "day", "time_of_day")
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


@dataclass(frozen=True)
class ModelDocument:
    """What model.json says.

    Args:
        spec: what the model is.
        schema: how the user's table is written.
        frequency: the step between rows.
        scaler: name of the scaler.
        log: logarithm that is taken before scaling.
        calibration_method: how the intervals were calibrated, in words.
        calibration_windows: number of windows that the calibration rests on.
        n_series: number of series in context.safetensors.
        rows: number of rows in context.safetensors, over all series.
        id_bytes: length of the ids of the series as JSON.
        golden_samples: number of windows in golden.safetensors.
        provenance: data hash and range, seed, threads, package versions, seconds.
    """

    spec: ModelSpec
    schema: Schema
    frequency: Frequency
    scaler: str
    log: str
    calibration_method: str
    calibration_windows: int
    n_series: int
    rows: int
    id_bytes: int
    golden_samples: int
    provenance: dict[str, Any]

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight that the model has."""
        return _spec_shapes(self.spec)


def encode_document(bundle: Bundle, id_bytes: int) -> bytes:
    """model.json of a bundle whose ids take `id_bytes` bytes as JSON."""
    calibration = bundle.forecaster.calibration
    return json_bytes(
        {
            "format_version": FORMAT_VERSION,
            "kind": MODELS[bundle.spec.name].kind,
            "spec": _spec_json(bundle.spec),
            "schema": _schema_json(bundle.schema),
            "frequency": asdict(bundle.recent.frequency),
            "scaling": {"method": bundle.scaling.method, "log": bundle.scaling.log},
            "calibration": {"method": calibration.method, "windows": calibration.windows},
            "context": {
                "n_series": bundle.recent.n_series,
                "rows": len(bundle.recent.values),
                "id_bytes": id_bytes,
            },
            "golden": {"samples": len(bundle.golden.windows)},
            "provenance": bundle.provenance,
        }
    )


def _spec_json(spec: ModelSpec) -> dict[str, Any]:
    """A spec in the words of format 2, which knows the series as the only category."""
    stored = asdict(spec)
    for network in (part["network"] for part in stored["parts"] if part["network"]):
        network["series_vectors"] = sum(network.pop("inputs")["categories"])
    return stored


def parse_document(data: bytes) -> dict[str, Any]:
    """model.json as plain values in the present format."""
    value = parse_json(data, FILE)
    return upgrade(value, check_format(value, FILE))


def decode_document(data: bytes) -> ModelDocument:
    """Read model.json of any format that was ever released."""
    fields = read_fields(parse_document(data), _KEYS, file=FILE)
    context = fields.fields("context", ("n_series", "rows", "id_bytes"))
    n_series = context.integer("n_series", 1, _MAX_COUNT)
    scaling = fields.fields("scaling", ("method", "log"))
    calibration = fields.fields("calibration", ("method", "windows"))
    document = ModelDocument(
        spec=_spec(fields, n_series),
        schema=_schema(fields.fields("schema", _SCHEMA)),
        frequency=_frequency(fields.fields("frequency", _FREQUENCY)),
        scaler=scaling.text("method", SCALERS),
        log=scaling.text("log", _LOGS),
        calibration_method=calibration.text("method"),
        calibration_windows=calibration.integer("windows", 0, _MAX_COUNT),
        n_series=n_series,
        rows=context.integer("rows", 0, _MAX_COUNT),
        id_bytes=context.integer("id_bytes", 2, _MAX_COUNT),
        golden_samples=fields.fields("golden", ("samples",)).integer("samples", 0, _MAX_GOLDEN),
        provenance=fields.mapping("provenance"),
    )
    count = sum(int(np.prod(shape, dtype=np.int64)) for shape in document.weight_shapes.values())
    if count > MAX_PARAMETERS:
        raise ModelError(f"asks for {count:,} parameters; at most {MAX_PARAMETERS:,} are read", file=FILE)
    return document


def check_format(value: Any, file: str) -> int:
    """The format of a JSON file of a version, checked before its keys are looked at."""
    version = value.get("format_version") if isinstance(value, dict) else None
    if type(version) is int and OLDEST_FORMAT <= version <= FORMAT_VERSION:
        return version
    message = f"its format_version is {str(version)[:20]}"
    if type(version) is not int or version < OLDEST_FORMAT:
        raise ModelError(f"{message}, not {FORMAT_VERSION}", hint="fit the model again", file=file)
    writer = _writer(value)
    raise ModelError(
        f"{message}, as tsforecast {writer} writes it; this tsforecast, {__version__}, reads up to {FORMAT_VERSION}",
        hint=f"upgrade to tsforecast {writer}",
        file=file,
    )


def _writer(value: dict[str, Any]) -> str:
    """The release that wrote a file, which the manifest tells at the top and model.json in its provenance."""
    provenance = value.get("provenance")
    known = value.get("tool_version") or (provenance.get("tsforecast") if isinstance(provenance, dict) else None)
    return known[:40] if isinstance(known, str) else "(a newer release)"


def upgrade(document: dict[str, Any], version: int) -> dict[str, Any]:
    """model.json of an older format as the present format would say it, so that everything else knows one format.

    A new format adds a step `if version < N`, which turns the document of format N - 1 into one of format N.

    Args:
        document: what model.json says.
        version: format it was written in, from OLDEST_FORMAT to FORMAT_VERSION.
    """
    return document | {"format_version": FORMAT_VERSION}


def _schema(fields: Fields) -> Schema:
    targets = fields.texts("target_cols")
    if not targets:
        fields.refuse("target_cols", "at least one column")
    names: tuple[str, ...] = (fields.text("time_col"),)
    formats = tuple(fields.text("time_format").split("\t"))
    if len(formats) > 1:
        names = tuple(names[0].split(","))
        if len(names) != len(formats):
            fields.refuse("time_col", f"{len(formats)} columns with commas between them")
    zone = None if fields.values["time_zone"] is None else fields.text("time_zone")
    return Schema(names, fields.texts("id_cols"), targets, formats, zone)


def _schema_json(schema: Schema) -> dict[str, Any]:
    """The schema as format 2 holds it: several time columns as one text each for their names and their formats."""
    return {
        "time_col": ",".join(schema.time_cols),
        "id_cols": schema.id_cols,
        "target_cols": schema.target_cols,
        "time_format": "\t".join(schema.time_formats),
        "time_zone": schema.time_zone,
    }


def _frequency(fields: Fields) -> Frequency:
    kind = fields.text("kind", ("fixed", "month", "business"))
    step = fields.integer("step", 1, {"fixed": _CENTURY, "month": 1200, "business": 1}[kind])
    return Frequency(
        kind=cast(Any, kind),
        step=step,
        phase=fields.integer("phase", 0, step - 1),
        day=fields.integer("day", 1, MONTH_END),
        time_of_day=fields.integer("time_of_day", 0, DAY - 1),
    )


def _spec(document: Fields, n_series: int) -> ModelSpec:
    """The spec under `spec`, and the kind under `kind` that its name implies."""
    fields = document.fields("spec", _SPEC)
    name = fields.text("name", tuple(MODELS))
    document.text("kind", (MODELS[name].kind,))
    horizon = fields.integer("horizon", 1, MAX_STEPS)
    parts = tuple(_part(part, name, horizon, n_series) for part in fields.items("parts", _PART, 1, _MAX_PARTS))
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
    if not ascending or 0.5 not in levels or len(levels) > _MAX_LEVELS:
        fields.refuse("levels", f"at most {_MAX_LEVELS} ascending numbers between 0 and 1, with 0.5")
    return levels


def _network(fields: Fields, info: ModelInfo, n_series: int) -> NetworkConfig:
    units = fields.integer("units", 1, MAX_UNITS)
    config = NetworkConfig(
        cell=cast(Any, fields.text("cell", CELLS)),
        bidirectional=fields.flag("bidirectional"),
        layers=fields.integer("layers", 1, MAX_LAYERS),
        units=units,
        activation=fields.text("activation", ACTIVATIONS),
        segment=fields.integer("segment", 1, MAX_STEPS),
        lookback=fields.integer("lookback", 1, MAX_STEPS),
        horizon=fields.integer("horizon", 1, MAX_STEPS),
        strategy=fields.text("strategy", tuple(STRATEGIES)),
        normalisation=fields.text("normalisation", NORMALISATIONS),
        dropout=fields.number("dropout", 0, 0.95),
        head=cast(Any, fields.text("head", HEADS)),
        levels=_levels(fields),
        inputs=_series_inputs(fields, n_series, units),
        linear_skip=fields.flag("linear_skip"),
    )
    if config.cell != info.cell:
        fields.refuse("cell", f"'{info.cell}' for the model '{info.name}'")
    if config.bidirectional != info.bidirectional:
        fields.refuse("bidirectional", f"{str(info.bidirectional).lower()} for the model '{info.name}'")
    if (conflict := problem(config)) is not None:
        raise ModelError(f"'{fields.place}': {conflict}", file=FILE)
    return config


def _series_inputs(fields: Fields, n_series: int, units: int) -> Inputs:
    vectors = fields.integer("series_vectors", 0, n_series)
    if vectors not in (0, n_series):
        fields.refuse("series_vectors", f"0, or {n_series}")
    return series_inputs(vectors, units)


def _spec_shapes(spec: ModelSpec) -> dict[str, tuple[int, ...]]:
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
