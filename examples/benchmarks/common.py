"""What the benchmark scripts share: options, series in rows, progress lines, tables."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tsforecast.errors import DataError, TsforecastError
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.prepared import Prepared
from tsforecast.io.reading.numbers import read_content
from tsforecast.io.reading.table import RawTable, read_table
from tsforecast.json_output import plain
from tsforecast.models.options import PRESETS, FitOptions
from tsforecast.models.registry import MODELS
from tsforecast.progress import EpochEnded, Event, Message
from tsforecast.series.frequency import DAY, HOUR, MINUTE, Frequency
from tsforecast.series.panel import Panel, make_panel

# Series in rows have no time stamps: the word says what a step is.
FREQUENCIES = {
    "yearly": Frequency("month", 12),
    "quarterly": Frequency("month", 3),
    "monthly": Frequency("month", 1),
    "weekly": Frequency("fixed", 7 * DAY),
    "daily": Frequency("fixed", DAY),
    "hourly": Frequency("fixed", HOUR),
    "half-hourly": Frequency("fixed", 30 * MINUTE),
    "quarter-hourly": Frequency("fixed", 15 * MINUTE),
    "minutely": Frequency("fixed", MINUTE),
}
_LEAST_NAME_WIDTH = 16

# Per key of a row: head, width and format of the numbers.
Columns = dict[str, tuple[str, int, str]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that every benchmark has."""
    parser.add_argument("--preset", choices=PRESETS, default=FitOptions.preset)
    parser.add_argument("--model", choices=MODELS, default=FitOptions.model)
    parser.add_argument("--seed", type=int, default=FitOptions.seed)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def options_of(arguments: argparse.Namespace, **more: Any) -> FitOptions:
    """The options of a fit that a benchmark's command line stands for.

    Raises:
        OptionError: a value outside its range.
    """
    return FitOptions(preset=arguments.preset, model=arguments.model, seed=arguments.seed, **more)


def read_rows(path: str, frequency: Frequency) -> Panel:
    """Read series that stand in rows: a header, then in each row an id, the values and empty cells up to the end.

    Args:
        path: of a CSV file.
        frequency: the step between values; the file has no time stamps.

    Returns:
        The series in the order of the file.

    Raises:
        TsforecastError: as `read_table` does, and DataError for a cell that is not a number, an empty cell between
            values, a row without values and an id that repeats.
    """
    table = read_table(path)
    if table.text_format is None:
        raise DataError("series in rows are read from a CSV file only", file=table.file)
    keys, *others = table.columns.values()
    columns = [read_content(column, table.number_format).numbers for column in others]
    values, missing = (np.column_stack(parts) for parts in zip(*((c.values, c.missing) for c in columns), strict=True))
    wrong = np.flatnonzero(np.isnan(values) & ~missing)
    if wrong.size:
        row, column = divmod(int(wrong[0]), len(columns))
        text = others[column].cell_text(row)
        raise _cell_error(table, int(wrong[0]), f"'{text}' is not a number", "")
    lengths = (~missing).sum(axis=1)
    gaps = np.flatnonzero(missing & (np.arange(len(columns)) < lengths[:, None]))
    if gaps.size:
        hint = "fill the gaps; empty cells may stand only after a series' last value"
        raise _cell_error(table, int(gaps[0]), "an empty cell between values", hint)
    ids = [keys.texts.texts[code].strip() for code in keys.texts.codes]
    _check_series(ids, lengths, table)
    series = [row[:length] for row, length in zip(values, lengths, strict=True)]
    return make_panel(series, frequency, ids=[(key,) for key in ids])


def _cell_error(table: RawTable, cell: int, message: str, hint: str) -> DataError:
    """An error at a cell, counted row by row without the column of the ids."""
    row, column = divmod(cell, len(table.names) - 1)
    return DataError(message, hint=hint, file=table.file, row=int(table.lines[row]), column=table.names[column + 1])


def _check_series(ids: list[str], lengths: np.ndarray, table: RawTable) -> None:
    seen: set[str] = set()
    for key, length, line in zip(ids, lengths, table.lines, strict=True):
        if length == 0:
            raise DataError(f"series '{key}' has no values", file=table.file, row=int(line))
        if key in seen:
            raise DataError(f"the id '{key}' stands in more than one row", file=table.file, row=int(line))
        seen.add(key)


def without_floor(prepared: Prepared) -> Prepared:
    """The rows of series whose forecasts may fall below zero, though no value did: published figures have no floor."""
    rows = prepared.rows
    free = replace(rows.scaling, nonnegative=np.zeros_like(rows.scaling.nonnegative))
    return replace(prepared, rows=replace(rows, scaling=free))


def choices_of(plan: Plan) -> dict[str, str]:
    """What was decided automatically, for JSON."""
    return {choice.name: choice.value for choice in plan.choices}


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; what the user can mend is said in one line."""
    try:
        main()
    except TsforecastError as error:
        say(f"error: {error}")
        sys.exit(error.exit_code)


def show(event: Event) -> None:
    """Progress as plain lines on stderr."""
    if isinstance(event, Message):
        say(event.text)
    if isinstance(event, EpochEnded):
        validation = "" if event.val_loss is None else f"  validation {event.val_loss:.4f}"
        say(f"epoch {event.epoch}/{event.epochs}  loss {event.loss:.4f}{validation}  {event.seconds:.1f} s")


def say(*lines: str) -> None:
    """Write lines to stderr."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def write_table(head: str, columns: Columns, rows: dict[str, dict[str, Any]]) -> None:
    """Write rows to stdout under their names; what has no number is a dash."""
    size = max(_LEAST_NAME_WIDTH, 2 + max(len(name) for name in (head, *rows)))
    lines = [f"{head:<{size}}" + "".join(f"{title:>{width}}" for title, width, _ in columns.values())]
    for name, row in rows.items():
        cells = (_cell(row.get(key, math.nan), width, kind) for key, (_, width, kind) in columns.items())
        lines.append(f"{name:<{size}}" + "".join(cells))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _cell(value: float, width: int, kind: str) -> str:
    return f"{value:>{width}{kind}}" if math.isfinite(value) else f"{'-':>{width}}"


def write_json(document: dict[str, Any]) -> None:
    """Write a document to stdout; what has no number is null."""
    sys.stdout.write(json.dumps(plain(document), indent=2, allow_nan=False) + "\n")
