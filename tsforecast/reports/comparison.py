"""The report of a comparison: which model is better on the same windows of the past, by how much, and where."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tsforecast.metrics import METRICS
from tsforecast.reports.charts import by_step_chart
from tsforecast.reports.content import (
    Block,
    Cell,
    Charts,
    Fact,
    Item,
    Items,
    Number,
    Report,
    Section,
    Table,
    Text,
    number,
    section,
    share,
)
from tsforecast.reports.metric_texts import coverage_table, definitions_section, scores_section
from tsforecast.reports.sections import MOST_ROWS, coverage_warnings, main_facts, notes_section
from tsforecast.reports.times import TimeAxis
from tsforecast.reports.windows import (
    LARGEST,
    LINES,
    LINES_NOTE,
    WORST,
    data_section,
    drawn_note,
    largest_series,
    subtitle,
    window_chart,
    window_facts,
    windows_section,
)
from tsforecast.safe_text import shown

if TYPE_CHECKING:
    from tsforecast.workflows.backtest.compare import CompareResult
    from tsforecast.workflows.backtest.forecasts import Forecasts

_DRAWN = 3  # models beside each other in the drawing of a series


def comparison_report(result: CompareResult, forecasts: Forecasts) -> Report:
    """What a comparison found."""
    axis = TimeAxis(forecasts.panel.frequency, forecasts.schema)
    scores = {name: {key: row[key] for key in row if key not in _COSTS} for name, row in result.scores.items()}
    sections = (
        section("Leaderboard", _leaderboard(result), Text(_LEGEND)),
        scores_section(scores),
        _steps(result),
        _series(result, forecasts, axis),
        section("Coverage of the intervals", coverage_table(scores)),
        windows_section(result, forecasts, list(scores), axis),
        data_section(result, forecasts, axis),
        notes_section([asdict(note) for note in result.notes]),
        definitions_section(scores),
    )
    return Report(
        title=f"Models compared on {Path(result.file).name}",
        subtitle=subtitle(result),
        verdict=result.verdict,
        facts=(
            Fact("best", result.best, "the least MASE of all"),
            *main_facts(result.best, result.scores, several=True),
            *window_facts(result),
        ),
        first=tuple(_first(result, forecasts, axis)),
        sections=tuple(each for each in sections if each is not None),
    )


_LEGEND = (
    "p: how likely a difference this large is if the model is as good as the best. skill: how much less error than the "
    "seasonal naive. in 80 %: share of the values that lie within the 80 % intervals. fit: seconds for all fits. "
    "forecast: for all series of one window. numbers: that were learned."
)
_COSTS = ("fit_seconds", "predict_seconds", "parameters", "ratio", "p_value")


def _first(result: CompareResult, forecasts: Forecasts, axis: TimeAxis) -> Iterator[Block]:
    warnings = [*coverage_warnings(result.best, result.scores), *(n.text for n in result.notes if n.kind == "warning")]
    if warnings:
        yield Items(tuple(Item(text, warning=True) for text in warnings))
    yield _standings(result)
    yield Text(f"{result.test[:1].upper()}{result.test[1:]}.")
    others = tuple(name for name in result.scores if name != result.best)[: _DRAWN - 1]
    largest = largest_series(forecasts)[:LARGEST]
    charts = [window_chart(forecasts, result.best, each, axis, others) for each in largest]
    yield Charts(tuple(charts)) if len(charts) > 1 else charts[0]
    yield Text(f"Drawn are the best models; the intervals are those of {result.best}.")
    if note := drawn_note(result, len(charts)):
        yield Text(note)


def _standings(result: CompareResult) -> Table:
    """The models in a few words each."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, Number(*_plain(row["mase"]), name == result.best), standing(result, name))
        for name, row in result.scores.items()
    )
    return Table(("model", "MASE", "against the best"), rows, "The models, the least error first")


