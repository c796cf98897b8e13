"""Turns a version of the present format into what a release of format 2 wrote for the same model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from tsforecast.json_output import json_bytes
from tsforecast.store.bundle import manifest


def downgrade(folder: Path) -> None:
    """Rewrite the files of a version in format 2, with a manifest that fits."""
    (folder / "recent.safetensors").rename(folder / "context.safetensors")
    (folder / "epochs.csv").rename(folder / "history.csv")
    (folder / "scores.csv").unlink(missing_ok=True)
    _rename_tensors(folder / "context.safetensors", lambda name: name, without="examples")
    _rename_tensors(folder / "golden.safetensors", lambda name: "context" if name == "values" else name)
    _rename_tensors(folder / "weights.safetensors", lambda name: name.replace("query/category0", "query/series"))
    model = json.loads((folder / "model.json").read_bytes())
    (folder / "model.json").write_bytes(json_bytes(document_2(model)))
    resign(folder)


def resign(folder: Path) -> None:
    """Write a manifest of format 2 that fits the files as they are."""
    old = manifest.decode_manifest((folder / manifest.FILE).read_bytes())
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != manifest.FILE}
    record = manifest.make_manifest(files, name=old.name, version=old.version)
    record = replace(record, published=old.published, format_version=2)
    (folder / manifest.FILE).write_bytes(manifest.encode_manifest(record))


def document_2(model: dict[str, Any]) -> dict[str, Any]:
    """model.json in the words of format 2."""
    model["format_version"] = 2
    model["context"] = model.pop("recent")
    model["calibration"].pop("examples", None)
    schema = model["schema"]
    schema["time_col"] = ",".join(schema.pop("time_cols"))
    schema["time_format"] = "\t".join(schema.pop("time_formats"))
    for network in filter(None, (part["network"] for part in model["spec"]["parts"])):
        network["levels"] = network.pop("quantiles")
        network["series_vectors"] = sum(network.pop("inputs")["categories"])
    return model


def _rename_tensors(path: Path, rename: Callable[[str], str], without: str = "") -> None:
    tensors = {name: np.ascontiguousarray(value) for name, value in load(path.read_bytes()).items()}
    tensors = {rename(name): value for name, value in tensors.items() if name != without}
    path.write_bytes(save(tensors))
