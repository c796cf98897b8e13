"""Values that are hardly measurements: -9999 and its like, and what lies a thousand times too far off."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import Note, counted, of_series, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.grid.rows import Rows
from tsforecast.io.reading.numbers import is_number
from tsforecast.io.times.formats import readable_stamps
from tsforecast.series.frequency import Stamps
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.sentinels import find_sentinels
from tsforecast.series.strays import FACTOR, find_strays

_FEW_SENTINELS = 5  # more of them are no chance
_MOST_STRAYS = 3  # values spoken of


def unlikely_values(
    panel: Panel, rows: Rows, schema: Schema, options: ReadOptions, file: str, held: Collection[float] = ()
) -> list[Note]:
    """Warnings of values that are hardly measurements.

    Args:
        panel: the series.
        rows: of the table, which those of the panel sum up if they are aggregated.
        schema: how the table writes times.
        options: of reading; they may say what such a value means.
        file: name for messages.
        held: values that the data of a model held: they are not refused.

    Raises:
        DataError: such a value stands often.
        OptionError: a value to keep that is no number, or declared to be missing.
    """
    kept = _kept(options)
    stray = find_strays(panel) & panel.observed
    if options.aggregate:
        values, offsets = _of_rows(rows)
        found = find_sentinels(values, ~np.isnan(values), offsets)
    else:
        found = find_sentinels(panel.values, panel.observed, panel.offsets)
        found = {value: at for value, at in found.items() if not stray[at].all()}  # the others are said below
    found = {value: at for value, at in found.items() if value not in kept}

    def stamp(row: int) -> str:
        moments = _stamp(panel, row)
        if options.aggregate:
            moments = rows.stamps[rows.times[[row % len(rows.times)]]]
        return readable_stamps(moments, schema, panel.frequency)[0]

    flags = " ".join(f"--missing {value:.0f}" for value in found)
    keeping = " ".join(f"--keep-value {value:.0f}" for value in found)
    notes = []
    for value, at in found.items():
        said = f"the value {value:.0f} ({_times(at.size)} at {stamp(int(at[0]))}) stands far from all others"
        if at.size > _FEW_SENTINELS and value not in held:
            hint = f"add {flags}, or {keeping} if it is measured"
            raise DataError(f"{said}: it seems to mean a missing value", hint=hint, file=file)
        notes.append(warning(f"{said}; if it means a missing value, add {flags}, else {keeping}"))
    return notes + _stray_notes(panel, schema, np.flatnonzero(stray), kept, options)


def _kept(options: ReadOptions) -> set[float]:
    for text in options.keep_value:
        if not is_number(text):
            raise OptionError(f"keep_value is '{text}'", hint="give a number, such as -9999")
        if text in options.missing:
            raise OptionError(f"{text} cannot be both a value to keep and a missing one", hint="leave one out")
    return set(map(float, options.keep_value))


def _of_rows(rows: Rows) -> tuple[Float64, Int64]:
    """The values of all columns, one after the other, and where each series of a column begins; with the end."""
    size, columns = rows.values.shape
    first = np.flatnonzero(np.diff(rows.series, prepend=-1))
    offsets = (first + size * np.arange(columns)[:, None]).ravel()
    return rows.values.T.ravel(), np.append(offsets, size * columns)


def _stamp(panel: Panel, row: int) -> Stamps:
    """The stamp of a row, shape (1,)."""
    series = int(np.searchsorted(panel.offsets, row, side="right")) - 1
    return panel.frequency.stamps(panel.starts[series, None] + row - panel.offsets[series])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times, first"


def _stray_notes(
    panel: Panel, schema: Schema, rows: Int64, kept: Collection[float], options: ReadOptions
) -> list[Note]:
    """A warning for each of the most frequent stray values."""
    values, first, counts = np.unique(panel.values[rows], return_index=True, return_counts=True)
    notes = []
    for number in np.argsort(-counts, kind="stable")[:_MOST_STRAYS].tolist():
        value, row = float(values[number]), int(rows[first[number]])
        text = f"{value:.0f}" if value.is_integer() else repr(value)
        label = panel.label(int(np.searchsorted(panel.offsets, row, side="right")) - 1)
        place = readable_stamps(_stamp(panel, row), schema, panel.frequency)[0] + of_series(label)
        said = (
            f"the value {text} ({_times(counts[number])} at {place}) lies over {FACTOR:,.0f} times as far off as all "
            "others: models pass over it, errors count it"
        )
        # Sums and means are not what stands in the table.
        asked = options.aggregate not in ("sum", "mean") and value not in kept
        notes.append(warning(f"{said}; if it means a missing value, add --missing {text}" if asked else said))
    if len(values) > _MOST_STRAYS:
        notes.append(warning(f"{counted(len(values) - _MOST_STRAYS, 'more value')} lie as far off"))
    return notes
