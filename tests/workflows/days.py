"""Days of retraining without a store: series of several kinds, and what each day's comparison decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.workflows.cuts import table
from tsforecast.fitting.fit_panel import Fitted, fit_panel
from tsforecast.fitting.scores import ScoredWindows, Scorer, naive_forecaster
from tsforecast.models.network.weights import Weights
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import Panel, make_panel
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.retrain.challenger import Training
from tsforecast.workflows.retrain.comparison import Outcome
from tsforecast.workflows.retrain.held_out import UNLEARNED, champion_scaling, held_out_windows
from tsforecast.workflows.retrain.promotion import Waiting, challenger_bundle, train_and_compare
from tsforecast.workflows.retrain.settings import PromotionRules

DAILY = Frequency("fixed", DAY)


def _noise(random: np.random.Generator, days: int, coefficient: float) -> np.ndarray:
    noise = random.normal(0, 1, days)
    for day in range(1, days):
        noise[day] += coefficient * noise[day - 1]
    return noise


def _week(days: int) -> np.ndarray:
    return np.array([0.8, 0.9, 1.0, 1.0, 1.2, 1.5, 0.6])[np.arange(days) % 7]


# Each makes one series of so many days.
KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "week": lambda random, days: 100 * _week(days) + 5 * _noise(random, days, 0.0),
    "week and memory": lambda random, days: 100 * _week(days) + 5 * _noise(random, days, 0.7),
    "trend": lambda random, days: 100 + 0.2 * np.arange(days) + 10 * _week(days) + 5 * _noise(random, days, 0.3),
    "year": lambda random, days: (
        (100 + 30 * np.sin(2 * np.pi * np.arange(days) / 365.25)) * _week(days) + 5 * _noise(random, days, 0.5)
    ),
    "growth": lambda random, days: (
        50 * 1.002 ** np.arange(days) * _week(days) * np.exp(0.1 * _noise(random, days, 0.3))
    ),
    "counts": lambda random, days: random.poisson(20 * _week(days)).astype(float),
    "few": lambda random, days: random.poisson(1.5 * _week(days)).astype(float),
    "memory": lambda random, days: 100 + 5 * _noise(random, days, 0.9),
    "nothing to learn": lambda random, days: 100 + 5 * random.normal(0, 1, days),
    "walk": lambda random, days: 500 + np.cumsum(random.normal(0, 3, days)),
}


def series(kind: str, days: int, *, seed: int = 0, count: int = 1) -> list[np.ndarray]:
    """Series of one kind, the same at the beginning however many days there are."""
    return [KINDS[kind](np.random.default_rng([seed, number]), days) for number in range(count)]


def panel_of(values: list[np.ndarray]) -> Panel:
    return make_panel(values, DAILY, ids=[(f"s{number}",) for number in range(len(values))])


def first_days(panel: Panel, days: int) -> Panel:
    return panel.between(np.zeros(panel.n_series, np.int64), np.full(panel.n_series, days))


@dataclass(frozen=True)
class Day:
    """One night: the rows there were, the champion before it, and what was decided."""

    rows: int
    champion: Bundle
    outcome: Waiting | Outcome

    @property
    def status(self) -> str:
        if isinstance(self.outcome, Waiting):
            return "waiting"
        return "promoted" if self.outcome.wins else self.outcome.status


def compared(panel: Panel, champion: Bundle | None, options: FitOptions, rules: PromotionRules) -> Waiting | Outcome:
    """What a retraining without a store decides."""
    return train_and_compare(table(panel), champion, Training(options, TrainingSession()), rules)


def champion_of(panel: Panel, options: FitOptions) -> Bundle:
    """What a `fit` publishes."""
    return published(panel, compared(panel, None, options, PromotionRules()))


def published(panel: Panel, outcome: Waiting | Outcome) -> Bundle:
    assert isinstance(outcome, Outcome)
    return challenger_bundle(table(panel), outcome, name="m", began=time.monotonic())


def retrained(
    panel: Panel, champion: Bundle, options: FitOptions, days: range, rules: PromotionRules | None = None
) -> Iterator[Day]:
    """Retrain on the first so many rows of each series, night after night; the winner is the next champion."""
    rules = rules or PromotionRules(min_new_rows=1)
    for rows in days:
        known = first_days(panel, rows)
        day = Day(rows, champion, compared(known, champion, options, rules))
        yield day
        if day.status == "promoted":
            champion = published(known, day.outcome)


def next_ratio(panel: Panel, champion: Bundle, rows: int) -> float:
    """Error of a champion over that of the seasonal naive, on all windows that begin in the horizon after `rows`."""
    horizon = champion.spec.horizon
    known, begins = first_days(panel, rows + 2 * horizon), np.full(panel.n_series, rows)
    made = held_out_windows(known, begins, horizon)
    later = np.flatnonzero(made.index.origins - known.offsets[made.index.series] >= rows)
    windows = ScoredWindows(made.index.take(later), made.rows[later], made.scored[later])
    season, numbers = champion.spec.season_length, np.arange(panel.n_series)
    models = (
        (champion.forecaster, champion_scaling(champion, known, numbers, begins), numbers),
        naive_forecaster(known, horizon, season),
    )
    scorer = Scorer(known, windows, season, begins)
    own, naive = (scorer.score(*model).metrics["mae"] for model in models)
    return own / naive


def true_error(panel: Panel, version: Bundle, rows: int) -> float:
    """Error of a version on all windows after so many rows."""
    begins = np.full(panel.n_series, rows)
    windows = held_out_windows(panel, begins, version.spec.horizon)
    numbers = np.arange(panel.n_series)
    scorer = Scorer(panel, windows, version.spec.season_length, begins)
    scaling = champion_scaling(version, panel, numbers, begins)
    return scorer.score(version.forecaster, scaling, numbers).metrics["mae"]


def a_third_worse(panel: Panel, champion: Bundle, rows: int, *, seed: int = 0) -> Weights:
    """What added to the weights of a linear champion makes its error on all rows after `rows` a third larger."""
    random = np.random.default_rng(seed)
    noise = {
        name: random.normal(0, 1, value.shape).astype(np.float32)
        for name, value in champion.forecaster.weights.items()
        if name.endswith("kernel")
    }

    def moved(size: float) -> Weights:
        return {name: np.float32(size) * value for name, value in noise.items()}

    base, low, high = true_error(panel, champion, rows), 0.0, 2.0
    for _ in range(12):
        middle = (low + high) / 2
        weights = champion.forecaster.weights
        changed = weights | _added(weights, moved(middle))
        worse = replace(champion, forecaster=replace(champion.forecaster, weights=changed))
        low, high = (middle, high) if true_error(panel, worse, rows) < 4 / 3 * base else (low, middle)
    return moved(low)


def _added(weights: Weights, more: Weights) -> Weights:
    return {name: weights[name] + value for name, value in more.items()}


def learning_worse(more: Weights) -> Callable[..., Fitted]:
    """`learn`, with something added to the weights of every linear model that has such weights."""

    def learned(*args: Any, **keys: Any) -> Fitted:
        fitted = fit_panel(*args, **keys)
        weights = fitted.final.weights
        if any(name not in weights or weights[name].shape != value.shape for name, value in more.items()):
            return fitted
        return replace(fitted, final=replace(fitted.final, weights=weights | _added(weights, more)))

    return learned


def as_retrained(champion: Bundle, panel: Panel, rows: int) -> Bundle:
    """A version as if a retraining had published it on the first so many rows, four horizons of them unlearned."""
    known = first_days(panel, rows)
    kept = champion.spec.lookback + 2 * champion.spec.horizon
    facts = champion.provenance | {UNLEARNED: 4 * champion.spec.horizon}
    return replace(champion, recent=known.newest(np.full(known.n_series, kept)), provenance=facts)
