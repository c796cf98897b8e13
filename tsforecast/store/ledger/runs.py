"""The forecasts of a ledger: each run is written once, in one transaction, and read back whole or not at all."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import orjson

from tsforecast.arrays import Float64, Int64
from tsforecast.forecast import Forecast
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Schema
from tsforecast.store.layout import LEDGER
from tsforecast.store.ledger.database import check_database, damaged, reading_ledger, writing_ledger

NEVER = np.iinfo(np.int64).min  # the ordinal up to which a model has learned from a series that it has never seen


@dataclass(frozen=True)
class Run:
    """One forecast of all series, and what a score needs to know of the model that made it.

    Args:
        id: of its own, so that it is never stored twice.
        layout: what its ids and ordinals mean, from `layout_of`.
        made: moment in UTC.
        model: row of the table of models.
        version: its number, and `published` the moment in UTC when it was published.
        season: lag of the differences that `scale` is the mean of.
        forecast: numbers as they are written into files; an ordinal of `starts` is that of the first step.
        learned: ordinal after the last row of each series that the model has learned from, shape (n_series,).
        scale: mean absolute seasonal difference of the rows before the forecast, NaN if unknown, shape (n_series,).
        cutoffs: the last known time of each series as text; empty in a run that was read.
        times: texts of the times by the ordinal of the first; empty in a run that was read.
        number: grows from run to run; 0 before it is stored.
    """

    id: str
    layout: str
    made: datetime
    model: str
    version: int
    published: datetime
    season: int
    forecast: Forecast
    learned: Int64
    scale: Float64
    cutoffs: tuple[str, ...] = ()
    times: Mapping[int, list[str]] | None = None
    number: int = 0


def layout_of(schema: Schema, frequency: Frequency) -> str:
    """What the series and times of a model mean. Ordinals and ids of two versions can be compared if this is equal."""
    meaning = {
        "ids": schema.key_columns,
        "target": schema.target_cols[0] if len(schema.target_cols) == 1 else None,  # of several, ids hold the names
        "frequency": asdict(frequency),
        "clock": "utc" if frequency.sub_daily and schema.time_zone is not None else "wall",
    }
    return json.dumps(meaning, sort_keys=True)


def append_run(model: Path, run: Run, *, trusted: bool = False) -> bool:
    """Store a run, unless it is stored already.

    Args:
        model: folder of the model.
        run: with `cutoffs` and `times`.
        trusted: whether others may own the ledger and write to it.

    Returns:
        Whether it was stored now.

    Raises:
        BusyError, ModelError, StorageError, TrustError: as `writing_ledger`.
    """
    rows, times = _rows(run), [(start, json.dumps(texts)) for start, texts in sorted((run.times or {}).items())]
    with writing_ledger(model, trusted=trusted) as connection:
        if connection.execute("SELECT 1 FROM run WHERE id = ?", (run.id,)).fetchone():
            return False
        layout = number_of(connection, "layout", text=run.layout)
        keys = [number_of(connection, "series", layout=layout, ids=ids_text(ids)) for ids in run.forecast.ids]
        starts = run.forecast.starts
        first, last = int(starts.min()), int(starts.max()) + run.forecast.horizon - 1
        facts: tuple[object, ...] = (
            run.id,
            layout,
            run.made.isoformat(),
            run.model,
            run.version,
            run.published.isoformat(),
            run.season,
        )
        facts += (json.dumps(run.forecast.levels), first, last)
        stored = [(key, *row) for key, row in sorted(zip(keys, rows, strict=True))]
        cursor = connection.execute(
            "INSERT INTO run VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*facts, _checksum(facts, times, stored))
        )
        number = cursor.lastrowid
        connection.executemany("INSERT INTO times VALUES (?, ?, ?)", ((number, *row) for row in times))
        connection.executemany(
            "INSERT INTO forecast VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ((number, *row) for row in stored)
        )
    return True


def read_runs(
    model: Path, layout: str, *, trusted: bool = False, since: int | None = None, begin: int = 0
) -> list[Run]:
    """The runs of a layout, oldest first.

    Args:
        model: folder of the model.
        layout: from `layout_of`.
        trusted: whether others may own the ledger and write to it.
        since: ordinal; runs whose last time lies before it are left out.
        begin: number of the first run to read.

    Raises:
        InputMissingError: there is no ledger.
        BusyError, ModelError, StorageError, TrustError: as `writing_ledger`; ModelError also where a run is not what
            was written.
    """
    with reading_ledger(model, trusted=trusted) as connection:
        return list(_runs(connection, model / LEDGER, layout, NEVER if since is None else since, begin))


def count_runs(model: Path, layout: str, *, trusted: bool = False) -> tuple[int, int]:
    """How many runs there are of a layout, and of all others."""
    with reading_ledger(model, trusted=trusted) as connection:
        rows = connection.execute(
            "SELECT text = ? FROM run JOIN layout ON layout = layout.number", (layout,)
        ).fetchall()
    own = sum(bool(same) for (same,) in rows)
    return own, len(rows) - own


def newest_runs(model: Path, layout: str, most: int, *, trusted: bool = False) -> tuple[int, int]:
    """The newest runs that together hold at most so many forecasts of a series, but at least one run.

    Returns:
        The number of the first of them, and how many older runs there are.
    """
    query = (
        "SELECT run.number, (SELECT count(*) FROM forecast WHERE forecast.run = run.number) FROM run "
        "JOIN layout ON layout = layout.number WHERE text = ? ORDER BY run.number DESC"
    )
    with reading_ledger(model, trusted=trusted) as connection:
        runs = connection.execute(query, (layout,)).fetchall()
    kept, total = 0, 0
    for _, count in runs:
        total += count
        if kept and total > most:
            break
        kept += 1
    return (runs[kept - 1][0] if kept else 0), len(runs) - kept


def check_ledger(model: Path, *, trusted: bool = False) -> None:
    """Read every page of the ledger, and compare every run with its checksum.

    Raises:
        BusyError, ModelError, StorageError, TrustError: as `read_runs`.
    """
    path = model / LEDGER
    with reading_ledger(model, trusted=trusted) as connection:
        check_database(connection, path)
        for (layout,) in connection.execute("SELECT text FROM layout").fetchall():
            for _ in _runs(connection, path, layout, NEVER):
                pass


def ids_text(ids: tuple[str, ...]) -> str:
    """The ids of a series as they are stored."""
    return json.dumps(ids)


def number_of(connection: sqlite3.Connection, table: str, **values: int | str) -> int:
    """The number of a row of `layout` or `series`, which is added if need be."""
    where = " AND ".join(f"{name} = ?" for name in values)
    found = connection.execute(f"SELECT number FROM {table} WHERE {where}", (*values.values(),)).fetchone()
    if found:
        return int(found[0])
    names, marks = ", ".join(values), ", ".join("?" for _ in values)
    return int(
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", (*values.values(),)).lastrowid or 0
    )


_Row = tuple[str, int, int | None, float | None, str, str]


def _rows(run: Run) -> list[_Row]:
    """The columns of each series after its number."""
    made = run.forecast
    bounds = np.stack([made.lower, made.upper], axis=3).transpose(0, 2, 3, 1)  # series, levels, sides, steps
    return [
        (
            run.cutoffs[place],
            int(made.starts[place]),
            None if run.learned[place] == NEVER else int(run.learned[place]),
            float(run.scale[place]) if np.isfinite(run.scale[place]) else None,
            _numbers(made.y_pred[place]),
            _numbers(bounds[place]),
        )
        for place in range(len(made.ids))
    ]


def _numbers(values: Float64) -> str:
    return orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _checksum(facts: tuple[object, ...], *tables: Sequence[tuple[object, ...]]) -> str:
    """SHA-256 of all that is stored of a run. Series go by their numbers, which never change."""
    digest = hashlib.sha256(repr(facts).encode())
    for rows in tables:
        for row in rows:
            digest.update(repr(row).encode())
    return digest.hexdigest()


def _runs(connection: sqlite3.Connection, path: Path, layout: str, since: int, begin: int = 0) -> Iterator[Run]:
    query = (
        "SELECT run.* FROM run JOIN layout ON layout = layout.number "
        "WHERE text = ? AND last >= ? AND run.number >= ? ORDER BY run.number"
    )
    ids = {
        number: tuple(json.loads(text))
        for number, text in connection.execute(
            "SELECT series.number, ids FROM series JOIN layout ON layout = layout.number WHERE text = ?", (layout,)
        )
    }
    for number, *facts, checksum in connection.execute(query, (layout, since, begin)).fetchall():
        times = connection.execute("SELECT start, texts FROM times WHERE run = ? ORDER BY start", (number,)).fetchall()
        columns = "series, cutoff, start, learned, scale, y_pred, bounds"
        rows = connection.execute(f"SELECT {columns} FROM forecast WHERE run = ? ORDER BY series", (number,)).fetchall()
        if _checksum(tuple(facts), times, rows) != checksum:
            raise damaged(path, f"run {number}, made {facts[2]}, is not what was written")
        try:
            yield _run(number, facts, rows, ids, layout)
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(path, f"run {number} cannot be read: {error}") from error


def _run(
    number: int, facts: list[object], rows: list[tuple[object, ...]], ids: Mapping[int, tuple[str, ...]], layout: str
) -> Run:
    id_, _, made, model, version, published, season, levels, *_ = facts
    series, cutoffs, starts, learned, scale, points, bounds = zip(*rows, strict=True)
    each = tuple(float(level) for level in json.loads(str(levels)))
    y_pred = np.array(orjson.loads(f"[{','.join(points)}]"), dtype=np.float64)
    sides = np.array(orjson.loads(f"[{','.join(bounds)}]"), dtype=np.float64)
    lower, upper = sides.reshape(len(rows), len(each), 2, y_pred.shape[1]).transpose(2, 0, 3, 1)
    forecast = Forecast(tuple(ids[key] for key in series), np.array(starts, dtype=np.int64), y_pred, each, lower, upper)
    return Run(
        id=str(id_),
        layout=layout,
        made=datetime.fromisoformat(str(made)),
        model=str(model),
        version=int(str(version)),
        published=datetime.fromisoformat(str(published)),
        season=int(str(season)),
        forecast=forecast,
        learned=np.array([NEVER if each is None else each for each in learned], dtype=np.int64),
        scale=np.array(scale, dtype=np.float64),
        cutoffs=cutoffs,
        number=number,
    )
