"""What is trained, on which rows, and how it is combined.

Most tests put a player in place of the training of networks: it notes what it was asked for and returns at once.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.training_stub import HORIZON, LOOKBACK, QUIET, make_plan, make_rows
from tests.windows import batch_of
from tsforecast.fitting import learn
from tsforecast.fitting.calibrate import predict_index
from tsforecast.fitting.fit_panel import fit_panel
from tsforecast.fitting.learn import train_again, train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.fitting.trained import Recipe, Trained
from tsforecast.models.linear import DEFAULT_RIDGE, RIDGES, fit_linear
from tsforecast.models.network.weights import weight_shapes
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import COMBINED
from tsforecast.models.spec import ModelSpec
from tsforecast.models.training import session as session_module
from tsforecast.models.training.patience import EpochRate
from tsforecast.models.training.session import Budget, TrainingSession
from tsforecast.progress import Message
from tsforecast.series.split import all_training, split_rows

GRU = ["gru with linear skip", "gru"]


def names(trained):
    skips = [part.network is not None and part.network.linear_skip for part in trained.spec.parts]
    return [GRU[0] if skip else part.name for part, skip in zip(trained.spec.parts, skips, strict=True)]


def test_all_candidates_are_trained_and_those_without_a_share_dropped(player):
    prepared, plan = make_plan(make_rows(), horizons=3)
    events = []
    learned = train_model("auto", prepared, plan, TrainingSession(events.append))
    assert player.phases == [f"training, {name}" for name in GRU]
    spec = learned.trained.spec
    # The networks repeat the last value, which is worse than a season whatever is mixed in.
    assert set(names(learned.trained)) <= set(COMBINED)
    assert (spec.name, spec.horizon, spec.quantiles) == ("auto", HORIZON, (0.5,))
    assert sum(part.share for part in spec.parts) == pytest.approx(1)
    assert all(part.share > 0 for part in spec.parts)
    assert len(learned.trained.recipes) == len(spec.parts)
    assert [row["phase"] for row in learned.trained.epochs] == [phase for phase in player.phases for _ in range(3)]
    choice = learned.plan.choices[-1]
    assert choice.name == "combination"
    assert choice.value == " + ".join(f"{part.share:.0%} {part.name}" for part in spec.parts)
    assert choice.reason.startswith(
        "by the error of their mean on 26 validation windows, which are too few to leave out any that is close "
        "(gru with linear skip "
    )
    assert events[-1] == Message("choice", f"combination {choice.value}: {choice.reason}")


def test_the_combination_is_no_worse_than_any_candidate_on_validation(player):
    player.scale = 0.2
    prepared, plan = make_plan(make_rows(), horizons=3)
    learned = train_model("auto", prepared, plan, QUIET)
    candidates = [train_model("auto", prepared, replace(plan, candidates=(part,)), QUIET) for part in plan.candidates]
    fold = learn._held_out(prepared, plan, [learned.trained, *(one.trained for one in candidates)])
    combined, *alone = [fold.error(y_pred) for y_pred in fold.forecasts]
    assert combined <= min(alone) * (1 + 1e-5)


def test_the_weights_of_a_kept_part_are_those_it_was_trained_to(player):
    player.scale = 0.1
    prepared, plan = make_plan(make_rows(), horizons=3, model="gru")
    trained = train_model("gru", prepared, plan, QUIET).trained
    for number, (part, recipe) in enumerate(zip(trained.spec.parts, trained.recipes, strict=True)):
        assert {name: value.shape for name, value in trained.weights.items() if name.startswith(f"part{number}/")} == {
            f"part{number}/{name}": shape for name, shape in weight_shapes(part.network).items()
        }
        assert recipe.path == player.path


def test_simple_models_train_without_a_network(monkeypatch):
    monkeypatch.setattr(learn.Trainer, "_learn_network", None)
    prepared, plan = make_plan(make_rows(), horizons=3)
    for model in ("linear", "seasonal-naive", "naive", "drift"):
        learned = train_model(model, prepared, plan, QUIET)
        (part,) = learned.trained.spec.parts
        assert (learned.trained.spec.name, part.name, part.share) == (model, model, 1)
        assert learned.plan.choices == plan.choices
        assert learned.trained.epochs == ()


def test_a_network_is_a_combination_of_its_variants_and_members(player):
    prepared, plan = make_plan(make_rows(), horizons=3, model="gru", members=2)
    learned = train_model("gru", prepared, plan, QUIET)
    assert player.phases == [f"training, {name} (member {n} of 2)" for name in GRU for n in (1, 2)]
    assert len({call.run.seed for call in player.calls}) == 2
    assert {part.name for part in learned.trained.spec.parts} == {"gru"}


def test_final_training_repeats_the_seed_of_each_member(player):
    prepared, plan = make_plan(make_rows(), horizons=3, model="gru", linear_skip="off", members=3)
    train_model("gru", prepared, plan, QUIET)
    seeds = [call.run.seed for call in player.calls]
    player.calls.clear()
    parts = tuple(replace(plan.candidates[0], share=0.5) for _ in range(2))
    recipes = Recipe(2, player.path), Recipe(1, player.path)
    final = train_again(*again(prepared, plan), Trained(ModelSpec("gru", HORIZON, 7, parts), {}, recipes), QUIET)
    assert [(call.run.member, call.run.seed) for call in player.calls] == [(2, seeds[2]), (1, seeds[1])]
    assert final.recipes == recipes


def test_one_candidate_is_no_choice(player):
    prepared, plan = make_plan(make_rows(), horizons=3, model="gru", linear_skip="off")
    learned = train_model("gru", prepared, plan, QUIET)
    assert learned.plan == plan
    assert names(learned.trained) == ["gru"]


def again(prepared, plan):
    """The same rows, all of them to learn from."""
    return prepare(prepared.panel, all_training(prepared.panel.lengths), plan), plan


def test_final_training_repeats_the_recipes(player):
    """The same epochs, the same ridge, the same shares, on all rows."""
    player.scale = 0.1
    panel = make_rows(noise=2.0)
    prepared, plan = make_plan(panel, horizons=3)
    ridge = train_model("linear", prepared, plan, QUIET).trained.recipes[0].ridge
    assert ridge in RIDGES and ridge != DEFAULT_RIDGE
    skipping, plain, linear, *_ = plan.candidates
    parts = replace(skipping, share=0.5), replace(plain, share=0.2), replace(linear, share=0.3)
    recipes = Recipe(0, player.path, ridge), Recipe(0, player.path[:2]), Recipe(ridge=ridge)
    before = Trained(ModelSpec("auto", HORIZON, 7, parts), {}, recipes)
    everything, _ = again(prepared, plan)
    final = train_again(everything, plan, before, QUIET)
    assert (final.spec, final.recipes) == (before.spec, recipes)
    assert player.phases == [f"final training on all rows, {name}" for name in GRU]
    assert [call.run.replay for call in player.calls] == [player.path, player.path[:2]]
    for call in player.calls:
        assert len(call.data.validation) == 0
        assert call.data.train.origins.max() == panel.offsets[-1] - HORIZON
    batch = batch_of(everything.rows, everything.windows("train", plan), lookback=LOOKBACK, horizon=HORIZON)
    expected, _ = fit_linear([batch], LOOKBACK, HORIZON, ridge=ridge)
    for name, value in expected.items():
        np.testing.assert_allclose(final.weights[f"part2/{name}"], value, rtol=1e-5, atol=1e-7)
        np.testing.assert_array_equal(player.calls[0].data.skip[name], final.weights[f"part2/{name}"])
    assert player.calls[1].data.skip is None


def test_parts_may_see_different_lookbacks(player):
    """A network that sees more has a linear skip of its own width, beside a linear model that sees less."""
    prepared, plan = make_plan(make_rows(), horizons=3, linear_skip="on")
    short, linear, *_ = plan.candidates
    long = replace(short, lookback=21, network=replace(short.network, lookback=21))
    train_model("auto", prepared, replace(plan, candidates=(short, long, linear)), QUIET)
    assert player.phases == ["training, gru with linear skip", "training, gru with linear skip (lookback 21)"]
    assert [len(call.data.skip["linear/kernel"]) for call in player.calls] == [LOOKBACK, 21]
    parts = replace(long, share=0.5), replace(linear, share=0.5)
    before = Trained(ModelSpec("auto", HORIZON, 7, parts), {}, (Recipe(path=player.path), Recipe()))
    player.calls.clear()
    final = train_again(*again(prepared, plan), before, QUIET)
    assert final.spec.lookback == 21
    assert len(player.calls[0].data.skip["linear/kernel"]) == 21
    assert len(final.weights["part1/linear/kernel"]) == LOOKBACK
    assert np.all(np.isfinite(predict_index(final, prepared.rows, prepared.windows("test", plan))))


@pytest.mark.parametrize(("horizons", "periods"), [(1, 3), (1.5, 2), (2, 2), (2.5, 2), (3, 1), (4, 1)])
def test_a_short_validation_part_takes_earlier_periods(player, horizons, periods):
    prepared, plan = make_plan(make_rows(), horizons=horizons)
    learned = train_model("auto", prepared, plan, QUIET)
    assert len(learned.periods) == periods
    spans = ["training", *(f"period {number} of {periods}" for number in range(2, periods + 1))]
    assert player.phases == [f"{span}, {name}" for span in spans for name in GRU]
    assert (f" in {periods} periods" in learned.plan.choices[-1].reason) == (periods > 1)
    for period in learned.periods:
        assert period.trained.spec == learned.trained.spec


def test_each_period_is_validated_on_the_rows_before_the_next(player):
    prepared, plan = make_plan(make_rows(), horizons=1)
    learned = train_model("auto", prepared, plan, QUIET)
    ends = [period.prepared.split.validation_end for period in learned.periods]
    np.testing.assert_array_equal(ends, [prepared.split.validation_end - HORIZON * number for number in range(3)])
    for period, calls in zip(learned.periods, np.split(np.array(player.calls), 3), strict=True):
        first = period.prepared.panel.offsets[:-1] + period.prepared.split.train_end
        for call in calls:
            assert np.all(call.data.train.origins + HORIZON <= first[call.data.train.series])


def test_earlier_periods_repeat_the_recipes_of_the_newest(player):
    prepared, plan = make_plan(make_rows(noise=2.0), horizons=1)
    learned = train_model("auto", prepared, plan, QUIET)
    assert len(learned.periods) == 3
    for number, call in enumerate(player.calls):
        assert call.run.replay == (() if number < 2 else player.path)
        assert len(call.data.validation) == (2 if number < 2 else 0)
    for period in learned.periods:
        assert period.trained.recipes == learned.trained.recipes


def test_every_period_solves_a_linear_model_of_its_own_rows():
    prepared, plan = make_plan(make_rows(noise=2.0), horizons=1, model="linear")
    learned = train_model("linear", prepared, plan, QUIET)
    assert len(learned.periods) == 3
    for period in learned.periods:
        index = period.prepared.windows("train", plan)
        batch = batch_of(period.prepared.rows, index, lookback=plan.lookback, horizon=HORIZON)
        ridge = learned.trained.recipes[0].ridge
        expected, _ = fit_linear([batch], plan.lookback, HORIZON, ridge=ridge)
        for name, value in expected.items():
            np.testing.assert_allclose(period.trained.weights[f"part0/{name}"], value, rtol=1e-5, atol=1e-7)


def test_an_earlier_period_knows_nothing_of_its_later_rows(player):
    """Networks and linear models alike: what they learn from is the same, whatever came after the period."""
    panel = make_rows()
    prepared, plan = make_plan(panel, horizons=1)
    plan = replace(plan, candidates=(plan.candidates[1], plan.simple("linear")))
    border = prepared.split.validation_end - 2 * HORIZON  # the end of the third period's validation part
    later = np.concatenate([np.arange(n) >= end for n, end in zip(panel.lengths, border, strict=True)])
    changed = replace(panel, values=np.where(later, 200 - 3 * panel.values, panel.values))
    seen = []
    for rows in (panel, changed):
        player.calls.clear()
        (_, oldest) = learn._earlier(prepare(rows, prepared.split, plan), plan)
        trainer = learn.Trainer(oldest, plan, QUIET, phase="period", runs=1)
        recipe = Recipe(path=player.path)
        linear = trainer.learn(plan.candidates[1], 0, recipe)
        trainer.learn(plan.candidates[0], 0, recipe)
        data = player.calls[0].data
        batch = batch_of(data.rows, data.train, lookback=LOOKBACK, horizon=HORIZON)
        scaling = oldest.rows.scaling
        seen.append([scaling.center, scaling.scale, batch.windows.values, batch.target, *linear.weights.values()])
    for one, other in zip(*seen, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_candidate_looks_at_rows_after_validation(player):
    player.scale = 0.1
    panel = make_rows()
    prepared, plan = make_plan(panel, horizons=1)
    ends = prepared.split.validation_end
    later = np.concatenate([np.arange(n) >= end for n, end in zip(panel.lengths, ends, strict=True)])
    lost = replace(panel, values=np.where(later, np.nan, panel.values))
    runs = [train_model("auto", prepare(rows, prepared.split, plan), plan, QUIET) for rows in (panel, lost)]
    assert runs[0].plan == runs[1].plan
    for one, other in zip(*(run.periods for run in runs), strict=True):
        assert one.trained.spec == other.trained.spec
        assert one.trained.recipes == other.trained.recipes
        for name, value in one.trained.weights.items():
            assert np.all(np.isfinite(value))
            np.testing.assert_array_equal(value, other.trained.weights[name])


def test_earlier_periods_need_half_of_the_training_windows(player):
    # 65 rows: 47 to train on and 28 windows, then 22 and 16 of them; a third period would have 10.
    learned = train_model("auto", *make_plan(make_rows((65,)), horizons=1), QUIET)
    assert [len(period.prepared.windows("train", learned.plan)) for period in learned.periods] == [28, 22, 16]
    learned = train_model("auto", *make_plan(make_rows((55,)), horizons=1), QUIET)
    assert [len(period.prepared.windows("train", learned.plan)) for period in learned.periods] == [18, 12]


def test_many_windows_are_trained_on_once(player, monkeypatch):
    prepared, plan = make_plan(make_rows(), horizons=1)
    windows = len(prepared.windows("train", plan))
    monkeypatch.setattr(learn, "_MAX_WINDOWS", windows)
    assert len(train_model("auto", prepared, plan, QUIET).periods) == 3
    monkeypatch.setattr(learn, "_MAX_WINDOWS", windows - 1)
    assert len(train_model("auto", prepared, plan, QUIET).periods) == 1


def test_shares_are_equal_without_validation_rows(player):
    panel = make_rows()
    _, plan = make_plan(panel)
    prepared = prepare(panel, split_rows(panel.lengths, validation=0, calibration=0, test=HORIZON), plan)
    learned = train_model("auto", prepared, plan, QUIET)
    assert [part.share for part in learned.trained.spec.parts] == pytest.approx([1 / 7] * 7)
    assert len(learned.periods) == 1
    choice = learned.plan.choices[-1]
    assert choice.value == " + ".join(f"14% {name}" for name in (*GRU, *COMBINED))
    assert choice.reason == "equal shares: nothing to compare by"


def test_without_a_complete_window_nothing_linear_is_tried(player):
    panel = make_rows()
    panel.observed[5::6] = False
    prepared, plan = make_plan(panel, horizons=3)
    learned = train_model("auto", prepared, plan, QUIET)
    assert player.phases == ["training, gru"]
    assert "linear" not in learned.plan.choices[-1].reason


def test_where_time_is_short_networks_are_left_out_and_not_epochs(player, monkeypatch):
    prepared, plan = make_plan(make_rows(), horizons=3, members=3)
    clock = iter(range(0, 10_000, 5))  # every look at it takes five seconds
    monkeypatch.setattr(session_module, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    learned = train_model("auto", prepared, plan, TrainingSession(budget=Budget(60)))
    assert 1 <= len(player.calls) < 6
    (choice,) = (one for one in learned.plan.choices if one.name == "left out")
    assert choice.value.startswith(f"{6 - len(player.calls)} network")
    assert player.calls[0].run.seconds > 40  # and not a sixth of what is left


def test_a_network_that_was_cut_short_is_left_out(player):
    player.path = (EpochRate(1, 1.0),)
    prepared, plan = make_plan(make_rows(), horizons=3, epochs=8)
    learned = train_model("auto", prepared, plan, TrainingSession(budget=Budget(1e5)))
    assert {call.run.least for call in player.calls} == {2} and len(player.calls) == 2
    assert not any(part.network for part in learned.trained.spec.parts)
    assert any(one.name == "left out" and one.value == "2 networks" for one in learned.plan.choices)
    alone = train_model("gru", *make_plan(make_rows(), horizons=3, epochs=8, model="gru"), TrainingSession())
    assert any(part.network for part in alone.trained.spec.parts)


def test_hardly_any_time_leaves_no_network(player):
    prepared, plan = make_plan(make_rows(), horizons=3)
    learned = train_model("auto", prepared, plan, TrainingSession(budget=Budget(5)))
    assert player.calls == []
    (choice,) = (one for one in learned.plan.choices if one.name == "networks")
    assert (choice.value, choice.reason) == ("none", "the time limit leaves 5 s for them, and they need 10")


def test_a_time_limit_is_shared_by_the_networks_that_are_left(player, monkeypatch):
    prepared, plan = make_plan(make_rows(), horizons=1)
    monkeypatch.setattr(session_module, "time", SimpleNamespace(monotonic=lambda: 100.0))
    session = TrainingSession(budget=Budget(60))
    learned = train_model("auto", prepared, plan, session)
    # The first two are traced, for which they have 3 seconds more, and may take what all periods of one need.
    assert [call.run.seconds for call in player.calls] == pytest.approx([21, 22, 15, 20, 30, 60])
    player.calls.clear()
    before = replace(learned.trained, spec=replace(learned.trained.spec, parts=plan.candidates[:2]))
    before = replace(before, recipes=(Recipe(path=player.path),) * 2)
    train_again(*again(prepared, plan), before, session)
    assert [call.run.seconds for call in player.calls] == [30, 60]


def test_the_final_training_goes_on_with_the_graphs_of_the_first(player):
    options = FitOptions(model="gru", preset="fast", horizon=HORIZON, lookback=LOOKBACK, units=4, threads=1)
    fit_panel(make_rows(), options, QUIET)
    phases = {call.run.phase.partition(",")[0] for call in player.calls}
    assert phases >= {"training", "final training on all rows"}
    assert all(call.session.graphs is QUIET.graphs for call in player.calls)


def test_one_seed_gives_one_model_and_another_gives_another(player):
    player.scale = 0.3
    runs = []
    for seed in (3, 3, 4):
        prepared, plan = make_plan(make_rows(), horizons=2, model="gru", linear_skip="off", members=2, seed=seed)
        learned = train_model("gru", prepared, plan, QUIET)
        final = train_again(*again(prepared, plan), learned.trained, QUIET)
        runs.append([*(period.trained for period in learned.periods), final])
    first, second, third = runs
    for one, two, other in zip(first, second, third, strict=True):
        assert (one.spec, one.recipes) == (two.spec, two.recipes)
        for name, value in one.weights.items():
            np.testing.assert_array_equal(value, two.weights[name])
        assert not np.array_equal(one.weights["part0/head/kernel"], other.weights["part0/head/kernel"])
