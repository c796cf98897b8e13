"""The table of local models, and how they are fitted to a panel and asked for windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Float32, Float64, Int64
from tsforecast.models.local import ets, seasonal_shape, theta
from tsforecast.models.local.aligned import (
    Aligned,
    aligned_windows,
    from_units,
    in_units,
    size_of_units,
    units_of,
    units_of_windows,
)
from tsforecast.models.local.forms import MOST_FORMS, Forecast, forecast_forms
from tsforecast.models.network.weights import Weights
from tsforecast.series.windows import ModelRows, Windows

_LEAST_ROWS, _MOST_ROWS = 240, 3000  # that a model looks back at
_SERIES = 2048  # fitted or forecast at once


@dataclass(frozen=True)
class LocalModel:
    """One local model.

    Args:
        seasons: that it looks back at.
        columns: numbers that it keeps of each form of a series.
        forms: that are averaged for each series.
        fit: the forms of each series as `best_forms` gives them, or the numbers of its only one, from the series, the
            season and the horizon.
        forecast: what follows series, by one form of each.
    """

    seasons: int
    columns: int
    forms: int
    fit: Callable[[Aligned, int, int], Float64]
    forecast: Forecast

    def lookback(self, season: int) -> int:
        """Steps that it looks back at where there are so many."""
        return min(max(self.seasons * season, _LEAST_ROWS), _MOST_ROWS)

    def width(self, forms: int) -> int:
        """Numbers that it keeps of a series of so many forms; of several, the shares too."""
        return self.columns if forms == 1 else forms * (1 + self.columns)


LOCAL_MODELS: dict[str, LocalModel] = {
    "ets": LocalModel(
        10, ets.COLUMNS, MOST_FORMS, lambda series, season, _: ets.fit_ets(series, season), ets.forecast_ets
    ),
    "theta": LocalModel(
        10, theta.COLUMNS, 1, lambda series, season, _: theta.fit_theta(series, season), theta.forecast_theta
    ),
    "seasonal-shape": LocalModel(
        42,
        seasonal_shape.COLUMNS,
        MOST_FORMS,
        seasonal_shape.fit_seasonal_shape,
        seasonal_shape.forecast_seasonal_shape,
    ),
}


def local_shapes(name: str, n_series: int, forms: int) -> dict[str, tuple[int, ...]]:
    """The tensors of a local model that averages so many forms."""
    return {f"{name}/parameters": (n_series, LOCAL_MODELS[name].width(forms)), f"{name}/units": (n_series, 3)}


def fit_local(name: str, rows: ModelRows, ends: Int64, lookback: int, season: int, horizon: int) -> Weights:
    """Fit a local model to the newest rows of each series before its end.

    Args:
        name: of the model.
        rows: the series.
        ends: row after the last one to fit on, counted within the series, shape (n_series,).
        lookback: newest rows that are fitted on.
        season: steps in a season.
        horizon: steps that are forecast.

    Returns:
        The tensors of `local_shapes`: its parameters, and what leads from model space to the units they are fitted in.
    """
    panel, model, size = rows.panel, LOCAL_MODELS[name], size_of_units(rows.scaling)
    parameters = np.empty((panel.n_series, model.width(model.forms)), np.float32)
    for begin in range(0, panel.n_series, _SERIES):
        some = slice(begin, min(begin + _SERIES, panel.n_series))
        used = min(lookback, max(1, int(ends[some].max())))
        places = (panel.offsets[:-1] + ends)[some, None] + np.arange(-used, 0)
        starts = panel.offsets[:-1][some, None]
        values = panel.values[np.minimum(np.maximum(places, starts), len(panel.values) - 1)] / size[some, None]
        series = aligned_windows(values, places >= starts)
        parameters[some] = series.unordered(_kept(model.fit(series, season, horizon)))
    return {f"{name}/parameters": parameters, f"{name}/units": units_of(rows.scaling)}


def predict_local(name: str, weights: Weights, windows: Windows, season: int, horizon: int) -> Float32:
    """Forecast windows in model space, shape (samples, horizon); NaN for a window without a single value.

    A series that was not there in training is fitted on its window.
    """
    made = np.empty((len(windows), horizon), np.float32)
    for begin in range(0, len(windows), _SERIES):
        some = slice(begin, begin + _SERIES)
        made[some] = _predict(LOCAL_MODELS[name], name, weights, windows.take(some), season, horizon)
    return made


def _predict(model: LocalModel, name: str, weights: Weights, windows: Windows, season: int, horizon: int) -> Float32:
    number, known = windows.categories[:, 0], windows.mask[:, -1:]
    units = units_of_windows(weights[f"{name}/units"], windows)
    series = aligned_windows(in_units(windows.values.astype(np.float64), units), windows.mask)
    stored = weights[f"{name}/parameters"].astype(np.float64)[np.maximum(number, 0)][series.order]
    new = number[series.order] < 0
    made = np.empty((horizon, len(windows)))
    for chosen in (np.flatnonzero(~new), np.flatnonzero(new)):
        if chosen.size:
            some = series if len(chosen) == len(new) else series.take(chosen)
            parameters = _kept(model.fit(some, season, horizon)) if new[chosen[0]] else stored[chosen]
            made[:, chosen] = forecast_forms(model.forecast, model.columns, some, parameters, season, horizon)
    made = series.unordered(made.T)
    return np.where(known, from_units(made, units), np.float32(np.nan))


def _kept(parameters: Float64) -> Float64:
    """The parameters as they come back from a file."""
    return parameters.astype(np.float32).astype(np.float64)
