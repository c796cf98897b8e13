"""The options of reading a table, with their defaults and choices. Data only: no NumPy, no pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FillRule = Literal["seasonal", "previous", "zero"]
RepeatRule = Literal["error", "first", "last", "mean", "sum"]
BadSeriesRule = Literal["error", "skip"]


@dataclass(frozen=True)
class ReadOptions:
    """How to read a table; None or empty for what is to be found.

    Args:
        time_col: name of the time column; with commas between them those of a year, a month and so on, or of a date and
            a time of day.
        target_cols: names of the value columns.
        id_cols: names of the columns that tell series apart.
        tz: IANA zone of stamps without an offset, and the zone to write in.
        ambiguous: which of the two is meant by a stamp without an offset that a clock change of `tz` repeats.
        date_format: format of the time column, where several fit: of strftime, `excel`, or `epoch-s`, `epoch-ms`,
            `epoch-us` or `epoch-ns`.
        freq: the step, such as `hourly`, `15min` or `ME`; None to find it.
        aggregate: how to bring values onto longer steps; None where all of them must lie on the grid.
        on_duplicate: what to do with rows that repeat a time of their series.
        fill_gaps: how to fill missing values.
        missing: texts that mean a missing value, besides the usual ones; numbers are compared as numbers.
        on_bad_series: whether to refuse the table for a series without values, with times off the grid or with more
            than half of its steps missing, or to leave it out; `skip` also leaves out series of a single value.
        max_rows: rows that the table may have.
        max_series: series that it may have.
        delimiter: between cells of a text file.
        decimal: mark of a text file, `.` or `,`.
        encoding: of a text file.
        skip_rows: lines above the header to leave out.
        thousands: what stands between groups of three digits, `,` `.` `'` or a blank; None for nothing.
        comment: character that begins lines to leave out.
        no_header: whether the first row holds data: the columns are then called 1, 2, 3 and so on.
        whole_lines: whether to refuse a text file whose last line has no line ending, because it may be cut.
    """

    time_col: str | None = None
    target_cols: tuple[str, ...] = ()
    id_cols: tuple[str, ...] = ()
    tz: str | None = None
    ambiguous: AmbiguousRule = "error"
    date_format: str | None = None
    freq: str | None = None
    aggregate: AggregateRule | None = None
    on_duplicate: RepeatRule = "error"
    fill_gaps: FillRule = "seasonal"
    missing: tuple[str, ...] = ()
    on_bad_series: BadSeriesRule = "error"
    max_rows: int | None = None
    max_series: int | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str = "utf-8"
    skip_rows: int = 0
    thousands: str | None = None
    comment: str | None = None
    no_header: bool = False
    whole_lines: bool = False


AggregateRule = Literal["sum", "mean", "last", "first", "min", "max"]
AmbiguousRule = Literal["error", "first", "last", "infer"]
