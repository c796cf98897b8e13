"""SQL over a file: what it may read, and that it may read nothing else."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from tsforecast.errors import BusyError, DataError, InputMissingError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.io.reading.table import read_table

duckdb = pytest.importorskip("duckdb")
DAYS = pd.date_range("2024-01-01", periods=40)
ROWS = [(f"0{shop}", str(day)[:10], number + 100 * shop) for number, day in enumerate(DAYS) for shop in (1, 2)]
FRAME = pd.DataFrame(ROWS, columns=["shop", "day", "sold"])
TOTAL = "SELECT day, sum(sold) AS total FROM {} GROUP BY day"
EXPECTED = [300 + 2 * number for number in range(40)]


def sqlite(path, frame=FRAME, name="sales"):
    with closing(sqlite3.connect(path)) as connection:
        frame.to_sql(name, connection, index=False)
        connection.commit()
    return path


def duck(path, frame=FRAME):
    with closing(duckdb.connect(str(path))) as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE sales AS SELECT * FROM frame")
    return path


def write(path):
    kind = path.suffix
    if kind == ".csv":
        FRAME.to_csv(path, index=False)
    elif kind == ".parquet":
        FRAME.to_parquet(path)
    else:
        {".sqlite": sqlite, ".duckdb": duck}[kind](path)
    return path


@pytest.mark.parametrize("table", ["data", "sales"])
@pytest.mark.parametrize("kind", ["csv", "parquet", "sqlite", "duckdb"])
def test_sources(kind, table, tmp_path):
    path = write(tmp_path / f"sales.{kind}")
    result = read_panel(path, ReadOptions(sql=TOTAL.format(table)))
    assert result.panel.values.tolist() == EXPECTED and result.schema.target_cols == ("total",)
    assert result.data_hash == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", ["csv", "parquet", "sqlite", "duckdb"])
def test_ids_keep_their_zeros_and_dates_are_dates(kind, tmp_path):
    query = "SELECT shop, date_trunc('week', day::DATE) AS week, sum(sold) AS sold FROM data GROUP BY ALL"
    result = read_panel(write(tmp_path / f"a.{kind}"), ReadOptions(sql=query, id_cols=("shop",)))
    assert [result.panel.label(series) for series in range(2)] == ["01", "02"]
    assert result.panel.frequency.name.startswith("weekly")


def test_a_csv_file_is_read_by_our_rules(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("day;sold\n" + "".join(f"{day:%d.%m.%Y};{n},5\n" for n, day in enumerate(DAYS)))
    result = read_panel(path, ReadOptions(sql="SELECT day, sold * 2 AS sold FROM data"))
    assert result.panel.values[:2].tolist() == [1, 3]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_database_without_a_query(kind, tmp_path):
    with pytest.raises(DataError, match="this is a database") as caught:
        read_panel(write(tmp_path / f"a.{kind}"))
    assert "--sql" in caught.value.hint


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '{other}'",
        "SELECT * FROM read_csv('{other}')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY data TO '{other}'",
        "ATTACH '{other}'",
        "INSTALL httpfs",
        "SET enable_external_access=true",
        "SELECT 1 AS y; SELECT 2 AS y",
        "CREATE TABLE t AS SELECT 1",
        "SELECT * FROM 'https://example.org/a.csv'",
        "SELECT nothing FROM data",
        "SELEC",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["csv", "duckdb", "sqlite"])
def test_a_query_reaches_nothing_else(kind, query, tmp_path):
    path, other = write(tmp_path / f"a.{kind}"), tmp_path / "b.csv"
    FRAME.to_csv(other, index=False)
    before = path.read_bytes(), other.read_bytes(), sorted(tmp_path.iterdir())
    with pytest.raises(OptionError):
        read_table(path, ReadOptions(sql=query.format(other=other)))
    assert (path.read_bytes(), other.read_bytes(), sorted(tmp_path.iterdir())) == before


def test_a_name_that_is_wrong_lists_the_tables(tmp_path):
    with pytest.raises(OptionError) as caught:
        read_table(write(tmp_path / "sales.csv"), ReadOptions(sql="SELECT * FROM sale"))
    assert "'data', 'sales'" in caught.value.hint


def test_limits_are_those_of_the_result(tmp_path):
    path = write(tmp_path / "a.csv")
    assert read_table(path, ReadOptions(sql=TOTAL.format("data"), max_rows=40)).rows == 40
    with pytest.raises(DataError, match="at most 39 are allowed"):
        read_table(path, ReadOptions(sql=TOTAL.format("data"), max_rows=39))
    with pytest.raises(DataError, match="no rows"):
        read_table(path, ReadOptions(sql="SELECT * FROM data WHERE sold > 1e9"))


def test_changes_beside_an_sqlite_file_are_not_left_out_in_silence(tmp_path):
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        FRAME.to_sql("sales", connection, index=False)
        connection.commit()
        with pytest.raises(BusyError, match=r"'a\.sqlite-wal'"):
            read_table(path, ReadOptions(sql="SELECT * FROM sales"))
    assert read_table(path, ReadOptions(sql="SELECT * FROM sales")).rows == 80


def test_an_sqlite_column_of_several_types_keeps_its_texts(tmp_path):
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (ds, y)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(f"2024-01-{n:02d}", n) for n in range(1, 20)])
        connection.execute("INSERT INTO t VALUES ('2024-01-20', 'broken')")
        connection.commit()
    with pytest.raises(DataError, match="'broken' is not a finite number"):
        read_panel(path, ReadOptions(sql="SELECT * FROM t"))


def test_a_damaged_database(tmp_path):
    for kind in ("sqlite", "duckdb"):
        path = write(tmp_path / f"a.{kind}")
        path.write_bytes(path.read_bytes()[:2000])
        with pytest.raises(DataError, match=r"damaged|cannot be read|failed"):
            read_table(path, ReadOptions(sql="SELECT * FROM sales"))


@pytest.mark.parametrize(
    "address",
    ["http://example.org/a.csv", "https:/example.org/a.csv", "s3://b/a.csv", "postgresql://me:secret@host/db"],
)
def test_a_network_address_is_never_fetched(address):
    with pytest.raises(InputMissingError, match="nothing is fetched") as caught:
        read_table(address)
    assert caught.value.hint and "secret" not in str(caught.value)


@pytest.mark.parametrize("options", [{"sql": "SELECT * FROM data"}, {"sheet": "1"}])
def test_a_data_frame_has_no_sheets_and_takes_no_query(options):
    with pytest.raises(OptionError, match="goes with a file"):
        read_panel(FRAME, ReadOptions(**options))
