"""Tables that more than one command shows."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.text import count, number, percent, short_number, whole_percent
from tsforecast.io.messages import counted

if TYPE_CHECKING:
    from tsforecast.workflows.backtest.compare import CompareResult
    from tsforecast.workflows.backtest.run import BacktestResult

_Column = tuple[str, str, Callable[[float | None], str]]
_SCORES: tuple[_Column, ...] = (
    ("MAE", "mae", short_number),
    ("RMSE", "rmse", short_number),
    ("MASE", "mase", short_number),
    ("sMAPE", "smape", short_number),
    ("skill", "skill", lambda value: whole_percent(value, "+")),
    ("cov 80", "coverage_80", percent),
    ("cov 95", "coverage_95", percent),
    ("sec", "seconds", lambda value: "-" if value is None else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"),
)
_NARROW = ("mae", "mase", "skill", "coverage_80", "seconds")  # of them, what the summary of a fit shows

_COMPARED: tuple[_Column, ...] = (
    ("MASE", "mase", number),
    ("WQL", "wql", number),
    ("skill", "skill", lambda value: percent(value, "+")),
    ("cov 80", "coverage_80", percent),
    ("cov 95", "coverage_95", percent),
    ("p", "p_value", lambda value: "-" if value is None or math.isnan(value) else f"{value:.3f}"),
    ("fit s", "fit_seconds", lambda value: "-" if value is None else f"{value:.1f}"),
    ("ms", "predict_seconds", lambda value: "-" if value is None else f"{1000 * value:.0f}"),
    ("size", "parameters", count),
)
_BACKTEST: tuple[_Column, ...] = (
    ("MAE", "mae", number),
    ("MASE", "mase", number),
    ("WQL", "wql", number),
    *_SCORES[4:],
)


def show_choices(console: Console, choices: Sequence[tuple[str, str, str]], *, err: bool) -> None:
    """What was chosen from the data: name, value and reason of each."""
    if choices:
        console.table(("choice", "value", "why"), choices, err=err)


def show_brought(console: Console, brought: Sequence[Mapping[str, Any]], *, err: bool) -> None:
    """What each of the covariates brings to a linear model; nothing where there are none."""
    if not brought:
        return
    rows = []
    for row in brought:
        error, without = row["error"], row["error_without"]
        known = error is not None and without is not None and 0 < without < math.inf
        rows.append((row["name"], row["role"], number(without), percent(1 - error / without, "+") if known else "-"))
    title = f"What is known besides: validation error of a linear model, {number(brought[0]['error'])} with all of it"
    console.table(("name", "what it is", "without", "brings"), rows, err=err, title=title)


def show_scores(console: Console, scores: Mapping[str, Mapping[str, float]], *, err: bool) -> None:
    """The models side by side; the definitions of the metrics are in `METRICS`."""
    console.table(
        ("model", *(title for title, _, _ in _SCORES)),
        [(model, *(show(row.get(key)) for _, key, show in _SCORES)) for model, row in scores.items()],
        err=err,
        title="Scores on windows held out from training",
    )


def show_errors(console: Console, scores: Mapping[str, Mapping[str, float]], published: str, *, several: bool) -> None:
    """The models in a narrow table, the least error first and marked."""
    key = "mase" if several else "mae"

    def error(model: str) -> float:
        return value if math.isfinite(value := scores[model].get(key, math.nan)) else math.inf

    ordered = sorted(scores, key=error)
    columns = [column for column in _SCORES if column[1] in _NARROW]
    columns.sort(key=lambda column: column[1] != key)
    rows = []
    for model in ordered:
        marks = ["best"] if error(model) == error(ordered[0]) < math.inf else []
        marks += ["this model"] if model == published else []
        rows.append((model, *(show(scores[model].get(name)) for _, name, show in columns), ", ".join(marks)))
    title = "Errors on the newest rows, held out from training"
    console.table(("model", *(name for name, _, _ in columns), ""), rows, err=True, title=title)


def windows_in_words(result: BacktestResult | CompareResult) -> str:
    """The table and the windows of a backtest, in a line."""
    several = f"{result.series:,} series, " if result.series > 1 else ""
    windows = f"{counted(result.windows, 'window')} of {counted(result.horizon, 'step')}"
    return f"{result.file}: {several}{windows} with cutoffs from {result.cutoffs[0]} to {result.cutoffs[-1]}"


def show_backtest(console: Console, scores: Mapping[str, Mapping[str, float]], metric_season: int) -> None:
    """The models side by side over all windows of a backtest, the least MASE first."""
    ordered = sorted(scores.items(), key=lambda item: (item[1]["mase"] != item[1]["mase"], item[1]["mase"]))
    _show_results(console, dict(ordered), _BACKTEST, f"Scores over all windows, MASE with season {metric_season}")


def show_comparison(console: Console, scores: Mapping[str, Mapping[str, float]], metric_season: int) -> None:
    """The models of a comparison side by side in their order; `p` is that of their being as good as the first."""
    _show_results(console, scores, _COMPARED, f"Scores over all windows, MASE with season {metric_season}")


def _show_results(
    console: Console, scores: Mapping[str, Mapping[str, float]], columns: Sequence[_Column], title: str
) -> None:
    """A table on stdout: numbers for people on a terminal, in full for programs."""
    exact = not is_terminal(sys.stdout)
    console.table(
        ("model", *(title for title, _, _ in columns)),
        [
            (model, *(row.get(key) if exact else show(row.get(key)) for _, key, show in columns))
            for model, row in scores.items()
        ],
        title=title,
    )
