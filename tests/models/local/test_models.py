"""What all local models promise in front of panels and windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.models.local.series import sales
from tsforecast.models.local.models import LOCAL_MODELS, fit_local, local_shapes, predict_local
from tsforecast.models.registry import LOCAL
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.scaling import fit_scaling
from tsforecast.series.windows import model_rows

SEASON, HORIZON, LOOKBACK = 12, 9, 60
SPACES = [("standard", "none"), ("scale", "none"), ("standard", "log"), ("standard", "log1p")]


def rows_of(values, method="standard", log="none", trained_as=None):
    panel = make_panel(values, Frequency("fixed", DAY))
    scaling = fit_scaling(panel, panel.lengths, method=method, log=log)
    return model_rows(panel, scaling, trained_as)


def forecast(model, values, method="standard", log="none", trained_as=None, ends=None):
    """The steps after the last row of each series, in their own units, shape (n_series, HORIZON)."""
    rows = rows_of(values, method, log)
    ends = rows.panel.lengths if ends is None else ends
    weights = fit_local(model, rows, ends, LOOKBACK, SEASON, HORIZON)
    assert {name: each.shape for name, each in weights.items()} == local_shapes(
        model, len(values), LOCAL_MODELS[model].forms
    )
    later = rows if trained_as is None else rows_of(values, method, log, np.array(trained_as))
    series = np.arange(len(values))
    windows = later.newest_windows(series, lookback=LOOKBACK, horizon=HORIZON)
    made = predict_local(model, weights, windows, SEASON, HORIZON)
    return later.scaling.inverse(made, series[:, None])


def several():
    rng = np.random.default_rng(3)
    return [sales(rng, 50), 20 * sales(rng, 90), sales(rng, 30, growth=-0.02), sales(rng, 7)]


def test_the_table_is_that_of_the_registry():
    assert tuple(LOCAL_MODELS) == LOCAL


@pytest.mark.parametrize("model", LOCAL)
def test_the_space_of_the_other_models_does_not_matter(model):
    expected = forecast(model, several())
    for method, log in SPACES[1:]:
        np.testing.assert_allclose(forecast(model, several(), method, log), expected, rtol=2e-4)


@pytest.mark.parametrize("model", LOCAL)
@pytest.mark.parametrize("factor", [1e-6, 1e9])
def test_forecasts_have_the_size_of_the_values(model, factor):
    values = several()
    made = forecast(model, [factor * each for each in values])
    np.testing.assert_allclose(made / factor, forecast(model, values), rtol=2e-4)


@pytest.mark.parametrize("model", LOCAL)
def test_a_level_far_above_the_movement_comes_out_again(model):
    rng = np.random.default_rng(0)
    values = [np.round(rng.normal(0, 10, 60) * 1024) / 1024]
    own = forecast(model, [values[0] - 1000])
    np.testing.assert_allclose(forecast(model, [values[0] - 1e9]) + 1e9 - 1000, own, atol=0.05)


@pytest.mark.parametrize("model", LOCAL)
def test_an_unknown_series_is_fitted_on_its_window(model):
    values = several()
    made = forecast(model, values, "scale", trained_as=[0, -1, 2, -1])
    np.testing.assert_allclose(made, forecast(model, values, "scale"), rtol=2e-4)


@pytest.mark.parametrize("model", LOCAL)
def test_a_model_of_one_form_as_it_was_stored_before_is_forecast(model):
    """Its parameters had no share beside them."""
    rows = rows_of(several())
    weights = fit_local(model, rows, rows.panel.lengths, LOOKBACK, SEASON, HORIZON)
    numbers = weights[f"{model}/parameters"]
    if LOCAL_MODELS[model].forms > 1:
        numbers = numbers[:, 1 : 1 + LOCAL_MODELS[model].columns]
    old = {**weights, f"{model}/parameters": numbers}
    assert {name: each.shape for name, each in old.items()} == local_shapes(model, 4, 1)
    for names in (None, np.array([0, -1, 2, 3])):  # also beside a series that is fitted anew
        later = rows if names is None else rows_of(several(), trained_as=names)
        windows = later.newest_windows(np.arange(4), lookback=LOOKBACK, horizon=HORIZON)
        assert np.isfinite(predict_local(model, old, windows, SEASON, HORIZON)).all()


@pytest.mark.parametrize("model", LOCAL)
def test_nothing_is_learned_from_rows_after_the_end(model):
    values = several()
    changed = [np.concatenate([each[:-4], 3 * each[-4:]]) for each in values]
    ends = np.array([len(each) - 4 for each in values])
    first, second = (fit_local(model, rows_of(v), ends, LOOKBACK, SEASON, HORIZON) for v in (values, changed))
    # The units of the rows differ, and so the last digits.
    np.testing.assert_allclose(first[f"{model}/parameters"], second[f"{model}/parameters"], rtol=1e-4)


@pytest.mark.parametrize("model", LOCAL)
def test_a_series_without_a_row_to_learn_from_is_forecast(model):
    assert np.isfinite(forecast(model, several(), ends=np.array([50, 0, 30, 1]))).all()


@pytest.mark.parametrize("model", LOCAL)
def test_a_window_without_a_value_has_no_forecast(model):
    rows = rows_of(several())
    weights = fit_local(model, rows, rows.panel.lengths, LOOKBACK, SEASON, HORIZON)
    windows = rows.newest_windows(np.arange(4), lookback=LOOKBACK, horizon=HORIZON)
    mask = windows.mask.copy()
    mask[1] = False
    made = predict_local(model, weights, replace(windows, mask=mask), SEASON, HORIZON)
    assert np.isnan(made).any(axis=1).tolist() == [False, True, False, False]


@pytest.mark.parametrize("model", LOCAL)
def test_windows_beside_each_other_do_not_matter(model):
    rows = rows_of(several())
    weights = fit_local(model, rows, rows.panel.lengths, LOOKBACK, SEASON, HORIZON)
    windows = rows.newest_windows(np.array([0, 1, 1, 2, 3, 0]), lookback=LOOKBACK, horizon=HORIZON)
    together = predict_local(model, weights, windows, SEASON, HORIZON)
    for number in range(6):
        alone = predict_local(model, weights, windows.take(slice(number, number + 1)), SEASON, HORIZON)
        np.testing.assert_allclose(alone[0], together[number], rtol=1e-4, atol=1e-5)
