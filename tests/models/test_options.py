from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from tests.networks import small_network
from tsforecast.errors import OptionError
from tsforecast.models.network.config import QUANTILES
from tsforecast.models.options import PRESETS, FitOptions
from tsforecast.models.registry import BASELINES, COMBINED, MODELS, get_model
from tsforecast.options import check_levels, declared

_CHOICES = {name: each.choices for name, each in declared(FitOptions).items() if each.choices}
_RANGES = {name: (each.least, each.most) for name, each in declared(FitOptions).items() if each.kind is not str}
NETWORK = small_network(units=8, segment=5, lookback=12)


def test_the_defaults_and_every_preset_pass():
    for preset in PRESETS:
        FitOptions(preset=preset)


@pytest.mark.parametrize("name", _RANGES)
def test_ranges_hold_their_ends_and_nothing_beyond(name):
    least, most = _RANGES[name]
    for value in (least, most):
        replace(FitOptions(), **{name: value})
    for value in (least - 1, np.nextafter(most, np.inf), float("nan"), float("inf"), -float("inf")):
        with pytest.raises(OptionError) as error:
            replace(FitOptions(), **{name: value})
        assert name in error.value.message
        assert f"from {least:g} to {most:g}" in error.value.hint


def test_a_number_too_large_for_a_float_is_refused_like_any_other():
    with pytest.raises(OptionError, match="horizon is 1000"):
        FitOptions(horizon=10**400)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float64("nan")])
def test_fields_have_to_be_finite(value):
    FitOptions()
    with pytest.raises(OptionError, match=f"dropout is {value:g}"):
        FitOptions(dropout=value)


@pytest.mark.parametrize(
    ("levels", "hint"),
    [
        ((80, 0.8), "did you mean 80?"),
        ((0.999,), "did you mean 99.9?"),
        ((99.99999999999999,), "99.9999 at most"),
        ((0,), "from 1 to 99.9999"),
        ((100.0,), "from 1 to 99.9999"),
        ((float("nan"),), "from 1 to 99.9999"),
        ((float("inf"),), "from 1 to 99.9999"),
        ((80, 80.0000001), "named after"),
    ],
)
def test_levels_that_cannot_be_forecast(levels, hint):
    check_levels((1, 80.0, 95, 99.9999))
    with pytest.raises(OptionError) as error:
        check_levels(levels)
    assert hint in error.value.hint


@pytest.mark.parametrize("name", _CHOICES)
def test_choices_are_taken_and_others_are_refused(name):
    for value in _CHOICES[name]:
        replace(FitOptions(), **{name: value})
    for value in ("GRU", "", None):
        with pytest.raises(OptionError) as error:
            replace(FitOptions(), **{name: value})
        assert f"{name} is '{value}'" in error.value.message
        close = [choice for choice in _CHOICES[name] if f"'{choice}'" in error.value.hint]
        assert close or all(choice in error.value.hint for choice in _CHOICES[name])


def test_every_option_is_checked():
    # What a calendar can be is told by the frequency, so that `fit` checks it: tests/workflows/test_fit_covariates.py.
    assert {field.name for field in fields(FitOptions)} == {*_RANGES, *_CHOICES, "calendar"}


@pytest.mark.parametrize(("name", "value"), [("horizon", None), ("units", None), ("time_limit", None)])
def test_automatic_options_pass(name, value):
    replace(FitOptions(), **{name: value})


def test_the_quantiles_ascend_around_the_median():
    assert 0.5 in QUANTILES
    assert list(QUANTILES) == sorted(QUANTILES)
    np.testing.assert_allclose(np.array(QUANTILES) + np.array(QUANTILES)[::-1], 1)


@pytest.mark.parametrize(
    ("lookback", "horizon", "segment", "expected"),
    [(12, 7, 5, (3, 2)), (10, 5, 5, (2, 1)), (3, 2, 5, (1, 1)), (12, 7, 1, (12, 7))],
)
def test_segments_cover_the_window_and_the_horizon(lookback, horizon, segment, expected):
    config = replace(NETWORK, lookback=lookback, horizon=horizon, segment=segment)
    assert (config.input_segments, config.output_segments) == expected


def test_width_counts_both_directions():
    assert (NETWORK.width, replace(NETWORK, bidirectional=True).width) == (8, 16)


def test_the_head_puts_out_levels_or_a_distribution():
    assert (NETWORK.outputs, NETWORK.fed_back) == (7, 3)
    point = replace(NETWORK, quantiles=(0.5,))
    assert (point.outputs, point.fed_back) == (1, 0)
    student = replace(NETWORK, head="student-t")
    assert (student.outputs, student.fed_back) == (3, 0)


@pytest.mark.parametrize(("lookback", "segment", "expected"), [(12, 5, 10), (10, 5, 5), (3, 5, 0), (12, 1, 11)])
def test_an_autoregressive_network_predicts_all_of_the_window_but_its_first_segment(lookback, segment, expected):
    config = replace(NETWORK, lookback=lookback, segment=segment, strategy="autoregressive")
    assert config.window_targets == expected
    assert replace(config, strategy="recursive").window_targets == 0


def test_the_table_of_models():
    assert list(MODELS) == [
        "auto",
        *("rnn", "lstm", "gru", "birnn", "bilstm", "bigru"),
        *("linear", "ets", "theta", "seasonal-shape", "seasonal-naive", "naive", "drift"),
    ]
    for name, info in MODELS.items():
        assert get_model(name) is info
        assert bool(info.cell) == (info.kind in ("network", "combination"))
        assert info.bidirectional == name.startswith("bi")
        assert info.cell in ("", "gru" if info.kind == "combination" else name.removeprefix("bi"))
    assert set(BASELINES) == {name for name, info in MODELS.items() if not info.cell}
    assert set(COMBINED) <= set(BASELINES)


def test_an_unknown_model_names_the_closest():
    with pytest.raises(OptionError, match="unknown model 'gruu'") as error:
        get_model("gruu")
    assert "'gru'" in error.value.hint
    with pytest.raises(OptionError) as error:
        get_model("prophet-xyz")
    assert all(name in error.value.hint for name in MODELS)
