"""Writing to the disk: files that appear whole or not at all, and what an OSError means to the user."""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tsforecast.errors import OutputError, StorageError, TsforecastError

# What a disk or a network share reports when it fails half way; anything else means "not there, not like that".
_FAILED = {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ESTALE}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


def json_bytes(value: Any) -> bytes:
    """A value as JSON with sorted keys. What has no number (NaN, infinity) is null, as JSON knows no other way."""
    text = json.dumps(plain(value), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def plain(value: Any) -> Any:
    """A value in the types of JSON: None where there is no number."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [plain(child) for child in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn an OSError into one that names `path`.

    Raises:
        OutputError: the file or folder cannot be created.
        StorageError: the disk is full or failed.
    """
    try:
        yield
    except BrokenPipeError:
        raise  # a reader that went away, such as `head`, is no error of the disk
    except OSError as error:
        raise _explain(error, path) from error


def _explain(error: OSError, path: str | Path) -> TsforecastError:
    message = f"cannot be written: {error.strerror or error}"
    if error.errno in _FAILED:
        hint = "free some space and run again" if error.errno in _FULL else "check the disk"
        return StorageError(message, hint=hint, file=str(path))
    hint = "choose a place that you may write to" if error.errno in _DENIED else ""
    return OutputError(message, hint=hint, file=str(path))


def check_folder(path: str | Path) -> None:
    """Refuse a folder that cannot be made or written to, before the long work whose result it is for.

    Raises:
        OutputError: naming the folder.
    """
    folder = Path(path)
    with writing(path):
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def whole_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` when the body ends well, and leaves no trace when it does not.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    target = Path(os.path.realpath(path))  # through a link, so that the link stays
    part = target.with_name(f".{target.name[:64]}.{secrets.token_hex(4)}.part")
    with writing(path), open(part, "xb") as stream:
        try:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(part, target)
            sync_folder(target.parent)
        finally:
            part.unlink(missing_ok=True)


def write_new(path: Path, data: bytes) -> None:
    """Create a file that did not exist, and wait until it is on the disk."""
    with open(path, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
