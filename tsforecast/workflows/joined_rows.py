"""New rows put behind those that a model remembers, over a short gap too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.io.messages import Note, counted, of_series
from tsforecast.models.spec import ModelSpec
from tsforecast.series.covariates import Covariates
from tsforecast.series.frequency import season_length
from tsforecast.series.panel import UNKNOWN_SERIES, Panel

if TYPE_CHECKING:
    from tsforecast.io.options import FillRule


@dataclass(frozen=True)
class JoinedRows:
    """New rows with what was put before them, and what is said of it."""

    panel: Panel
    notes: tuple[Note, ...]


def join_rows(old: Panel, new: Panel, series: Int64, spec: ModelSpec, fill: FillRule = "seasonal") -> JoinedRows:
    """Put remembered rows before series that are too short for the lookback.

    Where the new rows begin some steps after the remembered ones, the steps between are filled as a reader fills gaps,
    up to a season or the lookback, whichever is longer. Over a longer gap nothing is joined, and this is said.

    Args:
        old: the remembered rows.
        new: the rows of the table.
        series: number of each new series among the old ones, UNKNOWN_SERIES for others, shape (n_series,).
        spec: of the model.
        fill: how gaps are filled.
    """
    before = np.clip(new.starts - old.starts[series], 0, old.lengths[series])
    gap = np.maximum(0, new.starts - old.ends[series])
    wanted = (series != UNKNOWN_SERIES) & (new.lengths < spec.lookback) & (before > 0)
    most = max(spec.season_length, spec.context)
    far, follows = wanted & (gap > most), wanted & (gap <= most)
    notes = _notes(new, gap, follows, far, most)
    if not follows.any():
        return JoinedRows(new, notes)
    before, gap = np.where(follows, before, 0), np.where(follows, gap, 0)
    runs = np.stack([before, gap, new.lengths], axis=1)
    kind = np.repeat(np.tile(np.arange(3), new.n_series), runs.ravel())
    # Of the old rows, which lie in another order, those that are put before the new ones.
    past = np.arange(before.sum()) + np.repeat(old.offsets[series] - (np.cumsum(before) - before), before)
    values, observed = np.full(len(kind), np.nan), np.zeros(len(kind), dtype=bool)
    values[kind == 0], values[kind == 2] = old.values[past], new.values
    observed[kind == 0], observed[kind == 2] = old.observed[past], new.observed
    offsets = np.concatenate([[0], np.cumsum(runs.sum(axis=1))]).astype(np.int64)
    if gap.any():
        from tsforecast.io.reading.grid.build import fill_gaps

        values = fill_gaps(values, offsets, fill, season_length(new.frequency))
    known = _joined_covariates(old, new, series, before + gap)
    starts = new.starts - before - gap
    return JoinedRows(Panel(new.ids, values, observed, offsets, starts, new.frequency, known), notes)


def _joined_covariates(old: Panel, new: Panel, series: Int64, counts: Int64) -> Covariates:
    """The covariates of the joined rows.

    Args:
        old: the remembered rows.
        new: the rows of the table.
        series: as for `join_rows`.
        counts: rows that are put before each new series: from the first remembered one on, then those of the gap, at
            which the last value known stands.
    """
    own, kept = new.covariates, old.covariates
    if own.absent:
        return own
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    of = np.repeat(series, counts)
    past = kept.past[old.offsets[of] + np.minimum(step, old.lengths[of] - 1)]
    future = kept.future[kept.future_offsets[of] + np.minimum(step, kept.future_lengths[of] - 1)]
    return replace(
        own,
        past=_in_turn(past, counts, own.past, new.lengths),
        future=_in_turn(future, counts, own.future, own.future_lengths),
        future_offsets=np.append(0, np.cumsum(counts + own.future_lengths)).astype(np.int64),
    )


def _in_turn(before: Float64, counts: Int64, after: Float64, lengths: Int64) -> Float64:
    """For each series some rows of one array, then some of another."""
    first = np.repeat(np.tile([True, False], len(counts)), np.stack([counts, lengths], axis=1).ravel())
    rows = np.empty((len(first), after.shape[1]))
    rows[first], rows[~first] = before, after
    return rows


def _notes(new: Panel, gap: Int64, follows: Bool, far: Bool, most: int) -> tuple[Note, ...]:
    """What is said of the series that were joined, over a gap or not, and of those that were not."""
    notes = []
    if follows.any():
        text = f"{int(follows.sum())} series are shorter than the lookback: joined to the rows kept at fit"
        notes.append(Note("info", text))
    for chosen, what in (
        (follows & (gap > 0), "filled as gaps in a table are"),
        (far, f"too many to fill (at most {most}), so the rows kept at fit are not used; give the rows between"),
    ):
        if chosen.any():
            number = int(np.argmax(np.where(chosen, gap, -1)))
            several = f" and others in {int(chosen.sum()) - 1} more series" if chosen.sum() > 1 else ""
            steps = f"{counted(int(gap[number]), f'{new.frequency.adjective} step')}{of_series(new.label(number))}"
            text = f"{steps}{several} are missing between the rows kept at fit and the new ones: {what}"
            notes.append(Note("warning", text))
    return tuple(notes)
