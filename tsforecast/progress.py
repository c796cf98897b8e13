"""Events of long work: plain values that a terminal, a log or a test can receive through a `Report`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple


class Message(NamedTuple):
    """A line of text: something found, something to beware of, or something chosen from the data.

    What is urgent is to beware of, also for those who wish to hear of errors only.
    """

    kind: Literal["info", "warning", "choice", "urgent"]
    text: str


class Reading(NamedTuple):
    """`done` of `total` bytes of a large file are read, and its first `rows` rows."""

    file: str
    done: int
    total: int
    rows: int


class TrainingPlanned(NamedTuple):
    """Networks will be trained `runs` times from here on, at most; `last` where nothing follows these runs."""

    runs: int
    last: bool = False


class PhaseStarted(NamedTuple):
    """A network starts to train, for at most `epochs` passes over `windows` windows."""

    name: str
    epochs: int
    windows: int


class BatchProgress(NamedTuple):
    """`done` of `total` batches of epoch `epoch` (the first is 1) are through."""

    epoch: int
    epochs: int
    done: int
    total: int
    loss: float
    windows_per_second: float


class EpochEnded(NamedTuple):
    """One pass over the windows is done.

    Args:
        epoch: number of the epoch; the first is 1.
        epochs: largest number of epochs.
        loss: mean over the batches.
        val_loss: loss on the validation windows; None where there are none.
        learning_rate: that of the last batch.
        clipped_share: share of batches whose gradient was clipped, 0 to 1.
        seconds: time of this epoch.
        windows_per_second: training speed.
    """

    epoch: int
    epochs: int
    loss: float
    val_loss: float | None
    learning_rate: float
    clipped_share: float
    seconds: float
    windows_per_second: float


class PhaseEnded(NamedTuple):
    """A network is trained: how many epochs it took and why it stopped."""

    name: str
    reason: str
    epochs: int
    seconds: float


class SeriesForecast(NamedTuple):
    """`done` of `total` series are forecast."""

    done: int
    total: int


class WindowsForecast(NamedTuple):
    """`done` of `total` windows of a backtest are forecast by `model`, which is fitted `fits` times for them."""

    model: str
    done: int
    total: int
    fits: int


class GapsFilled(NamedTuple):
    """`done` of `total` fillings are made, most of them of artificial gaps, to see which method is best."""

    done: int
    total: int


Event = (
    Message
    | Reading
    | TrainingPlanned
    | PhaseStarted
    | BatchProgress
    | EpochEnded
    | PhaseEnded
    | SeriesForecast
    | WindowsForecast
    | GapsFilled
)
Report = Callable[[Event], None]
