"""Where a challenger meets the champion and the seasonal naive, and what comes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from tsforecast.fitting.fit_panel import Fitted, fit_panel
from tsforecast.fitting.paired_test import Comparison, compare, ratio_of
from tsforecast.fitting.plan import FixedChoices
from tsforecast.fitting.scores import LEVELS, NAIVE, Score, ScoredWindows, Scorer, main_metric, naive_forecaster
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.options import FitOptions
from tsforecast.models.training.resume import NO_RECORDER, Recorder
from tsforecast.progress import Report
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import Rows
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.fit import rows_in_words
from tsforecast.workflows.retrain.challenger import scored_by_duel
from tsforecast.workflows.retrain.decision import CHAMPION, Standings, decide
from tsforecast.workflows.retrain.duel import champion_scaling, duel_windows, unlearned_fact
from tsforecast.workflows.retrain.settings import PromotionRules

# Shares of the values' movement and of their size below which an error is nothing but rounding: models see the movement
# as float32, which has seven digits, and the size is added as float64.
_ROUNDING, _ROUNDING_OF_SIZE = 1e-5, 1e-12
_COVERAGE = tuple(f"coverage_{level:g}" for level in LEVELS)


@dataclass(frozen=True)
class Contest:
    """How a contest ended.

    Args:
        waiting: why nothing was trained; empty where a challenger was.
        new_rows: of the typical series, since the last that the champion knows.
        challenger: the model; None where nothing was trained.
        warm: whether it went on from the champion.
        training_rows: what its weights were trained on, in words; None for what a fit says of itself.
        unlearned: newest rows of each series that its weights have not learned from, as a version says it.
        metric: that the errors are given in, `mase` or `mae`.
        errors: of `challenger`, `champion` (where there is one) and `seasonal-naive` on the same held-out values.
        coverage: of the intervals on these values by model, such as `coverage_80`.
        holdout_rows: newest rows held out, of the typical series.
        values: held-out values that were observed and forecast.
        p_value: that challenger and champion are equally good (seasonal naive without a champion); 1 where the rows are
            too few for a test.
        wins: whether the challenger is to be published.
        undecided: whether it does not win, but is not clearly worse either: the champion stays, and nothing is wrong.
        champion_fails: whether the champion is clearly worse than the seasonal naive.
        stand_in: the simple model that takes the champion's place, as the challenger of this contest; empty for none.
        reason: of the decision, in words.
    """

    waiting: str = ""
    new_rows: int = 0
    challenger: Fitted | None = None
    warm: bool = False
    training_rows: str | None = None
    unlearned: int | list[int] = 0
    metric: str = ""
    errors: dict[str, float] = field(default_factory=dict)
    coverage: dict[str, dict[str, float]] = field(default_factory=dict)
    holdout_rows: int = 0
    values: int = 0
    p_value: float = 1.0
    wins: bool = False
    undecided: bool = False
    champion_fails: bool = False
    stand_in: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Training:
    """How a challenger is made.

    Args:
        options: about the model.
        report: receives messages and progress.
        began: moment on time.monotonic() from which the time limit counts.
        recorder: keeps what the networks come to.
    """

    options: FitOptions
    report: Report
    began: float
    recorder: Recorder = NO_RECORDER

    def learn(self, panel: Panel) -> Fitted:
        """Do what `fit` does."""
        return fit_panel(panel, self.options, self.report, began=self.began, recorder=self.recorder)


@dataclass(frozen=True)
class HeldOutRows:
    """The held-out rows, and how the champion and the seasonal naive do on them.

    Args:
        panel: all rows.
        begins: first held-out row of each series, shape (n_series,).
        windows: that are forecast.
        season_length: of the differences that errors are scaled by.
        scores: of `champion`, where there is one, and `seasonal-naive`.
    """

    panel: Panel
    begins: Rows
    windows: ScoredWindows
    season_length: int
    scores: dict[str, Score]

    @property
    def horizon(self) -> int:
        """Steps of a window."""
        return self.windows.rows.shape[1]

    @property
    def rows(self) -> int:
        """Held out of the typical series."""
        return typical(self.panel.lengths - self.begins)

    def before(self, first: Rows | None = None) -> Panel:
        """The rows before the held-out ones, from `first` on; each series keeps one."""
        first = np.zeros_like(self.begins) if first is None else np.clip(first, 0, np.maximum(0, self.begins - 1))
        return self.panel.between(first, self.begins)

    @cached_property
    def scorer(self) -> Scorer:
        return Scorer(self.panel, self.windows, self.season_length, self.begins)

    def score(self, forecaster: Forecaster, scaling: Scaling, trained_as: Rows | None = None) -> Score:
        """How another one does, as `Scorer.score` has it."""
        return self.scorer.score(forecaster, scaling, trained_as)


def held_out_rows_of(panel: Panel, begins: Rows, numbers: Rows, champion: Bundle, basics: FixedChoices) -> HeldOutRows:
    horizon = min(basics.horizon, champion.spec.horizon)
    held_out = HeldOutRows(panel, begins, duel_windows(panel, begins, horizon), basics.season_length, {})
    held_out.scores[CHAMPION] = held_out.score(
        champion.forecaster, champion_scaling(champion, panel, numbers, begins), numbers
    )
    held_out.scores[NAIVE] = held_out.score(*naive_forecaster(panel, horizon, basics.season_length))
    return held_out


def face(held_out: HeldOutRows, fitted: Fitted, rules: PromotionRules, contest: Contest) -> tuple[Contest, Standings]:
    """A challenger on the held_out, and what that decides."""
    own = held_out.score(fitted.forecaster, fitted.everything.rows.scaling)
    metrics = {"challenger": own.metrics} | {name: one.metrics for name, one in held_out.scores.items()}
    for row in metrics.values():
        row["windows"] = float(len(held_out.windows.index))
    if contest.warm:
        fitted = scored_by_duel(fitted, own.metrics, metrics[NAIVE])
    contest = replace(
        contest,
        challenger=fitted,
        training_rows=contest.training_rows or _training_rows(fitted, held_out, warm=contest.warm),
        unlearned=unlearned_fact(held_out.panel.lengths - held_out.begins),
    )
    return judged(held_out, contest, metrics, own, rules)


def judged(
    held_out: HeldOutRows, contest: Contest, metrics: dict[str, dict[str, float]], own: Score, rules: PromotionRules
) -> tuple[Contest, Standings]:
    """The decision, from all metrics of each model and their errors row by row."""
    panel, windows = held_out.panel, held_out.windows
    values = panel.values[np.unique(windows.rows[windows.scored])]
    # Of series that are constant before the hold-out there is no scaled error.
    metric = main_metric(panel.n_series if math.isfinite(metrics[NAIVE]["mase"]) else 1)
    errors = {name: row[metric] for name, row in metrics.items()}
    rounding = _rounding(held_out) if metric == "mae" else 0.0
    scores = held_out.scores | {"challenger": own}

    def compared(one: str, other: str) -> Comparison:
        made = compare(
            scores[one].errors, scores[other].errors, held_out.horizon, tolerance=rules.tolerance, rounding=rounding
        )
        return replace(made, ratio=ratio_of(max(errors[one], rounding), max(errors[other], rounding)))

    against = {name: compared("challenger", name) for name in errors if name != "challenger"}
    champion = compared(CHAMPION, NAIVE) if CHAMPION in errors else None
    told = Standings(metric, errors, against, champion, held_out.rows)
    decision = decide(told, rules)
    contest = replace(
        contest,
        metric=metric,
        errors=errors,
        coverage={name: {key: row[key] for key in _COVERAGE} for name, row in metrics.items() if name != NAIVE},
        holdout_rows=held_out.rows,
        values=len(values),
        p_value=against.get(CHAMPION, against[NAIVE]).equal,
        wins=decision.outcome == "promoted",
        undecided=decision.outcome == "waiting",
        champion_fails=told.champion_fails,
        reason=decision.reason,
    )
    return contest, told


def _rounding(held_out: HeldOutRows) -> float:
    """Error that counts as none, by the rows before the hold-out."""
    values = without_strays(held_out.before()).values
    if not values.size:
        return 0.0
    movement = float(np.abs(values - np.median(values)).mean())
    return _ROUNDING * movement + _ROUNDING_OF_SIZE * float(np.abs(values).mean())


def _training_rows(fitted: Fitted, held_out: HeldOutRows, *, warm: bool) -> str:
    """What the challenger of a duel knows, in words."""
    compared = (
        f"the newest {held_out.rows} rows of the typical series were held out to compare it with the version in service"
    )
    known = len(fitted.everything.panel.values)
    if warm:
        return (
            f"trained on from the version in service, on {known:,} of {len(held_out.panel.values):,} rows; {compared}"
        )
    return f"{rows_in_words(fitted)}; {compared}"


def typical(rows: Rows) -> int:
    return int(np.median(rows[rows > 0])) if np.any(rows > 0) else 0