def standing(result: CompareResult, name: str) -> str:
    """Where a model stands beside the best, in a few words."""
    ratio = result.scores[name]["ratio"]
    if name == result.best:
        return "the best"
    more = f"{ratio - 1:.0%} more" if math.isfinite(ratio) else "not known"
    return f"{more}, may be as good" if name in result.level else more


def _leaderboard(result: CompareResult) -> Table:
    """All that decides between the models."""
    rows: list[tuple[Cell, ...]] = []
    for name, row in result.scores.items():
        rows.append(
            (
                name,
                Number(*_plain(row["mase"]), name == result.best),
                standing(result, name),
                number(row["p_value"], f"{row['p_value']:.3f}") if name != result.best else "",
                share(row["skill"]),
                number(row["wql"]),
                share(row.get("coverage_80")),
                number(row["fit_seconds"], f"{row['fit_seconds']:,.1f}"),
                number(row["predict_seconds"], f"{1000 * row['predict_seconds']:,.0f}"),
                number(row["parameters"], f"{row['parameters']:,.0f}"),
            )
        )
    columns = ("model", "MASE", "against the best", "p", "skill", "WQL", "in 80 %", "fit, s", "forecast, ms", "numbers")
    return Table(columns, tuple(rows), "The models, the least error first")


def _plain(value: float) -> tuple[float | None, str]:
    found = number(value)
    return found.value, found.text


def _steps(result: CompareResult) -> Section | None:
    """The error of each model over the horizon."""
    if result.horizon < 2:
        return None
    unit = "mase" if result.series > 1 else "mae"
    name, steps = METRICS[unit].name, list(range(1, result.horizon + 1))
    by_step = {model: result.by_step[model][unit] for model in result.scores}
    drawn = dict(list(by_step.items())[:LINES])
    rows = tuple(
        (Number(step, str(step)), *(number(errors[step - 1]) for errors in by_step.values())) for step in steps
    )
    return section(
        "Error by horizon",
        by_step_chart(steps, drawn, name),
        Text(LINES_NOTE) if len(by_step) > LINES else None,
        Table(("step", *by_step), rows, f"{name} at each step", folded=len(rows) > 12),
    )


def _series(result: CompareResult, forecasts: Forecasts, axis: TimeAxis) -> Section | None:
    """The series, those of which the best model errs most first, and which model is best for each."""
    if result.series < 2:
        return None
    errors = {name: {row["id"]: row["mase"] for row in result.by_series[name]} for name in result.scores}
    labels = [row["id"] for row in result.by_series[result.best] if math.isfinite(row["mase"])]
    rows: list[tuple[Cell, ...]] = []
    wins = dict.fromkeys(result.scores, 0)
    for place, label in enumerate(labels):
        found = {name: each[label] for name, each in errors.items()}
        best = min(found, key=lambda name: found[name] if math.isfinite(found[name]) else math.inf)
        wins[best] += 1
        if place < MOST_ROWS:
            cells = (Number(*_plain(error), name == best) for name, error in found.items())
            rows.append((shown(label) or "(no name)", best, *cells))
    told = ", ".join(f"{name} of {count:,}" for name, count in wins.items() if count)
    left_out = result.series - len(rows)
    numbers = {forecasts.panel.label(each): each for each in range(forecasts.panel.n_series)}
    others = tuple(name for name in result.scores if name != result.best)[: _DRAWN - 1]
    worst = [numbers[label] for label in labels[:WORST]] if result.series > LARGEST else []
    charts = tuple(window_chart(forecasts, result.best, each, axis, others) for each in worst)
    return section(
        "Error by series",
        Text(f"The least error has {told} of the {len(labels):,} series."),
        Charts(charts) if charts else None,
        Text(f"{left_out:,} series are not in this table.") if left_out else None,
        Table(
            ("series", "best", *result.scores),
            tuple(rows),
            f"MASE of each series, the worst of {result.best} first",
            find="series",
        ),
    )
