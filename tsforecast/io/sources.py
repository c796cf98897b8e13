"""Bytes of an input: opened once, read once, named by what they are."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

from tsforecast.errors import BusyError, DataError, InputMissingError, StorageError
from tsforecast.io.archives import expand
from tsforecast.io.limits import MOST_BYTES

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
