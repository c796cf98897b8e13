from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.errors import DataError, OptionError
from tsforecast.fitting.architecture import choose_segment
from tsforecast.fitting.choose import choose_basics, choose_lookback, choose_plan, lookback_candidates
from tsforecast.fitting.quick_linear import QuickLinear, least_context
from tsforecast.models.network.config import QUANTILES, STRATEGIES
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import COMBINED, LOCAL, MODELS
from tsforecast.models.spec import Part
from tsforecast.models.training.config import LOSSES
from tsforecast.series.frequency import DAY, HOUR, MINUTE, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.split import automatic_split
from tsforecast.series.windows import window_index

FREQUENCIES = {
    "15min": Frequency("fixed", 15 * MINUTE),
    "hourly": Frequency("fixed", HOUR),
    "daily": Frequency("fixed", DAY),
    "weekly": Frequency("fixed", 7 * DAY),
    "monthly": Frequency("month", 1),
    "quarterly": Frequency("month", 3),
    "yearly": Frequency("month", 12),
}


def seasonal(length, season=24, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    return np.sin(2 * np.pi * np.arange(length) / season) + noise * rng.normal(size=length)


def decide(series, frequency="hourly", **options):
    """The plan for some series, and the split that it was made under."""
    panel = make_panel([np.asarray(values, np.float64) for values in series], FREQUENCIES[frequency])
    chosen = FitOptions(**options)
    basics = choose_basics(panel, chosen)
    split = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
    return choose_plan(panel, split, basics, chosen), split


def network(plan):
    """The first network of the plan."""
    return next(part.network for part in plan.candidates if part.network)


def reasons(plan):
    return {choice.name: choice for choice in plan.choices}


@pytest.mark.parametrize(
    ("frequency", "rows", "season", "horizon", "lookbacks", "segments"),
    [
        ("15min", 5000, 96, 96, [120, 192, 288, 480, 672], [24, 48, 48, 48, 48]),
        ("15min", 700, 96, 96, [120], [24]),
        ("15min", 40, 96, 10, [10], [1]),
        ("hourly", 5000, 24, 48, [60, 72, 96, 120, 168, 336, 720], [12, 12, 24, 24, 24, 24, 24]),
        ("hourly", 700, 24, 48, [60, 72, 96, 120, 168], [12, 12, 24, 24, 24]),
        ("hourly", 150, 24, 37, [24], [1]),
        ("hourly", 12, 24, 3, [3], [1]),
        ("daily", 700, 7, 14, [18, 21, 28, 35, 49, 98, 210], [1, 1, 1, 7, 7, 7, 7]),
        ("daily", 40, 7, 10, [7], [1]),
        ("weekly", 700, 52, 13, [65, 104, 156], [13, 13, 13]),
        ("weekly", 150, 52, 13, [46], [4]),
        ("monthly", 700, 12, 12, [15, 24, 36, 60, 84, 168], [1, 1, 6, 12, 12, 12]),
        ("monthly", 150, 12, 12, [15, 24, 36], [1, 1, 6]),
        ("quarterly", 150, 4, 8, [10, 12, 16, 20, 28], [1, 1, 1, 1, 1]),
        ("yearly", 150, 1, 6, [8, 12, 14, 30], [1, 1, 1, 1]),
        ("yearly", 6, 1, 1, [2], [1]),
    ],
)
def test_season_horizon_lookbacks_and_segments(frequency, rows, season, horizon, lookbacks, segments):
    panel = make_panel([np.arange(rows)], FREQUENCIES[frequency])
    options = FitOptions()
    basics = choose_basics(panel, options)
    assert (basics.season_length, basics.horizon) == (season, horizon)
    split = automatic_split(panel.lengths, horizon=horizon, min_context=basics.min_context)
    assert lookback_candidates(split, basics, options) == lookbacks
    assert [choose_segment(lookback, horizon, season) for lookback in lookbacks] == segments


@dataclass(frozen=True)
class Errs:
    """Stands for the linear models: the error of each lookback."""

    errors: dict[int, float]

    def error(self, lookback, log, normalisation):
        return self.errors[lookback]


@pytest.mark.parametrize(
    ("errors", "whole", "chosen"),
    [
        ({10: 1.0, 20: 1.005, 40: 1.02}, {10, 20, 40}, 20),
        ({10: 1.005, 20: 1.0, 40: 0.999}, {10, 20}, 20),  # hardly better, and most of its windows are padded
        ({10: 1.005, 20: 1.0, 40: 0.98}, {10, 20}, 40),
        ({10: 1.005, 20: 1.0, 40: 0.999}, set(), 40),
        ({10: float("inf"), 20: float("inf")}, {10, 20}, 10),
    ],
)
def test_a_lookback_that_needs_padding_must_be_clearly_better(errors, whole, chosen):
    assert choose_lookback(Errs(errors), list(errors), "none", "last", whole)[0] == chosen


@settings(max_examples=50)
@given(
    st.sampled_from(list(FREQUENCIES)),
    st.lists(st.integers(1, 150), min_size=1, max_size=5),
    st.none() | st.integers(1, 40),
    st.none() | st.integers(1, 60),
)
def test_there_is_always_something_to_learn_from_and_to_score_on(frequency, lengths, horizon, lookback):
    """Whatever the lengths: the fit is refused at once, or every lookback tried has windows of each part in use."""
    panel = make_panel([np.arange(length) for length in lengths], FREQUENCIES[frequency])
    options = FitOptions(model="naive", horizon=horizon, lookback=lookback)
    basics = choose_basics(panel, options)
    try:
        split = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
    except DataError:
        assert max(lengths) < basics.min_context + 2 * basics.horizon
        return
    candidates = lookback_candidates(split, basics, options)
    assert candidates == sorted(set(candidates))
    assert min(candidates) >= 1
    plan = choose_plan(panel, split, basics, options)
    assert plan.lookback in candidates
    assert 1 <= plan.min_context <= plan.lookback
    for part in ("train", "test"):
        least = plan.min_context if part == "train" else 1
        assert len(window_index(panel.offsets, *split.borders(part), horizon=plan.horizon, min_context=least))


def test_a_panel_of_short_series_may_be_seen_for_several_seasons():
    """Windows that long are mostly padded there; what they show of the season is worth more."""
    rng = np.random.default_rng(0)
    months = np.arange(72)
    series = [10 + rng.normal(0, 1) * np.sin(2 * np.pi * months / 12) + 0.1 * rng.normal(size=72) for _ in range(200)]
    plan, split = decide(series, "monthly", model="linear", horizon=12)
    assert split.train_end[0] == 36
    assert plan.lookback == 36
    assert plan.min_context == 12, "full windows would be too few"
    few, _ = decide(series[:2], "monthly", model="linear", horizon=12)
    assert few.lookback == 12, "two series have too few windows for a map that wide"


def test_full_windows_are_kept_where_they_are_many():
    panel = make_panel([np.zeros(600)] * 200, FREQUENCIES["hourly"])
    split = automatic_split(panel.lengths, horizon=24, min_context=24)
    basics = choose_basics(panel, FitOptions(horizon=24))
    assert least_context(split, basics, 168) == 168
    assert least_context(split, basics, 336) == 336, "more than ten thousand are enough, though less than half"
    assert least_context(split, basics, 380) == 24


def test_automatic_choices_carry_their_reasons():
    plan, _ = decide([seasonal(600)], model="gru", horizon=24)
    found = reasons(plan)
    assert "horizon" not in found
    assert set(found) == {"season_length", "transform", "normalisation", "lookback", "segment", "units"}
    assert (found["season_length"].value, plan.season_length) == ("24", 24)
    assert "hourly" in found["season_length"].reason
    assert "natural for hourly data, strength " in found["season_length"].reason
    made = network(plan)
    for name, value in (("lookback", plan.lookback), ("segment", made.segment), ("units", made.units)):
        assert found[name].value == str(value)
    assert "linear" in found["lookback"].reason
    assert "training windows" in found["units"].reason


def test_a_weak_season_is_said_to_be_weak():
    plan, _ = decide([np.random.default_rng(0).normal(size=400)], model="naive")
    assert "though weak" in reasons(plan)["season_length"].reason


def test_a_horizon_cut_to_the_rows_says_so():
    plan, _ = decide([seasonal(60)], model="naive")
    assert plan.horizon == 15
    assert "a quarter of the 60 rows; 48 is usual for hourly data" in reasons(plan)["horizon"].reason


def test_what_the_user_says_is_taken():
    said = {
        "horizon": 10,
        "lookback": 37,
        "season_length": 12,
        "strategy": "recursive",
        "layers": 3,
        "units": 17,
        "activation": "relu",
        "segment": 5,
        "normalisation": "none",
        "dropout": 0.0,
    }
    plan, _ = decide([seasonal(400)], model="bilstm", transform="none", scaler="robust", loss="mae", **said)
    made = {**vars(network(plan)), "season_length": plan.season_length}
    assert {name: made[name] for name in said} == said
    assert (made["cell"], made["bidirectional"]) == ("lstm", True)
    assert made["quantiles"] == (0.5,)
    assert (plan.log, plan.scaler) == ("none", "robust")
    assert (plan.horizon, plan.lookback) == (10, 37)
    assert plan.choices == ()


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_a_plan(model):
    plan, _ = decide([seasonal(300), seasonal(200)], model=model, horizon=12, preset="fast")
    assert plan.model == model
    kinds = {
        "network": [model, model],
        "combination": ["gru", "gru", *COMBINED],
    }
    assert [part.name for part in plan.candidates] == kinds.get(MODELS[model].kind, [model])
    for part in plan.candidates:
        assert part.share == 1
        assert (part.network is not None) == (MODELS[part.name].kind == "network")
        if part.network:
            assert part.lookback == part.network.lookback == plan.lookback
            assert (part.network.horizon, part.network.quantiles, part.network.inputs.categories) == (
                12,
                QUANTILES,
                (2,),
            )
        else:
            assert part.lookback >= (plan.lookback if part.name == "linear" else plan.season_length)
            assert part.lookback <= 300


def test_a_combination_is_chosen_as_its_network_would_be():
    auto, _ = decide([seasonal(600)], model="auto", horizon=24)
    gru, _ = decide([seasonal(600)], model="gru", horizon=24)
    assert auto.candidates == (*gru.candidates, *map(auto.simple, COMBINED))
    assert replace(auto, model="gru", candidates=gru.candidates) == gru
    assert FitOptions().model == "auto"


def test_simple_models_stand_beside_a_network_under_the_same_plan():
    plan, _ = decide([seasonal(300)], model="gru", lookback=10, horizon=12, members=3)
    assert plan.simple("seasonal-naive") == Part("seasonal-naive", 1.0, 24)
    assert plan.simple("linear") == Part("linear", 1.0, 10)
    assert plan.simple("ets") == Part("ets", 1.0, 24, forms=3)


def test_local_models_look_back_at_many_seasons_where_there_are_so_many():
    plan, _ = decide([seasonal(4000)], model="seasonal-naive", horizon=12)
    assert [plan.simple(name).lookback for name in LOCAL] == [240, 240, 42 * plan.season_length]
    plan, _ = decide([seasonal(300), seasonal(200)], model="linear", horizon=12)
    assert plan.simple("seasonal-shape").lookback == 300


def test_growth_by_a_share_takes_a_logarithm():
    steps = np.arange(400)
    rng = np.random.default_rng(0)
    growing = np.exp(0.02 * steps + 0.5 * np.sin(2 * np.pi * steps / 24) + 0.05 * rng.normal(size=400))
    plan, _ = decide([growing], model="linear", horizon=12)
    assert plan.log == "log"
    found = reasons(plan)["transform"]
    assert found.value == "log"
    assert "least validation error of a linear model" in found.reason


def trial_errors(monkeypatch, table, otherwise):
    """Put known validation errors in place of those of the linear models."""

    def error(trial, lookback, log, normalisation):
        return table.get((log, normalisation), table.get(lookback, otherwise))

    monkeypatch.setattr(QuickLinear, "error", error)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, ("none", "last")),
        ({("log", "last"): 0.995}, ("none", "last")),
        ({("log", "last"): 0.98}, ("log", "last")),
        ({("none", "mean-std"): 0.5, ("log", "mean-std"): 0.6}, ("none", "mean-std")),
        ({("none", "last"): np.inf, ("log", "mean-std"): 0.6, ("log", "last"): 0.7}, ("log", "mean-std")),
        ({("none", "mean-level"): 0.5}, ("none", "mean-level")),
    ],
)
def test_the_simple_space_is_left_for_one_that_is_clearly_better(monkeypatch, table, expected):
    trial_errors(monkeypatch, table, otherwise=1.0)
    plan, _ = decide([np.exp(seasonal(300, seed=seed)) for seed in range(2)], horizon=12, lookback=24)
    assert (plan.log, network(plan).normalisation) == expected
    assert plan.scaler == ("scale" if "mean-level" in expected else "standard")


