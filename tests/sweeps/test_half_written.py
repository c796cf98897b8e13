"""P8: an input that is still being written, or was never finished, is refused or spoken of, never taken in silence."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Run
from tsforecast.errors import BusyError, DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.io.reading.source import read_bytes

pytestmark = pytest.mark.sweep
CUTS = 500
_SECONDS = 2.0
_SAID = "the last line has no line ending"


def table(rows: int = 120, *, sep: str = ",", decimal: str = ".", ends: str = "\n", quoted: bool = False) -> bytes:
    """Two shops, three digits behind the mark, and a remark that may hold the end of a line."""
    remark = '"a remark\nof ""two"" lines"' if quoted else "ähnlich"
    lines = [sep.join(("day", "shop", "note", "sold"))]
    for row in range(rows):
        day = np.datetime64("2024-01-01") + np.timedelta64(row // 2, "D")
        lines.append(sep.join((str(day), "ab"[row % 2], remark, f"{row * 1.37 + 100:.3f}".replace(".", decimal))))
    return (ends.join(lines) + ends).encode()


TABLES = {
    "plain": table(),
    "semicolon": table(sep=";", decimal=","),
    "tab": table(sep="\t"),
    "crlf": table(ends="\r\n"),
    "quoted": table(quoted=True),
}


def record_ends(data: bytes) -> set[int]:
    """Where a file can be cut so that all its records are whole: there the loss of the others cannot be seen."""
    ends, inside = set(), False
    for position, byte in enumerate(data, start=1):
        inside ^= byte == ord('"')
        if not inside and byte in b"\r\n":
            ends.add(position)
    return ends


@pytest.mark.parametrize("kind", TABLES)
def test_a_record_that_was_cut_is_refused_or_spoken_of(kind: str, tmp_path: Path) -> None:
    data, path = TABLES[kind], tmp_path / "data.csv"
    whole = record_ends(data)
    refused = said = 0
    for end in random.Random(kind).sample(sorted(set(range(1, len(data))) - whole), CUTS // len(TABLES)):
        path.write_bytes(data[:end])
        try:
            result = read_panel(path, ReadOptions())
        except DataError:
            refused += 1
        else:
            assert any(_SAID in note.text for note in result.notes), data[:end][-60:]
            said += 1
        with pytest.raises(DataError):
            read_panel(path, ReadOptions(whole_lines=True))
    assert refused + said == CUTS // len(TABLES)
    assert said > 3  # cuts that nothing but the missing line ending gives away
    path.write_bytes(data)
    assert not any(_SAID in note.text for note in read_panel(path, ReadOptions(whole_lines=True)).notes)


def test_the_commands_say_it(run: Run) -> None:
    Path("data.csv").write_bytes(TABLES["plain"][:-3])
    result = run("describe", "data.csv")
    assert result.exit_code == 0
    assert _SAID in result.stderr.replace("\n", " ")


def test_compressed_data_that_were_cut_are_refused(tmp_path: Path) -> None:
    data, path = gzip.compress(TABLES["plain"]), tmp_path / "data.csv.gz"
    for end in random.Random(0).sample(range(1, len(data)), 200):
        path.write_bytes(data[:end])
        with pytest.raises(DataError):
            read_panel(path)


def test_parquet_that_was_cut_is_refused(tmp_path: Path) -> None:
    buffer, path = io.BytesIO(), tmp_path / "data.parquet"
    pd.read_csv(io.BytesIO(TABLES["plain"])).to_parquet(buffer)
    data = buffer.getvalue()
    for end in random.Random(0).sample(range(1, len(data)), 100):
        path.write_bytes(data[:end])
        with pytest.raises(DataError):
            read_panel(path)
    path.write_bytes(data)
    assert not any(_SAID in note.text for note in read_panel(path, ReadOptions(whole_lines=True)).notes)


@pytest.mark.parametrize("zeros", [1, 100, 4096])
def test_room_that_was_never_filled_is_refused(zeros: int, tmp_path: Path) -> None:
    for end in random.Random(zeros).sample(range(1, len(TABLES["plain"])), 30):
        (tmp_path / "data.csv").write_bytes(TABLES["plain"][:end] + bytes(zeros))
        with pytest.raises(DataError, match=r"nothing but NUL bytes after|is not utf-8 text"):
            read_panel(tmp_path / "data.csv")


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do something over and over while the body runs."""
    done = threading.Event()

    def repeat() -> None:
        while not done.is_set():
            work()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_file_that_somebody_appends_to(tmp_path: Path) -> None:
    """1,000 appends a second, each of half a record: what is read is refused, spoken of, or ends with a record."""
    path, data = tmp_path / "data.csv", TABLES["plain"]
    path.write_bytes(data)
    text = bytearray(data)
    halves = iter(range(10**9))
    busy = said = 0
    with open(path, "ab", buffering=0) as stream:

        def append() -> None:
            number = next(halves)
            half = b"2024-03-%02d,c" % (number // 2 % 28 + 1) if number % 2 == 0 else b",x,1.5\n"
            text.extend(half)
            stream.write(half)
            time.sleep(0.001)

        with meanwhile(append):
            end = time.monotonic() + _SECONDS
            while busy + said <= 20 or time.monotonic() < end:
                try:
                    _, found = read_bytes(path)
                except BusyError:
                    busy += 1
                    continue
                assert text.startswith(found)
                said += not found.endswith(b"\n")


REWRITE = """
import itertools, sys
with open(sys.argv[1], "r+b", buffering=0) as stream:
    for letter in itertools.cycle(b"abcdefgh"):
        stream.seek(0)
        for _ in range(64):
            stream.write(bytes([letter]) * (int(sys.argv[2]) // 64))
"""


def test_a_file_that_is_written_over_is_never_mixed(tmp_path: Path) -> None:
    """By another process, in place, each time with as many bytes: what is read shows one moment, or is refused."""
    path, size = tmp_path / "data.csv", 8 << 20
    path.write_bytes(b"a" * size)
    busy = 0
    with subprocess.Popen([sys.executable, "-c", REWRITE, str(path), str(size)]) as writer:
        end = time.monotonic() + 2 * _SECONDS
        while busy == 0 or time.monotonic() < end:
            try:
                _, found = read_bytes(path)
            except BusyError:
                busy += 1
            else:
                # At one moment, the letters of this round and of the one before.
                assert np.count_nonzero(np.diff(np.frombuffer(found, dtype=np.uint8))) <= 1
        writer.kill()


@pytest.mark.parametrize("how", ["truncated", "replaced", "removed", "overwritten"])
def test_a_change_while_it_is_read(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = tmp_path / "data.csv", tmp_path / "other.csv"
    for file in (path, other):
        file.write_bytes(TABLES["plain"])
        os.utime(file, (1e9, 1e9))
    changes: dict[str, Callable[[], object]] = {
        "truncated": lambda: os.truncate(path, 100),
        "replaced": lambda: os.replace(other, path),
        "removed": path.unlink,
        "overwritten": lambda: path.write_bytes(TABLES["plain"]),
    }
    fstat = os.fstat

    def fstat_then_change(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        monkeypatch.undo()
        changes[how]()
        return status

    monkeypatch.setattr(os, "fstat", fstat_then_change)
    with pytest.raises(BusyError, match=r"changed while|replaced while"):
        read_bytes(path)
