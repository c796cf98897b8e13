"""Early stopping: which weights are the best so far, when the learning rate falls, and when training ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

_FALLS = 2
_FALL_FACTOR, _PLATEAU_FACTOR = 0.25, 0.5


@dataclass(frozen=True)
class EpochRate:
    """An epoch of a run: its place in the schedule, and the share of the schedule's rate that it used."""

    epoch: int
    factor: float


# The epochs that led to some weights. A run that follows the path trains as long and at the same rates.
Path = tuple[EpochRate, ...]


@dataclass
class Patience:
    """Decides after each epoch.

    When `patience` epochs bring no better loss, training goes back to the best weights and continues at a quarter of
    the rate, with half the patience; the third time it ends.

    Args:
        patience: epochs without a better loss before the rate falls (again); None to continue in any case.
        plateau: whether the rate is halved after every epoch that is no better (the schedule `plateau`).
        factor: share of the schedule's rate that the next epoch uses.
        best: least loss so far.
        path: epochs that led to the best weights.
        current: epochs that led to the present weights.
        waited: epochs since the last better loss or fall.
        falls: how often the rate has fallen.
    """

    patience: int | None
    plateau: bool = field(default=False, kw_only=True)
    factor: float = 1.0
    best: float = math.inf
    path: Path = ()
    current: Path = ()
    waited: int = 0
    falls: int = 0

    def better(self, loss: float, rate: EpochRate) -> bool:
        """Note an epoch; whether its weights are the best so far."""
        self.current = (*self.current, rate)
        if loss < self.best:
            self.best, self.path, self.waited = loss, self.current, 0
            return True
        self.waited += 1
        if self.plateau:
            self.factor *= _PLATEAU_FACTOR
        return False

    @property
    def impatient(self) -> bool:
        """Whether patience has run out."""
        return self.patience is not None and self.waited >= self.patience

    def fall_back(self) -> bool:
        """Go back to the best weights at a smaller rate; False if that was done often enough."""
        if self.falls == _FALLS:
            return False
        self.falls += 1
        self.waited = 0
        self.current = self.path
        self.factor *= _FALL_FACTOR
        if self.patience is not None:
            self.patience = -(-self.patience // 2)
        return True
