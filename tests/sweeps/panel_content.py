"""What a reader made of a table, in a form that two readers can be compared by."""

from __future__ import annotations

import numpy as np

from tests.sweeps.polluter import Table
from tsforecast.io.reading.panel import ReadResult

# Each value, as Python writes it, by its series and time.
Content = dict[tuple[tuple[str, ...], str], str]


def content_read(result: ReadResult) -> Content:
    """The observed values of a panel."""
    found: Content = {}
    panel = result.panel
    for number, key in enumerate(panel.ids):
        first, end = panel.offsets[number], panel.offsets[number + 1]
        stamps = panel.frequency.stamps(panel.starts[number] + np.arange(end - first))
        for stamp, value, seen in zip(stamps, panel.values[first:end], panel.observed[first:end], strict=True):
            if seen:
                found[(key, str(stamp))] = repr(float(value))
    return found


def content_of(table: Table) -> Content:
    """The values of a clean table, with several value columns."""
    found: Content = {}
    for place, stamp, *values in table.rows:
        moment = str(np.datetime64(stamp, "us"))
        found |= {
            ((place, name), moment): repr(float(value)) for name, value in zip(table.names[2:], values, strict=True)
        }
    return found
