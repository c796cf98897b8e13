"""The value columns: what is to be forecast, and why the other columns are no values."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tsforecast.errors import DataError
from tsforecast.io.messages import Note, all_columns, info, listed, warning
from tsforecast.io.reading.columns.attributes import attribute_notes, attributes, letter_flag_note, letter_flags
from tsforecast.io.reading.columns.calendar import ROW_NUMBER, calendar_parts, repeats
from tsforecast.io.reading.columns.keys import Keys
from tsforecast.io.reading.columns.marks import text_with_unit
from tsforecast.io.reading.columns.names import Names
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.numbers import Content, as_flags
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.parse import ParsedStamps

UNNAMED = "not named as a value"  # why a column is left out that was not asked for
_KIND_WORDS = {"flag": "true/false", "code": "id-like"}


@dataclass(frozen=True)
class Targets:
    """The value columns.

    Args:
        names: of them.
        unused: the columns without a role, and why each of them is left out.
        notes: what was decided.
    """

    names: Names
    unused: dict[str, str]
    notes: list[Note]


@dataclass(frozen=True)
class _Doubts:
    """What speaks against columns as values, by their name.

    Args:
        repeated: what whole numbers only restate.
        marked: a mark that stands among a few numbers.
        attributes: why numbers are no quantities.
        with_unit: the first text of a column whose numbers have a unit that cannot be read.
    """

    repeated: dict[str, str]
    marked: dict[str, str]
    attributes: dict[str, str]
    with_unit: dict[str, str]


def choose_targets(table: RawTable, request: ColumnRequest, keys: Keys) -> Targets:
    """The columns that are named, or those of numbers that say more than when and where the others are.

    Raises:
        DataError: no column holds numbers.
    """
    ids = keys.ids.names
    left = {name: content for name, content in keys.contents.items() if name not in (*ids, *request.known.all)}
    if request.target_cols:
        unnamed = {name: UNNAMED for name in left if name not in request.target_cols}
        return Targets(request.target_cols, unnamed, _target_notes(request.target_cols, ids))
    # What has no name is the index of whoever wrote the table, unless nothing else is there.
    numbers = [name for name, content in left.items() if content.kind == "number"]
    numbers = [name for name in numbers if name not in table.unnamed or len(left) == 1]
    doubts = _doubts(table, keys, left, numbers)
    targets = _least_doubtful(left, numbers, doubts)
    if not targets:
        text = f"no column holds numbers to forecast; {all_columns(table.names)}"
        raise DataError(text, hint="name the value column with --target-col", file=table.file)
    unused = doubts.attributes | {name: f"holds marks such as '{mark}'" for name, mark in doubts.marked.items()}
    notes = [*_target_notes(targets, ids), *attribute_notes(doubts.attributes)]
    notes += [letter_flag_note(name, mark) for name, mark in doubts.marked.items()]
    for name, content in left.items():
        if name not in unused and name not in targets:
            unused[name], note = _left_out(name, content, doubts)
            notes.append(note)
    return Targets(targets, unused, notes)


def _doubts(table: RawTable, keys: Keys, left: Mapping[str, Content], numbers: list[str]) -> _Doubts:
    """What speaks against the columns that are left; `numbers` are those of numbers with a name."""
    texts = [content.column for content in left.values() if content.kind == "text"]
    with_unit = {column.name: text for column in texts if (text := text_with_unit(column))}
    repeated = repeated_by(keys.stamps, left)
    own = [name for name in numbers if name not in repeated]
    marked = letter_flags(keys.contents, own)
    own = [name for name in own if name not in marked]
    no_quantities = attributes(keys.contents, own, keys.stamps, [table.columns[name] for name in keys.ids.names])
    return _Doubts(repeated, marked, no_quantities, with_unit)


def _least_doubtful(left: Mapping[str, Content], numbers: list[str], doubts: _Doubts) -> Names:
    """The columns against which nothing speaks, or the least; empty where none can be meant."""
    against = {**doubts.repeated, **doubts.marked, **doubts.attributes}
    targets = tuple(name for name in numbers if name not in against)
    if not targets and not doubts.with_unit:
        # A series may count 1, 2, 3 or equal the month by chance: what is left alone is a value.
        targets = tuple(name for name in numbers if doubts.repeated[name] == ROW_NUMBER) or tuple(numbers)
    if not targets:
        # A single column beside the time is what is meant, or one of yes and no, though what is in it may be no number;
        # numbers in company are what is refused.
        alone = left if len(left) == 1 else [name for name, content in left.items() if as_number(content) != content]
        targets = tuple(alone) if len(alone) == 1 else tuple(doubts.with_unit)[:1]
    return targets


def _left_out(name: str, content: Content, doubts: _Doubts) -> tuple[str, Note]:
    """Why a column is no value, and what is said of it."""
    if name in doubts.with_unit:
        token = doubts.with_unit[name]
        why = f"'{token}' is not a finite number"
        flag = f"; if it means a missing value, add --missing {shlex.quote(token)}" if token[:1] in "<>" else ""
        return why, warning(f"column '{name}' is not used: {why}{flag}", "columns")
    if name in doubts.repeated:
        part = doubts.repeated[name]
        why = "only counts the rows" if part == ROW_NUMBER else f"only restates the {part}"
        return why, info(f"column '{name}' {why} and is not used", "columns")
    if content.kind == "number":
        hint = "if it holds values, name it with --target-col"
        return "has no name", warning(f"column '{name}' has no name and is not used; {hint}", "columns")
    why = f"{_KIND_WORDS.get(content.kind, content.kind)} column"
    return why, info(f"{why} '{name}' is not used", "columns")


def repeated_by(stamps: ParsedStamps, contents: Mapping[str, Content]) -> dict[str, str]:
    """What the columns repeat that only restate the calendar or count the rows; only whole numbers can."""
    parts, found = None, {}
    for name, content in contents.items():
        if content.kind == "number" and np.all(np.mod(content.numbers.values[:1], 1) == 0):
            parts = parts or calendar_parts(stamps)
            if what := repeats(name, content.numbers.values, stamps, parts):
                found[name] = what
    return found


def _target_notes(targets: Names, ids: Names) -> list[Note]:
    if len(targets) == 1:
        return [info(f"value column '{targets[0]}'", "columns")]
    each = "each a series of its own for every id" if ids else "each a series of its own"
    return [info(f"{len(targets)} value columns, {each}: {listed(targets)}", "columns")]


def as_number(content: Content) -> Content:
    """A column as numbers: one of yes and no as 1 and 0, any other as it is."""
    return (as_flags(content) if content.kind in ("flag", "text") else None) or content
