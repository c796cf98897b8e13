"""Forecasts beside what happened, one row for each forecast that counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.io.times.formats import format_stamps
from tsforecast.io.writing.columns import FORECAST, check_columns, time_counts
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import UNKNOWN_SERIES, Panel, Schema
from tsforecast.store.ledger.actuals import Actuals
from tsforecast.store.ledger.runs import Run

if TYPE_CHECKING:
    import pandas as pd

Ids = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Happened:
    """What happened: for each series its values from a first ordinal on, NaN where nothing is known.

    Args:
        ids: of the series.
        starts: ordinal of the first value of each series, shape (n_series,).
        offsets: series i is values offsets[i]:offsets[i + 1], shape (n_series + 1,).
        values: shape (rows,).
    """

    ids: Ids
    starts: Int64
    offsets: Int64
    values: Float64

    @property
    def newest(self) -> int | None:
        """The largest ordinal of which a value is known."""
        known = np.flatnonzero(np.isfinite(self.values))
        if not known.size:
            return None
        owner = np.searchsorted(self.offsets, known, side="right") - 1
        return int((self.starts[owner] + known - self.offsets[owner]).max())

    def numbers_of(self, ids: Ids) -> Int64:
        """Number of each series, UNKNOWN_SERIES where nothing is known of it."""
        places = {key: number for number, key in enumerate(self.ids)}
        return np.array([places.get(key, UNKNOWN_SERIES) for key in ids], dtype=np.int64)

    def at(self, series: Int64, ordinals: Int64) -> tuple[Float64, Bool]:
        """Values and whether they lie within the series, both of the shape of `ordinals`, (n, steps)."""
        if not self.ids:
            return np.full(ordinals.shape, np.nan), np.zeros(ordinals.shape, dtype=bool)
        safe = np.maximum(series, 0)
        place = ordinals - self.starts[safe][:, None]
        inside = (place >= 0) & (place < np.diff(self.offsets)[safe][:, None]) & (series >= 0)[:, None]
        rows = np.where(inside, self.offsets[:-1][safe][:, None] + place, 0)
        return np.where(inside, self.values[rows], np.nan), inside


def happened_in(panel: Panel) -> Happened:
    """What a table says."""
    values = np.where(panel.observed, panel.values, np.nan)
    return Happened(panel.ids, panel.starts, panel.offsets, values)


def happened_as_kept(actuals: Actuals) -> Happened:
    """What a ledger says."""
    count = len(actuals.ids)
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, actuals.series, actuals.ordinals)
    np.maximum.at(last, actuals.series, actuals.ordinals)
    offsets = np.concatenate([[0], np.cumsum(last - first + 1)]).astype(np.int64)
    values = np.full(int(offsets[-1]), np.nan)
    values[offsets[actuals.series] + actuals.ordinals - first[actuals.series]] = actuals.values
    return Happened(actuals.ids, first, offsets, values)


@dataclass(frozen=True)
class Joined:
    """Forecasts with what happened; all but `ids`, `runs` and `levels` have a row for each.

    Args:
        ids: of the series that `series` numbers.
        runs: that `run` numbers.
        levels: of the intervals; a run without one of them has NaN there.
        series: shape (n,).
        run: shape (n,).
        ordinal: of the time, shape (n,).
        step: of the horizon, from 1, shape (n,).
        y_true: shape (n,).
        y_pred: shape (n,).
        lower: shape (n, levels).
        upper: shape (n, levels).
        scale: of MASE, NaN if unknown, shape (n,).
    """

    ids: Ids
    runs: tuple[Run, ...]
    levels: tuple[float, ...]
    series: Int64
    run: Int64
    ordinal: Int64
    step: Int64
    y_true: Float64
    y_pred: Float64
    lower: Float64
    upper: Float64
    scale: Float64

    def __len__(self) -> int:
        return len(self.y_true)


@dataclass(frozen=True)
class JoinResult:
    """What became of all forecasts.

    Args:
        rows: those that count, by series, time and step.
        seen: what happened wherever anything was forecast.
        learned: forecasts left out, because the model had learned from these times.
        waiting: forecasts of times later than all that is known.
    """

    rows: Joined
    seen: Actuals
    learned: int
    waiting: int


def join(runs: Sequence[Run], happened: Happened, *, made_until: datetime | None, first: int) -> JoinResult:
    """Put forecasts beside what happened.

    Args:
        runs: oldest first.
        happened: what happened.
        made_until: moment by which forecasts were made, of which the newest for each time counts; None for all, of
            which the newest for each time and step counts.
        first: ordinal of the first time that counts.
    """
    runs = tuple(run for run in runs if made_until is None or run.made <= made_until)
    levels = tuple(sorted({level for run in runs for level in run.forecast.levels}))
    newest = happened.newest
    learned, waiting, parts, seen = 0, 0, [_no_rows(len(levels))], [_nothing_seen()]
    for number in reversed(range(len(runs))):
        run = runs[number]
        series = happened.numbers_of(run.forecast.ids)
        ordinals = run.forecast.starts[:, None] + np.arange(run.forecast.horizon)
        values, inside = happened.at(series, ordinals)
        wanted, known = ordinals >= first, np.isfinite(values)
        fair = ordinals >= run.learned[:, None]
        learned += int((wanted & known & ~fair).sum())
        waiting += int((ordinals > newest).sum()) if newest is not None else ordinals.size
        seen.append(_seen(series, ordinals, values, inside & wanted))
        parts.append(_rows_of(run, number, series, values, wanted & known & fair, levels))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    keys = ("series", "ordinal") if made_until is not None else ("series", "ordinal", "step")
    counted = _first_of_each([columns[name] for name in keys])
    columns = {name: column[counted] for name, column in columns.items()}
    used = np.isfinite(columns["lower"]).any(axis=0)  # a level may stand in runs alone of which nothing counts
    columns |= {side: columns[side][:, used] for side in ("lower", "upper")}
    rows = Joined(happened.ids, runs, tuple(np.array(levels)[used].tolist()), **columns)
    return JoinResult(rows, _all_seen(happened, seen), learned, waiting)


def _rows_of(
    run: Run, number: int, series: Int64, values: Float64, counts: Bool, levels: tuple[float, ...]
) -> dict[str, Any]:
    made = run.forecast
    owner, place = np.nonzero(counts)
    places = [made.levels.index(level) if level in made.levels else -1 for level in levels]
    lower, upper = (
        np.stack([side[owner, place, at] if at >= 0 else np.full(len(owner), np.nan) for at in places], axis=1)
        if places
        else np.empty((len(owner), 0))
        for side in (made.lower, made.upper)
    )
    return {
        "series": series[owner],
        "run": np.full(len(owner), number),
        "ordinal": made.starts[owner] + place,
        "step": place + 1,
        "y_true": values[owner, place],
        "y_pred": made.y_pred[owner, place],
        "lower": lower,
        "upper": upper,
        "scale": run.scale[owner],
    }


def _no_rows(levels: int) -> dict[str, Any]:
    whole, real = np.empty(0, dtype=np.int64), np.empty(0)
    columns = {"series": whole, "run": whole, "ordinal": whole, "step": whole, "y_true": real, "y_pred": real}
    return {**columns, "lower": np.empty((0, levels)), "upper": np.empty((0, levels)), "scale": real}


def _first_of_each(keys: list[Int64]) -> Int64:
    """Places of the rows that are the first with their keys, in the order of the keys."""
    order = np.lexsort(keys[::-1])  # stable
    if not order.size:
        return order
    changes = np.any([np.diff(key[order]) != 0 for key in keys], axis=0)
    return order[np.concatenate([[True], changes])]


def _nothing_seen() -> tuple[Int64, Int64, Float64]:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)


def _seen(series: Int64, ordinals: Int64, values: Float64, which: Bool) -> tuple[Int64, Int64, Float64]:
    owner, place = np.nonzero(which)
    return series[owner], ordinals[owner, place], values[owner, place]


def _all_seen(happened: Happened, parts: list[tuple[Int64, Int64, Float64]]) -> Actuals:
    series, ordinals, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    once = _first_of_each([series, ordinals])
    return Actuals(happened.ids, series[once], ordinals[once], values[once])


CUTOFF, MODEL, VERSION, MADE, STEP, Y_TRUE = "cutoff", "model", "version", "made", "step", "y_true"


def check_joined_frame(schema: Schema, levels: tuple[float, ...] = ()) -> None:
    """Refuse a table one of whose columns would stand twice among those of the rows.

    Raises:
        DataError: naming the column.
    """
    check_columns(schema, levels, besides=(CUTOFF, MODEL, VERSION, MADE, STEP, Y_TRUE))


def joined_frame(rows: Joined, schema: Schema, frequency: Frequency, *, stamps: bool = False) -> pd.DataFrame:
    """The rows in long form, as a backtest writes them, with `version`, `made` (UTC) and `step` besides.

    Args:
        rows: the forecasts.
        schema: names of the columns, and how times are written.
        frequency: of the series.
        stamps: whether times are time stamps, in place of texts; where they have several columns they stay texts.

    Raises:
        DataError: a column of the user has one of these names.
    """
    import pandas as pd

    check_joined_frame(schema, rows.levels)
    columns: dict[str, Any] = {
        name: np.array([key[place] for key in rows.ids], dtype=object)[rows.series]
        for place, name in enumerate(schema.key_columns)
    }
    cutoffs = rows.ordinal - rows.step
    if stamps and len(schema.time_cols) == 1:
        columns[CUTOFF] = stamp_index(frequency.stamps(cutoffs), schema, frequency)
        columns[schema.time_cols[0]] = stamp_index(frequency.stamps(rows.ordinal), schema, frequency)
    else:
        columns[CUTOFF] = [" ".join(cells) for cells in zip(*_times(cutoffs, schema, frequency), strict=True)]
        times = _times(rows.ordinal, schema, frequency)
        for name, cells, count in zip(schema.time_cols, times, time_counts(schema), strict=True):
            columns[name] = np.array(cells, dtype=np.int64 if count else object)
    for name, values in (
        (MODEL, [run.model for run in rows.runs]),
        (VERSION, [run.version for run in rows.runs]),
        (MADE, [run.made.isoformat(timespec="seconds") for run in rows.runs]),
    ):
        columns[name] = np.array(values, dtype=np.int64 if name == VERSION else object)[rows.run]
    columns |= {STEP: rows.step, Y_TRUE: rows.y_true, FORECAST: rows.y_pred}
    for place, level in enumerate(rows.levels):
        columns |= {f"lower_{level:g}": rows.lower[:, place], f"upper_{level:g}": rows.upper[:, place]}
    return pd.DataFrame(columns)


def _times(ordinals: Int64, schema: Schema, frequency: Frequency) -> list[list[str]]:
    """The texts of each time column."""
    distinct, places = np.unique(ordinals, return_inverse=True)
    if not distinct.size:
        return [[] for _ in schema.time_cols]
    cells = format_stamps(frequency.stamps(distinct), schema, frequency)
    return [[column[place] for place in places.tolist()] for column in cells]
