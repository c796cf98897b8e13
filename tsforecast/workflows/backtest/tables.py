"""The metrics of all models of a backtest: over all windows, by step, by window and by series."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsforecast.fitting.backtest import Truth
from tsforecast.fitting.backtest_scores import add_skill, errors_by, errors_by_step, score
from tsforecast.fitting.scores import NAIVE
from tsforecast.forecast import Intervals
from tsforecast.series.panel import Panel
from tsforecast.workflows.backtest.forecasts import Forecasts

Errors = dict[str, dict[str, list[float]]]


def scores_of(forecasts: Forecasts, shown: tuple[float, ...]) -> dict[str, dict[str, float]]:
    """The metrics of all models, with their skill against the seasonal naive.

    Args:
        forecasts: of all models.
        shown: levels of the intervals whose coverage and scores are given.
    """
    scores = {name: score(forecasts.truth, each, forecasts.levels, shown) for name, each in forecasts.made.items()}
    add_skill(scores, NAIVE)
    return scores


def by_step(forecasts: Forecasts) -> Errors:
    """MAE and MASE of every model at each step of the horizon."""
    return {name: _lists(errors_by_step(forecasts.truth, each)) for name, each in forecasts.made.items()}


def by_window(forecasts: Forecasts) -> Errors:
    """MAE and MASE of every model in each window."""
    truth, windows = forecasts.truth, len(forecasts.folds)
    return {name: _lists(errors_by(truth, each, truth.window, windows)) for name, each in forecasts.made.items()}


def by_series(forecasts: Forecasts) -> dict[str, list[dict[str, Any]]]:
    """MAE and MASE of every model for each series, the worst by MASE first, those without any last."""
    return {name: _by_series(forecasts.panel, forecasts.truth, each) for name, each in forecasts.made.items()}


def _lists(errors: dict[str, Any]) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in errors.items()}


def _by_series(panel: Panel, truth: Truth, made: Intervals) -> list[dict[str, Any]]:
    errors = errors_by(truth, made, truth.series, panel.n_series)
    order = np.argsort(-np.nan_to_num(errors["mase"], nan=-1.0), kind="stable").tolist()
    return [
        {"id": panel.label(number), "mae": float(errors["mae"][number]), "mase": float(errors["mase"][number])}
        for number in order
    ]
