"""Training on tiny sines. TensorFlow is imported inside the tests, as in test_keras_network.py."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import zip_longest

import numpy as np
import pytest
from scipy.stats import t

from tests.networks import small_network
from tests.sampling import every
from tests.windows import batch_of, rows_of
from tsforecast.errors import DataError, OptionError
from tsforecast.models.baselines import naive
from tsforecast.models.network.config import QUANTILES
from tsforecast.models.network.numpy_network import forward
from tsforecast.models.network.weights import weight_shapes
from tsforecast.models.registry import MODELS
from tsforecast.models.training.config import LOSSES, OPTIMIZERS, SCHEDULES, TrainingConfig
from tsforecast.models.training.resume import NO_RECORDER
from tsforecast.models.training.session import TrainingSession
from tsforecast.progress import BatchProgress, EpochEnded, PhaseEnded, PhaseStarted
from tsforecast.series.windows import window_index

pytestmark = pytest.mark.usefixtures("shared_graphs")
NETWORKS = [name for name, info in MODELS.items() if info.kind == "network"]
LOOKBACK, HORIZON, SEASON = 16, 6, 12
TRAINING = TrainingConfig(epochs=3, steps_per_epoch=20, batch_size=32, learning_rate=0.01)


def make_network(model="rnn", **options):
    sizes = {"units": 12, "lookback": LOOKBACK, "horizon": HORIZON, "quantiles": (0.5,)}
    return small_network(model, **{**sizes, **options})


def make_data(*, observed=None, values=None, min_context=LOOKBACK, validation=True):
    """Two noisy sines, the second one shorter; the last rows of each validate."""
    from tsforecast.models.training.graph import TrainingData

    lengths = np.array([160, 90])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rng = np.random.default_rng(0)
    rows = np.concatenate([np.arange(length) for length in lengths])
    sine = (np.sin(2 * np.pi * rows / SEASON) + 0.05 * rng.normal(size=len(rows))).astype(np.float32)
    border = lengths - 25

    def windows(first, last):
        return window_index(offsets, first, last, horizon=HORIZON, min_context=min_context)

    held_out = windows(border, lengths)
    return TrainingData(
        rows=rows_of(sine if values is None else values, offsets, observed),
        train=windows(np.zeros_like(lengths), border),
        validation=held_out if validation else held_out.take(np.empty(0, np.int64)),
    )


def fit(data, network, training=TRAINING, *, seed=0, events=None, graphs=None, recorder=NO_RECORDER, **run):
    from tsforecast.models.training import runtime

    runtime.start(1)
    from tsforecast.models.training.loop import Run, train

    listen = (lambda event: None) if events is None else events.append
    known = Run("training", 0, seed, **run)
    session = TrainingSession(listen, recorder, {} if graphs is None else graphs)
    return train(data, network, training, known, session, device="/CPU:0")


def same_weights(one, other):
    return all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def validation_error(data, network, weights):
    """Mean absolute error of the network on the validation windows, and of the naive forecast."""
    batch = batch_of(data.rows, data.validation, lookback=LOOKBACK, horizon=HORIZON)
    y_pred = forward(network, weights, batch.windows)[:, :, len(network.quantiles) // 2]
    other = naive(batch.windows, HORIZON, 1)
    return np.abs(y_pred - batch.target).mean(), np.abs(other - batch.target).mean()


@pytest.fixture(scope="module")
def data():
    pytest.importorskip("tensorflow")
    return make_data()


@pytest.fixture(scope="module")
def usual(data):
    """One plain run and its events, for the tests that only look at it."""
    events = []
    return fit(data, make_network(), events=events), events


@pytest.mark.parametrize("model", every(len(NETWORKS), NETWORKS))
def test_every_network_learns_a_sine(data, model):
    network = make_network(model)
    trained = fit(data, network)
    assert {name: value.shape for name, value in trained.weights.items()} == weight_shapes(network)
    error, naive_error = validation_error(data, network, trained.weights)
    assert error < 0.5 * naive_error
    # What Keras measured while training is what NumPy forecasts.
    assert trained.epochs[trained.best_epoch - 1].val_loss == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize(
    ("model", "strategy", "segment"),
    [
        ("lstm", "autoregressive", 4),
        pytest.param("gru", "seq2seq", 3, marks=pytest.mark.sweep),
        pytest.param("gru", "recursive", 3, marks=pytest.mark.sweep),
        pytest.param("bilstm", "seq2seq", 1, marks=pytest.mark.sweep),
        pytest.param("rnn", "autoregressive", 3, marks=pytest.mark.sweep),
    ],
)
def test_every_strategy_learns_a_sine(data, model, strategy, segment):
    network = make_network(model, strategy=strategy, segment=segment)
    trained = fit(data, network, replace(TRAINING, epochs=6))
    assert {name: value.shape for name, value in trained.weights.items()} == weight_shapes(network)
    error, naive_error = validation_error(data, network, trained.weights)
    assert error < 0.25 * naive_error
    # Validation reads no target: its loss is the error of what is fed back.
    assert trained.epochs[trained.best_epoch - 1].val_loss == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize("strategy", [pytest.param("direct", marks=pytest.mark.sweep), "autoregressive"])
def test_a_student_t_network_learns_how_far_values_spread(strategy):
    """Noise with heavy tails: the uncalibrated quantiles hold what they promise on rows after the training."""
    rows, end = 3000, 1500
    noise = 0.3 * np.random.default_rng(3).standard_t(3, rows)
    values = (np.sin(2 * np.pi * np.arange(rows) / SEASON) + noise).astype(np.float32)
    offsets = np.array([0, rows])

    def windows(first, last):
        return window_index(offsets, np.array([first]), np.array([last]), horizon=HORIZON, min_context=LOOKBACK)

    data = replace(
        make_data(),
        rows=rows_of(values, offsets),
        train=windows(0, end - 200),
        validation=windows(end - 200, end),
    )
    network = make_network("gru", strategy=strategy, head="student-t", quantiles=QUANTILES, normalisation="none")
    trained = fit(data, network, replace(TRAINING, epochs=8, loss="student-t"))
    later = replace(data, validation=windows(end, rows))
    batch = batch_of(data.rows, later.validation, lookback=LOOKBACK, horizon=HORIZON)
    y_pred = forward(network, trained.weights, batch.windows)
    for low, high, promised in ((0, 6, 0.95), (1, 5, 0.8), (2, 4, 0.5)):
        covered = (y_pred[:, :, low] <= batch.target) & (batch.target <= y_pred[:, :, high])
        assert covered.mean() == pytest.approx(promised, abs=0.05)
    error, naive_error = validation_error(later, network, trained.weights)
    assert error < 0.5 * naive_error


def test_quantiles_are_learned_around_the_median(data):
    network = make_network(quantiles=QUANTILES, strategy="recursive", layers=2)
    trained = fit(data, network, replace(TRAINING, epochs=5))
    batch = batch_of(data.rows, data.validation, lookback=LOOKBACK, horizon=HORIZON)
    y_pred = forward(network, trained.weights, batch.windows)
    covered = (y_pred[:, :, 0] <= batch.target) & (batch.target <= y_pred[:, :, -1])
    assert covered.mean() > 0.6
    error, naive_error = validation_error(data, network, trained.weights)
    assert error < 0.5 * naive_error


def test_a_linear_skip_starts_training_at_the_linear_model(data):
    from tsforecast.models.linear import fit_linear, predict_linear

    shape = {"lookback": LOOKBACK, "horizon": HORIZON}
    linear, _ = fit_linear([batch_of(data.rows, data.train, **shape)], LOOKBACK, HORIZON)
    training = replace(TRAINING, epochs=1, learning_rate=1e-8)
    trained = fit(replace(data, skip=linear), make_network(linear_skip=True), training)
    batch = batch_of(data.rows, data.validation, **shape)
    error = np.abs(predict_linear(linear, batch.windows) - batch.target).mean()
    assert trained.epochs[0].val_loss == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("quantile", {"series_vectors": 2}),
        pytest.param("quantile", {"strategy": "seq2seq"}, marks=pytest.mark.sweep),
        pytest.param("student-t", {"strategy": "autoregressive", "head": "student-t"}, marks=pytest.mark.sweep),
    ],
)
def test_one_seed_gives_the_same_bits_and_another_does_not(loss, options):
    """With everything that draws or adds up: dropout, padding, vectors of series, more windows than an epoch takes."""
    data = make_data(min_context=2)
    network = make_network("gru", dropout=0.3, quantiles=QUANTILES, **options)
    training = replace(TRAINING, epochs=2, steps_per_epoch=5, loss=loss)
    first, again = (fit(data, network, training, seed=7) for _ in range(2))
    other = fit(data, network, training, seed=8)
    assert same_weights(first, again)
    assert [record.loss for record in first.epochs] == [record.loss for record in again.epochs]
    assert not any(np.array_equal(first.weights[name], other.weights[name]) for name in first.weights)


def test_early_stopping_restores_the_best_weights(data):
    network = make_network()
    # So large a rate that later epochs are worse than some earlier one.
    training = replace(TRAINING, epochs=30, patience=2, learning_rate=0.3, schedule="constant", optimizer="rmsprop")
    trained = fit(data, network, training)
    losses = [record.val_loss for record in trained.epochs]
    assert trained.best_epoch == 1 + int(np.argmin(losses))
    assert len(losses) < 30
    assert "no better validation loss for 2 epochs" in trained.reason
    assert losses[-1] > losses[trained.best_epoch - 1]
    assert len({record.learning_rate for record in trained.epochs}) == 3  # it fell twice
    assert trained.path[-1].epoch == trained.best_epoch
    error, _ = validation_error(data, network, trained.weights)
    # In a point model of the mean absolute error, the loss of the weights is the error that they make.
    assert error == pytest.approx(losses[trained.best_epoch - 1], rel=1e-4)


def test_the_gradient_of_each_step_is_measured_after_every_epoch(data):
    from tsforecast.models.training.graph import TrainingGraph

    network = make_network(dropout=0.5)
    assert fit(data, network).gradients == ()
    trained = fit(data, network, measured=True)
    assert [norms.shape for norms in trained.gradients] == [(network.input_segments,)] * 3
    assert all(np.all(norms > 0) for norms in trained.gradients)
    # It is that of the epoch's weights, without dropout.
    graph = TrainingGraph(data, network, TRAINING, seed=1)
    graph.restore(trained.weights)
    for _ in range(2):
        np.testing.assert_allclose(graph.gradient_norms(), trained.gradients[trained.best_epoch - 1], rtol=1e-4)


@pytest.mark.sweep
def test_measuring_gradients_changes_no_weight():
    data = make_data(min_context=2)
    network = make_network("lstm", dropout=0.3, series_vectors=2, layers=2)
    measured, other = fit(data, network, measured=True), fit(data, network)
    assert not other.gradients and measured.gradients[0].all()
    assert same_weights(measured, other)
    assert [record.loss for record in measured.epochs] == [record.loss for record in other.epochs]
    assert [record.val_loss for record in measured.epochs] == [record.val_loss for record in other.epochs]


def steps(count):
    from tsforecast.models.training.patience import EpochRate

    return tuple(EpochRate(epoch, 1.0) for epoch in range(1, count + 1))


def test_a_replay_follows_the_path_whatever_validation_says(data, usual):
    trained = fit(make_data(validation=False), make_network(), replace(TRAINING, patience=1), replay=steps(2))
    assert (len(trained.epochs), trained.best_epoch) == (2, 2)
    assert trained.reason == "all 2 epochs done"
    assert [record.val_loss for record in trained.epochs] == [None, None]
    # Validation takes no part in what is learned, and the rates are those of the whole schedule.
    before = [record.loss for record in usual[0].epochs]
    assert [record.loss for record in trained.epochs] == before[:2]


def test_a_replay_uses_the_rates_of_the_path():
    from tsforecast.models.training.patience import EpochRate

    path = (EpochRate(1, 1.0), EpochRate(5, 0.25))
    trained = fit(make_data(validation=False), make_network(), replace(TRAINING, schedule="constant"), replay=path)
    assert [record.learning_rate for record in trained.epochs] == pytest.approx(
        [TRAINING.learning_rate, TRAINING.learning_rate / 4]
    )


def test_a_replay_keeps_the_last_weights_although_earlier_ones_had_less_loss(monkeypatch):
    from tsforecast.models.training import loop

    rates = [np.full(20, rate, np.float32) for rate in (0.01, 3.0)]
    monkeypatch.setattr(loop, "learning_rates", lambda config, epoch, steps: rates[epoch - 1])
    trained = fit(make_data(validation=False), make_network(), replay=steps(2))
    assert trained.epochs[1].loss > trained.epochs[0].loss
    assert trained.best_epoch == 2


def test_the_time_limit_stops_after_the_epoch(data):
    trained = fit(data, make_network(), replace(TRAINING, epochs=50), seconds=0)
    assert len(trained.epochs) == 1
    assert trained.reason == "the time limit is reached"


def test_a_run_that_has_no_time_for_enough_epochs_ends_after_the_first(data):
    several = replace(TRAINING, epochs=50)
    assert len(fit(data, make_network(), several, seconds=1e-3, least=2).epochs) == 1
    assert len(fit(data, make_network(), several, seconds=1e5, least=50).epochs) > 1


def test_the_time_of_tracing_counts_neither_against_the_limit_nor_in_the_next_epoch(data, own_graphs, monkeypatch):
    """Half a second is enough for many epochs, although the first took seconds to trace."""
    from tsforecast.models.training import loop

    clock = [0.0]
    monkeypatch.setattr(loop.time, "monotonic", lambda: clock[0])
    took = iter([30.0, *[0.001] * 10_000])
    steps_of = loop.TrainingGraph.run

    def traced(graph, *args):
        clock[0] += next(took)
        return steps_of(graph, *args)

    monkeypatch.setattr(loop.TrainingGraph, "run", traced)
    trained = fit(data, make_network(), replace(TRAINING, epochs=5), seconds=0.5)
    assert len(trained.epochs) == 5


def test_history_is_complete(usual):
    trained, _ = usual
    assert [record.epoch for record in trained.epochs] == [1, 2, 3]
    for record in trained.epochs:
        assert record.member == 0
        assert 0 <= record.clipped_share <= 1
        assert record.gradient_norm > 0
        assert 0 < record.learning_rate <= np.float32(TRAINING.learning_rate)
        assert record.seconds > 0
        assert record.windows_per_second > 0
    losses = [record.loss for record in trained.epochs]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(("norm", "share"), [(1e-6, 1), pytest.param(0, 0, marks=pytest.mark.sweep)])
def test_the_clipped_share_counts_the_clipped_steps(data, norm, share):
    (record,) = fit(data, make_network(), replace(TRAINING, epochs=1, clip_norm=norm)).epochs
    assert record.clipped_share == share


def test_events_come_in_order_with_sensible_numbers(data, usual):
    _, events = usual
    assert events[0] == PhaseStarted("training", 3, len(data.train))
    assert isinstance(events[-1], PhaseEnded)
    assert (events[-1].epochs, events[-1].reason) == (3, "all 3 epochs done")
    middle = events[1:-1]
    assert [event.epoch for event in middle] == [1] * 11 + [2] * 11 + [3] * 11
    for epoch in range(3):
        *batches, ended = middle[11 * epoch : 11 * (epoch + 1)]
        assert all(isinstance(event, BatchProgress) for event in batches)
        assert [event.done for event in batches] == list(range(2, 21, 2))
        assert all(event.total == 20 and event.epochs == 3 and event.windows_per_second > 0 for event in batches)
        assert isinstance(ended, EpochEnded)
        assert ended.loss == pytest.approx(batches[-1].loss)
        assert ended.val_loss is not None
        assert ended.seconds <= events[-1].seconds


def test_filled_targets_carry_no_loss():
    rng = np.random.default_rng(1)
    data = make_data()
    observed = rng.random(len(data.rows.values)) > 0.3
    network = make_network(quantiles=QUANTILES, lookback=4, normalisation="none")
    # Contexts that hold only what was observed, so that the filled values are nothing but targets.
    position = data.train.origins[:, None] + np.arange(-4, 0)
    train = data.train.take(np.flatnonzero(observed[position].all(axis=1)))
    position = data.validation.origins[:, None] + np.arange(-4, 0)
    validation = data.validation.take(np.flatnonzero(observed[position].all(axis=1)))
    training = replace(TRAINING, epochs=2, steps_per_epoch=5)
    runs = []
    for filled in (0.0, 1e6):
        values = np.where(observed, data.rows.values, np.float32(filled))
        changed = replace(data, rows=rows_of(values, data.rows.offsets, observed), train=train, validation=validation)
        runs.append(fit(changed, network, training))
    assert same_weights(*runs)
    assert [record.val_loss for record in runs[0].epochs] == [record.val_loss for record in runs[1].epochs]


def with_gap(data, rows):
    """The same rows, the first of them unobserved."""
    observed = np.arange(len(data.rows.values)) > rows
    return replace(data, rows=rows_of(data.rows.values, data.rows.offsets, observed))


def graph_of(data, network, training=TRAINING):
    from tsforecast.models.training import runtime

    runtime.start(1)
    from tsforecast.models.training.graph import TrainingGraph

    return TrainingGraph(data, network, training, 0)


def test_an_autoregressive_network_learns_from_the_window_and_the_horizon():
    """Segments of 5 in a window of 16: the first holds one step; the 15 after it and the horizon are targets."""
    data = make_data(min_context=2, values=np.arange(250, dtype=np.float32))
    data.rows.observed[[12, 21]] = False
    graph = graph_of(data, make_network(strategy="autoregressive", segment=5))
    # Full; padded by 6 so that its second segment is the first with values; of the second series, padded by 11.
    origins, series = np.array([20, 10, 165]), np.array([0, 0, 1])
    _, mask, target, weight = (value.numpy() for value in graph._gather(origins, series, 15))
    assert target.shape == weight.shape == (3, 21)
    np.testing.assert_array_equal(target[0], np.arange(5, 26))
    np.testing.assert_array_equal(weight[0], [row not in (12, 21) for row in range(5, 26)])
    np.testing.assert_array_equal(mask[1], np.arange(-6, 10) >= 0)
    np.testing.assert_array_equal(weight[1], [row >= 5 and row != 12 for row in range(-5, 16)])
    np.testing.assert_array_equal(weight[2], [row >= 165 for row in range(150, 171)])


@pytest.mark.parametrize("strategy", ["seq2seq", "autoregressive"])
def test_padding_carries_no_training_loss(strategy):
    """A padded window has the loss of the shorter window that it is."""
    data = make_data(min_context=6)
    short = data.train.take(np.flatnonzero(data.train.origins - data.rows.offsets[data.train.series] == 6))
    assert len(short) == 2
    losses = []
    for lookback in (6, 12):
        network = make_network("gru", strategy=strategy, segment=3, lookback=lookback, normalisation="mean-std")
        graph = graph_of(data, network)
        losses.append(graph._forward(short.origins, short.series, True, graph.run_layer))
    (loss, count), (padded_loss, padded_count) = losses
    assert float(count) == float(padded_count) == 2 * (HORIZON + (3 if strategy == "autoregressive" else 0))
    assert float(padded_loss) == pytest.approx(float(loss), rel=1e-5)


def test_autoregressive_points_count_alike():
    """With a head that puts out zero, the loss is the mean size of all targets."""
    data = make_data()
    graph = graph_of(data, make_network(strategy="autoregressive", segment=3, normalisation="none"))
    graph.model.head.kernel.assign(0 * graph.model.head.kernel)
    window = data.train.take(np.array([7]))
    (origin,) = window.origins
    loss, count = graph._forward(window.origins, window.series, True, graph.run_layer)
    targets = data.rows.values[origin - 15 : origin + HORIZON]
    assert [float(loss), float(count)] == pytest.approx([np.abs(targets).sum(), len(targets)], rel=1e-5)


def test_divergence_in_the_first_epoch_is_an_error_with_a_way_out():
    data = make_data()
    broken = replace(data, rows=rows_of(np.full_like(data.rows.values, np.nan), data.rows.offsets))
    with pytest.raises(DataError, match="diverged") as error:
        fit(broken, make_network(), replace(TRAINING, epochs=1))
    assert "--learning-rate" in error.value.hint


def test_a_validation_loss_that_is_not_finite_is_divergence_too():
    data = make_data()
    values = data.rows.values.copy()
    values[data.validation.origins[-1] + HORIZON - 1] = np.nan
    with pytest.raises(DataError, match="diverged"):
        fit(replace(data, rows=rows_of(values, data.rows.offsets)), make_network(), replace(TRAINING, epochs=1))


@pytest.mark.parametrize("again", [pytest.param(False, marks=pytest.mark.sweep), True])
def test_later_divergence_keeps_the_weights_before(monkeypatch, again):
    from tsforecast.models.training import loop

    data = make_data(validation=not again)
    rates = loop.learning_rates

    def broken(config, epoch, steps):
        return rates(config, epoch, steps) * (np.nan if epoch == 3 else 1)

    monkeypatch.setattr(loop, "learning_rates", broken)
    trained = fit(data, make_network(), replace(TRAINING, epochs=4), replay=steps(4) if again else (), measured=True)
    assert "no longer finite" in trained.reason
    assert (len(trained.epochs), len(trained.gradients)) == (3, 2)
    assert trained.best_epoch <= 2
    assert all(np.all(np.isfinite(value)) for value in trained.weights.values())


# Each of the choices in one training at least; zip would hide one that is new.
@pytest.mark.parametrize("choices", every(3, zip_longest(OPTIMIZERS, SCHEDULES, LOSSES)), ids=str)
def test_every_optimiser_schedule_and_loss_lowers_the_loss(data, choices):
    optimizer, schedule, loss = choices
    head = "student-t" if loss == "student-t" else "quantile"
    network = make_network(head=head, quantiles=(0.5,) if loss in ("mae", "mse", "huber") else QUANTILES)
    training = replace(TRAINING, optimizer=optimizer or "adam", schedule=schedule, loss=loss, epochs=2)
    losses = [record.loss for record in fit(data, network, training).epochs]
    assert losses[1] < losses[0]


def test_losses_by_hand():
    import tensorflow as tf

    from tsforecast.models.training.losses import loss_function

    target, y = tf.constant([[3.0, 5.0]]), tf.constant([[[0.75], [2.5]]])
    center, scale = tf.constant([[[1.0]]]), tf.constant([[[2.0]]])
    # Forecasts 1 + 2 x (0.75, 2.5) = (2.5, 6): errors 0.5 and -1, in the normalised space 0.25 and -0.5.
    weight = tf.constant([[0.0, 1.0]])
    for name, normalisation, everywhere, weighted in (
        ("mae", "last", 1.5, 1.0),
        ("mse", "last", 1.25, 1.0),
        ("huber", "last", 0.625, 0.5),
        ("quantile", "last", 1.5, 1.0),
        ("mae", "mean-level", 0.75, 0.5),
        ("mse", "mean-level", 0.3125, 0.25),
    ):
        loss = loss_function(name, make_network(normalisation=normalisation))
        assert [float(x) for x in loss(target, y, center, scale, None)] == pytest.approx([everywhere, 2])
        assert [float(x) for x in loss(target, y, center, scale, weight)] == pytest.approx([weighted, 1])
        assert [float(x) for x in loss(target, y, center, scale, 0 * weight)] == pytest.approx([0, 0])


def test_the_quantile_loss_gives_half_to_the_median():
    import tensorflow as tf

    from tsforecast.models.training.losses import loss_function

    levels = (0.1, 0.5, 0.9)
    loss = loss_function("quantile", make_network(quantiles=levels))
    zero, one = tf.zeros((1, 1, 1)), tf.ones((1, 1, 1))
    value, _ = loss(tf.constant([[2.0]]), tf.constant([[[0.0, 0.0, 4.0]]]), zero, one, None)
    assert float(value) == pytest.approx(0.25 * 2 * 0.1 * 2 + 0.5 * 2 * 0.5 * 2 + 0.25 * 2 * 0.1 * 2)


@pytest.mark.parametrize(("normalisation", "unit"), [("mean-std", 2.0), ("mean-level", 1.0)])
def test_the_student_t_loss_is_the_negative_log_likelihood(normalisation, unit):
    """In model space; for mean-level in the normalised space, where the scale is not undone."""
    import tensorflow as tf

    from tsforecast.models.training.losses import loss_function

    loss = loss_function("student-t", make_network(head="student-t", normalisation=normalisation))
    target, y = np.array([[3.0, -5.0]]), np.array([[[1.5, 0.2, 2.1], [0.1, 1.3, 40.0]]])
    center, scale = np.array([[[1.0]]]), np.array([[[2.0]]])
    expected = -t.logpdf((target - 1) / 2, y[:, :, 2], y[:, :, 0], y[:, :, 1])[0] + np.log(unit)
    tensors = [tf.constant(value, tf.float32) for value in (target, y, center, scale)]
    assert [float(x) for x in loss(*tensors, None)] == pytest.approx([expected.sum(), 2], rel=1e-5)
    weight = tf.constant([[0.0, 1.0]])
    assert [float(x) for x in loss(*tensors, weight)] == pytest.approx([expected[1], 1], rel=1e-5)


@pytest.mark.sweep
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_a_graph_that_is_used_again_trains_like_a_new_one(optimizer):
    from tsforecast.models.training.graph import TrainingGraph

    network = make_network("lstm", dropout=0.3, linear_skip=True)
    training = replace(TRAINING, optimizer=optimizer)
    skip = {
        "linear/kernel": np.full((LOOKBACK, HORIZON), 0.01, np.float32),
        "linear/bias": np.zeros(HORIZON, np.float32),
    }
    first, second = (replace(make_data(), skip=skip), replace(make_data(), skip=skip))
    second = replace(
        second,
        rows=rows_of(second.rows.values * 2 + 1, second.rows.offsets),
        train=second.train.take(np.arange(len(second.train) - 9)),
    )
    graphs = {}
    fit(first, network, training, graphs=graphs)
    (graph,) = graphs.values()
    again = fit(second, network, training, seed=7, graphs=graphs)
    assert list(graphs.values()) == [graph]
    new = fit(second, network, training, seed=7)
    assert same_weights(again, new)
    assert [record.loss for record in again.epochs] == [record.loss for record in new.epochs]
    # Padded windows, other batches and filled values are traced anew.
    assert graph.takes(second)
    assert not graph.takes(make_data(min_context=2))
    assert not graph.takes(replace(second, train=second.train.take(np.arange(3))))
    assert not graph.takes(with_gap(second, 5))
    assert isinstance(graph, TrainingGraph)


def test_few_windows_are_passed_over_several_times_and_many_are_sampled():
    from tsforecast.models.training.graph import TrainingGraph

    data = make_data()
    count = len(data.train)
    few = TrainingGraph(data, make_network(), replace(TRAINING, batch_size=4096, steps_per_epoch=100), 0)
    assert (few.batch, few.steps) == (count, 20)
    order = few.order(0, 1)
    assert order.shape == (20, count)
    np.testing.assert_array_equal(np.sort(order, axis=1), np.arange(count) + np.zeros((20, 1)))
    many = TrainingGraph(data, make_network(), replace(TRAINING, batch_size=4, steps_per_epoch=10), 0)
    orders = [many.order(0, epoch) for epoch in (1, 2)]
    assert orders[0].shape == (10, 4)
    assert len(np.unique(orders[0])) == 40
    assert not np.array_equal(*orders)


def test_each_graph_is_traced_once():
    from tsforecast.models.training.graph import TrainingGraph

    data = make_data()
    graph = TrainingGraph(data, make_network(), replace(TRAINING, batch_size=63, steps_per_epoch=7, threads=2), 0)
    order, rates = graph.order(0, 1), np.full(graph.steps, 0.01, np.float32)
    for part in (slice(0, 3), slice(3, 5), slice(5, 6)):
        graph.run(order[part], rates[part])
    for size in (5, 3):
        graph._evaluate(data.validation.origins[:size], data.validation.series[:size])
    for _ in range(2):
        graph.gradient_norms()
    assert graph._train.experimental_get_tracing_count() == 1
    assert graph._shard.experimental_get_tracing_count() == 1
    assert graph._measure.experimental_get_tracing_count() == 1
    assert graph._evaluate.experimental_get_tracing_count() == 1


def test_members_have_seeds_of_their_own():
    from tsforecast.models.training.loop import member_seed

    seeds = {member_seed(seed, member) for seed in (3, 4) for member in range(4)}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert member_seed(3, 2) == member_seed(3, 2)


def test_the_engine_starts_again_with_other_threads(data):
    from tsforecast.models.training import runtime

    runtime.start(1)
    before = runtime.threads_used()
    runtime.start(5)
    assert runtime.threads_used() == before > 0


def test_devices():
    from tsforecast.models.training import runtime

    tf = runtime.start(1)
    assert runtime.choose_device("cpu") == "/CPU:0"
    if tf.config.list_logical_devices("GPU"):
        assert runtime.choose_device("gpu") == runtime.choose_device("auto") == "/GPU:0"
        return
    assert runtime.choose_device("auto") == "/CPU:0"
    with pytest.raises(OptionError, match="no GPU") as error:
        runtime.choose_device("gpu")
    assert "tensorflow[and-cuda]" in error.value.hint


def test_what_is_held_back_is_shown_if_loading_fails(capfd):
    import os

    from tsforecast.models.training.runtime import _held_back_stderr

    with _held_back_stderr():
        os.write(2, b"noise")
    assert capfd.readouterr().err == ""
    with pytest.raises(ValueError, match="broken"), _held_back_stderr():
        os.write(2, b"reason")
        raise ValueError("broken")
    assert capfd.readouterr().err == "reason"


@pytest.mark.sweep
def test_rows_after_the_validation_part_change_no_weight_of_a_network():
    """tests/test_leakage.py holds the same for the models without TensorFlow, and for networks in a combination."""
    from tsforecast.fitting.choose import choose_basics, choose_plan
    from tsforecast.fitting.learn import train_model
    from tsforecast.fitting.prepared import prepare
    from tsforecast.models.options import FitOptions
    from tsforecast.series.frequency import DAY, Frequency
    from tsforecast.series.panel import make_panel
    from tsforecast.series.split import automatic_split

    data = make_data()
    options = FitOptions(
        model="gru",
        preset="fast",
        horizon=4,
        lookback=10,
        units=4,
        epochs=1,
        linear_skip="on",
        batch_size=64,
        threads=1,
    )
    panel = make_panel(
        np.split(data.rows.values.astype(np.float64) + 2, data.rows.offsets[1:-1]), Frequency("fixed", DAY)
    )
    basics = choose_basics(panel, options)
    split = automatic_split(panel.lengths, horizon=4, min_context=10)
    later = np.concatenate([np.arange(n) >= end for n, end in zip(panel.lengths, split.validation_end, strict=True)])
    assert 0 < later.sum() < len(later)
    trained = []
    for values in (panel.values, np.where(later, 1e4 - panel.values, panel.values)):
        changed = replace(panel, values=values)
        plan = choose_plan(changed, split, basics, options)
        trained.append(train_model("gru", prepare(changed, split, plan), plan, TrainingSession()).trained)
    assert same_weights(*trained)
    assert trained[0].epochs[0]["val_loss"] == trained[1].epochs[0]["val_loss"]


KERAS_OF_OTHERS = """
import os, sys
from tsforecast.errors import OptionError
from tsforecast.models.training import runtime
said = []
if sys.argv[1] == "loaded":
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    keras.backend.backend = lambda: "numpy"
try:
    runtime.start(1, said.append)
    import keras
    print(keras.backend.backend(), [message.text for message in said], os.environ["KERAS_BACKEND"])
except OptionError as error:
    print(error)
"""


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("fresh", "tensorflow [\"KERAS_BACKEND is 'numpy'; tsforecast trains with tensorflow\"] numpy"),
        ("loaded", "Keras is loaded with the backend 'numpy' already; train in a process of its own"),
    ],
)
def test_another_backend_of_keras(state, says):
    line = [sys.executable, "-c", KERAS_OF_OTHERS, state]
    done = subprocess.run(line, env={**os.environ, "KERAS_BACKEND": "numpy"}, capture_output=True, text=True)
    assert done.stdout.startswith(says), done.stderr


def test_too_little_address_space_is_seen_before_tensorflow_ends_the_process(monkeypatch):
    import resource

    from tsforecast.models.training import runtime

    monkeypatch.setattr(resource, "getrlimit", lambda kind: (3 << 30, resource.RLIM_INFINITY))
    with pytest.raises(MemoryError, match=r"address space \(ulimit -v\) of 3,300 MiB"):
        runtime.start(1)
