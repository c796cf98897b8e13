"""The training loop of one network: epochs and decisions in plain Python; graph.py has the steps."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from tsforecast.arrays import Float32
from tsforecast.errors import DataError
from tsforecast.models.network.config import NetworkConfig, graph_of
from tsforecast.models.network.weights import Weights
from tsforecast.models.training.config import TrainingConfig
from tsforecast.models.training.graph import TrainingData, TrainingGraph
from tsforecast.models.training.patience import EpochRate, Path, Patience
from tsforecast.models.training.resume import EpochRecord, Progress, RunKey, TrainedNetwork
from tsforecast.models.training.session import Budget, TrainingSession
from tsforecast.progress import BatchProgress, EpochEnded, PhaseEnded, PhaseStarted, Report

_PROGRESS_PER_EPOCH = 10
_WITH_VALIDATION = 1.5  # times the seconds of its steps, that an epoch takes at most
_EXPONENTIAL = 0.7
_STEP_EVERY, _STEP_FACTOR = 3, 0.3
_COSINE_FLOOR = 0.01


@dataclass(frozen=True)
class Run:
    """One training run among several: what to call it, its seed, and how long it may take.

    Args:
        phase: name shown to the user.
        member: number of the ensemble's member, from 0.
        seed: of this run.
        replay: epochs to train again without looking at validation; empty to be guided by validation.
        seconds: time that the run may take; no epoch starts that would likely end after it.
        measured: whether the gradient along the window is measured after each epoch.
        start: weights to begin from; None for random ones and the linear skip of the data.
        least: epochs without which the run is worth nothing: it ends after the first one where they have no room.
    """

    phase: str
    member: int
    seed: int
    replay: Path = ()
    seconds: float = math.inf
    measured: bool = False
    start: Weights | None = None
    least: int = 0


def train(
    data: TrainingData,
    network: NetworkConfig,
    training: TrainingConfig,
    run: Run,
    session: TrainingSession,
    *,
    device: str,
) -> TrainedNetwork:
    """Train one network and return its best weights.

    A run that the session's recorder has finished is returned as it was; an interrupted one resumes.

    Args:
        data: values in model space, and windows.
        network: the network to build.
        training: how to train it.
        run: name, seed and limits of this run.
        session: the context of training.
        device: TensorFlow's name of the device.

    Raises:
        DataError: the loss is not finite in the first epoch.
    """
    before = session.recorder.begin(RunKey(run.phase, network, run.seed, run.replay))
    if isinstance(before, TrainedNetwork):
        return before
    epochs = len(run.replay) or training.epochs
    session.report(PhaseStarted(run.phase, epochs, len(data.train)))
    budget = Budget(run.seconds).start()
    with tf.device(device):
        graph = _graph(session, data, network, training, run.seed)
        if before is None or not graph.resume(before.state):
            if run.start is not None:
                graph.restore(run.start)
            patience = Patience(None if run.replay else training.patience, plateau=training.schedule == "plateau")
            before = Progress(patience, {}, 0, (), (), graph.state())
        trained = _all_epochs(graph, training, run, epochs, before, session, budget)
    session.recorder.finished(trained)
    session.report(PhaseEnded(run.phase, trained.reason, len(trained.epochs), budget.spent()))
    return trained


def _all_epochs(
    graph: TrainingGraph,
    training: TrainingConfig,
    run: Run,
    epochs: int,
    before: Progress,
    session: TrainingSession,
    budget: Budget,
) -> TrainedNetwork:
    """Train epochs until all are done, or patience, the budget or a loss that is not finite ends the run."""
    patience, best, best_epoch = replace(before.patience), before.best, before.best_epoch
    records, gradients = list(before.epochs), list(before.gradients)
    tracing = 0.0  # seconds, which do not count against the budget

    def progress() -> Progress:
        return Progress(replace(patience), best, best_epoch, tuple(records), tuple(gradients), graph.state())

    reason = f"all {epochs} epochs done" if epochs > 1 else "the one epoch done"
    for number in range(len(records) + 1, epochs + 1):
        rate = run.replay[number - 1] if run.replay else EpochRate(number, patience.factor)
        record, steady = _epoch(graph, training, run, number, epochs, rate, session.report)
        # The first epoch of a process holds the tracing of the graph, which the next ones do not.
        first = number == len(before.epochs) + 1
        expected, tracing = (steady, record.seconds - steady) if first else (record.seconds, tracing)
        records.append(record)
        criterion = record.loss if record.val_loss is None else record.val_loss
        if not np.isfinite([record.loss, criterion]).all():
            if not best_epoch:
                raise DataError(
                    "training diverged in the first epoch: the loss is not a finite number",
                    hint="use a smaller --learning-rate, or --clip-norm 1",
                )
            reason = "the loss was no longer finite; the weights before were kept"
            break
        if run.measured:
            gradients.append(graph.gradient_norms())
        if patience.better(criterion, rate) or run.replay:
            best, best_epoch = graph.weights(), number
        elif patience.impatient:
            if not patience.fall_back():
                reason = f"no better validation loss for {training.patience} epochs, at smaller rates neither"
                break
            graph.restore(best)
        too_slow = number == 1 and (run.least - 1) * expected > budget.left() + tracing
        if (too_slow or expected > budget.left() + tracing) and number < epochs:
            reason = "the time limit is reached"
            break
        session.recorder.after_epoch(progress)
    return TrainedNetwork(best, tuple(records), best_epoch, run.replay or patience.path, reason, tuple(gradients))


def _graph(
    session: TrainingSession, data: TrainingData, network: NetworkConfig, training: TrainingConfig, seed: int
) -> TrainingGraph:
    """The graph of a network at its start; a traced one is used again, as tracing may take longer than training."""
    graph = session.graphs.get(graph_of(network))
    if graph is not None and graph.takes(data):
        graph.restart(data, network, seed)
        return graph
    graph = session.graphs[graph_of(network)] = TrainingGraph(data, network, training, seed)
    return graph


def _epoch(
    graph: TrainingGraph,
    training: TrainingConfig,
    run: Run,
    epoch: int,
    epochs: int,
    rate: EpochRate,
    report: Report,
) -> tuple[EpochRecord, float]:
    """One pass over the (sampled) windows, then the validation loss; and the seconds without the first steps' tracing.

    The latter are those of the usual steps, taken for all of them, with a share for the validation.
    """
    began = time.monotonic()
    pace = []
    rates = learning_rates(training, rate.epoch, graph.steps) * np.float32(rate.factor)
    order = graph.order(run.seed, epoch)
    stats = np.empty((0, 3))
    for part in np.array_split(np.arange(graph.steps), min(_PROGRESS_PER_EPOCH, graph.steps)):
        started = time.monotonic()
        stats = np.concatenate([stats, graph.run(order[part], rates[part])])
        pace.append((time.monotonic() - started) / len(part))
        speed = len(stats) * graph.batch / max(time.monotonic() - began, 1e-9)
        report(BatchProgress(epoch, epochs, len(stats), graph.steps, float(stats[:, 0].mean()), speed))
    val_loss = graph.validation_loss()
    seconds = time.monotonic() - began
    loss, clipped, norm = stats.mean(axis=0).tolist()
    last = float(rates[-1])
    report(EpochEnded(epoch, epochs, loss, val_loss, last, clipped, seconds, speed))
    record = EpochRecord(run.member, epoch, loss, val_loss, last, clipped, norm, seconds, speed)
    steady = _WITH_VALIDATION * graph.steps * float(np.median(pace)) if len(pace) > 2 else seconds
    return record, min(seconds, steady)


def member_seed(seed: int, member: int) -> int:
    """The seed of an ensemble's member, derived from the user's seed."""
    return int(np.random.SeedSequence(seed).generate_state(member + 1)[member]) % (2**31)


def learning_rates(training: TrainingConfig, epoch: int, steps: int) -> Float32:
    """The rate of each step of an epoch (from 1), shape (steps,).

    `plateau` and `constant` stay at the peak here; `Patience` halves the rate of `plateau` by the validation loss.
    """
    peak = training.learning_rate
    progress = epoch - 1 + np.arange(steps) / steps
    if training.schedule == "exponential":
        rates = np.full(steps, peak * _EXPONENTIAL ** (epoch - 1))
    elif training.schedule == "step":
        rates = np.full(steps, peak * _STEP_FACTOR ** ((epoch - 1) // _STEP_EVERY))
    elif training.schedule == "cosine":
        # Loshchilov and Hutter (2017), after a linear warm-up of half an epoch.
        wave = 0.5 * (1 + np.cos(np.pi * np.minimum(1.0, progress / training.epochs)))
        rates = peak * (_COSINE_FLOOR + (1 - _COSINE_FLOOR) * wave) * np.minimum(1.0, (progress + 0.02) / 0.5)
    else:
        rates = np.full(steps, peak)
    return rates.astype(np.float32)
