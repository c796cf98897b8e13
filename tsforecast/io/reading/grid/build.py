"""Rows become a panel: put on the grid of a frequency, without gaps, and without series that cannot be used.

A filled value depends on earlier values of its own series only. A forecast made at any cutoff therefore never sees what
came later, filled values included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import Note, Place, counted, listed, warning
from tsforecast.io.options import FillRule, ReadOptions
from tsforecast.io.reading.grid.aggregate import aggregate
from tsforecast.io.reading.grid.findings import Extents, findings
from tsforecast.io.reading.grid.rows import GridPoints, RowNumbers, RowOrigin, Rows, advice, mixed_advice, repeated_rows
from tsforecast.series.frequency import WEEK, WORKDAYS, Frequency, Ordinals, Stamps, season_length
from tsforecast.series.infer_frequency import commonest
from tsforecast.series.panel import Panel

StepSource = Literal["found", "stated", "model"]
Labels = list[str]
Values = NDArray[np.float64]
_MOST_MISSING = 0.5
_MOST_NAMED = 20
_MOST_ODD = 0.1
_FEWEST_STEPS = 3
_NOTHING = ("no series has a value", "no series covers a whole step")
_NOTHING_HINT = "all cells are empty or missing, or too few for one step"
_SKIP_HINT = "correct them, or leave such series out with --on-bad-series skip"


@dataclass(frozen=True)
class Grid:
    """The steps to put rows on, and by which rules."""

    frequency: Frequency  # the step
    source: StepSource  # of the frequency; one value may continue a model
    clock: Stamps  # the stamps of the rows on the clock of the frequency, for bringing values onto it
    options: ReadOptions  # the rules for gaps, bad series, and values that lie between the steps


class Build(Protocol):
    """Puts rows on a grid, as `build_panel` does."""

    def __call__(
        self, rows: Rows, grid: Grid, origin: RowOrigin, *, keep_future: bool = False
    ) -> tuple[Panel, list[Note]]: ...


def build_panel(rows: Rows, grid: Grid, origin: RowOrigin, *, keep_future: bool = False) -> tuple[Panel, list[Note]]:
    """Put rows, sorted and one per time, on a grid: regular series without gaps.

    Args:
        rows: in the order of time.
        grid: the steps, and how values are brought onto them.
        origin: of the rows in the table, for errors.
        keep_future: whether rows without a value after the last one of a series say what is known ahead.

    Raises:
        DataError: stamps off the grid, values that are further apart than it, no value at all, or more missing values
            than a series may have.
    """
    names = origin.names
    labels = [" / ".join(name) for name in names]
    grid, points, off, notes = on_grid(rows, grid, origin, labels)
    if grid.source != "found" and grid.options.aggregate is None:
        check_step(points, grid, origin.place)
    extents = find_extents(points, keep_future=keep_future)
    if not extents.series.size:
        raise DataError(_NOTHING[bool(grid.options.aggregate and notes)], hint=_NOTHING_HINT, file=origin.place.file)
    empty = np.setdiff1d(np.arange(len(labels)), np.concatenate([extents.series, off]))
    notes += _without_values(empty, grid, labels, origin.place)
    points, extents, more = _usable(points, extents, grid, labels)
    as_they_came = grid.options.aggregate is None and grid.options.on_bad_series == "error"
    if grid.options.fill_gaps != "zero":
        check_missing(points, extents, rows, as_they_came, grid, origin.place)
    _check_series(extents, rows, grid, labels, origin.place)
    if grid.options.fill_gaps == "zero":
        extents, later = _to_newest(extents, labels)
        more += later
    values, offsets = regular_grid(points, extents)
    season = season_length(grid.frequency)
    rule = "previous" if grid.options.fill_gaps == "seasonal" and season == 1 else grid.options.fill_gaps
    panel = Panel(
        ids=tuple(names[number] for number in extents.series),
        values=fill_gaps(values, offsets, grid.options.fill_gaps, season),
        observed=np.ones(values.size, dtype=bool) if rule == "zero" else np.isfinite(values),
        offsets=offsets,
        starts=extents.starts,
        frequency=grid.frequency,
    )
    return panel, [*notes, *more, *findings(panel, extents, rule)]


def on_grid(
    rows: Rows, grid: Grid, origin: RowOrigin, labels: Labels
) -> tuple[Grid, GridPoints, NDArray[np.int64], list[Note]]:
    """The values with the numbers of their steps, and the series off the grid where those are left out.

    What is summed of events is zero where there were none, which the grid that is returned says.
    """
    none = np.empty(0, dtype=np.int64)
    if grid.options.aggregate:
        points = _stack(rows, np.zeros(rows.stamps.size, dtype=np.int64))
        try:
            zeros = grid.options.fill_gaps == "zero"
            made = aggregate(points, rows.stamps, grid.clock, grid.frequency, grid.options.aggregate, zeros=zeros)
        except DataError as error:
            raise origin.place.error(None, error.message, error.hint) from None
        if made.events and grid.options.aggregate == "sum" and grid.options.fill_gaps == "seasonal":
            grid = replace(grid, options=replace(grid.options, fill_gaps="zero"))
        return grid, made.points, none, made.notes
    ordinals, on_grid = grid.frequency.ordinals(grid.clock)
    off = np.empty(0, np.intp) if on_grid.all() else np.flatnonzero(~on_grid[rows.times])
    if grid.frequency.day in WORKDAYS and not off.size:
        off = np.flatnonzero(repeated_rows(rows.series, ordinals[rows.times]))
    if not off.size:
        return grid, _stack(rows, ordinals), none, []
    bad = np.unique(rows.series[off])
    keep = np.flatnonzero(~np.isin(rows.series, bad))
    if grid.options.on_bad_series == "error" or not keep.size:
        raise _off_grid(rows, off, grid, origin)
    targets = rows.values.shape[1]
    left_out = (bad.astype(np.int64)[:, None] * targets + np.arange(targets)).ravel()
    why = f"with times off the {grid.frequency.adjective} grid"
    skipped = _skipped([labels[number] for number in left_out], why)
    return grid, _stack(rows.take(keep), ordinals), left_out, [skipped]


def _off_grid(rows: Rows, off: RowNumbers, grid: Grid, origin: RowOrigin) -> DataError:
    row = int(rows.in_table(off).min())
    count = int(off.size)
    several = int(rows.series.max()) > 0
    bad = np.unique(rows.series[off]).size
    of_series = f" in {counted(bad, 'series', 'series')}" if several else ""
    step = f"--freq {grid.frequency.alias} " if grid.source == "found" else ""
    hint = f"correct the times, or bring all values onto these steps, such as {step}--aggregate mean"
    if grid.source == "found" and several and grid.frequency.step == WEEK and _each_weekly(rows):
        hint = "the series lie on different weekdays: bring them onto common weeks with --freq W --aggregate sum"
    elif grid.source == "found" and count > _MOST_ODD * rows.times.size:
        hint = advice(rows, grid.options)
    several = several and 2 * bad <= rows.series.max()
    return origin.error(
        row,
        f"{count:,} of {counted(rows.times.size, 'stamp')} {'is' if count == 1 else 'are'} off the "
        f"{grid.frequency.adjective} grid{of_series}, the first is '{origin.cell_text(row)}'",
        f"{hint}{', or leave such series out with --on-bad-series skip' if several else ''}",
        rows.in_table(off),
    )


def _each_weekly(rows: Rows) -> bool:
    """Whether the rows of each series are whole weeks apart."""
    steps = np.diff(rows.stamps[rows.times]).astype(np.int64)[rows.series[1:] == rows.series[:-1]]
    return not np.any(steps % WEEK)


def check_step(points: GridPoints, grid: Grid, place: Place) -> None:
    """Refuse rows that are regular, but further apart than the steps that the user states or the model has."""
    jumps = np.diff(points.ordinals[points.times])[points.series[1:] == points.series[:-1]]
    if jumps.size < _FEWEST_STEPS or np.mean(jumps == 1) >= _MOST_MISSING:
        return
    usual = commonest(jumps)
    if np.mean(jumps == usual) > _MOST_MISSING:
        known = grid.source == "model"
        hint = (
            "give data of the frequency that the model was fitted on" if known else "state the step that the rows have"
        )
        raise place.error(None, f"most rows are {usual} {grid.frequency.adjective} steps apart", hint)


def _stack(rows: Rows, ordinals: Ordinals) -> GridPoints:
    """Each value column of each series as a series of its own."""
    targets = rows.values.shape[1]
    if targets == 1:
        return GridPoints(rows.series, rows.times, ordinals, rows.values[:, 0])
    if not rows.series.any():
        series = np.repeat(np.arange(targets, dtype=rows.series.dtype), len(rows.series))
        return GridPoints(series, np.tile(rows.times, targets), ordinals, rows.values.T.ravel())
    series = np.concatenate([rows.series * targets + column for column in range(targets)])
    order = np.argsort(series, kind="stable")
    return GridPoints(series[order], np.tile(rows.times, targets)[order], ordinals, rows.values.T.ravel()[order])


def _without_values(empty: NDArray[np.int64], grid: Grid, labels: Labels, place: Place) -> list[Note]:
    """Refuse or leave out series that have no value, or none that makes a whole step."""
    if not empty.size:
        return []
    why = f"without a whole {grid.frequency.adjective} step" if grid.options.aggregate else "without any value"
    if grid.options.on_bad_series == "skip":
        return [_skipped([labels[number] for number in empty], why)]
    message = f"{counted(empty.size, 'series', 'series')} {why}, the first is '{labels[empty[0]]}'"
    raise DataError(message, hint=_SKIP_HINT, file=place.file)


def _usable(points: GridPoints, extents: Extents, grid: Grid, labels: Labels) -> tuple[GridPoints, Extents, list[Note]]:
    """Without series that have few values, or gaps for the most part, where those are to be left out."""
    if grid.options.on_bad_series == "error":
        return points, extents, []
    notes = []
    few = extents.observed < (1 if grid.source == "model" else 2)
    gappy = ~few & _mostly_missing(extents, grid.options.fill_gaps)
    for bad, why in ((few, "of a single value"), (gappy, "with more than half of the steps missing")):
        if bad.any():
            notes.append(_skipped([labels[number] for number in extents.series[bad]], why))
    good = ~(few | gappy)
    if not good.any():
        raise DataError(f"no series is left: {notes[-1].text}", hint="check the times and the id columns")
    if good.all():
        return points, extents, notes
    kept = Extents(*(part[good] for part in vars(extents).values()))
    rows = np.isin(points.series, kept.series)
    points = replace(points, series=points.series[rows], times=points.times[rows], values=points.values[rows])
    return points, kept, notes


def _mostly_missing(extents: Extents, fill: FillRule) -> NDArray[np.bool_]:
    """Which series have more gaps than values; of counts that are zero where there is no row that may be true."""
    if fill == "zero":
        return np.zeros(extents.series.size, dtype=bool)
    return extents.missing > _MOST_MISSING * extents.lengths


def _to_newest(extents: Extents, labels: Labels) -> tuple[Extents, list[Note]]:
    """Series whose missing steps are zero last to the newest step of all; none begins before its first row."""
    behind = (extents.starts + extents.lengths).max() - extents.starts - extents.lengths
    early = np.flatnonzero(behind)
    if not early.size:
        return extents, []
    worst = int(np.argmax(behind))
    most = f"{counted(int(behind[worst]), 'step')} in '{labels[extents.series[worst]]}'"
    text = f"{counted(early.size, 'series', 'series')} ended before the newest step: zeros are added up to it, {most}"
    return replace(extents, lengths=extents.lengths + behind), [warning(text)]


def _skipped(names: Labels, why: str) -> Note:
    return warning(
        f"{counted(len(names), 'series', 'series')} {why} left out: {listed(names, _MOST_NAMED)}", "left out"
    )


def check_missing(
    points: GridPoints, extents: Extents, rows: Rows, as_they_came: bool, grid: Grid, place: Place
) -> None:
    frequency, options = grid.frequency, grid.options
    missing, total = int(extents.missing.sum()), int(extents.lengths.sum())
    if missing <= _MOST_MISSING * total:
        return
    message = (
        f"{missing:,} of {total:,} values are missing between the first and the last time "
        f"({missing / total:.0%} of the {frequency.adjective} grid)"
    )
    hint = advice(rows, options)
    if as_they_came:
        jumps = np.where(np.diff(rows.series) == 0, np.diff(points.ordinals[rows.times]), 0)
        after = int(np.argmax(jumps)) + 1 if jumps.size else 0
        if jumps.size and jumps.max() > 1:
            raise place.error(int(rows.in_table(np.array([after]))[0]), f"{message}; the longest gap ends here", hint)
    raise place.error(None, message, hint)


def _check_series(extents: Extents, rows: Rows, grid: Grid, labels: Labels, place: Place) -> None:
    """Refuse a single series that is made up for the most part, though the others make up for it."""
    bad = np.flatnonzero(_mostly_missing(extents, grid.options.fill_gaps))
    if not bad.size:
        return
    first = bad[0]
    message = (
        f"{extents.missing[first]:,} of {extents.lengths[first]:,} steps of '{labels[extents.series[first]]}' are "
        f"missing on the {grid.frequency.adjective} grid"
    )
    more = f", and more than half of {bad.size - 1:,} more series" if bad.size > 1 else ""
    hint = "if a time without a row means zero add --fill-gaps zero"
    if grid.options.aggregate is None:
        hint = mixed_advice(rows, grid.options) or hint
    hint += ", or leave such series out with --on-bad-series skip"
    raise place.error(None, f"{message}{more}", hint)


def find_extents(points: GridPoints, *, keep_future: bool = False) -> Extents:
    """Trim each series to its first and last value; rows after it are no loss where they `keep_future`."""
    present = np.isfinite(points.values)
    complete = bool(present.all())
    series = points.series if complete else points.series[present]
    times = points.times if complete else points.times[present]
    first = np.flatnonzero(np.concatenate([np.ones(min(series.size, 1), dtype=bool), series[1:] != series[:-1]]))
    observed = np.diff(np.append(first, series.size))
    numbers = series[first].astype(np.int64)
    starts, ends = (points.ordinals[times[row]] for row in (first, first + observed - 1))
    trimmed = np.zeros(numbers.size, dtype=np.int64)
    if not complete:
        absent = np.flatnonzero(~present & np.isin(points.series, numbers))
        position = np.searchsorted(numbers, points.series[absent])
        ordinals = points.ordinals[points.times[absent]]
        outside = (ordinals < starts[position]) | ((ordinals > ends[position]) & (not keep_future))
        trimmed += np.bincount(position[outside], minlength=numbers.size)
    return Extents(numbers, starts, ends - starts + 1, observed.astype(np.int64), trimmed)


def regular_grid(points: GridPoints, extents: Extents) -> tuple[Values, NDArray[np.int64]]:
    """Put each value at its place on the grid.

    Returns:
        Values of all series one after the other, NaN where there is none, and the offsets of the series.
    """
    offsets = np.concatenate([[0], np.cumsum(extents.lengths)]).astype(np.int64)
    if offsets[-1] == points.values.size and not extents.missing.any():
        return points.values, offsets
    present = np.isfinite(points.values)
    place = np.repeat(offsets[:-1] - extents.starts, extents.observed) + points.ordinals[points.times[present]]
    values = np.full(int(offsets[-1]), np.nan)
    values[place] = points.values[present]
    return values, offsets


def fill_gaps(values: Values, offsets: NDArray[np.int64], rule: FillRule, season_length: int) -> Values:
    """Fill the missing values of series that begin and end with a value.

    Args:
        values: series one after the other, shape (rows,); NaN where missing.
        offsets: series i is rows offsets[i]:offsets[i + 1].
        rule: `seasonal` repeats the last season before the gap, shifted by how much its mean differs from that of the
            season before it; a single season of history is repeated as it is; with less, and for `previous`, the last
            value is. `zero` puts zeros.
        season_length: steps.

    Returns:
        Shape (rows,): a filled copy, or the values themselves where none is missing.
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    if rule == "zero":
        return np.where(missing, 0.0, values)
    filled = values[np.maximum.accumulate(np.where(missing, 0, np.arange(values.size)))]
    if rule == "previous" or season_length == 1:
        return filled
    edges = np.flatnonzero(missing[1:] != missing[:-1]) + 1
    firsts, ends = edges[::2], edges[1::2]
    origins = offsets[np.searchsorted(offsets, firsts, side="right") - 1]
    for first, end, origin in zip(firsts.tolist(), ends.tolist(), origins.tolist(), strict=True):
        if first - origin >= season_length:
            filled[first:end] = _next_seasons(filled[origin:first], end - first, season_length)
    return filled


def _next_seasons(history: Values, length: int, season_length: int) -> Values:
    """The `length` values after a history of one season or more."""
    last = history[-season_length:]
    ahead = np.resize(last, length)
    if history.size < 2 * season_length:
        return ahead
    before = history[-2 * season_length : -season_length]
    lowest = min(last.min(), before.min())
    ahead = ahead + (last.mean() - before.mean())
    # Counts must not turn negative, nor a series that takes a logarithm reach zero.
    return np.maximum(ahead, lowest) if lowest >= 0 else ahead
