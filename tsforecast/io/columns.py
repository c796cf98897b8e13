"""The role of each column: the time, the ids of the series, the values to forecast."""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.cells import Cells
from tsforecast.io.clocks import rank_times
from tsforecast.io.column_kinds import Column, find_stamps, read_column, read_stamps, restated
from tsforecast.io.ids import Codes, Ids, codes_of, find_ids, given_ids, slips
from tsforecast.io.notes import Note, all_columns, counted, info, listed
from tsforecast.io.places import Place
from tsforecast.io.tables import RawTable
from tsforecast.io.time_formats import YEAR
from tsforecast.io.timestamps import ParsedStamps

_DATE_PARTS = ("year", "month", "day", "hour", "minute")


@dataclass(frozen=True)
class Request:
    """What is known about the columns beforehand; None or empty for what is to be found."""

    time_col: str | None = None
    id_cols: tuple[str, ...] = ()
    target_cols: tuple[str, ...] = ()
    date_format: str | None = None
    known_format: str | None = None


@dataclass(frozen=True)
class Roles:
    """The columns of a table by role.

    Args:
        time_col: name of the time column.
        stamps: its stamps.
        id_cols: names of the id columns.
        ids: texts of each id column, each of shape (rows,).
        target_cols: names of the value columns.
        values: float64, shape (rows, targets); NaN where missing.
        repeat_hint: what to do if times repeat within a series.
        notes: what was decided.
    """

    time_col: str
    stamps: ParsedStamps
    id_cols: tuple[str, ...]
    ids: tuple[Cells, ...]
    target_cols: tuple[str, ...]
    values: NDArray[np.float64]
    repeat_hint: str
    notes: tuple[Note, ...]


def find_columns(table: RawTable, request: Request) -> Roles:
    """Decide which column holds what.

    The time is the first column that holds a date in every row. Text columns under which times repeat are ids: the
    first that alone makes each time unique, else the smallest leading set that does. The remaining number columns are
    values, except those that only restate the calendar or the row number.

    Raises:
        DataError: a named column that does not exist, no time or value column, an empty id, text among the values.
        OptionError: a column named for two roles.
    """
    _check_request(table, request)
    stamps = _read_times(table, request)
    columns = {name: read_column(table, name) for name in table.names if name not in stamps}
    time_col, ids = _choose_time(table, request, stamps, columns)
    times = stamps[time_col]
    if times.time_format == YEAR and ids.repeats > slips(table.rows):
        _refuse_date_parts(table)
    targets, notes = _choose_targets(table, request, times, columns, ids.names)
    for name in targets:
        _check_numbers(table, name, columns)
    if ids.names:
        notes.insert(0, info(f"{'id columns' if len(ids.names) > 1 else 'id column'} {listed(ids.names)}"))
    if not request.time_col:
        notes += [info(f"date column '{name}' is not used") for name in stamps if name != time_col]
    return Roles(
        time_col,
        times,
        ids.names,
        tuple(_id_texts(table, name) for name in ids.names),
        targets,
        _beside([columns[name].numbers.values for name in targets]),
        _repeat_hint(times, columns, ids.names, targets) if ids.repeats else "",
        tuple(notes),
    )


