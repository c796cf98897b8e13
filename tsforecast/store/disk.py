"""Files and folders of the store: nobody else may write to them, and none is lost in a power cut once it counts."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from tsforecast.files import sync_folder

# A stricter umask takes more away; none gives others the right to write.
FOLDER_MODE, FILE_MODE = 0o750, 0o640
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def make_folder(path: Path) -> None:
    """Make a folder and those missing above it; the name of each is on the disk before the next is made."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):  # somebody made it meanwhile; a file of that name fails below it
        os.mkdir(path, FOLDER_MODE)
    sync_name(path)


def sync_name(path: Path) -> None:
    """Wait until the name of a file or folder is on the disk, where the folder above it may be read."""
    with suppress(PermissionError):
        sync_folder(path.parent)


def write_file(path: Path, data: bytes) -> None:
    """Create a file that did not exist, and wait until its bytes are on the disk."""
    handle = os.open(path, _CREATE, FILE_MODE)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
