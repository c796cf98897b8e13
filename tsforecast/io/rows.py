"""Rows of a table on their way to a panel: sorted, one per time, on the grid, without gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.frequency import Frequency, Ordinals, Stamps, season_length
from tsforecast.io.clocks import in_order
from tsforecast.io.gaps import (
    Extents,
    FillRule,
    Points,
    RepeatRule,
    fill_gaps,
    find_extents,
    merge_repeats,
    regular_grid,
    repeated_rows,
)
from tsforecast.io.notes import Note, counted, warning
from tsforecast.io.places import Place
from tsforecast.series import Panel

_MOST_MISSING = 0.5
_MUCH_MISSING = 0.05
_SHOWN_SHARE = 0.001
_FILL_WORDS = {
    "seasonal": "from earlier values by the seasonal rule",
    "previous": "with the value before",
    "zero": "with zero",
}


Places = NDArray[np.intp]


@dataclass(frozen=True)
class Rows:
    """Rows of a table.

    Args:
        series: number of each row's series, int32, shape (n,).
        times: place of each row's stamp among `stamps`, int32, shape (n,).
        stamps: all stamps in their order, on the clock of the panel.
        values: shape (n, targets); NaN where missing.
        in_table: the places of some of the rows in the table.
    """

    series: NDArray[np.int32]
    times: NDArray[np.int32]
    stamps: Stamps
    values: NDArray[np.float64]
    in_table: Callable[[Places], Places] = lambda rows: rows

    def take(self, chosen: Places) -> Rows:
        """Some of the rows."""
        series, times, values = self.series[chosen], self.times[chosen], self.values[chosen]
        return Rows(series, times, self.stamps, values, lambda rows: self.in_table(chosen[rows]))


def sort_rows(rows: Rows) -> tuple[Rows, list[Note]]:
    """Sort by series and time; rows of one time keep the order of the file."""
    if np.any(rows.series[1:] < rows.series[:-1]):
        edges = np.flatnonzero(rows.series[1:] != rows.series[:-1]) + 1
        # Series that stand together are moved as a whole.
        together = edges.size == rows.series.max()
        rows = _sort_series(rows, edges) if together else rows.take(_stable_order(rows.series))
    if in_order(rows.series, rows.times):
        return rows, []
    note = warning("the rows were not in the order of time and were sorted")
    rows = rows.take(_stable_order(rows.times))
    return rows.take(_stable_order(rows.series)), [note]


def _sort_series(rows: Rows, edges: Places) -> Rows:
    """Put series, numbered from 0, that end at these rows into their order."""
    starts = np.append(0, edges)
    order = np.argsort(rows.series[starts])
    ends = np.append(edges, rows.series.size)[order]
    starts = starts[order]
    sizes = ends - starts
    moved = starts - (np.cumsum(sizes) - sizes)
    series = np.repeat(np.arange(order.size, dtype=np.int32), sizes)
    parts = [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    times = np.concatenate([rows.times[part] for part in parts])
    values = np.concatenate([rows.values[part] for part in parts])
    return Rows(series, times, rows.stamps, values, lambda chosen: rows.in_table(chosen + moved[series[chosen]]))


def _stable_order(numbers: NDArray[np.int32]) -> Places:
    """The rows by their number, equal ones as they come."""
    # Short numbers are sorted in a time that grows with the rows only.
    small = numbers.max() < np.iinfo(np.uint16).max
    return np.argsort(numbers.astype(np.uint16) if small else numbers, kind="stable")


def one_row_per_time(
    rows: Rows, rule: RepeatRule, place: Place, written: Callable[[int], str], labels: list[str], hint: str
) -> tuple[Rows, list[Note]]:
    """Refuse or merge rows that repeat a time of their series.

    Args:
        rows: sorted.
        rule: what to do.
        place: of the time column.
        written: what a row of the time column says.
        labels: names of the series.
        hint: what the user may do about it.

    Raises:
        DataError: repeated times, under the rule `error`.
    """
    repeats = repeated_rows(rows.series, rows.times)
    count = int(repeats.sum())
    if not count:
        return rows, []
    if rule == "error":
        at = np.flatnonzero(repeats)
        second = at[np.argmin(rows.in_table(at))]
        earlier, row = rows.in_table(np.array([second - 1, second])).tolist()
        label = labels[rows.series[second]]
        of_series = f" of '{label}'" if label else ""
        more = f" ({counted(count - 1, 'more row')} like this)" if count > 1 else ""
        raise place.error(
            row, f"the time '{written(row)}'{of_series} stands in line {place.lines[earlier]} already{more}", hint
        )
    values = merge_repeats(rows.values, repeats, rule)
    merged = rows.take(np.flatnonzero(~repeats))
    kept = "their mean is used" if rule == "mean" else f"the {rule} of each is used"
    note = warning(f"{counted(count, 'row')} repeated a time of the same series: {kept}")
    return replace(merged, values=values), [note]


def build_panel(
    rows: Rows,
    frequency: Frequency,
    names: list[tuple[str, ...]],
    rule: FillRule,
    place: Place,
    written: Callable[[int], str],
) -> tuple[Panel, list[Note]]:
    """Regular series without gaps.

    Args:
        rows: sorted, one per time.
        frequency: the step.
        names: ids of each series: for each series of the rows, one per value column.
        rule: how to fill gaps.
        place: of the time column.
        written: what a row of the time column says.

    Raises:
        DataError: stamps off the grid, no value at all, or more missing values than the panel may have.
    """
    ordinals = _grid(rows, frequency, place, written)
    points = _stack(rows, ordinals)
    extents = find_extents(points)
    if not extents.series.size:
        raise DataError("no series has a value", hint="all cells are empty or missing", file=place.file)
    labels = [" / ".join(name) for name in names]
    notes = _left_out(extents, labels)
    _check_missing(extents, rows, ordinals, frequency, place)
    values, offsets = regular_grid(points, extents)
    season = season_length(frequency)
    shown_rule = "previous" if rule == "seasonal" and season == 1 else rule
    notes += _filled(extents, labels, shown_rule)
    panel = Panel(
        ids=tuple(names[number] for number in extents.series),
        values=fill_gaps(values, offsets, rule, season),
        observed=np.isfinite(values),
        offsets=offsets,
        starts=extents.starts,
        frequency=frequency,
    )
    return panel, notes


def _grid(rows: Rows, frequency: Frequency, place: Place, written: Callable[[int], str]) -> Ordinals:
    ordinals, on_grid = frequency.ordinals(rows.stamps)
    if not on_grid.all():
        off = np.flatnonzero(~on_grid[rows.times])
        row = int(rows.in_table(off).min())
        count = int(off.size)
        raise place.error(
            row,
            f"{count:,} of {counted(rows.times.size, 'stamp')} {'is' if count == 1 else 'are'} off the "
            f"{frequency.name} grid, the first is '{written(row)}'",
            hint="correct the times, or resample the data to regular steps first",
        )
    return ordinals


def _stack(rows: Rows, ordinals: Ordinals) -> Points:
    """Each value column of each series as a series of its own."""
    targets = rows.values.shape[1]
    if targets == 1:
        return Points(rows.series, rows.times, ordinals, rows.values[:, 0])
    series = np.concatenate([rows.series * targets + column for column in range(targets)])
    order = np.argsort(series, kind="stable")
    return Points(series[order], np.tile(rows.times, targets)[order], ordinals, rows.values.T.ravel()[order])


def _left_out(extents: Extents, labels: list[str]) -> list[Note]:
    notes = []
    empty = len(labels) - extents.series.size
    if empty:
        known = set(extents.series.tolist())
        first = next(label for number, label in enumerate(labels) if number not in known)
        notes.append(
            warning(f"{counted(empty, 'series', 'series')} without any value left out, the first is '{first}'")
        )
    trimmed = int(extents.trimmed.sum())
    if trimmed:
        where = "the series"
        if len(labels) > 1:
            where = counted(int((extents.trimmed > 0).sum()), "series", "series")
        notes.append(warning(f"{counted(trimmed, 'missing value')} at the start or end of {where} cut off"))
    return notes


def _check_missing(extents: Extents, rows: Rows, ordinals: Ordinals, frequency: Frequency, place: Place) -> None:
    missing, total = int(extents.missing.sum()), int(extents.lengths.sum())
    if missing <= _MOST_MISSING * total:
        return
    jumps = np.where(np.diff(rows.series) == 0, np.diff(ordinals[rows.times]), 0)
    after = int(np.argmax(jumps)) + 1 if jumps.size else 0
    message = (
        f"{missing:,} of {total:,} values are missing between the first and the last time "
        f"({missing / total:.0%} of the {frequency.name} grid)"
    )
    hint = "check the times and the id columns; at most half of the values may be missing"
    if jumps.size and jumps.max() > 1:
        raise place.error(int(rows.in_table(np.array([after]))[0]), f"{message}; the longest gap ends here", hint)
    raise DataError(message, hint=hint, file=place.file, column=place.column)


def _filled(extents: Extents, labels: list[str], rule: FillRule) -> list[Note]:
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