def test_without_trials_the_simple_choices_are_made(monkeypatch):
    trial_errors(monkeypatch, {}, otherwise=np.inf)
    plan, _ = decide([np.exp(seasonal(700))], horizon=12)
    assert (plan.log, network(plan).normalisation, plan.lookback) == ("none", "last", 30)
    assert all("too few rows" in reasons(plan)[name].reason for name in ("transform", "lookback"))


def test_the_longest_lookback_that_is_as_good_as_the_best(monkeypatch):
    trial_errors(monkeypatch, {48: 0.5, 72: 0.504, 120: 0.506}, otherwise=1.0)
    plan, _ = decide([seasonal(700)], horizon=12, transform="none", normalisation="last")
    assert plan.lookback == 72
    assert "48 0.5, 72 0.504, 120 0.506" in reasons(plan)["lookback"].reason


def test_a_single_model_is_not_compared_with_itself(monkeypatch):
    trial_errors(monkeypatch, None, otherwise=None)  # would fail if it were asked
    plan, _ = decide([seasonal(300)], horizon=12, lookback=24, transform="none", normalisation="mean-std")
    assert network(plan).normalisation == "mean-std"


def test_mean_level_keeps_zero_where_it_is():
    series = [10.0**i * (2 + seasonal(300, seed=i)) for i in range(4)]
    plan, _ = decide(series, normalisation="mean-level", horizon=12)
    assert (network(plan).normalisation, plan.scaler, plan.log) == ("mean-level", "scale", "none")


