"""`tsforecast score [DATA]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.cli.options.shared import (
    name_option,
    option,
    output_options,
    pass_console,
    store_option,
    trust_option,
)
from tsforecast.cli.text import Row, number, percent
from tsforecast.io.messages import counted
from tsforecast.io.options import READING, ReadOptions
from tsforecast.workflows.score.settings import ScoreLimits, ScoreSettings

if TYPE_CHECKING:
    from tsforecast.workflows.score.run import ScoreResult

_WORST = 5  # series that are shown
_STEPS = 12  # of the horizon that are shown on a terminal
_METRICS = ("MAE", "RMSE", "bias", "WAPE", "MASE")


class _Table(NamedTuple):
    """Rows of metrics with a label each; `column` is what the labels are, empty where there is a single row."""

    title: str
    column: str
    rows: list[tuple[str, dict[str, Any]]]


@click.command("score", cls=SectionCommand)
@click.argument("data", type=click.Path(allow_dash=True), required=False)
@options_of(ScoreSettings)
@options_of(ScoreLimits)
@option(
    "Output",
    "--forecasts",
    "output",
    usual=True,
    type=click.Path(),
    metavar="FILE",
    help="Write every forecast that is scored, with cutoff, version, y_true and bounds.",
)
@store_option
@name_option("the one published last")
@trust_option
@options_of(ReadOptions, READING)
@output_options
@pass_console
@click.pass_context
def command(
    ctx: click.Context,
    console: Console,
    /,
    data: str | None,
    output: str | None,
    store: str,
    name: str | None,
    trusted: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Score the forecasts that were made, now that it is known what happened.

    DATA is the table with what happened, in the columns that the model was fitted on. It is compared with the forecasts
    that were noted by `tsforecast predict sales.csv --ledger -o forecast.csv`: by step of the horizon, age and version
    of the model, over time. What happened is kept beside the forecasts; where a value is revised later, both. Without
    DATA, what was kept counts. With --quiet nothing is shown but what is wrong.

    \b
    Exit status: 0 within the limits, or nothing has happened yet; 4 outside a limit; 66 nothing was noted.
    Example:
      tsforecast score sales.csv --newest 28 --max-mase 1.2 --quiet
    """
    settings, limits = collect(ScoreSettings, values), collect(ScoreLimits, values)
    from tsforecast.workflows.clashes import refuse_clashes

    writes = [("--json", "-" if as_json else None), ("--forecasts", output)]
    refuse_clashes([("DATA", data), *config_files()], writes, store=store, name=name)
    from tsforecast.workflows.score.run import score

    result = score(
        data,
        settings=settings,
        limits=limits,
        reading=collect(ReadOptions, values) if data is not None else None,
        store=store,
        name=name,
        output=output,
        trusted=trusted,
        report=console.report,
    )
    if as_json:
        console.json(result.to_dict())
    elif not result.scores:
        console.info(f"{result.name}: nothing to score; {result.waiting:,} forecasts are of times not known yet")
    elif not console.quiet:
        _show(result, console)
    if output is not None:
        console.success(f"wrote {len(result.rows):,} forecasts to {output}")
    for text in result.outside:
        console.error(f"{result.name}: {text}")
    ctx.exit(result.exit_code)


def _show(result: ScoreResult, console: Console) -> None:
    forecasts = counted(int(result.scores["forecasts"]), "forecast")
    console.info(
        f"{result.name}: {forecasts} of {counted(result.runs, 'run')} from {result.first} to {result.last}, "
        f"scored on {result.file}"
    )
    levels = [f"{level:g}" for level in result.levels]
    header = ("forecasts", *_METRICS, *(f"cov {level}" for level in levels))
    tables = list(_tables(result))
    if is_terminal(sys.stdout):
        for title, column, part in tables:
            labelled = [(*([label] if column else []), *_cells(row, levels, exact=False)) for label, row in part]
            console.table((*([column] if column else []), *header), labelled, title=title)
    else:
        rows = [
            (column or "all", label, *_cells(row, levels, exact=True))
            for _, column, part in tables
            for label, row in part
        ]
        console.table(("by", "group", *header), rows)
    if len(result.by_series) > 1 and is_terminal(sys.stdout):
        worst = [(row["id"], row["forecasts"], row["mae"], row["mase"]) for row in result.by_series[:_WORST]]
        console.table(("series", "forecasts", "MAE", "MASE"), worst, title="The series with the largest MASE")
    console.info(result.verdict)


def _tables(result: ScoreResult) -> Iterator[_Table]:
    """The tables; one that would say what the first says is left out."""
    yield _Table("All forecasts", "", [("", result.scores)])
    every = -(-len(result.by_step) // _STEPS) if is_terminal(sys.stdout) else 1
    title = "By step of the horizon" + (f", one of {every}" if every > 1 else "")
    tables = (
        _Table(title, "step", [(str(row["step"]), row) for row in result.by_step[::every]]),
        _Table("By age of the model when it made them", "age", [(row["age"], row) for row in result.by_age]),
        _Table("By version", "version", [(str(row["version"]), row) for row in result.by_version]),
        _Table("Over time", "from", [(row["from"], row) for row in result.by_period]),
    )
    yield from (table for table in tables if len(table.rows) > 1)


def _cells(row: dict[str, Any], levels: list[str], *, exact: bool) -> Row:
    values = [row[name] for name in ("mae", "rmse", "bias", "wape", "mase")]
    covered = [row[f"coverage_{level}"] for level in levels]
    if exact:
        return (row["forecasts"], *values, *covered)
    mae, rmse, bias, wape, mase = values
    return (
        row["forecasts"],
        number(mae),
        number(rmse),
        number(bias),
        percent(wape / 100),
        number(mase),
        *map(percent, covered),
    )
