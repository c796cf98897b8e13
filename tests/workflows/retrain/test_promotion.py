"""Who challenges, who wins, and that no challenger has seen what it is judged on."""

from __future__ import annotations

import time
from dataclasses import asdict, replace

import numpy as np
import pytest

from tests.workflows.conftest import sales
from tests.workflows.cuts import ends, table, take, until, version_of
from tsforecast.errors import DataError, GateError, OptionError
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.progress import Message
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store
from tsforecast.workflows.predict import predict
from tsforecast.workflows.retrain import challenger
from tsforecast.workflows.retrain.challenger import Training
from tsforecast.workflows.retrain.comparison import Outcome
from tsforecast.workflows.retrain.held_out import typical_rows
from tsforecast.workflows.retrain.promotion import Waiting, challenger_bundle, train_and_compare
from tsforecast.workflows.retrain.settings import PromotionRules

pytestmark = pytest.mark.usefixtures("shared_graphs")
LINEAR = FitOptions(model="linear", horizon=7)
GRU = FitOptions(
    model="gru", preset="fast", horizon=7, units=4, epochs=4, lookback=14, normalisation="last", linear_skip="off"
)
RULES = PromotionRules()


@pytest.fixture(scope="module")
def panel():
    return read_panel(sales(400)).panel


def hold(panel, champion, options=LINEAR, rules=RULES, *, warm=False, report=lambda event: None):
    training = Training(options, TrainingSession(report), warm=warm)
    return train_and_compare(data_of(panel), champion, training, rules)


def reason_to_wait(*args, **keywords):
    outcome = hold(*args, **keywords)
    assert isinstance(outcome, Waiting)
    return outcome.reason


def new_rows(panel, champion):
    """New rows of the typical series."""
    numbers = panel.numbers_in(champion.recent.ids)
    return typical_rows(panel.rows_after(numbers, champion.recent.ends), numbers, champion)


def values(panel, outcome):
    """Held-out values that were observed."""
    return panel.newest(np.broadcast_to(outcome.unlearned, panel.n_series)).observed.sum()


def is_warm(outcome):
    return outcome.training_rows.startswith("trained on from the version in service")


def data_of(panel):
    return table(panel, read_panel(sales(30)).schema)


def trained(panel, options=LINEAR):
    """A version fitted on a panel as a first retraining does."""
    outcome = hold(panel, None, options)
    return challenger_bundle(data_of(panel), outcome, name="m", began=time.monotonic())


@pytest.fixture(scope="module")
def champions(panel):
    begin = ends(panel)[0]
    return {model: trained(until(panel, begin + 340), options) for model, options in (("linear", LINEAR), ("gru", GRU))}


def messages(events):
    return [event.text for event in events if isinstance(event, Message) and event.kind == "warning"]


def test_a_challenger_is_compared_on_the_newest_four_horizons(panel, champions):
    outcome = hold(panel, champions["linear"])
    assert isinstance(outcome, Outcome) and not is_warm(outcome)
    standings = outcome.standings
    assert (new_rows(panel, champions["linear"]), standings.rows, values(panel, outcome)) == (60, 28, 56)
    assert standings.metric == "mase"
    assert set(standings.errors) == {"challenger", "champion", "seasonal-naive"}
    assert all(0 < error < 2 for error in standings.errors.values())
    for name in ("challenger", "champion"):
        assert 0.5 < standings.metrics[name]["coverage_80"] < standings.metrics[name]["coverage_95"] <= 1
    assert outcome.status == "promoted" and outcome.wins
    own, other, naive = (standings.errors[name] for name in ("challenger", "champion", "seasonal-naive"))
    assert outcome.reason == (
        f"no worse than the champion: {own:.4g} against {other:.4g} MASE, a tie over 28 rows (p = "
        f"{standings.against['champion'].equal:.2g}); newer weights win; seasonal naive {naive:.4g}"
    )
    assert outcome.training_rows.endswith(
        "the newest 28 rows of the typical series were held out to compare it with the version in service"
    )


def test_the_challenger_is_what_fit_makes_of_the_rows_before_the_hold_out(panel, champions):
    outcome = hold(panel, champions["linear"])
    alone = hold(until(panel, ends(panel)[0] + 372), None).challenger
    assert outcome.challenger.evaluated.scores["linear"]["mae"] == alone.evaluated.scores["linear"]["mae"]
    assert_same(outcome.challenger, alone)


