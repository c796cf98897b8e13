"""What the training runs of one fit share: the report, saved progress, traced graphs, and the time that is left."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tsforecast.models.network.config import NetworkConfig
from tsforecast.models.training.resume import NO_RECORDER, Recorder
from tsforecast.progress import Report

if TYPE_CHECKING:
    from tsforecast.models.training.graph import TrainingGraph


class Budget:
    """Seconds that training may take, counted from the budget's first use.

    A moment of a clock means nothing in another process. So a pickled budget holds the seconds that are left, and they
    count from its first use where it is unpickled.
    """

    def __init__(self, seconds: float | None = None) -> None:
        """Args: seconds, None for no limit."""
        self.seconds = math.inf if seconds is None else seconds
        self._began: float | None = None

    def start(self) -> Budget:
        """Count from now on, unless the budget counts already."""
        if self._began is None:
            self._began = time.monotonic()
        return self

    def left(self) -> float:
        """Seconds left, negative once they are overdrawn."""
        return self.seconds - self.spent()

    def spent(self) -> float:
        """Seconds since the first use."""
        self.start()
        assert self._began is not None  # noqa: S101  (for the type checker)
        return time.monotonic() - self._began

    def first(self, share: float) -> Budget:
        """The first share (0 to 1) of this budget, with what of it is spent already."""
        return Budget(self.left() - (1 - share) * self.seconds if math.isfinite(self.seconds) else None).start()

    def __reduce__(self) -> tuple[type[Budget], tuple[float]]:
        return Budget, (self.seconds if self._began is None else self.left(),)


@dataclass(frozen=True)
class TrainingSession:
    """The context of all training runs of one fit.

    Args:
        report: receives messages and progress.
        recorder: saves training progress so that an interrupted run can resume.
        graphs: traced graphs by `graph_of` their networks; a run uses one that is there, and adds one that is not.
        budget: time that training may take.
    """

    report: Report = lambda event: None
    recorder: Recorder = NO_RECORDER
    graphs: dict[NetworkConfig, TrainingGraph] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def within(self, share: float) -> TrainingSession:
        """The same context with the first share of the budget."""
        return replace(self, budget=self.budget.first(share))
