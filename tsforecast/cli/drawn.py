"""A forecast on a terminal: a table of what fits a screen, and a small picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsforecast.cli.console import Console
from tsforecast.cli.text import percent, same_decimals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tsforecast.reports.plots.picture import Curve, Picture
    from tsforecast.reports.plots.select import Pick
    from tsforecast.workflows.predict import PredictResult

MOST_SERIES = 1000  # so many are forecast at once for a picture; more are written in blocks, and none is drawn
_ROWS = 36  # of the table


def show_forecast(console: Console, result: PredictResult, names: Sequence[str] = (), pick: Pick = "largest") -> None:
    """Draw the series that are named, one below the other, or the one that `pick` says."""
    if not console.can_draw:
        return
    from dataclasses import replace

    from tsforecast.reports.plots.predicted import predicted
    from tsforecast.reports.plots.terminal import terminal_lines

    picture = predicted(result, names=names, pick=pick, most=max(1, len(names)))
    for curve in picture.curves:
        one = replace(picture, curves=(curve,))
        console.picture(lambda width, braille, one=one: terminal_lines(one, width, braille=braille))  # type: ignore[misc]


def show_table(console: Console, result: PredictResult, names: Sequence[str] = (), pick: Pick = "largest") -> None:
    """The forecast as a table of a screen at most, and how many rows there are besides."""
    from tsforecast.reports.plots.predicted import predicted

    most = max(1, len(names), _ROWS // result.horizon)
    picture = predicted(result, names=names, pick=pick, most=most)
    several = len(picture.curves) > 1
    rows = [row if several else row[1:] for curve in picture.curves for row in _rows(curve, picture)]
    bounds = [f"{end} {level:g}" for level in picture.levels for end in ("lower", "upper")]
    time = result.schema.time_cols[0] if len(result.schema.time_cols) == 1 else "time"
    header = ["series", time, "forecast", *(["what if"] if picture.what_if else []), *bounds]
    most = max(_ROWS, len(picture.curves))
    console.table(header if several else header[1:], rows[:most])
    if len(rows[:most]) < result.rows:
        console.info(f"{min(len(rows), most):,} of {result.rows:,} rows are shown")


def show_joint(console: Console, result: PredictResult) -> None:
    """The first rows of the table with totals, or with how likely values are exceeded."""
    columns = {name: values[:_ROWS] for name, values in result.columns.items()}
    keys = (*result.schema.key_columns, *result.schema.time_cols)
    likely = [name for name in columns if name not in keys and "above_" in name]
    sizes = [name for name in columns if name not in (*keys, *likely)]
    texts = same_decimals([value for name in sizes for value in columns[name].tolist()])
    count = len(columns[sizes[0]])
    shown = {name: texts[number * count : (number + 1) * count] for number, name in enumerate(sizes)}
    shown |= {name: [percent(value) for value in columns[name].tolist()] for name in likely}
    cells = [shown.get(name) or [str(value) for value in columns[name].tolist()] for name in columns]
    header = [name.replace("_", " ") if name in shown else name for name in columns]
    console.table(header, [list(row) for row in zip(*cells, strict=True)])
    if count < result.rows:
        console.info(f"{count:,} of {result.rows:,} rows are shown")


def _rows(curve: Curve, picture: Picture) -> Iterator[list[str]]:
    """The steps of one series: its name, the time, and numbers of the same decimals."""
    from tsforecast.reports.plots.picture import own_clock_texts

    ahead = slice(min(1, len(curve.past)), None)  # lines begin with the last known row
    what_if = [] if curve.what_if is None else [curve.what_if]
    bounds = [line for both in zip(curve.lower, curve.upper, strict=True) for line in both]
    columns = [curve.y_pred, *what_if, *bounds]
    texts = same_decimals([value for column in columns for value in column[ahead].tolist()])
    steps = len(curve.y_pred[ahead])
    for step, time in enumerate(own_clock_texts(curve.future[ahead], picture.clock)):
        yield [curve.label, time, *texts[step::steps]]
