"""Rows of a table on their way to a panel: numbered by series, sorted, one per time, and the step that they follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.column import TextColumn
from tsforecast.io.messages import Note, Place, counted, info, of_series, warning
from tsforecast.io.options import ReadOptions, RepeatRule
from tsforecast.io.reading.grid.advice import SeriesRows, advise, advise_events, advise_mixed, common_step
from tsforecast.io.times.clock import Clock, in_order
from tsforecast.io.times.zones import to_wall
from tsforecast.series.frequency import Frequency, Ordinals, Stamps
from tsforecast.series.infer_frequency import commonest, infer_frequency
from tsforecast.series.parse_frequency import StatedFrequency, state_frequency

# A step that holds in the longest series holds in all of them.
_FREQUENCY_SERIES = 50
_SLIPS, _FEW = 0.05, 2
RowNumbers = NDArray[np.intp]


@dataclass(frozen=True)
class Rows:
    """Rows of a table."""

    series: NDArray[np.int32]  # number of each row's series, int32, shape (n,)
    times: NDArray[np.int32]  # place of each row's stamp among `stamps`, int32, shape (n,)
    stamps: Stamps  # all stamps in their order, on the clock of the panel
    values: NDArray[np.float64]  # shape (n, targets); NaN where missing
    # returns the numbers that some of the rows have in the table
    in_table: Callable[[RowNumbers], RowNumbers] = lambda rows: rows
    # past and future covariates, shape (n, k); no rows where there are none
    known: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))

    def take(self, chosen: RowNumbers) -> Rows:
        """Some of the rows."""
        series, times, values = self.series[chosen], self.times[chosen], self.values[chosen]
        known = self.known[chosen] if self.known.size else self.known
        return Rows(series, times, self.stamps, values, lambda rows: self.in_table(chosen[rows]), known)


@dataclass(frozen=True)
class RowOrigin:
    """Where rows come from, so that errors can name them."""

    place: Place  # of the time column
    cell_text: Callable[[int], str]  # returns the text of the time column in a row
    series: NDArray[np.int32]  # number of the series of each row, shape (rows,)
    ids: list[tuple[str, ...]]  # of each series of rows
    targets: tuple[str, ...]  # names of the value columns, each of which makes series of its own

    @property
    def names(self) -> list[tuple[str, ...]]:
        """Ids of all series: those of the rows, and the value column where there are several."""
        return self.ids if len(self.targets) == 1 else [(*key, target) for key in self.ids for target in self.targets]

    def error(self, row: int, message: str, hint: str, rows: RowNumbers) -> DataError:
        """An error about rows of the table, of which `row` is the first."""
        return self.place.error(row, message, hint, rows=np.sort(rows), cell_text=self.cell_text)


@dataclass(frozen=True)
class GridPoints:
    """Values of many series, sorted by series and time, with no time twice."""

    series: NDArray[np.integer[Any]]  # number of the series, shape (n,)
    times: NDArray[np.integer[Any]]  # place of each value's time in `ordinals`, shape (n,)
    ordinals: Ordinals  # the times in steps
    values: NDArray[np.float64]  # shape (n,); NaN where missing


def number_series(ids: Sequence[TextColumn], rows: int) -> tuple[NDArray[np.int32], list[tuple[str, ...]]]:
    """Number the series in the order of their ids.

    Args:
        ids: texts of each id column, each of shape (rows,); empty for a single series.
        rows: of the table.

    Returns:
        The number of each row's series, shape (rows,), and the ids of each series.
    """
    names: list[tuple[str, ...]] = [()]
    series = np.zeros(rows, dtype=np.int32)
    for cells in ids:
        order = np.array(sorted(range(len(cells.texts)), key=cells.texts.__getitem__))
        codes = _ranks(order)[cells.codes]
        if len(names) == 1:
            series, joint = codes, np.arange(order.size)
        else:
            numbers, joint = pd.factorize(series.astype(np.int64) * order.size + codes)
            series = _ranks(np.argsort(joint))[numbers]
            joint = np.sort(joint)
        names = [(*names[key // order.size], cells.texts[order[key % order.size]]) for key in joint.tolist()]
    return series, names


def _ranks(order: NDArray[np.int64]) -> NDArray[np.int32]:
    """The place of each item in an order of them, shape (items,)."""
    ranks = np.empty(order.size, dtype=np.int32)
    ranks[order] = np.arange(order.size, dtype=np.int32)
    return ranks


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


def _sort_series(rows: Rows, edges: RowNumbers) -> Rows:
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
    known = np.concatenate([rows.known[part] for part in parts]) if rows.known.size else rows.known

    def in_table(chosen: RowNumbers) -> RowNumbers:
        return rows.in_table(chosen + moved[series[chosen]])

    return Rows(series, times, rows.stamps, values, in_table, known)


def _stable_order(numbers: NDArray[np.int32]) -> RowNumbers:
    """The rows by their number, equal ones as they come."""
    # Short numbers are sorted in a time that grows with the rows only.
    small = numbers.max() < np.iinfo(np.uint16).max
    return np.argsort(numbers.astype(np.uint16) if small else numbers, kind="stable")


def without_copies(rows: Rows, copies: NDArray[np.bool_] | None, rule: RepeatRule) -> tuple[Rows, list[Note]]:
    """Sorted rows without those that repeat an earlier row of the table in all columns, unless a rule is given."""
    if copies is None or rule != "error":
        return rows, []
    dropped = copies[rows.in_table(np.arange(rows.series.size))] & repeated_rows(rows.series, rows.times)
    count = int(dropped.sum())
    if not count:
        return rows, []
    said = "row is an exact copy of another" if count == 1 else "rows are exact copies of others"
    many = count > max(_FEW, _SLIPS * rows.series.size)
    events = "; if each counts by itself, as orders do, add --aggregate sum" if many else ""
    note = warning(f"{count:,} {said}: kept once{events}")
    return rows.take(np.flatnonzero(~dropped)), [note]


def one_row_per_time(rows: Rows, options: ReadOptions, origin: RowOrigin, hint: str) -> tuple[Rows, list[Note]]:
    """Refuse or merge sorted rows that repeat a time of their series; `hint` says what else the user may do about it.

    Raises:
        DataError: repeated times, under the rule `error`.
    """
    repeats = repeated_rows(rows.series, rows.times)
    count, rule = int(repeats.sum()), options.on_duplicate
    if not count:
        return rows, []
    if rule == "error":
        at = np.flatnonzero(repeats)
        second = at[np.argmin(rows.in_table(at))]
        earlier, row = rows.in_table(np.array([second - 1, second])).tolist()
        label = " / ".join(origin.ids[rows.series[second]])
        more = f" ({counted(count - 1, 'more row')} like this)" if count > 1 else ""
        same = "the same" if _equal(rows, second) else "other"
        line = origin.place.lines[earlier]
        message = f"the time '{origin.cell_text(row)}'{of_series(label)} stands in line {line} already{more}"
        if not hint or hint.endswith("else "):
            whose = " of a series" if label else ""
            few = f"keep one row per time{whose}, or add --on-duplicate first, last, mean or sum"
            many = count > max(_FEW, _SLIPS * rows.series.size)
            hint += advise_events(_parts(rows), options, named=bool(label)) if many else few
        raise origin.error(row, f"{message}, with {same} values", hint, rows.in_table(at))
    differing = count - int(_equal(rows, np.flatnonzero(repeats)).sum())
    values = merge_repeats(rows.values, repeats, rule)
    # Sales of one day add up, the price or the temperature of the day does not.
    known = merge_repeats(rows.known, repeats, "mean" if rule == "sum" else rule) if rows.known.size else rows.known
    merged = rows.take(np.flatnonzero(~repeats))
    kept = f"their {rule} is used" if rule in ("mean", "sum") else f"the {rule} of each is used"
    other = f", {differing:,} of them with other values" if differing else ", all with the same values"
    note = warning(f"{counted(count, 'row')} repeated a time of the same series{other}: {kept}")
    return replace(merged, values=values, known=known), [note]


def several_per_time(rows: Rows, copies: NDArray[np.bool_] | None) -> list[Note]:
    """A note on sorted rows that are brought onto longer steps and repeat a time of their series.

    Args:
        rows: of the table.
        copies: which of its rows repeat an earlier one in all columns; None for none.
    """
    count = int(repeated_rows(rows.series, rows.times).sum())
    if not count:
        return []
    # A few repeats may be slips; many are what the table is made of.
    say = warning if count <= _SLIPS * rows.series.size else info
    repeat = "repeats" if count == 1 else "repeat"
    alike = 0 if copies is None else int(copies.sum())
    same = (
        f", also {alike:,} that {'is an exact copy' if alike == 1 else 'are exact copies'} of others" if alike else ""
    )
    return [say(f"{counted(count, 'row')} {repeat} a time of the same series: all of them count{same}")]


def _equal(rows: Rows, second: RowNumbers | np.intp) -> NDArray[np.bool_]:
    """Whether rows have the values of the rows before them."""
    values, before = rows.values[second], rows.values[second - 1]
    return np.all((values == before) | (np.isnan(values) & np.isnan(before)), axis=-1)


def repeated_rows(series: NDArray[np.integer[Any]], times: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Which of the sorted rows repeat the time of the row before them in the same series, shape (n,)."""
    repeats = np.zeros(series.size, dtype=bool)
    repeats[1:] = (series[1:] == series[:-1]) & (times[1:] == times[:-1])
    return repeats


