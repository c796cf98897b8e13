"""Frames of `unique_id`, `ds` and `y`, as utilsforecast and its kin have them."""

from __future__ import annotations

import pandas as pd
import pytest
from utilsforecast.losses import mae

from tests.workflows.conftest import sales
from tsforecast import Forecaster

SETTINGS = {"model": "linear", "lookback": 24}


@pytest.fixture(scope="module")
def frame():
    return sales(126).rename(columns={"shop": "unique_id", "date": "ds", "sold": "y"})


def test_forecasts_are_scored_by_others(frame):
    older = frame.groupby("unique_id").head(120)
    forecaster = Forecaster(6, **SETTINGS).fit(older)
    made = forecaster.predict(level=[80])
    assert list(made.columns) == ["unique_id", "ds", "tsforecast", "tsforecast-lo-80", "tsforecast-hi-80"]
    truth = frame.assign(ds=pd.to_datetime(frame["ds"])).merge(made, on=["unique_id", "ds"])
    assert len(truth) == 12 and (mae(truth, models=["tsforecast"])["tsforecast"] < truth["y"].std()).all()
    assert len(forecaster.predict(3, df=frame)) == 6


def test_parameters(tmp_path):
    forecaster = Forecaster(6, store=tmp_path, **SETTINGS)
    assert Forecaster(**forecaster.get_params()).get_params() == forecaster.get_params()
    assert forecaster.set_params(h=3, lookback=12).get_params() == {
        "h": 3,
        "store": tmp_path,
        "model": "linear",
        "lookback": 12,
    }
    with pytest.raises(AttributeError, match="call fit first"):
        forecaster.predict()
