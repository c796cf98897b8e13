"""`tsforecast backtest DATA`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.cli.options.drawing import Drawing, dark_option, drawn_series, plot_option, report_option
from tsforecast.cli.options.epilog import FIT_EPILOG
from tsforecast.cli.options.shared import option, output_options, pass_console, store_option
from tsforecast.cli.score_tables import show_backtest, windows_in_words
from tsforecast.cli.text import seconds
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.backtest.settings import BacktestSettings

if TYPE_CHECKING:
    from tsforecast.fitting.folds import Folds
    from tsforecast.series.panel import Panel
    from tsforecast.workflows.backtest.forecasts import Forecasts
    from tsforecast.workflows.backtest.run import BacktestResult

_WORST = 5


@click.command("backtest", cls=SectionCommand, epilog=FIT_EPILOG, goes_on=True)
@click.argument("data", type=click.Path(allow_dash=True))
@options_of(BacktestSettings)
@options_of(FitOptions)
@options_of(ReadOptions)
@option(
    "Output",
    "--forecasts",
    "output",
    type=click.Path(),
    metavar="FILE",
    help="Write all forecasts, with cutoff, y_true and bounds.",
)
@plot_option("the forecasts at the cutoffs over what happened, and the error by step")
@dark_option
@drawn_series("the largest MASE")
@report_option
@store_option
@output_options
@pass_console
def command(
    console: Console,
    /,
    data: str,
    output: str | None,
    page: str | None,
    store: str,
    as_json: bool,
    **values: Any,
) -> None:
    """Score forecasts that are made at cutoffs of the past, from what was known there.

    The model is fitted anew before every window, with choices and calibration of its own, and compared with the simple
    models on the same windows. Nothing is published.

    A run that was killed goes on when the same command is run again: the fits that are done are kept in the store until
    all are.

    \b
    Example:
      tsforecast backtest sales.csv --windows 12 --horizon 14
      tsforecast backtest sales.csv --model gru --refit never --report page.html
    """
    settings, options = collect(BacktestSettings, values), collect(FitOptions, values)
    drawing = collect(Drawing, values)
    from tsforecast.files import check_files
    from tsforecast.workflows.backtest.forecasts import check_forecasts_file
    from tsforecast.workflows.backtest.run import backtest
    from tsforecast.workflows.clashes import refuse_clashes

    writes = [("--json", "-" if as_json else None), ("--forecasts", output)]
    writes += [("--plot", drawing.plot), ("--report", page)]
    refuse_clashes([("DATA", data), *config_files()], writes)
    check_forecasts_file(output)
    check_files(drawing.plot, page)
    drawing.check_drawable()
    result, forecasts = backtest(
        data,
        settings=settings,
        options=options,
        reading=collect(ReadOptions, values),
        output=output,
        store=store,
        check=lambda found, folds: _check_drawn(drawing, found.panel, folds),
        report=console.report,
    )
    if as_json:
        console.json(result.to_dict())
    else:
        _show(result, console)
    if output is not None:
        console.info(f"wrote the forecasts to {output}")
    _draw(result, forecasts, drawing, page, console)


def _check_drawn(drawing: Drawing, panel: Panel, folds: Folds) -> None:
    """Refuse what cannot be drawn of the table, before the long work."""
    drawing.check_used()
    if drawing.plot is not None:
        from tsforecast.reports.plots.backtest import MOST, check_drawn
        from tsforecast.reports.plots.page import MOST as ON_A_PAGE
        from tsforecast.reports.plots.write import is_page

        check_drawn(panel, folds, drawing.drawn, ON_A_PAGE if is_page(drawing.plot) else MOST)


def _draw(result: BacktestResult, forecasts: Forecasts, drawing: Drawing, page: str | None, console: Console) -> None:
    """The picture and the page, where these are asked for."""
    if drawing.plot is not None:
        from tsforecast.reports.plots.backtest import draw_backtest

        draw_backtest(result, forecasts, drawing.plot, names=drawing.drawn, pick=drawing.pick, dark=drawing.plot_dark)
        console.success(f"drew {drawing.plot}")
    if page is not None:
        from tsforecast.reports.backtest import backtest_report
        from tsforecast.reports.writing import format_of, write_report

        write_report(backtest_report(result, forecasts), page, format_of(page))
        console.success(f"wrote the report to {page}")


def _show(result: BacktestResult, console: Console) -> None:
    late = f", the last {result.gap} rows before each cutoff unknown" if result.gap else ""
    console.info(f"{windows_in_words(result)}{late}; fitted {_times(result.fits)}")
    show_backtest(console, result.scores, result.metric_season)
    worst = result.by_series[result.model][:_WORST]
    if result.series > 1:
        console.table(
            ("series", "MAE", "MASE"),
            [(row["id"], row["mae"], row["mase"]) for row in worst],
            title=f"The series with the largest MASE of {result.model}",
        )
    console.info(result.verdict)
    console.success(f"done after {seconds(result.seconds)}")


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count:,} times"
