"""What a store answers: results of looking at models and of changing them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tsforecast.errors import TsforecastError
from tsforecast.store.bundle.bundle import Bundle


@dataclass(frozen=True)
class LoadedVersion:
    """A version that was loaded and checked.

    Args:
        name: name of the model.
        version: number of the version.
        folder: folder that holds its files.
        bundle: what is in them.
        notes: what the user should know of how it was found.
    """

    name: str
    version: int
    folder: Path
    bundle: Bundle
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class VersionDetails:
    """Everything that is known of one version.

    Args:
        name: name of the model.
        version: number of the version.
        path: its folder.
        details: what its files say.
        journal: what happened to the model last, oldest first.
    """

    name: str
    version: int
    path: str
    details: dict[str, Any]
    journal: list[dict[str, Any]]

    @property
    def published(self) -> datetime:
        """Moment in UTC."""
        return datetime.fromisoformat(self.details["published"])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class VersionInfo:
    """A model as `models list` shows it; all but the first three fields describe the version in service.

    Args:
        name: name of the model.
        current: number of the version in service; None where there is none.
        versions: all numbers, ascending.
        published: moment in UTC; None where it cannot be read.
        model: row of the table of models.
        horizon: steps.
        frequency: alias, such as `h`.
        skill: skill of the model on its test windows; None where it was not measured.
        problem: why the rest is empty; None for a sound version.
    """

    name: str
    current: int | None
    versions: tuple[int, ...]
    published: datetime | None = None
    model: str = ""
    horizon: int | None = None
    frequency: str = ""
    skill: float | None = None
    problem: str | None = None


@dataclass(frozen=True)
class VersionCheck:
    """What was found of one version, or of CURRENT.

    Args:
        name: name of the model.
        version: number of the version; None for CURRENT.
        in_service: whether CURRENT names it.
        error: what is wrong with it; None for a sound one.
    """

    name: str
    version: int | None
    in_service: bool
    error: TsforecastError | None = None


@dataclass(frozen=True)
class Published:
    """A version that was put into service.

    Args:
        name: name of the model.
        version: number of the version.
        path: its folder.
        problem: what could not be done besides; None if all was.
    """

    name: str
    version: int
    path: Path
    problem: str | None = None


@dataclass(frozen=True)
class RolledBack(Published):
    """A version that was put back into service.

    Args:
        previous: the version that was in service before; None where that could not be read.
        passed_over: what is wrong with the versions between them, which do not load.
    """

    previous: int | None = None
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pruned:
    """What remains of a model's versions.

    Args:
        name: name of the model.
        kept: numbers, ascending.
        removed: numbers, ascending; of a dry run, those that would be removed.
        freed: bytes of the removed files.
    """

    name: str
    kept: tuple[int, ...]
    removed: tuple[int, ...]
    freed: int


@dataclass(frozen=True)
class Exported:
    """A version that was written into the zip file `output`, of `size` bytes."""

    name: str
    version: int
    output: str
    size: int
