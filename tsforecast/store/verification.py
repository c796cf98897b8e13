"""Checking a store: every byte of every version, and the forecast that each of them gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, StorageError, TrustError, TsforecastError
from tsforecast.store.layout import current_version, in_service, model_names, version_folder, version_numbers
from tsforecast.store.load import existing_version, find_model, load_bundle
from tsforecast.store.trust import check_folders


@dataclass(frozen=True)
class Checked:
    """What was found of one version, or of what says which version is in service.

    Args:
        name: of the model.
        version: its number; None for CURRENT.
        in_service: whether CURRENT names it.
        error: what is wrong with it; None for a sound one.
    """

    name: str
    version: int | None
    in_service: bool
    error: TsforecastError | None = None


def check_versions(
    store: str | Path, name: str | None = None, version: int | None = None, *, trusted: bool = False
) -> Iterator[Checked]:
    """Load versions one after the other.

    A version that is pruned meanwhile is passed over.

    Args:
        store: folder of the store.
        name: of the model; None for all models.
        version: its number; None for all.
        trusted: whether others may own the store and write to it.

    Raises:
        InputMissingError: there is no such store, model or version.
    """
    models = (
        [find_model(store, name, trusted=True)] if name else [Path(store) / each for each in model_names(Path(store))]
    )
    for model in models:
        current, problem = _current(model, trusted)
        if problem is not None and version is None:
            yield Checked(model.name, None, False, problem)
        if version is not None:
            existing_version(model, version, current=False)
        for number in version_numbers(model) if version is None else (version,):
            error = _check(Path(store), version_folder(model, number), trusted)
            if error is None or version is not None or number in version_numbers(model):
                yield Checked(model.name, number, number == current, error)


def _current(model: Path, trusted: bool) -> tuple[int | None, TsforecastError | None]:
    if not in_service(model):  # a first publication that was killed leaves a version that nothing names
        return None, None
    try:
        number = current_version(model, trusted=trusted)
        existing_version(model, number, current=True)
    except (InputMissingError, ModelError, StorageError, TrustError) as error:
        return None, error
    return number, None


def _check(store: Path, folder: Path, trusted: bool) -> TsforecastError | None:
    try:
        if not trusted:
            check_folders(folder, store)
        load_bundle(folder, trusted=trusted)
    except (InputMissingError, ModelError, StorageError, TrustError) as error:
        return error
    return None
