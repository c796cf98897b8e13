"""What is said of columns that are named as known ahead, and look as if they were not."""

from __future__ import annotations

from tsforecast.fitting.choose import choose_basics
from tsforecast.io.messages import Note, warning
from tsforecast.models.options import FitOptions
from tsforecast.series.leaks import Leak, find_leaks
from tsforecast.series.panel import Panel, Schema


def suspected_leaks(panel: Panel, schema: Schema, options: FitOptions) -> tuple[Leak, ...]:
    """The columns that are said to be known ahead, and look as if they were measured afterwards."""
    if not schema.future_cols:
        return ()
    basics = choose_basics(panel, options)
    return find_leaks(panel, schema.future_cols, basics.horizon, basics.season_length)


def leak_notes(panel: Panel, schema: Schema, options: FitOptions) -> list[Note]:
    """Warnings of these columns."""
    return [warning(leak.message) for leak in suspected_leaks(panel, schema, options)]
