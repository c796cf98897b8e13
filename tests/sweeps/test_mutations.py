"""3,600 damaged files of 18 kinds, and 20,000 with `--all`: each is read or refused, and none shows a traceback."""

from __future__ import annotations

import gzip
import io
import os
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tests.sampling import sampled, usual
from tsforecast.errors import DataError, TsforecastError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel

pytestmark = pytest.mark.sweep
FILES, BY_COMMAND, PARQUET = usual(3_600, full=20_000), usual(60, full=200), usual(400, full=2_000)
MOST_BYTES = 10_000
SMALL_BYTES = 4_000
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
    for _ in range(-(-FILES // len(SEEDS))):
        damaged = mutate(data, others, rng)
        path.write_bytes(damaged)
        os.utime(path, (1e9, 1e9))  # a file that has just been written is read a moment later
        try:
            read_panel(path, options)
            read += 1
        except TsforecastError as error:
            assert error.exit_code in (2, 65), (error, damaged)
            refused += 1
        except Exception as error:
            raise AssertionError(f"{error!r} of {damaged!r}") from error
    assert min(read, refused) > 0


PIECES = ("0", "a", "A", " ", "-", "+", "e", ".", ":", "T", "é", "00", "0-", "0.", "A0", ", ", "\\")


@pytest.mark.timeout(600)  # usually some seconds; a guard against what hardly ends
@pytest.mark.parametrize("row", ["{},1", "2024-01-02,{}", '"{}",1', '2024-01-02,"{}"'])
@pytest.mark.parametrize("named", [False, True])
def test_a_cell_of_a_megabyte_is_read_or_refused(row: str, named: bool, tmp_path: Path) -> None:
    """A pattern that goes back and forth over a cell takes a time that grows with its square: here, an hour.

    Of all pairs of pieces one in twelve is tried, and every piece in both places.
    """
    path = tmp_path / "data.csv"
    for first, second in sampled(12, PIECES, PIECES):
        cell = (first * 500_000)[:500_000] + (second * 500_000)[:500_000]
        header = row.format(cell) if named else "day,y"
        lines = [header, "2024-01-01,1", "2024-01-02,2" if named else row.format(cell), "2024-01-03,3"]
        read_or_refuse(path, "\n".join([*lines, ""]))


@pytest.mark.parametrize("cell", ["1", "x", "2024", "20240101", "2024-01-01", "", "0,5"])
def test_the_work_grows_with_the_width_and_the_length_of_a_table(cell: str, tmp_path: Path) -> None:
    path, mark = tmp_path / "data.csv", ";" if "," in cell else ","

    def wide(size: int) -> str:
        names = [f"{number:x}" for number in range(16, size // (3 * len(cell) + 7))]
        rows = [mark.join([f"2024-01-{day:02d}", *[cell] * len(names)]) for day in (1, 2, 3)]
        return "\n".join([mark.join(["day", *names]), *rows, ""])

    def long(size: int) -> str:
        lines = "\n".join(f"{number}{mark}{cell}" for number in range(size // (len(cell) + 5)))
        return f"day{mark}y\n{lines}\n"

    for table_of in (wide, long):
        once, twice = (calls_to_read(path, table_of(size)) for size in (SMALL_BYTES, 2 * SMALL_BYTES))
        assert twice < 2.5 * once


@pytest.mark.parametrize(
    "piece", ["\n", '"', ",", ";", "a,b\n", '"",\n', '"\n"', "\r", " ", "\t", "day,y\n2024-01-01,1\n"]
)
def test_the_work_grows_with_a_repetition(piece: str, tmp_path: Path) -> None:
    once, twice = (
        calls_to_read(tmp_path / "data.csv", piece * (size // len(piece))) for size in (SMALL_BYTES, 2 * SMALL_BYTES)
    )
    assert twice < 2.5 * once


def read_or_refuse(path: Path, text: str) -> None:
    path.write_text(text, newline="")
    os.utime(path, (1e9, 1e9))
    with suppress(TsforecastError):
        read_panel(path)


def calls_to_read(path: Path, text: str) -> int:
    """How many functions are called when a file is read or refused: its work, on any machine under any load."""
    read_or_refuse(path, text)  # imports and caches are no part of it
    calls = 0

    def count(frame: object, event: str, function: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read_or_refuse(path, text)
    finally:
        sys.setprofile(before)
    return calls


def test_damaged_parquet_is_read_or_refused(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    times, buffer, path = pd.date_range("2024-01-01", periods=40), io.BytesIO(), tmp_path / "data.parquet"
    pd.DataFrame({"ds": times, "y": np.arange(40) / 8, "shop": ["a"] * 40}).to_parquet(buffer)
    data, rng = buffer.getvalue(), random.Random(0)
    for _ in range(PARQUET):
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
