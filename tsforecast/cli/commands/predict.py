"""`tsforecast predict [DATA]`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.drawn import MOST_SERIES, show_forecast, show_joint, show_table
from tsforecast.cli.groups import SectionCommand, typed_line
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.cli.options.drawing import Drawing, dark_option, drawn_series, plot_ending
from tsforecast.cli.options.forecasting import forecast_ending, level_option
from tsforecast.cli.options.shared import (
    name_option,
    option,
    output_options,
    pass_console,
    store_option,
    trust_option,
)
from tsforecast.cli.options.types import CHANGE_OR_PATH, DURATION, Choice, Number
from tsforecast.errors import InputMissingError
from tsforecast.forecast import NOTHING_JOINT
from tsforecast.io.options import READING, ReadOptions
from tsforecast.io.writing.forecasts import ON_STDOUT, endings_in_words
from tsforecast.options import DEFAULT_STORE

if TYPE_CHECKING:
    from tsforecast.workflows.predict import PredictResult


@click.command("predict", cls=SectionCommand)
@click.argument("data", type=click.Path(allow_dash=True), required=False)
@option(
    "Forecast", "--horizon", usual=True, type=int, metavar="N", help="Steps to forecast.", show_default="as trained"
)
@level_option
@option(
    "Forecast",
    "--future-file",
    usual=True,
    type=click.Path(),
    metavar="FILE",
    help="Table of the columns known ahead; without it, the rows of DATA that have no value.",
    show_default="none",
)
@option(
    "Forecast",
    "--what-if",
    usual=True,
    type=CHANGE_OR_PATH,
    multiple=True,
    metavar="COL=CHANGE|FILE",
    help="Another scenario beside the forecast: a column known ahead with other values (price=+10%, price=-2, "
    "price=12.5), or a table as for --future-file; may be repeated.",
    show_default="none",
)
@option(
    "Forecast",
    "--calibration",
    type=Choice(("living", "fixed")),
    default="living",
    show_default=True,
    help="Of the intervals: living ones learn from what has happened in DATA since the fit.",
)
@option(
    "Forecast",
    "--total",
    is_flag=True,
    help="A row for the total of the horizon in place of a row for each step, with intervals of its own.",
)
@option(
    "Forecast",
    "--above",
    type=Number(),
    metavar="X",
    help="Add how likely each value, or total, lies above X.",
    show_default="none",
)
@option(
    "Output",
    "-o",
    "--output",
    usual=True,
    type=click.Path(allow_dash=True),
    metavar="FILE",
    callback=forecast_ending,
    help=f"Where the forecast goes: {endings_in_words()}.",
    show_default=f"{ON_STDOUT.name} on stdout",
)
@option(
    "Output",
    "--plot",
    usual=True,
    type=click.Path(),
    metavar="FILE",
    callback=plot_ending,
    help="Draw history and forecast: .png, .svg, .pdf, or .html to zoom into.",
)
@option(
    "Output", "--plot-title", metavar="TEXT", help="Above the picture.", show_default="such as Sales, next 12 months"
)
@option("Output", "--plot-unit", metavar="TEXT", help="Beside its numbers.", show_default="the column of the values")
@dark_option
@drawn_series("the widest intervals for their size", only=True)
@option(
    "Output",
    "--raw-ids",
    is_flag=True,
    help="Leave ids in CSV as they are, though a spreadsheet may take one for a formula.",
)
@store_option
@name_option("the one published last")
@option("Store", "--version", type=int, metavar="N", help="Version of the model.", show_default="the one in service")
@option(
    "Limits",
    "--max-age",
    type=DURATION,
    help="Fail when the model was published, or the newest row of the data is, longer ago: 90s, 45m, 26h, 7d.",
    show_default="none",
)
@option(
    "Store",
    "--fallback",
    is_flag=True,
    help="Where the version is damaged, take the newest older one that is sound.",
)
@option(
    "Store",
    "--ledger",
    is_flag=True,
    help="Note the forecast in the ledger of the model, so that `tsforecast score` can tell how good it was.",
)
@trust_option
@options_of(ReadOptions, READING)
@output_options
@pass_console
def command(
    console: Console,
    /,
    data: str | None,
    horizon: int | None,
    levels: tuple[float, ...],
    future_file: str | None,
    what_if: tuple[str, ...],
    calibration: Literal["living", "fixed"],
    total: bool,
    above: float | None,
    output: str | None,
    raw_ids: bool,
    store: str,
    name: str | None,
    version: int | None,
    max_age: float | None,
    fallback: bool,
    ledger: bool,
    trusted: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Forecast with the model in service.

    Without DATA the forecast continues the data that the model was fitted on. With DATA, a CSV or Parquet file or - for
    stdin, it continues that. A terminal shows a table and a small picture; files and pipes get CSV, as does -o -.

    \b
    Example:
      tsforecast predict -o forecast.csv --plot forecast.png
    """
    drawing = collect(Drawing, values)
    from tsforecast.workflows.clashes import refuse_clashes
    from tsforecast.workflows.predict import predict
    from tsforecast.workflows.what_if import scenario_files

    reads = [("DATA", data), ("--future-file", future_file), *(("--what-if", file) for file in scenario_files(what_if))]
    writes = [("--json", "-" if as_json else None), ("--plot", drawing.plot)]
    writes += [("--output", output if output is not None or as_json else "-")]
    refuse_clashes([*reads, *config_files()], writes, store=store, name=name)
    _refuse_model_name(data, store)
    drawing.check_drawable()
    result = predict(
        data,
        store=store,
        name=name,
        version=version,
        horizon=horizon,
        levels=levels,
        reading=collect(ReadOptions, values) if data is not None or future_file is not None or what_if else None,
        max_age=max_age,
        fallback=fallback,
        trusted=trusted,
        future=future_file,
        what_if=what_if or None,
        calibration=calibration,
        total=total,
        above=above,
        series=drawing.drawn,
        report=console.report,
    )
    for note in result.notes:
        console.note(note.kind, note.text)
    if ledger:
        _note(result, (output, drawing.plot), console, store=store, trusted=trusted)
    _draw(result, drawing, console)
    few = result.recent.n_series <= MOST_SERIES
    in_terminal = few and console.can_draw
    if output is None and not as_json and few and is_terminal(sys.stdout):
        _show(result, drawing, console)
    elif output is not None or not as_json:
        made = as_json or ledger or drawing.plot is not None or in_terminal
        _write(result, output, console, raw_ids=raw_ids, made=made)
    if as_json:
        console.json(result.to_dict())
    if in_terminal:
        show_forecast(console, result, drawing.drawn, drawing.pick)
        if output is None:
            console.command("next", typed_line(click.get_current_context(), "-o", f"{result.name}-forecast.csv"))


