"""The bytes of an input: read once, unpacked, limited in size, decoded, and refused by name where they are no table."""

from __future__ import annotations

import codecs
import importlib
import io
import os
import stat
import sys
import time
from pathlib import Path
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import BusyError, DataError, InputMissingError, OptionError, StorageError
from tsforecast.files import meant_file
from tsforecast.io.messages import listed
from tsforecast.io.reading.files.kinds import kind_of

_ZIP = b"PK\x03\x04"
_PACKED = (
    (b"\x1f\x8b", "gzip data", "gzip"),
    (b"BZh", "bzip2 data", "bz2"),
    (b"\xfd7zXZ\0", "xz data", "lzma"),
    (_ZIP, "zip archive", "zipfile"),
)
_FOREIGN = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x7fELF", "a program"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)
_MARKUP = (b"<!doctype html", b"<html", b"<?xml")

# Two changes within a tick of the kernel's clock leave the same time behind.
_TICK = 0.02
_CSV_HINT = "save the table as CSV and give that file"

# An archive may expand a millionfold and a pipe have no end, so the memory that an input may take has a limit.
MOST_BYTES = 4 << 30

# Small files of equal rows are left in peace; a zip archive states its size before it is unpacked.
_MOST_RATIO, _LARGE_BYTES = 250, 256 << 20
_MOST_ZIP_RATIO, _LARGE_ZIP_BYTES = 100, 1 << 20
_PIECE = 1 << 20
_NEWLINE, _RETURN, _QUOTE = b'\n\r"'
_BESIDE_QUOTES = np.frombuffer(b'"\r\n,;\t|', dtype=np.uint8)

# UTF-32 first: its little-endian mark begins with that of UTF-16.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_bytes(source: str | Path) -> tuple[str, bytes]:
    """Read a regular file, or standard input for `-`, and return its name for messages and its bytes.

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
        raise InputMissingError("there is no such file", hint=meant_file(source), file=name) from None
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
        raise InputMissingError("this is a folder, not a file", hint=_file_in(name), file=name)
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


def _file_in(folder: str) -> str:
    """A hint that names the files of a folder."""
    return meant_file(os.path.join(folder, "-")) or "give a file"


def _is_still(source: str | Path, opened: os.stat_result) -> bool:
    """Whether a name still stands for the file that was opened."""
    try:
        return os.path.samestat(os.stat(source), opened)
    except OSError:
        return False


def unpack(data: bytes, name: str) -> bytes:
    """Unpack gzip, bzip2, xz or a zip archive of one file, and refuse by name what holds no table.

    Raises:
        DataError: empty, a damaged archive or one of several files, or a kind of file that holds no table.
    """
    if not _foreign_kind(data) and kind_of(data) != "workbook":
        data = expand(data, name, MOST_BYTES)
    if not data:
        raise DataError("the file is empty", file=name)
    if kind := _foreign_kind(data):
        raise DataError(f"this is {kind}, not a table of text", hint=_CSV_HINT, file=name)
    return data


def _foreign_kind(data: bytes) -> str | None:
    """What a file is that holds no table; None for tables and archives."""
    if data.startswith(_ZIP):
        document = b"[Content_Types].xml" in data[:4096] and b"word/" in data
        return "a Word document (.docx)" if document else None
    for magic, kind in _FOREIGN:
        if data.startswith(magic):
            return kind
    start = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "an HTML or XML page" if start.startswith(_MARKUP) else None


def expand(data: bytes, name: str, most: int) -> bytes:
    """Unpack what is packed, known by its first bytes, into at most `most` bytes; anything else is returned as it is.

    Raises:
        DataError: damaged, too large, or a zip archive of more or less than one file.
    """
    kind, module = next((packed for magic, *packed in _PACKED if data.startswith(magic)), ("", ""))
    if not kind:
        return data
    import lzma
    import zipfile
    import zlib

    most, expanded = most_expanded(len(data), most), io.BytesIO()
    # RuntimeError stands for an encrypted archive, NotImplementedError, a kind of it, for a rare way of packing.
    damages = (EOFError, OSError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
    try:
        opened = _zip(data, name) if module == "zipfile" else importlib.import_module(module).open(io.BytesIO(data))
        with opened as handle:
            while expanded.tell() <= most and (piece := handle.read(_PIECE)):
                expanded.write(piece)
    except damages as error:
        raise DataError(f"the {kind} is damaged or cut off: {error}", file=name) from error
    if expanded.tell() > most:
        raise too_large(kind, most, name)
    return expanded.getvalue()


def _zip(data: bytes, name: str) -> IO[bytes]:
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO(data))
    # macOS adds members of its own.
    named = [member for member in archive.infolist() if not member.is_dir()]
    members = [member for member in named if not member.filename.startswith("__MACOSX/")]
    members = [member for member in members if not member.filename.endswith(".DS_Store")]
    if len(members) != 1:
        inside = f": {listed([member.filename for member in members])}" if members else ""
        message = f"the zip archive has {len(members)} files{inside}"
        raise DataError(message, hint="unpack it and give one of them", file=name)
    (member,) = members
    if member.file_size > max(_LARGE_ZIP_BYTES, _MOST_ZIP_RATIO * member.compress_size):
        message = f"the zip archive expands to more than {_MOST_ZIP_RATIO} times its size"
        raise DataError(message, hint="if it is a table all the same, unpack it and give the CSV file", file=name)
    return archive.open(member)


def decode(data: bytes, encoding: str, file: str) -> bytes:
    """UTF-8 text without a byte order mark and with `\\n` line ends; those within quoted cells stay as they are.

    Raises:
        DataError: bytes that are not text in this encoding, with their line.
        OptionError: an unknown encoding.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            encoding = name
            data = data[len(mark) :] if name == "utf-8" else data
            break
    try:
        known = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise _unknown(encoding) from None
    try:
        if known != "utf-8":
            data = data.decode(encoding).encode()
        elif not data.isascii():
            data.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte {data[error.start]:#04x} is not {known} text ({error.start:,} bytes from the start)",
            hint="name the encoding with --encoding, such as --encoding cp1252",
            file=file,
            row=_line_at(data, error.start),
        ) from None
    except UnicodeError as error:
        raise DataError(f"this is not {known} text: {error}", hint="name another --encoding", file=file) from None
    except (LookupError, ValueError):
        raise _unknown(encoding) from None
    if b"\0" in data:
        position = data.index(b"\0")
        unwritten = not data[position:].strip(b"\0")  # room that was reserved, or lost when the power failed
        raise DataError(
            f"binary data, not text: {'nothing but NUL bytes' if unwritten else 'a NUL byte'} after {position:,} bytes",
            hint="the file was not written to its end"
            if unwritten
            else "if it is text, name its encoding, such as --encoding utf-16-le",
            file=file,
            row=_line_at(data, position),
        )
    return _plain_line_ends(data) if b"\r" in data else data


