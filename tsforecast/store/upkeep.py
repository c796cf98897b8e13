"""Going back to an older version, and removing those that nobody will go back to."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, OptionError, StorageError, TrustError, TsforecastError
from tsforecast.files import sync_folder, whole_file, writing
from tsforecast.store.current import changing, note_in_journal, prepared, put_into_service, unused, version_in_service
from tsforecast.store.journal import PRUNED, ROLLED_BACK
from tsforecast.store.layout import (
    CURRENT,
    STAGE,
    current_version,
    in_service,
    model_names,
    version_folder,
    version_numbers,
    versions_folder,
)
from tsforecast.store.load import check_bundle, errors_name, load_bundle, read_version
from tsforecast.store.safe_files import FILE_MODE, check_folders, discard
from tsforecast.store.versions import existing_version, find_model, newest_sound


@dataclass(frozen=True)
class RolledBack:
    """A version that was put back into service.

    Args:
        name: of the model.
        version: that is in service.
        previous: that was before; None where that could not be read.
        path: folder of the version.
        passed_over: what is wrong with the versions between them, which do not load.
        problem: what could not be done besides; empty if all was.
    """

    name: str
    version: int
    previous: int | None
    path: Path
    passed_over: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Pruned:
    """What remains of a model's versions.

    Args:
        name: of the model.
        kept: numbers, ascending.
        removed: numbers, ascending; of a dry run, those that would be.
        freed: bytes of the removed files.
    """

    name: str
    kept: tuple[int, ...]
    removed: tuple[int, ...]
    freed: int


def rollback(store: str | Path, name: str, to: int | None = None, *, trusted: bool = False) -> RolledBack:
    """Put an older version back into service, once it was loaded and checked.

    Args:
        store: folder of the store.
        name: of the model.
        to: number of the version, which may be newer as well; None takes the newest that loads below the one in
            service, or the newest of all where it cannot be told which one that is.
        trusted: whether others may own the store and write to it.

    Raises:
        InputMissingError: there is no such model or version, or none below.
        ModelError: that version, or all below, are damaged.
        TrustError: somebody else could have changed it.
        OutputError: the store cannot be written to.
        StorageError: the disk is full or failed.
        BusyError: another process has been changing the same model for a minute.
    """
    model = find_model(store, name, trusted=trusted)
    with writing(model), changing(model):
        previous = version_in_service(model)
        if to is None:
            version, _, passed_over = newest_sound(model, previous, trusted=trusted)
        else:
            load_bundle(existing_version(model, to, current=False), trusted=trusted)
            version, passed_over = to, ()
        problem = ""
        if version != previous:
            with prepared(model, version) as part:
                put_into_service(model, version, part)
            problem = note_in_journal(model, ROLLED_BACK, version, previous)
    return RolledBack(name, version, previous, version_folder(model, version), passed_over, problem)


def prune(store: str | Path, name: str, keep: int, *, dry_run: bool = False, trusted: bool = False) -> Pruned:
    """Remove old versions.

    Args:
        store: folder of the store.
        name: of the model.
        keep: newest versions that remain; the one in service and the one before it remain always.
        dry_run: only say which they are.
        trusted: whether others may own the store and write to it.

    Raises:
        OptionError: nothing would remain.
        InputMissingError: there is no such model, or none of its versions is in service.
        ModelError: it cannot be told which version is in service.
        TrustError: somebody else could have changed the store.
        OutputError: the store cannot be written to.
        StorageError: the disk is full or failed.
        BusyError: another process has been changing the same model for a minute.
    """
    check_keep(keep)
    model = find_model(store, name, trusted=trusted)
    if dry_run:
        return _pruned(model, keep, current_version(model, trusted=trusted))
    with writing(model), changing(model):
        current = current_version(model, trusted=trusted)
        pruned = _pruned(model, keep, current)
        remove_versions(model, pruned.removed, current=current)
    return pruned


def check_keep(keep: int | None) -> None:
    """Refuse to keep nothing.

    Raises:
        OptionError: with what is possible.
    """
    if keep is not None and keep < 1:
        raise OptionError(f"{keep} versions cannot be kept", hint="keep at least 1")


def superfluous(numbers: tuple[int, ...], current: int, keep: int) -> tuple[int, ...]:
    """Which versions to remove: all but the newest `keep`, the one in service and the one before it."""
    before = [number for number in numbers if number < current][-1:]
    kept = {*numbers[-keep:], *before, current}
    return tuple(number for number in numbers if number not in kept)


def remove_versions(model: Path, numbers: Iterable[int], *, current: int) -> None:
    """Remove versions, under the lock of the model.

    They lose their numbers first: neither a reader nor a power cut finds a version of which half is gone.

    Raises:
        OSError: some could not be removed.
    """
    gone: list[Path] = []
    try:
        for number in numbers:
            aside = unused(model, f"{STAGE}{number:06d}-")
            os.rename(version_folder(model, number), aside)
            gone.append(aside)
            note_in_journal(model, PRUNED, number, current)
    finally:
        if gone:
            sync_folder(versions_folder(model))
            sync_folder(model)
        for aside in gone:
            discard(aside)


def _pruned(model: Path, keep: int, current: int) -> Pruned:
    numbers = version_numbers(model)
    removed = superfluous(numbers, current, keep)
    folders = [version_folder(model, number) for number in removed]
    freed = sum(entry.stat(follow_symlinks=False).st_size for folder in folders for entry in os.scandir(folder))
    return Pruned(model.name, tuple(number for number in numbers if number not in removed), removed, freed)


# The oldest moment that a zip file can name: the same version gives the same bytes.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def export_version(folder: Path, *, name: str, version: int, output: str | Path, trusted: bool = False) -> int:
    """Write a version into a zip file, which puts it into service where it is unpacked: in the folder of a store.

    Args:
        folder: of the version.
        name: of the model.
        version: its number.
        output: the zip file, which appears as a whole or not at all.
        trusted: whether others may own the files of the version and write to them.

    Returns:
        Bytes of the zip file.

    Raises:
        InputMissingError: a file cannot be opened.
        ModelError: the version is damaged.
        TrustError: somebody else could have changed it.
        OutputError: the zip file cannot be created.
        StorageError: the disk is full or failed.
    """
    with errors_name(folder):
        files = read_version(folder, trusted=trusted)
        check_bundle(files)
    inside = version_folder(Path(name), version)
    members = {inside / file: data for file, data in sorted(files.items())}
    members[Path(name) / CURRENT] = f"{version:06d}\n".encode()
    with whole_file(output) as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            for path, data in members.items():
                archive.writestr(_member(path), data)
        return stream.tell()


def _member(path: Path) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path.as_posix(), _MOMENT)
    info.create_system = 3  # Unix, whose modes the attributes hold
    info.external_attr = FILE_MODE << 16
    return info


@dataclass(frozen=True)
class VersionCheck:
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
) -> Iterator[VersionCheck]:
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
            yield VersionCheck(model.name, None, False, problem)
        if version is not None:
            existing_version(model, version, current=False)
        for number in version_numbers(model) if version is None else (version,):
            error = _check(Path(store), version_folder(model, number), trusted)
            if error is None or version is not None or number in version_numbers(model):
                yield VersionCheck(model.name, number, number == current, error)


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
