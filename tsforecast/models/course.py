"""The course of a training run: which weights are best so far, when the learning rate falls, when it is time to stop.

When `patience` epochs bring no better validation loss, training goes back to the best weights and on at a quarter of
the learning rate, with half the patience; the third time it ends. So the last gains are made with small steps, and
epochs in vain do not count.
The *path* lists the epochs that led to the best weights; a second run that follows it, on all rows and without
validation, trains as long and at the same rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_FALLS = 2
_FALL_FACTOR, _PLATEAU_FACTOR = 0.25, 0.5


@dataclass(frozen=True)
class Step:
    """One epoch of a path: its place in the schedule, and the share of the schedule's rate that it used."""

    epoch: int
    factor: float


Path = tuple[Step, ...]


class Course:
    """Decides after each epoch.

    Args:
        patience: epochs without a better loss before the rate first falls; None to go on whatever happens.
        plateau: whether the rate is halved after every epoch that is no better (the schedule `plateau`).

    Attributes:
        patience: epochs without a better loss before the rate falls again.
        factor: share of the schedule's rate that the next epoch uses.
        best: least loss so far.
        path: epochs that led to the best weights.
    """

    def __init__(self, patience: int | None, *, plateau: bool = False) -> None:
        self.patience, self.plateau = patience, plateau
        self.factor = 1.0
        self.best = math.inf
        self.path: Path = ()
        self._current: Path = ()
        self._waited = 0
        self._falls = 0

    def better(self, loss: float, step: Step) -> bool:
        """Note an epoch; whether its weights are the best so far."""
        self._current = (*self._current, step)
        if loss < self.best:
            self.best, self.path, self._waited = loss, self._current, 0
            return True
        self._waited += 1
        if self.plateau:
            self.factor *= _PLATEAU_FACTOR
        return False

    @property
    def impatient(self) -> bool:
        """Whether patience has run out."""
        return self.patience is not None and self._waited >= self.patience

    def fall_back(self) -> bool:
        """Go back to the best weights at a smaller rate; False where that was done often enough."""
        if self._falls == _FALLS:
            return False
        self._falls += 1
        self._waited = 0
        self._current = self.path
        self.factor *= _FALL_FACTOR
        if self.patience is not None:
            self.patience = -(-self.patience // 2)
        return True
