"""Arrow files and streams, and Feather files."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, ipc

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading import source
from tsforecast.io.reading.panel import read_panel

FRAME = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=50), "y": np.arange(50) % 7 + 0.5})


def write(path, table, kind, compression=None):
    if kind == "feather":
        feather.write_feather(table, str(path), compression=compression or "uncompressed")
        return path
    opened = ipc.new_file if kind == "file" else ipc.new_stream
    with opened(str(path), table.schema, options=ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return path


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("kind", ["file", "stream", "feather"])
def test_kinds(kind, compression, tmp_path):
    result = read_panel(write(tmp_path / "a", pa.Table.from_pandas(FRAME), kind, compression))
    assert result.panel.values.tolist() == FRAME["y"].tolist()


def test_days_decimals_and_dictionaries(tmp_path):
    days = FRAME["ds"].dt.date
    table = pa.table(
        {
            "shop": pa.array(["b", "a"] * 25).dictionary_encode(),
            "ds": pa.array(np.repeat(days[:25], 2), pa.date32()),
            "y": pa.array([decimal.Decimal(n) / 4 for n in range(50)], pa.decimal128(10, 2)),
        }
    )
    result = read_panel(write(tmp_path / "a", table, "file", "zstd"))
    assert result.schema.id_cols == ("shop",) and result.panel.lengths.tolist() == [25, 25]
    assert result.panel.values[1] == 0.75


def test_limits(tmp_path, monkeypatch):
    path = write(tmp_path / "a", pa.Table.from_pandas(FRAME), "file")
    with pytest.raises(DataError, match="50 rows; at most 49 are allowed"):
        read_panel(path, ReadOptions(max_rows=49))
    table = pa.table({"ds": pa.array(np.zeros(4_000_000, "datetime64[us]")), "y": np.zeros(4_000_000)})
    path = write(tmp_path / "b", table, "file", "zstd")
    monkeypatch.setattr(source, "_LARGE_BYTES", 1 << 20)
    monkeypatch.setattr(ipc, "open_file", lambda *args: pytest.fail("it was read"))
    with pytest.raises(DataError, match="the Arrow file expands to more than"):
        read_panel(path)


@pytest.mark.parametrize("cut", [20, 700, -5])
def test_damaged(cut, tmp_path):
    path = write(tmp_path / "a", pa.Table.from_pandas(FRAME), "file", "zstd")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match="damaged"):
        read_panel(path)
