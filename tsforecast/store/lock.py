"""Locks: one writer at a time, and never one that outlives its process.

The kernel frees a flock whatever ends the process that holds it, so that no lock is ever stale. The file of a lock is
never deleted: somebody may just be opening it. It tells who holds the lock, and is empty when nobody does.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from tsforecast import clock
from tsforecast.errors import BusyError, OutputError
from tsforecast.files import writing
from tsforecast.store.safe_files import FILE_MODE, make_folder

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_POLL = 0.05
_HELD = {errno.EAGAIN, errno.EACCES}
_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}
_NETWORK = {"nfs", "nfs4", "cifs", "smbfs", "smb3", "9p", "fuse.sshfs"}
_MOUNTS = Path("/proc/self/mounts")


@contextmanager
def hold(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold a lock while the body runs.

    Args:
        path: file of the lock; it is made if need be, as is its folder.
        wait: seconds to wait for whoever holds it.

    Raises:
        BusyError: it is held, with the process, since when and for how long.
        OutputError: the file cannot be made, or lies where nothing can be locked.
        StorageError: the disk is full or failed.
    """
    with writing(path):
        make_folder(path.parent)
        handle = _acquire(path, wait)
    try:
        _sign(handle)
        yield
    finally:
        with suppress(OSError):
            os.ftruncate(handle, 0)
        os.close(handle)


def network_filesystem(path: Path) -> str | None:
    """The kind of the network share that a path lies on, such as `nfs4`; None on a local disk.

    Another machine may not see the locks there.
    """
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    place = Path(os.path.realpath(path))
    longest, found = -1, ""
    for line in lines:
        point, kind = line.split(" ")[1:3]
        folder = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point))
        # Of two mounts at one point, the later one is seen.
        if place.is_relative_to(folder) and len(folder.parts) >= longest:
            longest, found = len(folder.parts), kind
    return found if found in _NETWORK else None


def _acquire(path: Path, wait: float) -> int:
    deadline = time.monotonic() + wait
    while True:
        handle = os.open(path, _FLAGS, FILE_MODE)
        try:
            # Whoever removed the folder meanwhile has taken the lock's file with it.
            if _locked(handle, path) and _is_still(path, handle):
                return handle
            holder = os.pread(handle, 1024, 0)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        left = deadline - time.monotonic()
        if left <= 0:
            raise BusyError(_held_by(holder), hint="try again when it has ended", file=str(path))
        time.sleep(min(_POLL, left))


def _locked(handle: int, path: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        if error.errno in _UNSUPPORTED:
            raise OutputError(
                f"cannot be locked: {error.strerror}", hint="keep the store on a local disk", file=str(path)
            ) from error
        raise
    return True


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    since = clock.now().isoformat(timespec="seconds")
    line = json.dumps({"pid": os.getpid(), "since": since, "host": os.uname().nodename})
    with suppress(OSError):  # pruning must be possible on a full disk
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{line}\n".encode(), 0)


def _held_by(data: bytes) -> str:
    try:
        holder = json.loads(data)
        pid, host, since = int(holder["pid"]), str(holder["host"])[:100], datetime.fromisoformat(holder["since"])
        age = max(0, round((clock.now() - since).total_seconds()))
    except (ValueError, KeyError, TypeError):
        return "held by another run"
    return f"held by process {pid} on {host} since {since:%Y-%m-%d %H:%M:%S} UTC, for {_duration(age)}"


def _duration(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
