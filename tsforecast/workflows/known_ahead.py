"""What is known ahead of a forecast: columns in a file of their own, and whether they reach far enough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import Note, counted, info, listed, of_series, warning
from tsforecast.io.times.formats import readable_stamps
from tsforecast.progress import Report
from tsforecast.series.panel import Panel, Schema

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.io.options import ReadOptions
    from tsforecast.store.bundle.bundle import Bundle


def read_ahead(
    source: str | Path | pd.DataFrame, schema: Schema, panel: Panel, reading: ReadOptions | None, report: Report
) -> Panel:
    """The panel with the columns known ahead of a table of their own: times, ids, and the columns, without values.

    Args:
        source: the table.
        schema: that of the model.
        panel: the rows that are continued; what the table says of their steps is not looked at.
        reading: how to read the table.
        report: receives messages.

    Raises:
        DataError: a series or steps that are missing in the table.
        OptionError: the model reads no such columns.
    """
    from tsforecast.io.options import ReadOptions
    from tsforecast.io.reading.panel import read_panel

    names = schema.future_cols
    if not names:
        raise OptionError("the model reads no column that is known ahead", hint="leave --future-file out")
    # Each column is read as a series, so that times, ids and numbers are what they are in any other table.
    own = Schema(schema.time_cols, schema.id_cols, names, schema.time_formats, schema.time_zone)
    data = read_panel(source, reading or ReadOptions(), schema=own, frequency=panel.frequency, report=report)
    table, width = data.panel, len(schema.id_cols)
    number = {key: place for place, key in enumerate(table.ids)}
    wanted = np.full((panel.n_series, len(names)), -1)
    for series, key in enumerate(panel.ids):
        ids = key[:width]
        wanted[series] = [number.get((*ids, name) if len(names) > 1 else ids, -1) for name in names]
    if np.any(wanted < 0):
        series, column = np.argwhere(wanted < 0)[0].tolist()
        raise DataError(
            f"no rows{of_series(panel.label(series))}, which is to be forecast",
            hint="give what is known ahead of every series",
            file=data.file,
            column=names[column],
        )
    _check_ahead(table, wanted, panel, schema, data.file)
    return _put_behind(panel, table, wanted)


def _check_ahead(table: Panel, wanted: Int64, panel: Panel, schema: Schema, file: str) -> None:
    """Refuse a table that begins after the end of a series, and one with steps that are not there."""
    begin = panel.starts + panel.covariates.future_lengths
    gap = table.starts[wanted] - begin[:, None]
    if np.any(gap > 0):
        series, column = divmod(int(np.argmax(gap)), gap.shape[1])
        first = _step(panel, schema, int(begin[series]))
        raise DataError(
            f"the rows{of_series(panel.label(series))} begin {counted(int(gap[series, column]), 'step')} late: "
            f"the first one needed is {first}",
            file=file,
            column=schema.future_cols[column],
        )
    owner = table.series_of_row
    used = np.isin(owner, wanted)
    holes = np.flatnonzero(used & ~table.observed)
    if holes.size:
        hole = int(owner[holes[0]])
        ordinal = int(table.starts[hole] + holes[0] - table.offsets[hole])
        series, column = np.argwhere(wanted == hole)[0].tolist()
        raise DataError(
            f"no value at {_step(panel, schema, ordinal)}{of_series(panel.label(series))}",
            hint="fill it: what is known ahead has no gaps",
            file=file,
            column=schema.future_cols[column],
        )


def _put_behind(panel: Panel, table: Panel, wanted: Int64) -> Panel:
    """The panel's own steps as they are, then those of the table up to where its columns end together."""
    known = panel.covariates
    ends = table.ends[wanted].min(axis=1) - panel.starts
    lengths = np.maximum(panel.lengths, ends)
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int64)
    future = np.empty((int(offsets[-1]), wanted.shape[1]))
    for series in range(panel.n_series):
        here, count = slice(offsets[series], offsets[series + 1]), int(panel.lengths[series])
        begin = known.future_offsets[series]
        future[here][:count] = known.future[begin : begin + count]
        for column, number in enumerate(wanted[series].tolist()):
            first = int(panel.ends[series] - table.starts[number])
            values = table.series(number)[max(0, first) :]
            gap = max(0, -first)  # steps that the rows themselves reach further ahead
            ahead = future[here][count:, column]
            ahead[:gap] = known.future[begin + count : begin + count + gap, column]
            ahead[gap:] = values[: len(ahead) - gap]
    return replace(panel, covariates=replace(known, future=future, future_offsets=offsets))


