"""What is said of a model's ledger where the model is shown: its use, and how good the forecasts were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsforecast.errors import TsforecastError
from tsforecast.store.ledger.facts import LedgerFacts, ledger_facts

_SHOWN = ("forecasts", "mae", "wape", "mase")
_COVERAGE = "coverage_"


@dataclass(frozen=True)
class LedgerSummary:
    """The ledger of a model.

    Args:
        facts: its use.
        first: the first time that was scored, on the actuals that earlier scorings have kept; empty where none was.
        last: the last one.
        scores: of all forecasts on these.
        problem: why the ledger cannot be read; None for a sound one.
    """

    facts: LedgerFacts | None
    first: str = ""
    last: str = ""
    scores: dict[str, float] | None = None
    problem: TsforecastError | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        if self.facts is None:
            return {"problem": self.problem.to_dict() if self.problem else None}
        return self.facts.to_dict() | {
            "first": self.first or None,
            "last": self.last or None,
            "scores": self.scores,
            "problem": self.problem.to_dict() if self.problem else None,
        }


def ledger_summary(name: str, *, store: str | Path, trusted: bool = False) -> LedgerSummary | None:
    """What the ledger of a model knows; None where no forecast was noted."""
    facts = None
    try:
        facts = ledger_facts(Path(store) / name, trusted=trusted)
        if facts is None:
            return None
        if facts.last_scored is None:
            return LedgerSummary(facts)
        from tsforecast.workflows.score.run import score

        found = score(store=store, name=name, trusted=trusted)
    except TsforecastError as error:
        return LedgerSummary(facts, problem=error)
    scores = {key: value for key, value in found.scores.items() if key in _SHOWN or key.startswith(_COVERAGE)}
    return LedgerSummary(facts, found.first, found.last, scores or None)
