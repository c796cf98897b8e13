"""Scores on held-out windows: all models on the same windows, in the user's units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tsforecast.arrays import Bool, Float64
from tsforecast.fitting.error_profile import NOMINAL, Actuals, ErrorProfile, coverage_of, error_profile
from tsforecast.fitting.newest_window import NewestWindow, newest_window
from tsforecast.fitting.paired_test import compare, ratio_of
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.series_scores import score_rows, series_scores
from tsforecast.fitting.trained import Learned
from tsforecast.forecast import Intervals, joined
from tsforecast.metrics import evaluate, skill
from tsforecast.models.calibration import PROBABILITIES, Calibration
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.options import DEFAULT_LEVELS
from tsforecast.series.covariates import Labels
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import ModelRows, Rows, WindowIndex, model_rows

MAX_TEST = 10_000
MAX_COVERAGE = 1000  # windows that coverage at many levels is measured on
NAIVE = "seasonal-naive"
_WORTH_SAYING = 0.005

# Times the error of the best simple model, from which a model loses: so that it is said, clearly where a test of the
# errors row by row finds so too, and clearly without a test.
_WORSE, _CLEARLY_WORSE, _FAR_WORSE = 1.02, 1.25, 3.0
# Share of the values' deviation, and MASE, below which an error is only the rounding of float32.
_ROUNDING = {"mae": 1e-5, "mase": 1e-4}


@dataclass(frozen=True)
class ScoredWindows:
    """The windows that models are scored on.

    Args:
        index: the windows.
        rows: of their targets in the flat array, shape (samples, horizon).
        scored: whether a step counts: it lies in the held-out rows and was observed, shape (samples, horizon).
    """

    index: WindowIndex
    rows: Rows
    scored: Bool


@dataclass(frozen=True)
class Score:
    """How a model did.

    Args:
        metrics: all of them.
        errors: mean absolute error at each held-out row counted from the end of the series, the oldest first, over all
            series and all windows that forecast it, NaN where nothing was observed; in units of each series' seasonal
            error where there are several. Shape (rows,).
    """

    metrics: dict[str, float]
    errors: Float64


@dataclass(frozen=True)
class Scorer:
    """Scores any model on the same windows.

    Args:
        panel: all rows as they were read: a stray value counts like any other.
        windows: what is forecast. The horizon of a model may be longer; its later steps do not count.
        season_length: of the differences that errors are scaled by.
        begins: row of each series before which these differences are taken, shape (n_series,).
        levels: of the intervals, in percent.
    """

    panel: Panel
    windows: ScoredWindows
    season_length: int
    begins: Rows
    levels: tuple[float, ...] = DEFAULT_LEVELS

    @cached_property
    def seasonal_error(self) -> tuple[Float64, Float64]:
        """The scales of MASE and RMSSE."""
        return seasonal_errors(self.panel, self.season_length, self.begins)

    @cached_property
    def seen(self) -> Panel:
        """The rows as models see them."""
        return without_strays(self.panel, self.begins)

    def score(
        self, forecaster: Forecaster, scaling: Scaling, trained_as: Rows | None = None, labels: Labels | None = None
    ) -> Score:
        """All metrics of a model, and its errors row by row.

        Args:
            forecaster: the model.
            scaling: of every series of the panel.
            trained_as: number of each series in the model's training, as for `model_rows`.
            labels: of the categories in the model's training; None for those of the panel.
        """
        seen = self.seen
        if labels is not None:
            seen = replace(seen, covariates=seen.covariates.labelled(labels))
        rows = model_rows(seen, scaling, trained_as, forecaster.spec.calendar)
        made = self.forecasts(forecaster, rows)
        return Score(self.metrics(made), self.row_errors(made.y_pred))

    def forecasts(self, forecaster: Forecaster, rows: ModelRows) -> Intervals:
        """Forecasts of the windows with their intervals."""
        spec, index, horizon = forecaster.spec, self.windows.index, self.windows.rows.shape[1]
        made = joined(
            [
                forecaster.intervals(
                    rows.windows(some, lookback=spec.lookback, horizon=spec.horizon), rows.scaling, self.levels
                )
                for some in list(index.in_batches(spec.lookback + spec.horizon)) or [index]
            ]
        )
        return Intervals(made.y_pred[:, :horizon], made.lower[:, :horizon], made.upper[:, :horizon])

    @cached_property
    def actuals(self) -> Actuals:
        """What happened in the windows; several series are scaled by their seasonal errors."""
        panel, index, rows = self.panel, self.windows.index, self.windows.rows
        starts = panel.starts[index.series] + index.origins - panel.offsets[index.series]
        scale = self.seasonal_error[0][index.series] if panel.n_series > 1 else np.ones(len(index))
        return Actuals(index.series, starts, panel.values[rows], self.windows.scored, scale)

    def coverage(self, forecaster: Forecaster, rows: ModelRows) -> dict[str, list[float]]:
        """What intervals of many levels held, on some of the windows."""
        chosen = np.unique(np.linspace(0, len(self.windows.index) - 1, MAX_COVERAGE).round().astype(np.int64))
        windows = ScoredWindows(self.windows.index.take(chosen), self.windows.rows[chosen], self.windows.scored[chosen])
        some = replace(self, windows=windows, levels=NOMINAL)
        return coverage_of(some.actuals, [(slice(None), some.forecasts(forecaster, rows))], NOMINAL)

    def metrics(self, made: Intervals) -> dict[str, float]:
        """All metrics of forecasts of the windows, over the steps that count."""
        return evaluate(
            self.panel.values[self.windows.rows],
            made.y_pred,
            observed=self.windows.scored,
            series=self.windows.index.series,
            seasonal_error=self.seasonal_error,
            lower=made.lower,
            upper=made.upper,
            levels=self.levels,
        )

    def by_series(self, made: Intervals, usual: Float64) -> tuple[dict[str, Any], ...]:
        """Rows with the scores of each of several series, the worst first.

        Args:
            made: forecasts of the windows.
            usual: those of the usual guess.
        """
        panel, windows = self.panel, self.windows
        if panel.n_series < 2 or not len(windows.index):
            return ()
        scores = series_scores(
            panel.values[windows.rows],
            made,
            usual,
            scored=windows.scored,
            series=windows.index.series,
            scale=self.seasonal_error[0],
            level=self.levels.index(80.0),
        )
        return tuple(score_rows(scores, [panel.label(number) for number in range(panel.n_series)]))

    def row_errors(self, y_pred: Float64) -> Float64:
        """The mean error at each row of every series, then the mean over the series: more windows count no more."""
        panel, windows, scale = self.panel, self.windows, self.seasonal_error[0]
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


@dataclass(frozen=True)
class LostTo:
    """The best simple model, where another one makes more error on the held-out rows.

    Args:
        name: of the simple model.
        clearly: whether by far, or by so much that chance does not explain it.
        reason: in words.
    """

    name: str
    clearly: bool
    reason: str


@dataclass(frozen=True)
class Scored:
    """How models did on the test windows.

    Args:
        scores: all metrics of each model, its skill and the seconds of its training.
        errors: where the main model errs.
        lost: the best simple model if that is better; None elsewhere.
        by_series: rows with the scores of the main model for each of several series, the worst first.
        newest: the newest window; None where there is none.
    """

    scores: dict[str, dict[str, float]]
    errors: ErrorProfile
    lost: LostTo | None
    by_series: tuple[dict[str, Any], ...] = ()
    newest: NewestWindow | None = None


def score_models(models: Mapping[str, tuple[Learned, Forecaster]], plan: Plan) -> Scored:
    """Score each model on the test windows.

    Args:
        models: each as it was learned, and with its calibration.
        plan: of the model that the others are compared with.
    """
    prepared = models[plan.model][0].prepared
    panel, split = prepared.panel, prepared.split
    index = prepared.windows("test", plan, MAX_TEST)
    rows = index.origins[:, None] + np.arange(plan.horizon)
    scorer = Scorer(panel, ScoredWindows(index, rows, panel.observed[rows]), plan.season_length, split.train_end)
    scores, points = {}, {}
    own_made: Intervals | None = None
    for name, (learned, forecaster) in models.items():
        made = scorer.forecasts(forecaster, learned.prepared.rows)
        scores[name], points[name] = scorer.metrics(made), made.y_pred
        own_made = made if name == plan.model else own_made
    add_skill(scores, panel.n_series)
    for name, (learned, _) in models.items():
        scores[name]["seconds"] = learned.trained.seconds
        scores[name]["windows"] = float(len(index))
    own, forecaster = models[plan.model]
    coverage = scorer.coverage(forecaster, own.prepared.rows)
    errors = error_profile(scorer.actuals, points, coverage, model=plan.model, usual=NAIVE)
    metric = main_metric(panel.n_series)
    if plan.training.loss == "mse":
        metric = "rmsse" if panel.n_series > 1 else "rmse"
    by_row = {name: scorer.row_errors(y_pred) for name, y_pred in points.items()}
    rounding = _ROUNDING[main_metric(panel.n_series)]
    if panel.n_series == 1:
        rounding *= float(np.std(panel.values[panel.observed]))
    lost = lost_to(plan, scores, by_row, metric, rounding)
    if own_made is None:
        return Scored(scores, errors, lost)
    newest = newest_window(panel, index, own_made, points[NAIVE], scorer.levels)
    return Scored(scores, errors, lost, scorer.by_series(own_made, points[NAIVE]), newest)


def main_metric(n_series: int) -> str:
    """The metric that models are compared by: errors of several series must not depend on their sizes."""
    return "mase" if n_series > 1 else "mae"


def add_skill(scores: dict[str, dict[str, float]], n_series: int) -> None:
    """Add to the metrics of each model its skill against the seasonal naive, which is one of them."""
    key = main_metric(n_series)
    for row in scores.values():
        row["skill"] = skill(row[key], scores[NAIVE][key])


def lost_to(
    plan: Plan, scores: dict[str, dict[str, float]], by_row: dict[str, Float64], metric: str, rounding: float
) -> LostTo | None:
    """The best simple model where the plan's makes more error than it, with the reason; None elsewhere.

    Args:
        plan: of the model.
        scores: of all models.
        by_row: errors of each at the held-out rows, in time order, shape (rows,).
        metric: that decides.
        rounding: error that counts as none.
    """
    errors = {name: row[metric] for name, row in scores.items() if name != plan.model and np.isfinite(row[metric])}
    if not errors:
        return None
    best, own = min(errors, key=lambda name: errors[name]), scores[plan.model][metric]
    ratio = ratio_of(max(own, rounding), max(errors[best], rounding)) if np.isfinite(own) else np.inf
    if ratio <= _WORSE:
        return None
    tested = compare(by_row[plan.model], by_row[best], plan.horizon, rounding=rounding).clearly_worse
    clearly = ratio > _FAR_WORSE or bool(ratio > _CLEARLY_WORSE and tested)
    reason = f"{metric.upper()} {errors[best]:.3g} against {own:.3g} of {plan.model} on the held-out rows"
    return LostTo(best, clearly, reason)


def naive_forecaster(panel: Panel, horizon: int, season_length: int) -> tuple[Forecaster, Scaling]:
    """The seasonal naive and its scaling: it takes the values as they are."""
    spec = ModelSpec(NAIVE, horizon, season_length, (Part(NAIVE, 1.0, max(2, season_length)),))
    # Each series' first value is taken out: of a large level float32 would keep no digit of what moves.
    first, count = without_strays(panel).values[panel.offsets[:-1]], panel.n_series
    scaling = Scaling("none", "none", first, np.ones(count), np.zeros(count, dtype=bool))
    nothing = Calibration(np.zeros((horizon, len(PROBABILITIES))), 0, "a point forecast")
    return Forecaster(spec, {}, nothing), scaling


def verdict(model: str, scores: dict[str, dict[str, float]]) -> str:
    """In words: how the model compares with the seasonal naive and with the best simple model."""
    own = scores[model]["skill"]
    simple = {name: row["skill"] for name, row in scores.items() if name != model}
    best = max(simple, key=lambda name: simple[name])
    if not np.isfinite(own) or not np.isfinite(simple[best]):
        return "no skill can be given: the seasonal naive makes no error, or the past is constant."
    text = f"{model} makes {_compared(own, 0.0)} the seasonal naive"
    if best == NAIVE:
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
