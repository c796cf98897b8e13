"""What a store answers about a model and its versions. `name` is the model's, `version` the number of a version."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tsforecast.errors import TsforecastError
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.layout import CURRENT


@dataclass(frozen=True)
class LoadedVersion:
    """A version that was loaded and checked; `notes` tell the user how it was found."""

    name: str
    version: int
    folder: Path
    bundle: Bundle
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class VersionDetails:
    """Everything that is known of one version.

    Args:
        path: folder of the version.
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
    """What is wrong with one version, or with a file beside them where `version` is None.

    Args:
        error: None for a sound one.
        file: name of the file where `version` is None.
    """

    name: str
    version: int | None
    in_service: bool
    error: TsforecastError | None = None
    file: str = CURRENT


@dataclass(frozen=True)
class Published:
    """A version that was put into service.

    Args:
        path: folder of the version.
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
    """Numbers of the versions that were kept and removed, ascending, and bytes of the removed files.

    Of a dry run, those that would be removed.
    """

    name: str
    kept: tuple[int, ...]
    removed: tuple[int, ...]
    freed: int


@dataclass(frozen=True)
class Deleted:
    """Numbers of the versions that are gone, ascending, and bytes of the removed files."""

    name: str
    versions: tuple[int, ...]
    freed: int


@dataclass(frozen=True)
class Renamed:
    """A model that was called `previous` before; `problem` is what could not be done besides."""

    previous: str
    name: str
    path: str
    problem: str | None = None


@dataclass(frozen=True)
class Exported:
    """A version that was written into the zip file `output`, of `size` bytes."""

    name: str
    version: int
    output: str
    size: int