def assert_same(one, other):
    """Weights, scaling, calibration and choices are the same bits."""
    assert one.final.spec == other.final.spec
    assert set(one.final.weights) == set(other.final.weights)
    assert all(np.array_equal(one.final.weights[name], other.final.weights[name]) for name in one.final.weights)
    for name in ("center", "scale", "nonnegative"):
        assert np.array_equal(getattr(one.everything.rows.scaling, name), getattr(other.everything.rows.scaling, name))
    assert np.array_equal(one.evaluated.calibration.scores, other.evaluated.calibration.scores)
    assert one.evaluated.plan == other.evaluated.plan


@pytest.mark.parametrize(
    ("options", "warm", "poison"),
    [
        (LINEAR, False, np.nan),
        (LINEAR, False, 1e9),
        pytest.param(GRU, False, 1e9, marks=pytest.mark.sweep),
        (GRU, True, 1e9),
    ],
)
def test_a_challenger_never_reads_the_hold_out(options, warm, poison, panel, champions):
    champion = champions[options.model]
    rules = PromotionRules(beat_naive=False)  # nothing else is tried when it loses
    clean = hold(panel, champion, options, rules, warm=warm)
    assert is_warm(clean) == warm
    held_out = np.concatenate([np.arange(n) >= n - clean.standings.rows for n in panel.lengths])
    poisoned = replace(panel, values=np.where(held_out, poison, panel.values))
    outcome = hold(poisoned, champion, options, rules, warm=warm)
    assert_same(outcome.challenger, clean.challenger)
    assert outcome.standings.errors["challenger"] != clean.standings.errors["challenger"]
    if options is not LINEAR:
        return
    # One row earlier, and it is another model.
    seen = panel.values.copy()
    seen[panel.offsets[1] - clean.standings.rows - 1] *= 1.5
    other = hold(replace(panel, values=seen), champion, options, rules, warm=warm)
    assert any(
        not np.array_equal(other.challenger.final.weights[name], value)
        for name, value in clean.challenger.final.weights.items()
    )


def test_what_is_published_is_what_was_compared(panel, champions, tmp_path):
    outcome = hold(panel, champions["linear"])
    data = data_of(panel)
    bundle = challenger_bundle(data, outcome, name="m", began=time.monotonic())
    loaded = load_bundle(Store(tmp_path).model("m").publish(bundle).path)
    assert all(
        np.array_equal(loaded.forecaster.weights[name], value)
        for name, value in outcome.challenger.final.weights.items()
    )
    assert np.array_equal(loaded.scaling.center, outcome.challenger.everything.rows.scaling.center)
    # It continues all rows, and says which it has not learned from.
    assert loaded.provenance["unlearned_rows"] == 28
    assert np.array_equal(loaded.recent.starts + loaded.recent.lengths, panel.starts + panel.lengths)
    assert loaded.recent.values[-1] == panel.values[-1]
    assert bundle.metrics["rows"] == 800
    assert outcome.training_rows == loaded.metrics["training_rows"]
    assert "trained anew on all 744 rows" in loaded.metrics["training_rows"]
    assert reason_to_wait(panel, loaded) == "0 of 1 new rows"
    assert len(predict(store=tmp_path).frame) == 14


def test_too_few_new_rows_train_nothing(panel, champions, monkeypatch):
    def refuse(*args, **keywords):
        raise AssertionError("trained")

    monkeypatch.setattr(challenger, "fit_panel", refuse)
    begin = ends(panel)[0]
    early = until(panel, begin + 343)
    assert reason_to_wait(early, champions["linear"], replace(LINEAR, horizon=28)) == "3 of 7 new rows"
    assert new_rows(early, champions["linear"]) == 3
    assert reason_to_wait(early, champions["linear"], rules=PromotionRules(min_new_rows=4)) == "3 of 4 new rows"
    unseen = "1 of 7 rows that the version in service has not learned from"
    assert reason_to_wait(until(panel, begin + 341), champions["linear"]) == unseen
    with pytest.raises(AssertionError, match="trained"):
        hold(until(panel, begin + 347), champions["linear"])


def test_new_rows_without_a_value_are_waited_for(panel, champions):
    observed = panel.observed & (np.concatenate([np.arange(n) < 370 for n in panel.lengths]))
    waiting = reason_to_wait(replace(panel, observed=observed), champions["linear"])
    assert waiting == "none of the newest rows has a value"


def test_the_hold_out_is_at_most_four_horizons(panel):
    champion = version_of(data_of(until(panel, ends(panel)[0] + 100)))
    outcome = hold(panel, champion)
    assert (new_rows(panel, champion), outcome.standings.rows) == (300, 28)


