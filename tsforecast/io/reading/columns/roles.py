"""The role of each column: the time, the ids of the series, the values to forecast."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.arrays import Float64
from tsforecast.errors import MissingColumnError, OptionError, did_you_mean
from tsforecast.io.column import Column, TextColumn
from tsforecast.io.messages import Note, all_columns, counted, info, listed, warning
from tsforecast.io.reading.columns.covariates import NOTHING_KNOWN, Known, offer_notes, offers, read_known
from tsforecast.io.reading.columns.ids import Grouping, Reading, find_ids
from tsforecast.io.reading.columns.keys import Keys, find_keys
from tsforecast.io.reading.columns.marks import check_decimal_mark, proven_marks
from tsforecast.io.reading.columns.names import unit_of
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.columns.spread import spread_texts
from tsforecast.io.reading.columns.targets import UNNAMED, Targets, as_number, choose_targets, repeated_by
from tsforecast.io.reading.columns.values import check_values, declared_missing
from tsforecast.io.reading.numbers import Content, NumberFormat
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.clock import in_the_night_of_a_change
from tsforecast.io.times.parse import ParsedStamps
from tsforecast.series.frequency import DAY

DATES = "date column"  # why a column is left out that holds times
_LONGEST_ID = 1024


@dataclass(frozen=True)
class Roles:
    """The columns of a table by role."""

    time_cols: tuple[str, ...]  # names of the time column, or of the columns of its parts
    stamps: ParsedStamps  # of the rows
    id_cols: tuple[str, ...]  # names of the id columns
    ids: tuple[TextColumn, ...]  # texts of each id column, each of shape (rows,)
    target_cols: tuple[str, ...]  # names of the value columns
    values: NDArray[np.float64]  # float64, shape (rows, targets); NaN where missing
    repeat_hint: str  # what the columns say about times that repeat; empty or ending in `else` where more is to say
    notes: tuple[Note, ...]  # what was decided
    unused: dict[str, str]  # the other columns, and why each of them is left out
    number_format: NumberFormat  # how the numbers are written
    readings: tuple[Reading, ...] = ()  # what was weighed
    copies: NDArray[np.bool_] | None = None  # rows that repeat an earlier one in all columns; None for none
    known: Known = NOTHING_KNOWN  # the columns of covariates
    offered: dict[str, str] = field(default_factory=dict)  # likely roles of columns that could be covariates


def find_columns(table: RawTable, request: ColumnRequest) -> Roles:
    """Decide which column holds what.

    The time is the first column that holds a date in every row; without one, columns called year, month and so on, or a
    date and a time of day beside it. Text columns under which times repeat are ids: the first that alone makes each
    time unique, else the smallest leading set that does. The remaining number columns are values, except those that
    only restate the calendar or the row number.

    Raises:
        DataError: a named column that does not exist, no time or value column, an empty id, text among the values.
        OptionError: a column named for two roles.
    """
    table, request, renamed = _prepared(table, request)
    keys = find_keys(table, request)
    contents, ids = keys.contents, keys.ids
    targets = choose_targets(table, request, keys)
    chosen = [as_number(contents[name]) for name in targets.names]
    odd = check_values(chosen, table.number_format, fixed=table.decimal_is_given)
    if not table.decimal_is_given and not table.number_format.thousands:
        check_decimal_mark(chosen, table.number_format.decimal, certain=table.decimal_is_certain)
    id_columns = [table.columns[name] for name in ids.names]
    lookalikes = [note for column in id_columns for note in _check_ids(column)]
    values, declared = _values(chosen, table.number_format)
    known, known_notes = read_known(table, request.known, contents)
    offered = _offered(request, keys, targets, chosen, id_columns)
    hint = ""
    if ids.repeats:
        hint = _night_hint(keys.stamps, id_columns) + _repeat_hint(keys.stamps, contents, ids.names, targets.names)
    notes = (*_id_notes(ids.names), *targets.notes, *odd, *lookalikes, *_left_out_notes(keys.left_out))
    return Roles(
        keys.time_cols,
        keys.stamps,
        ids.names,
        tuple(column.texts for column in id_columns),
        targets.names,
        values,
        hint,
        (*notes, *declared, *known_notes, *offer_notes(offered), *renamed),
        targets.unused | keys.left_out,
        table.number_format,
        keys.readings,
        keys.copies,
        known,
        offered,
    )


def _prepared(table: RawTable, request: ColumnRequest) -> tuple[RawTable, ColumnRequest, list[Note]]:
    """The table with spread texts and proven marks, the request with names as the table writes them, and notes."""
    request, renamed = _as_in_table(table, request)
    table, known, spread = spread_texts(table, request.known, request.target_cols)
    request = replace(request, known=known)
    _check_request(table, request)
    table, marks = _with_proven_marks(table, request)
    return table, request, [*renamed, *spread, *marks]


def _values(chosen: Sequence[Content], number_format: NumberFormat) -> tuple[Float64, list[Note]]:
    """The values, shape (rows, targets), without those that are declared to be missing."""
    columns = [content.numbers.values for content in chosen]
    values = columns[0][:, None] if len(columns) == 1 else np.column_stack(columns)
    if not number_format.missing:
        return values, []
    return declared_missing(values, [content.column for content in chosen], number_format)


def _offered(
    request: ColumnRequest, keys: Keys, targets: Targets, chosen: Sequence[Content], ids: Sequence[Column]
) -> dict[str, str]:
    """The likely roles of the columns that nobody named and that could be covariates, where the values are named."""
    if not request.offer or not request.target_cols:
        return {}
    free = {name: keys.contents[name] for name, why in targets.unused.items() if why == UNNAMED}
    repeated = repeated_by(keys.stamps, free)
    return offers(keys.contents, [name for name in free if name not in repeated], chosen, ids)


def _id_notes(names: Sequence[str]) -> list[Note]:
    if not names:
        return []
    return [info(f"{'id columns' if len(names) > 1 else 'id column'} {listed(names)}", "columns")]


def _left_out_notes(left_out: Mapping[str, str]) -> list[Note]:
    """What is said of columns of times that are not the time."""
    return [
        info(f"{why} '{name}' is not used" if why == DATES else f"column '{name}' {why} and is not used", "columns")
        for name, why in left_out.items()
    ]


def _with_proven_marks(table: RawTable, request: ColumnRequest) -> tuple[RawTable, list[Note]]:
    columns = [column for name, column in table.columns.items() if name not in (*request.time_cols, *request.id_cols)]
    found = proven_marks(columns, table.number_format, fixed=table.decimal_is_given)
    said = "numbers are read with a decimal comma"
    if found == table.number_format:
        return table, [] if found.decimal == "." or table.decimal_is_given else [warning(said)]
    if found.thousands:
        said = f"numbers are read with '{found.thousands}' between thousands and '{found.decimal}' before decimals"
    everything = table.columns
    if found.decimal != table.number_format.decimal:
        # What was read with a point is read again.
        again = {
            name: replace(column, plain=None)
            for name, column in everything.items()
            if column.plain is not None and (column.plain.pointed or not column.plain.whole)
        }
        everything = {**everything, **again}
    return replace(table, columns=everything, number_format=found, decimal_is_certain=True), [warning(said)]


def _as_in_table(table: RawTable, request: ColumnRequest) -> tuple[ColumnRequest, list[Note]]:
    """The request with names as the table writes them: another letter case is taken where one column only has it."""
    notes = []

    def renamed(name: str) -> str:
        alike = [other for other in table.columns if other.lower() == name.strip().lower()]
        if name in table.columns or len(alike) != 1:
            return name
        notes.append(warning(f"column '{alike[0]}' is taken for '{name}'"))
        return alike[0]

    time_cols = tuple(map(renamed, request.time_cols))
    if len(time_cols) == 1 and not request.known_formats and time_cols[0] not in table.columns:
        # The user names several columns in one text.
        time_cols = tuple(name.strip() for name in time_cols[0].split(","))
    id_cols, target_cols = (tuple(map(renamed, names)) for names in (request.id_cols, request.target_cols))
    named = request.known
    past, future, static, categories = (
        tuple(map(renamed, names)) for names in (named.past, named.future, named.static, named.categories)
    )
    known = replace(named, past=past, future=future, static=static, categories=categories)
    return replace(request, time_cols=time_cols, id_cols=id_cols, target_cols=target_cols, known=known), notes


def _check_request(table: RawTable, request: ColumnRequest) -> None:
    named = [*request.time_cols, *request.id_cols, *request.numbers]
    # An id may be a category too: the state beside the region, say.
    for name in (*named, *request.known.categories):
        if name not in table.columns:
            hint = did_you_mean(name, table.names, otherwise="name one of these columns")
            if request.known_formats:
                hint = "the model was fitted on a column of that name: rename yours"
            text = f"there is no column '{name}'; {all_columns(table.names)}"
            raise MissingColumnError(text, hint=hint, file=table.file, missing=name)
        if named.count(name) > 1:
            raise OptionError(f"column '{name}' is named twice", hint="give each column one role")


def _check_ids(column: Column) -> list[Note]:
    """Refuse ids that are empty or too long, and note those that are easily mixed up."""
    cells = column.texts
    for number, text in enumerate(cells.texts):
        if len(text) > _LONGEST_ID:
            raise column.error(
                cells.first_row(number),
                f"the id has {len(text):,} characters, at most {_LONGEST_ID:,} are possible",
                hint="give the series a shorter name, or name the columns of the ids with --id-col",
            )
        if not text or text.isspace():
            raise column.error(cells.first_row(number), "the id is empty", hint="give every row the id of its series")
    notes = _lookalikes(cells.texts, str.strip, "differ in blanks at their ends only")
    if not all(map(str.isascii, cells.texts)):
        how = "look the same but differ in their Unicode form"
        notes += _lookalikes(cells.texts, lambda text: unicodedata.normalize("NFC", text), how)
    return notes


def _lookalikes(texts: Iterable[str], rule: Callable[[str], str], how: str) -> list[Note]:
    """A note where a rule makes the same text of several."""
    first: dict[str, str] = {}
    pairs = [(first[key], text) for text in texts if first.setdefault(key := rule(text), text) != text]
    if not pairs:
        return []
    more = f" (and {counted(len(pairs) - 1, 'more id')} like this)" if len(pairs) > 1 else ""
    return [warning(f"the ids '{pairs[0][0]}' and '{pairs[0][1]}' {how}{more}: each is a series of its own")]


def _night_hint(stamps: ParsedStamps, ids: Sequence[Column]) -> str:
    """Where all times that repeat lie in nights in which clocks go back, how to read them."""
    if stamps.instants is not None:
        return ""
    rows = pd.DataFrame({"time": stamps.codes, **{f"id {column.name}": column.texts.codes for column in ids}})
    twice = stamps.wall[stamps.codes[rows.duplicated().to_numpy()]]
    dates = not np.any(stamps.wall.astype(np.int64) % DAY)
    if dates or not in_the_night_of_a_change(twice).all():
        return ""
    options = "add --tz with the zone of the times and --ambiguous infer"
    return f"where clocks go back, {options}, unless they are the ends of hours; else "


def _repeat_hint(
    stamps: ParsedStamps, contents: Mapping[str, Content], known: tuple[str, ...], targets: tuple[str, ...]
) -> str:
    """Name the whole-number columns that would tell the series apart, such as store numbers; empty without any."""
    if known:
        return ""
    whole = {
        name: Grouping.of_values(content.numbers.values)
        for name, content in contents.items()
        if content.kind in ("number", "code")
        and unit_of(name) is None
        and not np.any(np.mod(content.numbers.values, 1) != 0)
    }
    ids = find_ids(Grouping.of_times(stamps), whole)
    if ids.names and not ids.repeats and set(targets) - set(ids.names):
        options = " ".join(f"--id-col {shlex.quote(name)}" for name in ids.names)
        return f"if the series are told apart by {listed(ids.names)}, add {options}"
    return ""
