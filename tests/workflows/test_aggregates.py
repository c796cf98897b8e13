"""A model of longer steps than those of its table: fitted on sums, continued with finer rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.conftest import make_series
from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sums")
    options = FitOptions(model="seasonal-naive", horizon=7)
    fit(make_series(24 * 60), options=options, reading=ReadOptions(freq="D", aggregate="sum"), store=folder, name="m")
    return folder


def test_finer_rows_continue_it(store):
    later = make_series(24 * 80 + 5)
    result = predict(later, store=store, reading=ReadOptions(aggregate="sum"))
    sums = later.set_index("ds")["y"].resample("D").sum().to_numpy()[:80]
    assert result.frame["forecast"].tolist() == pytest.approx(sums[-7:].tolist())
    assert result.frame["ds"].tolist()[0] == str(pd.Timestamp("2024-01-01") + pd.Timedelta(days=80))


def test_rows_of_its_own_step_continue_it(store):
    days = make_series(24 * 80).set_index("ds")["y"].resample("D").sum().reset_index()
    direct = predict(days, store=store)
    np.testing.assert_allclose(
        direct.frame["forecast"],
        predict(days, store=store, reading=ReadOptions(aggregate="sum")).frame["forecast"],
    )


def test_finer_rows_are_refused_unless_told(store):
    with pytest.raises(DataError, match="off the daily grid") as caught:
        predict(make_series(24 * 80), store=store)
    assert "--aggregate" in caught.value.hint
