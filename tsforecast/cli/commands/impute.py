"""`tsforecast impute DATA`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.cli.options.drawing import Drawing, dark_option, drawn_series, plot_option
from tsforecast.cli.options.shared import ending, option, output_options, pass_console
from tsforecast.cli.text import Row, number, seconds
from tsforecast.io.options import ReadOptions
from tsforecast.io.writing.forecasts import ENDINGS
from tsforecast.models.imputation.names import METHODS
from tsforecast.workflows.impute.settings import UNREAD, ImputeSettings

if TYPE_CHECKING:
    from tsforecast.workflows.impute.results import ChosenMethod, Imputed, ImputeResult

_EPILOG = "\b\nMethods:\n" + "\n".join(f"  {name:12}  {summary}" for name, summary in METHODS.items())
_ON_TERMINAL = 30  # gaps; a program gets all


@click.command("impute", cls=SectionCommand, epilog=_EPILOG)
@click.argument("data", type=click.Path(allow_dash=True))
@options_of(ImputeSettings)
@options_of(ReadOptions, without=UNREAD)
@option(
    "Output",
    "-o",
    "--output",
    usual=True,
    type=click.Path(),
    metavar="FILE",
    callback=ending(*ENDINGS),
    help="Write the filled table: the columns of DATA, and `filled` (0 or 1).",
)
@option(
    "Output",
    "--filled",
    usual=True,
    type=click.Path(),
    metavar="FILE",
    callback=ending(*ENDINGS),
    help="Write the filled values alone: method, and intervals of 80 and 95 %.",
)
@plot_option("the series with their filled values")
@dark_option
@drawn_series("the most missing values")
@output_options
@pass_console
def command(
    console: Console,
    /,
    data: str,
    output: str | None,
    filled: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Fill the gaps of DATA from both sides, and by other columns.

    DATA is a CSV or Parquet file, a workbook, or - for stdin. Values that are there stay as they are; missing rows are
    added. Artificial gaps, as long as those of the table, decide which method fills. Piped, the filled table is CSV.

    \b
    Exit status: 0 done, or nothing is missing.
    Example:
      tsforecast impute sensors.csv -o filled.csv --plot filled.png
      tsforecast impute sensors.csv --methods linear,regression > filled.csv
    """
    settings, drawing = collect(ImputeSettings, values), collect(Drawing, values)
    from tsforecast.files import check_files
    from tsforecast.workflows.clashes import refuse_clashes

    writes = [("--json", "-" if as_json else None), ("--output", output), ("--filled", filled)]
    refuse_clashes([("DATA", data), *config_files()], [*writes, ("--plot", drawing.plot)])
    check_files(output, filled, drawing.plot)
    drawing.check_drawable()
    from tsforecast.workflows.impute.run import impute

    reading, check = collect(ReadOptions, values), drawing.check_series
    result, imputed = impute(data, settings=settings, reading=reading, check=check, report=console.report)
    _show(result, imputed, console, as_json=as_json, written=output is not None)
    _write(imputed, output, filled, console)
    if drawing.plot is not None:
        from tsforecast.reports.plots.filled import stacked_gaps
        from tsforecast.reports.plots.stacked import draw_stacked

        stacked = stacked_gaps(result, imputed)
        draw_stacked(stacked, drawing.plot, drawing.drawn, drawing.pick, dark=drawing.plot_dark)
        console.success(f"drew {drawing.plot}")


def _write(imputed: Imputed, output: str | None, filled: str | None, console: Console) -> None:
    from tsforecast.workflows.impute.tables import filled_frame, gap_frame

    if output is not None:
        from tsforecast.io.writing.same import write_same

        frame = filled_frame(imputed, texts=output.lower().endswith(".csv"))
        write_same(frame, output, imputed.whole.data.text)
        console.success(f"wrote {len(frame):,} rows to {output}")
    if filled is not None:
        from tsforecast.io.writing.tables import write_table

        made = gap_frame(imputed)
        write_table(made, filled)
        console.success(f"wrote {len(made):,} filled values to {filled}")


def _show(result: ImputeResult, imputed: Imputed, console: Console, *, as_json: bool, written: bool) -> None:
    for note in result.notes:
        console.note(note.kind, note.text)
    if as_json:
        console.json(result.to_dict())
    elif is_terminal(sys.stdout):
        _show_gaps(result, console)
    elif not written:
        from tsforecast.io.writing.same import same_text
        from tsforecast.workflows.impute.tables import filled_frame

        click.echo(same_text(filled_frame(imputed, texts=True), imputed.whole.data.text), nl=False)
    if result.methods:
        header = ("gaps of", "filled by", "judged", "error", "of a line")
        rows: list[Row] = [
            (_lengths(each), each.method, each.judged, _error(each.error), _error(each.line)) for each in result.methods
        ]
        console.table(header, rows, err=True, title="Errors in artificial gaps, in mean moves of a step")
    console.info(result.verdict)
    console.success(f"done after {seconds(result.seconds)}")


def _error(error: float | None) -> str:
    return "-" if error is None else str(number(error))


def _lengths(each: ChosenMethod) -> str:
    longest = each.longest
    steps = f"{each.shortest}" if longest == each.shortest else f"{each.shortest} to {longest}" if longest else ""
    steps = steps or f"{each.shortest} or more"
    return f"{steps} {'step' if steps == '1' else 'steps'}{'' if each.place == 'inner' else ' at an edge'}"


def _show_gaps(result: ImputeResult, console: Console) -> None:
    named = result.series > 1
    header = ("start", "end", "steps", "filled by", "lowest", "highest", "± 95 %")
    rows: list[Row] = [
        (
            *([each.id] if named else []),
            each.start,
            each.end,
            each.steps,
            each.method,
            number(each.low),
            number(each.high),
            "-" if each.half_width is None else number(each.half_width),
        )
        for each in result.gaps[:_ON_TERMINAL]
    ]
    if rows:
        console.table((*(["series"] if named else []), *header), rows)
    if len(result.gaps) > len(rows):
        console.info(f"{len(result.gaps) - len(rows):,} more gaps are told by --json")
