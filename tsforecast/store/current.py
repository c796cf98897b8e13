"""Which version is in service, and what every change of a model begins with: its lock, and no leftovers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, StorageError
from tsforecast.files import sync_folder, writing
from tsforecast.store.bundle import manifest
from tsforecast.store.bundle.codec import MAX_BYTES
from tsforecast.store.journal import append_entry
from tsforecast.store.layout import CURRENT, LOCK, PART, current_version, is_part, is_stage
from tsforecast.store.lock import hold
from tsforecast.store.safe_files import discard, read_file, write_file

_VERSION_FILES = {*MAX_BYTES, manifest.FILE}

# A power cut may leave a file of zeros.
_NUMBER = re.compile(rb"[0-9]{0,6}\n?|\0*")
_MOST_BYTES = 7

# A publication takes seconds: longer than this, something is wrong with whoever holds the lock.
_WAIT = 60.0


@contextmanager
def changing(model: Path) -> Iterator[None]:
    """Hold the lock of a model's folder, and remove what an ended process has left there, but nothing of anybody else.

    Raises:
        BusyError: another process has held the lock for a minute.
        OutputError: the folder cannot be written to.
        StorageError: the disk is full or failed.
    """
    with hold(model / LOCK, wait=_WAIT), writing(model):
        for name in os.listdir(model):
            path = model / name
            if (is_stage(name) and _holds_version_files_only(path)) or (is_part(name) and _holds_number_only(path)):
                discard(path)
        yield


def _holds_version_files_only(path: Path) -> bool:
    """Whether a folder holds nothing but files of a version, perhaps not all of them."""
    if path.is_symlink() or not path.is_dir():
        return False
    with suppress(PermissionError), os.scandir(path) as entries:
        return all(entry.name in _VERSION_FILES and entry.is_file(follow_symlinks=False) for entry in entries)
    return False


def _holds_number_only(path: Path) -> bool:
    """Whether a file holds nothing but the number of a version, perhaps not all of it."""
    with suppress(InputMissingError, ModelError):
        return _NUMBER.fullmatch(read_file(path, _MOST_BYTES, trusted=True)) is not None
    return False


def unused(model: Path, mark: str) -> Path:
    """A file or folder of ours that is not there yet, and that a later change removes; for whoever holds the lock."""
    paths = (model / f"{mark}{number}" for number in count(os.getpid()))
    return next(path for path in paths if not os.path.lexists(path))


@contextmanager
def prepared(model: Path, version: int) -> Iterator[Path]:
    """CURRENT as it will be, written aside: a full disk is noticed while nothing has changed."""
    part = unused(model, PART)
    try:
        write_file(part, f"{version:06d}\n".encode())
        yield part
    finally:
        with suppress(OSError):  # the next change removes it
            part.unlink(missing_ok=True)


def put_into_service(model: Path, version: int, part: Path) -> None:
    """Replace CURRENT by what was prepared.

    Raises:
        OSError: the version in service is the one before.
        StorageError: the version is in service, but may not be after a power cut.
    """
    os.replace(part, model / CURRENT)
    try:
        sync_folder(model)
    except OSError as error:
        raise StorageError(
            f"version {version} is in service, but perhaps not after a power cut: {error.strerror or error}",
            hint="check the disk",
            file=str(model),
        ) from error


def version_in_service(model: Path) -> int | None:
    """The number in CURRENT; None where there is none or it is damaged."""
    with suppress(InputMissingError, ModelError):
        return current_version(model, trusted=True)
    return None


def note_in_journal(model: Path, event: str, version: int, previous: int | None) -> str:
    """Add a line to the journal.

    Returns:
        Why there is none; empty if it was written.
    """
    try:
        append_entry(model, event, version, previous)
    except OSError as error:
        return f"the journal could not be written: {error.strerror or error}"
    return ""
