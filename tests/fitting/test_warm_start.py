"""Training on: what goes on, from where, at which rates, and when it cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.covariates import with_columns
from tests.networks import small_network
from tsforecast.fitting.architecture import choose_training
from tsforecast.fitting.warm_start import last_quarter, plan_like, train_on, warm_start_obstacle
from tsforecast.models.network.config import Inputs, series_inputs
from tsforecast.models.network.weights import weight_shapes
from tsforecast.models.options import FitOptions
from tsforecast.models.parts import joined_weights
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.models.training.config import TrainingConfig
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.scaling import fit_scaling
from tsforecast.series.split import automatic_split
from tsforecast.series.weekly_cycle import weekly_calendar

pytestmark = pytest.mark.usefixtures("shared_graphs")
ASKED = FitOptions(model="gru", preset="fast", dropout=0.0)
NETWORK = small_network()
SPEC = ModelSpec("gru", 7, 7, (Part("gru", 1.0, 11, NETWORK),))


def panel_of(seeds=(0, 1), length=120):
    steps = np.arange(length)
    series = [
        100 + 10 * np.sin(2 * np.pi * steps / 7) + np.random.default_rng(seed).normal(0, 2, length) for seed in seeds
    ]
    return make_panel(series, Frequency("fixed", DAY), ids=[(str(seed),) for seed in seeds])


PANEL = panel_of()
OTHER = panel_of((0, 2))
SCALING = fit_scaling(PANEL, PANEL.lengths, method="standard")


def weights_of(spec, seed=0):
    rng = np.random.default_rng(seed)
    parts = []
    for part in spec.parts:
        shapes = weight_shapes(part.network) if part.network else {}
        parts.append({name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()})
    return joined_weights(parts)


def run(spec, weights, asked, events=None):
    split = automatic_split(PANEL.lengths, horizon=7, min_context=7)
    plan = plan_like(spec, SCALING, PANEL, split, asked)
    session = TrainingSession() if events is None else TrainingSession(events.append)
    return plan, *train_on(PANEL, split, plan, spec, weights, session)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"model": "lstm"}, "model lstm was asked for; the model in service has gru"),
        ({"horizon": 14}, "horizon 14 was asked for; the model in service has 7"),
        ({"season_length": 12}, "season_length 12 was asked for"),
        ({"lookback": 28}, "lookback 28 was asked for; the model in service has 11"),
        ({"units": 8}, "units 8 was asked for"),
        ({"strategy": "recursive"}, "strategy recursive was asked for"),
        ({"normalisation": "mean-std"}, "normalisation mean-std was asked for"),
        ({"dropout": 0.3}, "dropout 0.3 was asked for"),
        ({"loss": "student-t"}, "loss student-t was asked for"),
        ({"loss": "mse"}, "loss mse was asked for"),
        ({"linear_skip": "on"}, "linear_skip on was asked for"),
        ({"transform": "log"}, "transform log was asked for; the model in service has none"),
        ({"scaler": "robust"}, "scaler robust was asked for; the model in service has standard"),
    ],
)
def test_another_model_cannot_go_on(asked, reason):
    assert warm_start_obstacle(SPEC, SCALING, PANEL, PANEL, replace(ASKED, **asked)).startswith(reason)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"horizon": 7, "season_length": 7, "lookback": 11, "units": 6, "segment": 4, "normalisation": "last"},
        {"linear_skip": "off", "transform": "none", "scaler": "standard", "layers": 1, "loss": "quantile"},
        {"epochs": 3, "learning_rate": 0.1, "seed": 5, "time_limit": 10.0, "preset": "best"},
    ],
)
def test_what_is_the_same_or_left_open_goes_on(asked):
    assert warm_start_obstacle(SPEC, SCALING, PANEL, PANEL, replace(ASKED, **asked)) is None


def test_without_a_network_there_is_nothing_to_go_on_with():
    spec = replace(SPEC, name="linear", parts=(Part("linear", 1.0, 11),))
    assert "linear, has no network" in warm_start_obstacle(spec, SCALING, PANEL, PANEL, replace(ASKED, model="linear"))


def test_vectors_belong_to_their_series():
    spec = replace(SPEC, parts=(Part("gru", 1.0, 11, replace(NETWORK, inputs=series_inputs(2, NETWORK.units))),))
    assert warm_start_obstacle(spec, SCALING, PANEL, PANEL, ASKED) is None
    assert "a vector for each" in warm_start_obstacle(spec, SCALING, OTHER, PANEL, ASKED)
    assert warm_start_obstacle(SPEC, SCALING, OTHER, PANEL, ASKED) is None


@pytest.mark.parametrize(("log", "least", "said"), [("log", 0.0, True), ("log1p", 0.0, False), ("log1p", -1.0, True)])
def test_values_below_the_logarithm_need_another_model(log, least, said):
    values = PANEL.values.copy()
    values[5] = least
    reason = warm_start_obstacle(SPEC, replace(SCALING, log=log), PANEL, replace(PANEL, values=values), ASKED)
    assert ("cannot take the logarithm" in (reason or "")) == said


@pytest.mark.parametrize(("epochs", "expected"), [(1, [1]), (3, [3]), (4, [4]), (5, [4, 5]), (15, [12, 13, 14, 15])])
def test_the_last_quarter_of_the_epochs_is_repeated(epochs, expected):
    path = last_quarter(TrainingConfig(epochs=epochs))
    assert [step.epoch for step in path] == expected


@pytest.mark.parametrize("schedule", ["cosine", "exponential", "step", "plateau", "constant"])
def test_its_rates_are_low(schedule):
    from tsforecast.models.training.loop import learning_rates

    training = TrainingConfig(epochs=16, schedule=schedule)
    rates = [learning_rates(training, step.epoch, 10) * step.factor for step in last_quarter(training)]
    assert np.max(rates) <= 0.16 * training.learning_rate


def test_networks_start_at_their_weights():
    weights = weights_of(SPEC)
    still = replace(ASKED, learning_rate=1e-8, epochs=4)
    _, trained, everything = run(SPEC, weights, still)
    assert trained.spec == SPEC
    assert set(trained.weights) == set(weights)
    assert all(np.allclose(trained.weights[name], weights[name], atol=1e-5) for name in weights)
    assert np.array_equal(everything.split.train_end, PANEL.lengths)
    _, moved, _ = run(SPEC, weights, replace(still, learning_rate=1e-2))
    assert any(not np.allclose(moved.weights[name], weights[name], atol=1e-3) for name in weights)


def test_a_linear_skip_is_trained_on_and_not_solved_anew():
    spec = replace(SPEC, parts=(Part("gru", 1.0, 11, replace(NETWORK, linear_skip=True)),))
    weights = weights_of(spec)
    _, trained, _ = run(spec, weights, replace(ASKED, learning_rate=1e-8, epochs=4))
    assert np.allclose(trained.weights["part0/skip/kernel"], weights["part0/skip/kernel"], atol=1e-5)


def test_members_keep_their_weights_apart_and_the_linear_part_is_solved_anew():
    parts = (Part("gru", 0.4, 11, NETWORK), Part("gru", 0.3, 11, NETWORK), Part("linear", 0.2, 11))
    spec = ModelSpec("auto", 7, 7, (*parts, Part("seasonal-naive", 0.1, 11)))
    weights = weights_of(spec)
    weights |= {"part2/linear/kernel": np.ones((11, 7), np.float32), "part2/linear/bias": np.ones(7, np.float32)}
    plan, trained, _ = run(spec, weights, replace(ASKED, model="auto", learning_rate=1e-8, epochs=4))
    assert [part.share for part in trained.spec.parts] == [0.4, 0.3, 0.2, 0.1]
    for number in (0, 1):
        name = f"part{number}/head/kernel"
        assert np.allclose(trained.weights[name], weights[name], atol=1e-5)
    assert [recipe.member for recipe in trained.recipes[:2]] == [0, 1]
    assert np.abs(trained.weights["part2/linear/kernel"]).max() < 0.9
    assert plan.model == "auto"


def test_the_usual_week_is_learned_anew():
    hours = np.arange(24 * 7 * 4)
    shape = np.random.default_rng(0).normal(0, 10, 168)
    panel = make_panel([100 + shape[hours % 168]], Frequency("fixed", HOUR))
    spec = ModelSpec("gru", 7, 24, (Part("gru", 1.0, 11, NETWORK, week=168),), weekly_calendar(None))
    scaling = fit_scaling(panel, panel.lengths, method="standard")
    split = automatic_split(panel.lengths, horizon=7, min_context=7)
    plan = plan_like(spec, scaling, panel, split, ASKED)
    weights = weights_of(spec) | {"part0/week": np.zeros((1, 168), np.float32)}
    trained, _ = train_on(panel, split, plan, spec, weights, TrainingSession())
    assert trained.spec == spec
    assert np.roll(trained.weights["part0/week"][0], -72) * shape.std() == pytest.approx(shape - shape.mean(), abs=0.5)


def test_the_history_says_what_was_done():
    events = []
    _, trained, _ = run(SPEC, weights_of(SPEC), replace(ASKED, epochs=8), events)
    assert {row["phase"] for row in trained.epochs} == {"training on, gru"}
    assert len(trained.epochs) == 2
    assert trained.seconds > 0 and trained.gradients


@pytest.mark.sweep
def test_the_same_start_gives_the_same_weights():
    asked = replace(ASKED, epochs=4)
    runs = [run(SPEC, weights_of(SPEC), asked)[1].weights for _ in range(2)]
    assert all(np.array_equal(runs[0][name], runs[1][name]) for name in runs[0])
    other = run(SPEC, weights_of(SPEC, seed=1), asked)[1].weights
    assert not np.allclose(other["part0/head/kernel"], runs[0]["part0/head/kernel"], atol=1e-3)


def test_the_plan_is_that_of_the_model():
    plan, _, everything = run(SPEC, weights_of(SPEC), replace(ASKED, epochs=4))
    assert (plan.horizon, plan.lookback, plan.season_length, plan.candidates) == (7, 11, 7, SPEC.parts)
    assert (everything.rows.scaling.method, everything.rows.scaling.log) == ("standard", "none")
    assert plan.training == replace(
        choose_training(replace(ASKED, units=6, epochs=4), 100), batch_size=plan.training.batch_size
    )


def test_other_categories_are_an_obstacle():
    network = small_network("gru", inputs=Inputs(categories=(0, 2), category_widths=(0, 1)))
    spec = ModelSpec("gru", 7, 7, (Part("gru", 1.0, 11, network),))
    panels = [with_columns(PANEL, categories=[[0], [1]], labels=(labels,)) for labels in (("a", "b"), ("a", "b", "c"))]
    assert warm_start_obstacle(spec, SCALING, panels[0], panels[0], ASKED) is None
    assert "the categories are others" in warm_start_obstacle(spec, SCALING, *panels, ASKED)
