"""Rows of a table on their way to a panel: sorted, one per time, on the grid, without gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.frequency import Frequency, Ordinals, Stamps, season_length
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


@dataclass(frozen=True)
class Rows:
    """Rows of a table.

    Args:
        series: number of each row's series, shape (n,).
        stamps: on the clock of the panel, shape (n,).
        values: shape (n, targets); NaN where missing.
        index: place of each row in the table, shape (n,).
    """

    series: NDArray[np.int64]
    stamps: Stamps
    values: NDArray[np.float64]
    index: NDArray[np.int64]

    def take(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        return Rows(self.series[chosen], self.stamps[chosen], self.values[chosen], self.index[chosen])


def sort_rows(rows: Rows) -> tuple[Rows, list[Note]]:
    """Sort by series and time; rows of one time keep the order of the file."""
    if np.any(np.diff(rows.series) < 0):
        rows = rows.take(np.argsort(rows.series, kind="stable"))
    backwards = (np.diff(rows.stamps.astype(np.int64)) < 0) & (np.diff(rows.series) == 0)
    if not backwards.any():
        return rows, []
    note = warning("the rows were not in the order of time and were sorted")
    return rows.take(np.lexsort((rows.stamps, rows.series))), [note]


def one_row_per_time(
    rows: Rows, rule: RepeatRule, place: Place, written: pd.Series, labels: list[str], hint: str
) -> tuple[Rows, list[Note]]:
    """Refuse or merge rows that repeat a time of their series.

    Args:
        rows: sorted.
        rule: what to do.
        place: of the time column.
        written: the time column as it stands in the table.
        labels: names of the series.
        hint: what the user may do about it.

    Raises:
        DataError: repeated times, under the rule `error`.
    """
    repeats = repeated_rows(rows.series, rows.stamps)
    count = int(repeats.sum())
    if not count:
        return rows, []
    if rule == "error":
        at = np.flatnonzero(repeats)
        second = int(at[np.argmin(rows.index[at])])
        row, earlier = int(rows.index[second]), int(place.lines[rows.index[second - 1]])
        label = labels[rows.series[second]]
        of_series = f" of '{label}'" if label else ""
        more = f" ({counted(count - 1, 'more row')} like this)" if count > 1 else ""
        raise place.error(
            row, f"the time '{written.iloc[row]}'{of_series} stands in line {earlier} already{more}", hint
        )
    values = merge_repeats(rows.values, repeats, rule)
    merged = rows.take(~repeats)
    kept = "their mean is used" if rule == "mean" else f"the {rule} of each is used"
    note = warning(f"{counted(count, 'row')} repeated a time of the same series: {kept}")
    return Rows(merged.series, merged.stamps, values, merged.index), [note]


def build_panel(
    rows: Rows,
    frequency: Frequency,
    names: list[tuple[str, ...]],
    rule: FillRule,
    place: Place,
    written: pd.Series,
) -> tuple[Panel, list[Note]]:
    """Regular series without gaps.

    Args:
        rows: sorted, one per time.
        frequency: the step.
        names: ids of each series: for each series of the rows, one per value column.
        rule: how to fill gaps.
        place: of the time column.
        written: the time column as it stands in the table.

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


def _grid(rows: Rows, frequency: Frequency, place: Place, written: pd.Series) -> Ordinals:
    ordinals, on_grid = frequency.ordinals(rows.stamps)
    if not on_grid.all():
        off = np.flatnonzero(~on_grid)
        row = int(rows.index[off].min())
        count = int(off.size)
        raise place.error(
            row,
            f"{count:,} of {counted(on_grid.size, 'stamp')} {'is' if count == 1 else 'are'} off the "
            f"{frequency.name} grid, the first is '{written.iloc[row]}'",
            hint="correct the times, or resample the data to regular steps first",
        )
    return ordinals


def _stack(rows: Rows, ordinals: Ordinals) -> Points:
    """Each value column of each series as a series of its own."""
    targets = rows.values.shape[1]
    if targets == 1:
        return Points(rows.series, ordinals, rows.values[:, 0])
    series = np.concatenate([rows.series * targets + column for column in range(targets)])
    order = np.argsort(series, kind="stable")
    return Points(series[order], np.tile(ordinals, targets)[order], rows.values.T.ravel()[order])


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
    jumps = np.where(np.diff(rows.series) == 0, np.diff(ordinals), 0)
    after = int(np.argmax(jumps)) + 1 if jumps.size else 0
    message = (
        f"{missing:,} of {total:,} values are missing between the first and the last time "
        f"({missing / total:.0%} of the {frequency.name} grid)"
    )
    hint = "check the times and the id columns; at most half of the values may be missing"
    if jumps.size and jumps.max() > 1:
        raise place.error(int(rows.index[after]), f"{message}; the longest gap ends here", hint)
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
