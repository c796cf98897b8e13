"""Sections that the report of a version and that of a backtest share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.fitting.scores import NAIVE
from tsforecast.metrics import METRICS
from tsforecast.reports.charts import acf_chart, by_step_chart, calibration_chart, residual_chart
from tsforecast.reports.content import (
    Cell,
    Chart,
    Charts,
    Fact,
    Item,
    Items,
    Number,
    Section,
    Table,
    Text,
    number,
    readable,
    section,
    share,
)
from tsforecast.reports.metric_texts import Scores, cell, coverage_table
from tsforecast.reports.times import TimeAxis
from tsforecast.safe_text import shown

MOST_ROWS = 5000  # of the table of series, so that a page stays small
CLOSE = 0.005


def own_first(model: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of several models, with that of the model first."""
    return {name: found[name] for name in (*[name for name in found if name == model], *found) if name in found}


def plain_verdict(skill: float | None, season_length: int, text: str) -> str:
    """How good the forecasts are, against the usual guess: that everything will be as it was a season ago."""
    if skill is None or not np.isfinite(skill):
        return text
    guess = "that all stays as it is" if season_length == 1 else "that all will be as it was a season ago"
    if abs(skill) < CLOSE:
        return f"The forecasts err as much as the usual guess, {guess}."
    less = "less" if skill > 0 else "more"
    return f"The forecasts err {100 * abs(skill):.0f} % {less} than the usual guess, {guess}."


def main_facts(model: str, scores: Scores, several: bool) -> Iterator[Fact]:
    """The figures to see first."""
    own, key = scores.get(model, {}), "mase" if several else "mae"
    if (error := own.get(key)) is not None and np.isfinite(error):
        meaning = "error in units of the usual seasonal change" if several else "usual error, in the unit of the data"
        yield Fact(METRICS[key].name, readable(error), meaning)
    if (held := own.get("coverage_80")) is not None and np.isfinite(held):
        yield Fact("80 % intervals", f"{100 * held:.0f} %", "share of values that they held")


def coverage_warnings(model: str, scores: Scores) -> Iterator[str]:
    """What to say of intervals that held far less than they promise."""
    for key, held in scores.get(model, {}).items():
        if key.startswith("coverage_") and held is not None:
            promised = float(key.removeprefix("coverage_")) / 100
            if held < promised - 0.15:
                yield f"the {promised:.0%} intervals held only {held:.0%} of the values: they are too narrow"


def steps_section(errors: Mapping[str, Any]) -> Section | None:
    """The error by horizon, as a drawing and as a table."""
    by_step, unit = own_first(errors["model"], errors["by_step"]), METRICS[errors["unit"]].name
    if len(errors["steps"]) < 2:
        return None
    rows = tuple(
        (Number(step, str(step)), *(number(values[place]) for values in by_step.values()))
        for place, step in enumerate(errors["steps"])
    )
    return section(
        "Error by horizon",
        by_step_chart(errors["steps"], by_step, unit),
        Table(("step", *by_step), rows, f"{unit} at each step", folded=len(rows) > 12),
    )


def calibration_section(errors: Mapping[str, Any] | None, scores: Scores) -> Section | None:
    """What intervals promise and what they held."""
    table, chart = coverage_table(scores), None
    if errors and any(value is not None for value in errors["covered"]):
        chart = calibration_chart(errors["nominal"], errors["covered"])
    if table is None and chart is None:
        return None
    return section(
        "Coverage of the intervals",
        Text(
            "The share of true values that lie in an interval, beside the share that it promises: below it the "
            "intervals are too narrow, above it too wide."
        ),
        chart,
        table,
    )


def residuals_section(errors: Mapping[str, Any], axis: TimeAxis, season_length: int) -> Section | None:
    """Errors over time, and what they still have in common."""
    residuals = np.array([np.nan if value is None else value for value in errors["residuals"]], np.float64)
    if np.isfinite(residuals).sum() < 3:
        return None
    several, one = errors["unit"] == "mase", errors["ahead"] == 1
    what = ("one step ahead" if one else "of all steps of the windows") + (", mean of all series" if several else "")
    unit = "seasonal errors" if several else "unit of the data"
    places = axis.places(errors["first"] + np.arange(len(residuals)))
    acf = acf_chart(residuals, season_length) if one else None
    charts = (residual_chart(places, residuals, axis, unit, what), *([acf] if acf else []))
    note = None if one else Text("Errors of one forecast go together, so they say nothing of what is left to learn.")
    return section("Residuals", Charts(charts), note)


def series_section(
    labels: Sequence[str], columns: Mapping[str, Float64], errors: Mapping[str, Any], drawn: Sequence[Chart]
) -> Section | None:
    """The series, the worst first.

    Args:
        labels: of all series.
        columns: further numbers of each series, shape (n_series,).
        errors: of the series.
        drawn: the worst ones.
    """
    if len(labels) < 2:
        return None
    unit, model = METRICS[errors["unit"]].name, errors["model"]
    told = list(zip(errors["series"], errors["by_series"][model], errors["by_series"][NAIVE], strict=True))
    told.sort(key=lambda row: -(row[1] if row[1] is not None else -1.0))
    rows: list[tuple[Cell, ...]] = []
    for series, own, usual in told[:MOST_ROWS]:
        against = 1 - own / usual if own is not None and usual else None
        further = (number(float(values[series])) for values in columns.values())
        rows.append((shown(labels[series]) or "(no name)", number(own), share(against), *further))
    heads = ("series", unit, "better than the usual guess", *columns)
    left_out = len(labels) - len(rows)
    note = Text(f"{left_out:,} series are not in this table; it has the worst and the largest.") if left_out else None
    return section(
        "Error by series",
        Charts(tuple(drawn)) if drawn else None,
        note,
        Table(heads, tuple(rows), "Series, the worst first", find="series"),
    )


def notes_section(notes: Sequence[Mapping[str, Any]]) -> Section | None:
    """What was found in the data."""
    items = tuple(Item(note["text"], note["kind"] == "warning") for note in notes)
    return section("What was found in the data", Items(items) if items else None)


def settings_table(caption: str, settings: Mapping[str, Any], *, folded: bool = True) -> Table | None:
    """Nested settings as rows."""
    rows = tuple((path, cell(value)) for path, value in _flat(settings))
    return Table(("setting", "value"), rows, caption, folded) if rows else None


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _flat(child, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(child, Mapping) for child in value):
        for place, child in enumerate(value, 1):
            yield from _flat(child, f"{path} {place}")
    elif isinstance(value, list | tuple):
        yield path, ", ".join(str(child) for child in value) or "none"
    else:
        yield path, "none" if value is None else value
