"""20,000 damaged files of a dozen kinds: each is read or refused in a moment, and none shows a traceback."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tsforecast.errors import DataError, TsforecastError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel

pytestmark = pytest.mark.sweep
FILES, BY_COMMAND = 20_000, 200
# Of the processor, so that other work on the machine does not count.
SECONDS, MOST_BYTES = 2.0, 10_000
# Bytes that mean something to a reader of tables.
TELLING = b"\"',;\t|\n\r\0\\ .-+:/eETZ019\xef\xbb\xbf\xff\xfe\xa0#=%"


def table(header: str, row: Callable[[int], str], rows: int = 24, end: str = "\n") -> bytes:
    """A header and rows."""
    return end.join([header, *(row(number) for number in range(rows)), ""]).encode()


def day(number: int) -> np.datetime64:
    """The days of a year that leaps."""
    return np.datetime64("2024-02-20") + np.timedelta64(number, "D")


SEEDS: dict[str, tuple[bytes, ReadOptions]] = {
    "plain": (table("shop,day,sold", lambda n: f"{'ab'[n % 2]},{day(n // 2)},{n * 1.25}"), ReadOptions()),
    "wide": (table("day,a,b,c", lambda n: f"{day(n)},{n},{n % 5 / 8},{100 - n}"), ReadOptions()),
    "decimal comma": (table("day;y", lambda n: f"{day(n)};{n},{n % 7}5"), ReadOptions()),
    "tab": (table("day\ty", lambda n: f"{day(n)}\t{n}", end="\r\n"), ReadOptions()),
    "bar": (table("y|day|remark", lambda n: f"{n}|{day(n)}|häßlich"), ReadOptions()),
    "quoted": (
        table("shop,day,sold", lambda n: f'"{"ab"[n % 2]}, ""x""\ny",{day(n // 2)},"{n}"'),
        ReadOptions(id_cols=("shop",)),
    ),
    "missing": (table("day,y", lambda n: f"{day(n)},{n if n % 6 else ('', 'NA', '-', '?')[n % 4]}"), ReadOptions()),
    "offsets": (table("at,y", lambda n: f"2024-03-31T{n:02d}:00:00+02:00,{n}"), ReadOptions(tz="Europe/Berlin")),
    "hours": (table("at,y", lambda n: f"{day(0)} {n:02d}:00,{n}e-3"), ReadOptions(on_duplicate="mean")),
    "american": (table("at,y", lambda n: f"{n % 12 + 1}/28/{2000 + n // 12},{n}"), ReadOptions()),
    "quarters": (table("at,y", lambda n: f"{2000 + n // 4}Q{n % 4 + 1},{n}"), ReadOptions(fill_gaps="previous")),
    "compact": (table("at,y", lambda n: f"202401{n + 1:02d},{n}"), ReadOptions(skip_rows=0, date_format="%Y%m%d")),
    "years": (table("year,y", lambda n: f"{1990 + n},{n}"), ReadOptions(decimal=",", delimiter=",")),
    "utf-8 with mark": (b"\xef\xbb\xbf" + table("day,y", lambda n: f"{day(n)},{n}"), ReadOptions()),
    "utf-16": (table("day,y", lambda n: f"{day(n)},{n}").decode().encode("utf-16"), ReadOptions()),
    "latin-1": (
        table("Straße;day;y", lambda n: f"ä;{day(n)};{n}").decode().encode("latin-1"),
        ReadOptions(encoding="latin-1"),
    ),
    "utf-7": (table("ort,day,y", lambda n: f"é,{day(n)},{n}").decode().encode("utf-7"), ReadOptions(encoding="utf-7")),
    "gzip": (gzip.compress(table("day,y", lambda n: f"{day(n)},{n}"), mtime=0), ReadOptions()),
}


def mutate(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """One to four changes of bytes or lines."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice((_digit, _digit, _change, _insert, _delete, _lines, _cut, _repeat, _splice))(
            data, others, rng
        )
    return data[:MOST_BYTES]


def _byte(rng: random.Random) -> bytes:
    return bytes([rng.choice(TELLING) if rng.random() < 0.8 else rng.randrange(256)])


