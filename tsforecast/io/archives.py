"""Compressed tables: gzip, bzip2, xz, and zip archives of one file."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Any

from tsforecast.errors import DataError
from tsforecast.io.limits import most_expanded, too_large
from tsforecast.io.notes import listed

_GZIP, _BZIP2, _XZ, _ZIP = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"PK\x03\x04"
_PIECE = _LARGE_BYTES = 1 << 20
_MOST_RATIO = 100

Opened = Callable[[], AbstractContextManager[IO[bytes]]]


def expand(data: bytes, name: str, most: int) -> bytes:
    """Unpack what is packed, known by its first bytes; anything else is returned as it is.

    Args:
        data: of the file.
        name: for messages.
        most: bytes that it may expand to; a small file less.

    Raises:
        DataError: damaged, too large, or a zip archive of more or less than one file.
    """
    most = most_expanded(len(data), most)
    if data.startswith(_GZIP):
        return _unpacked(lambda: _gzip(data), "gzip data", name, most)
    if data.startswith(_BZIP2):
        return _unpacked(lambda: _bzip2(data), "bzip2 data", name, most)
    if data.startswith(_XZ):
        return _unpacked(lambda: _xz(data), "xz data", name, most)
    return _unpacked(lambda: _zip(data, name), "zip archive", name, most) if data.startswith(_ZIP) else data


def _unpacked(opened: Opened, kind: str, name: str, most: int) -> bytes:
    import lzma
    import zipfile
    import zlib

    # RuntimeError: encrypted; NotImplementedError, a kind of it: a rare way of packing.
    damages = (EOFError, OSError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
    expanded = io.BytesIO()
    try:
        with opened() as handle:
            while expanded.tell() <= most and (piece := handle.read(_PIECE)):
                expanded.write(piece)
    except damages as error:
        raise DataError(f"the {kind} is damaged or cut off: {error}", file=name) from error
    if expanded.tell() > most:
        raise too_large(kind, most, name)
    return expanded.getvalue()


def _gzip(data: bytes) -> Any:
    import gzip

    return gzip.GzipFile(fileobj=io.BytesIO(data))


def _bzip2(data: bytes) -> Any:
    import bz2

    return bz2.BZ2File(io.BytesIO(data))


def _xz(data: bytes) -> Any:
    import lzma

    return lzma.LZMAFile(io.BytesIO(data))


def _zip(data: bytes, name: str) -> IO[bytes]:
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO(data))
    members = [member for member in archive.infolist() if not member.is_dir() and not _is_beside(member.filename)]
    if len(members) != 1:
        inside = f": {listed([member.filename for member in members])}" if members else ""
        message = f"the zip archive has {len(members)} files{inside}"
        raise DataError(message, hint="unpack it and give one of them", file=name)
    (member,) = members
    # It says so itself, before anything is unpacked.
    if member.file_size > max(_LARGE_BYTES, _MOST_RATIO * member.compress_size):
        message = f"the zip archive expands to more than {_MOST_RATIO} times its size"
        raise DataError(message, hint="if it is a table all the same, unpack it and give the CSV file", file=name)
    return archive.open(member)


def _is_beside(name: str) -> bool:
    """Whether it is what a Mac adds to an archive."""
    return name.startswith("__MACOSX/") or name.endswith(".DS_Store")
