"""SQL over one file through DuckDB: read-only, within memory, without extensions, other files or the network."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tsforecast.errors import BusyError, DataError, OptionError
from tsforecast.io.column import Column
from tsforecast.io.messages import listed
from tsforecast.io.reading.files.arrow import plain_frame
from tsforecast.io.reading.files.kinds import load_extra
from tsforecast.io.reading.numbers import NumberFormat, read_content
from tsforecast.io.reading.source import MOST_BYTES, check_count, too_large

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "data"
_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": f"{MOST_BYTES >> 30}GiB",
}
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
_WORD = re.compile(r"\w+")
_BATCH = 100_000
_DATABASE = "file"


def query_table(columns: Mapping[str, Column], numbers: NumberFormat, file: str, sql: str, most: int | None) -> Any:
    """The result of a query on a table that was read already, as a data frame; its columns keep what they hold."""
    import pyarrow as pa

    table = pa.table({name: _typed(column, numbers) for name, column in columns.items()})
    names = dict.fromkeys([TABLE, Path(file).name.split(".")[0] or TABLE])
    return _run(dict.fromkeys(names, table), None, file, sql, most)


def query_database(data: bytes, kind: str, file: str, sql: str, most: int | None) -> pd.DataFrame:
    """The result of a query on the tables of an SQLite or DuckDB file.

    Raises:
        BusyError: changes of it lie beside the file, not in it.
        DataError: damaged, or a result that is too large.
        OptionError: a query that cannot be run.
    """
    for ending in ("-wal", "-journal", ".wal"):
        beside = Path(f"{file}{ending}")
        if beside.is_file() and beside.stat().st_size:
            hint = "close the program that writes to it, and try again"
            raise BusyError(f"changes of this database still lie in '{beside.name}'", hint=hint, file=file)
    load_extra("duckdb", "reading a database", file)
    if kind == "sqlite":
        return _run(_sqlite_tables(data, sql, file), None, file, sql, most)
    with tempfile.TemporaryDirectory(prefix="tsforecast-") as folder:
        copy = Path(folder) / "copy.duckdb"
        copy.write_bytes(data)  # the bytes that were read and hashed, whatever happens to the file
        return _run({}, copy, file, sql, most)


def _run(tables: Mapping[str, Any], database: Path | None, file: str, sql: str, most: int | None) -> pd.DataFrame:
    duckdb = load_extra("duckdb", "--sql", file)
    wrong = (duckdb.ProgrammingError, duckdb.PermissionException, duckdb.NotSupportedError)
    with closing(duckdb.connect(":memory:", config=_SETTINGS)) as connection:
        names = list(tables)
        try:
            if database is not None:
                connection.execute(f"ATTACH '{str(database).replace(chr(39), chr(39) * 2)}' AS {_DATABASE} (READ_ONLY)")
                names = _duckdb_names(connection)
                connection.execute(f"USE {_DATABASE}")
        except duckdb.Error as error:
            raise DataError(f"the database cannot be read: {_first_line(error)}", file=file) from error
        for name, table in tables.items():
            connection.register(name, table)
        if database is not None and len(names) == 1:
            quoted = names[0].replace('"', '""')
            connection.execute(f'CREATE TEMP VIEW {TABLE} AS SELECT * FROM {_DATABASE}."{quoted}"')
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        try:
            _check_query(connection, duckdb, sql)
            return plain_frame(_fetched(connection.sql(sql), file, most))
        except wrong as error:
            message = f"the query cannot be run: {_first_line(error)}"
            raise OptionError(message, hint=f"the tables are {listed(names)}", file=file) from None
        except duckdb.Error as error:
            raise DataError(f"the query failed: {_first_line(error)}", file=file) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _duckdb_names(connection: Any) -> list[str]:
    found = connection.execute(
        "SELECT table_name FROM information_schema.tables "
        f"WHERE table_catalog = '{_DATABASE}' AND table_schema = 'main' ORDER BY 1"
    ).fetchall()
    return [name for (name,) in found]


def _check_query(connection: Any, duckdb: Any, sql: str) -> None:
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise OptionError("--sql takes one query that begins with SELECT, WITH or FROM", hint="leave out the rest")


def _fetched(relation: Any, file: str, most: int | None) -> pa.Table:
    """The rows of a result, refused as soon as there are too many."""
    import pyarrow as pa

    if relation is None:
        raise OptionError("--sql gives no rows", hint="write a query that begins with SELECT")
    reader, batches, rows, size = relation.to_arrow_reader(_BATCH), [], 0, 0
    for batch in reader:
        batches.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        check_count(rows, most, "rows", file, at_least=True)
        if size > MOST_BYTES:
            raise too_large("result of the query", MOST_BYTES, file)
    if not rows:
        raise DataError("the query gives no rows", file=file)
    return pa.Table.from_batches(batches, reader.schema)


def _typed(column: Column, numbers: NumberFormat) -> Any:
    """A column for DuckDB: numbers, ISO dates, else texts as they are."""
    import pyarrow as pa

    if column.typed is not None:
        return pa.Array.from_pandas(column.typed)
    content = read_content(column, numbers)
    if content.kind == "number" and not content.numbers.wrong.size:
        values = pa.array(content.numbers.values, from_pandas=True)
        whole = column.plain is not None and column.plain.whole
        return values.cast(pa.int64()) if whole else values
    cells = column.texts
    distinct = [text.strip() or None for text in cells.texts]
    return _texts(distinct).take(pa.array(cells.codes))


def _texts(texts: Sequence[str | None]) -> pa.Array:
    """Texts, as stamps where all of them are ISO dates."""
    import pyarrow as pa

    filled = [text for text in texts if text is not None]
    if filled and all(map(_ISO.fullmatch, filled)):
        stamps = pd.to_datetime(pd.Series(list(texts), dtype=object), format="ISO8601", errors="coerce")
        if stamps.notna().sum() == len(filled):
            return pa.Array.from_pandas(stamps.astype("datetime64[us]"))
    return pa.array(texts, pa.string())


def _sqlite_tables(data: bytes, sql: str, file: str) -> dict[str, pa.Table]:
    """The tables of an SQLite file that a query names; `data` is the only one."""
    # A database in memory has no write-ahead log: bytes 18 and 19 say whether it may have one.
    data = data[:18] + b"\x01\x01" + data[20:]
    words = {word.lower() for word in _WORD.findall(sql)}
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.deserialize(data)
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA query_only=ON")
            found = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1")
            names = [name for (name,) in found if not name.startswith("sqlite_")]
            read = {name: _sqlite_table(connection, name) for name in names if _is_named(name, words, names)}
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise DataError(f"the SQLite file is damaged: {error}", file=file) from error
    if not read:
        hint = f"the tables are {listed(names)}" if names else ""
        raise OptionError("the query names no table of this file", hint=hint, file=file)
    if len(names) == 1 and TABLE not in read:
        read[TABLE] = next(iter(read.values()))
    return read


def _is_named(name: str, words: set[str], names: Sequence[str]) -> bool:
    return len(names) == 1 or {word.lower() for word in _WORD.findall(name)} <= words


def _sqlite_table(connection: sqlite3.Connection, name: str) -> pa.Table:
    import pyarrow as pa

    quoted = name.replace('"', '""')
    cursor = connection.execute(f'SELECT * FROM "{quoted}"')
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({column: _sqlite_column(cells) for column, cells in zip(names, columns, strict=True)})


def _sqlite_column(cells: Sequence[Any]) -> pa.Array:
    """Cells of SQLite, which may be of any type in each row."""
    import pyarrow as pa

    kinds = {type(cell) for cell in cells} - {type(None)}
    if kinds == {int}:
        return pa.array(cells, pa.int64())
    if kinds and kinds <= {int, float}:
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    return _texts([None if cell is None else cell.hex() if isinstance(cell, bytes) else str(cell) for cell in cells])
