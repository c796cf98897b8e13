"""What a training run leaves behind so that another process can go on with it: plain values, whoever keeps them.

The same data, options, versions and threads train the same networks in the same order. So a training is taken up again
by handing back the finished runs at once, and by going on with the one that was interrupted after its last epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from tsforecast.models.network.config import NetworkConfig
from tsforecast.models.network.weights import Weights
from tsforecast.models.training.patience import Path, Patience


@dataclass(frozen=True)
class EpochRecord:
    """One row of the training history."""

    member: int
    epoch: int
    loss: float
    val_loss: float | None
    learning_rate: float
    clipped_share: float
    gradient_norm: float
    seconds: float
    windows_per_second: float


@dataclass(frozen=True)
class TrainedNetwork:
    """The best weights of a run and how it went.

    Args:
        weights: the best ones.
        history: one record per epoch.
        best_epoch: the epoch whose weights were kept.
        path: epochs that led to them.
        reason: why training ended.
        gradients: of a measured run, after each epoch with a finite loss, the gradient's norm at every step of the
            window, the oldest first (models/gradients.py). Each of shape (steps,).
    """

    weights: Weights
    history: tuple[EpochRecord, ...]
    best_epoch: int
    path: Path
    reason: str
    gradients: tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class GraphState:
    """All that changes in a network and its optimiser while they are trained.

    Args:
        weights: under their fixed names.
        optimizer: its variables, in its order.
        dropout: state of the generator that drops units; None for a network without dropout.
    """

    weights: Weights
    optimizer: tuple[NDArray[Any], ...]
    dropout: NDArray[Any] | None


@dataclass(frozen=True)
class Progress:
    """A run after a whole epoch.

    Args:
        course: what it has come to; nobody else changes it.
        best: the best weights so far.
        best_epoch: the epoch that they are of.
        history: one record per epoch so far.
        gradients: as in `TrainedNetwork`.
        state: to go on from.
    """

    course: Patience
    best: Weights
    best_epoch: int
    history: tuple[EpochRecord, ...]
    gradients: tuple[NDArray[Any], ...]
    state: GraphState


@dataclass(frozen=True)
class RunKey:
    """What tells one run of a training from the others: if it differs, the training is another one.

    Args:
        phase: the run's name.
        network: what is trained.
        seed: of the run.
        replay: the path that it follows; empty if validation guides it.
    """

    phase: str
    network: NetworkConfig
    seed: int
    replay: Path = ()


class Recorder(Protocol):
    """Keeps what runs have come to. The calls come in the order of the runs."""

    def begin(self, key: RunKey) -> TrainedNetwork | Progress | None:
        """The next run starts: what an interrupted training left of it."""

    def after_epoch(self, make: Callable[[], Progress]) -> None:
        """A whole epoch is done, and the run goes on; `make` copies its state."""

    def finished(self, trained: TrainedNetwork) -> None:
        """The run is over."""


class _Nothing:
    def begin(self, key: RunKey) -> None:
        return None

    def after_epoch(self, make: Callable[[], Progress]) -> None:
        pass

    def finished(self, trained: TrainedNetwork) -> None:
        pass


NO_RECORDER: Recorder = _Nothing()
