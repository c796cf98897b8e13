"""A picture of a backtest: the forecasts at the cutoffs over what happened, and the error at each step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.errors import OptionError
from tsforecast.io.messages import counted
from tsforecast.reports.plots.backtest_page import write_backtest
from tsforecast.reports.plots.page import MOST as PAGE_MOST
from tsforecast.reports.plots.picture import check_years, shown_clock
from tsforecast.reports.plots.select import Pick, caption_of, check_count, picked
from tsforecast.reports.plots.style import (
    ACCENT,
    INK,
    OTHERS,
    TINTS,
    caption,
    drawing,
    in_lines,
    key,
    label_ends,
    new_figure,
    readable,
    save,
    time_axis,
    time_places,
)
from tsforecast.reports.plots.write import is_page
from tsforecast.safe_text import printable, shown
from tsforecast.workflows.named import numbers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tsforecast.fitting.folds import Folds
    from tsforecast.series.panel import Panel
    from tsforecast.workflows.backtest.forecasts import Forecasts
    from tsforecast.workflows.backtest.run import BacktestResult

MOST = 3  # series below each other
_MOST_WINDOWS = 60
_LEAST_BEFORE = 24  # rows before the first cutoff
_LEVEL = 80.0  # of the intervals, which are forecast whatever is asked for


def check_drawn(panel: Panel, folds: Folds, names: Sequence[str], most: int = MOST) -> None:
    """Refuse what cannot be drawn of a table, before the long work.

    Raises:
        OptionError: a name that no series has, one that had not begun at any cutoff, or more names than there is room
            for.
        DataError: times beyond the year 9000.
    """
    check_count(names, most)
    begun = folds.known(len(folds) - 1) > 0
    for name, number in zip(dict.fromkeys(names), numbers_of(panel, names).tolist(), strict=True):
        if not begun[number]:
            raise OptionError(f"'{shown(name)}' had not begun at any cutoff", hint="name another series")
    check_years(panel.frequency.stamps(np.array([panel.ends.max()])))


def draw_backtest(
    result: BacktestResult,
    forecasts: Forecasts,
    path: str | Path,
    *,
    names: Sequence[str] = (),
    pick: Pick = "largest",
    dark: bool = False,
) -> None:
    """Draw a backtest into a file, which `dark` makes for a dark background.

    The other arguments are those of `backtest_figure`, which `check_drawn` has let pass.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if is_page(path):
        numbers = drawn_numbers(result, forecasts, names, pick, PAGE_MOST)
        write_backtest(result, forecasts, numbers, None if names else pick, path)
        return
    with drawing():
        save(backtest_figure(result, forecasts, names=names, pick=pick), path, dark=dark)


def backtest_figure(
    result: BacktestResult, forecasts: Forecasts, *, names: Sequence[str] = (), pick: Pick = "largest"
) -> Figure:
    """Draw a backtest; within `drawing()`.

    Args:
        result: the scores.
        forecasts: what was forecast, and what happened.
        names: of the series to draw; none for those that `pick` says.
        pick: which of many; the worst are those with the largest MASE.
    """
    numbers = drawn_numbers(result, forecasts, names, pick, MOST)
    windows = _windows(len(forecasts.folds))
    text = f"{counted(result.windows, 'window')} of {counted(result.horizon, 'step')}. {result.verdict}"
    figure, below = new_figure(f"Backtest of {printable(Path(result.file).name)}", text, with_key=True)
    grid = figure.add_gridspec(len(numbers), 2, width_ratios=(2.2, 1))
    together = np.unique(forecasts.panel.ends[numbers]).size == 1
    above: Axes | None = None
    for row, number in enumerate(numbers.tolist()):
        axes = figure.add_subplot(grid[row, 0], sharex=above if together else None)
        _draw_series(axes, result, forecasts, number, windows)
        if together and row < len(numbers) - 1:
            axes.tick_params(labelbottom=False)
            axes.xaxis.get_offset_text().set_visible(False)
        above = axes
    _draw_steps(figure.add_subplot(grid[:, 1]), result)
    key(figure, figure.axes[0], below)
    said = "" if names else caption_of(pick, len(numbers), result.series)
    if windows.size < result.windows:
        said += f" {windows.size} of {result.windows:,} windows are drawn, all are scored."
    if said:
        caption(figure, said.strip())
    return figure


