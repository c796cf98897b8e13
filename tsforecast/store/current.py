"""CURRENT: which version of a model is in service.

The file has two lines: the number of the version, and the SHA-256 of that line, so that a flipped bit is noticed and
never names another version. It is replaced as a whole: a reader finds the old number or the new one.

Older releases wrote the number alone. Such a file must name the version that the journal says was put into service
last. A journal may lack the last publication, where the process was killed or the disk was full at that moment: a
number is believed too if the journal mentions it nowhere, and it is the newest version that exists.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, StorageError
from tsforecast.files import sync_folder
from tsforecast.store.journal import is_in_journal, last_put_into_service
from tsforecast.store.layout import CURRENT, version_numbers
from tsforecast.store.safe_files import read_file, write_file

_NUMBER = re.compile(rb"[0-9]{6}\n?")
_BYTES = len("000001\n") + 64 + len("\n")
# What a killed process may have written of it; a power cut may leave a file of zeros.
_BEGINNING = re.compile(rb"[0-9]{0,6}|[0-9]{6}\n[0-9a-f]{0,64}\n?|\0*")


def encode_current(version: int) -> bytes:
    """CURRENT as it puts a version into service."""
    line = f"{version:06d}\n".encode()
    return line + f"{hashlib.sha256(line).hexdigest()}\n".encode()


def read_current(model: Path, *, trusted: bool) -> int:
    """The number of the version in service.

    Args:
        model: folder of the model.
        trusted: whether others may own CURRENT and write to it.

    Raises:
        InputMissingError: no version has been put into service.
        ModelError: CURRENT is damaged; the hint names the version that the journal says was put into service last.
        TrustError: somebody else could have changed it.
        StorageError: reading failed.
    """
    data = _read(model, trusted)
    while not _is_checked(data):
        last = last_put_into_service(model)
        number = int(data) if _NUMBER.fullmatch(data) else None
        if number is not None and (last in (None, number) or _is_missed(model, number)):
            break
        again = _read(model, trusted)
        if again == data:  # not replaced between looking at it and at the journal
            raise _damaged(model, data, number, last)
        data = again
    return int(data[:6])


def _read(model: Path, trusted: bool) -> bytes:
    try:
        return read_file(model / CURRENT, _BYTES, trusted=trusted)
    except FileNotFoundError as error:
        raise InputMissingError(
            f"model '{model.name}' has no version in service",
            hint="fit it again, or name a version",
            file=str(model),
        ) from error


def _is_missed(model: Path, number: int) -> bool:
    """Whether a version is the newest one, and its publication is what the journal lacks."""
    return version_numbers(model)[-1:] == (number,) and not is_in_journal(model, number)


def _is_checked(data: bytes) -> bool:
    number = data[:6]
    return number.isdigit() and data == encode_current(int(number))


def _damaged(model: Path, data: bytes, number: int | None, last: int | None) -> ModelError:
    if number is not None:
        message = f"names version {number}, but the journal says that version {last} was put into service last"
    elif len(data) == _BYTES:
        message = "is damaged: its checksum does not fit"
    else:
        message = "does not hold the number of a version"
    hint = f"put a version into service: tsforecast models rollback {model.name} --to {last or 'N'}"
    return ModelError(message, hint=hint, file=str(model / CURRENT))


def is_beginning(path: Path) -> bool:
    """Whether a file holds nothing but a CURRENT that was written in part or as a whole."""
    with suppress(InputMissingError, ModelError):
        return _BEGINNING.fullmatch(read_file(path, _BYTES, trusted=True)) is not None
    return False


@contextmanager
def prepared(part: Path, version: int) -> Iterator[None]:
    """Write CURRENT aside, to `part`: a full disk is noticed before anything changes."""
    try:
        write_file(part, encode_current(version))
        yield
    finally:
        with suppress(OSError):  # the next change removes it
            part.unlink(missing_ok=True)


def put_into_service(model: Path, version: int, part: Path) -> None:
    """Replace CURRENT by what was prepared.

    Raises:
        OSError: the version in service is still the one before.
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