def test_negative_values_are_never_logged():
    assert decide([seasonal(300)], model="linear")[0].log == "none"
    with pytest.raises(OptionError, match="negative value"):
        decide([seasonal(300)], model="linear", transform="log")


def test_zeros_take_log1p_also_where_they_fill_a_gap():
    series = np.exp(seasonal(300))
    panel = make_panel([series], FREQUENCIES["hourly"])
    panel.values[40], panel.observed[40] = 0.0, False
    options = FitOptions(model="linear", transform="log", horizon=12)
    basics = choose_basics(panel, options)
    split = automatic_split(panel.lengths, horizon=12, min_context=basics.min_context)
    assert choose_plan(panel, split, basics, options).log == "log1p"


def test_options_that_contradict_each_other_are_refused():
    with pytest.raises(OptionError, match="mean-level") as error:
        decide([np.exp(seasonal(300))], transform="log", normalisation="mean-level")
    assert "--transform none" in error.value.hint


@pytest.mark.parametrize("strategy", [strategy for strategy in STRATEGIES if strategy != "direct"])
def test_only_direct_forecasts_have_a_linear_skip(strategy):
    plan, _ = decide([seasonal(300)], horizon=12, strategy=strategy)
    networks = [part.network for part in plan.candidates if part.network]
    assert {(network.strategy, network.linear_skip) for network in networks} == {(strategy, False)}
    with pytest.raises(OptionError, match=f"a {strategy} network cannot have a linear skip") as error:
        decide([seasonal(300)], horizon=12, strategy=strategy, linear_skip="on")
    assert "--linear-skip off" in error.value.hint


