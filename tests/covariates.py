"""Panels with covariates made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsforecast.series.covariates import Covariates
from tsforecast.series.frequency import HOUR, Frequency
from tsforecast.series.panel import Panel, make_panel


def with_columns(panel: Panel, *, past=None, future=None, static=None, categories=None, labels=(), ahead=0) -> Panel:
    """A panel with covariates; `future` has `ahead` more rows for each series than the panel."""
    n_series, rows = panel.n_series, len(panel.values)
    offsets = np.concatenate([[0], np.cumsum(panel.lengths + ahead)]).astype(np.int64)

    def columns(value, count):
        value = np.empty((count, 0)) if value is None else np.asarray(value, np.float64)
        return value.reshape(count, -1)

    known = Covariates(
        past=columns(past, rows),
        future=columns(future, int(offsets[-1])),
        future_offsets=offsets,
        static=columns(static, n_series),
        categories=np.empty((n_series, 0), np.int64) if categories is None else np.asarray(categories),
        labels=labels,
    )
    return replace(panel, covariates=known)


def driven_panel(n=400, n_series=1, *, ahead=12, seed=0, effect=3.0, noise=0.3) -> Panel:
    """Hourly series that a column drives, besides a day's course; it is known for `ahead` steps more."""
    rng = np.random.default_rng(seed)
    known = rng.normal(size=(n_series, n + ahead))
    course = 20 + 2 * np.sin(2 * np.pi * np.arange(n) / 24)
    series = [course + effect * known[i, :n] + rng.normal(0, noise, n) for i in range(n_series)]
    panel = make_panel(series, Frequency("fixed", HOUR), starts=[473_352] * n_series)
    return with_columns(panel, future=known.reshape(-1, 1), ahead=ahead)
