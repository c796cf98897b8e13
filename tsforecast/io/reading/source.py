"""Bytes of an input: opened once, read once, named by what they are."""

from __future__ import annotations

import io
import os
import stat
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

from tsforecast.errors import BusyError, DataError, InputMissingError, StorageError
from tsforecast.io.messages import listed
from tsforecast.io.reading.limits import MOST_BYTES, most_expanded, too_large

PARQUET_MAGIC = b"PAR1"
_ZIP_MAGIC = b"PK\x03\x04"
_FOREIGN = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"ARROW1", "an Arrow file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)
_MARKUP = (b"<!doctype html", b"<html", b"<?xml")

# Two changes within a tick of the kernel's clock leave the same time behind.
_TICK = 0.02
_CSV_HINT = "save the table as CSV (or Parquet) and give that file"


def read_bytes(source: str | Path) -> tuple[str, bytes]:
    """Read a regular file, or standard input for `-`.

    Returns:
        The name for messages, and the bytes as they are on the disk.

    Raises:
        InputMissingError: no such file, a folder, or no permission.
        DataError: a pipe, a socket or a device, or a standard input without end.
        BusyError: the file changed, or another was put in its place, while it was read.
        StorageError: reading failed half way.
    """
    if str(source) == "-":
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise DataError(f"more than {MOST_BYTES >> 30} GiB", hint="give a file instead", file="stdin")
        return "stdin", data
    name = str(source)
    # Opening a pipe waits for its writer unless it is told not to.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(source, flags)
    except FileNotFoundError:
        raise InputMissingError("there is no such file", file=name) from None
    except PermissionError:
        raise InputMissingError("no permission to read this file", file=name) from None
    except OSError as error:
        raise InputMissingError(f"cannot be opened: {error.strerror}", file=name) from error
    try:
        return name, _read_regular(descriptor, source)
    finally:
        os.close(descriptor)


def _read_regular(descriptor: int, source: str | Path) -> bytes:
    name = str(source)
    before = os.fstat(descriptor)
    if stat.S_ISDIR(before.st_mode):
        raise InputMissingError("this is a folder, not a file", file=name)
    if not stat.S_ISREG(before.st_mode):
        raise DataError("not a regular file but a pipe or a device", hint="use - to read standard input", file=name)
    if 0 <= time.time() - before.st_mtime < _TICK:
        time.sleep(_TICK)
        before = os.fstat(descriptor)
    try:
        with open(descriptor, "rb", closefd=False) as handle:
            data = handle.read()
    except OSError as error:
        raise StorageError(f"reading failed: {error.strerror}", file=name) from error
    after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BusyError("the file changed while it was read", hint="try again when it is complete", file=name)
    if not _is_still(source, after):
        raise BusyError("the file was replaced while it was read", hint="try again", file=name)
    return data


def _is_still(source: str | Path, opened: os.stat_result) -> bool:
    """Whether a name still stands for the file that was opened."""
    try:
        return os.path.samestat(os.stat(source), opened)
    except OSError:
        return False


def unpack(data: bytes, name: str) -> bytes:
    """Unpack gzip, bzip2, xz or a zip archive of one file, and refuse by name what is not a table.

    Returns:
        The bytes of a text or Parquet file.

    Raises:
        DataError: empty, a damaged archive or one of several files, or a kind of file that holds no table.
    """
    if not _foreign_kind(data):
        data = expand(data, name, MOST_BYTES)
    if not data:
        raise DataError("the file is empty", file=name)
    kind = _foreign_kind(data)
    if kind:
        raise DataError(f"this is {kind}, not a table of text", hint=_CSV_HINT, file=name)
    return data


def _foreign_kind(data: bytes) -> str:
    """What a file is that is no table; empty for text and Parquet."""
    if data.startswith(_ZIP_MAGIC):
        workbook = b"[Content_Types].xml" in data[:4096] or b"xl/" in data[:4096]
        return "an Excel workbook (.xlsx)" if workbook else ""
    for magic, kind in _FOREIGN:
        if data.startswith(magic):
            return kind
    start = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "an HTML or XML page" if start.startswith(_MARKUP) else ""


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
