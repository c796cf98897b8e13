"""Whether somebody else could have changed a stored model: who owns it, and who may write to it."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from tsforecast.errors import TrustError

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
