"""What is said of a model's ledger where the model is shown: its use, and how good the forecasts were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsforecast.errors import TsforecastError
from tsforecast.io.messages import counted
from tsforecast.store.ledger.facts import LedgerFacts, ledger_facts

if TYPE_CHECKING:
    from tsforecast.workflows.score.run import ScoreResult

_SHOWN = ("forecasts", "mae", "wape", "mase")
_COVERAGE = "coverage_"
_MOST = 20_000  # forecasts of a series that are read where a model is shown: about half a second


@dataclass(frozen=True)
class LedgerSummary:
    """The ledger of a model.

    Args:
        facts: its use.
        result: the scores of the newest forecasts, on the actuals that earlier scorings have kept; None before the
            first one. `tsforecast score` takes all forecasts.
        problem: why the ledger cannot be read; None for a sound one.
    """

    facts: LedgerFacts | None
    result: ScoreResult | None = None
    problem: TsforecastError | None = None

    @property
    def scores(self) -> dict[str, float] | None:
        """Those that are shown; None where nothing could be scored."""
        found = self.result.scores if self.result else {}
        return {key: value for key, value in found.items() if key in _SHOWN or key.startswith(_COVERAGE)} or None

    @property
    def times(self) -> str:
        """The times that were scored, and how many of the runs were not read; empty where none was scored."""
        if self.result is None or not self.result.first:
            return ""
        unread = self.result.unread
        without = f", without the {counted(unread, 'oldest run', 'oldest runs')}" if unread else ""
        return f"{self.result.first} to {self.result.last}{without}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        if self.facts is None:
            return {"problem": self.problem.to_dict() if self.problem else None}
        return self.facts.to_dict() | {
            "first": (self.result.first or None) if self.result else None,
            "last": (self.result.last or None) if self.result else None,
            "scores": self.scores,
            "unread_runs": self.result.unread if self.result else 0,
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

        return LedgerSummary(facts, score(store=store, name=name, trusted=trusted, most=_MOST))
    except TsforecastError as error:
        return LedgerSummary(facts, problem=error)
