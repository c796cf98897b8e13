"""The actuals of a ledger: what each scoring was the first to see. A value that differs later stands beside it."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.store.ledger.database import reading_ledger, writing_ledger
from tsforecast.store.ledger.runs import ids_text, number_of


@dataclass(frozen=True)
class Actuals:
    """What happened, one value for each series and time.

    Args:
        ids: of the series.
        series: number among `ids` of each value, shape (n,).
        ordinals: of each value, shape (n,).
        values: NaN where nothing was observed, shape (n,).
    """

    ids: tuple[tuple[str, ...], ...]
    series: Int64
    ordinals: Int64
    values: Float64


def keep_actuals(
    model: Path, layout: str, seen: Actuals, *, made: datetime, file: str, data_hash: str, trusted: bool = False
) -> tuple[int, int]:
    """Store the values that are new or differ from those that were seen last.

    Args:
        model: folder of the model.
        layout: from `layout_of`.
        seen: what is known now. A value that was known and is NaN now has been withdrawn.
        made: the moment of this scoring, in UTC.
        file: where the values come from, and `data_hash` its SHA-256.
        trusted: whether others may own the ledger and write to it.

    Returns:
        How many are new, and how many revised.

    Raises:
        BusyError, ModelError, StorageError, TrustError: as `writing_ledger`.
    """
    with writing_ledger(model, trusted=trusted) as connection:
        number = number_of(connection, "layout", text=layout)
        keys = [number_of(connection, "series", layout=number, ids=ids_text(ids)) for ids in seen.ids]
        series = np.array(keys, dtype=np.int64)[seen.series]
        changed, revised = _changes(_known(connection, seen.ordinals), (series, seen.ordinals, seen.values))
        if changed.size:
            scoring = connection.execute(
                "INSERT INTO scoring VALUES (NULL, ?, ?, ?)", (made.isoformat(), file, data_hash)
            ).lastrowid
            values = [None if math.isnan(value) else value for value in seen.values[changed].tolist()]
            rows = zip(series[changed].tolist(), seen.ordinals[changed].tolist(), values, strict=True)
            connection.executemany("INSERT INTO actual VALUES (?, ?, ?, ?)", ((*key, scoring, v) for *key, v in rows))
    return len(changed) - revised, revised


_Columns = tuple[Int64, Int64, Float64]  # series, ordinal, value


def _known(connection: sqlite3.Connection, ordinals: Int64) -> _Columns:
    """The newest values of the times between the first and the last of some."""
    rows = connection.execute(
        # SQLite takes `value` from the row of the maximum.
        "SELECT series, ordinal, value, max(scoring) FROM actual WHERE ordinal BETWEEN ? AND ? "
        "GROUP BY series, ordinal",
        (int(ordinals.min(initial=0)), int(ordinals.max(initial=0))),
    ).fetchall()
    series, ordinal, values, _ = zip(*rows, strict=True) if rows else ((), (), (), ())
    return np.array(series, dtype=np.int64), np.array(ordinal, dtype=np.int64), np.array(values, dtype=np.float64)


def _changes(known: _Columns, seen: _Columns) -> tuple[Int64, int]:
    """Places in `seen` of values that are new or differ, and how many of them differ."""
    series, ordinals, values = (np.concatenate(columns) for columns in zip(known, seen, strict=True))
    order = np.lexsort((ordinals, series))  # stable: what is known comes before what is seen
    same_key = (np.diff(series[order]) == 0) & (np.diff(ordinals[order]) == 0)
    now, before = order[1:][same_key], order[:-1][same_key]
    same = (values[now] == values[before]) | (np.isnan(values[now]) & np.isnan(values[before]))
    first_seen = len(known[0])
    new = np.ones(len(seen[0]), dtype=bool)
    new[now - first_seen] = ~same
    new &= np.isfinite(seen[2]) | np.isin(np.arange(len(new)), now - first_seen)  # nothing known of it yet
    return np.flatnonzero(new), int((~same).sum())


def read_actuals(model: Path, layout: str, *, until: datetime | None = None, trusted: bool = False) -> Actuals:
    """The newest value of each series and time.

    Args:
        model: folder of the model.
        layout: from `layout_of`.
        until: as scorings up to this moment have seen it; None for all.
        trusted: whether others may own the ledger and write to it.

    Raises:
        InputMissingError: there is no ledger.
        BusyError, ModelError, StorageError, TrustError: as `writing_ledger`.
    """
    query = (
        "SELECT ids, ordinal, value, scoring.made FROM actual JOIN scoring ON scoring = scoring.number "
        "JOIN series ON series = series.number JOIN layout ON layout = layout.number WHERE text = ? ORDER BY scoring"
    )
    with reading_ledger(model, trusted=trusted) as connection:
        rows = connection.execute(query, (layout,)).fetchall()
    newest = {
        (ids, ordinal): value
        for ids, ordinal, value, made in rows
        if until is None or datetime.fromisoformat(made) <= until
    }
    names = list(dict.fromkeys(ids for ids, _ in newest))
    places = {name: place for place, name in enumerate(names)}
    return Actuals(
        tuple(tuple(json.loads(name)) for name in names),
        np.array([places[ids] for ids, _ in newest], dtype=np.int64),
        np.array([ordinal for _, ordinal in newest], dtype=np.int64),
        np.array(list(newest.values()), dtype=np.float64),
    )
