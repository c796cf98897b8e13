"""The options of reading a table, which all commands that take DATA have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.options.shared import combine, option

if TYPE_CHECKING:
    from tsforecast.io.options import ReadOptions


def read_options(values: Mapping[str, Any]) -> ReadOptions:
    """What the options of reading collected; what was not given keeps the default of `ReadOptions`."""
    from tsforecast.io.options import ReadOptions

    given = {name: values[name] for name in _READING_FIELDS if values.get(name) not in (None, ())}
    return ReadOptions(**given)


def _tab(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """A tab is hard to type in a shell."""
    return "\t" if value in ("tab", "\\t") else value


def _blank(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """A blank is lost in a configuration file or a crontab more easily than a word."""
    return " " if value == "space" else value


_READING_FIELDS = (
    "time_col",
    "target_cols",
    "id_cols",
    "tz",
    "ambiguous",
    "date_format",
    "freq",
    "aggregate",
    "on_duplicate",
    "fill_gaps",
    "missing",
    "on_bad_series",
    "max_rows",
    "max_series",
    "delimiter",
    "decimal",
    "encoding",
    "skip_rows",
    "thousands",
    "comment",
    "no_header",
)
column_options = combine(
    option(
        "Columns",
        "--time-col",
        metavar="NAME",
        help="Column of the times; year,month,day,hour or date,time where they stand in several.",
        show_default="found",
    ),
    option(
        "Columns",
        "--target-col",
        "target_cols",
        metavar="NAME",
        multiple=True,
        help="Column of the values; several make each a series of its own.",
        show_default="found",
    ),
    option(
        "Columns",
        "--id-col",
        "id_cols",
        metavar="NAME",
        multiple=True,
        help="Column that names the series; may be repeated.",
        show_default="found",
    ),
)
reading_options = combine(
    option("Reading", "--tz", metavar="ZONE", help="Time zone of the times, such as Europe/Berlin."),
    option(
        "Reading",
        "--ambiguous",
        type=click.Choice(["error", "first", "last", "infer"]),
        default="error",
        show_default=True,
        help="A time that happens twice in --tz: refuse, take the first or last, or see what stands twice.",
    ),
    option(
        "Reading",
        "--date-format",
        metavar="FORMAT",
        help="Of the times, such as %d.%m.%Y, excel or epoch-s, where several fit.",
        show_default="found",
    ),
    option(
        "Reading",
        "--freq",
        metavar="FREQ",
        help="The step: hourly, 15min, D, B, W, MS, ME, QS, YE, ...",
        show_default="found",
    ),
    option(
        "Reading",
        "--aggregate",
        type=click.Choice(["sum", "mean", "last", "first", "min", "max"]),
        help="Bring finer rows onto the step in this way.",
        show_default="refuse rows off it",
    ),
    option(
        "Reading",
        "--on-duplicate",
        type=click.Choice(["error", "first", "last", "mean", "sum"]),
        default="error",
        show_default=True,
        help="When a series has a time twice: refuse, or keep this value.",
    ),
    option(
        "Reading",
        "--fill-gaps",
        type=click.Choice(["seasonal", "previous", "zero"]),
        default="seasonal",
        show_default=True,
        help="Fill missing values from a season ago, from the step before, or with zero.",
    ),
    option(
        "Reading",
        "--missing",
        metavar="TOKEN",
        multiple=True,
        help="Also means a missing value, such as -999; may be repeated.",
    ),
    option(
        "Reading",
        "--on-bad-series",
        type=click.Choice(["error", "skip"]),
        default="error",
        show_default=True,
        help="A series that is empty, irregular or mostly missing: refuse, or leave it out.",
    ),
    option("Reading", "--max-rows", type=click.IntRange(min=1), metavar="N", help="Refuse a table of more rows."),
    option("Reading", "--max-series", type=click.IntRange(min=1), metavar="N", help="Refuse more series."),
    option(
        "Reading",
        "--delimiter",
        metavar="CHAR",
        callback=_tab,
        help="Between the columns; `tab` for a tab.",
        show_default="found",
    ),
    option("Reading", "--decimal", type=click.Choice([".", ","]), help="Decimal mark.", show_default="found"),
    option("Reading", "--encoding", metavar="NAME", help="Of the text.", default="utf-8", show_default=True),
    option(
        "Reading",
        "--skip-rows",
        type=click.IntRange(min=0),
        metavar="N",
        help="Lines above the header.",
        default=0,
        show_default=True,
    ),
    option(
        "Reading",
        "--thousands",
        metavar="CHAR",
        callback=_blank,
        help="Between thousands: , or . or ' or `space`.",
        show_default="none",
    ),
    option("Reading", "--comment", metavar="CHAR", help="Leave out lines that begin with it.", show_default="none"),
    option(
        "Reading",
        "--no-header",
        is_flag=True,
        default=False,
        show_default=True,
        help="The first row holds data; the columns are called 1, 2, 3.",
    ),
)
