"""New rows behind those kept with a model: over a short gap, over a long one, and without the name of a series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tsforecast.models.options import FitOptions
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.workflows.fit import fit
from tsforecast.workflows.joined_rows import join_rows
from tsforecast.workflows.predict import predict

DAILY = Frequency("fixed", DAY)
SPEC = ModelSpec("linear", 7, 7, (Part("linear", 1.0, 20),))


def table(first, days):
    """Daily values with a weekly season around 50, from a day on."""
    day = np.arange(first, first + days)
    dates = pd.date_range("2023-01-01", periods=first + days, freq="D")[first:].strftime("%Y-%m-%d")
    return pd.DataFrame({"day": dates, "units": 50 + 10 * np.sin(2 * np.pi * day / 7)})


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    fit(table(0, 300), options=FitOptions(model="linear", horizon=7, lookback=35), store=folder, name="m")
    return folder


def test_a_short_gap_is_filled_as_in_a_table_and_said(models):
    made = predict(table(320, 3), store=models, name="m")
    told = [note.text for note in made.notes]
    assert any("20 daily steps are missing between the rows kept at fit and the new ones" in text for text in told)
    assert made.frame["day"].iloc[0] == "2023-11-20"
    truth = 50 + 10 * np.sin(2 * np.pi * np.arange(323, 330) / 7)
    np.testing.assert_allclose(made.frame["forecast"], truth, atol=1.5)
    assert made.recent.lengths[0] == 35 + 2 * 7 + 20 + 3 and (~made.recent.observed).sum() == 20
    # The same rows in one table, with the gap in it, give the same forecast.
    whole = pd.concat([table(0, 300), table(320, 3)])
    np.testing.assert_allclose(predict(whole, store=models, name="m").frame["forecast"], made.frame["forecast"])


def test_a_long_gap_is_not_bridged_and_this_is_said(models):
    made = predict(table(400, 3), store=models, name="m")
    (text,) = (note.text for note in made.notes if "missing between" in note.text)
    assert text.startswith("100 daily steps are missing") and "(at most 35)" in text
    assert made.recent.lengths.tolist() == [3]
    assert not any("''" in note.text for note in made.notes)


def test_the_gap_of_each_series_counts():
    old = make_panel([np.arange(30.0), 100 + np.arange(30.0), np.ones(30)], DAILY, ids=[("a",), ("b",), ("c",)])
    new = make_panel(
        [np.array([7.0, 8.0]), np.array([5.0]), np.array([4.0]), np.array([3.0])],
        DAILY,
        ids=[("b",), ("c",), ("a",), ("d",)],
        starts=[33, 90, 30, 30],
    )
    joined = join_rows(old, new, new.numbers_in(old.ids), SPEC, "zero")
    assert joined.panel.starts.tolist() == [0, 90, 0, 30]
    np.testing.assert_array_equal(joined.panel.series(0), [*(100 + np.arange(30.0)), 0, 0, 0, 7, 8])
    np.testing.assert_array_equal(joined.panel.series(1), [5])
    np.testing.assert_array_equal(joined.panel.series(2), [*np.arange(30.0), 4])
    assert (~joined.panel.observed).sum() == 3
    assert [note.text[:34] for note in joined.notes] == [
        "2 series are shorter than the look",
        "3 daily steps of 'b' are missing b",
        "60 daily steps of 'c' are missing ",
    ]
