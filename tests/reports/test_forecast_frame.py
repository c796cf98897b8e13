"""The data frame of a forecast draws itself, and is a plain data frame otherwise."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest

import tsforecast
from tests.workflows.conftest import sales
from tsforecast.errors import OptionError


@pytest.fixture(scope="module")
def forecast(tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    tsforecast.fit(sales(120), name="shops", store=store, model="seasonal-naive", horizon=6)
    return tsforecast.predict(store=store)


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_it_draws_itself(forecast):
    figure = forecast.plot(series="7")
    assert titles(figure) == ["7"]
    drawn = figure.axes[0].get_lines()[-1].get_ydata()[1:]
    assert drawn == pytest.approx(forecast.loc[forecast["shop"] == "7", "forecast"].to_numpy(), rel=1e-6)
    assert set(titles(forecast.plot())) == {"007", "7"}
    assert figure._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(OptionError, match="no series"):
        forecast.plot(series=["8"])


def test_it_is_a_data_frame(forecast):
    assert isinstance(forecast, pd.DataFrame)
    for part in (forecast.head(2), forecast.copy(), forecast[["forecast"]], forecast.assign(x=1)):
        assert type(part) is pd.DataFrame
    assert "<table" in forecast._repr_html_()


def test_it_can_be_stored_and_drawn_again(forecast):
    again = pickle.loads(pickle.dumps(forecast))
    pd.testing.assert_frame_equal(again, forecast)
    assert titles(again.plot(series="7")) == ["7"]
    with pytest.raises(OptionError, match="holds no forecast"):
        type(forecast)({"forecast": [1.0]}).plot()
