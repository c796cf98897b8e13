"""The newest window that was held out, as a section of a report: what was forecast for it, and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tsforecast.fitting.scores import NAIVE
from tsforecast.io.messages import counted
from tsforecast.reports.charts import past_chart
from tsforecast.reports.content import Section, Text, section
from tsforecast.reports.times import TimeAxis
from tsforecast.safe_text import shown
from tsforecast.series.panel import Panel

TITLE = "Forecast and truth"


def newest_section(
    window: Mapping[str, Any] | None, recent: Panel, horizon: int, model: str, axis: TimeAxis
) -> Section | None:
    """Truth and forecast with its interval; None for a version of a release that did not keep them.

    Args:
        window: a `NewestWindow` as plain values.
        recent: the series of the model.
        horizon: of the model.
        model: that was scored.
        axis: of the times.
    """
    if not window or window["series"] >= recent.n_series:
        return None
    past, y_true, y_pred, usual, lower, upper = (
        np.array([np.nan if value is None else value for value in window[key]], np.float64)
        for key in ("past", "y_true", "y_pred", "usual", "lower", "upper")
    )
    label, steps, level = recent.label(window["series"]), len(y_true), window["level"]
    at = axis.places(window["start"] - len(past) + np.arange(len(past) + steps))
    chart = past_chart(
        shown(label or axis.schema.target_cols[0]),
        at,
        np.concatenate([past, y_true]),
        [(at[len(past) :], y_pred, lower[:, None], upper[:, None])],
        (level,),
        axis,
        model=model,
        beside={} if model == NAIVE else {NAIVE: [usual]},
    )
    known = np.isfinite(y_true)
    held = int(((lower <= y_true) & (y_true <= upper))[known].sum())
    first = f"The first {counted(steps, 'step')}" if steps < horizon else f"The {counted(steps, 'step')}"
    whose = f" of {shown(label)}, the largest series" if recent.n_series > 1 else ""
    words = (
        f"{first} of the newest window{whose}, forecast by a model that had not seen them. The {level:g} % "
        f"interval held {held:,} of {counted(int(known.sum()), 'value')}."
    )
    return section(TITLE, Text(words), chart)
