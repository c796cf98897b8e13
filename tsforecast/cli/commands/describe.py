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
_PROFILE_ON_TERMINAL = 50
_DELIMITERS = {"\t": "tab", " ": "blank"}
_PROFILE = ("rows", "first", "last", "missing", "zeros", "mean", "min", "max")


@click.command("describe", cls=SectionCommand)
@click.argument("data", type=click.Path(allow_dash=True))
@options_of(ReadOptions)
@option("Output", "--write", "write_to", metavar="FILE", help="Write the series as they were understood into a .csv.")
@output_options
@pass_console
def command(console: Console, /, data: str, write_to: str | None, as_json: bool, **values: Any) -> None:
    """Profile DATA: the columns found, frequency, gaps and season, and what `fit` would do with it.

    DATA is a CSV or Parquet file, or - for stdin.

    \b
    Example:
      tsforecast describe sales.csv
      tsforecast describe sales.csv --write clean.csv
    """
    from tsforecast.workflows.clashes import refuse_clashes
    from tsforecast.workflows.describe import describe

    writes = [("--json", "-" if as_json else None), ("--write", write_to)]
    refuse_clashes([("DATA", data), *config_files()], writes)
    result = describe(data, collect(ReadOptions, values), console.report, write_to=write_to)
    for note in result.notes:
        console.note(note.kind, note.text)
    if write_to is not None:
        console.info(f"the series are written to {write_to}: an ISO time and one observed value a row")
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
        *([("text", _text(result.text))] if result.text else []),
        ("rows of the table", result.table_rows),
        ("time column", result.time_col),
        ("id columns", ", ".join(result.id_cols) or "none"),
        ("value columns", ", ".join(result.target_cols)),
        *_covariates(result),
        ("columns not used", _unused(result) or "none"),
        ("time zone", result.time_zone or "none"),
        ("frequency", f"{result.frequency_name} ({result.frequency_alias})"),
        ("regular steps", _regular(result.regular_share)),
        ("season", season),
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


def _regular(share: float | None) -> str:
    if share is None:
        return "none"
    shown = percent(share)
    return f"nearly {shown}" if share < 1 and shown == percent(1) else shown


def _text(text: dict[str, Any]) -> str:
    delimiter = _DELIMITERS.get(text["delimiter"], text["delimiter"])
    parts = [
        text["encoding"] + (" with byte order mark" if text["byte_order_mark"] else ""),
        f"delimiter {delimiter}",
        f"decimal {text['decimal']}",
        "quotes" if text["quotes"] else "no quotes",
        f"line ends {text['line_ends']}",
        *(["compressed"] if text["compressed"] else []),
    ]
    return "; ".join(parts)


def _covariates(result: Description) -> list[Row]:
    least, most = result.known_ahead
    ahead = f" (for {least if least == most else f'{least} to {most}'} steps)"
    rows = [
        ("known up to now", ", ".join(result.past_cols)),
        ("known ahead", ", ".join(result.future_cols) + ahead * bool(result.future_cols)),
        ("of each series", ", ".join((*result.static_cols, *result.category_cols))),
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
