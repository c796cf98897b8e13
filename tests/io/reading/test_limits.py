"""How large a table may become in memory: archives and Parquet files are refused before they fill it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading import source
from tsforecast.io.reading.panel import read_panel
from tsforecast.io.reading.source import expand, most_expanded
from tsforecast.io.reading.table import read_table

MIB = 1 << 20


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(source, "_LARGE_BYTES", MIB)


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as handle:
        handle.writestr("a.csv", data)
    return packed.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zipped])
def test_an_archive_is_refused_before_it_fills_the_memory(pack):
    bomb = pack(bytes(64 * MIB))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="expands to more than") as caught:
            expand(bomb, "a.csv", source.MOST_BYTES)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "CSV" in caught.value.hint
    assert peak < most_expanded(len(bomb)) + 12 * MIB  # the dictionary of xz has 8


def test_what_a_file_may_become():
    assert most_expanded(1000) == MIB
    assert most_expanded(MIB) == 250 * MIB
    assert most_expanded(source.MOST_BYTES) == source.MOST_BYTES
    assert most_expanded(MIB, 100) == 100


def days(rows: int) -> np.ndarray:
    return np.datetime64("2024-01-01", "us") + np.arange(rows) * np.timedelta64(1, "D")


@pytest.mark.parametrize(
    "columns",
    [
        {"ds": np.zeros(2_000_000, dtype="datetime64[us]"), "y": np.zeros(2_000_000)},
        {"id": ["x" * 20_000] * 1000, "ds": days(1000), "y": np.arange(1000.0)},
    ],
    ids=["rows", "texts"],
)
def test_a_parquet_file_is_refused_before_it_is_read(columns, tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pd.DataFrame(columns).to_parquet(path)
    monkeypatch.setattr(pd, "read_parquet", lambda *args, **kwargs: pytest.fail("it was read"))
    with pytest.raises(DataError, match="the Parquet file expands to more than"):
        read_table(path)


def test_the_rows_of_a_parquet_file_are_counted_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"ds": days(100), "y": np.arange(100.0)}).to_parquet(path)
    assert read_table(path, ReadOptions(max_rows=100)).rows == 100
    monkeypatch.setattr(pd, "read_parquet", lambda *args, **kwargs: pytest.fail("it was read"))
    with pytest.raises(DataError, match=r"a.parquet: 100 rows; at most 99 are allowed; take fewer rows"):
        read_panel(path, ReadOptions(max_rows=99))


def test_texts_that_repeat_are_no_harm(tmp_path):
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame({"id": ["north", None] * 20_000, "ds": list(days(20_000)) * 2, "y": np.arange(40_000.0)})
    frame.to_parquet(path)
    assert read_table(path).rows == 40_000


def test_a_text_with_too_many_rows_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("tsforecast.io.reading.text.blocks._BLOCK_BYTES", 2000)
    path = tmp_path / "a.csv"
    pd.DataFrame({"ds": days(1000), "y": np.arange(1000.0)}).to_csv(path, index=False)
    with pytest.raises(DataError, match=r"at least \d\d\d rows; at most 50 are allowed; take fewer rows"):
        read_panel(path, ReadOptions(max_rows=50))
    assert read_panel(path, ReadOptions(max_rows=1000)).rows == 1000