def _unknown(encoding: str) -> OptionError:
    return OptionError(f"there is no encoding '{encoding}'", hint="try utf-8 or cp1252")


def _line_at(data: bytes, position: int) -> int:
    """Number of the line, however lines end, that a byte stands on."""
    above = data[:position]
    return above.count(b"\n") + above.count(b"\r") - above.count(b"\r\n") + 1


def _plain_line_ends(text: bytes) -> bytes:
    """Line ends as `\\n`, but for those within quoted cells."""
    if b'"' not in text:
        return _unix(text)
    letters = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(letters == _QUOTE)
    within = np.searchsorted(quotes, np.flatnonzero(letters == _RETURN)) % 2
    if not within.any() or not _are_round_cells(letters, quotes):
        return _unix(text)
    parts = text.split(b'"')
    parts[::2] = map(_unix, parts[::2])
    return b'"'.join(parts)


def _are_round_cells(letters: NDArray[np.uint8], quotes: NDArray[np.int64]) -> bool:
    """Whether quotes stand round cells only: a single one in a line above the table would turn all others round."""
    padded = np.concatenate([[_NEWLINE], letters, [_NEWLINE]])
    beside = np.append(padded[quotes[::2]], padded[quotes[1::2] + 2])
    return quotes.size % 2 == 0 and bool(np.isin(beside, _BESIDE_QUOTES).all())


def _unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def most_expanded(packed: int, most: int = MOST_BYTES) -> int:
    """Bytes that a file of `packed` bytes may become in memory."""
    return min(most, max(_LARGE_BYTES, _MOST_RATIO * packed))


def too_large(kind: str, size: int, file: str) -> DataError:
    """The error of a file that becomes larger than `size` bytes."""
    limit = f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"
    hint = "if it is a table all the same, write its rows into a CSV file, and give that"
    return DataError(f"the {kind} expands to more than {limit}", hint=hint, file=file)


def check_count(
    count: int, most: int | None, what: Literal["rows", "series"], file: str, *, at_least: bool = False
) -> None:
    """Refuse a table of more rows or series than the user allows; None allows any number.

    Raises:
        DataError: there are more than `most`; `at_least` says that there may be more than were counted.
    """
    if most is None or count <= most:
        return
    hint = "check the id columns, or allow" if what == "series" else "take fewer rows, or allow"
    raise DataError(
        f"{'at least ' if at_least else ''}{count:,} {what}; at most {most:,} are allowed",
        hint=f"{hint} more with --max-{what}",
        file=file,
    )