def test_without_a_champion_the_seasonal_naive_is_to_be_beaten(panel):
    outcome = hold(panel, None)
    assert outcome.wins and outcome.training_rows is None
    assert set(outcome.standings.errors) == {"challenger", "seasonal-naive"}
    scores = outcome.challenger.evaluated.scores
    assert outcome.standings.errors["challenger"] == scores["linear"]["mase"]
    split = outcome.challenger.split
    assert (outcome.standings.rows, (split.end - split.calibration_end).sum()) == (40, 80)
    assert outcome.reason.startswith("clearly better than the seasonal naive: ")
    assert " over 40 rows (p = " in outcome.reason
    # A walk at random is not to be forecast by its last week.
    walk = make_panel([np.cumsum(np.random.default_rng(0).normal(0, 1, 400)) + 100], Frequency("fixed", DAY), ids=[()])
    lost = hold(walk, None, FitOptions(model="drift", horizon=7, lookback=7))
    assert lost.standings.metric == "mae"
    assert lost.wins
    flat = replace(walk, values=np.tile([1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0], 58)[:400])
    lost = hold(flat, None, FitOptions(model="drift", horizon=7, lookback=7))
    assert not lost.wins and "clearly worse than the seasonal naive" in lost.reason


def test_a_level_does_not_pass_errors_off_as_rounding(panel):
    """The naive loses to the linear model by far, but by little beside a billion."""
    one = take(panel, [0])
    raised = replace(one, values=one.values + 1e9)
    champion = trained(until(raised, ends(raised)[0] + 340))
    outcome = hold(raised, champion, FitOptions(model="naive", horizon=7))
    assert outcome.standings.metric == "mae" and not outcome.wins
    assert outcome.standings.errors["challenger"] > 1.5 * outcome.standings.errors["champion"]


def test_constant_data_are_forecast_without_error_but_for_rounding():
    flat = make_panel([np.full(200, 7.0), np.full(200, 0.3)], Frequency("fixed", DAY), ids=[("007",), ("7",)])
    outcome = hold(flat, version_of(data_of(until(flat, 180))))
    assert (outcome.standings.metric, outcome.wins) == ("mae", True)
    assert outcome.standings.errors["challenger"] < 1e-5


def test_a_series_that_ended_and_a_new_one(panel):
    begin = ends(panel)[0]
    three = read_panel(sales(400, shops=("a", "b", "c"))).panel
    stopped = three.between(np.zeros(3, np.int64), np.array([400, 345, 400]))
    champion = trained(take(until(stopped, begin + 340), [0, 1]))
    outcome = hold(stopped, champion)
    # The first has 60 new rows, the second 5 and the third 400.
    assert new_rows(stopped, champion) == 32
    assert values(stopped, outcome) == 28 + 5 + 28
    assert outcome.unlearned == [28, 5, 28]
    assert outcome.standings.errors["champion"] > 0 and np.isfinite(outcome.standings.errors["champion"])


def test_horizons_that_differ_are_compared_on_what_they_share(panel, champions):
    outcome = hold(panel, champions["linear"], replace(LINEAR, horizon=14))
    assert outcome.challenger.evaluated.plan.horizon == 14
    assert all(np.isfinite(error) for error in outcome.standings.errors.values())


def test_another_frequency_cannot_be_compared(panel, champions):
    weekly = replace(panel, frequency=Frequency("fixed", 7 * DAY))
    with pytest.raises(GateError, match=r"the data are weekly .*; the model in service was fitted on daily ones"):
        hold(weekly, champions["linear"])
    assert hold(weekly, None, replace(LINEAR, season_length=7)).challenger


def test_too_few_rows_and_bad_options_are_refused(panel, champions):
    recent = panel.between(panel.lengths - 12, panel.lengths)
    with pytest.raises(DataError, match="need"):
        hold(recent, champions["linear"])
    with pytest.raises(OptionError, match="horizon is 0"):
        hold(panel, champions["linear"], replace(LINEAR, horizon=0))