def merge_repeats(values: NDArray[np.float64], repeats: NDArray[np.bool_], rule: RepeatRule) -> NDArray[np.float64]:
    """One row per time; the rules `mean` and `sum` leave missing values out.

    Args:
        values: shape (rows, targets), sorted by series and time, in the order of the file within a time.
        repeats: rows that repeat the time before them, shape (rows,).
        rule: `first`, `last`, `mean` or `sum`.
    """
    groups = np.flatnonzero(~repeats)
    if rule == "first":
        return values[groups]
    if rule == "last":
        return values[np.append(groups[1:], values.shape[0]) - 1]
    present = np.isfinite(values)
    sums = np.add.reduceat(np.where(present, values, 0.0), groups, axis=0)
    counts = np.add.reduceat(present, groups, axis=0, dtype=np.int64)
    return np.where(counts > 0, sums if rule == "sum" else sums / np.maximum(counts, 1), np.nan)


def stated_step(freq: str | None, known: Frequency | None) -> StatedFrequency | None:
    """The step that the user states, None where none is; `known` is that of a model that is to be continued.

    Raises:
        OptionError: no such frequency, or another step than the model's.
    """
    if freq is None:
        return None
    stated = state_frequency(freq)
    if known is not None and not stated.matches(known):
        raise OptionError(
            f"the frequency '{freq}' is not that of the model, which is {known.name} ({known.alias})",
            hint="leave --freq out; --aggregate alone brings finer rows onto the steps of the model",
        )
    return stated