def _refuse_model_name(data: str | None, store: str) -> None:
    """Say how a model is named where its name was given as DATA."""
    from tsforecast.store.layout import is_name, versions_folder

    if data and is_name(data) and not Path(data).exists() and versions_folder(Path(store) / data).is_dir():
        words = ["tsforecast", "predict", "--name", data, *([] if store == DEFAULT_STORE else ["--store", store])]
        raise InputMissingError("there is no such file", hint=f"to use that model: {shlex.join(words)}", file=data)


def _note(result: PredictResult, files: tuple[str | None, ...], console: Console, *, store: str, trusted: bool) -> None:
    """Note the forecast before anybody can use it: one in use that nobody scores is worse than one that nobody got."""
    from tsforecast.files import check_file
    from tsforecast.io.writing.forecasts import format_of
    from tsforecast.workflows.score.noting import note_forecast

    format_of(files[0])
    for path in files:
        if path not in (None, "-"):
            check_file(str(path))
    note_forecast(result, store=store, trusted=trusted)
    console.info(f"noted {result.steps:,} forecasts in the ledger of {result.name}")


def _draw(result: PredictResult, drawing: Drawing, console: Console) -> None:
    """The picture, where one is asked for."""
    if drawing.plot is None:
        return
    from tsforecast.reports.plots.predicted import predicted
    from tsforecast.reports.plots.write import draw_forecast, most_series

    most = most_series(drawing.plot)
    names = drawing.drawn if len(set(drawing.drawn)) <= most else ()
    title, unit = drawing.plot_title or "", drawing.plot_unit or ""
    picture = predicted(result, names=names, pick=drawing.pick, most=most, title=title, unit=unit)
    draw_forecast(picture, drawing.plot, dark=drawing.plot_dark)
    console.success(f"drew {drawing.plot}")


def _show(result: PredictResult, drawing: Drawing, console: Console) -> None:
    """The table on a terminal."""
    if result.joint == NOTHING_JOINT:
        show_table(console, result, drawing.drawn, drawing.pick)
    else:
        show_joint(console, result)


def _write(result: PredictResult, output: str | None, console: Console, *, raw_ids: bool, made: bool) -> None:
    """Write the forecast; `made` says whether it is in memory as a whole already."""
    from tsforecast.io.writing.forecasts import guarded_notes, write_forecast

    if made:
        blocks = iter([result.forecast])
    elif output in (None, "-") and is_terminal(sys.stdout):
        blocks = result.blocks()  # whoever sees the rows needs no bar between them
    else:
        blocks = result.blocks(console.report)
    for note in [] if raw_ids else guarded_notes(result.recent.ids, output):
        console.note(note.kind, f"{note.text}; --raw-ids leaves them as they are")
    write_forecast(blocks, result.schema, result.recent.frequency, output, raw_ids=raw_ids)
    if output not in (None, "-"):
        console.success(f"wrote {result.rows:,} rows to {output} from {result.name} version {result.version}")
