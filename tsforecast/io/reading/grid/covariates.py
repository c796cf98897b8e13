"""The columns of covariates on the grid of the series that they belong to.

What is filled depends on earlier values of the same column and series only, as for the values themselves. A column with
a lag is moved to the steps at which its values are known, here and nowhere else.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.errors import DataError
from tsforecast.io.messages import Note, counted, info, warning
from tsforecast.io.options import FillRule
from tsforecast.io.reading.columns.covariates import Known
from tsforecast.io.reading.grid.aggregate import aggregate
from tsforecast.io.reading.grid.build import Grid, fill_gaps
from tsforecast.io.reading.grid.rows import GridPoints, RowOrigin, Rows
from tsforecast.series.covariates import Labels, no_covariates, rows_between, rows_of
from tsforecast.series.frequency import Ordinals, season_length
from tsforecast.series.panel import Panel

_MOST_TRIMMED = 0.5  # of a series


@dataclass(frozen=True)
class OfSeries:
    """What belongs to each series of rows: its numbers, its categories and their labels."""

    static: Float64
    categories: Int64
    labels: Labels


@dataclass(frozen=True)
class _Column:
    """A column on its way to the grid.

    Args:
        name: of the column.
        series: number of the series of rows of each value, ascending, shape (n,).
        ordinals: step of each value, shape (n,).
        values: NaN where missing, shape (n,).
        lag: steps after which a value is known.
    """

    name: str
    series: Int64
    ordinals: Ordinals
    values: Float64
    lag: int = 0


@dataclass(frozen=True)
class _Target:
    """The panel that columns are put beside.

    Args:
        panel: without covariates.
        owners: the series of rows that each series of the panel comes from, shape (n_series,).
        continues: whether the rows continue a model, so that no row can be left out.
        when: returns the text of the time of a step.
        file: for messages.
    """

    panel: Panel
    owners: Int64
    continues: bool
    when: Callable[[int], str]
    file: str

    def error(self, column: str, number: int, found: str, hint: str, why: str = "") -> DataError:
        """An error about a series, which is named behind what was found."""
        label = self.panel.label(number)
        message = f"{found}{f' of {label!r}' if label else ''}{why}"
        return DataError(message, hint=hint, file=self.file, column=column)


def add_covariates(
    panel: Panel,
    rows: Rows,
    grid: Grid,
    origin: RowOrigin,
    known: Known,
    of_series: OfSeries,
    when: Callable[[int], str],
) -> tuple[Panel, Bool, list[Note]]:
    """The panel with its covariates, where the past columns have a value, shape (rows, past), and notes.

    Args:
        panel: of the rows.
        rows: sorted, with the cells of the past and the future columns.
        grid: that the rows are on.
        origin: of the rows.
        known: the columns.
        of_series: what belongs to each series of rows.
        when: returns the text of the time of a step.

    Raises:
        DataError: a future column without a value at a step that has a row, a column without a value in a series, or
            one that begins late in it.
    """
    number = {name: place // len(origin.targets) for place, name in enumerate(origin.names)}
    owners = np.array([number[key] for key in panel.ids], dtype=np.int64)
    target = _Target(panel, owners, grid.source == "model", when, origin.place.file)
    columns = _columns(rows, grid, known, target.file)
    n_past = len(known.names.past)
    steps = _steps(rows, grid)
    past = [_put(each, target, panel.lengths) for each in columns[:n_past]]
    future, lengths, notes = _known_ahead(columns[n_past:], steps, target)
    late, more = _first_known([*past, *future], columns, target, [panel.lengths] * n_past + [lengths] * len(future))
    notes += more
    observed = ~np.isnan(np.column_stack(past)) if past else np.empty((len(panel.values), 0), dtype=bool)
    rule = grid.options.fill_gaps
    for place, column in enumerate(columns[:n_past]):
        past[place], more = _fill_past(past[place], column, target, rule)
        notes += more
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int64)
    future = [_fill_future(values, offsets, target, rule) for values in future]
    none = no_covariates(panel.offsets)
    covariates = replace(
        none,
        past=np.column_stack(past) if past else none.past,
        future=np.column_stack(future) if future else np.empty((int(offsets[-1]), 0)),
        future_offsets=offsets,
        static=of_series.static[owners],
        categories=of_series.categories[owners],
        labels=of_series.labels,
    )
    whole = replace(panel, covariates=covariates)
    if not late.any():
        return whole, observed, notes
    count, worst = int((late > 0).sum()), int(np.argmax(late))
    label = f", {late[worst]:,} of '{panel.label(worst)}'" if count > 1 else ""
    said = f"{counted(int(late.sum()), 'first step')} left out{label}: not all columns of covariates begin before"
    kept = rows_between(late, panel.lengths, panel.lengths)
    return whole.between(late, panel.lengths), observed[kept], [*notes, warning(said)]


def _columns(rows: Rows, grid: Grid, known: Known, file: str) -> list[_Column]:
    """The past and the future columns in steps; those of finer rows are brought onto the steps."""
    names = (*known.names.past, *known.names.future)
    lags = dict(zip(known.names.past, known.names.lags, strict=False))
    rule = grid.options.aggregate
    found = []
    for place, name in enumerate(names):
        values = rows.known[:, place]
        if rule is None:
            points = GridPoints(rows.series, rows.times, grid.frequency.ordinals(grid.clock)[0], values)
        else:
            # Sales add up over a day, the price or the temperature of a day does not.
            points = GridPoints(rows.series, rows.times, np.zeros(rows.stamps.size, dtype=np.int64), values)
            mean = "mean" if rule == "sum" else rule
            try:
                points = aggregate(points, rows.stamps, grid.clock, grid.frequency, mean, zeros=True).points
            except DataError as error:
                raise DataError(error.message, hint=error.hint, file=file, column=name) from None
        ordinals = points.ordinals[points.times]
        found.append(_Column(name, points.series.astype(np.int64), ordinals, points.values, lags.get(name, 0)))
    return found


def _steps(rows: Rows, grid: Grid) -> _Column:
    """The steps that have a row."""
    count = grid.frequency.ordinals if grid.options.aggregate is None else None
    ordinals = count(grid.clock)[0] if count else grid.frequency.buckets(grid.clock)
    return _Column("", rows.series.astype(np.int64), ordinals[rows.times], np.ones(rows.series.size))


def _put(column: _Column, target: _Target, lengths: Int64) -> Float64:
    """A column on the first `lengths` steps of each series, one series after the other; NaN where there is no value."""
    numbers = np.arange(int(target.owners.max()) + 2)
    edges = np.searchsorted(column.series, numbers)
    rows = rows_of(target.owners, edges)
    owner = np.repeat(np.arange(len(target.owners)), np.diff(edges)[target.owners])
    places = column.ordinals[rows] + column.lag - target.panel.starts[owner]
    inside = (places >= 0) & (places < lengths[owner])
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int64)
    found = np.full(int(offsets[-1]), np.nan)
    found[offsets[owner[inside]] + places[inside]] = column.values[rows[inside]]
    return found


def _known_ahead(columns: list[_Column], steps: _Column, target: _Target) -> tuple[list[Float64], Int64, list[Note]]:
    """The future columns, cut where one of them ends, and the steps of each series for which they are known.

    Raises:
        DataError: a step without a value that has a row, or that later ones follow.
    """
    panel = target.panel
    if not columns:
        return [], panel.lengths, []
    last = np.full(int(target.owners.max()) + 1, np.iinfo(np.int64).min)
    np.maximum.at(last, steps.series[steps.series < last.size], steps.ordinals[steps.series < last.size])
    counts = np.bincount(steps.series, minlength=last.size)
    # No more steps than there are rows, so that a single time in the far future makes no endless series.
    ahead = np.clip(last[target.owners] + 1 - panel.ends, 0, counts[target.owners])
    lengths = panel.lengths + ahead
    found = [_put(each, target, lengths) for each in columns]
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int64)
    owner = np.repeat(np.arange(panel.n_series), lengths)
    places = np.arange(owner.size) - offsets[owner]
    complete = np.all(np.isfinite(found), axis=0)
    broken = np.flatnonzero(~complete & (places >= panel.lengths[owner]))
    ends = lengths.copy()
    np.minimum.at(ends, owner[broken], places[broken])
    has_row = np.isfinite(_put(steps, target, lengths))
    for column, values in zip(columns, found, strict=True):
        _check_holes(column, values, has_row, places, owner, target)
    kept = places < ends[owner]
    beyond = ends - panel.lengths
    notes = []
    if lost := int((has_row & ~kept).sum()):
        said = f"{counted(lost, 'row')} after the last value left out: not all columns known ahead have a value there"
        notes.append(warning(said))
    if beyond.any():
        least, most = int(beyond.min()), int(beyond.max())
        many = f"{least:,} to {most:,} steps" if least < most else counted(most, "step")
        notes.append(info(f"the columns known ahead reach {many} beyond the last value", "columns"))
    return [values[kept] for values in found], ends, notes


def _check_holes(column: _Column, values: Float64, has_row: Bool, places: Int64, owner: Int64, target: _Target) -> None:
    """Refuse a missing value at a step that has a row, and one that a later value follows."""
    missing = np.isnan(values)
    n_series = target.panel.n_series
    first, last = np.full(n_series, np.iinfo(np.int64).max), np.full(n_series, -1)
    np.minimum.at(first, owner[~missing], places[~missing])
    np.maximum.at(last, owner[~missing], places[~missing])
    inside = missing & (places > first[owner]) & (has_row | (places >= target.panel.lengths[owner]))
    holes = np.flatnonzero(inside & (places < np.maximum(last, target.panel.lengths)[owner]))
    if holes.size:
        hole = int(holes[0])
        number, place = int(owner[hole]), int(places[hole])
        when = target.when(int(target.panel.starts[number]) + place)
        more = f" (and {counted(holes.size - 1, 'more step')})" if holes.size > 1 else ""
        message, why = f"no value at {when}{more}", ", though it is known ahead: no forecast can be made from there"
        hint = f"fill it in the table, or name the column with --past-col {shlex.quote(column.name)}"
        raise target.error(column.name, number, message, hint, why)


def _first_known(
    found: list[Float64], columns: list[_Column], target: _Target, lengths: list[Int64]
) -> tuple[Int64, list[Note]]:
    """The first step of each series at which all columns are known, shape (n_series,), and notes.

    Rows that continue a model begin anywhere: there the first value that is known stands for those before it.

    Raises:
        DataError: a column that is never known in a series, or late.
    """
    panel, late = target.panel, np.zeros(target.panel.n_series, dtype=np.int64)
    notes = []
    for values, column, length in zip(found, columns, lengths, strict=True):
        offsets = np.append(0, np.cumsum(length)).astype(np.int64)
        owner = np.repeat(np.arange(panel.n_series), length)
        places = np.arange(owner.size) - offsets[owner]
        first = panel.lengths.copy()
        present = np.flatnonzero(np.isfinite(values))
        np.minimum.at(first, owner[present], places[present])
        never = np.flatnonzero(first >= panel.lengths)
        if never.size:
            after = f", which is known {counted(column.lag, 'step')} late," if column.lag else ""
            hint = "give earlier rows too" if column.lag else "fill the column, or leave it out"
            raise target.error(column.name, int(never[0]), f"no value{after} up to the last value", hint)
        if target.continues:
            leading = places < first[owner]
            values[leading] = values[offsets[owner[leading]] + first[owner[leading]]]
            if leading.any():
                said = f"column '{column.name}' begins up to {counted(int(first.max()), 'step')} after the values"
                notes.append(warning(f"{said}: its first value stands for those before"))
            continue
        late = np.maximum(late, first)
        worst = int(np.argmax(late / panel.lengths))
        if late[worst] > _MOST_TRIMMED * panel.lengths[worst]:
            when = target.when(int(panel.starts[worst] + late[worst]))
            message = f"the first value stands at {when}, {counted(int(late[worst]), 'step')} after the first value"
            raise target.error(column.name, worst, message, "leave the column out, or the rows before")
    return late, notes


def _fill_past(values: Float64, column: _Column, target: _Target, rule: FillRule) -> tuple[Float64, list[Note]]:
    """A past column without gaps, filled as the values are, and what is said of it."""
    missing = np.isnan(values)
    if not missing.any():
        return values, []
    panel = target.panel
    filled = _filled(values, panel.offsets, rule, season_length(panel.frequency))
    rows = np.arange(values.size)
    unknown = panel.offsets[1:] - 1 - np.maximum.reduceat(np.where(missing, -1, rows), panel.offsets[:-1])
    leading = np.minimum.reduceat(np.where(missing, values.size, rows), panel.offsets[:-1]) - panel.offsets[:-1]
    inner = int(missing.sum() - unknown.sum() - leading.sum())
    notes = []
    if inner:
        said = f"column '{column.name}': {counted(inner, 'missing value')} filled as those to forecast are"
        notes.append(warning(said))
    if unknown.any():
        most = int(unknown.max())
        flag = f"--lag {shlex.quote(f'{column.name}={column.lag + most}')}"
        said = f"column '{column.name}' has no value in the last {counted(most, 'step')}: filled"
        notes.append(warning(f"{said}; if it is always known so late, add {flag}"))
    return filled, notes


def _fill_future(values: Float64, offsets: Int64, target: _Target, rule: FillRule) -> Float64:
    """A future column without gaps: those that are left are steps without a row."""
    kept = "previous" if rule == "zero" else rule
    return _filled(values, offsets, kept, season_length(target.panel.frequency))


def _filled(values: Float64, offsets: Int64, rule: FillRule, season: int) -> Float64:
    """The values without gaps; those before the first value of a series, which are to be cut off, become any number."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    firsts = offsets[:-1][np.diff(offsets) > 0]
    begun = np.where(np.isin(np.arange(values.size), firsts) & missing, 0.0, values)
    # A value behind the last one ends its gap.
    return fill_gaps(np.append(begun, 0.0), np.append(offsets, values.size + 1), rule, season)[:-1]
