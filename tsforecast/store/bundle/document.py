"""model.json: everything about a model but its numbers. The names and shapes of all tensors follow from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any, cast

import numpy as np

from tsforecast.errors import ModelError
from tsforecast.json_output import json_bytes
from tsforecast.models.local.models import LOCAL_MODELS, local_shapes
from tsforecast.models.network.cells import CELLS
from tsforecast.models.network.config import (
    ACTIVATIONS,
    HEADS,
    MAX_LAYERS,
    MAX_STEPS,
    MAX_UNITS,
    NORMALISATIONS,
    STRATEGIES,
    Inputs,
    NetworkConfig,
    problem,
)
from tsforecast.models.network.linear_inputs import linear_width
from tsforecast.models.network.weights import weight_shapes
from tsforecast.models.options import SCALERS
from tsforecast.models.parts import SHARES, WEEK
from tsforecast.models.registry import MODELS, ModelInfo
from tsforecast.models.spec import NO_INPUTS, ModelSpec, Part
from tsforecast.series.calendar_features import CALENDAR, calendar_width
from tsforecast.series.frequency import DAY, FIRST_WORKDAY, Frequency
from tsforecast.series.panel import Schema
from tsforecast.series.weekly_cycle import SHARE_OF_WEEK
from tsforecast.series.windows import NO_CALENDAR, Calendar
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.bundle.calibration import CalibrationKeys, calibration_key, read_calibration_keys
from tsforecast.store.bundle.covariates import NO_SIZES, CovariateSizes, read_sizes, sizes_key
from tsforecast.store.bundle.formats import FORMAT_VERSION, MODEL, check_format, upgrade
from tsforecast.store.bundle.json_fields import Fields, parse_json, read_fields

MAX_PARAMETERS = 50_000_000
_MAX_GOLDEN = 64
_MAX_PARTS = 500
_MAX_LEVELS = 99
_SHARE_TOLERANCE = 1e-6
_MAX_COUNT = 2**40
_CENTURY = 36_525 * DAY
_ALL_WEEKDAYS = 127
_LOGS = ("none", "log", "log1p")
_CONTENTS = ("kind", "spec", "schema", "frequency", "scaling", "calibration", "recent", "golden", "provenance")
_KEYS = ("format_version", *_CONTENTS)
_SCHEMA = ("time_cols", "id_cols", "target_cols", "time_formats", "time_zone")
_COVARIATES = ("past_cols", "future_cols", "static_cols", "category_cols", "holidays")
_MAX_DAYS = 366
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
    "quantiles",
    "inputs",
    "linear_skip",
)
_INPUTS = ("past", "future", "static", "categories", "category_widths")
_CALENDAR = ("names", "time_zone", "holidays", "holidays_from", "around")
_UNSET_INPUTS = {"calendar": 0}  # of versions that were written before it was read


@dataclass(frozen=True)
class ModelDocument:
    """What model.json says.

    Args:
        format_version: format that the version was written in.
        spec: what the model is.
        schema: how the user's table is written.
        frequency: the step between rows.
        scaler: name of the scaler.
        log: logarithm that is taken before scaling.
        counts: whether recent.safetensors says which series are rounded.
        calibration: of the intervals.
        n_series: number of series in recent.safetensors.
        rows: number of rows in recent.safetensors, over all series.
        id_bytes: length of the ids of the series as JSON.
        golden_samples: number of windows in golden.safetensors.
        provenance: data hash and range, seed, threads, package versions, seconds.
        covariates: sizes of the covariates in recent.safetensors.
    """

    format_version: int
    spec: ModelSpec
    schema: Schema
    frequency: Frequency
    scaler: str
    log: str
    counts: bool
    calibration: CalibrationKeys
    n_series: int
    rows: int
    id_bytes: int
    golden_samples: int
    provenance: dict[str, Any]
    covariates: CovariateSizes

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight that the model has."""
        return _spec_shapes(self.spec, self.n_series)


