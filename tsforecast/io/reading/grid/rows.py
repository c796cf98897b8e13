"""Rows of a table on their way to a panel: sorted, and one per time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.messages import Note, Place, counted, warning
from tsforecast.io.options import RepeatRule
from tsforecast.io.reading.grid.gaps import merge_repeats, repeated_rows
from tsforecast.io.times.clock import in_order
from tsforecast.series.frequency import Stamps

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
            row,
            f"the time '{written(row)}'{of_series} stands in line {place.lines[earlier]} already{more}, "
            f"with {'the same' if _equal(rows, second) else 'other'} values",
            hint,
            rows=np.sort(rows.in_table(at)),
            written=written,
        )
    differing = count - int(_equal(rows, np.flatnonzero(repeats)).sum())
    values = merge_repeats(rows.values, repeats, rule)
    merged = rows.take(np.flatnonzero(~repeats))
    kept = f"their {rule} is used" if rule in ("mean", "sum") else f"the {rule} of each is used"
    other = f", {differing:,} of them with other values" if differing else ", all with the same values"
    note = warning(f"{counted(count, 'row')} repeated a time of the same series{other}: {kept}")
    return replace(merged, values=values), [note]


def _equal(rows: Rows, second: Places | np.intp) -> NDArray[np.bool_]:
    """Whether rows have the values of the rows before them."""
    values, before = rows.values[second], rows.values[second - 1]
    return np.all((values == before) | (np.isnan(values) & np.isnan(before)), axis=-1)