def _change(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + _byte(rng) + data[place + 1 :]


def _digit(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    digits = [place for place, byte in enumerate(data) if chr(byte).isdigit()] or [0]
    place = rng.choice(digits)
    return data[:place] + str(rng.randrange(10)).encode() + data[place + 1 :]


def _insert(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + _byte(rng) * rng.choice((1, 1, 1, 2, 40)) + data[place:]


def _delete(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[place + rng.choice((1, 1, 2, 8, 60)) :]


def _lines(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    way = rng.randrange(4)
    if way == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif way == 1:
        lines.insert(other, lines[one])
    elif way == 2:
        del lines[one]
    else:
        rng.shuffle(lines)
    return b"".join(lines)


def _cut(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] if rng.random() < 0.8 else data[place:]


def _repeat(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    end = start + rng.randrange(200)
    return data[:end] + data[start:end] * rng.choice((1, 2, 20)) + data[end:]


def _splice(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    other = rng.choice(others)
    start, place = rng.randrange(len(other)), rng.randrange(len(data) + 1)
    return data[:place] + other[start : start + rng.randrange(120)] + data[place:]


@pytest.mark.parametrize("kind", SEEDS)
def test_damage_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    (data, options), rng = SEEDS[kind], random.Random(kind)
    others, path = [seed for seed, _ in SEEDS.values()], tmp_path / "data.csv"
    path.write_bytes(data)
    read_panel(path, options)  # undamaged
    read = refused = 0
    slowest = 0.0
    for _ in range(-(-FILES // len(SEEDS))):
        damaged = mutate(data, others, rng)
        path.write_bytes(damaged)
        os.utime(path, (1e9, 1e9))  # a file that has just been written is read a moment later
        start = time.process_time()
        try:
            read_panel(path, options)
            read += 1
        except TsforecastError as error:
            assert error.exit_code in (2, 65), (error, damaged)
            refused += 1
        except Exception as error:
            raise AssertionError(f"{error!r} of {damaged!r}") from error
        slowest = max(slowest, time.process_time() - start)
    assert slowest < SECONDS
    assert min(read, refused) > 0


PIECES = ("0", "a", "A", " ", "-", "+", "e", ".", ":", "T", "é", "00", "0-", "0.", "A0", ", ", "\\")


@pytest.mark.parametrize("row", ["{},1", "2024-01-02,{}", '"{}",1', '2024-01-02,"{}"'])
@pytest.mark.parametrize("named", [False, True])
def test_no_cell_takes_long(row: str, named: bool, tmp_path: Path) -> None:
    """A pattern that goes back and forth over a long cell takes a time that grows with its square."""
    path = tmp_path / "data.csv"
    for first, second in itertools.product(PIECES, PIECES):
        cell = (first * 4000)[:4000] + (second * 4000)[:4000]
        header = row.format(cell) if named else "day,y"
        lines = [header, "2024-01-01,1", "2024-01-02,2" if named else row.format(cell), "2024-01-03,3"]
        assert seconds_to_read(path, "\n".join([*lines, ""])) < SECONDS, (first, second)


@pytest.mark.parametrize("cell", ["1", "x", "2024", "20240101", "2024-01-01", "", "0,5"])
def test_no_table_takes_long(cell: str, tmp_path: Path) -> None:
    """As wide or as long as the bytes allow."""
    path = tmp_path / "data.csv"
    mark = ";" if "," in cell else ","
    names = [f"{number:x}" for number in range(16, MOST_BYTES // (3 * len(cell) + 7))]
    rows = [mark.join([f"2024-01-{day:02d}", *[cell] * len(names)]) for day in (1, 2, 3)]
    assert seconds_to_read(path, "\n".join([mark.join(["day", *names]), *rows, ""])) < SECONDS
    long = "\n".join(f"{number}{mark}{cell}" for number in range(MOST_BYTES // (len(cell) + 5)))
    assert seconds_to_read(path, f"day{mark}y\n{long}\n") < SECONDS


@pytest.mark.parametrize(
    "piece", ["\n", '"', ",", ";", "a,b\n", '"",\n', '"\n"', "\r", " ", "\t", "day,y\n2024-01-01,1\n"]
)
def test_no_repetition_takes_long(piece: str, tmp_path: Path) -> None:
    assert seconds_to_read(tmp_path / "data.csv", piece * (MOST_BYTES // len(piece))) < SECONDS


def seconds_to_read(path: Path, text: str) -> float:
    """Read a file or have it refused."""
    path.write_text(text, newline="")
    os.utime(path, (1e9, 1e9))
    start = time.process_time()
    with suppress(TsforecastError):
        read_panel(path)
    return time.process_time() - start


def test_damaged_parquet_is_read_or_refused(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    times, buffer, path = pd.date_range("2024-01-01", periods=40), io.BytesIO(), tmp_path / "data.parquet"
    pd.DataFrame({"ds": times, "y": np.arange(40) / 8, "shop": ["a"] * 40}).to_parquet(buffer)
    data, rng = buffer.getvalue(), random.Random(0)
    for _ in range(2000):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 1, 3))):
            damaged[rng.randrange(4, len(data))] = rng.randrange(256)
        path.write_bytes(damaged)
        os.utime(path, (1e9, 1e9))
        with suppress(DataError):
            read_panel(path)


def test_the_command_says_what_is_wrong_in_one_line(run: Run) -> None:
    rng, others = random.Random(0), [seed for seed, _ in SEEDS.values()]
    codes = set()
    for number in range(BY_COMMAND):
        data = list(SEEDS.values())[number % len(SEEDS)][0]
        Path("data.csv").write_bytes(mutate(data, others, rng))
        result = run("describe", "data.csv", "--json")
        codes.add(result.exit_code)
        assert result.exit_code in (0, 65), result.output
        assert "Traceback" not in result.output
    assert codes == {0, 65}
