"""`tsforecast describe DATA`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.lines import Row
from tsforecast.cli.options import column_options, output_options, pass_console, read_options, reading_options
from tsforecast.cli.text import percent

if TYPE_CHECKING:
    from tsforecast.workflows.describe import Description

# A person reads the first screen; a program gets every series.
_PROFILE_ON_TERMINAL = 20
_PROFILE = ("rows", "missing", "zeros", "mean", "min", "max")


@click.command("describe", cls=SectionCommand)
@click.argument("data", type=click.Path(allow_dash=True))
@column_options
@reading_options
@output_options
@pass_console
def command(console: Console, /, data: str, as_json: bool, **values: Any) -> None:
    """Profile DATA: the columns found, frequency, gaps and season, and what `fit` would do with it.

    DATA is a CSV or Parquet file, or - for stdin.

    \b
    Example:
      tsforecast describe sales.csv
    """
    from tsforecast.workflows.describe import describe

    result = describe(data, read_options(values), console.report)
    for note in result.notes:
        console.note(note.kind, note.text)
    if as_json:
        console.json(result.to_dict())
    else:
        _show(result, console)


def _show(result: Description, console: Console) -> None:
    console.table(("property", "value"), _facts(result))
    profile = result.profile
    shown = profile[:_PROFILE_ON_TERMINAL] if is_terminal(sys.stdout) else profile
    click.echo()
    unnamed = ", ".join(result.target_cols)  # a single series has no id
    console.table(
        ("series", *_PROFILE),
        [(row["id"] or unnamed, *(row[key] for key in _PROFILE)) for row in shown],
    )
    if len(shown) < len(profile):
        console.info(f"{len(profile) - len(shown):,} more series are shown by --json, and when piped")


def _facts(result: Description) -> list[Row]:
    shortest, median, longest = result.lengths
    lengths = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}, median {median:,}"
    lookback = ", ".join(str(steps) for steps in result.lookback) or "too few rows to fit"
    season = f"{result.season_length} steps" if result.season_length > 1 else "none"
    if result.season_strength is not None:
        season += f", strength {result.season_strength:.2f}"
    return [
        ("file", result.file),
        ("time column", result.time_col),
        ("id columns", ", ".join(result.id_cols) or "none"),
        ("value columns", ", ".join(result.target_cols)),
        ("time zone", result.time_zone or "none"),
        ("frequency", f"{result.frequency_name} ({result.frequency_alias})"),
        ("season", season),
        ("first", result.first),
        ("last", result.last),
        ("series", result.series),
        ("rows", result.rows),
        ("rows per series", lengths),
        ("missing", f"{result.missing:,} ({percent(result.missing / result.rows)})"),
        ("horizon", result.horizon),
        ("lookback", f"the best of {lookback}" if len(result.lookback) > 1 else lookback),
    ]
