"""What a ledger is known by: how many forecasts were noted, and when last; told at once, however large it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tsforecast.errors import InputMissingError
from tsforecast.store.layout import LEDGER


@dataclass(frozen=True)
class LedgerFacts:
    """The use of a ledger.

    Args:
        runs: forecasts of all series that were noted.
        last_noted: moment in UTC of the newest of them.
        last_scored: moment in UTC when actuals were last read to score them; None for never.
    """

    runs: int
    last_noted: datetime
    last_scored: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        scored = self.last_scored.isoformat() if self.last_scored else None
        return {"runs": self.runs, "last_noted": self.last_noted.isoformat(), "last_scored": scored}


def ledger_facts(model: Path, *, trusted: bool = False) -> LedgerFacts | None:
    """The use of the ledger in a model's folder; None where no forecast was noted.

    Raises:
        BusyError, ModelError, StorageError, TrustError: as `writing_ledger`.
    """
    if not os.path.lexists(model / LEDGER):
        return None
    from tsforecast.store.ledger.database import reading_ledger  # SQLite is seldom needed

    try:
        with reading_ledger(model, trusted=trusted) as connection:
            (runs,) = connection.execute("SELECT count(*) FROM run").fetchone()
            noted = connection.execute("SELECT made FROM run ORDER BY number DESC LIMIT 1").fetchone()
            scored = connection.execute("SELECT made FROM scoring ORDER BY number DESC LIMIT 1").fetchone()
    except InputMissingError:
        return None
    return LedgerFacts(runs, _moment(noted[0]), _moment(scored[0]) if scored else None) if runs else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
