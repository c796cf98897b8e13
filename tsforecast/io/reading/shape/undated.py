"""Times for rows that have none: from a first time and a step, or plain step numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.column import Column, code_texts, text_column
from tsforecast.io.messages import Note, Place, counted, info, listed
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.keys import find_keys
from tsforecast.io.reading.columns.names import unit_of
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.grid.rows import number_series
from tsforecast.io.reading.numbers import read_content
from tsforecast.io.reading.table import RawTable
from tsforecast.io.times.formats import STEP
from tsforecast.io.times.months import month_numbers
from tsforecast.io.times.parse import parse_stamps
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Schema
from tsforecast.series.parse_frequency import state_frequency

TIME = "time"
_DIGIT = re.compile("[0-9]")
_COUNTERS = frozenset({"t", "step", "index", "idx", "n", "no", "nr", "period", "obs", "row", "time", "x"})


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with low lines behind it where it is taken."""
    others = set(taken)
    while name in others:
        name += "_"
    return name


def refuse_dates(table: RawTable, options: ReadOptions, ids: tuple[str, ...], *, repeated: bool = True) -> None:
    """Refuse options for tables without dates where the rows hold some; `repeated` for those that repeat as well."""
    if not table.columns:
        return
    try:
        keys = find_keys(table, ColumnRequest((), tuple(name for name in ids if name in table.columns)))
    except (DataError, OptionError):
        return
    if keys.lack_times and not repeated:
        return
    option = "--start" if options.start is not None else "--no-time"
    if options.start is None and not options.no_time:
        option = "a model without dates"
    raise OptionError(
        f"{option} is for tables without dates, and {listed(keys.time_cols)} holds the time of each row",
        hint="leave the option out" if option.startswith("--") else "fit a model on this table",
    )


def step_times(
    numbers: NDArray[np.integer[Any]], options: ReadOptions, frequency: Frequency | None
) -> tuple[str, list[str], list[Note]]:
    """The name of the time column, the text of each numbered step, the first being 1, and notes.

    Raises:
        OptionError: a first time without a step, or one that is no time.
    """
    if options.start is None:
        return (
            STEP,
            [str(number) for number in numbers.tolist()],
            [info("there are no dates: steps are numbered, and so is the forecast")],
        )
    if options.freq is None and frequency is None:
        raise OptionError("--start needs the step as well", hint="add --freq, such as --freq D")
    try:
        parsed = parse_stamps(text_column(Place("", [1], "start"), code_texts([options.start.strip()])))
    except DataError:
        raise OptionError(f"--start {options.start} is no time", hint="write it like 2021-01-01") from None
    first = parsed.wall[:1]
    step = frequency or state_frequency(options.freq or "").on(first)
    ordinals, on_grid = step.ordinals(first)
    if not on_grid[0]:
        raise OptionError(
            f"--start {options.start} is no time of {step.name} steps ({step.alias})",
            hint="name a time that is, such as the first day of a month for MS",
        )
    stamps = step.stamps(ordinals[0] + numbers - 1).astype("datetime64[us]")
    texts = np.datetime_as_string(
        stamps, unit="s" if step.sub_daily or np.any(stamps != stamps.astype("datetime64[D]")) else "D"
    )
    return (
        TIME,
        np.char.replace(texts, "T", " ").tolist(),
        [info(f"there are no dates: the first step is {options.start}, and steps are {step.name}")],
    )


