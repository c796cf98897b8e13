"""Reading a file of the store once, as a whole, and only if it is a plain file of a sensible size."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, StorageError

# A link could lead out of the store; opening a pipe would wait for ever. Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a plain file of at most `most` bytes.

    Raises:
        FileNotFoundError: it does not exist.
        InputMissingError: it cannot be opened.
        ModelError: it is a link or no plain file, or too large.
        StorageError: reading failed.
    """
    try:
        handle = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        if path.is_symlink():
            raise ModelError("is a link, not a file", file=str(path)) from error
        raise InputMissingError(f"cannot be opened: {error.strerror}", file=str(path)) from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ModelError("is not a plain file", file=str(path))
        if status.st_size > most:
            raise ModelError(f"has {status.st_size:,} bytes; at most {most:,} are read", file=str(path))
        with open(handle, "rb", closefd=False) as stream:
            return stream.read(status.st_size)
    except OSError as error:
        raise StorageError(f"cannot be read: {error.strerror}", file=str(path)) from error
    finally:
        os.close(handle)
