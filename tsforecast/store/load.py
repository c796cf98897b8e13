"""Loading a version: every byte is checked against the manifest before it is used, and the golden batch is replayed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tsforecast.errors import InputMissingError, ModelError, StorageError, TrustError
from tsforecast.models.forecasting import predict_windows
from tsforecast.store import document, encoding, manifest
from tsforecast.store.bundle import Bundle
from tsforecast.store.checked import placed, read_checked, read_manifest, read_version
from tsforecast.store.document import ModelDocument
from tsforecast.store.layout import (
    current_version,
    in_service,
    model_names,
    version_folder,
    version_numbers,
    versions_folder,
)
from tsforecast.store.manifest import Manifest
from tsforecast.store.trust import check_folders

# Largest difference of the replayed forecast, relative to 1 + abs(stored): other CPUs sum in another order.
_TOLERANCE = 1e-5
# How often a reader that newer publications have overtaken looks at CURRENT again.
_RETRIES = 3
Result = TypeVar("Result")


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


def load_bundle(folder: str | Path, *, trusted: bool = False) -> Bundle:
    """Read one version.

    Args:
        folder: that holds its files.
        trusted: whether others may own the files and write to them.

    Raises:
        InputMissingError: there is no such folder, or a file in it cannot be opened.
        ModelError: naming the file that is missing, does not belong there or is damaged, or that the replayed
            golden batch gave another forecast.
        TrustError: somebody else could have changed it.
        StorageError: reading failed.
    """
    folder = Path(folder)
    with placed(folder):
        return check_bundle(read_version(folder, trusted=trusted))


def check_bundle(files: Mapping[str, bytes]) -> Bundle:
    """The bundle of the files of a version, if it still gives the forecast that is stored with it.

    Raises:
        ModelError: naming the file and what is wrong with it.
    """
    bundle = encoding.decode({name: data for name, data in files.items() if name != manifest.FILE})
    _replay(bundle)
    return bundle


def find_version(
    store: str | Path, name: str | None = None, version: int | None = None, *, trusted: bool = False
) -> tuple[str, int, Path]:
    """Which version is meant, and its folder.

    Args:
        store: folder of the store.
        name: of the model; None for the one that was published last.
        version: its number; None for the one in service.
        trusted: whether others may own the folders and write to them.

    Raises:
        InputMissingError: the store, the model or the version does not exist, with what there is.
        ModelError: what says which version is in service is damaged.
        TrustError: somebody else could have changed it.
    """
    model = find_model(store, name, trusted=trusted)
    number = current_version(model, trusted=trusted) if version is None else version
    return model.name, number, existing_version(model, number, current=version is None)


def find_model(store: str | Path, name: str | None = None, *, trusted: bool = False) -> Path:
    """The folder of a model.

    Args:
        store: folder of the store.
        name: of the model; None for the one that was published last.
        trusted: whether others may own the folders and write to them.

    Raises:
        InputMissingError: the store or the model does not exist, with what there is.
        ModelError: what says which version is in service is damaged.
        TrustError: somebody else could have changed it.
    """
    folder = Path(store)
    names = model_names(folder)
    if not names:
        raise InputMissingError(f"no model in {store}", hint="fit one first: tsforecast fit DATA")
    if name is None:
        name = _last_published(folder, names, trusted)
    if name not in names:
        close = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        listed = ", ".join(close or names[:10])
        hint = f"did you mean {listed}?" if close else f"there is {listed}"
        raise InputMissingError(f"no model '{name}' in {store}", hint=hint)
    if not trusted:
        check_folders(versions_folder(folder / name), folder)
    return folder / name


def existing_version(model: Path, version: int, *, current: bool) -> Path:
    """The folder of a version of a model.

    Args:
        model: folder of the model.
        version: its number.
        current: whether CURRENT names it.

    Raises:
        InputMissingError: there is none of that number, with those that there are.
        ModelError: there is none, though CURRENT names it.
    """
    numbers = version_numbers(model)
    if version in numbers:
        return version_folder(model, version)
    hint = f"versions: {', '.join(str(number) for number in numbers[-10:]) or 'none'}"
    message = f"model '{model.name}' has no version {version}"
    if current:
        raise ModelError(f"{message}, though CURRENT names it", hint=hint, file=str(model))
    raise InputMissingError(message, hint=hint, file=str(model))


def in_service_now(model: Path, read: Callable[[int], Result], *, trusted: bool) -> Result:
    """What `read` makes of the version in service, once more if that was pruned meanwhile.

    Readers take no lock: between CURRENT and the files that it names, newer versions may have been published.

    Raises:
        TsforecastError: what reading raised, of a version that is still in service.
    """
    number = current_version(model, trusted=trusted)
    for _ in range(_RETRIES):
        try:
            return read(number)
        except (InputMissingError, ModelError):
            now = current_version(model, trusted=trusted)
            if now == number:
                raise
            number = now
    return read(number)


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
    with placed(folder):
        record = read_manifest(folder, trusted=trusted)
        data = read_checked(folder, record, document.FILE, trusted=trusted)
        document.decode_document(data)
        metrics = encoding.decode_metrics(read_checked(folder, record, encoding.METRICS, trusted=trusted))
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
        return record, decoded, encoding.decode_metrics(read_checked(folder, record, encoding.METRICS, trusted=trusted))

    try:
        record, decoded, metrics = in_service_now(model, read, trusted=trusted)
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


def _last_published(store: Path, names: list[str], trusted: bool) -> str:
    served = [name for name in names if in_service(store / name)]
    if len(served) < 2:
        return (served or names)[0]
    return max(served, key=lambda name: _published(store / name, trusted))


def _published(model: Path, trusted: bool) -> datetime:
    def read(number: int) -> datetime:
        folder = version_folder(model, number)
        with placed(folder):
            return read_manifest(folder, trusted=trusted).published

    return in_service_now(model, read, trusted=trusted)


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
