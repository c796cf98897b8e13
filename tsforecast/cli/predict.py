"""`tsforecast predict [DATA]`."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import click

from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options import (
    ending,
    name_option,
    option,
    output_options,
    pass_console,
    read_options,
    reading_options,
    store_option,
)


@click.command("predict", cls=SectionCommand)
@click.argument("data", type=click.Path(allow_dash=True), required=False)
@option("Forecast", "--horizon", type=int, metavar="N", help="Steps to forecast.", show_default="as trained")
@option(
    "Forecast",
    "--level",
    "levels",
    type=float,
    multiple=True,
    default=(80, 95),
    show_default=True,
    metavar="PERCENT",
    help="Of the intervals; may be repeated.",
)
@option(
    "Output",
    "-o",
    "--output",
    type=click.Path(allow_dash=True),
    metavar="FILE",
    callback=ending(".csv", ".parquet", ".jsonl", ".ndjson"),
    help="Where the forecast goes: .csv, .parquet or .jsonl.",
    show_default="CSV on stdout",
)
@option(
    "Output",
    "--plot",
    type=click.Path(),
    metavar="FILE",
    callback=ending(".png", ".svg"),
    help="Draw history and forecast: .png or .svg.",
)
@store_option
@name_option("the one published last")
@option("Store", "--version", type=int, metavar="N", help="Version of the model.", show_default="the one in service")
@reading_options
@output_options
@pass_console
def command(
    console: Console,
    /,
    data: str | None,
    horizon: int | None,
    levels: tuple[float, ...],
    output: str | None,
    plot: str | None,
    store: str,
    name: str | None,
    version: int | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Forecast with the model in service.

    Without DATA the forecast continues the data that the model was fitted on. With DATA, a CSV or Parquet file or - for
    stdin, it continues that.

    \b
    Example:
      tsforecast predict -o forecast.csv --plot forecast.png
    """
    _use_one_thread()
    from tsforecast.workflows.predict import predict

    result = predict(
        data,
        store=store,
        name=name,
        version=version,
        horizon=horizon,
        levels=levels,
        reading=read_options(values) if data is not None else None,
        report=console.report,
    )
    for note in result.notes:
        console.note(note.kind, note.text)
    if plot is not None:
        from tsforecast.io.plots import plot_forecast

        # It warns of its caches, as on its first run or under a user without a home.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        title = f"{result.name}: {result.horizon} steps by {result.model}, version {result.version}"
        plot_forecast(result.history, result.forecast, result.schema, plot, title=title)
        console.success(f"drew {plot}")
    if output is not None or not as_json:
        from tsforecast.io.forecasts import write_forecast

        if as_json or plot is not None:
            blocks = iter([result.forecast])  # it is there as a whole already
        elif output in (None, "-") and is_terminal(sys.stdout):
            blocks = result.blocks()  # whoever sees the rows needs no bar between them
        else:
            blocks = result.blocks(console.report)
        write_forecast(blocks, result.schema, result.history.frequency, output)
    if output not in (None, "-"):
        console.success(f"wrote {result.rows:,} rows to {output} from {result.name} version {result.version}")
    if as_json:
        console.json(result.to_dict())


def _use_one_thread() -> None:
    """Keep NumPy's OpenBLAS to one thread, unless the user has chosen a number.

    The products of a small network are over so soon that a second thread saves an eighth of the time. On a machine that
    has other work its threads wait for each other, and the forecast takes several times as long.
    """
    if "numpy" not in sys.modules:  # it reads the variable when it is loaded
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
