"""`--point mean` for series that are zero most of the time, where a median says nothing of a total."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import OptionError
from tsforecast.fitting.fit_panel import for_means
from tsforecast.models.options import FitOptions
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict


def weeks(seed, count=260):
    """Weekly demand that is zero in 63 % of the weeks."""
    random = np.random.default_rng(seed)
    sold = np.where(random.random(count) < 0.37, random.gamma(2.0, 6.0, count).round() + 1, 0)
    date = pd.date_range("2019-01-07", periods=count, freq="W-MON").strftime("%Y-%m-%d")
    return pd.DataFrame({"week": date, "sold": sold})


@pytest.mark.parametrize("seed", range(4))
def test_the_mean_adds_up_to_a_total(tmp_path, seed):
    table = weeks(seed)
    options = FitOptions(model="linear", point="mean", horizon=13)
    made = fit(table, options=options, store=tmp_path, name="m")
    assert not any("median" in note.text for note in made.notes)
    total = predict(store=tmp_path, name="m").frame["forecast"].sum()
    assert 0.6 < total / (13 * table["sold"].mean()) < 1.5


def test_a_median_of_mostly_zeros_is_said_and_the_mean_offered(tmp_path):
    made = fit(weeks(0), options=FitOptions(model="seasonal-naive"), store=tmp_path, name="m")
    (text,) = (note.text for note in made.notes if "median" in note.text)
    assert "% of the values are zero: the forecast is a median" in text and text.endswith("--point mean does")
    often = weeks(0).assign(sold=lambda rows: rows["sold"] + 1)
    made = fit(often, options=FitOptions(model="seasonal-naive"), store=tmp_path, name="n")
    assert not any("median" in note.text for note in made.notes)


def test_networks_learn_the_mean_by_squared_errors_of_plain_values():
    asked = for_means(FitOptions(point="mean"))
    assert (asked.loss, asked.transform) == ("mse", "none")
    assert for_means(FitOptions()) == FitOptions()


@pytest.mark.parametrize("options", [{"loss": "mae"}, {"transform": "log"}, {"loss": "student-t"}])
def test_what_is_no_mean_is_refused(options):
    with pytest.raises(OptionError, match="is not the mean; leave it out, or use --point median"):
        for_means(FitOptions(point="mean", **options))
