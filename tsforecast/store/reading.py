"""Reading a file of the store once, as a whole, and only if it is a plain file of a sensible size."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, StorageError, TsforecastError
from tsforecast.store.trust import check_file

# A link could lead out of the store; opening a pipe would wait for ever. Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_DENIED = {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR}


def read_file(path: Path, most: int, *, trusted: bool = False) -> bytes:
    """The bytes of a plain file of at most `most` bytes.

    Args:
        path: of the file.
        most: bytes that are read.
        trusted: whether others may own it and write to it.

    Raises:
        FileNotFoundError: it does not exist.
        InputMissingError: it cannot be opened.
        ModelError: it is a link or no plain file, has a second name, or is too large.
        TrustError: somebody else could have changed it.
        StorageError: reading failed.
    """
    try:
        handle = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ModelError("is a link, not a file", file=str(path)) from error
        if error.errno == errno.ENXIO:
            raise ModelError("is not a plain file", file=str(path)) from error
        raise unreadable(error, path) from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ModelError("is not a plain file", file=str(path))
        if status.st_nlink > 1:
            raise ModelError(
                f"is linked to from {status.st_nlink} places, from each of which it can be changed",
                hint="copy it, do not link it",
                file=str(path),
            )
        if not trusted:
            check_file(status, path)
        check_size(status.st_size, most, path)
        with open(handle, "rb", closefd=False) as stream:
            return stream.read(status.st_size)
    except OSError as error:
        raise StorageError(f"cannot be read: {error.strerror}", file=str(path)) from error
    finally:
        os.close(handle)


def unreadable(error: OSError, path: Path) -> TsforecastError:
    """What an OSError of opening or listing something means: it is not there for us, or the disk fails."""
    kind = InputMissingError if error.errno in _DENIED else StorageError
    return kind(f"cannot be opened: {error.strerror or error}", file=str(path))


def check_size(size: int, most: int, path: Path) -> None:
    """Refuse a file that is too large to be read.

    Raises:
        ModelError: with both sizes.
    """
    if size > most:
        raise ModelError(f"has {size:,} bytes; at most {most:,} are read", file=str(path))
