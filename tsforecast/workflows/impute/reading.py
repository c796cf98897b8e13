"""A table with all its rows, and where they stand on the grid of its steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tsforecast.errors import OptionError
from tsforecast.io.messages import Note
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.grid.build import Grid
from tsforecast.io.reading.grid.rows import RowOrigin, Rows
from tsforecast.io.reading.grid.whole import Placed, build_whole
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.reading.table import RawTable
from tsforecast.options import declared
from tsforecast.progress import Report
from tsforecast.series.panel import Panel
from tsforecast.workflows.impute.settings import UNREAD

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class WholeTable:
    """A table as it was, and as a panel with its gaps.

    Args:
        data: the panel, from the first to the last row of each series, and notes.
        table: the columns as they were read.
        placed: where the rows stand.
    """

    data: ReadResult
    table: RawTable
    placed: Placed


def read_whole(source: str | Path | pd.DataFrame, reading: ReadOptions, report: Report) -> WholeTable:
    """Read a table, with rows without a value at the beginning and the end of its series.

    Raises:
        TsforecastError: as `read_panel`, and OptionError for an option that means nothing here.
    """
    for name in UNREAD:
        if getattr(reading, name) != getattr(ReadOptions, name):
            raise OptionError(
                f"{declared(ReadOptions)[name].typed or name} means nothing to impute",
                hint="leave it out; name each column of numbers that is to be filled, or that helps, with --target-col",
            )
    tables: list[RawTable] = []
    placed: list[Placed] = []

    def build(rows: Rows, grid: Grid, origin: RowOrigin, *, keep_future: bool = False) -> tuple[Panel, list[Note]]:
        panel, notes, where = build_whole(rows, grid, origin)
        placed.append(where)
        return panel, notes

    data = read_panel(source, replace(reading, covariates="none"), report=report, build=build, keep=tables.append)
    return WholeTable(data, tables[0], placed[0])
