"""The formats that versions are written in, and how an older one is read as if it were the present one.

A format is everything that a program must know to read a version: the names of its files, the names of the tensors in
them, and the keys of model.json. This file alone knows the older formats: `stored_file` and `stored_tensor` give the
names that they used, and `upgrade` turns their model.json into one of the present format. A new format raises
FORMAT_VERSION, adds its old names to the two tables and a step to `upgrade`.

What changed:

- Format 3: context.safetensors became recent.safetensors, history.csv epochs.csv, the tensor `context` of
  golden.safetensors `values`, and the weights `query/series` `query/category0`. In model.json, `context` became
  `recent`, the texts `time_col` and `time_format` the lists `time_cols` and `time_formats`, and in a network `levels`
  became `quantiles` and `series_vectors` became `inputs`.
"""

from __future__ import annotations

from typing import Any

from tsforecast._version import __version__
from tsforecast.errors import ModelError
from tsforecast.models.network.config import MAX_UNITS
from tsforecast.store.bundle.json_fields import Fields, read_fields

FORMAT_VERSION = 3
OLDEST_FORMAT = 2
FORMATS = range(OLDEST_FORMAT, FORMAT_VERSION + 1)

MODEL, METRICS = "model.json", "metrics.json"
WEIGHTS, RECENT, GOLDEN = "weights.safetensors", "recent.safetensors", "golden.safetensors"
EPOCHS, GRADIENTS = "epochs.csv", "gradients.csv"
SERIES = "scores.csv"

# Names that changed after a format: those of files, and in each file the ends of those of tensors.
_FILES = {2: {RECENT: "context.safetensors", EPOCHS: "history.csv"}}
_TENSORS = {2: {GOLDEN: ("values", "context"), WEIGHTS: ("query/category0", "query/series")}}
_MAX_COUNT = 2**40


def stored_file(name: str, version: int) -> str:
    """What format `version` calls a file, given its present name."""
    return _FILES.get(version, {}).get(name, name)


def stored_tensor(name: str, file: str, version: int) -> str:
    """What format `version` calls a tensor, given the present names of the tensor and of its file."""
    present, stored = _TENSORS.get(version, {}).get(file, ("", ""))
    return name.removesuffix(present) + stored if present and name.endswith(present) else name


def check_format(value: Any, file: str) -> int:
    """The format of a JSON file of a version, checked before its keys are looked at."""
    version = value.get("format_version") if isinstance(value, dict) else None
    if type(version) is int and version in FORMATS:
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
    """model.json of an older format as the present format would say it. The argument stays as it is.

    Only what changed is looked at. Anything else that does not fit is left to the reader of the present format.

    Args:
        document: what model.json says.
        version: format it was written in, one of FORMATS.

    Raises:
        ModelError: a key that the older format has is missing or holds something else, or a newer key stands there.
    """
    if version < 3:
        document = _from_2_to_3(document)
    return document | {"format_version": FORMAT_VERSION}


def _from_2_to_3(document: dict[str, Any]) -> dict[str, Any]:
    fields = _older(document, "", ("context", "schema", "spec"), ("recent",))
    changed = {key: value for key, value in fields.values.items() if key != "context"}
    changed["recent"] = fields.values["context"]
    if isinstance(schema := changed["schema"], dict):
        changed["schema"] = _schema_3(schema)
    spec = changed["spec"]
    if isinstance(spec, dict) and isinstance(spec.get("parts"), list):
        parts = [_part_3(part, f"spec.parts[{number}]") for number, part in enumerate(spec["parts"])]
        changed["spec"] = spec | {"parts": parts}
    return changed


def _schema_3(schema: dict[str, Any]) -> dict[str, Any]:
    """Format 2 joined the names of several time columns by commas, and their formats by tabs."""
    fields = _older(schema, "schema", ("time_col", "time_format"), ("time_cols", "time_formats"))
    names, formats = [fields.text("time_col")], fields.text("time_format").split("\t")
    if len(formats) > 1:
        names = names[0].split(",")
        if len(names) != len(formats):
            fields.refuse("time_col", f"{len(formats)} columns with commas between them")
    kept = {key: value for key, value in schema.items() if key not in ("time_col", "time_format")}
    return kept | {"time_cols": names, "time_formats": formats}


def _part_3(part: Any, place: str) -> Any:
    """Format 2 knew the series as the only category, whose vectors took half of the units."""
    if not isinstance(part, dict) or not isinstance(network := part.get("network"), dict):
        return part
    fields = _older(network, f"{place}.network", ("levels", "series_vectors", "units"), ("quantiles", "inputs"))
    vectors, units = fields.integer("series_vectors", 0, _MAX_COUNT), fields.integer("units", 1, MAX_UNITS)
    categories, widths = ([vectors], [units // 2]) if vectors else ([], [])
    inputs = {"past": 0, "future": 0, "static": 0, "categories": categories, "category_widths": widths}
    kept = {key: value for key, value in network.items() if key not in ("levels", "series_vectors")}
    return part | {"network": kept | {"quantiles": network["levels"], "inputs": inputs}}


def _older(values: dict[str, Any], place: str, old: tuple[str, ...], new: tuple[str, ...]) -> Fields:
    """An object of an older format, which has the keys `old` and none of the keys `new`; other keys may be there."""
    names = (*old, *(key for key in values if key not in new))
    return read_fields(values, names, file=MODEL, place=place)