def find_step(
    rows: Rows, stated: StatedFrequency | None, options: ReadOptions, clock: Clock, sub_daily: bool, place: Place
) -> Frequency:
    """The step of the sorted rows; where values are brought onto a stated step, the calendar gives its grid.

    Raises:
        DataError: no regular frequency, with the first row that differs from the commonest step.
        OptionError: values to be brought onto a step that is not stated, though there is one value a time.
    """
    if stated is None:
        if options.aggregate and not repeated_rows(rows.series, rows.times).any():
            raise OptionError("values can be brought onto a step only if there is one", hint="add --freq, such as D")
        return _inferred(rows, place, options)
    if options.aggregate is None:
        return stated.on(clock_of_step(rows.stamps, clock, stated, sub_daily))
    offset = np.timedelta64(0, "us")
    if clock.time_zone is not None and sub_daily:
        offset = to_wall(rows.stamps[:1], clock.time_zone)[0] - rows.stamps[0]
    return stated.calendar(int(offset.astype(np.int64)))


def clock_of_step(stamps: Stamps, clock: Clock, step: Frequency | StatedFrequency, sub_daily: bool) -> Stamps:
    """Stamps of rows on the clock that a step is counted on: the local one for days and longer steps."""
    if clock.time_zone is None or not sub_daily or step.sub_daily:
        return stamps
    return to_wall(stamps, clock.time_zone)


