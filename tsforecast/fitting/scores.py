"""Scores on held-out windows: every model of the report on the same windows, in the user's units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.fitting.calibrate import intervals_index
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.prepared import Prepared
from tsforecast.fitting.trained import Trained
from tsforecast.forecast import Intervals
from tsforecast.metrics import evaluate, seasonal_errors, skill
from tsforecast.models.calibration import PROBABILITIES, Calibration, window_spread
from tsforecast.models.forecaster import in_user_units, predict_windows
from tsforecast.models.network.weights import Weights
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import Rows, WindowIndex, gather_context

LEVELS = (80.0, 95.0)
MAX_TEST = 10_000
_WORTH_SAYING = 0.005


@dataclass(frozen=True)
class Entry:
    """A model in the table of scores, with its intervals and the space it works in."""

    trained: Trained
    calibration: Calibration
    prepared: Prepared


def score_models(entries: dict[str, Entry], plan: Plan) -> dict[str, dict[str, float]]:
    """All metrics of METRICS.md for each model on the windows of the test part, and its skill."""
    prepared = entries[plan.model].prepared
    panel = prepared.panel
    index = prepared.windows("test", plan, MAX_TEST)
    rows = index.origins[:, None] + np.arange(plan.horizon)
    y_true, observed = panel.values[rows], panel.observed[rows]
    seasonal_error = seasonal_errors(
        panel.values, panel.observed, panel.offsets, plan.season_length, prepared.split.train_end
    )
    scores = {}
    for name, entry in entries.items():
        made = intervals_index(entry.trained, entry.calibration, entry.prepared, index, LEVELS)
        scores[name] = evaluate(
            y_true,
            made.y_pred,
            observed=observed,
            series=index.series,
            seasonal_error=seasonal_error,
            lower=made.lower,
            upper=made.upper,
            levels=LEVELS,
        )
    key = "mase" if panel.n_series > 1 else "mae"
    for row in scores.values():
        row["skill"] = skill(row[key], scores["seasonal-naive"][key])
    for name, entry in entries.items():
        scores[name]["seconds"] = entry.trained.seconds
        scores[name]["windows"] = float(len(index))
    return scores


def verdict(model: str, scores: dict[str, dict[str, float]]) -> str:
    """In words: how the model compares with the seasonal naive and with the best simple model."""
    own = scores[model]["skill"]
    simple = {name: row["skill"] for name, row in scores.items() if name != model}
    best = max(simple, key=lambda name: simple[name])
    if not np.isfinite(own) or not np.isfinite(simple[best]):
        return "no skill can be given: the seasonal naive makes no error, or the past is constant."
    text = f"{model} makes {_compared(own, 0.0)} the seasonal naive"
    if best == "seasonal-naive":
        return text + (" and no simple model is better." if own >= 0 else ": use --model seasonal-naive.")
    text += f" and {_compared(own, simple[best])} the best simple model, {best}"
    better = 1 - (1 - own) / (1 - simple[best]) if simple[best] < 1 else 0.0
    if better < -_WORTH_SAYING:
        return f"{text}: it is not worth its cost here; use --model {best}."
    return f"{text}."


def _compared(skill_of_one: float, skill_of_other: float) -> str:
    share = 1 - (1 - skill_of_one) / (1 - skill_of_other) if skill_of_other < 1 else -np.inf
    if abs(share) < _WORTH_SAYING:
        return "the same error as"
    return f"{abs(share):.0%} {'less' if share > 0 else 'more'} error than"


_BATCH_VALUES = 1 << 20
NAIVE = "seasonal-naive"


@dataclass(frozen=True)
class Contender:
    """A model that forecasts the windows.

    Args:
        spec: what it is.
        weights: its tensors.
        scaling: of every series of the panel, in the panel's order.
        series: number of each series in its training, UNKNOWN_SERIES for one it has not seen, shape (n_series,).
        calibration: of its intervals.
    """

    spec: ModelSpec
    weights: Weights
    scaling: Scaling
    series: Rows
    calibration: Calibration


@dataclass(frozen=True)
class DuelWindows:
    """What the contenders forecast.

    Args:
        index: the windows.
        rows: of their targets in the flat array, cut to its end, shape (samples, horizon).
        scored: whether a step lies in the held-out rows and was observed, shape (samples, horizon).
    """

    index: WindowIndex
    rows: Rows
    scored: NDArray[np.bool_]


def naive_contender(panel: Panel, horizon: int, season_length: int) -> Contender:
    """The seasonal naive, which takes the values as they are."""
    count = panel.n_series
    spec = ModelSpec(NAIVE, horizon, season_length, (Part(NAIVE, 1.0, max(2, season_length)),))
    # Each series' first value is taken out: of a large level float32 would keep no digit of what moves.
    first = without_strays(panel).values[panel.offsets[:-1]]
    scaling = Scaling("none", "none", first, np.ones(count), np.zeros(count, dtype=bool))
    nothing = Calibration(np.zeros((horizon, len(PROBABILITIES))), 0, "a point forecast")
    return Contender(spec, {}, scaling, np.arange(count), nothing)


@dataclass(frozen=True)
class Score:
    """How one contender did.

    Args:
        metrics: all of them.
        errors: mean absolute error at each held-out row counted from the end of the series, the oldest first, over all
            series and all windows that forecast it, NaN where nothing was observed; in units of each series' seasonal
            error where there are several. Shape (rows,).
    """

    metrics: dict[str, float]
    errors: NDArray[np.float64]


def score(panel: Panel, windows: DuelWindows, contender: Contender, season_length: int, begins: Rows) -> Score:
    """All metrics of one contender on the windows' steps that count, and its errors row by row.

    Args:
        panel: all rows.
        windows: from `duel_windows`.
        contender: whose horizon is at least that of the windows; later steps do not count.
        season_length: of the differences that errors are scaled by.
        begins: first held-out row of each series; differences are taken before it. Shape (n_series,).
    """
    made = forecasts(without_strays(panel, begins), windows, contender)
    seasonal_error = seasonal_errors(panel.values, panel.observed, panel.offsets, season_length, begins)
    metrics = evaluate(
        panel.values[windows.rows],
        made.y_pred,
        observed=windows.scored,
        series=windows.index.series,
        seasonal_error=seasonal_error,
        lower=made.lower,
        upper=made.upper,
        levels=LEVELS,
    )
    return Score(metrics, _row_errors(panel, windows, made.y_pred, seasonal_error[0]))


def _row_errors(
    panel: Panel, windows: DuelWindows, y_pred: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of every series first, then their mean: one with more windows does not count more."""
    usable = scale > 0
    if panel.n_series == 1 or not usable.any():
        scale, usable = np.ones(panel.n_series), np.ones(panel.n_series, dtype=bool)
    series = windows.index.series
    counted = windows.scored & usable[series][:, None]
    if not counted.any():
        return np.empty(0)
    owner = np.broadcast_to(series[:, None], counted.shape)[counted]
    from_end = (panel.offsets[series + 1][:, None] - 1 - windows.rows)[counted]
    error = np.abs(panel.values[windows.rows] - y_pred)[counted] / scale[owner]
    cells, place = np.unique(from_end * panel.n_series + owner, return_inverse=True)
    each = np.bincount(place, error) / np.bincount(place)
    rows = cells // panel.n_series
    count = np.bincount(rows)
    means = np.bincount(rows, each) / np.where(count > 0, count, 1)
    return np.where(count > 0, means, np.nan)[::-1]


def forecasts(panel: Panel, windows: DuelWindows, contender: Contender) -> Intervals:
    """Forecasts of the windows with their intervals, in the user's units; steps beyond the windows' are left out."""
    spec, index, horizon = contender.spec, windows.index, windows.rows.shape[1]
    size = max(1, _BATCH_VALUES // (spec.lookback + spec.horizon))
    made = []
    for begin in range(0, len(index), size):
        part = index.take(np.arange(begin, min(begin + size, len(index))))
        values, mask = gather_context(panel.values, panel.offsets, part, lookback=spec.lookback)
        context = contender.scaling.transform(values, part.series[:, None])
        made.append(
            in_user_units(
                predict_windows(spec, contender.weights, context, mask, contender.series[part.series]),
                window_spread(context, mask, spec.season_length),
                spec=spec,
                calibration=contender.calibration,
                scaling=contender.scaling,
                series=part.series,
                levels=LEVELS,
            )
        )
    y_pred, lower, upper = (
        np.concatenate([getattr(one, name)[:, :horizon] for one in made]) for name in ("y_pred", "lower", "upper")
    )
    return Intervals(y_pred, lower, upper)
