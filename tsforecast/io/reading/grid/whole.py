"""Rows become a panel that keeps its gaps at the edges: from the first row of each series to the last one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.errors import DataError
from tsforecast.io.messages import Note, counted, listed, warning
from tsforecast.io.reading.grid.build import Grid, check_missing, check_step, find_extents, on_grid
from tsforecast.io.reading.grid.findings import Extents
from tsforecast.io.reading.grid.rows import GridPoints, RowOrigin, Rows
from tsforecast.series.panel import Panel

_MOST_NAMED = 20


@dataclass(frozen=True)
class Placed:
    """Where the rows of a table stand in a panel.

    Args:
        numbers: of each series of the panel, id by id and target by target within an id, shape (n_series,).
        ids: number of the id of each row of the table, -1 for a row that stands nowhere, shape (table rows,).
        ordinals: step of each row of the table, likewise.
    """

    numbers: Int64
    ids: Int64
    ordinals: Int64


def build_whole(rows: Rows, grid: Grid, origin: RowOrigin) -> tuple[Panel, list[Note], Placed]:
    """Put rows, sorted and one per time, on a grid, with rows without a value at both ends.

    What is missing is not observed, and stands on a line between the values on both sides.

    Raises:
        DataError: as `build_panel`, but for empty cells, of which there may be any number beside one value.
    """
    labels = [" / ".join(name) for name in origin.names]
    grid, points, _, notes = on_grid(rows, grid, origin, labels)
    if grid.source != "found" and grid.options.aggregate is None:
        check_step(points, grid, origin.place)
    extents = _whole_extents(points)
    # Steps without any row tell of another step than the one that was found; empty cells do not.
    check_missing(points, extents, rows, False, grid, origin.place)
    present = np.isin(extents.series, find_extents(points).series)
    if not present.any():
        raise DataError("no series has a value", hint="all cells are empty or missing", file=origin.place.file)
    empty = [labels[number] for number in extents.series[~present]]
    if empty:
        several = counted(len(empty), "series", "series")
        text = f"{several} without any value: nothing tells what is missing there, and it is left empty: "
        notes.append(warning(text + listed(empty, _MOST_NAMED), "left out"))
    kept = Extents(*(part[present] for part in vars(extents).values()))
    offsets = np.concatenate([[0], np.cumsum(kept.lengths)]).astype(np.int64)
    values = np.full(int(offsets[-1]), np.nan)
    place = np.searchsorted(kept.series, points.series)
    mine = (place < len(kept.series)) & (kept.series[np.minimum(place, len(kept.series) - 1)] == points.series)
    place = place[mine]
    values[offsets[place] + points.ordinals[points.times[mine]] - kept.starts[place]] = points.values[mine]
    observed = np.isfinite(values)
    panel = Panel(
        ids=tuple(origin.names[number] for number in kept.series),
        values=_on_lines(values, observed, offsets),
        observed=observed,
        offsets=offsets,
        starts=kept.starts,
        frequency=grid.frequency,
    )
    return panel, notes, _placed(rows, grid, kept.series)


def _whole_extents(points: GridPoints) -> Extents:
    """From the first row of each series to its last, whether they hold a value or not."""
    first = np.flatnonzero(np.diff(points.series, prepend=-1))
    counts = np.diff(np.append(first, points.series.size)).astype(np.int64)
    starts, ends = (points.ordinals[points.times[row]] for row in (first, first + counts - 1))
    numbers = points.series[first].astype(np.int64)
    return Extents(numbers, starts, ends - starts + 1, counts, np.zeros(len(numbers), np.int64))


def _on_lines(values: Float64, observed: Bool, offsets: Int64) -> Float64:
    filled = values.copy()
    for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        seen = observed[begin:end]
        if not seen.all():
            rows = np.arange(end - begin)
            filled[begin:end][~seen] = np.interp(rows[~seen], rows[seen], values[begin:end][seen])
    return filled


def _placed(rows: Rows, grid: Grid, numbers: Int64) -> Placed:
    if grid.options.aggregate is not None:
        return Placed(numbers, np.empty(0, np.int64), np.empty(0, np.int64))
    at = rows.in_table(np.arange(rows.series.size))
    ids, ordinals = np.full(int(at.max()) + 1, -1), np.zeros(int(at.max()) + 1, np.int64)
    ids[at] = rows.series
    ordinals[at] = grid.frequency.ordinals(grid.clock)[0][rows.times]
    return Placed(numbers, ids, ordinals)
