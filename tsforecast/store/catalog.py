"""What is in a store: its models, and what is known of their versions without loading them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tsforecast.errors import InputMissingError, ModelError, StorageError, TrustError
from tsforecast.store.bundle import codec, document
from tsforecast.store.bundle.document import ModelDocument
from tsforecast.store.bundle.manifest import Manifest
from tsforecast.store.layout import model_names, version_folder, version_numbers
from tsforecast.store.load import errors_name, read_checked, read_manifest
from tsforecast.store.safe_files import check_folders
from tsforecast.store.versions import read_current


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


def list_versions(store: str | Path, *, trusted: bool = False) -> list[VersionInfo]:
    """All models of a store by name; none where there is no store. A damaged one is listed with its problem.

    Args:
        store: folder of the store.
        trusted: whether others may own what is in it and write to it.

    Raises:
        InputMissingError: the store cannot be read.
    """
    return [_info(Path(store), name, trusted) for name in model_names(Path(store))]


def describe_version(folder: str | Path, *, trusted: bool = False) -> dict[str, Any]:
    """What model.json, metrics.json and the manifest say of one version, as plain values for JSON.

    Args:
        folder: of the version.
        trusted: whether others may own the files and write to them.

    Raises:
        InputMissingError: a file cannot be opened.
        ModelError: naming the file that is missing or damaged.
        TrustError: somebody else could have changed it.
        StorageError: reading failed.
    """
    folder = Path(folder)
    with errors_name(folder):
        record = read_manifest(folder, trusted=trusted)
        data = read_checked(folder, record, document.FILE, trusted=trusted)
        document.decode_document(data)
        metrics = codec.decode_metrics(read_checked(folder, record, codec.METRICS, trusted=trusted))
    facts: dict[str, Any] = json.loads(data)
    return {
        "published": record.published.isoformat(),
        "tool_version": record.tool_version,
        "size": sum(file.size for file in record.files.values()),
        **facts,
        "metrics": metrics,
    }


def _info(store: Path, name: str, trusted: bool) -> VersionInfo:
    model = store / name
    versions = version_numbers(model)
    current = None

    def read(number: int) -> tuple[Manifest, ModelDocument, dict[str, Any]]:
        nonlocal current
        current, folder = number, version_folder(model, number)
        if not trusted:
            check_folders(folder, store)
        record = read_manifest(folder, trusted=trusted)
        decoded = document.decode_document(read_checked(folder, record, document.FILE, trusted=trusted))
        return record, decoded, codec.decode_metrics(read_checked(folder, record, codec.METRICS, trusted=trusted))

    try:
        record, decoded, metrics = read_current(model, read, trusted=trusted)
    except (InputMissingError, ModelError, StorageError, TrustError) as error:
        return VersionInfo(name, current, versions, problem=f"{Path(error.file).name}: {error.message}")
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
