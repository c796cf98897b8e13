"""The shipped data sets: each is documented, unchanged and readable.

The packages they came from are not needed here; `datasets/build.py --check` rebuilds from those.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "datasets"
FILES = sorted(path.name for path in FOLDER.glob("*.csv"))
COLUMNS = ["file", "what it is", "rows x series", "frequency", "origin", "licence", "SHA-256"]

# A file is one series, or a wide table, unless a column of its names the series.
ID_COLUMNS = {"aus-retail-monthly.csv": "series", "iowa-electricity-yearly.csv": "source"}
OTHER_FORMATS = ("%Y", "%Y-%m", "%Y/%m/%d")


def read(name: str) -> tuple[list[str], list[list[str]]]:
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream)
    return header, rows


def parse_time(text: str) -> datetime:
    quarter = re.fullmatch(r"(\d{4})Q([1-4])", text)
    if quarter:
        return datetime(int(quarter[1]), 3 * int(quarter[2]) - 2, 1)
    for form in OTHER_FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return datetime.fromisoformat(text)


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell == ""
    return True


def split_by_series(name: str) -> tuple[dict[str, list[datetime]], list[str]]:
    """Times by id, and the names of the numeric columns."""
    header, rows = read(name)
    id_column = ID_COLUMNS.get(name)
    id_at = header.index(id_column) if id_column else None
    time_at = next(at for at in range(len(header)) if at != id_at)
    times: dict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        times["" if id_at is None else row[id_at]].append(parse_time(row[time_at]))
    values = [at for at in range(len(header)) if at not in (id_at, time_at)]
    numeric = [header[at] for at in values if all(is_number(row[at]) for row in rows)]
    return times, numeric


@pytest.fixture(scope="module")
def documented() -> dict[str, dict[str, str]]:
    """The README's table, by file."""
    lines = (FOLDER / "README.md").read_text("utf-8").splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line[:1] == "|"]
    assert cells[0] == COLUMNS
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in cells[2:]}


@pytest.fixture(scope="module")
def checksums() -> dict[str, str]:
    lines = (FOLDER / "checksums.txt").read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_there_are_at_least_ten_small_files() -> None:
    sizes = [(FOLDER / name).stat().st_size for name in FILES]
    assert len(sizes) >= 10
    assert sum(sizes) < 3_000_000


def test_readme_and_checksums_list_exactly_the_files(
    documented: dict[str, dict[str, str]], checksums: dict[str, str]
) -> None:
    assert sorted(documented) == FILES
    assert sorted(checksums) == FILES


@pytest.mark.parametrize("name", FILES)
def test_checksum_matches_the_file(name: str, documented: dict[str, dict[str, str]], checksums: dict[str, str]) -> None:
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
    assert checksums[name] == digest
    assert documented[name]["SHA-256"] == f"`{digest[:12]}`"


@pytest.mark.parametrize("name", FILES)
def test_readme_row_is_complete_and_has_a_command(name: str, documented: dict[str, dict[str, str]]) -> None:
    assert all(documented[name].values())
    assert f"\ntsforecast fit datasets/{name}" in (FOLDER / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", FILES)
def test_size_is_as_documented(name: str, documented: dict[str, dict[str, str]]) -> None:
    times, numeric = split_by_series(name)
    rows = sum(len(stamps) for stamps in times.values())
    assert documented[name]["rows x series"] == f"{rows} x {len(times) * len(numeric)}"


@pytest.mark.parametrize("name", FILES)
def test_file_is_a_clean_table(name: str) -> None:
    header, rows = read(name)
    assert rows
    assert all(header)
    assert len(set(header)) == len(header)
    assert {len(row) for row in rows} == {len(header)}


@pytest.mark.parametrize("name", FILES)
def test_time_increases_within_each_series(name: str) -> None:
    times, numeric = split_by_series(name)
    assert numeric
    for series, stamps in times.items():
        assert all(before < after for before, after in pairwise(stamps)), series


@pytest.mark.parametrize(
    ("name", "spring", "autumn"),
    [
        ("vic-elec-half-hourly.csv", "2013-10-06", "2013-04-07"),
        ("pedestrian-hourly.csv", "2016-10-02", "2016-04-03"),
    ],
)
def test_both_clock_changes_are_in_the_local_time_files(name: str, spring: str, autumn: str) -> None:
    _, rows = read(name)
    offsets = {day: [r[0][-6:] for r in rows if r[0].startswith(day)] for day in (spring, autumn)}
    assert (offsets[spring][0], offsets[spring][-1]) == ("+10:00", "+11:00")
    assert (offsets[autumn][0], offsets[autumn][-1]) == ("+11:00", "+10:00")
