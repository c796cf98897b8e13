"""The file of a ledger: opened, checked, and changed in transactions that happen as a whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tsforecast.errors import BusyError, InputMissingError, ModelError, StorageError, TsforecastError
from tsforecast.store.layout import LEDGER, LEDGER_JOURNAL
from tsforecast.store.safe_files import FILE_MODE, SAFE, check_file, check_folders, sync_name

_APPLICATION = 0x7473_6C67  # "tslg", which `file` shows
_FORMAT = 1
_TABLES = (
    "CREATE TABLE layout (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    "CREATE TABLE series (number INTEGER PRIMARY KEY, layout INTEGER NOT NULL, ids TEXT NOT NULL, "
    "UNIQUE (layout, ids))",
    "CREATE TABLE run (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, layout INTEGER NOT NULL, "
    "made TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL, published TEXT NOT NULL, "
    "season INTEGER NOT NULL, levels TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, "
    "checksum TEXT NOT NULL)",
    "CREATE TABLE times (run INTEGER NOT NULL, start INTEGER NOT NULL, texts TEXT NOT NULL, PRIMARY KEY (run, start)) "
    "WITHOUT ROWID",
    # With row numbers: without, a row of more than a kilobyte would take a page of its own.
    "CREATE TABLE forecast (run INTEGER NOT NULL, series INTEGER NOT NULL, cutoff TEXT NOT NULL, "
    "start INTEGER NOT NULL, learned INTEGER, scale REAL, y_pred TEXT NOT NULL, bounds TEXT NOT NULL, "
    "PRIMARY KEY (run, series))",
    "CREATE TABLE scoring (number INTEGER PRIMARY KEY, made TEXT NOT NULL, file TEXT NOT NULL, "
    "data_hash TEXT NOT NULL)",
    "CREATE TABLE actual (series INTEGER NOT NULL, ordinal INTEGER NOT NULL, scoring INTEGER NOT NULL, value REAL, "
    "PRIMARY KEY (series, ordinal, scoring)) WITHOUT ROWID",
)
_ASIDE = "move it aside; the next forecast that is noted begins a new one"

# A run is written within seconds. If the file is locked for longer, something is wrong with who holds it.
WAIT = 60.0
_POLL = 0.05
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA}


@contextmanager
def writing_ledger(model: Path, *, trusted: bool) -> Iterator[sqlite3.Connection]:
    """A transaction on the ledger of a model's folder, which is made if need be; what fails leaves no trace.

    Raises:
        BusyError: others have been writing for a minute.
        ModelError: the file is damaged, or no ledger of ours.
        StorageError: it cannot be written.
        TrustError: somebody else could have changed it.
    """
    path = model / LEDGER
    with _explained(path):
        _make(path)
        with _opened(path, trusted) as connection:
            _insist(connection, "BEGIN IMMEDIATE", path)
            _make_tables(connection, path)
            yield connection
            _insist(connection, "COMMIT", path)


@contextmanager
def reading_ledger(model: Path, *, trusted: bool) -> Iterator[sqlite3.Connection]:
    """A view of the ledger of a model's folder, in which nothing changes meanwhile.

    Raises:
        InputMissingError: there is none.
        BusyError, ModelError, StorageError, TrustError: as `writing_ledger`.
    """
    path = model / LEDGER
    if not os.path.lexists(path):
        raise _nothing_noted(model)
    with _explained(path), _opened(path, trusted) as connection:
        _insist(connection, "BEGIN", path)
        _insist(connection, "SELECT count(*) FROM sqlite_master", path)
        if _is_empty(connection):  # the first run that was to be noted was killed
            raise _nothing_noted(model)
        _check_tables(connection, path)
        yield connection


def check_database(connection: sqlite3.Connection, path: Path) -> None:
    """Read every page of the file.

    Raises:
        ModelError: with the first thing that is wrong.
    """
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise damaged(path, str(said))


def damaged(path: Path, how: str) -> ModelError:
    """The error of a ledger that cannot be used, with the way out."""
    return ModelError(f"is damaged: {how}", hint=_ASIDE, file=str(path))


def _make(path: Path) -> None:
    """Make an empty file, which SQLite takes for an empty database, and wait until its name is on the disk."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFE, FILE_MODE)
    except FileExistsError:
        return
    os.close(handle)
    sync_name(path)


@contextmanager
def _opened(path: Path, trusted: bool) -> Iterator[sqlite3.Connection]:
    if not trusted:
        check_folders(path.parent, path.parent.parent)
    for each in (path, path.with_name(LEDGER_JOURNAL)):
        check_file(each, trusted=trusted)
    # Waiting is left to `_insist`, during which a signal is heard.
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)
    try:
        for setting in ("trusted_schema=OFF", "cell_size_check=ON", "synchronous=EXTRA", "journal_mode=DELETE"):
            _insist(connection, f"PRAGMA {setting}", path)
        yield connection
    finally:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        connection.close()


def _insist(connection: sqlite3.Connection, statement: str, path: Path) -> None:
    """Execute a statement, and wait for those who use the file."""
    deadline = time.monotonic() + WAIT
    while True:
        try:
            connection.execute(statement).fetchall()
            return
        except sqlite3.OperationalError as error:
            if _code(error) not in _BUSY:
                raise
            if time.monotonic() >= deadline:
                raise BusyError(
                    "is in use by another run", hint="try again when it has ended", file=str(path)
                ) from error
        time.sleep(_POLL)


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    if _is_empty(connection):
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={_APPLICATION}")
        connection.execute(f"PRAGMA user_version={_FORMAT}")
    _check_tables(connection, path)


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse tables of others: a trigger or a view would be carried out."""
    found = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application == _APPLICATION and version > _FORMAT:
        raise ModelError(
            f"has format {version}, this release reads {_FORMAT}", hint="install a newer tsforecast", file=str(path)
        )
    if application != _APPLICATION or sorted(found) != sorted(_TABLES):
        raise ModelError("is no ledger of tsforecast", hint=_ASIDE, file=str(path))


def _is_empty(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])


def _nothing_noted(model: Path) -> InputMissingError:
    hint = f"note them as they are made: tsforecast predict --name {model.name} --ledger"
    return InputMissingError(f"no forecast of model '{model.name}' has been noted", hint=hint)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system report into an error that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explanation(error, path) from error
    except OSError as error:
        raise StorageError(f"cannot be opened: {error.strerror or error}", file=str(path)) from error


def _explanation(error: sqlite3.Error, path: Path) -> TsforecastError | MemoryError:
    code = _code(error)
    if code in _DAMAGED:
        return damaged(path, str(error))
    if code in _BUSY:
        return BusyError("is in use by another run", hint="try again when it has ended", file=str(path))
    if code == sqlite3.SQLITE_NOMEM:
        return MemoryError()
    full = code == sqlite3.SQLITE_FULL
    hint = "free some space and run again" if full else "check the disk, and the rights of the file and its folder"
    return StorageError(f"cannot be used: {error}", hint=hint, file=str(path))


def _code(error: sqlite3.Error) -> int:
    """SQLite's code of an error, without its details; 0 for one of Python's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
