"""How a text file is written: its encoding, its delimiter and its decimal mark."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.reading.numbers import is_number
from tsforecast.io.reading.text.records import NEWLINE, QUOTE
from tsforecast.io.times.formats import is_stamp_like

DELIMITERS = (",", ";", "\t", "|")
DECIMALS = (".", ",")
_RETURN = ord("\r")
_BESIDE_QUOTES = np.frombuffer(b'"\r\n,;\t|', dtype=np.uint8)
_SAMPLE_BYTES = 1 << 16
_SAMPLE_LINES = 100

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, encoding: str, file: str) -> bytes:
    """UTF-8 text without a byte order mark and with `\\n` line ends; those within quoted cells stay as they are.

    Raises:
        DataError: bytes that are not text in this encoding, with their line.
        OptionError: an unknown encoding.
    """
    for mark, name in _MARKS:
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
    quotes = np.flatnonzero(letters == QUOTE)
    within = np.searchsorted(quotes, np.flatnonzero(letters == _RETURN)) % 2
    if not within.any() or not _are_round_cells(letters, quotes):
        return _unix(text)
    parts = text.split(b'"')
    parts[::2] = map(_unix, parts[::2])
    return b'"'.join(parts)


def _are_round_cells(letters: NDArray[np.uint8], quotes: NDArray[np.int64]) -> bool:
    """Whether quotes stand round cells only: a single one in a line above the table would turn all others round."""
    padded = np.concatenate([[NEWLINE], letters, [NEWLINE]])
    beside = np.append(padded[quotes[::2]], padded[quotes[1::2] + 2])
    return quotes.size % 2 == 0 and bool(np.isin(beside, _BESIDE_QUOTES).all())


def _unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def sniff(text: bytes, delimiter: str | None, decimal: str | None) -> tuple[str, str]:
    """The delimiter and decimal mark under which the most cells are numbers or time stamps.

    Args:
        text: UTF-8 text.
        delimiter: a given delimiter, None to find it.
        decimal: a given decimal mark, None to find it.

    Raises:
        OptionError: a delimiter that is not one character, or a decimal mark other than `.` and `,`.
    """
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\n\r'):
        raise OptionError(f"the delimiter must be one character, not {delimiter!r}")
    if decimal is not None and decimal not in DECIMALS:
        raise OptionError(f"the decimal mark must be '.' or ',', not {decimal!r}")
    sample = _sample(text)
    best, best_score = (delimiter or ",", decimal or "."), (0, 0)
    for mark in (delimiter,) if delimiter else DELIMITERS:
        rows = list(csv.reader(sample, delimiter=mark))
        for point in (decimal,) if decimal else DECIMALS:
            useful = sum(is_number(cell, point) or is_stamp_like(cell) for row in rows for cell in row)
            score = (useful, len(rows[0]) if rows else 0)
            # Only quotes can hold a decimal comma between commas: it must be asked for.
            if (mark != point or decimal) and score > best_score:
                best, best_score = (mark, point), score
    return best


def _sample(text: bytes) -> list[str]:
    """First lines of a text, and some from all over it where no quote can hold a line end."""
    lines = text[:_SAMPLE_BYTES].split(b"\n", _SAMPLE_LINES)
    lines = lines[:-1] if len(lines) > 1 else lines
    if b'"' not in text:
        for part in range(1, _SAMPLE_LINES):
            start = text.find(b"\n", part * len(text) // _SAMPLE_LINES) + 1
            lines.append(text[start : start + _SAMPLE_BYTES // _SAMPLE_LINES].split(b"\n", 1)[0])
    # csv.reader refuses a line end in a cell that it does not take for a quoted one.
    return [line.strip().replace(b"\r", b" ").decode(errors="replace") for line in lines if line.strip()]


@dataclass(frozen=True)
class TextFormat:
    """How the bytes of a text file are written.

    Args:
        encoding: that of its byte order mark, else the one that it was read in.
        byte_order_mark: whether it begins with one.
        line_ends: `LF`, `CRLF`, `CR` or `mixed`; `none` for a single line.
        quotes: whether there is a quote anywhere.
        compressed: whether it had to be unpacked.
        delimiter: between cells; empty before it is found.
        decimal: mark of the numbers; empty before it is found.
    """

    encoding: str
    byte_order_mark: bool
    line_ends: str
    quotes: bool
    compressed: bool
    delimiter: str = ""
    decimal: str = ""


def look_of(data: bytes, encoding: str, *, packed: bool) -> TextFormat:
    """Look at the bytes of a text file.

    Args:
        data: unpacked.
        encoding: that they are read in where they have no byte order mark.
        packed: whether they were compressed.
    """
    found = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    return TextFormat(found or encoding, found is not None, _line_ends(data), b'"' in data, packed)


def _line_ends(data: bytes) -> str:
    # In two or four bytes a character, the other bytes of a line end are zero.
    if b"\r" not in data:
        return "LF" if b"\n" in data else "none"
    carriage, feeds = data.count(b"\r"), data.count(b"\n")
    both = data.count(b"\r\n") or data.count(b"\r\0\n") or data.count(b"\r\0\0\0\n")
    kinds = {"CRLF": both, "CR": carriage - both, "LF": feeds - both}
    present = [kind for kind, count in kinds.items() if count > 0]
    return present[0] if len(present) == 1 else "mixed"
