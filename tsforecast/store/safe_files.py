"""Files and folders of the store: nobody else may write to them, and none is lost in a power cut once it counts."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, StorageError, TrustError, TsforecastError
from tsforecast.files import sync_folder

# A stricter umask takes more rights away; none gives others the right to write.
FOLDER_MODE, FILE_MODE = 0o750, 0o640

# A link could lead out of the store, and opening a pipe would wait for ever.
SAFE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NOT_OPENED = {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR}
_LIFT = "give --trust-store if you trust whoever could have changed it"


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


def read_file(path: Path, most: int, *, trusted: bool = False) -> bytes:
    """The bytes of a plain file of at most `most` bytes.

    Args:
        path: path of the file.
        most: number of bytes above which nothing is read.
        trusted: whether others may own the file and write to it.

    Raises:
        FileNotFoundError: it does not exist.
        InputMissingError: it cannot be opened.
        ModelError: it is a link or no plain file, has a second name, or is too large.
        TrustError: somebody else could have changed it.
        StorageError: reading failed.
    """
    try:
        handle = os.open(path, os.O_RDONLY | SAFE)
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
        _check_file(status, path, trusted)
        check_size(status.st_size, most, path)
        with open(handle, "rb", closefd=False) as stream:
            return stream.read(status.st_size)
    except OSError as error:
        raise StorageError(f"cannot be read: {error.strerror}", file=str(path)) from error
    finally:
        os.close(handle)


def check_file(path: Path, *, trusted: bool = False) -> None:
    """Refuse a file that another program is to open by its name; one that is not there is fine.

    Raises:
        ModelError: it is a link or no plain file, or has a second name.
        TrustError: somebody else could have changed it.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise ModelError("is a link, not a file", file=str(path))
    _check_file(status, path, trusted)


def unreadable(error: OSError, path: Path) -> TsforecastError:
    """The error for a file or folder that could not be opened or listed: it is not there for us, or the disk fails."""
    kind = InputMissingError if error.errno in _NOT_OPENED else StorageError
    return kind(f"cannot be opened: {error.strerror or error}", file=str(path))


def check_size(size: int, most: int, path: Path) -> None:
    """Refuse a file that is too large to be read.

    Raises:
        ModelError: with both sizes.
    """
    if size > most:
        raise ModelError(f"has {size:,} bytes; at most {most:,} are read", file=str(path))


def _check_file(status: os.stat_result, path: Path, trusted: bool) -> None:
    """Refuse a file by the status of the descriptor that is read: nobody can put another file there in between."""
    if not stat.S_ISREG(status.st_mode):
        raise ModelError("is not a plain file", file=str(path))
    if status.st_nlink > 1:
        raise ModelError(
            f"is linked to from {status.st_nlink} places, from each of which it can be changed",
            hint="copy it, do not link it",
            file=str(path),
        )
    if not trusted:
        _check_rights(status, path, writable=bool(status.st_mode & stat.S_IWOTH))


def check_folders(folder: Path, root: Path) -> None:
    """Refuse a folder if somebody else could have replaced something in it, or in one above it.

    Args:
        folder: folder of a version, or one above it.
        root: folder of the store. It alone may be a link, and what lies above it is not looked at.

    Raises:
        TrustError: naming the folder, with the way out.
    """
    above = folder.relative_to(root).parents
    for path in (*(root / part for part in reversed(above)), folder):
        check_one_folder(path, link=path == root)


def check_one_folder(path: Path, *, link: bool = False) -> None:
    """Refuse a folder if somebody else could have replaced something in it. One that is gone, reading will find.

    Args:
        path: path of the folder.
        link: whether it may be a link.

    Raises:
        TrustError: with the way out.
    """
    try:
        status = os.stat(path, follow_symlinks=link)
    except OSError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise TrustError("is a link, not a folder", hint=f"copy the folder here, or {_LIFT}", file=str(path))
    _check_rights(status, path, writable=bool(status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX))


def _check_rights(status: os.stat_result, path: Path, *, writable: bool) -> None:
    if status.st_uid not in (os.geteuid(), 0):
        raise TrustError(f"belongs to another user (uid {status.st_uid})", hint=_LIFT, file=str(path))
    if writable:
        hint = f"take that right away by `chmod o-w {shlex.quote(str(path))}`, or {_LIFT}"
        raise TrustError("can be changed by every user of this machine", hint=hint, file=str(path))
