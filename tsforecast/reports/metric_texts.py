"""Metrics as reports show them: titles, numbers, the best of a row, and the definitions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tsforecast.metrics import METRICS, metric_info
from tsforecast.reports.content import MISSING, Cell, Item, Items, Number, Section, Table, Text, number, section, share

Scores = Mapping[str, Mapping[str, float | None]]
_COVERAGE = "coverage_"
_LEFT_OUT = ("mase_left_out", "mape_skipped")  # what metrics could not count
_FACTS = {"seconds": "seconds of training", "windows": "windows scored"}


def scores_section(scores: Scores) -> Section | None:
    """One row per metric but coverage, one column per model; the best of each row is marked."""
    if not scores:
        return None
    rows: list[tuple[Cell, ...]] = []
    for key in (key for key in keys_of(scores) if not key.startswith(_COVERAGE)):
        values = [row.get(key) for row in scores.values()]
        best = _best(key, values)
        cells = (_shown(key, value, best) for value in values)
        rows.append((title_of(key), *cells))
    return section(
        "Scores",
        Text(
            "All models on the same rows, which none had seen, in the unit of the data where a metric has one. The "
            "best of each row is bold."
        ),
        Table(("metric", *scores), tuple(rows), "Scores of all models"),
    )


def coverage_table(scores: Scores) -> Table | None:
    """Nominal level against observed share, one row per level."""
    levels = [key.removeprefix(_COVERAGE) for key in keys_of(scores) if key.startswith(_COVERAGE)]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (f"{level} %", *(_shown(_COVERAGE + level, row.get(_COVERAGE + level)) for row in scores.values()))
        for level in levels
    )
    return Table(("promised", *scores), rows, "Share of true values in the intervals of each model") if rows else None


def definitions_section(scores: Scores) -> Section | None:
    """What each metric of the scores means."""
    known = [metric_info(key) for key in keys_of(scores) if _is_metric(key)]
    used = {info.name: info.definition for info in known}
    return section(
        "What the numbers mean",
        Text(
            "y is the truth, f the forecast, q a probability level, l and u the ends of an interval, m the season "
            "length. Unless it says pooled, a metric is averaged over the windows of each series, then over the "
            "steps, then over the series."
        )
        if used
        else None,
        Items(tuple(Item(definition, name=name) for name, definition in used.items())) if used else None,
    )


def keys_of(scores: Scores) -> list[str]:
    """All keys of the scores that say something, in the order of `METRICS`."""
    keys = dict.fromkeys(key for row in scores.values() for key in row)
    return sorted((key for key in keys if key not in _LEFT_OUT or _some(key, scores)), key=_place)


def _some(key: str, scores: Scores) -> bool:
    """Whether a count is above 0 for any model."""
    return any(row.get(key) for row in scores.values())


def title_of(key: str) -> str:
    """A metric as a heading names it."""
    if not _is_metric(key):
        return _FACTS.get(key, key)
    info = metric_info(key)
    return info.name if key in METRICS else f"{info.name}, {key.rpartition('_')[2]} %"


def cell(value: Any) -> Cell:
    """Any value as a cell of a table."""
    if value is None or isinstance(value, float):
        return number(value)
    return number(value, f"{value}") if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _place(key: str) -> int:
    """The scores of the store are sorted by name: they are shown in the order of `METRICS`."""
    kind = key if key in METRICS else key.rpartition("_")[0]
    return list(METRICS).index(kind) if kind in METRICS else len(METRICS)


def _is_metric(key: str) -> bool:
    return key in METRICS or key.rpartition("_")[0] in METRICS


def _best(key: str, values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known or not _is_metric(key):
        return None
    pick: dict[str, Callable[[list[float]], float]] = {"lower": min, "higher": max}
    direction = metric_info(key).direction
    return pick[direction](known) if direction in pick else None


def _shown(key: str, value: float | None, best: float | None = None) -> Number:
    if value is None or not math.isfinite(value):
        return Number(None, MISSING)
    if key in ("skill", "mape_skipped") or key.startswith(_COVERAGE):
        found = share(value)
    else:
        found = number(value, f"{value:,.1f}" if key == "seconds" else "")
    return Number(found.value, found.text, best is not None and value == best)