def add_times(
    table: RawTable,
    options: ReadOptions,
    ids: tuple[str, ...],
    frequency: Frequency | None,
    schema: Schema | None,
) -> tuple[RawTable, ReadOptions]:
    """A table of rows without dates, with a column of times or of step numbers.

    Raises:
        DataError: no column tells the series apart for sure.
        OptionError: the rows hold dates.
    """
    named = schema.time_cols[0] if schema is not None and schema.time_formats == (STEP,) else options.time_col
    if named in table.columns and options.start is None:
        return table, replace(options, date_format=STEP, time_col=named)
    refuse_dates(_without(table, named), options, ids)
    ids = ids or _ids(table, options)
    series, _ = number_series([table.columns[name].texts for name in ids if name in table.columns], table.rows)
    counter = named if named in table.columns else _counter(table, series, (*ids, *options.target_cols))
    if counter is not None and options.start is None:
        note = info(f"column '{counter}' numbers the steps")
        made = replace(options, time_col=counter, id_cols=ids, date_format=STEP)
        return replace(table, notes=(*table.notes, note)), made
    numbers = pd.Series(series).groupby(series).cumcount().to_numpy(np.int64) + 1
    notes: list[Note] = []
    columns = dict(table.columns)
    if counter is not None:
        counted_steps = _whole(columns.pop(counter), table)
        numbers = counted_steps - counted_steps.min() + 1
        notes.append(info(f"column '{counter}' numbers the steps"))
    distinct, codes = np.unique(numbers, return_inverse=True)
    name, texts, said = step_times(distinct, options, frequency)
    cells = code_texts(texts)
    name = free_name(name, columns)
    place = Place(table.file, table.lines, name, table.where)
    cells = replace(cells, codes=cells.codes[codes].astype(np.int32))
    columns = {name: text_column(place, cells), **columns}
    if table.rows > distinct.size:
        notes.append(info(f"{counted(int(series.max()) + 1, 'series', 'series')}, each beginning with the first step"))
    made = replace(options, time_col=name, id_cols=ids, date_format=STEP if options.start is None else None)
    return replace(table, columns=columns, notes=(*table.notes, *said, *notes)), made


def _without(table: RawTable, name: str | None) -> RawTable:
    return replace(table, columns={key: column for key, column in table.columns.items() if key != name})


def _ids(table: RawTable, options: ReadOptions) -> tuple[str, ...]:
    """The text column whose texts repeat; without dates nothing tells which of several it is."""
    texts = [
        name
        for name, column in table.columns.items()
        if name not in (*options.target_cols, options.time_col)
        and not _names_times(column)
        and read_content(column, table.number_format).kind in ("text", "code")
        and 1 < len(column.texts.texts) <= table.rows // 2
    ]
    if len(texts) > 1:
        raise DataError(
            f"without dates nothing tells which of {listed(texts)} names the series",
            hint=f"name it, such as --id-col {texts[0]}",
            file=table.file,
        )
    return tuple(texts)


def _names_times(column: Column) -> bool:
    """Whether a column names times rather than series, such as the months of years that are not said."""
    texts = column.sample()
    counted_so = unit_of(column.name) in ("year", "quarter", "month", "week") and all(map(_DIGIT.search, texts))
    return counted_so or bool(month_numbers(texts).all())


def _counter(table: RawTable, series: NDArray[np.int32], taken: Sequence[str]) -> str | None:
    """The column that numbers the steps of each series."""
    for name, column in table.columns.items():
        if name in taken or read_content(column, table.number_format).kind not in ("number", "code"):
            continue
        values = read_content(column, table.number_format).numbers.values
        if np.isnan(values).any() or np.any(np.mod(values, 1) != 0) or values.min() < 0 or values.max() >= 2**40:
            continue
        order = np.lexsort((np.arange(values.size), series))
        steps = np.diff(values[order])[np.diff(series[order]) == 0]
        rising = bool(steps.size) and bool(np.all(steps > 0))
        counts = rising and bool(np.all(steps == 1)) and values.min() in (0, 1)
        if counts or (rising and name.strip().lower() in _COUNTERS):
            return name
    return None


def _whole(column: Column, table: RawTable) -> NDArray[np.int64]:
    values = read_content(column, table.number_format).numbers.values
    if np.isnan(values).any() or np.any(np.mod(values, 1) != 0):
        row = int(np.flatnonzero(np.isnan(values) | (np.mod(values, 1) != 0))[0])
        raise column.error(row, f"'{column.cell_text(row)}' is no step number", "write whole numbers, such as 1, 2, 3")
    return values.astype(np.int64)
