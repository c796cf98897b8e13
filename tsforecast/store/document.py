"""model.json: everything about a model but its numbers, from which the shapes of all tensors follow."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np

from tsforecast.errors import ModelError
from tsforecast.files import json_bytes
from tsforecast.frequency import DAY, MONTH_END, Frequency
from tsforecast.models.config import (
    SCALERS,
)
from tsforecast.models.registry import MODELS
from tsforecast.models.spec import ModelSpec
from tsforecast.series import BETWEEN_COLUMNS, Schema
from tsforecast.store.bundle import FORMAT_VERSION, Bundle
from tsforecast.store.fields import Fields, parse_json, read_fields
from tsforecast.store.specs import decode_spec, spec_shapes

FILE = "model.json"
MAX_PARAMETERS = 50_000_000
MAX_GOLDEN = 64
_MAX_COUNT = 2**40
_CENTURY = 36_525 * DAY
_LOGS = ("none", "log", "log1p")

_KEYS = (
    "format_version",
    "kind",
    "spec",
    "schema",
    "frequency",
    "scaling",
    "calibration",
    "context",
    "golden",
    "provenance",
)
_SCHEMA = ("time_col", "id_cols", "target_cols", "time_format", "time_zone")
_FREQUENCY = ("kind", "step", "phase", "day", "time_of_day")


@dataclass(frozen=True)
class ModelDocument:
    """What model.json says.

    Args:
        spec: what the model is.
        schema: how the user's table is written.
        frequency: the step between rows.
        scaler: name of the scaler.
        log: logarithm before it.
        calibration_method: in words.
        calibration_windows: that the calibration rests on.
        n_series: series in the context.
        rows: in the context.
        id_bytes: length of the ids of the series as JSON.
        golden_samples: windows that are replayed.
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
        return spec_shapes(self.spec)


def encode_document(bundle: Bundle, id_bytes: int) -> bytes:
    """model.json of a bundle, whose ids take `id_bytes` as JSON."""
    return json_bytes(
        {
            "format_version": FORMAT_VERSION,
            "kind": MODELS[bundle.spec.name].kind,
            "spec": asdict(bundle.spec),
            "schema": asdict(bundle.schema),
            "frequency": asdict(bundle.context.frequency),
            "scaling": {"method": bundle.scaling.method, "log": bundle.scaling.log},
            "calibration": {"method": bundle.calibration.method, "windows": bundle.calibration.windows},
            "context": {
                "n_series": bundle.context.n_series,
                "rows": len(bundle.context.values),
                "id_bytes": id_bytes,
            },
            "golden": {"samples": len(bundle.golden.context)},
            "provenance": bundle.provenance,
        }
    )


def decode_document(data: bytes) -> ModelDocument:
    """Read model.json.

    Raises:
        ModelError: naming the key, what stands there and what was expected.
    """
    value = parse_json(data, FILE)
    check_format(value, FILE)
    fields = read_fields(value, _KEYS, file=FILE)
    context = fields.fields("context", ("n_series", "rows", "id_bytes"))
    n_series = context.integer("n_series", 1, _MAX_COUNT)
    scaling = fields.fields("scaling", ("method", "log"))
    calibration = fields.fields("calibration", ("method", "windows"))
    document = ModelDocument(
        spec=decode_spec(fields, n_series),
        schema=_schema(fields.fields("schema", _SCHEMA)),
        frequency=_frequency(fields.fields("frequency", _FREQUENCY)),
        scaler=scaling.text("method", SCALERS),
        log=scaling.text("log", _LOGS),
        calibration_method=calibration.text("method"),
        calibration_windows=calibration.integer("windows", 0, _MAX_COUNT),
        n_series=n_series,
        rows=context.integer("rows", 0, _MAX_COUNT),
        id_bytes=context.integer("id_bytes", 2, _MAX_COUNT),
        golden_samples=fields.fields("golden", ("samples",)).integer("samples", 0, MAX_GOLDEN),
        provenance=fields.mapping("provenance"),
    )
    count = sum(int(np.prod(shape, dtype=np.int64)) for shape in document.weight_shapes.values())
    if count > MAX_PARAMETERS:
        raise ModelError(f"asks for {count:,} parameters; at most {MAX_PARAMETERS:,} are read", file=FILE)
    return document


def check_format(value: Any, file: str) -> None:
    """Refuse a file of another format before its keys are looked at.

    Raises:
        ModelError: with the way out, where a newer release has written it.
    """
    version = value.get("format_version") if isinstance(value, dict) else None
    if type(version) is int and version == FORMAT_VERSION:
        return
    newer = type(version) is int and version > FORMAT_VERSION
    hint = "a newer tsforecast wrote it: upgrade to read it" if newer else "fit the model again"
    raise ModelError(f"its format_version is not {FORMAT_VERSION} but {str(version)[:20]}", hint=hint, file=file)


def _schema(fields: Fields) -> Schema:
    targets = fields.texts("target_cols")
    if not targets:
        fields.refuse("target_cols", "at least one column")
    time_col, parts = fields.text("time_col"), fields.text("time_format").count(BETWEEN_COLUMNS)
    if parts and parts != time_col.count(","):
        fields.refuse("time_col", f"{parts + 1} columns with commas between them")
    return Schema(
        time_col=time_col,
        id_cols=fields.texts("id_cols"),
        target_cols=targets,
        time_format=fields.text("time_format"),
        time_zone=None if fields.values["time_zone"] is None else fields.text("time_zone"),
    )


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
