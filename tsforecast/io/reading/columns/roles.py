"""The role of each column: the time, the ids of the series, the values to forecast."""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import MissingColumnError, OptionError
from tsforecast.io.messages import Note, all_columns, info, listed, warning
from tsforecast.io.reading.columns.ids import Grouping, codes_of, find_ids, read_ids
from tsforecast.io.reading.columns.kinds import Column, calendar_parts, restated
from tsforecast.io.reading.columns.time_role import ColumnRequest, find_times, named_times
from tsforecast.io.reading.columns.values import check_values, declared_missing, dressed_text, no_values
from tsforecast.io.reading.table import RawTable
from tsforecast.io.text_column import TextColumn
from tsforecast.io.times.clock import rank_times
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.io.times.zones import in_the_night_of_a_change

__all__ = ["UNNAMED", "ColumnRequest", "Roles", "find_columns"]

# Why a column is left out that was not asked for.
UNNAMED = "not named as a value"


@dataclass(frozen=True)
class Roles:
    """The columns of a table by role.

    Args:
        time_col: name of the time column; several with commas between them.
        time_cols: the same one by one.
        stamps: its stamps.
        id_cols: names of the id columns.
        ids: texts of each id column, each of shape (rows,).
        target_cols: names of the value columns.
        values: float64, shape (rows, targets); NaN where missing.
        repeat_hint: what to do if times repeat within a series.
        notes: what was decided.
        unused: the other columns, and why each of them is left out.
    """

    time_col: str
    time_cols: tuple[str, ...]
    stamps: ParsedStamps
    id_cols: tuple[str, ...]
    ids: tuple[TextColumn, ...]
    target_cols: tuple[str, ...]
    values: NDArray[np.float64]
    repeat_hint: str
    notes: tuple[Note, ...]
    unused: dict[str, str]


def find_columns(table: RawTable, request: ColumnRequest) -> Roles:
    """Decide which column holds what.

    The time is the first column that holds a date in every row; without one, columns called year, month and so on, or a
    date and a time of day beside it. Text columns under which times repeat are ids: the
    first that alone makes each time unique, else the smallest leading set that does. The remaining number columns are
    values, except those that only restate the calendar or the row number.

    Raises:
        DataError: a named column that does not exist, no time or value column, an empty id, text among the values.
        OptionError: a column named for two roles.
    """
    request, renamed = _meant(table, request)
    _check_request(table, request)
    found = find_times(table, request)
    columns, ids, times = found.columns, found.ids, found.stamps
    targets, unused, notes = _choose_targets(table, request, times, columns, ids.names)
    notes += check_values(table, targets, columns)
    texts = []
    for name in ids.names:
        cells, twins = read_ids(table, name)
        texts.append(cells)
        notes += twins
    if ids.names:
        notes.insert(0, info(f"{'id columns' if len(ids.names) > 1 else 'id column'} {listed(ids.names)}"))
    notes += [info(f"date column '{name}' is not used") for name in found.left_out]
    values = _beside([columns[name].numbers.values for name in targets])
    if table.missing:
        written = [None if table.figures(name) else table.texts(name) for name in targets]
        values, declared = declared_missing(values, written, table.missing, table.decimal)
        notes += declared
    return Roles(
        ",".join(found.names),
        found.names,
        times,
        ids.names,
        tuple(texts),
        targets,
        values,
        _night_hint(table, times, ids.names) + _repeat_hint(times, columns, ids.names, targets) if ids.repeats else "",
        (*notes, *renamed),
        unused | dict.fromkeys(found.left_out, "date column"),
    )