def test_warm_goes_on_from_the_champion(panel, champions):
    events = []
    champion = champions["gru"]
    rules = PromotionRules(beat_naive=False)  # four epochs do not beat it
    outcome = hold(panel, champion, GRU, rules, warm=True, report=events.append)
    assert is_warm(outcome) and not messages(events)
    fitted = outcome.challenger
    assert fitted.final.spec == champion.spec
    assert len(fitted.final.epochs) == len(champion.spec.parts)  # a quarter of four epochs
    assert np.array_equal(fitted.evaluated.calibration.scores, champion.forecaster.calibration.scores)
    bundle = challenger_bundle(data_of(panel), outcome, name="m", began=time.monotonic())
    assert bundle.metrics["calibration"].endswith("; taken over from the version that its networks go on from")
    assert bundle.metrics["scores"]["gru"]["mase"] == outcome.standings.errors["challenger"]
    assert bundle.metrics["scores"]["gru"]["skill"] == pytest.approx(
        1 - outcome.standings.errors["challenger"] / outcome.standings.errors["seasonal-naive"]
    )
    assert bundle.metrics["training_rows"].startswith(
        "trained on from the version in service, on 744 of 800 rows; the newest 28 "
    )
    assert len(bundle.epochs) == len(fitted.final.epochs)
    again = replace(GRU, lookback=None, units=None)
    later = replace(panel, starts=panel.starts + 60)
    second = hold(later, bundle, again, rules, warm=True)
    assert is_warm(second)
    assert second.challenger.evaluated.calibration.method == bundle.forecaster.calibration.method


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        ("linear", LINEAR, "has no network to go on with"),
        ("gru", LINEAR, "model linear was asked for"),
        ("gru", replace(LINEAR, model="drift", lookback=21), "model drift was asked for"),
    ],
)
def test_warm_begins_anew_where_it_cannot_go_on(model, options, reason, panel, champions):
    events = []
    outcome = hold(panel, champions[model], options, warm=True, report=events.append)
    assert outcome.challenger and not is_warm(outcome)
    assert any(text.startswith("trained anew, not from the version") and reason in text for text in messages(events))


@pytest.mark.sweep
def test_the_time_limit_reaches_the_training(panel, champions):
    limited = replace(GRU, epochs=200, time_limit=1.0)
    outcome = hold(panel, champions["gru"], limited)
    assert len(outcome.challenger.final.epochs) < 200


def test_an_outcome_is_plain_values_but_for_its_challenger(panel, champions):
    outcome = hold(panel, champions["linear"])
    facts = asdict(replace(outcome, challenger=None))
    assert facts["standings"]["metric"] == "mase" and isinstance(facts["standings"]["rows"], int)
    assert isinstance(facts["status"], str) and isinstance(outcome.wins, bool)


def test_a_published_challenger_is_compared_the_day_after(panel, champions):
    """Of a version that a retraining has published, its own hold-out is unseen: one new row is enough."""
    begin = ends(panel)[0]
    before = until(panel, begin + 390)
    bundle = challenger_bundle(data_of(before), hold(before, champions["linear"]), name="m", began=time.monotonic())
    after = until(panel, begin + 391)
    outcome = hold(after, bundle)
    assert (new_rows(after, bundle), outcome.standings.rows, outcome.unlearned) == (1, 28, 28)
    # What a damaged or an older version does not say was learned.
    for stated in (None, "28", -1, [28], True, 10**12):
        told = replace(bundle, provenance=bundle.provenance | {"unlearned_rows": stated})
        assert stated is True or reason_to_wait(after, told).startswith("1 of 7 rows")
    silent = {key: value for key, value in bundle.provenance.items() if key != "unlearned_rows"}
    assert reason_to_wait(after, replace(bundle, provenance=silent)).startswith("1 of 7 rows")


def test_a_short_series_is_compared_on_what_there_is():
    values = 100 + 20 * np.sin(np.arange(26) * 2 * np.pi / 7)
    short = make_panel([values], Frequency("fixed", DAY), ids=[()])
    champion = version_of(data_of(until(short, 24)))
    # 21 rows are needed to learn from; two are new.
    assert reason_to_wait(short, champion) == "2 of 5 rows that the version in service has not learned from"
    outcome = hold(short, version_of(data_of(until(short, 21))))
    assert outcome.standings.rows == 5 and outcome.standings.against["champion"].equal == 1
    assert not outcome.reason.startswith("clearly worse")


def test_better_means_significantly_better(panel, champions):
    outcome = hold(panel, champions["linear"], rules=PromotionRules(promote="better"))
    assert (outcome.wins, outcome.status) == (False, "waiting")
    assert "a tie over 28 rows" in outcome.reason and "and the champion stays" in outcome.reason
    drift = trained(until(panel, ends(panel)[0] + 340), FitOptions(model="drift", horizon=7, lookback=7))
    outcome = hold(panel, drift, rules=PromotionRules(promote="better"))
    assert outcome.wins and outcome.reason.startswith("clearly better than the champion")