def _beside(columns: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return columns[0][:, None] if len(columns) == 1 else np.column_stack(columns)


def _check_request(table: RawTable, request: Request) -> None:
    named = [*([request.time_col] if request.time_col else []), *request.id_cols, *request.target_cols]
    for name in named:
        if name not in table.names:
            near = difflib.get_close_matches(name, table.names, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else "name one of these columns"
            if request.known_format:
                hint = "the model was fitted on a column of that name: rename yours"
            raise DataError(f"there is no column '{name}'; {all_columns(table.names)}", hint=hint, file=table.file)
        if named.count(name) > 1:
            raise OptionError(f"column '{name}' is named twice", hint="give each column one role")


def _read_times(table: RawTable, request: Request) -> dict[str, ParsedStamps]:
    """The named time column, or all columns that could be it."""
    if request.time_col:
        name = request.time_col
        return {name: read_stamps(table, name, request.date_format, request.known_format)}
    try:
        taken = {*request.id_cols, *request.target_cols}
        return find_stamps(table, request.date_format, request.known_format, leave_out=taken)
    except DataError:
        _refuse_date_parts(table)
        raise


def _refuse_date_parts(table: RawTable) -> None:
    """Refuse a table whose dates are spread over columns for the year, the month and so on."""
    parts = [name for name in table.names if name.lower() in _DATE_PARTS]
    if {"year", "month"} <= {name.lower() for name in parts}:
        raise DataError(
            f"the date is spread over the columns {listed(parts)}",
            hint="join them into one column first, such as 2024-01-31 06:00",
            file=table.file,
        )


def _choose_time(
    table: RawTable, request: Request, stamps: dict[str, ParsedStamps], columns: dict[str, Column]
) -> tuple[str, Ids]:
    """The first date column whose times do not repeat within a series; whole numbers come after real dates."""
    named = request.id_cols or [
        name for name, column in columns.items() if column.kind in ("text", "code") and name not in request.target_cols
    ]
    texts = {name: Codes(cells.codes, len(cells.texts)) for name in named if (cells := table.texts(name))}
    ranked = []
    for position, (name, parsed) in enumerate(stamps.items()):
        ordered = rank_times(parsed.codes, parsed.key)
        times = Codes(ordered.ranks, ordered.stamps.size)
        ids = given_ids(times, texts) if request.id_cols else find_ids(times, texts)
        repeating = ids.repeats > slips(table.rows)
        ranked.append((repeating, parsed.whole_numbers, position, name, ids))
    _, _, _, time_col, ids = min(ranked, key=lambda entry: entry[:3])
    return time_col, ids


def _id_texts(table: RawTable, name: str) -> Cells:
    texts = table.texts(name)
    if "" in texts.texts:
        raise Place(table.file, table.lines, name).error(
            texts.first_row(texts.texts.index("")), "the id is empty", hint="give every row the id of its series"
        )
    return texts


def _choose_targets(
    table: RawTable,
    request: Request,
    stamps: ParsedStamps,
    columns: dict[str, Column],
    ids: tuple[str, ...],
) -> tuple[tuple[str, ...], list[Note]]:
    """The value columns, and notes on what was decided."""
    if request.target_cols:
        return request.target_cols, _target_notes(request.target_cols, ids)
    left = {name: column for name, column in columns.items() if name not in ids}
    numeric = [name for name, column in left.items() if column.kind == "number"]
    repeated = {name: restated(name, columns[name].numbers.values, stamps) for name in numeric}
    # A series may count 1, 2, 3 or equal the month by chance: what is left alone is a value.
    targets = (
        tuple(name for name in numeric if not repeated[name])
        or tuple(name for name in numeric if repeated[name] == "row number")
        or tuple(numeric)
        # A single column beside the time is what is meant, though something in it is no number.
        or (tuple(left) if len(left) == 1 else ())
    )
    if not targets:
        raise DataError(
            f"no column holds numbers to forecast; {all_columns(table.names)}",
            hint="name the value column with --target-col",
            file=table.file,
        )
    notes = _target_notes(targets, ids)
    for name, column in left.items():
        if name not in targets:
            notes.append(_unused_note(name, column, repeated.get(name, "")))
    return targets, notes


def _target_notes(targets: tuple[str, ...], ids: tuple[str, ...]) -> list[Note]:
    if len(targets) == 1:
        return [info(f"value column '{targets[0]}'")]
    each = "each a series of its own for every id" if ids else "each a series of its own"
    return [info(f"{len(targets)} value columns, {each}: {listed(targets)}")]


def _unused_note(name: str, column: Column, repeats: str) -> Note:
    if repeats == "row number":
        return info(f"column '{name}' only counts the rows and is not used")
    if repeats:
        return info(f"column '{name}' only restates the {repeats} and is not used")
    kind = {"flag": "true/false", "code": "id-like"}.get(column.kind, column.kind)
    return info(f"{kind} column '{name}' is not used")


def _check_numbers(table: RawTable, name: str, columns: dict[str, Column]) -> None:
    """Refuse the first cell of a value column that is neither a number nor missing."""
    wrong = columns[name].numbers.wrong
    if not wrong.size:
        return
    row = int(wrong[0])
    text = table.written(name)(row)
    more = f" (and {counted(wrong.size - 1, 'more cell')} of this column)" if wrong.size > 1 else ""
    hint = "correct it or leave the cell empty; if the column holds no values, choose others with --target-col"
    if columns[name].kind == "flag":
        hint = "write 1 and 0 for true and false"
    elif table.decimal == "." and "," in text:
        hint = "write numbers without thousands separators; for a decimal comma add --decimal ,"
    raise Place(table.file, table.lines, name).error(row, f"'{text}' is not a finite number{more}", hint)


def _repeat_hint(
    stamps: ParsedStamps, columns: dict[str, Column], known: tuple[str, ...], targets: tuple[str, ...]
) -> str:
    """Name the whole-number columns that would tell the series apart, such as store numbers."""
    if known:
        return "keep one row per time of a series, or add --on-duplicate first, last or mean"
    whole = {
        name: codes_of(column.numbers.values)
        for name, column in columns.items()
        if column.kind in ("number", "code") and not np.any(np.mod(column.numbers.values, 1) != 0)
    }
    times = rank_times(stamps.codes, stamps.key)
    ids = find_ids(Codes(times.ranks, times.stamps.size), whole)
    if ids.names and not ids.repeats and set(targets) - set(ids.names):
        options = " ".join(f"--id-col {shlex.quote(name)}" for name in ids.names)
        return f"if the series are told apart by {listed(ids.names)}, add {options}"
    return "name the columns that tell the series apart with --id-col, or add --on-duplicate first, last or mean"