def _beside(columns: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return columns[0][:, None] if len(columns) == 1 else np.column_stack(columns)


def _meant(table: RawTable, request: ColumnRequest) -> tuple[ColumnRequest, list[Note]]:
    """The request with names as the table writes them: another letter case is taken where one column only has it."""
    notes = []

    def meant(name: str) -> str:
        alike = [other for other in table.names if other.lower() == name.strip().lower()]
        if name in table.names or len(alike) != 1:
            return name
        notes.append(warning(f"column '{alike[0]}' is taken for '{name}'"))
        return alike[0]

    found = replace(
        request,
        time_col=meant(request.time_col) if request.time_col else None,
        id_cols=tuple(map(meant, request.id_cols)),
        target_cols=tuple(map(meant, request.target_cols)),
    )
    return found, notes


def _check_request(table: RawTable, request: ColumnRequest) -> None:
    named = [*named_times(table, request), *request.id_cols, *request.target_cols]
    for name in named:
        if name not in table.names:
            near = difflib.get_close_matches(name, table.names, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else "name one of these columns"
            if request.known_format:
                hint = "the model was fitted on a column of that name: rename yours"
            text = f"there is no column '{name}'; {all_columns(table.names)}"
            raise MissingColumnError(text, hint=hint, file=table.file, missing=name)
        if named.count(name) > 1:
            raise OptionError(f"column '{name}' is named twice", hint="give each column one role")


def _choose_targets(
    table: RawTable,
    request: ColumnRequest,
    stamps: ParsedStamps,
    columns: dict[str, Column],
    ids: tuple[str, ...],
) -> tuple[tuple[str, ...], dict[str, str], list[Note]]:
    """The value columns, why each of the others is left out, and notes on what was decided."""
    if request.target_cols:
        unnamed = {name: UNNAMED for name in columns if name not in (*ids, *request.target_cols)}
        return request.target_cols, unnamed, _target_notes(request.target_cols, ids)
    left = {name: column for name, column in columns.items() if name not in ids}
    numbers = [name for name, column in left.items() if column.kind == "number"]
    # What has no name is the index of whoever wrote the table, unless nothing else is there.
    numeric = [name for name in numbers if name not in table.unnamed or len(left) == 1]
    others = [name for name, column in left.items() if column.kind == "text"]
    dressed = {name: text for name in others if (text := dressed_text(table, name))}
    parts = calendar_parts(stamps)
    repeated = {name: restated(name, columns[name].numbers.values, stamps, parts) for name in numbers}
    targets = tuple(name for name in numeric if not repeated[name])
    if not targets and not dressed:
        # A series may count 1, 2, 3 or equal the month by chance: what is left alone is a value.
        targets = tuple(name for name in numeric if repeated[name] == "row number") or tuple(numeric)
    # A single column beside the time is what is meant, though something in it is no number.
    targets = targets or (tuple(left) if len(left) == 1 else ())
    if not targets:
        raise no_values(table, list(left))
    notes, unused = _target_notes(targets, ids), {}
    for name, column in left.items():
        if name in dressed:
            unused[name] = f"'{dressed[name]}' is not a finite number"
            notes.append(warning(f"column '{name}' is not used: {unused[name]}"))
        elif name not in targets:
            repeats, named = repeated.get(name, ""), name not in table.unnamed
            unused[name] = _why_unused(column, repeats, named=named)
            notes.append(_unused_note(name, column, repeats, named=named))
    return targets, unused, notes


def _target_notes(targets: tuple[str, ...], ids: tuple[str, ...]) -> list[Note]:
    if len(targets) == 1:
        return [info(f"value column '{targets[0]}'")]
    each = "each a series of its own for every id" if ids else "each a series of its own"
    return [info(f"{len(targets)} value columns, {each}: {listed(targets)}")]


def _unused_note(name: str, column: Column, repeats: str, *, named: bool) -> Note:
    why = _why_unused(column, repeats, named=named)
    if repeats:
        return info(f"column '{name}' {why} and is not used")
    if not named and column.kind == "number":
        return warning(f"column '{name}' {why} and is not used; if it holds values, name it with --target-col")
    return info(f"{why} '{name}' is not used")


def _why_unused(column: Column, repeats: str, *, named: bool) -> str:
    if repeats == "row number":
        return "only counts the rows"
    if repeats:
        return f"only restates the {repeats}"
    if not named and column.kind == "number":
        return "has no name"
    return {"flag": "true/false", "code": "id-like"}.get(column.kind, column.kind) + " column"


def _night_hint(table: RawTable, stamps: ParsedStamps, ids: tuple[str, ...]) -> str:
    """Where all times that repeat lie in nights in which clocks go back, how to read them."""
    if stamps.instants is not None:
        return ""
    rows = pd.DataFrame({"time": stamps.codes, **{f"id {name}": table.texts(name).codes for name in ids}})
    twice = stamps.wall[stamps.codes[rows.duplicated().to_numpy()]]
    if not in_the_night_of_a_change(twice).all():
        return ""
    return "where clocks go back, add --tz with the zone of the times and --ambiguous infer; else "


def _repeat_hint(
    stamps: ParsedStamps, columns: dict[str, Column], known: tuple[str, ...], targets: tuple[str, ...]
) -> str:
    """Name the whole-number columns that would tell the series apart, such as store numbers."""
    if known:
        return "keep one row per time of a series, or add --on-duplicate first, last, mean or sum"
    whole = {
        name: codes_of(column.numbers.values)
        for name, column in columns.items()
        if column.kind in ("number", "code") and not np.any(np.mod(column.numbers.values, 1) != 0)
    }
    times = rank_times(stamps.codes, stamps.key)
    ids = find_ids(Grouping(times.ranks, times.stamps.size), whole)
    if ids.names and not ids.repeats and set(targets) - set(ids.names):
        options = " ".join(f"--id-col {shlex.quote(name)}" for name in ids.names)
        return f"if the series are told apart by {listed(ids.names)}, add {options}"
    return "name the columns that tell the series apart with --id-col, or add --on-duplicate first, last, mean or sum"
