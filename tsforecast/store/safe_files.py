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


_LIFT = "give --trust-store if you trust whoever could have changed it"


def check_file(status: os.stat_result, path: Path) -> None:
    """Refuse a file that somebody else could have written to.

    Args:
        status: of the descriptor that is read, so that nobody can put another file there in between.
        path: for the message.

    Raises:
        TrustError: with the way out.
    """
    _check_owner(status, path)
    if status.st_mode & stat.S_IWOTH:
        _refuse_writable(path)


def check_folders(folder: Path, root: Path) -> None:
    """Refuse a folder in which somebody else could have replaced something, it or one above it.

    Args:
        folder: of a version, or one above it.
        root: of the store; what lies above it is not looked at. It alone may be a link.

    Raises:
        TrustError: naming the folder, with the way out.
    """
    above = folder.relative_to(root).parents
    for path in (*(root / part for part in reversed(above)), folder):
        check_one_folder(path, link=path == root)


def check_one_folder(path: Path, *, link: bool = False) -> None:
    """Refuse a folder in which somebody else could have replaced something.

    Args:
        path: of the folder; where there is none, reading will say so.
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
    _check_owner(status, path)
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        _refuse_writable(path)


def _check_owner(status: os.stat_result, path: Path) -> None:
    if hasattr(os, "geteuid") and status.st_uid not in (os.geteuid(), 0):
        raise TrustError(f"belongs to another user (uid {status.st_uid})", hint=_LIFT, file=str(path))


def _refuse_writable(path: Path) -> None:
    hint = f"take that right away by `chmod o-w {shlex.quote(str(path))}`, or {_LIFT}"
    raise TrustError("can be changed by every user of this machine", hint=hint, file=str(path))