@pytest.mark.parametrize("model", [name for name, info in MODELS.items() if info.bidirectional])
def test_a_network_that_reads_both_ways_is_not_autoregressive(model):
    with pytest.raises(OptionError, match="both ways") as error:
        decide([seasonal(300)], model=model, horizon=12, strategy="autoregressive")
    assert f"--model {model.removeprefix('bi')}," in error.value.hint
    assert decide([seasonal(300)], model=model, horizon=12, strategy="seq2seq")[0].candidates[0].network.bidirectional


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_decides_the_head(loss):
    plan, _ = decide([seasonal(300)], horizon=12, loss=loss)
    assert network(plan).head == ("student-t" if loss == "student-t" else "quantile")
    assert network(plan).quantiles == (QUANTILES if loss in ("quantile", "student-t") else (0.5,))


def test_an_unknown_model_is_refused():
    with pytest.raises(OptionError, match="model is 'transformer'; choose one of auto, rnn"):
        decide([seasonal(300)], model="transformer")


def test_short_series_are_padded_where_many_are_short():
    long, short = [seasonal(300, seed=i) for i in range(4)], [seasonal(40, seed=9)] * 2
    together, _ = decide([*long, *short], model="linear", horizon=6)
    assert together.min_context < together.lookback
    alone, _ = decide(long, model="linear", horizon=6)
    assert alone.min_context == alone.lookback


@pytest.mark.parametrize("series", [np.full(99, 3.0), np.arange(99.0), 0.1 * np.arange(99), np.zeros(99), seasonal(6)])
def test_plain_and_tiny_series_have_a_plan(series):
    plan, _ = decide([series], horizon=1)
    assert network(plan).horizon == 1


def test_a_clear_season_of_steps_that_have_none_by_nature():
    steps = np.arange(200)
    values = 10 + np.sin(2 * np.pi * steps / 9) + 0.1 * np.random.default_rng(0).normal(size=200)
    basics = choose_basics(make_panel([values], Frequency("fixed", 1)), FitOptions())
    assert basics.season_length == 9
    assert basics.choices[0].reason.startswith("found in the data, strength 0.9")


def test_the_simplest_is_not_called_the_best(monkeypatch):
    trial_errors(monkeypatch, {("log", "last"): 0.995}, 1.0)
    plan, _ = decide([seasonal(600)], model="linear", horizon=24)
    assert plan.log == "none"
    assert reasons(plan)["transform"].reason.startswith("the simplest; no other makes 1% less validation error")
