"""A training run that is interrupted and taken up again comes to the same bits as one that is not.

TensorFlow is imported inside the tests, as in test_keras_network.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.models.training.test_loop import TRAINING, fit, make_data, make_network
from tsforecast.errors import Terminated
from tsforecast.models.network.config import QUANTILES
from tsforecast.models.training.patience import EpochRate
from tsforecast.models.training.resume import GraphState, Progress, TrainedNetwork
from tsforecast.progress import BatchProgress

pytestmark = pytest.mark.usefixtures("shared_graphs")
# So large a rate that the run falls back twice.
ROUGH = replace(TRAINING, epochs=20, patience=2, learning_rate=0.3, schedule="constant", optimizer="rmsprop")
SWEEP = pytest.mark.sweep
PATH = tuple(EpochRate(epoch, 1.0) for epoch in (1, 2, 3))


class Memory:
    """A recorder that keeps the last state, as a file would: it copies nothing itself."""

    def __init__(self, before=None):
        self.before, self.last = before, None

    def begin(self, key):
        self.key = key
        return self.before

    def after_epoch(self, make):
        self.last = make()

    def finished(self, trained):
        self.last = trained


class Stop:
    """Interrupts in the middle of an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def append(self, event):
        if isinstance(event, BatchProgress) and (event.epoch, event.done) >= (self.epoch, event.total // 2):
            raise Terminated(15)


def interrupted(epoch, before, *args, **kwargs):
    """What a run that is interrupted in that epoch leaves."""
    memory = Memory(before)
    with pytest.raises(Terminated):
        fit(*args, **kwargs, events=Stop(epoch), recorder=memory)
    return memory.last


def assert_same(one, other):
    assert set(one.weights) == set(other.weights)
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
    assert (one.best_epoch, one.path, one.reason) == (other.best_epoch, other.path, other.reason)
    timeless = [[replace(r, seconds=0.0, windows_per_second=0.0) for r in each.epochs] for each in (one, other)]
    assert timeless[0] == timeless[1]
    np.testing.assert_array_equal(one.gradients, other.gradients)


@pytest.mark.parametrize(
    ("model", "training", "run"),
    [
        ("gru", ROUGH, {}),
        pytest.param("lstm", replace(TRAINING, threads=2), {}, marks=SWEEP),
        pytest.param("gru", replace(TRAINING, schedule="plateau", epochs=6), {"measured": True}, marks=SWEEP),
        pytest.param("lstm", TRAINING, {"measured": True, "replay": PATH}, marks=SWEEP),
    ],
)
def test_it_goes_on_bit_by_bit(model, training, run):
    """With dropout, padding, vectors of series, falls of the rate; interrupted twice, the second time when resumed."""
    data = make_data(min_context=2, validation="replay" not in run)
    network = make_network(model, dropout=0.3, quantiles=QUANTILES, series_vectors=2)
    graphs = {}
    whole = fit(data, network, training, graphs=graphs, **run)
    middle = len(whole.epochs) // 2
    before = interrupted(middle + 1, None, data, network, training, graphs=graphs, **run)
    assert len(before.epochs) == middle
    # The second process traces a graph of its own.
    others = {}
    again = interrupted(middle + 2, before, data, network, training, graphs=others, **run)
    assert len(again.epochs) == middle + 1
    assert_same(fit(data, network, training, recorder=Memory(again), graphs=others, **run), whole)


@SWEEP
def test_every_epoch_of_a_rough_run_can_be_the_last_one_kept():
    data, network = make_data(min_context=2), make_network("gru", dropout=0.3)
    graphs = {}
    whole = fit(data, network, ROUGH, graphs=graphs)
    assert len({record.learning_rate for record in whole.epochs}) == 3
    for epoch in range(2, len(whole.epochs) + 1):
        before = interrupted(epoch, None, data, network, ROUGH, graphs=graphs)
        assert_same(fit(data, network, ROUGH, recorder=Memory(before), graphs=graphs), whole)


def test_what_is_kept_does_not_change_while_training_goes_on():
    states = []

    class Keeping(Memory):
        def after_epoch(self, make):
            progress = make()
            states.append((progress, {name: value.copy() for name, value in progress.state.weights.items()}))

    fit(make_data(), make_network(), replace(TRAINING, epochs=4), recorder=Keeping())
    assert [len(progress.epochs) for progress, _ in states] == [1, 2, 3, 4]
    assert [progress.patience.path for progress, _ in states] == [PATH[:1], PATH[:2], PATH, (*PATH, EpochRate(4, 1.0))]
    for progress, weights in states:
        assert all(np.array_equal(progress.state.weights[name], weights[name]) for name in weights)


def test_a_finished_run_is_handed_back_without_training():
    known = TrainedNetwork({}, (), 1, (), "done before", ())
    events = []
    memory = Memory(known)
    assert fit(make_data(), make_network(), events=events, recorder=memory, seed=5) is known
    assert events == []
    assert (memory.key.phase, memory.key.network, memory.key.seed) == ("training", make_network(), 5)


@pytest.mark.sweep
def test_a_state_of_another_network_starts_the_run_anew():
    data, network = make_data(), make_network()
    whole = fit(data, network)
    left = interrupted(3, None, data, make_network(units=5))
    assert_same(fit(data, network, recorder=Memory(left)), whole)
    with_dropout = GraphState(left.state.weights, left.state.optimizer, np.zeros(2, np.int64))
    assert_same(fit(data, network, recorder=Memory(replace(left, state=with_dropout))), whole)


def test_a_run_that_ends_leaves_its_result():
    memory = Memory()
    assert fit(make_data(), make_network(), recorder=memory) is memory.last
    assert not isinstance(memory.last, Progress)


@pytest.mark.sweep
@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_how_steps_are_grouped_changes_no_bit(seconds, monkeypatch):
    """One step per call, and all of them in one: signals are heard between the calls."""
    data = make_data(min_context=2)
    network = make_network("lstm", dropout=0.3, series_vectors=2)
    usual = fit(data, network, replace(TRAINING, threads=2))
    from tsforecast.models.training import graph

    monkeypatch.setattr(graph, "_LONGEST_CALL", seconds)
    assert_same(fit(data, network, replace(TRAINING, threads=2)), usual)
