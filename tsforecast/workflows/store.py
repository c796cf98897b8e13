"""The `models` commands: what is in the store, whether it is sound, and which versions stay and serve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tsforecast.options import DEFAULT_STORE
from tsforecast.store.catalog import VersionInfo, describe_version, list_versions
from tsforecast.store.journal import read_journal
from tsforecast.store.upkeep import Pruned, RolledBack, VersionCheck, check_versions, export_version, prune, rollback
from tsforecast.store.versions import find_version
from tsforecast.workflows.clashes import refuse_clashes


def list_models(store: str | Path = DEFAULT_STORE, *, trusted: bool = False) -> list[VersionInfo]:
    """One row for each model in the store, in the order of their names; a damaged one says what is wrong with it.

    Raises:
        InputMissingError: the store cannot be read.
    """
    return list_versions(store, trusted=trusted)


@dataclass(frozen=True)
class ModelDetails:
    """Everything that is known of one version.

    Args:
        name: of the model.
        version: its number.
        path: of its folder.
        details: what its files say.
        journal: what happened to the model last, oldest first.
    """

    name: str
    version: int
    path: str
    details: dict[str, Any]
    journal: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def show_model(
    store: str | Path = DEFAULT_STORE, name: str | None = None, version: int | None = None, *, trusted: bool = False
) -> ModelDetails:
    """The description, scores and provenance of one version.

    Args:
        store: folder of all models.
        name: of the model; None takes the one published last.
        version: None takes the one in service.
        trusted: show a model that somebody else could have changed.

    Raises:
        InputMissingError: no such store, model or version.
        ModelError: the version is damaged.
        TrustError: somebody else could have changed it.
    """
    chosen, number, path = find_version(store, name, version, trusted=trusted)
    details = describe_version(path, trusted=trusted)
    return ModelDetails(chosen, number, str(path), details, read_journal(path.parent.parent))


def verify_models(
    store: str | Path = DEFAULT_STORE, name: str | None = None, version: int | None = None, *, trusted: bool = False
) -> list[VersionCheck]:
    """Read every byte of the versions of one model or of all, and replay the forecast that is stored with each.

    Args:
        store: folder of all models.
        name: of the model; None takes all.
        version: None takes all.
        trusted: whether a model may be one that somebody else could have changed.

    Raises:
        InputMissingError: no such store, model or version.
    """
    return list(check_versions(store, name, version, trusted=trusted))


def roll_back_model(store: str | Path, name: str, to: int | None = None, *, trusted: bool = False) -> RolledBack:
    """Put an older version back into service; `to` is its number, None the newest that is sound below the current one.

    Raises:
        TsforecastError: no such model or version (66), none that is sound (65), one that somebody else could have
            changed (77), a store that cannot be written (73, 74) or is being changed (75).
    """
    return rollback(store, name, to, trusted=trusted)


def prune_model(store: str | Path, name: str, keep: int, *, dry_run: bool = False, trusted: bool = False) -> Pruned:
    """Remove all versions but the newest `keep`, the one in service and the one before it.

    Raises:
        TsforecastError: as `roll_back_model`.
    """
    return prune(store, name, keep, dry_run=dry_run, trusted=trusted)


@dataclass(frozen=True)
class Exported:
    """A version that was written into a zip file of `size` bytes."""

    name: str
    version: int
    output: str
    size: int


def export_model(
    output: str | Path,
    *,
    store: str | Path = DEFAULT_STORE,
    name: str | None = None,
    version: int | None = None,
    trusted: bool = False,
) -> Exported:
    """Write a version into a zip file, once it was checked.

    Args:
        output: the zip file.
        store: folder of all models.
        name: of the model; None takes the one published last.
        version: None takes the one in service.
        trusted: whether the model may be one that somebody else could have changed.

    Raises:
        TsforecastError: a zip file within a model's folder (2), no such model (66), a damaged one (65), one that
            somebody else could have changed (77), a file that cannot be written (73, 74).
    """
    refuse_clashes((), [("--output", output)], store=store, name=name)
    chosen, number, folder = find_version(store, name, version, trusted=trusted)
    size = export_version(folder, name=chosen, version=number, output=output, trusted=trusted)
    return Exported(chosen, number, str(output), size)