def past_read(bundle: Bundle) -> tuple[str, ...]:
    """The columns known up to now that a version reads."""
    reads = any(part.reads.past > part.reads.future for part in bundle.spec.parts)
    unread = bundle.scaling.past.unread
    return tuple(name for i, name in enumerate(bundle.schema.past_cols) if reads and i not in unread)


def future_read(bundle: Bundle) -> tuple[str, ...]:
    """The columns known ahead that a version reads."""
    reads = any(part.reads.future for part in bundle.spec.parts)
    unread = bundle.scaling.future.unread
    return tuple(name for i, name in enumerate(bundle.schema.future_cols) if reads and i not in unread)


def check_known_ahead(panel: Panel, bundle: Bundle, horizon: int) -> list[Note]:
    """Refuse a horizon beyond what is known ahead, and say where the model would read further.

    Raises:
        DataError: a series whose columns end before the horizon, with the steps that are missing.
    """
    spec, columns = bundle.spec, future_read(bundle)
    if not columns:
        return []
    known = panel.known_ahead
    worst = int(np.argmin(known))
    least = int(known[worst])
    several = int((known < horizon).sum())
    names = listed(columns)
    if least < horizon:
        more = f" and of {several - 1:,} more series" if several > 1 else ""
        shorter = f", or shorten the forecast: --horizon {least}" if least else ""
        raise DataError(
            f"{names} {'is' if len(columns) == 1 else 'are'} known for {counted(least, 'step')} after the last value"
            f"{of_series(panel.label(worst))}{more}, and the forecast needs {horizon}: {horizon - least} missing",
            hint=f"give rows with these columns and an empty value, or a --future-file{shorter}",
        )
    notes = [info(f"known ahead: {names}, {counted(least, 'step')} after the last value")]
    if least < spec.horizon:
        text = f"the model reads {names} for {spec.horizon} steps; beyond {least} they count as they were last"
        notes.append(warning(text))
    return notes


def besides_in_words(bundle: Bundle) -> str:
    """What a version reads besides the values, and what that brought, as a sentence; empty where it reads nothing."""
    read, calendar = [part.reads for part in bundle.spec.parts], bundle.spec.calendar
    if not any(inputs.covariates for inputs in read):
        return ""
    schema = bundle.schema
    named = [*past_read(bundle), *future_read(bundle)]
    # A linear model reads no numbers of series.
    named += [*schema.static_cols] * any(part.reads.static for part in bundle.spec.parts if part.network)
    named += [*schema.category_cols] * any(any(inputs.category_widths[1:]) for inputs in read)
    named += ["holidays"] * bool(calendar.holiday_width) + ["the calendar"] * bool(calendar.names)
    rows = bundle.metrics.get("brought")
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    error, without = first.get("error"), first.get("error_without")
    text = f"Reads {', '.join(named)} besides the values"
    if isinstance(error, float) and isinstance(without, float) and 0 < error < without:
        text += f": {1 - error / without:.0%} off the validation error of a linear model"
    return f"{text}."


def _step(panel: Panel, schema: Schema, ordinal: int) -> str:
    return readable_stamps(panel.frequency.stamps(np.array([ordinal])), schema, panel.frequency)[0]
