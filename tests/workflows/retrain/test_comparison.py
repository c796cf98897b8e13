"""What errors and their comparison decide, and how it is said."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tsforecast.fitting.paired_test import compare
from tsforecast.workflows.retrain.comparison import Standings, champion_error, decide
from tsforecast.workflows.retrain.settings import PromotionRules

RULES = PromotionRules()


def field(challenger, champion, naive, *, rows=28, spread=0.0):
    """Models with such mean errors over four horizons; `spread` moves those of the challenger from week to week."""
    week = 1 + spread * np.repeat([1.0, -1.0, 0.5, -0.5], 7)[:rows]
    errors = {"challenger": challenger, "champion": champion, "seasonal-naive": naive}
    by_row = {name: np.full(rows, error) * (week if name == "challenger" else 1) for name, error in errors.items()}

    def against(one, other):
        return compare(by_row[one], by_row[other], 7, tolerance=RULES.tolerance)

    others = {name: against("challenger", name) for name in ("champion", "seasonal-naive")}
    metrics = {name: {"mae": error} for name, error in errors.items()}
    return Standings("mae", metrics, others, against("champion", "seasonal-naive"), rows)


@pytest.mark.parametrize(
    ("errors", "spread", "rules", "outcome", "reason"),
    [
        (
            (0.97, 0.96, 1.2),
            0.05,
            RULES,
            "promoted",
            "no worse than the champion: 0.97 against 0.96 MAE, a tie over 28 ",
        ),
        ((0.8, 0.96, 1.2), 0.0, RULES, "promoted", "clearly better than the champion: 0.8 against 0.96 MAE over 28 "),
        (
            (1.1, 0.96, 1.2),
            0.0,
            RULES,
            "rejected",
            "clearly worse than the champion: 1.1 against 0.96 MAE over 28 rows",
        ),
        ((1.1, 0.96, 1.2), 0.3, RULES, "waiting", "15% worse than the champion: 1.1 against 0.96 MAE, which may be "),
        ((1.6, 1.0, 3.0), 0.9, RULES, "rejected", "clearly worse than the champion: 1.6 against 1 MAE over"),
        ((0.9, 0.96, 0.7), 0.0, RULES, "rejected", "clearly worse than the seasonal naive: 0.9 against 0.7 MAE"),
        ((0.9, 0.96, 0.7), 0.5, RULES, "promoted", "no worse than the champion: "),
        ((0.9, 0.96, 0.7), 0.0, PromotionRules(beat_naive=False), "promoted", "clearly better than the champion"),
        ((2.0, 0.96, 0.7), 0.0, RULES, "rejected", "clearly worse than the champion: 2 against 0.96 MAE over 28 rows "),
        ((math.nan, 0.9, 0.7), 0.0, RULES, "rejected", "the challenger's error is not a finite number"),
        ((math.inf, math.inf, math.inf), 0.0, RULES, "rejected", "the challenger's error is not a finite number"),
        ((0.8, math.nan, 1.2), 0.0, RULES, "promoted", "the champion's error is not a finite number; clearly better "),
        ((0.8, math.inf, 0.7), 0.5, RULES, "promoted", "the champion's error is not a finite number; 14% worse than "),
        ((0.95, 0.96, 1.2), 0.1, PromotionRules("better"), "waiting", "no worse than the champion: 0.95 against 0.96"),
        ((0.8, 0.96, 1.2), 0.0, PromotionRules("better"), "promoted", "clearly better than the champion: 0.8"),
        ((0.0, 0.0, 0.0), 0.0, RULES, "promoted", "no worse than the champion: 0 against 0 MAE, a tie"),
    ],
)
def test_the_rules(errors, spread, rules, outcome, reason):
    decided, why = decide(field(*errors, spread=spread), rules)
    assert decided == outcome, why
    assert why.startswith(reason)


@pytest.mark.parametrize(("before", "outcome"), [(0.4, "promoted"), (0.8, "rejected")])
def test_one_bad_horizon_alone_does_not_stop_the_first_model(before, outcome):
    """A model 0.97 times as bad as the seasonal naive was refused for its newest week, and nothing was in service."""
    own, naive = np.repeat([before, 2.6], [21, 7]), np.ones(28)
    metrics = {"challenger": {"mae": float(own.mean())}, "seasonal-naive": {"mae": 1.0}}
    against = {"seasonal-naive": compare(own, naive, 7, tolerance=RULES.tolerance)}
    assert decide(Standings("mae", metrics, against, None, 28), RULES)[0] == outcome


def test_what_a_reason_adds():
    reason = decide(field(0.97, 0.96, 1.2, spread=0.05), RULES)[1]
    assert "(p = " in reason and reason.endswith("; newer weights win; seasonal naive 1.2")
    assert decide(field(1.1, 0.96, 1.2, spread=0.3), RULES)[1].endswith(
        "; the champion stays until more rows tell; seasonal naive 1.2"
    )
    # What no test says is not given with a probability that contradicts it.
    far = decide(field(1.6, 1.0, 3.0, spread=0.9), RULES)[1]
    assert far.startswith("clearly worse than the champion: 1.6 against 1 MAE over 28 rows (1.6 times its error)")
    alone = decide(field(0.97, 0.96, 1.2, rows=7), RULES)[1]
    assert "a tie over 7 rows (too few for a test)" in alone
    assert " and clearly worse than the seasonal naive: 2 against 0.7 MAE" in decide(field(2.0, 0.96, 0.7), RULES)[1]


def test_how_badly_a_champion_fails():
    assert champion_error(field(1, 3, 1)) == "the champion made 3 times the error of the seasonal naive"
    assert champion_error(field(1, 3, 0)) == "the champion made errors where the seasonal naive made none"
    assert field(1, 3, 1).champion_fails and not field(1, 1.2, 1, rows=7).champion_fails
