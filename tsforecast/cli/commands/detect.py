"""`tsforecast detect DATA`."""

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
from tsforecast.errors import GateError
from tsforecast.io.messages import counted
from tsforecast.io.options import ReadOptions
from tsforecast.io.writing.forecasts import ENDINGS
from tsforecast.models.anomaly.names import METHODS
from tsforecast.workflows.detect.settings import DetectSettings

if TYPE_CHECKING:
    from tsforecast.workflows.detect.run import DetectResult, Scored

_EPILOG = "\b\nMethods:\n" + "\n".join(f"  {name:12}  {method.summary}" for name, method in METHODS.items())
_ON_TERMINAL = 30  # anomalies; a program gets all


@click.command("detect", cls=SectionCommand, epilog=_EPILOG)
@click.argument("data", type=click.Path(allow_dash=True))
@options_of(DetectSettings)
@options_of(ReadOptions)
@option(
    "Output",
    "--scores",
    usual=True,
    type=click.Path(),
    metavar="FILE",
    callback=ending(*ENDINGS),
    help="Write the score of every row: time, value, score, p_value, alarm.",
)
@plot_option("the series with their anomalies marked")
@dark_option
@drawn_series("the highest scores")
@option(
    "Output",
    "--fail-on-anomaly",
    usual=True,
    is_flag=True,
    help="End with status 4 where there is an anomaly, for cron.",
)
@output_options
@pass_console
def command(
    console: Console,
    /,
    data: str,
    scores: str | None,
    fail_on_anomaly: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Find the anomalies of DATA: stretches that are unlike the rest of their series. No labels are needed.

    DATA is a CSV or Parquet file, a workbook, or - for stdin. Each anomaly has the chance that clean data have one as
    high, and the budget says how many false ones are accepted. Piped, the anomalies are CSV.

    \b
    Exit status: 0 done, 4 an anomaly with --fail-on-anomaly.
    Example:
      tsforecast detect traffic.csv --plot anomalies.png
      tsforecast detect traffic.csv --newest 24 --fail-on-anomaly --quiet
    """
    settings, drawing = collect(DetectSettings, values), collect(Drawing, values)
    from tsforecast.files import check_files
    from tsforecast.workflows.clashes import refuse_clashes

    writes = [("--json", "-" if as_json else None), ("--scores", scores), ("--plot", drawing.plot)]
    refuse_clashes([("DATA", data), *config_files()], writes)
    check_files(scores, drawing.plot)
    drawing.check_drawable()
    from tsforecast.workflows.detect.run import detect

    result, scored = detect(
        data,
        settings=settings,
        reading=collect(ReadOptions, values),
        check=lambda found: drawing.check_series(found.panel),
        report=console.report,
    )
    _show(result, scored, console, as_json=as_json)
    if scores is not None:
        from tsforecast.io.writing.tables import write_table
        from tsforecast.workflows.detect.tables import score_frame

        write_table(score_frame(scored), scores)
        console.success(f"wrote the scores of {len(scored.scores):,} rows to {scores}")
    if drawing.plot is not None:
        from tsforecast.reports.plots.anomalies import stacked_anomalies
        from tsforecast.reports.plots.stacked import draw_stacked

        stacked = stacked_anomalies(result, scored)
        draw_stacked(stacked, drawing.plot, drawing.drawn, drawing.pick, dark=drawing.plot_dark)
        console.success(f"drew {drawing.plot}")
    if fail_on_anomaly and result.anomalies:
        raise GateError(_gate(result), file=result.file)


def _show(result: DetectResult, scored: Scored, console: Console, *, as_json: bool) -> None:
    for note in result.notes:
        console.note(note.kind, note.text)
    if as_json:
        console.json(result.to_dict())
    elif is_terminal(sys.stdout):
        _show_table(result, console)
    else:
        from tsforecast.io.writing.tables import csv_text
        from tsforecast.workflows.detect.tables import anomaly_frame

        click.echo(csv_text(anomaly_frame(result, scored)), nl=False)
    low, high = result.windows
    console.info(f"{result.verdict}; windows of {low if low == high else f'{low} to {high}'} rows")
    console.success(f"done after {seconds(result.seconds)}")


def _show_table(result: DetectResult, console: Console) -> None:
    named = result.series > 1
    header = ("start", "end", "peak", "rows", "value", "score", "p", "by chance once in")
    rows: list[Row] = [
        (
            *([each.id] if named else []),
            each.start,
            each.end,
            each.peak,
            each.rows,
            each.value,
            number(each.score),
            f"{each.p_value:.1e}" if each.p_value < 0.001 else number(each.p_value),
            f"{each.chance_rows:,.0f} rows" if each.chance_rows < 1e6 else "over a million rows",
        )
        for each in result.anomalies[:_ON_TERMINAL]
    ]
    if rows:
        console.table((*(["series"] if named else []), *header), rows)
    if len(result.anomalies) > len(rows):
        console.info(f"{len(result.anomalies) - len(rows):,} more are shown by --json, and when piped")


def _gate(result: DetectResult) -> str:
    worst = result.anomalies[0]
    place = f"at {worst.peak}{f' of {worst.id}' if worst.id else ''}"
    several = counted(len(result.anomalies), "anomaly", "anomalies")
    return f"{several} {place}" if len(result.anomalies) == 1 else f"{several}, the least likely {place}"
