"""Writing to the disk: files that appear whole or not at all, and what an OSError means to the user."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shlex
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tsforecast.errors import OutputError, StorageError, TsforecastError, did_you_mean

# What a disk or a network share reports when it fails half way; anything else means "not there, not like that".
_FAILED = {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ESTALE}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_TABLES, _SHOWN = {".csv", ".tsv", ".txt", ".parquet", ".xlsx"}, 5
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}

# What some network file systems answer, which cannot wait for the names in a folder.
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP}


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
    folder = os.path.dirname(os.fspath(path))
    if error.errno == errno.ENOENT and folder and not os.path.exists(folder):
        hint = f"make its folder first: mkdir -p {shlex.quote(folder)}"
    return OutputError(message, hint=hint, file=str(path))


def meant_file(path: str | Path, endings: Collection[str] = _TABLES) -> str:
    """A hint about a file that is not there: the closest name in its folder, or else those of such endings."""
    folder, name = os.path.split(os.fspath(path))
    try:
        names = sorted(entry.name for entry in os.scandir(folder or ".") if entry.is_file())
    except OSError:
        return f"there is no folder '{folder}'" if folder else ""
    stems = {Path(each).stem.lower(): each for each in reversed(names)}
    if name.lower() in stems:
        return f"did you mean '{os.path.join(folder, stems[name.lower()])}'?"
    tables = [os.path.join(folder, each) for each in names if Path(each).suffix.lower() in endings]
    there = f"there is {', '.join(tables[:_SHOWN])}{', ...' if len(tables) > _SHOWN else ''}" if tables else ""
    return did_you_mean(os.path.join(folder, name), [os.path.join(folder, each) for each in names], otherwise=there)


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


def check_file(path: str | Path) -> None:
    """Refuse a file whose folder is not there or cannot be written to, before the long work whose result it is for.

    Raises:
        OutputError: naming the file or its folder.
    """
    folder = Path(path).parent
    check_folder(folder)
    with writing(path):
        if not folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def check_files(*paths: str | Path | None) -> None:
    """`check_file` for those of some files that are asked for."""
    for path in paths:
        if path is not None:
            check_file(path)


@contextmanager
def whole_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` when the body ends well, and leaves no trace when it does not.

    What a killed run left is removed by the next one. The rights of a file that is replaced are kept.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed; the message says so if the new file is there nevertheless.
    """
    with writing(path):
        target = Path(os.path.realpath(path))  # through a link, so that the link stays
        rights = _rights_of_file(target)
        _remove_leftovers(target)
        part, stream = _open_part(target)
        with stream:
            try:
                if rights is not None:
                    os.fchmod(stream.fileno(), rights)
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                os.replace(part, target)
            except BaseException:
                with suppress(OSError):
                    part.unlink()
                raise
    try:
        sync_folder(target.parent)
    except OSError as error:
        message = f"is written, but may be lost if the power fails: {error.strerror or error}"
        raise StorageError(message, hint="check the disk", file=str(path)) from error


def _rights_of_file(target: Path) -> int | None:
    """Rights of the file that will be replaced, None if there is none; a device or pipe is not replaced."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
    return stat.S_IMODE(mode)


def _part_name(target: Path, mark: str) -> str:
    # Names may have 255 bytes, a letter up to 4.
    return f".{target.name[:48]}.{mark}.part"


def _open_part(target: Path) -> tuple[Path, BinaryIO]:
    """A new file beside the target, locked for as long as it is open."""
    while True:
        part = target.with_name(_part_name(target, secrets.token_hex(4)))
        stream = open(part, "xb")  # noqa: SIM115  (the caller closes it)
        with suppress(OSError):  # a file system without locks: a leftover stays
            fcntl.flock(stream, fcntl.LOCK_EX)
        if part.exists():
            return part, stream
        stream.close()  # another run took it for a leftover before it was locked


def _remove_leftovers(target: Path) -> None:
    """Remove what killed runs left beside the target: the files that nobody holds locked."""
    pattern = re.compile(re.escape(_part_name(target, "MARK")).replace("MARK", "[0-9a-f]{8}"))
    for name in os.listdir(target.parent):
        if pattern.fullmatch(name):
            with suppress(OSError):
                _remove_unlocked(target.with_name(name))


def _remove_unlocked(path: Path) -> None:
    # Opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk, where the file system can."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)
