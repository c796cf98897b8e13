"""Rows become a panel: put on the grid of a frequency, without gaps, and without series that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.messages import Note, Place, counted, listed, warning
from tsforecast.io.options import AggregateRule, BadSeriesRule, FillRule
from tsforecast.io.reading.grid.aggregate import aggregate
from tsforecast.io.reading.grid.gaps import Extents, GridPoints, fill_gaps, find_extents, regular_grid
from tsforecast.io.reading.grid.rows import Places, Rows
from tsforecast.series.frequency import Frequency, Ordinals, Stamps, season_length
from tsforecast.series.infer_frequency import commonest
from tsforecast.series.panel import Panel

StepSource = Literal["found", "stated", "model"]
Labels = list[str]
_MOST_MISSING = 0.5
_MUCH_MISSING = 0.05
_SHOWN_SHARE = 0.001
_MOST_NAMED = 20
_FEWEST_STEPS = 3
_FILL_WORDS = {
    "seasonal": "from earlier values by the seasonal rule",
    "previous": "with the value before",
    "zero": "with zero",
}
_NOTHING = ("no series has a value", "no series covers a whole step")
_NOTHING_HINT = "all cells are empty or missing, or too few for one step"
_SKIP_HINT = "correct them, or leave such series out with --on-bad-series skip"


@dataclass(frozen=True)
class Grid:
    """The steps to put rows on, and by which rules.

    Args:
        frequency: the step.
        fill: how to fill gaps.
        bad_series: whether to refuse a series that cannot be used, or to leave it out.
        aggregate: how to bring values onto the steps; None where all of them must lie on the grid.
        clock: the stamps of the rows on the clock of the frequency, for bringing values onto it.
        source: of the frequency; one value may continue a model.
    """

    frequency: Frequency
    fill: FillRule
    bad_series: BadSeriesRule
    aggregate: AggregateRule | None
    clock: Stamps
    source: StepSource


@dataclass(frozen=True)
class RowOrigin:
    """Where rows come from, so that an error can name them.

    Args:
        place: of the time column.
        written: what a row of the time column says.
        names: ids of each series: for each series of the rows, one per value column.
    """

    place: Place
    written: Callable[[int], str]
    names: list[tuple[str, ...]]

    @property
    def labels(self) -> Labels:
        """Names of all series for messages."""
        return [" / ".join(name) for name in self.names]


def build_panel(rows: Rows, grid: Grid, origin: RowOrigin) -> tuple[Panel, list[Note]]:
    """Regular series without gaps.

    Args:
        rows: sorted, one per time.
        grid: where to put them.
        origin: of the rows.

    Raises:
        DataError: stamps off the grid, values that are further apart than it, no value at all, or more missing values
            than a series may have.
    """
    labels = origin.labels
    points, off, notes = _on_grid(rows, grid, origin, labels)
    if grid.source != "found" and grid.aggregate is None:
        _check_step(points, grid, origin.place)
    extents = find_extents(points)
    if not extents.series.size:
        raise DataError(_NOTHING[bool(grid.aggregate and notes)], hint=_NOTHING_HINT, file=origin.place.file)
    empty = np.setdiff1d(np.arange(len(labels)), np.concatenate([extents.series, off]))
    notes += _without_values(empty, grid, labels, origin.place)
    points, extents, more = _usable(points, extents, grid, labels)
    as_they_came = grid.aggregate is None and grid.bad_series == "error"
    _check_missing(points, extents, rows if as_they_came else None, grid.frequency, origin.place)
    _check_series(extents, grid, labels, origin.place)
    values, offsets = regular_grid(points, extents)
    season = season_length(grid.frequency)
    rule = "previous" if grid.fill == "seasonal" and season == 1 else grid.fill
    names = [origin.names[number] for number in extents.series]
    panel = Panel(
        ids=tuple(names),
        values=fill_gaps(values, offsets, grid.fill, season),
        observed=np.isfinite(values),
        offsets=offsets,
        starts=extents.starts,
        frequency=grid.frequency,
    )
    found = [*_trimmed(extents), *_lonely(extents, labels), *_filled(extents, labels, rule), *_constant(panel)]
    return panel, [*notes, *more, *found]


def _lonely(extents: Extents, labels: Labels) -> list[Note]:
    """A misspelt id makes a series of its own: series of one value among longer ones are spoken of."""
    alone = np.flatnonzero(extents.observed == 1)
    if not alone.size or alone.size == extents.series.size:
        return []
    first = labels[extents.series[alone[0]]]
    return [warning(f"{counted(alone.size, 'series', 'series')} of a single value, the first is '{first}'")]


def _on_grid(
    rows: Rows, grid: Grid, origin: RowOrigin, labels: Labels
) -> tuple[GridPoints, NDArray[np.int64], list[Note]]:
    """The values with the numbers of their steps, and the series off the grid where those are left out."""
    none = np.empty(0, dtype=np.int64)
    if grid.aggregate:
        points = _stack(rows, np.zeros(rows.stamps.size, dtype=np.int64))
        try:
            made, notes = aggregate(points, rows.stamps, grid.clock, grid.frequency, grid.aggregate)
            return made, none, notes
        except DataError as error:
            place = origin.place
            raise DataError(error.message, hint=error.hint, file=place.file, column=place.column) from None
    ordinals, on_grid = grid.frequency.ordinals(grid.clock)
    if on_grid.all() or on_grid[rows.times].all():
        return _stack(rows, ordinals), none, []
    off = np.flatnonzero(~on_grid[rows.times])
    bad = np.unique(rows.series[off])
    keep = np.flatnonzero(~np.isin(rows.series, bad))
    if grid.bad_series == "error" or not keep.size:
        raise _off_grid(rows, off, grid, origin)
    targets = rows.values.shape[1]
    left_out = (bad.astype(np.int64)[:, None] * targets + np.arange(targets)).ravel()
    why = f"with times off the {grid.frequency.adjective} grid"
    return _stack(rows.take(keep), ordinals), left_out, [_skipped([labels[number] for number in left_out], why)]


def _off_grid(rows: Rows, off: Places, grid: Grid, origin: RowOrigin) -> DataError:
    row = int(rows.in_table(off).min())
    count = int(off.size)
    several = int(rows.series.max()) > 0
    bad = np.unique(rows.series[off]).size
    of_series = f" in {counted(bad, 'series', 'series')}" if several else ""
    step = f"--freq {grid.frequency.alias} " if grid.source == "found" else ""
    hint = f"correct the times, or bring all values onto these steps, such as {step}--aggregate mean"
    return origin.place.error(
        row,
        f"{count:,} of {counted(rows.times.size, 'stamp')} {'is' if count == 1 else 'are'} off the "
        f"{grid.frequency.adjective} grid{of_series}, the first is '{origin.written(row)}'",
        hint=f"{hint}{', or leave such series out with --on-bad-series skip' if several else ''}",
        rows=np.sort(rows.in_table(off)),
        written=origin.written,
    )


def _check_step(points: GridPoints, grid: Grid, place: Place) -> None:
    """Refuse rows that are regular, but further apart than the steps that the user states or the model has."""
    jumps = np.diff(points.ordinals[points.times])[points.series[1:] == points.series[:-1]]
    if jumps.size < _FEWEST_STEPS or np.mean(jumps == 1) >= _MOST_MISSING:
        return
    usual = commonest(jumps)
    if np.mean(jumps == usual) > _MOST_MISSING:
        raise DataError(
            f"most rows are {usual} {grid.frequency.adjective} steps apart",
            hint="give data of the frequency that the model was fitted on"
            if grid.source == "model"
            else "state the step that the rows have",
            file=place.file,
            column=place.column,
        )


def _stack(rows: Rows, ordinals: Ordinals) -> GridPoints:
    """Each value column of each series as a series of its own."""
    targets = rows.values.shape[1]
    if targets == 1:
        return GridPoints(rows.series, rows.times, ordinals, rows.values[:, 0])
    series = np.concatenate([rows.series * targets + column for column in range(targets)])
    order = np.argsort(series, kind="stable")
    return GridPoints(series[order], np.tile(rows.times, targets)[order], ordinals, rows.values.T.ravel()[order])


def _without_values(empty: NDArray[np.int64], grid: Grid, labels: Labels, place: Place) -> list[Note]:
    """Refuse or leave out series that have no value, or none that makes a whole step."""
    if not empty.size:
        return []
    why = f"without a whole {grid.frequency.adjective} step" if grid.aggregate else "without any value"
    if grid.bad_series == "skip":
        return [_skipped([labels[number] for number in empty], why)]
    message = f"{counted(empty.size, 'series', 'series')} {why}, the first is '{labels[empty[0]]}'"
    raise DataError(message, hint=_SKIP_HINT, file=place.file)


def _usable(points: GridPoints, extents: Extents, grid: Grid, labels: Labels) -> tuple[GridPoints, Extents, list[Note]]:
    """Without series that have few values, or gaps for the most part, where those are to be left out."""
    if grid.bad_series == "error":
        return points, extents, []
    notes = []
    few = extents.observed < (1 if grid.source == "model" else 2)
    gappy = ~few & _mostly_missing(extents, grid.fill)
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


def _skipped(names: Labels, why: str) -> Note:
    return warning(f"{counted(len(names), 'series', 'series')} {why} left out: {listed(names, _MOST_NAMED)}")


def _check_missing(points: GridPoints, extents: Extents, rows: Rows | None, frequency: Frequency, place: Place) -> None:
    missing, total = int(extents.missing.sum()), int(extents.lengths.sum())
    if missing <= _MOST_MISSING * total:
        return
    message = (
        f"{missing:,} of {total:,} values are missing between the first and the last time "
        f"({missing / total:.0%} of the {frequency.adjective} grid)"
    )
    hint = "check the times and the id columns; at most half of the values may be missing"
    if rows is not None:
        jumps = np.where(np.diff(rows.series) == 0, np.diff(points.ordinals[rows.times]), 0)
        after = int(np.argmax(jumps)) + 1 if jumps.size else 0
        if jumps.size and jumps.max() > 1:
            raise place.error(int(rows.in_table(np.array([after]))[0]), f"{message}; the longest gap ends here", hint)
    raise DataError(message, hint=hint, file=place.file, column=place.column)


def _check_series(extents: Extents, grid: Grid, labels: Labels, place: Place) -> None:
    """Refuse a single series that is made up for the most part, though the others make up for it."""
    bad = np.flatnonzero(_mostly_missing(extents, grid.fill))
    if not bad.size:
        return
    first = bad[0]
    raise DataError(
        f"{extents.missing[first]:,} of {extents.lengths[first]:,} steps of '{labels[extents.series[first]]}' are "
        f"missing on the {grid.frequency.adjective} grid"
        + (f", and more than half of {bad.size - 1:,} more series" if bad.size > 1 else ""),
        hint="if a time without a row means zero add --fill-gaps zero, else leave such series out with "
        "--on-bad-series skip",
        file=place.file,
        column=place.column,
    )


def _trimmed(extents: Extents) -> list[Note]:
    trimmed = int(extents.trimmed.sum())
    if not trimmed:
        return []
    where = "the series"
    if extents.series.size > 1:
        where = counted(int((extents.trimmed > 0).sum()), "series", "series")
    return [warning(f"{counted(trimmed, 'missing value')} at the start or end of {where} cut off")]


def _filled(extents: Extents, labels: Labels, rule: FillRule) -> list[Note]:
    missing, total = int(extents.missing.sum()), int(extents.lengths.sum())
    if not missing:
        return []
    share = f"{missing / total:.1%}" if missing >= _SHOWN_SHARE * total else f"under {_SHOWN_SHARE:.1%}"
    text = f"{missing:,} of {total:,} values ({share}) missing: filled {_FILL_WORDS[rule]}"
    if missing > _MUCH_MISSING * total and len(labels) > 1:
        shares = extents.missing / extents.lengths
        worst = int(np.argmax(shares))
        text += f"; most are missing in '{labels[extents.series[worst]]}' ({shares[worst]:.0%})"
    return [warning(text)]


def _constant(panel: Panel) -> list[Note]:
    """A series that never changes is forecast as it is, but is seldom what was meant."""
    lows, highs = (edge.reduceat(panel.values, panel.offsets[:-1]) for edge in (np.minimum, np.maximum))
    constant = np.flatnonzero((lows == highs) & (panel.lengths > 1))
    if not constant.size:
        return []
    if panel.n_series == 1:
        return [warning("the values never change: the forecast will not either")]
    names = listed([panel.label(number) for number in constant[:_MOST_NAMED]], _MOST_NAMED)
    more = f" and {constant.size - _MOST_NAMED:,} more" if constant.size > _MOST_NAMED else ""
    return [warning(f"{counted(constant.size, 'series', 'series')} never change: {names}{more}")]
