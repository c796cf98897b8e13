"""`tsforecast fit DATA`."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console
from tsforecast.cli.drawn import MOST_SERIES, show_forecast
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.cli.options.epilog import FIT_EPILOG
from tsforecast.cli.options.shared import name_option, option, output_options, pass_console, store_option
from tsforecast.cli.score_tables import show_brought, show_choices, show_errors, show_scores
from tsforecast.cli.text import seconds
from tsforecast.errors import TsforecastError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.options import DEFAULT_STORE

if TYPE_CHECKING:
    from tsforecast.workflows.fit import FitResult


@click.command("fit", cls=SectionCommand, epilog=FIT_EPILOG)
@click.argument("data", type=click.Path(allow_dash=True))
@options_of(FitOptions)
@options_of(ReadOptions)
@store_option
@name_option("the data file's name")
@option(
    "Store",
    "--resume",
    usual=True,
    is_flag=True,
    help="Go on with an interrupted training of the same data and options.",
)
@option("Store", "--report", "folder", type=click.Path(), metavar="DIR", help="Also write the scores into this folder.")
@option("Store", "--publish/--no-publish", default=True, help="Whether the model enters service.", show_default=True)
@output_options
@pass_console
def command(
    console: Console,
    /,
    data: str,
    store: str,
    name: str | None,
    resume: bool,
    folder: str | None,
    publish: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Train a model on DATA and put it into service.

    DATA is a CSV or Parquet file, or - for stdin. Columns, frequency and settings that are not given are found in the
    data; -v shows every choice with its reason. A first forecast stands there within seconds, before networks train.

    \b
    Example:
      tsforecast fit sales.csv --horizon 14
    """
    options = collect(FitOptions, values)
    _check_files(data, folder, store, name, as_json=as_json)
    from tsforecast.workflows.fit import fit

    result = fit(
        data,
        options=options,
        reading=collect(ReadOptions, values),
        store=store,
        name=name,
        resume=resume,
        publish=publish,
        report=console.report,
    )
    if folder is not None:
        from tsforecast.reports.fit import write_report

        write_report(result, folder)
    _show(result, console, store)
    if as_json:
        console.json(result.to_dict())


def _check_files(data: str, folder: str | None, store: str, name: str | None, *, as_json: bool) -> None:
    """Refuse what the report cannot be written to, or must not overwrite."""
    from tsforecast.files import check_folder
    from tsforecast.reports.fit import report_files
    from tsforecast.workflows.clashes import refuse_training_clashes

    writes = [("--json", "-" if as_json else None)]
    writes += [("--report", str(path)) for path in (report_files(folder) if folder is not None else ())]
    refuse_training_clashes(data, writes, store=store, name=name, configs=config_files())
    if folder is not None:
        check_folder(folder)


def _show(result: FitResult, console: Console, store: str) -> None:
    """Sentences, then one table; everything else with -v."""
    from tsforecast.workflows.fit_words import sentences

    for note in result.notes:
        console.note(note.kind, note.text)
    if console.verbose:
        _show_details(result, console)
    for sentence in sentences(result):
        console.info(sentence)
    if result.version:
        console.success(f"Published as version {result.version} of {result.name} after {seconds(result.seconds)}.")
        console.command("next", _next_command(result, store))
    else:
        console.info("Nothing was published; without --no-publish the model enters service.")
    show_errors(console, result.scores, result.model, several=result.series > 1)
    if result.version and console.can_draw and result.series <= MOST_SERIES:
        _show_forecast(result, console, store)


def _show_details(result: FitResult, console: Console) -> None:
    console.info(
        f"{result.name}: {result.series:,} series, {result.rows:,} values, {result.frequency_name}; "
        f"horizon {result.horizon}, lookback {result.lookback}"
    )
    show_choices(console, [(choice.name, choice.value, choice.reason) for choice in result.choices], err=True)
    show_brought(console, [asdict(one) for one in result.brought], err=True)
    show_scores(console, result.scores, err=True)
    console.info(result.verdict)
    console.info(result.training_rows)
    if result.path:
        console.info(f"stored in {result.path}")


def _show_forecast(result: FitResult, console: Console, store: str) -> None:
    """On a terminal, a small picture of what `predict` makes of the model."""
    from contextlib import suppress

    from tsforecast.workflows.predict import predict

    # Such as columns known ahead, of which the table has no later rows: `predict` says so, and the fit has gone well.
    with suppress(TsforecastError):
        show_forecast(console, predict(store=store, name=result.name, version=result.version))


def _next_command(result: FitResult, store: str) -> str:
    words = ["tsforecast", "predict", "--name", result.name, "--plot", f"{result.name}.png"]
    return shlex.join(words if store == DEFAULT_STORE else [*words, "--store", store])
