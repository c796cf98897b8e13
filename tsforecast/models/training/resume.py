"""Training runs as plain values, so that an interrupted training can resume in another process.

The same data, options, versions and threads train the same networks in the same order. So a training resumes by
returning the finished runs at once, and by continuing the interrupted one after its last epoch.
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
    """What is recorded of one epoch."""

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
        epochs: one record per epoch.
        best_epoch: the epoch whose weights were kept.
        path: epochs that led to them.
        reason: why training ended.
        gradients: of a measured run, after each epoch with a finite loss, the gradient's norm at every step of the
            window, the oldest first, shape (steps,).
    """

    weights: Weights
    epochs: tuple[EpochRecord, ...]
    best_epoch: int
    path: Path
    reason: str
    gradients: tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class GraphState:
    """Everything that training changes in a network and its optimiser.

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
        patience: a copy of its early stopping.
        best: the best weights so far.
        best_epoch: the epoch whose weights they are.
        epochs: one record per epoch so far.
        gradients: as in `TrainedNetwork`.
        state: where the run continues.
    """

    patience: Patience
    best: Weights
    best_epoch: int
    epochs: tuple[EpochRecord, ...]
    gradients: tuple[NDArray[Any], ...]
    state: GraphState


@dataclass(frozen=True)
class RunKey:
    """What tells the runs of a training apart.

    Args:
        phase: the run's name.
        network: the configuration of its network.
        seed: its seed.
        replay: the path that it follows; empty if validation guides it.
    """

    phase: str
    network: NetworkConfig
    seed: int
    replay: Path = ()


class Recorder(Protocol):
    """Saves training progress so that an interrupted run can resume. The calls come in the order of the runs."""

    def begin(self, key: RunKey) -> TrainedNetwork | Progress | None:
        """Begin the next run; returns what an interrupted training has saved of it."""

    def after_epoch(self, make: Callable[[], Progress]) -> None:
        """An epoch is done, and the run goes on; `make` copies its state."""

    def finished(self, trained: TrainedNetwork) -> None:
        """The run is over."""


class _NoRecorder:
    def begin(self, key: RunKey) -> None:
        return None

    def after_epoch(self, make: Callable[[], Progress]) -> None:
        pass

    def finished(self, trained: TrainedNetwork) -> None:
        pass


NO_RECORDER: Recorder = _NoRecorder()
