"""`tsforecast compare DATA`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.cli.options.drawing import Drawing, dark_option, plot_option, report_option
from tsforecast.cli.options.epilog import FIT_EPILOG
from tsforecast.cli.options.shared import name_option, option, output_options, pass_console, store_option
from tsforecast.cli.score_tables import show_comparison, windows_in_words
from tsforecast.cli.text import seconds
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.backtest.settings import BacktestSettings

if TYPE_CHECKING:
    from tsforecast.workflows.backtest.compare import CompareResult
    from tsforecast.workflows.backtest.forecasts import Forecasts

_MODELS = "auto,gru,linear,seasonal-naive"


@click.command("compare", cls=SectionCommand, epilog=FIT_EPILOG, goes_on=True)
@click.argument("data", type=click.Path(allow_dash=True))
@option(
    "Model",
    "--models",
    usual=True,
    default=_MODELS,
    show_default=True,
    metavar="LIST",
    help="Models to compare; --help lists all.",
)
@options_of(BacktestSettings)
@options_of(FitOptions, without=("model",))
@options_of(ReadOptions)
@option("Output", "--forecasts", "output", type=click.Path(), metavar="FILE", help="Write all forecasts of all models.")
@plot_option("the skill of each model, and which are a tie")
@dark_option
@report_option
@option("Store", "--publish", usual=True, is_flag=True, help="Fit the best one on all rows and put it into service.")
@store_option
@name_option("the data file's name")
@output_options
@pass_console
def command(
    console: Console,
    /,
    data: str,
    models: str,
    output: str | None,
    page: str | None,
    publish: bool,
    store: str,
    name: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Compare models on the same windows of the past, each fitted from what was known there.

    The best is named, and those that chance may have put behind it. A run that was killed goes on when the same command
    is run again.

    \b
    Example:
      tsforecast compare sales.csv --models auto,lstm,linear --windows 12
      tsforecast compare sales.csv --refit never --publish --report models.html
    """
    settings, options = collect(BacktestSettings, values), collect(FitOptions, values)
    reading, drawing = collect(ReadOptions, values), collect(Drawing, values)
    from tsforecast.files import check_files
    from tsforecast.workflows.backtest.compare import check_models, compare
    from tsforecast.workflows.backtest.forecasts import check_forecasts_file
    from tsforecast.workflows.clashes import refuse_clashes, refuse_training_clashes

    names = check_models([word.strip() for word in models.split(",") if word.strip()])
    writes = [("--json", "-" if as_json else None), ("--forecasts", output)]
    writes += [("--plot", drawing.plot), ("--report", page)]
    if publish:
        refuse_training_clashes(data, writes, store=store, name=name, configs=config_files())
    else:
        refuse_clashes([("DATA", data), *config_files()], writes)
    check_forecasts_file(output)
    check_files(drawing.plot, page)
    drawing.check_drawable()
    result, forecasts = compare(
        data,
        models=names,
        settings=settings,
        options=options,
        reading=reading,
        output=output,
        store=store,
        report=console.report,
    )
    if as_json:
        console.json(result.to_dict())
    else:
        _show(result, console)
    if output is not None:
        console.info(f"wrote the forecasts to {output}")
    _draw(result, forecasts, drawing, page, console)
    if publish:
        _publish(result, data, options, reading, store, name, console)


def _show(result: CompareResult, console: Console) -> None:
    console.info(windows_in_words(result))
    show_comparison(console, result.scores, result.metric_season)
    console.info(result.test)
    console.info(result.verdict)
    console.success(f"done after {seconds(result.seconds)}")


def _draw(result: CompareResult, forecasts: Forecasts, drawing: Drawing, page: str | None, console: Console) -> None:
    """The picture and the page, where these are asked for."""
    if drawing.plot is not None:
        from tsforecast.reports.plots.compare import draw_comparison

        draw_comparison(result, forecasts, drawing.plot, dark=drawing.plot_dark)
        console.success(f"drew {drawing.plot}")
    if page is not None:
        from tsforecast.reports.comparison import comparison_report
        from tsforecast.reports.writing import format_of, write_report

        write_report(comparison_report(result, forecasts), page, format_of(page))
        console.success(f"wrote the report to {page}")


def _publish(
    result: CompareResult,
    data: str,
    options: FitOptions,
    reading: ReadOptions,
    store: str,
    name: str | None,
    console: Console,
) -> None:
    from dataclasses import replace

    from tsforecast.workflows.fit import fit

    chosen = replace(options, model=result.best)
    fitted = fit(data, options=chosen, reading=reading, store=store, name=name, report=console.report)
    console.success(f"published {result.best} as {fitted.name} version {fitted.version} in {fitted.path}")