def encode_document(bundle: Bundle, id_bytes: int) -> bytes:
    """model.json of a bundle whose ids take `id_bytes` bytes as JSON."""
    return json_bytes(
        {
            "format_version": FORMAT_VERSION,
            "kind": MODELS[bundle.spec.name].kind,
            "spec": _spec_keys(bundle.spec),
            "schema": _schema_keys(bundle.schema),
            "frequency": asdict(bundle.recent.frequency),
            "scaling": {
                "method": bundle.scaling.method,
                "log": bundle.scaling.log,
                **({} if bundle.scaling.counts is None else {"counts": True}),
            },
            "calibration": calibration_key(bundle.forecaster.calibration),
            "recent": {
                "n_series": bundle.recent.n_series,
                "rows": len(bundle.recent.values),
                "id_bytes": id_bytes,
                **sizes_key(bundle.recent.covariates),
            },
            "golden": {"samples": len(bundle.golden.windows)},
            "provenance": bundle.provenance,
        }
    )


def parse_document(data: bytes) -> dict[str, Any]:
    """model.json as plain values in the present format."""
    value = parse_json(data, MODEL)
    return upgrade(value, check_format(value, MODEL))


def decode_document(data: bytes) -> ModelDocument:
    """Read model.json of any format that was ever released."""
    value = parse_json(data, MODEL)
    version = check_format(value, MODEL)
    fields = read_fields(upgrade(value, version), _KEYS, file=MODEL)
    recent = fields.fields("recent", ("n_series", "rows", "id_bytes"), {"covariates": asdict(NO_SIZES)})
    n_series, sizes = recent.integer("n_series", 1, _MAX_COUNT), read_sizes(recent)
    scaling = fields.fields("scaling", ("method", "log"), {"counts": False})
    document = ModelDocument(
        format_version=version,
        spec=_spec(fields, n_series, sizes),
        schema=_schema(fields),
        frequency=_frequency(fields.fields("frequency", _FREQUENCY)),
        scaler=scaling.text("method", SCALERS),
        log=scaling.text("log", _LOGS),
        counts=scaling.flag("counts"),
        calibration=read_calibration_keys(fields),
        n_series=n_series,
        rows=recent.integer("rows", 0, _MAX_COUNT),
        id_bytes=recent.integer("id_bytes", 2, _MAX_COUNT),
        golden_samples=fields.fields("golden", ("samples",)).integer("samples", 0, _MAX_GOLDEN),
        provenance=fields.mapping("provenance"),
        covariates=sizes,
    )
    count = sum(int(np.prod(shape, dtype=np.int64)) for shape in document.weight_shapes.values())
    if count > MAX_PARAMETERS:
        raise ModelError(f"asks for {count:,} parameters; at most {MAX_PARAMETERS:,} are read", file=MODEL)
    return document


def _schema_keys(schema: Schema) -> dict[str, Any]:
    """The keys of the schema in model.json; what is known of covariates stands there where there are some."""
    return {key: value for key, value in asdict(schema).items() if key in _SCHEMA or value}


def _schema(document: Fields) -> Schema:
    unset = {each.name: each.default for each in dataclass_fields(Schema) if each.name not in _SCHEMA}
    unset = {key: list(value) if isinstance(value, tuple) else value for key, value in unset.items()}
    fields = document.fields("schema", _SCHEMA, unset)
    names, targets, formats = (fields.texts(key) for key in ("time_cols", "target_cols", "time_formats"))
    for key, columns in (("time_cols", names), ("target_cols", targets)):
        if not columns:
            fields.refuse(key, "at least one column")
    if len(formats) != len(names):
        fields.refuse("time_formats", f"a format for each of {len(names)} time columns")
    zone = None if fields.values["time_zone"] is None else fields.text("time_zone")
    schema = Schema(names, fields.texts("id_cols"), targets, formats, zone)
    known: dict[str, Any] = {key: fields.texts(key) for key in _COVARIATES}
    known |= {key: fields.text(key) for key in ("holidays_col", "holidays_version")}
    known["lags"] = fields.integers("lags", 0, _MAX_COUNT)
    known["holidays_around"] = fields.integer("holidays_around", 0, _MAX_DAYS)
    return replace(schema, **known)