def _longest(rows: Rows) -> list[slice]:
    """Where the longest series of sorted rows stand."""
    bounds = np.flatnonzero(rows.series[1:] != rows.series[:-1]) + 1
    edges = np.concatenate([[0], bounds, [rows.series.size]])
    longest = np.sort(np.argsort(-np.diff(edges), kind="stable")[:_FREQUENCY_SERIES])
    return [slice(edges[number], edges[number + 1]) for number in longest]


def _inferred(rows: Rows, place: Place, options: ReadOptions) -> Frequency:
    """The step that the longest series follow; of sparse ones, which lack a row where nothing happened, also days."""
    sparse = options.aggregate is not None or options.fill_gaps == "zero"
    slices = _longest(rows)
    parts = [rows.stamps[rows.times[part]] for part in slices]
    distinct = [np.unique(part) for part in parts] if sparse else parts
    shorter = common_step(distinct) if sparse else None
    try:
        found = infer_frequency(distinct)
    except DataError as error:
        if shorter is not None:
            return shorter
        odd = _first_odd(parts, slices)
        if odd is None:
            step = "D" if np.all(rows.stamps == rows.stamps.astype("datetime64[D]")) else "h"
            raise place.error(None, error.message, f"{error.hint}, or name the step, such as --freq {step}") from None
        row = int(rows.in_table(np.array([odd]))[0])
        raise place.error(row, f"{error.message}; the first other step ends here", advice(rows, options)) from None
    if found.kind == "business" and found.phase and not all(_one_way(rows, part) for part in slices):
        raise place.error(
            None,
            f"the rows go back in time within the table, and only together fall on {found.name}",
            "name the column that tells the series apart with --id-col, or state the step with --freq",
        )
    if shorter is None or all(found.ordinals(part)[1].all() for part in distinct):
        return found
    return shorter


def _one_way(rows: Rows, part: slice) -> bool:
    """Whether nearly all rows of a series stand in the table in the order of time, or all in the reverse order."""
    steps = np.diff(rows.in_table(np.arange(part.start, part.stop)))
    return bool(steps.size == 0 or max(np.mean(steps > 0), np.mean(steps < 0)) > 1 - _SLIPS)


def advice(rows: Rows, options: ReadOptions) -> str:
    """The way out for sorted rows that follow no step, as a hint."""
    return advise(_parts(rows), options)


def mixed_advice(rows: Rows, options: ReadOptions) -> str | None:
    """The way out for sorted rows of series that have a step each of their own; None for others."""
    return advise_mixed(_parts(rows), options)


def _parts(rows: Rows) -> list[SeriesRows]:
    """The rows of the longest series that hold a value."""
    series = []
    for part in _longest(rows):
        present = np.isfinite(rows.values[part]).any(axis=1)
        series.append(SeriesRows(rows.stamps[rows.times[part]][present], rows.values[part][present]))
    return series


def _first_odd(parts: list[Stamps], slices: list[slice]) -> int | None:
    """The first row that comes after another step than the commonest; None where there are no two rows."""
    steps: list[NDArray[np.int64]] = [np.diff(part).astype(np.int64) for part in parts]
    every = np.concatenate(steps)
    if not every.size:
        return None
    usual = commonest(every)
    for part, own in zip(slices, steps, strict=True):
        if np.any(own != usual):
            return int(part.start + 1 + np.argmax(own != usual))
    return None
