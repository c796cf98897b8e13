"""Compares a challenger with the champion and the seasonal naive on held-out rows, decides, and says why.

In simulations with a linear model and ten kinds of daily series, stationary data brought no rejection in 800 nights,
and a challenger truly a third worse won less than 5 % of 120 comparisons right after a fit, and of 280 with four
horizons held out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tsforecast.fitting.fit_panel import Fitted
from tsforecast.fitting.paired_test import LEVEL, Comparison, compare, ratio_of
from tsforecast.fitting.scores import NAIVE, Score, main_metric
from tsforecast.series.strays import without_strays
from tsforecast.workflows.fit import rows_in_words
from tsforecast.workflows.retrain.challenger import with_scores
from tsforecast.workflows.retrain.held_out import CHALLENGER, CHAMPION, HeldOut, unlearned_fact
from tsforecast.workflows.retrain.settings import PromotionRules

_WORDS = {CHAMPION: "champion", NAIVE: "seasonal naive"}

# Shares of the values' movement and of their size below which an error is only rounding: models see the movement as
# float32, which has seven digits, and the size is added as float64.
_ROUNDING, _ROUNDING_OF_SIZE = 1e-5, 1e-12


@dataclass(frozen=True)
class Standings:
    """The models on the same held-out rows.

    Args:
        metric: that decides, `mase` or `mae`.
        metrics: all metrics of `challenger`, `seasonal-naive` and, where there is one, `champion`.
        against: the challenger compared with each of the others.
        champion: the champion compared with the seasonal naive; None without one.
        rows: held out of the typical series.
    """

    metric: str
    metrics: dict[str, dict[str, float]]
    against: dict[str, Comparison]
    champion: Comparison | None
    rows: int

    @property
    def errors(self) -> dict[str, float]:
        """Error of each model in the metric that decides."""
        return {name: row[self.metric] for name, row in self.metrics.items()}

    @property
    def champion_fails(self) -> bool:
        """Whether the champion is clearly worse than the seasonal naive."""
        return self.champion is not None and self.champion.fails

    @property
    def challenger_fails(self) -> bool:
        """Whether the challenger is clearly worse than the seasonal naive."""
        return not math.isfinite(self.errors[CHALLENGER]) or self.against[NAIVE].fails


@dataclass(frozen=True)
class Outcome:
    """What a comparison decided.

    Args:
        status: `promoted`; `stand-in` where a simple model takes the place of a champion that fails; `rejected` where
            the challenger is clearly worse; `waiting` where more rows have to tell.
        reason: in words.
        challenger: the model that was compared.
        standings: how the models did.
        unlearned: newest rows of each series that its weights have not learned from, as a version stores it.
        training_rows: what its weights were trained on, in words; None for what a fit says of itself.
    """

    status: Literal["promoted", "stand-in", "rejected", "waiting"]
    reason: str
    challenger: Fitted
    standings: Standings
    unlearned: int | list[int] = 0
    training_rows: str | None = None

    @property
    def wins(self) -> bool:
        """Whether the challenger is to be published."""
        return self.status in ("promoted", "stand-in")


def compare_challenger(held_out: HeldOut, fitted: Fitted, rules: PromotionRules, *, warm: bool = False) -> Outcome:
    """Score a challenger on the held-out rows, and decide.

    Args:
        held_out: with the scores of the other models.
        fitted: the challenger, trained on earlier rows.
        rules: that decide.
        warm: whether the challenger continues the champion's training, so that this is its only score.
    """
    own = held_out.scorer.score(fitted.forecaster, fitted.everything.rows.scaling)
    if warm:
        windows = {"windows": float(len(held_out.scorer.windows.index))}
        fitted = with_scores(fitted, own.metrics | windows, held_out.scores[NAIVE].metrics | windows)
    metrics = {CHALLENGER: own.metrics} | {name: one.metrics for name, one in held_out.scores.items()}
    standings = compare_scores(held_out, own, metrics, rules)
    unlearned = unlearned_fact(held_out.panel.lengths - held_out.begins)
    return Outcome(*decide(standings, rules), fitted, standings, unlearned, _training_rows(fitted, held_out, warm=warm))


def compare_scores(
    held_out: HeldOut, own: Score, metrics: dict[str, dict[str, float]], rules: PromotionRules
) -> Standings:
    """Test the errors of each pair of models row by row; `metrics` are what is reported of each."""
    # Series that are constant before the hold-out have no scaled error.
    metric = main_metric(held_out.panel.n_series if math.isfinite(metrics[NAIVE]["mase"]) else 1)
    rounding = _rounding(held_out) if metric == "mae" else 0.0
    scores = held_out.scores | {CHALLENGER: own}

    def compared(one: str, other: str) -> Comparison:
        first, second = scores[one].errors, scores[other].errors
        made = compare(first, second, held_out.horizon, tolerance=rules.tolerance, rounding=rounding)
        ratio = ratio_of(*(max(metrics[name][metric], rounding) for name in (one, other)))
        return replace(made, ratio=ratio)

    against = {name: compared(CHALLENGER, name) for name in held_out.scores}
    champion = compared(CHAMPION, NAIVE) if CHAMPION in held_out.scores else None
    return Standings(metric, metrics, against, champion, held_out.rows)


def _rounding(held_out: HeldOut) -> float:
    """Error that counts as none, by the rows before the hold-out."""
    values = without_strays(held_out.before()).values
    if not values.size:
        return 0.0
    movement = float(np.abs(values - np.median(values)).mean())
    return _ROUNDING * movement + _ROUNDING_OF_SIZE * float(np.abs(values).mean())


def _training_rows(fitted: Fitted, held_out: HeldOut, *, warm: bool) -> str:
    known, total = len(fitted.everything.panel.values), len(held_out.panel.values)
    goes_on = f"trained on from the version in service, on {known:,} of {total:,} rows"
    held = f"the newest {held_out.rows} rows of the typical series were held out"
    return f"{goes_on if warm else rows_in_words(fitted)}; {held} to compare it with the version in service"


def decide(standings: Standings, rules: PromotionRules) -> tuple[Literal["promoted", "rejected", "waiting"], str]:
    """Promote the challenger, reject it, or wait for more rows, with the reason in words."""
    errors = standings.errors
    if not math.isfinite(errors[CHALLENGER]):
        return "rejected", "the challenger's error is not a finite number"
    others = [name for name in (CHAMPION, NAIVE) if math.isfinite(errors.get(name, math.nan))]
    naive = f"; seasonal naive {errors[NAIVE]:.4g}" if NAIVE in others else ""
    better_ones = [name for name in others if _loses_to(standings, name, rules)]
    if better_ones:
        reasons_to_keep_champion = " and ".join(_clearly(standings, name, "worse") for name in better_ones)
        return "rejected", reasons_to_keep_champion + ("" if NAIVE in better_ones else naive)
    if CHAMPION not in others:
        failed = "the champion's error is not a finite number; " if CHAMPION in errors else ""
        compared = _compared(standings, NAIVE, rules) if NAIVE in others else "there is nothing to compare with"
        return "promoted", failed + compared
    champion, compared = standings.against[CHAMPION], _compared(standings, CHAMPION, rules)
    if rules.promote == "better" and not (champion.better < LEVEL and champion.ratio < 1):
        return "waiting", f"{compared}, and the champion stays{naive}"
    if champion.ratio > 1 + rules.tolerance:
        return "waiting", f"{compared}; the champion stays until more rows tell{naive}"
    newer = "" if champion.clearly_better else "; newer weights win"
    return "promoted", compared + newer + naive


def _loses_to(standings: Standings, name: str, rules: PromotionRules) -> bool:
    comparison = standings.against[name]
    if name == CHAMPION:
        return comparison.clearly_worse
    # Where nothing is in service yet, one bad horizon alone is no reason to publish nothing.
    bad = CHAMPION in standings.metrics or comparison.ratio > 1 + rules.tolerance
    return rules.beat_naive and comparison.fails and bad


def champion_error(standings: Standings) -> str:
    """How many times the error of the seasonal naive the champion makes, in words."""
    comparison = standings.champion
    if comparison is None or not math.isfinite(comparison.ratio):
        return "the champion made errors where the seasonal naive made none"
    if comparison.clearly_worse:
        return f"the champion made {comparison.ratio:.3g} times the error of the seasonal naive"
    return f"the champion made {comparison.newest:.3g} times the error of the seasonal naive over the newest horizon"


def _compared(standings: Standings, name: str, rules: PromotionRules) -> str:
    """How the challenger compares with another model, where it is not clearly worse."""
    comparison, other = standings.against[name], _WORDS[name]
    if comparison.clearly_better:
        return _clearly(standings, name, "better")
    errors, rows = _errors(standings, name), _rows(standings, comparison)
    if comparison.ratio > 1 + rules.tolerance:
        return f"{comparison.ratio - 1:.0%} worse than the {other}: {errors}, which may be chance over {rows}"
    return f"no worse than the {other}: {errors}, a tie over {rows}"


def _clearly(standings: Standings, name: str, word: str) -> str:
    comparison = standings.against[name]
    if word == "worse" and not comparison.clearly_worse:
        return f"{comparison.newest:.3g} times the error of the {_WORDS[name]} over the newest horizon"
    rows = _rows(standings, comparison)
    if min(comparison.worse, comparison.better) >= LEVEL:
        # No test says so: the size of the difference does.
        times = max(comparison.ratio, 1 / comparison.ratio if comparison.ratio else math.inf)
        rows = f"{_counted(standings)} ({times:.2g} times {'its' if word == 'worse' else 'that'} error)"
    return f"clearly {word} than the {_WORDS[name]}: {_errors(standings, name)} over {rows}"


def _errors(standings: Standings, name: str) -> str:
    errors = standings.errors
    return f"{errors[CHALLENGER]:.4g} against {errors[name]:.4g} {standings.metric.upper()}"


def _rows(standings: Standings, comparison: Comparison) -> str:
    test = f"p = {comparison.equal:.2g}" if comparison.blocks > 1 else "too few for a test"
    return f"{_counted(standings)} ({test})"


def _counted(standings: Standings) -> str:
    return f"{standings.rows} row{'' if standings.rows == 1 else 's'}"