def _frequency(fields: Fields) -> Frequency:
    kind = fields.text("kind", ("fixed", "month", "business"))
    step = fields.integer("step", 1, {"fixed": _CENTURY, "month": 1200, "business": 1}[kind])
    return Frequency(
        kind=cast(Any, kind),
        step=step,
        phase=fields.integer("phase", 0, _ALL_WEEKDAYS if kind == "business" else step - 1),
        day=fields.integer("day", 1, FIRST_WORKDAY),
        time_of_day=fields.integer("time_of_day", 0, DAY - 1),
    )


def _spec_keys(spec: ModelSpec) -> dict[str, Any]:
    """The spec in model.json; what is read besides the series stands there where there is any."""
    keys = asdict(spec)
    if not spec.calendar.width:
        del keys["calendar"]
    if not spec.by_series:
        del keys["by_series"]
    for part, written in zip(spec.parts, keys["parts"], strict=True):
        if part.inputs == NO_INPUTS:
            del written["inputs"]
        if part.forms == 1:
            del written["forms"]
        if not part.week:
            del written["week"]
        for inputs in (written.get("inputs"), written["network"] and written["network"]["inputs"]):
            if inputs and not inputs["calendar"]:
                del inputs["calendar"]
    return keys


def _calendar(fields: Fields, categories: int) -> Calendar:
    names = fields.texts("names")
    if not set(names) <= set(CALENDAR):
        fields.refuse("names", f"names out of {', '.join(CALENDAR)}")
    return Calendar(
        names,
        fields.optional("time_zone", fields.text),
        fields.texts("holidays"),
        fields.optional("holidays_from", fields.integer, 0, categories - 1),
        fields.integer("around", 0, _MAX_DAYS),
    )


def _spec(document: Fields, n_series: int, sizes: CovariateSizes) -> ModelSpec:
    """The spec under `spec`, and the kind under `kind` that its name implies."""
    unset = {"calendar": asdict(NO_CALENDAR) | {"names": [], "holidays": []}, "by_series": False}
    fields = document.fields("spec", _SPEC, unset)
    name = fields.text("name", tuple(MODELS))
    document.text("kind", (MODELS[name].kind,))
    horizon = fields.integer("horizon", 1, MAX_STEPS)
    calendar = _calendar(fields.fields("calendar", _CALENDAR), sizes.categories)
    ahead = sizes.future + calendar.width
    counts, named = (n_series, *(1,) * sizes.categories), calendar_width(calendar.names)
    most = Inputs(sizes.past + ahead, ahead, sizes.static, counts, calendar=named)
    items = fields.items("parts", _PART, 1, _MAX_PARTS, {"inputs": None, "forms": 1, "week": 0})
    parts = tuple(_part(part, name, horizon, most) for part in items)
    if any(part.week for part in parts) and calendar.names != (SHARE_OF_WEEK,):
        fields.refuse("calendar", f"{SHARE_OF_WEEK}, which the usual week of a part is found by")
    if abs(sum(part.share for part in parts) - 1) > _SHARE_TOLERANCE:
        fields.refuse("parts", "shares that sum to 1")
    if len({part.network.quantiles for part in parts if part.network}) > 1:
        fields.refuse("parts", "the same quantiles in all networks")
    season = fields.integer("season_length", 1, MAX_STEPS)
    return ModelSpec(name, horizon, season, parts, calendar, fields.flag("by_series"))


