"""The options of reading a table. Data only: no NumPy, no pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tsforecast.options import Checked, option

FillRule = Literal["seasonal", "previous", "zero"]
RepeatRule = Literal["error", "first", "last", "mean", "sum"]
BadSeriesRule = Literal["error", "skip"]
AggregateRule = Literal["sum", "mean", "last", "first", "min", "max"]
CovariateRule = Literal["auto", "none"]
AmbiguousRule = Literal["error", "first", "last", "infer"]

# Headings of the help. A published model knows its columns, so that `predict` takes only the others.
COLUMNS, KNOWN, READING = "Columns", "What else is known", "Reading"


@dataclass(frozen=True)
class ReadOptions(Checked):
    """How to read a table; None or empty for what is to be found.

    Args:
        whole_lines: whether to refuse a text file whose last line has no line ending, because it may be cut.
    """

    time_col: str | None = option(
        None,
        COLUMNS,
        "Column of the times; year,month,day,hour or date,time where they stand in several.",
        unset="found",
        metavar="NAME",
        usual=True,
    )
    target_cols: tuple[str, ...] = option(
        (),
        COLUMNS,
        "Column of the values; several make each a series of its own.",
        unset="found",
        metavar="NAME",
        typed="target_col",
        usual=True,
    )
    id_cols: tuple[str, ...] = option(
        (),
        COLUMNS,
        "Column that names the series; may be repeated.",
        unset="found",
        metavar="NAME",
        typed="id_col",
        usual=True,
    )
    past_cols: tuple[str, ...] = option(
        (),
        KNOWN,
        "Column of numbers known up to now, such as a measured wind; may be repeated.",
        unset="none",
        metavar="NAME",
        typed="past_col",
    )
    future_cols: tuple[str, ...] = option(
        (),
        KNOWN,
        "Column of numbers known ahead, such as a price or a forecast; may be repeated.",
        unset="none",
        metavar="NAME",
        typed="future_col",
        usual=True,
    )
    static_cols: tuple[str, ...] = option(
        (),
        KNOWN,
        "Column of numbers that belong to a series, such as the size of a shop; may be repeated.",
        unset="none",
        metavar="NAME",
        typed="static_col",
    )
    category_cols: tuple[str, ...] = option(
        (),
        KNOWN,
        "Column of texts that belong to a series, such as its region; may be repeated.",
        unset="none",
        metavar="NAME",
        typed="category_col",
    )
    lag: tuple[str, ...] = option(
        (),
        KNOWN,
        "A past column is known so many steps late, such as wind=24; may be repeated.",
        unset="none",
        metavar="COL=STEPS",
    )
    covariates: CovariateRule = option(
        "auto",
        KNOWN,
        "Use the columns named above and speak of others, or read none.",
        choices=get_args(CovariateRule),
    )
    holidays: tuple[str, ...] = option(
        (),
        KNOWN,
        "Country whose holidays matter, such as DE, or DE-BY for a part of it; may be repeated.",
        unset="none",
        metavar="CODE",
    )
    holidays_col: str | None = option(
        None, KNOWN, "Column of texts that names the country of each series.", unset="none", metavar="NAME"
    )
    holidays_around: int = option(
        0, KNOWN, "Days before and after a holiday that differ from other days too.", least=0, most=31
    )
    tz: str | None = option(None, READING, "Time zone of the times, such as Europe/Berlin.", metavar="ZONE")
    ambiguous: AmbiguousRule = option(
        "error",
        READING,
        "A time that happens twice in --tz: refuse, take the first or last, or see what stands twice.",
        choices=get_args(AmbiguousRule),
    )
    date_format: str | None = option(
        None,
        READING,
        "Of the times, such as %d.%m.%Y, excel or epoch-s, where several fit.",
        unset="found",
        metavar="FORMAT",
    )
    freq: str | None = option(
        None, READING, "The step: hourly, 15min, D, B, W, MS, ME, QS, YE, ...", unset="found", metavar="FREQ"
    )
    aggregate: AggregateRule | None = option(
        None,
        READING,
        "Bring finer rows, also several at a time, onto the step in this way.",
        unset="refuse rows off it",
        choices=get_args(AggregateRule),
    )
    on_duplicate: RepeatRule = option(
        "error",
        READING,
        "When a series has a time twice: refuse, or keep this value.",
        choices=get_args(RepeatRule),
    )
    fill_gaps: FillRule = option(
        "seasonal",
        READING,
        "Fill missing values from a season ago, from the step before, or take them as observed zeros.",
        choices=get_args(FillRule),
    )
    missing: tuple[str, ...] = option(
        (), READING, "Also means a missing value, such as -999; may be repeated.", metavar="TOKEN"
    )
    keep_value: tuple[str, ...] = option(
        (),
        READING,
        "Is measured, though far from all others, such as 9999; may be repeated.",
        metavar="NUMBER",
    )
    on_bad_series: BadSeriesRule = option(
        "error",
        READING,
        "A series that is empty, irregular or mostly missing: refuse, or leave it out.",
        choices=get_args(BadSeriesRule),
    )
    max_rows: int | None = option(None, READING, "Refuse a table of more rows.", least=1)
    max_series: int | None = option(None, READING, "Refuse more series.", least=1)
    delimiter: str | None = option(
        None,
        READING,
        "Between the columns; `tab` for a tab.",
        unset="found",
        metavar="CHAR",
        words={"tab": "\t", "\\t": "\t"},
    )
    decimal: str | None = option(None, READING, "Decimal mark.", unset="found", choices=(".", ","))
    encoding: str = option("utf-8", READING, "Of the text.", metavar="NAME")
    skip_rows: int = option(0, READING, "Lines above the header.", least=0)
    skip_footer: int = option(0, READING, "Lines at the end that are no rows, blank ones counted.", least=0)
    thousands: str | None = option(
        None,
        READING,
        "Between thousands: , or . or ' or `space`.",
        unset="none",
        metavar="CHAR",
        words={"space": " "},  # a blank is lost in a configuration file or a crontab more easily than a word
    )
    comment: str | None = option(None, READING, "Leave out lines that begin with it.", unset="none", metavar="CHAR")
    no_header: bool = option(False, READING, "The first row holds data; the columns are called 1, 2, 3.")
    unpivot: bool = option(False, READING, "The header holds times: read each of these columns as rows.")
    start: str | None = option(
        None, READING, "Time of the first row of a table without dates, such as 2021-01-01.", metavar="TIME"
    )
    no_time: bool = option(False, READING, "The table has no dates: number the steps.")
    sheet: str | None = option(
        None, READING, "Sheet of a workbook, by its name or number.", unset="the only one with a table", metavar="NAME"
    )
    sql: str | None = option(
        None, READING, "Query that gives the table; the file's own table is called data.", metavar="SELECT"
    )
    whole_lines: bool = False
