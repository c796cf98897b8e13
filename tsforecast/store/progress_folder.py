"""A folder in which one process at a time keeps how far a long work is.

Each file is written aside, synced and renamed, so that a kill at any moment leaves the old file or the new one. The
lock dies with the process, whatever ends it. Names that are not ours are left alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path

from tsforecast.files import sync_folder
from tsforecast.store.safe_files import make_folder, write_file

_PART = ".part"


class ProgressFolder:
    """An open folder of progress. `open` and the other methods raise OSError where the disk fails.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path, ours: re.Pattern[str], lock: int) -> None:
        self.path = path
        self._ours, self._lock = ours, lock

    @classmethod
    def open(cls, path: Path, ours: re.Pattern[str], *, make: bool = True) -> ProgressFolder | None:
        """Lock a folder for this process; None if another one has it.

        Args:
            path: the folder.
            ours: what the names of its files look like.
            make: whether it is made if it is not there.
        """
        if make:
            make_folder(path)
        _check_private(path)
        lock = _lock(path)
        return None if lock is None else cls(path, ours, lock)

    def names(self) -> list[str]:
        """The names of our files, sorted."""
        return [name for name in sorted(os.listdir(self.path)) if self._ours.fullmatch(name)]

    def write(self, name: str, data: bytes) -> None:
        """Write a file, which is there as a whole or not at all."""
        part = self.path / _PART
        part.unlink(missing_ok=True)
        write_file(part, data)
        os.replace(part, self.path / name)
        sync_folder(self.path)

    def drop_part(self) -> None:
        """Remove a file that a kill left half written."""
        (self.path / _PART).unlink(missing_ok=True)

    def empty(self) -> None:
        """Remove our files."""
        self.drop_part()
        for name in self.names():
            (self.path / name).unlink()

    def close(self) -> None:
        """Free the lock; a folder that holds nothing does not stay."""
        with suppress(OSError):
            self.path.rmdir()
        os.close(self._lock)


def _check_private(folder: Path) -> None:
    """Refuse a folder in which somebody else could put a file."""
    status = os.lstat(folder)
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(errno.EACCES, f"{folder} can be written to by others")


def _lock(folder: Path) -> int | None:
    """A handle of the folder that holds its lock; None if somebody else has it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), os.stat(folder)):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None
