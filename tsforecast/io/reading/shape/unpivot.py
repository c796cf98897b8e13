"""A table whose header holds times becomes one with a row for each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from tsforecast.errors import DataError, OptionError, did_you_mean
from tsforecast.io.column import Column, TextColumn, code_texts, text_column
from tsforecast.io.messages import Note, Place, counted, info, listed, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.keys import Keys, find_keys
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.numbers import read_content
from tsforecast.io.reading.shape.headers import (
    Across,
    dates_across,
    measures_across,
    parts_of_day,
    parts_of_year,
    same_parts,
    steps_across,
)
from tsforecast.io.reading.shape.long_form import long_form
from tsforecast.io.reading.shape.undated import add_times, refuse_dates, step_times
from tsforecast.io.reading.shape.yearly_rows import without_yearly_rows
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.formats import STEP, YEAR
from tsforecast.io.times.parse import parse_stamps
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import Schema
from tsforecast.series.regularity import regularity

TIME, VALUE = "time", "value"
_REGULAR = 0.9
_MOST_IDS, _MOST_CANDIDATES = 3, 12
_FEWEST_NUMBERED = 8
_LEAST_SHARE = 1 / 3
_MOST_ROWS = 100_000  # of numbered columns that are taken for steps unasked: dates are looked for in vain
_FLAG = re.compile(r"\s+[a-z]{1,4}$")
_UNDATED = (
    "add --start with the time of the first and --freq with the step, such as --start 2021-01-01 --freq D, or "
    "--no-time for a forecast by step numbers"
)


@dataclass(frozen=True)
class Asked:
    """What is known of the table that is wanted.

    Args:
        options: how to read it.
        schema, frequency: of the data that a model was fitted on.
    """

    options: ReadOptions
    schema: Schema | None
    frequency: Frequency | None

    @property
    def ids(self) -> tuple[str, ...]:
        return self.schema.id_cols if self.schema else self.options.id_cols

    @property
    def times(self) -> tuple[str, ...]:
        if self.schema:
            return self.schema.time_cols
        return tuple(name.strip() for name in (self.options.time_col or "").split(",") if name.strip())

    @property
    def targets(self) -> tuple[str, ...]:
        return self.schema.target_cols if self.schema else self.options.target_cols

    @property
    def numbered(self) -> bool:
        """Whether the table is to be read without dates."""
        known = self.schema is not None and self.schema.time_formats == (STEP,)
        return self.options.no_time or self.options.start is not None or known


def lay_out(
    table: RawTable, options: ReadOptions, schema: Schema | None = None, frequency: Frequency | None = None
) -> tuple[RawTable, ReadOptions]:
    """The table with a row for each time, and the options that read it so.

    Raises:
        DataError: a header of times that may be read in several ways, or rows without any date.
        OptionError: options that ask for what the table is not.
    """
    table = without_yearly_rows(table)
    asked = Asked(options, schema, frequency)
    if options.start is not None and options.no_time:
        raise OptionError("--start gives times and --no-time none: give one of them")
    if any(name in table.columns for name in asked.targets) and not options.unpivot:
        return add_times(table, asked.options, asked.ids, frequency, schema) if asked.numbered else (table, options)
    forced = options.unpivot or bool(asked.targets)
    names = [name for name in table.names if name not in (*asked.ids, *asked.times)]
    if asked.numbered:
        steps = _steps(table, names)
        if steps is not None:
            return _unroll_steps(table, steps, asked)
        return add_times(table, options, asked.ids, frequency, schema)
    found = _unroll_dates(table, asked, forced=forced) or _unroll_parts(table, asked, forced=forced)
    if found is None and options.unpivot:
        raise OptionError(
            "--unpivot reads columns named by dates, months or times of a day as the time, and there are none",
            hint="leave --unpivot out; for columns that are numbered steps add --start and --freq, or --no-time",
        )
    return found or (table, options)


def _unroll_dates(table: RawTable, asked: Asked, *, forced: bool) -> tuple[RawTable, ReadOptions] | None:
    """One series a row: the dates stand in the header."""
    table, clean = _dimensions(table)
    names = [name for name in table.names if name not in (*asked.ids, *asked.times)]
    across = dates_across(names)
    measures = [] if across else _measures(table, names)
    across = measures[0] if measures else across
    day = parts_of_day(names)
    wide = across or (None if day is not None and day.sure else _steps(table, names))
    if wide is None or (across is None and (len(wide.names) < _FEWEST_NUMBERED or table.rows > _MOST_ROWS)):
        return None
    if not _are_numbers(table, wide.names, clean):
        return None
    rest = _without(table, [name for each in measures or [wide] for name in each.names])
    if rest.columns:
        try:
            told = (asked.options.unpivot and across is not None) or (asked.ids and {*rest.columns} <= {*asked.ids})
            if not told and (not _keys(rest, asked).lack_times or across is not None):
                return None
        except DataError as error:
            if error.column in rest.columns and _kind(rest, error.column) == "text":
                return None
    if across is None:
        message = f"no column holds dates, and the columns '{wide.names[0]}' to '{wide.names[-1]}' are numbered"
        raise DataError(message, hint=f"if each row is a series, {_UNDATED}", file=table.file)
    texts = code_texts(across.texts)
    line = max(1, int(table.lines[0]) - 1)
    place = Place(table.file, [line] * len(across.names), "header")
    known = asked.schema.time_formats[0] if asked.schema else None
    stamps = parse_stamps(text_column(place, texts), date_format=asked.options.date_format, known_format=known)
    if regularity(np.zeros(len(across.names), np.int64), stamps.key[stamps.codes]).score < _REGULAR and not forced:
        message = f"the header holds dates, '{across.names[0]}' to '{across.names[-1]}', at uneven steps"
        hint = "if each row is a series, add --unpivot; else name the time column with --time-col"
        raise DataError(message, hint=hint, file=table.file, row=line)
    ids = _ids_of_rows(rest, asked)
    values = {each.measure or VALUE: each.names for each in measures} or {VALUE: across.names}
    values = {name: values[name] for name in asked.targets if name in values} or values
    said = " and ".join(f"'{columns[0]}' to '{columns[-1]}'" for columns in values.values())
    said = f"each row is a series: {counted(len(across.names), 'column')}, {said}, are its times"
    times = TextColumn(np.tile(texts.codes, table.rows), list(texts.texts))
    notes = [info(said), *_left_out(rest, ids)]
    long = long_form(table, values, ids, (TIME, times), notes, clean)
    return long, replace(_options(asked, long, ids), date_format=asked.options.date_format)


def _measures(table: RawTable, names: Sequence[str]) -> list[Across]:
    """The columns of numbers that are named by a measure and a time, where they are no small part of the numbers."""
    found = [each for each in measures_across(names) if _are_numbers(table, each.names)]
    numbers = sum(column.plain is not None for column in table.columns.values())
    return found if sum(len(each.names) for each in found) >= _LEAST_SHARE * numbers else []


def _unroll_parts(table: RawTable, asked: Asked, *, forced: bool) -> tuple[RawTable, ReadOptions] | None:
    """One year or one day a row: its parts stand in the header."""
    names = [name for name in table.names if name not in (*asked.ids, *asked.times)]
    for across in (parts_of_day(names), parts_of_year(names)):
        if across is None or not _are_numbers(table, across.names):
            continue
        left = {*across.names, *same_parts(table.names, across)} if across.kind == "day" else set(across.names)
        rest = _without(table, left)
        try:
            keys = _keys(rest, asked)
        except (DataError, OptionError):
            continue
        if keys.ids.repeats or not _fits(across, keys):
            continue
        if not across.sure and not forced:
            said = f"the columns '{across.names[0]}' to '{across.names[-1]}' may be the times of a day"
            return replace(table, notes=(*table.notes, warning(f"{said}: --unpivot reads them so"))), asked.options
        return _unrolled(table, rest, across, keys, asked)
    return None


def _fits(across: Across, keys: Keys) -> bool:
    stamps = keys.stamps
    if across.kind != "day":
        return stamps.time_formats == (YEAR,) or all(
            part.startswith("%Y") and len(part) == 2 for part in stamps.time_formats
        )
    days = any("d" in part or part == "iso" for part in stamps.time_formats)
    return days and stamps.instants is None and not np.any(stamps.wall.astype(np.int64) % DAY)


def _unrolled(
    table: RawTable, rest: RawTable, across: Across, keys: Keys, asked: Asked
) -> tuple[RawTable, ReadOptions]:
    """The table with a row for each part of its years or days."""
    wall, width = keys.stamps.wall, len(across.names)
    if across.kind == "day":
        moments = (wall.astype("datetime64[us]")[:, None] + across.numbers.astype("timedelta64[us]")).ravel()
        texts = np.datetime_as_string(moments, unit="m")
        written = np.char.replace(texts, "T", " ").tolist()
        unit = {24: "hours", 48: "half hours", 96: "quarter hours"}.get(width, "parts")
        said = f"each row is a day: {width} columns, '{across.names[0]}' to '{across.names[-1]}', are its {unit}"
        if across.counted_from is not None:
            said += f", each named by its beginning, '{across.names[0]}' being 00:00"
    else:
        mark = "{}-{:02d}" if across.kind == "months" else "{}Q{}"
        years = (wall.astype("datetime64[Y]").astype(np.int64) + 1970).tolist()
        written = [mark.format(year, part) for year in years for part in across.numbers.tolist()]
        said = f"each row is a year: the columns '{across.names[0]}' to '{across.names[-1]}' are its {across.kind}"
    codes = (keys.stamps.codes[:, None].astype(np.int64) * width + np.arange(width)).astype(np.int32).ravel()
    # Two rows may write one day in the same way: texts stay distinct.
    numbers, distinct = pd.factorize(np.array(written, dtype=object))
    times = TextColumn(numbers.astype(np.int32)[codes], distinct.tolist())
    notes = [info(said), *keys.stamps.notes, *_left_out(rest, keys.ids.names, keys.time_cols)]
    long = long_form(table, {VALUE: across.names}, keys.ids.names, (TIME, times), notes)
    return long, _options(asked, long, keys.ids.names)


def _unroll_steps(table: RawTable, steps: Across, asked: Asked) -> tuple[RawTable, ReadOptions]:
    """One series a row, and no dates: numbered columns hold its values."""
    rest = _without(table, steps.names)
    refuse_dates(rest, asked.options, asked.ids, repeated=False)
    ids = _ids_of_rows(rest, asked)
    numbers = np.arange(1, len(steps.names) + 1)
    name, texts, notes = step_times(numbers, asked.options, asked.frequency)
    cells = code_texts(texts)
    times = TextColumn(np.tile(cells.codes, table.rows), cells.texts)
    said = f"each row is a series: {counted(len(steps.names), 'column')}, '{steps.names[0]}' to '{steps.names[-1]}', "
    notes = [info(f"{said}are its steps"), *notes, *_left_out(rest, ids)]
    long = long_form(table, {VALUE: steps.names}, ids, (name, times), notes)
    made = _options(asked, long, ids)
    return long, replace(made, date_format=STEP if name == "step" else None)


def _keys(rest: RawTable, asked: Asked) -> Keys:
    """The time and the ids that the columns beside the wide ones hold."""
    times = tuple(name for name in asked.times if name in rest.columns)
    request = ColumnRequest(times, asked.ids, (), asked.options.date_format)
    if any(name not in rest.columns for name in asked.ids):
        raise DataError("an id column is missing", file=rest.file)
    return find_keys(rest, request)


def _ids_of_rows(rest: RawTable, asked: Asked) -> tuple[str, ...]:
    """The ids that are asked for, else the smallest set of columns that is different in every row."""
    if asked.ids:
        missing = [name for name in asked.ids if name not in rest.columns]
        if missing:
            raise DataError(
                f"there is no column '{missing[0]}'", hint="name one of the columns beside the values", file=rest.file
            )
        return asked.ids
    if rest.rows == 1:
        return ()
    kinds = {name: _kind(rest, name) for name in rest.columns}
    texts = [name for sort in ("text", "code") for name, kind in kinds.items() if kind == sort]
    whole = [name for name, kind in kinds.items() if kind == "number" and _is_whole(rest.columns[name])]
    for candidates in (texts, [*texts, *whole]):
        chosen = candidates[:_MOST_CANDIDATES]
        for size in range(1, min(_MOST_IDS, len(chosen)) + 1):
            for names in combinations(chosen, size):
                if size == 1 and any(not text.strip() for text in rest.columns[names[0]].texts.texts):
                    continue
                cells = {name: rest.columns[name].texts.codes for name in names}
                if not pd.DataFrame(cells).duplicated().any():
                    return names
    if not texts:
        raise DataError(
            "no column tells the rows apart, of which each is a series",
            hint="add a column with the name of each series",
            file=rest.file,
        )
    return tuple(texts)


def _steps(table: RawTable, names: Sequence[str]) -> Across | None:
    """The numbered columns of numbers; the first of them may hold names, as `V1` beside the values `V2`, `V3`."""
    steps = steps_across(names)
    if steps is not None and not _are_numbers(table, steps.names[:1]):
        steps = steps_across([name for name in names if name != steps.names[0]])
    return steps if steps is not None and _are_numbers(table, steps.names) else None


def _kind(table: RawTable, name: str) -> str:
    return read_content(table.columns[name], table.number_format).kind


def _is_whole(column: Column) -> bool:
    """Whether all cells are whole numbers without a sign."""
    if column.plain is not None:
        return column.plain.whole and bool(np.all(column.plain.values >= 0))
    return all(re.fullmatch(r"\d+", text.strip()) for text in column.texts.texts)


def _are_numbers(table: RawTable, names: Sequence[str], clean: Callable[[str], str] | None = None) -> bool:
    """Whether all columns hold numbers, or are empty."""
    for name in names:
        column = table.columns[name]
        if column.plain is not None:
            continue
        if clean is not None:
            cells = column.texts
            column = text_column(column.place, TextColumn(cells.codes, [clean(text) for text in cells.texts]))
        if read_content(column, table.number_format).kind not in ("number", "code", "empty"):
            return False
    return True


def _without(table: RawTable, names: Sequence[str] | set[str]) -> RawTable:
    left = set(names)
    return replace(table, columns={name: column for name, column in table.columns.items() if name not in left})


def _dimensions(table: RawTable) -> tuple[RawTable, Callable[[str], str] | None]:
    """A column such as `unit,geo\\TIME_PERIOD` in its parts, and what takes the flags off the cells of such a table."""
    first = table.names[0]
    if "\\" not in first:
        return table, None
    names = [name.strip() for name in first.split("\\")[0].split(",")]
    cells = table.columns[first].texts
    rows = [text.split(",") for text in cells.texts]
    if any(len(row) != len(names) for row in rows) or set(names) & set(table.names[1:]):
        return table, None
    columns = {}
    for position, name in enumerate(names):
        parts = code_texts(row[position].strip() for row in rows)
        made = TextColumn(parts.codes[cells.codes], parts.texts)
        columns[name] = text_column(Place(table.file, table.lines, name, table.where), made)
    rest = {name: column for name, column in table.columns.items() if name != first}

    def clean(text: str) -> str:
        text = _FLAG.sub("", text.strip())
        return "" if text in (":", ": ") else text

    return replace(table, columns={**columns, **rest}), clean


def _left_out(rest: RawTable, ids: Sequence[str], times: Sequence[str] = ()) -> list[Note]:
    others = [name for name in rest.columns if name not in (*ids, *times)]
    why = "not used: neither the name of the series nor a time"
    return [info(f"column{'s' * (len(others) > 1)} {listed(others)} {why}", "left out")] if others else []


def _options(asked: Asked, long: RawTable, ids: Sequence[str]) -> ReadOptions:
    """The options that read the unrolled table.

    Raises:
        OptionError: a value column is asked for that it has not.
    """
    time, *values = [name for name in long.names if name not in ids]
    for name in asked.options.target_cols:
        if name not in values:
            said = f"there is no column '{name}': with a row for each time, the values are in {listed(values)}"
            raise OptionError(said, hint=did_you_mean(name, values, otherwise="leave --target-col out"))
    return replace(asked.options, time_col=time, id_cols=tuple(ids), target_cols=tuple(values), date_format=None)
