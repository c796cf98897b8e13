"""`models list` and `models show`: what is in the store."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tsforecast.store.load import VersionInfo, describe_version, find_version, list_versions


def list_models(store: str | Path = "models") -> list[VersionInfo]:
    """One row for each model in the store, in the order of their names; a damaged one says what is wrong with it.

    Raises:
        InputMissingError: the store cannot be read.
    """
    return list_versions(store)


@dataclass(frozen=True)
class ModelDetails:
    """Everything that is known of one version."""

    name: str
    version: int
    path: str
    details: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def show_model(store: str | Path = "models", name: str | None = None, version: int | None = None) -> ModelDetails:
    """The description, scores and provenance of one version.

    Args:
        store: folder of all models.
        name: of the model; None takes the one published last.
        version: None takes the one in service.

    Raises:
        InputMissingError: no such store, model or version.
        ModelError: the version is damaged.
    """
    chosen, number, path = find_version(store, name, version)
    return ModelDetails(chosen, number, str(path), describe_version(path))
