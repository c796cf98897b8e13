"""A value that looks like a missing one, but which the model's own data held, never stops its service."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict
from tsforecast.workflows.retrain.run import retrain
from tsforecast.workflows.retrain.settings import GateLimits

QUICK = FitOptions(model="seasonal-naive", horizon=7)


def table(days, value, at):
    date = pd.date_range("2023-01-01", periods=days).strftime("%Y-%m-%d")
    y = np.array([100 + day * 70 % 130 for day in range(days)], dtype=float)
    y[list(at)] = value
    return pd.DataFrame({"date": date, "y": y})


@pytest.fixture
def file(tmp_path):
    def write(frame):
        frame.to_csv(tmp_path / "meter.csv", index=False)
        return tmp_path / "meter.csv"

    return write


def test_a_model_in_service_knows_what_its_data_held(file, tmp_path):
    store, seldom, often = tmp_path / "models", range(5, 150, 50), range(5, 200, 20)
    fit(file(table(150, -9999, seldom)), options=QUICK, store=store)
    predict(file(table(200, -9999, often)), store=store)
    with pytest.raises(DataError, match="the value 9999 "):
        predict(file(table(200, 9999, often)), store=store)
    predict(file(table(200, 9999, often)), store=store, reading=ReadOptions(keep_value=("9999",)))
    result = retrain(
        file(table(200, -9999, often)), options=QUICK, store=store, limits=GateLimits(max_outlier=None, max_shift=None)
    )
    assert result.exit_code in (0, 3), result.message
