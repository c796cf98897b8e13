"""Loading a version: every byte is checked against the manifest before it is used, and the golden batch is replayed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from tsforecast.errors import InputMissingError, ModelError, StorageError
from tsforecast.models.forecasting import predict_windows
from tsforecast.store import document, encoding, manifest
from tsforecast.store.bundle import Bundle
from tsforecast.store.layout import (
    current_version,
    in_service,
    model_names,
    version_folder,
    version_numbers,
)
from tsforecast.store.manifest import Manifest
from tsforecast.store.reading import read_file

# Largest difference of the replayed forecast, relative to 1 + abs(stored): other CPUs sum in another order.
_TOLERANCE = 1e-5


@dataclass(frozen=True)
class VersionInfo:
    """A model of the store as `models list` shows it; all but the first three describe the version in service.

    Args:
        name: of the model.
        current: number of the version in service, None where there is none.
        versions: all numbers, ascending.
        published: moment in UTC, None where it cannot be read.
        model: row of the table of models.
        horizon: steps.
        frequency: alias, such as `h`.
        skill: of the model on its test windows, None where it was not measured.
        problem: why the rest is empty; empty for a sound version.
    """

    name: str
    current: int | None
    versions: tuple[int, ...]
    published: datetime | None = None
    model: str = ""
    horizon: int | None = None
    frequency: str = ""
    skill: float | None = None
    problem: str = ""


def load_bundle(folder: str | Path) -> Bundle:
    """Read one version.

    Args:
        folder: that holds its files.

    Raises:
        InputMissingError: there is no such folder, or a file in it cannot be opened.
        ModelError: naming the file that is missing, does not belong there or is damaged, or that the replayed
            golden batch gave another forecast.
        StorageError: reading failed.
    """
    folder = Path(folder)
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise InputMissingError(f"cannot be opened: {error.strerror}", file=str(folder)) from error
    try:
        record = _read_manifest(folder)
        for name in sorted({*names, *record.files} - {manifest.FILE}):
            if name not in record.files or name not in encoding.MAX_BYTES:
                raise ModelError("does not belong to the version", file=name)
        bundle = encoding.decode({name: _read_checked(folder, record, name) for name in encoding.MAX_BYTES})
        _replay(bundle)
    except ModelError as error:
        raise _placed(error, folder) from error
    return bundle


def find_version(store: str | Path, name: str | None = None, version: int | None = None) -> tuple[str, int, Path]:
    """Which version is meant, and its folder.

    Args:
        store: folder of the store.
        name: of the model; None for the one that was published last.
        version: its number; None for the one in service.

    Raises:
        InputMissingError: the store, the model or the version does not exist, with what there is.
        ModelError: what says which version is in service is damaged.
    """
    folder = Path(store)
    names = model_names(folder)
    if not names:
        raise InputMissingError(f"no model in {store}", hint="fit one first: tsforecast fit DATA")
    if name is None:
        name = _last_published(folder, names)
    if name not in names:
        close = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        listed = ", ".join(close or names[:10])
        hint = f"did you mean {listed}?" if close else f"there is {listed}"
        raise InputMissingError(f"no model '{name}' in {store}", hint=hint)
    numbers = version_numbers(folder / name)
    wanted = current_version(folder / name) if version is None else version
    if wanted not in numbers:
        listed = ", ".join(str(number) for number in numbers[-10:]) or "none"
        message = f"model '{name}' has no version {wanted}"
        if version is None:
            message += ", though CURRENT names it"
        raise InputMissingError(message, hint=f"versions: {listed}", file=str(folder / name))
    return name, wanted, version_folder(folder / name, wanted)


def list_versions(store: str | Path) -> list[VersionInfo]:
    """All models of a store by name; none where there is no store. A damaged one is listed with its problem.

    Raises:
        InputMissingError: the store cannot be read.
    """
    return [_info(Path(store) / name) for name in model_names(Path(store))]


def describe_version(folder: str | Path) -> dict[str, Any]:
    """What model.json, metrics.json and the manifest say of one version, as plain values for JSON.

    Raises:
        InputMissingError: a file cannot be opened.
        ModelError: naming the file that is missing or damaged.
        StorageError: reading failed.
    """
    folder = Path(folder)
    try:
        record = _read_manifest(folder)
        data = _read_checked(folder, record, document.FILE)
        document.decode_document(data)
        metrics = encoding.decode_metrics(_read_checked(folder, record, encoding.METRICS))
    except ModelError as error:
        raise _placed(error, folder) from error
    facts: dict[str, Any] = json.loads(data)
    return {
        "published": record.published.isoformat(),
        "tool_version": record.tool_version,
        "size": sum(file.size for file in record.files.values()),
        **facts,
        "metrics": metrics,
    }


def _info(model: Path) -> VersionInfo:
    current, versions = None, version_numbers(model)
    try:
        current = current_version(model)
        folder = version_folder(model, current)
        record = _read_manifest(folder)
        decoded = document.decode_document(_read_checked(folder, record, document.FILE))
        metrics = encoding.decode_metrics(_read_checked(folder, record, encoding.METRICS))
    except (InputMissingError, ModelError, StorageError) as error:
        return VersionInfo(model.name, current, versions, problem=f"{Path(error.file).name}: {error.message}")
    return VersionInfo(
        name=model.name,
        current=current,
        versions=versions,
        published=record.published,
        model=decoded.spec.name,
        horizon=decoded.spec.horizon,
        frequency=decoded.frequency.alias,
        skill=_skill(metrics, decoded.spec.name),
    )


def _skill(metrics: dict[str, object], model: str) -> float | None:
    scores = metrics.get("scores")
    own = scores.get(model) if isinstance(scores, dict) else None
    skill = own.get("skill") if isinstance(own, dict) else None
    return float(skill) if isinstance(skill, int | float) else None


def _last_published(store: Path, names: list[str]) -> str:
    served = [name for name in names if in_service(store / name)]
    if len(served) < 2:
        return (served or names)[0]
    return max(served, key=lambda name: _published(store / name))


def _published(model: Path) -> datetime:
    folder = version_folder(model, current_version(model))
    try:
        return _read_manifest(folder).published
    except ModelError as error:
        raise _placed(error, folder) from error


def _read_manifest(folder: Path) -> Manifest:
    try:
        return manifest.decode_manifest(read_file(folder / manifest.FILE, manifest.MAX_BYTES))
    except FileNotFoundError as error:
        raise ModelError("is missing", file=manifest.FILE) from error


def _read_checked(folder: Path, record: Manifest, name: str) -> bytes:
    try:
        data = read_file(folder / name, encoding.MAX_BYTES[name])
    except FileNotFoundError as error:
        raise ModelError("is missing", file=name) from error
    manifest.check_file(record, name, data)
    return data


def _placed(error: ModelError, folder: Path) -> ModelError:
    """The same error with the whole path of the file."""
    return ModelError(error.message, hint=error.hint, file=str(folder / Path(error.file).name), row=error.row)


def _replay(bundle: Bundle) -> None:
    golden = bundle.golden
    # Weights that overflow are a difference like any other, not a warning.
    with np.errstate(all="ignore"):
        y_pred = predict_windows(bundle.spec, bundle.weights, golden.context, golden.mask, golden.series)
        difference = np.abs(y_pred.astype(np.float64) - golden.expected) / (1 + np.abs(golden.expected))
    largest = float(difference.max(initial=0.0))
    if not largest <= _TOLERANCE:
        raise ModelError(
            f"gives another forecast than when it was stored: the golden batch differs by {largest:.2g}",
            hint="fit the model again",
            file=encoding.GOLDEN,
        )
