"""Checks the columns of covariates against the limits of the data gate, each as the values themselves are checked.

Values that are missing are compared with what was usual before: many columns have a value in some steps only. Steps at
the end of a column that came late already when the version in service was trained do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.io.reading.panel import ReadResult
from tsforecast.series.covariates import NO_COVARIATES, Covariates, rows_between
from tsforecast.series.panel import UNKNOWN_SERIES, Panel
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.provenance import STEPS_LATE
from tsforecast.workflows.retrain.breach import Breach, exceeded, percent
from tsforecast.workflows.retrain.drift import NewRows, largest_move, largest_outlier, moved_typically, without_outliers
from tsforecast.workflows.retrain.settings import GateLimits

_ENOUGH_VALUES = 100  # over which a share is taken at least
_MOST_NAMED = 20  # columns for each limit


@dataclass(frozen=True)
class _Column:
    """A column that moves in time, as if it were the values of the series.

    Args:
        name: of the column.
        role: `past` or `future`.
        place: its number among those of the role.
        rows: new and old.
    """

    name: str
    role: str
    place: int
    rows: NewRows


def check_columns(data: ReadResult, champion: Bundle, rows: NewRows, limits: GateLimits) -> list[Breach]:
    """The limits that columns of covariates exceed; the names and roles are those of the version in service.

    Args:
        data: the table.
        champion: the version in service.
        rows: the new and the old rows of the table.
        limits: of the data gate.
    """
    found: dict[str, list[Breach]] = {"max_missing": _missing(data, champion, rows, limits)}
    shifts, outliers = found.setdefault("max_shift", []), found.setdefault("max_outlier", [])
    for column in _columns(data, champion, rows):
        if limits.max_shift is not None and (move := largest_move(column.rows)).size > limits.max_shift:
            said = move.words, f"{limits.max_shift:g}"
            shifts.append(exceeded("max_shift", *said, change=move.change, column=column.name))
        if limits.max_outlier is not None:
            far = largest_outlier(column.rows, limits.max_outlier)
            if far.size > limits.max_outlier:
                said = far.words, f"{limits.max_outlier:g}"
                outliers.append(exceeded("max_outlier", *said, change=far.change, column=column.name))
    shifts += _moved_static(data, champion, rows.numbers, limits)
    return [breach for breaches in found.values() for breach in breaches[:_MOST_NAMED]]


def without_outlying_columns(data: ReadResult, champion: Bundle, rows: NewRows, limit: float) -> Covariates:
    """The covariates with the new values beyond `limit` replaced as those to forecast are."""
    known = data.panel.covariates
    past, future = known.past.copy(), known.future.copy()
    for column in _columns(data, champion, rows):
        values = without_outliers(column.rows, limit, champion.spec.season_length).values
        (past if column.role == "past" else future)[:, column.place] = values
    return replace(known, past=past, future=future)


def _columns(data: ReadResult, champion: Bundle, rows: NewRows) -> Iterator[_Column]:
    """The past and the future columns; those known ahead with the rows after the last value, which are new."""
    panel, known = rows.panel, rows.known
    for place, name in enumerate(champion.schema.past_cols):
        here = _as_values(panel, panel.covariates.past[:, place], data.past_observed[:, place])
        there = _as_values(known, known.covariates.past[:, place])
        yield _Column(name, "past", place, NewRows(here, there, rows.numbers, rows.new))
    for place, name in enumerate(champion.schema.future_cols):
        ahead = panel.covariates
        here = replace(_as_values(panel, ahead.future[:, place]), offsets=ahead.future_offsets)
        lengths = known.covariates.future_lengths
        then = known.covariates.future[rows_between(np.zeros_like(lengths), known.lengths, lengths), place]
        new = rows.new + panel.known_ahead
        yield _Column(name, "future", place, NewRows(here, _as_values(known, then), rows.numbers, new))


def _as_values(panel: Panel, values: Float64, observed: Bool | None = None) -> Panel:
    observed = np.ones(len(values), dtype=bool) if observed is None else observed
    return replace(panel, values=values, observed=observed, covariates=NO_COVARIATES)


def _missing(data: ReadResult, champion: Bundle, rows: NewRows, limits: GateLimits) -> list[Breach]:
    """Past columns that miss more of the newest values than before; those known ahead have no gaps."""
    found: list[Breach] = []
    if limits.max_missing is None:
        return found
    panel, each = rows.panel, -(-_ENOUGH_VALUES // rows.panel.n_series)
    judged = np.minimum(panel.lengths, np.maximum(rows.new, each))
    for place, name in enumerate(champion.schema.past_cols):
        observed = data.past_observed[:, place]
        late = _usually_late(champion, name, observed, panel.offsets)
        kept = np.maximum(0, panel.lengths - late)
        first = np.minimum(kept, panel.lengths - judged)
        newest = ~observed[rows_between(first, kept, panel.lengths)]
        before = ~observed[rows_between(np.zeros_like(first), first, panel.lengths)]
        if not newest.size or not before.size:
            continue
        usual, share = float(before.mean()), float(newest.mean())
        if share - usual > limits.max_missing + 1e-9:
            words = f"{percent(share)} of the newest values are missing ({newest.sum():,} of {newest.size:,})"
            more = f", {percent(usual)} before" if usual else ""
            allowed = f"{percent(limits.max_missing)}{' more' if usual else ''}"
            found.append(exceeded("max_missing", words + more, allowed, column=name))
    return found


def _usually_late(champion: Bundle, name: str, observed: Bool, offsets: Int64) -> int:
    """Steps without a value at the end of a column when the version in service was trained.

    A version of an earlier release does not say it: then what is missing at the end is not looked at.
    """
    stated = champion.provenance.get(STEPS_LATE)
    if isinstance(stated, dict):
        steps = stated.get(name, 0)
        return steps if isinstance(steps, int) and 0 <= steps < 2**31 else 0
    last = np.maximum.reduceat(np.where(observed, np.arange(observed.size), -1), offsets[:-1])
    return int((offsets[1:] - 1 - last).max())


def _moved_static(data: ReadResult, champion: Bundle, numbers: Int64, limits: GateLimits) -> list[Breach]:
    """Static columns whose numbers have moved in the typical series, such as to another unit."""
    known = np.flatnonzero(numbers != UNKNOWN_SERIES)
    found: list[Breach] = []
    if limits.max_shift is None:
        return found
    for place, name in enumerate(champion.schema.static_cols):
        now = data.panel.covariates.static[known, place]
        before = champion.recent.covariates.static[numbers[known], place]
        move = moved_typically(now, before)
        if move.size > limits.max_shift:
            said = move.words, f"{limits.max_shift:g}"
            found.append(exceeded("max_shift", *said, change=True, column=name))
    return found