def drawn_numbers(result: BacktestResult, forecasts: Forecasts, names: Sequence[str], pick: Pick, most: int) -> Int64:
    """The numbers of the series that are drawn."""
    panel, truth = forecasts.panel, forecasts.truth
    if names:
        return numbers_of(panel, names)[:most]
    by_label = {row["id"]: row["mase"] for row in result.by_series[result.model]}
    badness = np.array([by_label[panel.label(number)] for number in range(panel.n_series)], dtype=np.float64)
    order = picked(pick, panel, badness, panel.n_series)
    return order[np.isin(order, truth.series)][:most]


def _windows(count: int) -> Int64:
    """The windows that are drawn: all, or some evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, _MOST_WINDOWS)).round().astype(np.int64))


def _draw_series(axes: Axes, result: BacktestResult, forecasts: Forecasts, number: int, windows: Int64) -> None:
    """What happened to a series, and what was forecast of it at each cutoff."""
    panel, truth, made = forecasts.panel, forecasts.truth, forecasts.made[result.model]
    clock = shown_clock(panel, forecasts.schema)
    rows = np.flatnonzero((truth.series == number) & np.isin(truth.window, windows))
    first = int(truth.starts[rows[0]] - panel.starts[number])
    begin = max(0, first - max(_LEAST_BEFORE, 2 * result.horizon))
    at = slice(panel.offsets[number] + begin, panel.offsets[number + 1])
    y_true = np.where(panel.observed[at], panel.values[at], np.nan)
    axes.plot(
        time_places(check_years(panel.stamps(number)[begin:]), clock),
        y_true,
        color=INK,
        linewidth=1.1,
        label="what happened",
    )
    place = forecasts.levels.index(_LEVEL)
    for row in rows.tolist():
        times = time_places(check_years(panel.frequency.stamps(truth.starts[row] + np.arange(result.horizon))), clock)
        named: dict[str, Any] = {"label": f"{result.model}, forecast at each cutoff"} if row == rows[0] else {}
        shade: dict[str, Any] = {"label": f"{_LEVEL:g} % interval"} if row == rows[0] else {}
        marks: dict[str, Any] = {"marker": "o", "markersize": 3} if result.horizon == 1 else {}
        axes.axvline(times[0], color="#d0d0d0", linewidth=0.6, zorder=0.5)
        axes.plot(times, made.y_pred[row], color=ACCENT, linewidth=1.6, **named, **marks)
        bounds = made.lower[row, :, place], made.upper[row, :, place]
        axes.fill_between(times, *bounds, color=TINTS[0], alpha=0.55, linewidth=0, zorder=1, **shade)
    time_axis(axes, clock)
    axes.yaxis.set_major_formatter(readable)
    name = panel.label(number) or ", ".join(forecasts.schema.target_cols)
    axes.set_title(in_lines(printable(name), 80, 1))


def _draw_steps(axes: Axes, result: BacktestResult) -> None:
    """The error of each model at each step of the horizon."""
    from matplotlib.ticker import MaxNLocator

    metric = "mase" if result.series > 1 else "mae"
    steps = np.arange(1, result.horizon + 1)
    ends, others = [], iter(OTHERS * len(result.by_step))
    for name, errors in result.by_step.items():
        color = ACCENT if name == result.model else next(others)
        shown = np.array(errors[metric], dtype=np.float64)
        wide: dict[str, Any] = {"linewidth": 2.2, "zorder": 3} if name == result.model else {"linewidth": 1.2}
        axes.plot(steps, shown, color=color, marker="o" if result.horizon == 1 else "", **wide)
        if known := shown[np.isfinite(shown)].tolist():
            ends.append((known[-1], name, color))
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.yaxis.set_major_formatter(readable)
    axes.set_title(f"{metric.upper()} by step")
    label_ends(axes, result.horizon, ends, inches=3.6)