def _part(fields: Fields, model: str, horizon: int, most: Inputs) -> Part:
    combined = MODELS[model].kind == "combination"
    names = tuple(name for name, info in MODELS.items() if info.kind != "combination") if combined else (model,)
    name = fields.text("name", names)
    info = MODELS[name]
    is_network = info.kind == "network"
    if is_network == (fields.values["network"] is None):
        fields.refuse("network", f"{'an object' if is_network else 'null'} for the model '{name}'")
    network = _network(fields.fields("network", _NETWORK), info, most) if is_network else None
    inputs = NO_INPUTS
    if fields.values["inputs"] is not None:
        inputs = _inputs(fields.fields("inputs", _INPUTS, _UNSET_INPUTS), most)
        if name != "linear" or inputs.categories:
            fields.refuse("inputs", "null but for a linear model, which reads no categories")
    share, lookback = fields.number("share", 0, 1), fields.integer("lookback", 1, MAX_STEPS)
    forms = fields.integer("forms", 1, LOCAL_MODELS[name].forms if name in LOCAL_MODELS else 1)
    week = fields.integer("week", 0, MAX_STEPS if is_network or name == "linear" else 0)
    part = Part(name, share, lookback, network, inputs, forms, week)
    if network is not None and network.horizon != horizon:
        fields.refuse("network", f"the horizon {horizon}")
    if network is not None and network.lookback != part.lookback:
        fields.refuse("lookback", "what the network has")
    return part


def _quantiles(fields: Fields) -> tuple[float, ...]:
    quantiles = fields.numbers("quantiles")
    ascending = all(low < high for low, high in zip((0.0, *quantiles), (*quantiles, 1.0), strict=True))
    if not ascending or 0.5 not in quantiles or len(quantiles) > _MAX_LEVELS:
        fields.refuse("quantiles", f"at most {_MAX_LEVELS} ascending numbers between 0 and 1, with 0.5")
    return quantiles


def _network(fields: Fields, info: ModelInfo, most: Inputs) -> NetworkConfig:
    config = NetworkConfig(
        cell=fields.text("cell", tuple(CELLS)),
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
        quantiles=_quantiles(fields),
        inputs=_inputs(fields.fields("inputs", _INPUTS, _UNSET_INPUTS), most),
        linear_skip=fields.flag("linear_skip"),
    )
    if config.cell != info.cell:
        fields.refuse("cell", f"'{info.cell}' for the model '{info.name}'")
    if config.bidirectional != info.bidirectional:
        fields.refuse("bidirectional", f"{str(info.bidirectional).lower()} for the model '{info.name}'")
    if (conflict := problem(config)) is not None:
        raise ModelError(f"'{fields.place}': {conflict}", file=MODEL)
    return config


def _inputs(fields: Fields, most: Inputs) -> Inputs:
    """What a model reads besides its window: of each kind of covariates all that there are, or none."""
    categories, widths = fields.integers("categories", 0, _MAX_COUNT), fields.integers("category_widths", 0, MAX_UNITS)
    own = most.categories[0]
    if categories and (categories[0] not in (0, own) or len(categories) not in (1, len(most.categories))):
        fields.refuse("categories", f"[] or [{own}]")
    if len(widths) != len(categories) or any(
        width and not count for width, count in zip(widths, categories, strict=True)
    ):
        fields.refuse("category_widths", "a width for each category")
    read = {key: fields.integer(key, 0, getattr(most, key)) for key in ("past", "future", "static", "calendar")}
    for key, value in read.items():
        if value not in (0, getattr(most, key)):
            fields.refuse(key, f"0 or {getattr(most, key)}")
    if bool(read["calendar"]) != bool(most.calendar and read["future"]) or read["future"] > read["past"]:
        fields.refuse("calendar", f"{most.calendar} where columns known ahead are read")
    return Inputs(read["past"], read["future"], read["static"], categories, widths, read["calendar"])


def _spec_shapes(spec: ModelSpec, n_series: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight that a model has."""
    shares = {SHARES: (n_series, len(spec.parts))} if spec.by_series else {}
    return shares | {
        f"part{number}/{name}": shape
        for number, part in enumerate(spec.parts)
        for name, shape in {
            **_part_shapes(part, spec.horizon, n_series),
            **({WEEK: (n_series, part.week)} if part.week else {}),
        }.items()
    }


def _part_shapes(part: Part, horizon: int, n_series: int) -> dict[str, tuple[int, ...]]:
    if part.network is not None:
        return weight_shapes(part.network)
    if part.name == "linear":
        width = linear_width(part.inputs, part.lookback, horizon)
        return {"linear/kernel": (width, horizon), "linear/bias": (horizon,)}
    return local_shapes(part.name, n_series, part.forms) if part.name in LOCAL_MODELS else {}
