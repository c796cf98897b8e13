"""What a comparison on held-out rows decides, and how that is said.

Newer weights win a tie: they know more of the present. A tie is an error of at most `tolerance` more than the
champion's, 5 % by default. Beyond that the challenger does not win; it is rejected where it is clearly worse, by the
test of `workflows/paired_test.py` with the tolerance as margin, or by half without any test. In between the rows are
too few to tell: the champion stays for now, and as its unseen rows become more, so does what is held out.

In simulations with a linear model, of ten kinds of daily series (`tests/sweeps/test_promotion.py`): data that stay as
they are brought no rejection in 800 nights; a challenger truly a third worse won less than 5 % of 120 contests right
after a fit, and of 280 with four horizons held out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tsforecast.fitting.paired_test import LEVEL, Comparison
from tsforecast.fitting.scores import NAIVE
from tsforecast.workflows.retrain.settings import PromotionRules

CHAMPION = "champion"
WORDS = {"challenger": "challenger", CHAMPION: "champion", NAIVE: "seasonal naive"}


@dataclass(frozen=True)
class Decision:
    """What becomes of the challenger.

    Args:
        outcome: `promoted`; `rejected` where it is clearly worse; `waiting` where that cannot be told yet.
        reason: in words.
    """

    outcome: Literal["promoted", "rejected", "waiting"]
    reason: str


@dataclass(frozen=True)
class Standings:
    """The models on the same held-out rows.

    Args:
        metric: that the errors are given in, `mase` or `mae`.
        errors: of `challenger`, `seasonal-naive` and, where there is one, `champion`.
        against: the challenger compared with each of the others.
        champion: the champion compared with the seasonal naive; None without one.
        rows: held out of the typical series.
    """

    metric: str
    errors: dict[str, float]
    against: dict[str, Comparison]
    champion: Comparison | None
    rows: int

    @property
    def champion_fails(self) -> bool:
        """Whether the champion is clearly worse than the seasonal naive."""
        return self.champion is not None and self.champion.fails

    @property
    def fails(self) -> bool:
        """Whether the challenger is."""
        return not math.isfinite(self.errors["challenger"]) or self.against[NAIVE].fails


def decide(field: Standings, rules: PromotionRules) -> Decision:
    """Promote the challenger, reject it, or wait for more rows."""
    if not math.isfinite(field.errors["challenger"]):
        return Decision("rejected", "the challenger's error is not a finite number")
    names = [name for name in (CHAMPION, NAIVE) if name in field.errors and math.isfinite(field.errors[name])]
    lost = [name for name in names if _loses_to(field, name, rules)]
    if lost:
        return Decision("rejected", " and ".join(_clearly(field, name, "worse") for name in lost) + _naive(field, lost))
    if CHAMPION not in names:
        failed = "the champion's error is not a finite number; " if CHAMPION in field.errors else ""
        return Decision(
            "promoted", failed + (_compared(field, NAIVE, rules) if names else "there is nothing to compare with")
        )
    duel = field.against[CHAMPION]
    if rules.promote == "better" and not (duel.better < LEVEL and duel.ratio < 1):
        return Decision("waiting", f"{_compared(field, CHAMPION, rules)}, and the champion stays{_naive(field)}")
    if duel.ratio > 1 + rules.tolerance:
        told = _compared(field, CHAMPION, rules)
        return Decision("waiting", f"{told}; the champion stays until more rows tell{_naive(field)}")
    newer = "" if duel.clearly_better else "; newer weights win"
    return Decision("promoted", _compared(field, CHAMPION, rules) + newer + _naive(field))


def _loses_to(field: Standings, name: str, rules: PromotionRules) -> bool:
    comparison = field.against[name]
    if name == CHAMPION:
        return comparison.clearly_worse
    # Where nothing is in service yet, one bad horizon alone is no reason to publish nothing.
    bad = CHAMPION in field.errors or comparison.ratio > 1 + rules.tolerance
    return rules.beat_naive and comparison.fails and bad


def champion_error(field: Standings) -> str:
    """How many times the error of the seasonal naive the champion makes, in words."""
    comparison = field.champion
    if comparison is None or not math.isfinite(comparison.ratio):
        return "the champion made errors where the seasonal naive made none"
    if comparison.clearly_worse:
        return f"the champion made {comparison.ratio:.3g} times the error of the seasonal naive"
    return f"the champion made {comparison.newest:.3g} times the error of the seasonal naive over the newest horizon"


def _compared(field: Standings, name: str, rules: PromotionRules) -> str:
    """How the challenger compares with another model, where it is not clearly worse."""
    comparison = field.against[name]
    if comparison.clearly_better:
        return _clearly(field, name, "better")
    if comparison.ratio > 1 + rules.tolerance:
        more = f"{comparison.ratio - 1:.0%} worse than the {WORDS[name]}"
        return f"{more}: {_errors(field, name)}, which may be chance over {_rows(field, name)}"
    return f"no worse than the {WORDS[name]}: {_errors(field, name)}, a tie over {_rows(field, name)}"


def _clearly(field: Standings, name: str, word: str) -> str:
    comparison = field.against[name]
    if word == "worse" and not comparison.clearly_worse:
        return f"{comparison.newest:.3g} times the error of the {WORDS[name]} over the newest horizon"
    if min(comparison.worse, comparison.better) >= LEVEL:
        # No test says so: the size of the difference does.
        times = max(comparison.ratio, 1 / comparison.ratio if comparison.ratio else math.inf)
        whose = "its" if word == "worse" else "that"
        told = f"{field.rows} row{'' if field.rows == 1 else 's'} ({times:.2g} times {whose} error)"
    else:
        told = _rows(field, name)
    return f"clearly {word} than the {WORDS[name]}: {_errors(field, name)} over {told}"


def _errors(field: Standings, name: str) -> str:
    return f"{field.errors['challenger']:.4g} against {field.errors[name]:.4g} {field.metric.upper()}"


def _rows(field: Standings, name: str) -> str:
    comparison = field.against[name]
    rows = f"{field.rows} row{'' if field.rows == 1 else 's'}"
    return f"{rows} (p = {comparison.equal:.2g})" if comparison.blocks > 1 else f"{rows} (too few for a test)"


def _naive(field: Standings, told: list[str] | None = None) -> str:
    if NAIVE in (told or ()) or not math.isfinite(field.errors[NAIVE]):
        return ""
    return f"; seasonal naive {field.errors[NAIVE]:.4g}"
