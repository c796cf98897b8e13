"""`tsforecast describe DATA`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.cli.options.shared import option, output_options, pass_console
from tsforecast.cli.text import Row, percent
from tsforecast.io.options import ReadOptions

if TYPE_CHECKING:
    from tsforecast.workflows.describe import Description

# A person reads the first screen; a program gets every series.
_SERIES_ON_TERMINAL = 12
_PROFILE = ("rows", "first", "last", "missing", "zeros", "mean", "min", "max")


@click.command("describe", cls=SectionCommand)
@click.argument("data", type=click.Path(allow_dash=True))
@options_of(ReadOptions)
@option(
    "Output",
    "--write",
    "write_to",
    usual=True,
    type=click.Path(),
    metavar="FILE",
    help="Write the series as they were understood into a .csv.",
)
@option(
    "Output",
    "--explain",
    usual=True,
    is_flag=True,
    help="List the readings of the table that were considered, and why not.",
)
@output_options
@pass_console
def command(console: Console, /, data: str, write_to: str | None, explain: bool, as_json: bool, **values: Any) -> None:
    """Say how DATA is understood: its columns, frequency, gaps and season, and what `fit` would do with it.

    DATA is a CSV or Parquet file, a workbook, or - for stdin.

    \b
    Example:
      tsforecast describe sales.csv
      tsforecast describe sales.csv --explain
      tsforecast describe sales.csv --write clean.csv
    """
    from tsforecast.workflows.clashes import refuse_clashes
    from tsforecast.workflows.describe import describe

    writes = [("--json", "-" if as_json else None), ("--write", write_to)]
    refuse_clashes([("DATA", data), *config_files()], writes)
    result = describe(data, collect(ReadOptions, values), console.report, write_to=write_to)
    on_page = not as_json and is_terminal(sys.stdout)
    for note in () if on_page else result.notes:
        console.note(note.kind, note.text)
    if as_json:
        console.json(result.to_dict())
    elif on_page:
        _show_page(result, console, explain)
    else:
        _print_tables(result, console, explain)
    _say_written(result, console)


def _show_page(result: Description, console: Console, explain: bool) -> None:
    """For a person: sentences, and a table of the first series."""
    from tsforecast.reports.describe import page, series_table

    console.page(lambda width: page(result, width, explain=explain))
    header, rows = series_table(result, _SERIES_ON_TERMINAL)
    click.echo()
    console.table(header, rows)
    if len(rows) < len(result.profile):
        console.info(f"{len(result.profile) - len(rows):,} more series are shown by --json, and when piped")


def _print_tables(result: Description, console: Console, explain: bool) -> None:
    """For a program: all facts, all series, and the readings on request."""
    console.table(("property", "value"), _facts(result))
    click.echo()
    unnamed = ", ".join(result.target_cols)  # a single series has no id
    console.table(
        ("series", *_PROFILE),
        [(row["id"] or unnamed, *(row[key] for key in _PROFILE)) for row in result.profile],
    )
    if explain:
        click.echo()
        console.table(
            ("part", "taken", "reading", "evidence"),
            [(one.part, "yes" if one.taken else "no", one.reading, one.evidence) for one in result.readings],
        )


def _say_written(result: Description, console: Console) -> None:
    written = result.written
    if written is None:
        return
    said = f"the series are written to {written.file}: an ISO time and the observed values"
    if not written.same:
        console.warning(f"{said}; read again, the file gives other series")
    elif written.options:
        console.command(f"{said}; read them with", written.options)
    else:
        console.info(f"{said}, which read as the same series without an option")


def _facts(result: Description) -> list[Row]:
    shortest, median, longest = result.lengths
    lengths = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}, median {median:,}"
    lookback = ", ".join(str(steps) for steps in result.lookback) or "too few rows to fit"
    from tsforecast.reports.describe import regular_in_words, season_in_words, text_in_words

    return [
        ("file", result.file),
        *([("text", text_in_words(result.text))] if result.text else []),
        ("rows of the table", result.table_rows),
        ("time column", result.time_col),
        ("id columns", ", ".join(result.id_cols) or "none"),
        ("value columns", ", ".join(result.target_cols)),
        *_covariates(result),
        ("columns not used", _unused(result) or "none"),
        ("time zone", result.time_zone or "none"),
        ("frequency", f"{result.frequency_name} ({result.frequency_alias})"),
        ("regular steps", regular_in_words(result.regular_share)),
        ("season", season_in_words(result)),
        ("first", result.first),
        ("last", result.last),
        ("series", result.series),
        ("rows", result.rows),
        ("rows per series", lengths),
        ("missing", f"{result.missing:,} ({percent(result.missing / result.rows)})"),
        ("gaps", _gaps(result)),
        ("repeated times", result.repeats),
        ("range", f"{result.lowest:.10g} to {result.highest:.10g}"),
        ("horizon", result.horizon),
        ("lookback", f"the best of {lookback}" if len(result.lookback) > 1 else lookback),
    ]


def _covariates(result: Description) -> list[Row]:
    from tsforecast.reports.describe import holidays_in_words, offered_in_words, steps_ahead_in_words

    late = [f"{name} {steps} steps late" for name, steps in result.lags.items()]
    ahead = ", ".join(result.future_cols)
    rows = [
        ("known up to now", ", ".join((*(name for name in result.past_cols if name not in result.lags), *late))),
        ("known ahead", f"{ahead} ({steps_ahead_in_words(result)})" if ahead else ""),
        ("of each series", ", ".join((*result.static_cols, *result.category_cols))),
        ("holidays", holidays_in_words(result.holidays) if result.holidays else ""),
        ("calendar", ", ".join(result.calendar)),
        ("may be measured afterwards", ", ".join(leak.column for leak in result.leaks)),
        ("could be used", offered_in_words(result)),
    ]
    return [(name, columns) for name, columns in rows if columns]


def _unused(result: Description) -> str:
    return ", ".join(f"{column['name']} ({column['why']})" for column in result.columns if column["role"] == "unused")


def _gaps(result: Description) -> str:
    gap = result.longest_gap
    if gap is None:
        return "none"
    steps = "1 step" if gap.steps == 1 else f"{gap.steps:,} steps"
    of_series = f" in {gap.id}" if gap.id else ""
    return f"{result.gaps:,}, the longest {steps} from {gap.first} to {gap.last}{of_series}"
