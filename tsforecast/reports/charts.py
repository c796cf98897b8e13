"""The drawings of reports as values: forecasts, errors, coverage, residuals, training, gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.forecast import Forecast
from tsforecast.reports.content import Band, Chart, Curve, readable
from tsforecast.reports.times import TimeAxis
from tsforecast.safe_text import shown
from tsforecast.series.panel import Panel

_FEW = 48  # points up to which each has a dot
_MOST_LAGS = 40
_ROLES = ("model", "other-1", "other-2", "other-3", "other-4", "other-5")


def forecast_chart(panel: Panel, number: int, forecast: Forecast, row: int, axis: TimeAxis, rows: int) -> Chart:
    """The last rows of a series and the forecast that continues them.

    Args:
        panel: with the series.
        number: of the series in the panel.
        forecast: of this series and others.
        row: of the series in the forecast.
        axis: of its times.
        rows: of the past to draw at most.
    """
    past = panel.starts[number] + np.arange(panel.lengths[number])
    seen = np.where(panel.observed, panel.values, np.nan)[panel.offsets[number] : panel.offsets[number + 1]][-rows:]
    past, now = axis.places(past[-rows:]), float(seen[-1]) if len(seen) else math.nan
    # From the last value on, so that the lines meet.
    future = axis.places(forecast.starts[row] - 1 + np.arange(forecast.horizon + 1))
    bands = _bands(future, _after(now, forecast.lower[row]), _after(now, forecast.upper[row]), forecast.levels)
    y_pred = forecast.y_pred[row]
    level = forecast.levels[-1] if forecast.levels else None
    inside = (
        ""
        if level is None
        else (
            f" With {level:g} % the values lie between {readable(float(forecast.lower[row].min()))} and "
            f"{readable(float(forecast.upper[row].max()))}."
        )
    )
    last = f" after {readable(float(seen[-1]))} at last" if len(seen) and np.isfinite(seen[-1]) else ""
    dots = len(past) + len(future) <= _FEW
    return Chart(
        title=shown(panel.label(number) or axis.schema.target_cols[0]),
        description=(
            f"{forecast.horizon} steps are forecast, from {readable(float(y_pred[0]))} to "
            f"{readable(float(y_pred[-1]))}{last}.{inside}"
        ),
        curves=(
            Curve("history", past, seen, "history", dots),
            Curve("forecast", future, _after(now, y_pred), "model", dots),
        ),
        bands=bands,
        ticks=axis.ticks(np.concatenate([past, future])),
        mark=float(past[-1]) if len(past) else None,
    )


def past_chart(
    title: str,
    places: Float64,
    truth: Float64,
    windows: Sequence[tuple[Float64, Float64, Float64, Float64]],
    levels: tuple[float, ...],
    axis: TimeAxis,
    *,
    model: str,
    beside: Mapping[str, Sequence[Float64]],
) -> Chart:
    """What happened, and what was forecast before it.

    Args:
        title: name of the series.
        places: times of the truth.
        truth: NaN where nothing was observed.
        windows: places, forecast, lower and upper bounds of each window, the bounds of shape (horizon, levels).
        levels: of the intervals, in percent.
        axis: of the times.
        model: that made these forecasts.
        beside: forecasts of other models for the same windows.
    """
    future = _with_breaks([each[0] for each in windows])
    y_pred = _with_breaks([each[1] for each in windows])
    bands = tuple(
        band
        for window, (at, _, low, high) in enumerate(windows)
        for band in _bands(at, low, high, levels, named=window == 0)
    )
    others = [
        Curve(name, future, _with_breaks(parts), role)
        for role, (name, parts) in zip(_ROLES[1:], beside.items(), strict=False)
    ]
    return Chart(
        title=title,
        description=(
            f"{len(windows)} {'window' if len(windows) == 1 else 'windows'} of the past: what was forecast at its "
            f"beginning from what was known then, over what happened."
        ),
        curves=(
            Curve("what happened", places, truth, "history"),
            *others,
            Curve(model if beside else "forecast", future, y_pred, "model"),
        ),
        bands=bands,
        ticks=axis.ticks(places),
    )


def by_window_chart(places: Float64, by_window: Mapping[str, Sequence[float | None]], axis: TimeAxis) -> Chart:
    """The error of each model at each cutoff; the first one is the one that matters."""
    own = _floats(next(iter(by_window.values())))
    model = next(iter(by_window))
    return Chart(
        title="MASE of each window",
        description=f"MASE of {model}: from {readable(float(np.nanmin(own)))} to {readable(float(np.nanmax(own)))}.",
        curves=tuple(
            Curve(name, places, _floats(errors), role, len(places) <= _FEW)
            for role, (name, errors) in zip(_ROLES, by_window.items(), strict=False)
        ),
        ticks=axis.ticks(places),
        x_label="" if axis.ticks(places) else "cutoff",
        y_label="MASE",
        zero=True,
    )


def by_step_chart(steps: Sequence[int], by_step: Mapping[str, Sequence[float | None]], unit: str) -> Chart:
    """The error of each model over the horizon; the first one is the one that matters."""
    own = _floats(next(iter(by_step.values())))
    model = next(iter(by_step))
    curves = tuple(
        Curve(name, [float(step) for step in steps], _floats(errors), role, len(steps) <= _FEW)
        for role, (name, errors) in zip(_ROLES, by_step.items(), strict=False)
    )
    return Chart(
        title=f"{unit} at each step of the horizon",
        description=(
            f"{unit} of {model}: {readable(float(own[0]))} at step {steps[0]}, {readable(float(own[-1]))} at step "
            f"{steps[-1]}."
        ),
        curves=curves,
        x_label="steps ahead",
        y_label=unit,
        zero=True,
    )


def calibration_chart(nominal: Sequence[float], covered: Sequence[float | None]) -> Chart:
    """What intervals promise against what they held; on the diagonal they keep their word."""
    held, promised = 100 * _floats(covered), 100 * np.asarray(nominal, np.float64)
    worst = int(np.nanargmax(np.abs(held - promised)))
    return Chart(
        title="Promised and observed coverage",
        description=(
            f"On the diagonal intervals hold what they promise; below it they are too narrow. Furthest from it, those "
            f"of {promised[worst]:.0f} % held {held[worst]:.0f} % of the values."
        ),
        curves=(
            Curve("as promised", [0.0, 100.0], [0.0, 100.0], "reference"),
            Curve("observed", promised, held, "model", True),
        ),
        x_label="promised, %",
        y_label="observed, %",
        zero=True,
        square=True,
    )


def residual_chart(places: Float64, residuals: Float64, axis: TimeAxis, unit: str, what: str) -> Chart:
    """Errors over time; what is left should look like noise about zero."""
    known = residuals[np.isfinite(residuals)]
    return Chart(
        title="Residuals over time",
        description=(
            f"Truth less forecast, {what}: {readable(float(known.mean()))} on average, from "
            f"{readable(float(known.min()))} to {readable(float(known.max()))}."
        ),
        curves=(
            Curve("zero", [float(places[0]), float(places[-1])], [0.0, 0.0], "reference"),
            Curve("residual", places, residuals, "model", len(places) <= _FEW),
        ),
        ticks=axis.ticks(places),
        y_label=unit,
    )


def acf_chart(residuals: Float64, season_length: int) -> Chart | None:
    """The autocorrelation of residuals, with the bounds that noise keeps within; None for too few of them."""
    known = np.isfinite(residuals)
    count = int(known.sum())
    lags = min(max(20, 2 * season_length + 2), _MOST_LAGS if season_length < 20 else 2 * season_length + 2, count // 4)
    if lags < 3:
        return None
    found = autocorrelation(residuals, lags)
    bound = 1.96 / math.sqrt(count)
    outside = int((np.abs(found) > bound).sum())
    places = np.arange(1.0, lags + 1)
    edges = [0.5, lags + 0.5]
    strongest = int(np.nanargmax(np.abs(found)))
    return Chart(
        title="Autocorrelation of the residuals",
        description=(
            f"{outside} of {lags} lags lie outside the bounds that noise leaves one time in twenty; the strongest is "
            f"{found[strongest]:.2f} at lag {strongest + 1}. Beyond the bounds there is something left to learn."
        ),
        curves=(Curve("zero", edges, [0.0, 0.0], "reference"),),
        bands=(Band("noise, 95 %", edges, [-bound, -bound], [bound, bound], "band-2"),),
        bars=Curve("autocorrelation", places, found, "model"),
        x_label="lag in steps",
    )


def autocorrelation(values: Float64, lags: int) -> Float64:
    """Autocorrelation at the lags 1 to `lags`; values that are NaN do not count."""
    steps = np.where(np.isfinite(values), values - np.nanmean(values), 0.0)
    total = float(steps @ steps)
    found = [float(steps[lag:] @ steps[:-lag]) for lag in range(1, lags + 1)]
    return np.asarray(found) / total if total > 0 else np.zeros(lags)


def training_charts(epochs: Sequence[Mapping[str, Any]], most: int = 6) -> tuple[Chart, ...]:
    """The loss over the epochs of each run, of the first member."""
    runs: dict[str, list[Mapping[str, Any]]] = {}
    for row in epochs:
        if row.get("member", 0) == 0:
            runs.setdefault(str(row["phase"]), []).append(row)
    charts = []
    for phase, rows in runs.items():
        places = [float(row["epoch"]) for row in rows]
        curves = [
            Curve(label, places, _floats([row.get(key) for row in rows]), role, len(rows) <= _FEW)
            for key, label, role in (("loss", "loss", "model"), ("val_loss", "validation loss", "other-1"))
            if any(row.get(key) is not None for row in rows)
        ]
        if curves:
            charts.append(_training_chart(phase, curves))
    return tuple(charts[:most])


def _training_chart(phase: str, curves: Sequence[Curve]) -> Chart:
    ends = "; ".join(f"{c.label} {readable(float(c.y[0]))} to {readable(float(c.y[-1]))}" for c in curves)
    return Chart(
        title=phase,
        description=f"{len(curves[0].x)} epochs: {ends}.",
        curves=tuple(curves),
        x_label="epoch",
        y_label="loss",
    )


def gradient_chart(rows: Sequence[Mapping[str, Any]]) -> Chart | None:
    """The gradient along the window after the first and the last epoch of the last run, of the first member."""
    if not rows:
        return None
    phase = rows[-1]["phase"]
    own = [row for row in rows if row["phase"] == phase and row["member"] == 0]
    epochs = sorted({row["epoch"] for row in own})
    curves = []
    for epoch, role in zip(dict.fromkeys((epochs[-1], epochs[0])), ("model", "other-1"), strict=False):
        points = [
            (-float(row["steps_back"]), row["gradient_norm"])
            for row in own
            if row["epoch"] == epoch and row["gradient_norm"] is not None and row["gradient_norm"] > 0
        ]
        if points:
            x, y = zip(*sorted(points), strict=True)
            curves.append(Curve(f"epoch {epoch}", list(x), list(y), role, len(x) <= _FEW))
    if not curves:
        return None
    first, last = curves[0].y[0], curves[0].y[-1]
    return Chart(
        title="Gradient along the window",
        description=f"From {readable(last)} at the newest step to {readable(first)} at the oldest one, {phase}.",
        curves=tuple(curves),
        x_label="steps before the forecast",
        y_label="gradient",
        log=True,
    )


def season_chart(panel: Panel, number: int, season_length: int, axis: TimeAxis) -> Chart | None:
    """The last season of a series over the mean of those before; None where fewer than three are known."""
    rows = slice(panel.offsets[number], panel.offsets[number + 1])
    values = np.where(panel.observed[rows], panel.values[rows], np.nan)
    seasons = min(len(values) // season_length, 50) if 1 < season_length <= 1000 else 0
    if seasons < 3 or np.isnan(values).mean() > 0.5:
        return None
    table = values[-seasons * season_length :].reshape(seasons, season_length)
    counts = np.isfinite(table[:-1]).sum(axis=0)
    means = np.where(counts > 0, np.nansum(table[:-1], axis=0) / np.maximum(counts, 1), np.nan)
    places = axis.places(panel.ends[number] - season_length + np.arange(season_length))
    return Chart(
        title=f"The last season{_of(panel, number)} and the {seasons - 1} before",
        description=(
            f"On average from {readable(float(np.nanmin(means)))} to {readable(float(np.nanmax(means)))} within a "
            f"season of {season_length} steps."
        ),
        curves=(
            Curve(f"mean of {seasons - 1} seasons", places, means, "other-1", season_length <= _FEW),
            Curve("last season", places, table[-1], "history", season_length <= _FEW),
        ),
        ticks=axis.ticks(places),
    )


def _of(panel: Panel, number: int) -> str:
    label = shown(panel.label(number))
    return f" of {label}" if label else ""


def _bands(
    places: Float64, lower: Float64, upper: Float64, levels: tuple[float, ...], *, named: bool = True
) -> tuple[Band, ...]:
    """The intervals of each level, the widest first."""
    bands = []
    for place in reversed(range(len(levels))):
        label = f"{levels[place]:g} % interval" if named else ""
        role = f"band-{min(place, 1) + 1}"
        bands.append(Band(label, places, lower[:, place], upper[:, place], role))
    return tuple(bands)


def _after(now: float, ahead: Float64) -> Float64:
    """Values of each step ahead behind the last known one."""
    return np.concatenate([np.full((1, *ahead.shape[1:]), now), ahead])


def _with_breaks(parts: Sequence[Float64]) -> Float64:
    """Values one after the other, with NaN between them."""
    pieces = [piece for part in parts for piece in (part, [np.nan])]
    return np.concatenate(pieces[:-1])


def _floats(values: Sequence[float | None]) -> Float64:
    return np.array([math.nan if value is None else value for value in values], np.float64)
