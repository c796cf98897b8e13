"""What is said of stray values: which they are, how often and where they stand, and how to declare them missing."""

from __future__ import annotations

import numpy as np

from tsforecast.io.messages import Note, counted, warning
from tsforecast.io.times.format_codec import readable_stamps
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.strays import FACTOR, find_strays

_MOST = 3  # values spoken of


def stray_notes(panel: Panel, schema: Schema, *, as_written: bool) -> list[Note]:
    """A warning for each of the most frequent stray values.

    Args:
        panel: the series.
        schema: how their times are written.
        as_written: whether the values are those of the table, so that one can be declared missing.
    """
    rows = np.flatnonzero(find_strays(panel) & panel.observed)
    values, first, counts = np.unique(panel.values[rows], return_index=True, return_counts=True)
    notes = []
    for number in np.argsort(-counts, kind="stable")[:_MOST].tolist():
        value, row = float(values[number]), int(rows[first[number]])
        text = f"{value:.0f}" if value.is_integer() else repr(value)
        series = int(np.searchsorted(panel.offsets, row, side="right")) - 1
        ordinal = panel.starts[series] + row - panel.offsets[series]
        (stamp,) = readable_stamps(panel.frequency.stamps(np.array([ordinal])), schema, panel.frequency)
        place = f" of '{panel.label(series)}'" if panel.label(series) else ""
        times = "once" if counts[number] == 1 else f"{counts[number]:,} times, first"
        said = (
            f"the value {text} ({times} at {stamp}{place}) lies more than {FACTOR:,.0f} times as far off as all "
            "others: models pass over it, errors count it"
        )
        notes.append(warning(f"{said}; if it means a missing value, add --missing {text}" if as_written else said))
    if len(values) > _MOST:
        notes.append(warning(f"{counted(len(values) - _MOST, 'more value')} lie as far off"))
    return notes
