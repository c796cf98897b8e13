from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsforecast.errors import OptionError
from tsforecast.fitting.architecture import (
    check_network,
    choose_network,
    choose_segment,
    choose_training,
    network_candidates,
)
from tsforecast.fitting.plan import FixedChoices
from tsforecast.models.network.config import QUANTILES, STRATEGIES, series_inputs
from tsforecast.models.options import PRESETS, FitOptions
from tsforecast.models.registry import MODELS

BASICS = FixedChoices(horizon=12, season_length=24, min_context=12, choices=())
NETWORKS = [name for name, info in MODELS.items() if info.kind in ("network", "combination")]


def choose(*, n_series=1, windows=1000, lookback=96, **options):
    """The network of a plan, and what was chosen for it by name."""
    network, choices = choose_network(n_series, windows, FitOptions(**options), BASICS, lookback, "mean-std")
    return network, {choice.name: choice for choice in choices}


def candidates(*, windows=1000, **options):
    """The parts that a fit trains."""
    network, chosen = choose(windows=windows, **options)[0], FitOptions(**options)
    return network_candidates(network, choose_training(chosen, windows), windows, chosen)


@given(st.integers(1, 800), st.integers(1, 100), st.integers(1, 400))
def test_a_segment_divides_the_season_and_leaves_four_recurrent_steps(lookback, horizon, season):
    segment = choose_segment(lookback, horizon, season)
    assert 1 <= segment <= 48
    if season > 1:
        assert season % segment == 0
    if lookback < 32:
        assert segment == 1
    else:
        assert lookback >= 4 * segment


def test_segment_and_units_come_with_their_reasons():
    network, choices = choose()
    assert (network.segment, choices["segment"].value) == (12, "12")
    assert choices["segment"].reason == "the window becomes 8 recurrent steps"
    assert (network.units, choices["units"].value) == (64, "64")
    assert choices["units"].reason == "1,000 training windows, preset balanced"
    assert choose(lookback=20)[1]["segment"].reason == "a short window"


def test_what_the_user_says_is_no_choice():
    network, choices = choose(segment=7, units=5, layers=3, activation="relu", dropout=0.1, loss="mse")
    assert choices == {}
    assert (network.segment, network.units, network.layers) == (7, 5, 3)
    assert (network.activation, network.dropout, network.quantiles) == ("relu", 0.1, (0.5,))


@pytest.mark.parametrize(("windows", "units"), [(299, 32), (300, 64), (2999, 64), (3000, 128)])
def test_few_windows_make_a_narrow_network(windows, units):
    assert choose(windows=windows)[0].units == units
    assert choose(windows=windows, units=300)[0].units == 300


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_bounds_the_width(preset):
    assert choose(windows=10**6, preset=preset)[0].units == PRESETS[preset].units


@pytest.mark.parametrize("model", NETWORKS)
def test_every_part_is_a_network_of_its_own_name_and_lookback(model):
    for part in candidates(model=model, preset="best"):
        info = MODELS[part.name]
        assert part.name == (model if model != "auto" else "gru")
        assert (part.network.cell, part.network.bidirectional) == (info.cell, info.bidirectional)
        assert (part.share, part.lookback, part.network.horizon) == (1, part.network.lookback, 12)
        assert part.network.quantiles == QUANTILES


@pytest.mark.parametrize(
    ("count", "options", "vectors"),
    [
        *((1, {}, 0), (2, {}, 2), (100, {}, 100), (2, {"units": 1}, 0), (101, {}, 0)),
        *((2, {"strategy": strategy}, 0) for strategy in STRATEGIES if strategy != "direct"),
    ],
)
def test_series_vectors_are_for_some_series_and_direct_decoding(count, options, vectors):
    network = choose(n_series=count, **options)[0]
    assert network.inputs == series_inputs(vectors, network.units)


@pytest.mark.parametrize("choice", ["on", "off", "auto"])
def test_the_linear_skip_is_taken_left_or_tried_both_ways(choice):
    networks = [part.network for part in candidates(linear_skip=choice, preset="fast")]
    tried = {"on": [True], "off": [False], "auto": [True, False]}[choice]
    assert [network.linear_skip for network in networks] == tried
    assert len({replace(network, linear_skip=True) for network in networks}) == 1


@pytest.mark.parametrize("strategy", [strategy for strategy in STRATEGIES if strategy != "direct"])
def test_only_direct_forecasts_have_a_linear_skip(strategy):
    for choice in ("auto", "off"):
        (part,) = candidates(strategy=strategy, linear_skip=choice, preset="fast")
        assert (part.network.strategy, part.network.linear_skip) == (strategy, False)
    with pytest.raises(OptionError, match=f"a {strategy} network cannot have a linear skip") as error:
        check_network(FitOptions(strategy=strategy, linear_skip="on"), BASICS)
    assert error.value.hint == "use --linear-skip off, or --strategy direct"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"preset": "fast"}, ["mean-std"]),
        ({"preset": "balanced"}, ["mean-std", "last"]),
        ({"preset": "balanced", "windows": 10**6}, ["mean-std"]),
        ({"preset": "balanced", "normalisation": "mean-std"}, ["mean-std"]),
        ({"preset": "best"}, ["mean-std", "last"]),
        ({"preset": "best", "windows": 10**6}, ["mean-std", "last"]),
        ({"preset": "best", "normalisation": "mean-std"}, ["mean-std"]),
    ],
)
def test_variety_is_the_presets_and_varies_one_thing_at_a_time(options, expected):
    parts = candidates(**options)
    assert [part.network.normalisation for part in parts[::2]] == expected
    assert [part.network.linear_skip for part in parts] == [True, False] * len(expected)
    alike = {replace(part.network, normalisation="last", linear_skip=True) for part in parts}
    assert len(alike) == 1


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_strategy_that_feeds_back_has_segments_to_feed_back(strategy):
    network, _ = choose(strategy=strategy)
    assert (network.segment, network.output_segments) == ((12, 1) if strategy == "direct" else (6, 2))


def test_training_is_what_the_user_says():
    said = {
        "loss": "huber",
        "optimizer": "sgd",
        "learning_rate": 0.5,
        "schedule": "step",
        "weight_decay": 0.2,
        "batch_size": 7,
        "epochs": 2,
        "patience": 9,
        "clip_norm": 0.0,
        "members": 4,
        "seed": 5,
        "time_limit": 60.0,
        "device": "cpu",
        "threads": 1,
    }
    training = choose_training(FitOptions(**said), windows=1000)
    assert {name: getattr(training, name) for name in said} == said


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_size_and_effort(preset):
    wanted = PRESETS[preset]
    training = choose_training(FitOptions(preset=preset), windows=10**6)
    assert (training.batch_size, training.steps_per_epoch) == (256, wanted.steps_per_epoch)
    assert training.members == wanted.members
    assert training.epochs >= wanted.epochs


def test_few_windows_make_small_batches_and_more_epochs():
    few, many = (choose_training(FitOptions(), windows) for windows in (100, 100_000))
    assert few.batch_size == 16 < many.batch_size
    assert few.epochs > many.epochs
    assert [choose_training(FitOptions(), windows).batch_size for windows in (0, 13, 16)] == [1, 13, 16]


@pytest.mark.parametrize(("options", "rate"), [({}, 1e-3), ({"preset": "best"}, 1e-3), ({"units": 200}, 5e-4)])
def test_a_wide_network_learns_at_half_the_rate(options, rate):
    assert choose_training(FitOptions(**options), windows=10**5).learning_rate == rate
    assert choose_training(FitOptions(**options, learning_rate=0.1), windows=10**5).learning_rate == 0.1
