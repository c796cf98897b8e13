"""A picture of a comparison: how much less error than the seasonal naive each model makes, and what is a tie."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from tsforecast.io.messages import counted
from tsforecast.reports.plots.backtest_page import write_comparison
from tsforecast.reports.plots.style import ACCENT, INK, SOFT, TINTS, caption, drawing, new_figure, save
from tsforecast.reports.plots.write import is_page
from tsforecast.safe_text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tsforecast.workflows.backtest.compare import CompareResult
    from tsforecast.workflows.backtest.forecasts import Forecasts

_BEHIND = "#c4c4c4"
_LEAST_SHOWN = -100.0  # percent: twice the error


def draw_comparison(result: CompareResult, forecasts: Forecasts, path: str | Path, *, dark: bool = False) -> None:
    """Draw a comparison into a file, which `dark` makes for a dark background; on a page also what the models forecast.

    Raises:
        OptionError: another ending than those of pictures, or one whose package is missing.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if is_page(path):
        write_comparison(result, forecasts, path)
        return
    with drawing():
        save(comparison_figure(result), path, dark=dark)


def comparison_figure(result: CompareResult) -> Figure:
    """Draw a comparison, the best model at the top; within `drawing()`."""
    text = f"{counted(result.windows, 'window')} of {counted(result.horizon, 'step')}. {result.verdict}"
    figure, _ = new_figure(f"Models compared on {printable(Path(result.file).name)}", text)
    axes = figure.subplots()
    skills = [100 * row["skill"] if math.isfinite(row["skill"]) else 0.0 for row in result.scores.values()]
    for place, (name, skill) in enumerate(zip(result.scores, skills, strict=True)):
        axes.barh(place, max(skill, _LEAST_SHOWN), height=0.62, color=_color(result, name))
        axes.annotate(
            _words(result, name),
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            annotation_clip=False,
        )
    axes.set_yticks(range(len(skills)), list(result.scores), color=INK, fontsize=10)
    axes.set_ylim(len(skills) - 0.5, -0.5)
    axes.axvline(0, color=SOFT, linewidth=0.9)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.set_xlim(max(_LEAST_SHOWN, min(-1.0, *skills)) * 1.02, max(5.0, *skills) * 1.05)
    axes.set_xlabel("skill: percent less error (MASE) than the seasonal naive")
    text = "A tie is a model of which chance may explain that it is behind the best."
    if min(skills) < _LEAST_SHOWN:
        text += f" Bars end at {_LEAST_SHOWN:g} %."
    caption(figure, text)
    return figure


def _color(result: CompareResult, name: str) -> str:
    return ACCENT if name == result.best else TINTS[0] if name in result.level else _BEHIND


def _words(result: CompareResult, name: str) -> str:
    """What stands beside a bar."""
    row = result.scores[name]
    if not math.isfinite(row["skill"]):
        return "no error can be scaled"
    words = f"{100 * row['skill']:+.1f} %   MASE {row['mase']:.3g}"
    if name == result.best:
        return f"{words}   best"
    p_value = row["p_value"]
    if name in result.level:
        tie = f"tie with {result.best} (p {p_value:.2f})" if math.isfinite(p_value) else "may be a tie"
        return f"{words}   {tie}"
    return f"{words}   behind (p {p_value:.3f})" if math.isfinite(p_value) else f"{words}   behind"
