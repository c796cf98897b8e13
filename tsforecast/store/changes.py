"""The steps that change a model's folder, in an order in which a crash at any moment loses nothing.

Whoever changes a model holds its lock. A version is written aside, read back and checked, and only then given its
number and put into service. A version that is removed loses its number first. Readers see the old version or the new
one. Whatever ends the process leaves at most a `.stage-*` folder or a `.CURRENT-*` file, which the next change removes,
or a version that CURRENT does not name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError
from tsforecast.files import sync_folder, writing
from tsforecast.store.bundle import manifest
from tsforecast.store.bundle.codec import size_limits
from tsforecast.store.bundle.formats import FORMATS
from tsforecast.store.current import is_beginning, prepared, put_into_service, read_current
from tsforecast.store.journal import PRUNED, note_in_journal
from tsforecast.store.layout import LOCK, PART, STAGE, has_served, is_part, is_stage, version_folder, versions_folder
from tsforecast.store.load import load_bundle
from tsforecast.store.lock import hold
from tsforecast.store.safe_files import FOLDER_MODE, discard, make_folder, sync_name, write_file

# The files of versions of all formats: an older release may have left a stage behind.
_VERSION_FILES = {manifest.FILE, *(name for version in FORMATS for name in size_limits(version))}

# A publication takes seconds. If the lock is held for longer, something is wrong with the process that holds it.
_WAIT = 60.0


def make_model_folder(model: Path) -> None:
    """Make the folder of a model, so that it is still there after a power cut."""
    with writing(model):
        make_folder(versions_folder(model))
        if not has_served(model):  # a process that made the folders may have died before their names were on the disk
            for folder in (model.parent, model, versions_folder(model)):
                sync_name(folder)


@contextmanager
def changing(model: Path) -> Iterator[None]:
    """Hold the lock of a model, and remove what an ended process has left in its folder, but nobody else's files.

    Raises:
        BusyError: another process has held the lock for a minute.
        OutputError: the folder cannot be written to.
        StorageError: the disk is full or failed.
    """
    with writing(model), hold(model / LOCK, wait=_WAIT):
        for name in os.listdir(model):
            path = model / name
            if (is_stage(name) and _holds_version_files_only(path)) or (is_part(name) and is_beginning(path)):
                discard(path)
        yield


def _holds_version_files_only(path: Path) -> bool:
    """Whether a folder holds nothing but files of a version, perhaps not all of them."""
    if path.is_symlink() or not path.is_dir():
        return False
    with suppress(PermissionError), os.scandir(path) as entries:
        return all(entry.name in _VERSION_FILES and entry.is_file(follow_symlinks=False) for entry in entries)
    return False


def _unused(model: Path, mark: str) -> Path:
    """A file or folder of the store that is not there yet, and that a later change would remove; under the lock."""
    paths = (model / f"{mark}{number}" for number in count(os.getpid()))
    return next(path for path in paths if not os.path.lexists(path))


def in_service_or_none(model: Path) -> int | None:
    """The number of the version in service; None where there is none, or CURRENT is damaged."""
    with suppress(InputMissingError, ModelError):
        return read_current(model, trusted=True)
    return None


def serve(model: Path, version: int) -> None:
    """Put a version that has its number into service, under the lock of the model."""
    part = _unused(model, PART)
    with prepared(part, version):
        put_into_service(model, version, part)


def add_version(model: Path, version: int, files: Mapping[str, bytes]) -> Path:
    """Write a version, check it and put it into service, under the lock of the model.

    Returns:
        Its folder.

    Raises:
        ModelError: what was written does not load, or does not give the same forecast.
        OSError: a file or folder cannot be written.
        StorageError: reading failed, or the version is in service but may not be after a power cut.
    """
    stage, target, part = _unused(model, STAGE), version_folder(model, version), _unused(model, PART)
    try:
        _write_files(stage, files, manifest.make_manifest(files, name=model.name, version=version))
        load_bundle(stage, trusted=True)
        with prepared(part, version):
            try:
                os.rename(stage, target)
                sync_folder(target.parent)
                put_into_service(model, version, part)
            except BaseException:
                _take_back(model, version, stage)
                raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return target


def _write_files(stage: Path, files: Mapping[str, bytes], record: manifest.Manifest) -> None:
    os.mkdir(stage, FOLDER_MODE)
    for name, data in files.items():
        write_file(stage / name, data)
    write_file(stage / manifest.FILE, manifest.encode_manifest(record))
    sync_folder(stage)


def _take_back(model: Path, version: int, stage: Path) -> None:
    """Undo the rename of a version, unless CURRENT names it: an error may also come after the last step."""
    if in_service_or_none(model) == version:
        return
    with suppress(OSError):  # a version that nothing names does no harm
        os.rename(version_folder(model, version), stage)
        sync_folder(versions_folder(model))  # before its files go: a power cut must not bring back half of it


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
            aside = _unused(model, f"{STAGE}{number:06d}-")
            os.rename(version_folder(model, number), aside)
            gone.append(aside)
            note_in_journal(model, PRUNED, number, current)
    finally:
        if gone:
            sync_folder(versions_folder(model))
            sync_folder(model)
        for aside in gone:
            discard(aside)
