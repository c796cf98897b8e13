"""The object that `fit` and `load` return, and the names that Python people import."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

import tsforecast
from tests.conftest import make_series
from tests.workflows.conftest import sales
from tsforecast import errors

SETTINGS = {"model": "linear", "horizon": 6, "lookback": 24}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def model(store):
    return tsforecast.fit(sales(120), name="shops", store=store, **SETTINGS)


def test_what_it_knows(model):
    assert repr(model) == "<Model shops version 1: 2 series, daily, horizon 6>"
    assert (model.series, model.horizon, model.lookback, model.frequency) == (2, 6, 24, "daily")
    assert model.scores.index.name == "model" and model.scores.loc["linear", "mae"] > 0
    assert list(model.choices.columns) == ["choice", "value", "why"] and len(model.choices)
    assert model.verdict in model._repr_html_() and "linear" in model.verdict
    assert any("2 series of 120 steps" in note for note in model.notes)
    assert model.to_dict()["name"] == "shops" and model.to_dict()["seconds"] > 0


def test_it_forecasts_draws_and_reports(model, tmp_path):
    made = model.predict(levels=(80,), horizon=3)
    assert list(made.columns) == ["shop", "date", "forecast", "lower_80", "upper_80"] and len(made) == 6
    assert model.plot(series="7").axes[0].get_title(loc="left") == "7"
    assert model.report(tmp_path / "page.md").to_dict()["title"] and (tmp_path / "page.md").exists()


def test_one_that_is_only_tried(tmp_path):
    tried = tsforecast.fit(sales(120), name="tried", store=tmp_path / "store", publish=False, **SETTINGS)
    assert repr(tried) == "<Model tried not published: 2 series, daily, horizon 6>"
    assert "linear" in tried.verdict and tried.scores.loc["linear", "mae"] > 0
    assert "not published" in tried._repr_html_()
    for use in (tried.predict, tried.plot, tried.report):
        with pytest.raises(tsforecast.OptionError, match="not published, so it cannot be used"):
            use()
    assert not list((tmp_path / "store").glob("*/versions/*"))


def test_it_is_found_again(model, store):
    found = tsforecast.load("shops", store=store)
    assert (found.name, found.version, repr(found)) == (model.name, model.version, repr(model))
    pd.testing.assert_frame_equal(found.scores, model.scores, check_like=True)
    pd.testing.assert_frame_equal(found.predict(), model.predict())
    with pytest.raises(tsforecast.InputMissingError, match="did you mean 'shops'"):
        tsforecast.load("shop", store=store)
    with pytest.raises(tsforecast.InputMissingError, match="no version 7"):
        tsforecast.load("shops", store=store, version=7)


def test_a_model_stays_itself_when_a_newer_version_is_published(model, store):
    before = model.predict()
    newer = tsforecast.fit(sales(110), name="shops", store=store, **SETTINGS)
    assert (newer.version, tsforecast.load("shops", store=store).version) == (2, 2)
    pd.testing.assert_frame_equal(model.predict(), before)
    assert not newer.predict()["date"].equals(before["date"])


def test_its_forecasts_are_scored(store):
    frame = sales(130)
    days = frame.groupby("shop").cumcount()
    model = tsforecast.fit(frame[days < 120], name="noted", store=store, **SETTINGS)
    model.predict(ledger=True)
    assert model.score(frame).scores["forecasts"].tolist() == [12]


def test_every_name_can_be_imported():
    for name in tsforecast.__all__:
        assert getattr(tsforecast, name) is not None and name in dir(tsforecast)
    assert tsforecast.TsforecastError is errors.TsforecastError
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = tsforecast.nothing


@pytest.mark.parametrize(
    ("function", "has", "has_not"),
    [
        (tsforecast.fit, {"horizon", "units", "target_col", "tz"}, {"windows"}),
        (tsforecast.backtest, {"windows", "model", "id_col"}, {"max_mae"}),
        (tsforecast.compare, {"models", "windows"}, {"model"}),
        (tsforecast.predict, {"levels", "delimiter"}, {"target_col", "horizon_col"}),
        (tsforecast.score, {"max_mase", "newest"}, {"holidays"}),
    ],
)
def test_signatures_and_help_name_every_option(function, has, has_not):
    names = inspect.signature(function).parameters
    assert has <= names.keys() and not has_not & names.keys() and "options" not in names
    assert all(name in function.__doc__ for name in has)
    assert not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in names.values())


def test_a_series_of_numbers_and_what_is_none(tmp_path):
    made = tsforecast.fit(make_series(200)["y"], store=tmp_path, **SETTINGS).predict()
    assert list(made["step"]) == [201, 202, 203, 204, 205, 206]
    with pytest.raises(tsforecast.OptionError, match="of the type int"):
        tsforecast.fit(3, store=tmp_path)
