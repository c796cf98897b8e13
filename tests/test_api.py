"""`tsforecast.fit` and `tsforecast.predict`: data frames in, a data frame out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tsforecast
from tests.conftest import make_series
from tests.workflows.conftest import sales
from tsforecast.errors import DataError, InputMissingError, OptionError
from tsforecast.models.registry import BASELINES

SETTINGS = {"model": "linear", "horizon": 6, "lookback": 24}
BOUNDS = ["lower_80", "upper_80", "lower_95", "upper_95"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_a_long_table(store):
    frame = sales(120)
    fitted = tsforecast.fit(frame, name="shops", store=store, **SETTINGS)
    assert (fitted.name, fitted.version, fitted.series, fitted.horizon) == ("shops", 1, 2, 6)
    made = tsforecast.predict(store=store)
    assert list(made.columns) == ["shop", "date", "forecast", *BOUNDS]
    assert list(made["shop"]) == ["007"] * 6 + ["7"] * 6
    assert made["date"].dtype == "datetime64[us]"
    assert list(made["date"][:6]) == list(pd.date_range("2023-05-01", periods=6))
    assert all(made[name].dtype == np.float64 for name in ("forecast", *BOUNDS))
    assert np.all(made["lower_95"] <= made["lower_80"])
    assert np.all(made["lower_80"] <= made["forecast"])
    assert np.all(made["forecast"] <= made["upper_80"])


def test_a_wide_table(store):
    frame = make_series(200).assign(z=make_series(200, seed=1)["y"] + 50)
    tsforecast.fit(frame, store=store, **SETTINGS)
    made = tsforecast.predict(frame, store=store)
    (key,) = [name for name in made.columns if name not in ("ds", "forecast", *BOUNDS)]
    assert list(made[key].unique()) == ["y", "z"]
    means = made.groupby(key)["forecast"].mean()
    assert 40 < means["z"] - means["y"] < 60


def test_a_single_series_under_a_datetime_index(store):
    table = make_series(200).set_index("ds")[["y"]].rename_axis(None)
    tsforecast.fit(table, store=store, **SETTINGS)
    made = tsforecast.predict(table, store=store)
    assert list(made.columns) == ["time", "forecast", *BOUNDS]
    assert list(made["time"]) == list(pd.date_range("2024-01-09 08:00", periods=6, freq="h"))


def test_the_name_of_an_index_is_kept(store):
    table = make_series(200).set_index("ds")
    tsforecast.fit(table, store=store, **SETTINGS)
    assert tsforecast.predict(store=store).columns[0] == "ds"


def test_time_zones_are_kept_over_a_clock_change(store):
    stamps = pd.date_range("2024-03-20", periods=262, freq="h", tz="Europe/Berlin")
    frame = make_series(262).assign(ds=stamps)
    assert stamps[-1] == pd.Timestamp("2024-03-30 21:00", tz="Europe/Berlin")
    tsforecast.fit(frame, store=store, **SETTINGS)
    for made in (tsforecast.predict(store=store), tsforecast.predict(frame, store=store)):
        assert str(made["ds"].dtype) == "datetime64[us, Europe/Berlin]"
        assert [stamp.hour for stamp in made["ds"]] == [22, 23, 0, 1, 3, 4]


def test_levels_and_horizon(store):
    frame = make_series(200)
    tsforecast.fit(frame, store=store, **SETTINGS)
    made = tsforecast.predict(store=store, levels=(50, 99.5), horizon=3)
    assert list(made.columns) == ["ds", "forecast", "lower_50", "upper_50", "lower_99.5", "upper_99.5"]
    assert len(made) == 3
    assert np.all(made["upper_50"] < made["upper_99.5"])


def test_no_levels_no_bounds(store):
    tsforecast.fit(make_series(200), store=store, **SETTINGS)
    for newer in (None, make_series(210)):
        assert list(tsforecast.predict(newer, store=store, levels=()).columns) == ["ds", "forecast"]


def test_series_never_seen_keep_their_own_level(store):
    tsforecast.fit(sales(120), store=store, **SETTINGS)
    new = sales(120, shops=("new", "newer"), seed=5)
    new["sold"] *= 1000
    made = tsforecast.predict(new, store=store)
    assert list(made["shop"].unique()) == ["new", "newer"]
    means = made.groupby("shop")["forecast"].mean()
    assert 80_000 < means["new"] < 130_000 and 170_000 < means["newer"] < 230_000


@pytest.mark.parametrize("plural", [False, True])
def test_one_column_name_stands_for_a_list_of_one(plural, store):
    frame = sales(120).assign(price=1.5, region="north")
    names = {"target_col": "sold", "id_col": "shop"}
    if plural:
        names = {"target_cols": ["sold"], "id_cols": ["shop"]}
    fitted = tsforecast.fit(frame, store=store, time_col="date", **names, **SETTINGS)
    assert fitted.series == 2
    assert list(tsforecast.predict(store=store).columns) == ["shop", "date", "forecast", *BOUNDS]


def test_several_names_in_a_list(store):
    frame = sales(120).assign(region="north", returned=lambda table: table["sold"] / 10)
    fitted = tsforecast.fit(frame, store=store, target_col=["sold", "returned"], id_col=["region", "shop"], **SETTINGS)
    assert fitted.series == 4
    assert list(tsforecast.predict(store=store).columns[:2]) == ["region", "shop"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizont": 3}, "unknown option 'horizont'; did you mean 'horizon'?"),
        ({"id_column": "shop"}, "unknown option 'id_column'; did you mean 'id_col'?"),
        ({"xyz": 1}, "unknown option 'xyz'"),
        ({"model": "gruu"}, "did you mean 'gru'"),
        ({"horizon": 0}, "horizon is 0"),
        ({"name": "Bad Name"}, "a model cannot be called 'Bad Name'"),
    ],
)
def test_options_that_do_not_exist(options, message, store):
    with pytest.raises(OptionError, match=message.replace("?", r"\?")):
        tsforecast.fit(sales(120), store=store, **options)
    assert not store.exists()


def test_predict_suggests_a_name_too(store):
    with pytest.raises(OptionError, match="unknown option 'delimeter'; did you mean 'delimiter'"):
        tsforecast.predict(store=store, delimeter=";")


def test_errors_say_where(store):
    frame = sales(120).astype({"sold": object})
    frame.loc[7, "sold"] = "n/k"
    with pytest.raises(DataError, match="line 9, column 'sold'") as caught:
        tsforecast.fit(frame, store=store, target_col="sold", **SETTINGS)
    assert (caught.value.row, caught.value.column) == (9, "sold")
    with pytest.raises(InputMissingError, match="no model"):
        tsforecast.predict(store=store)


def test_the_frame_given_is_left_as_it_was(store):
    frame = sales(120)
    before = frame.copy()
    tsforecast.fit(frame, store=store, **SETTINGS)
    tsforecast.predict(frame, store=store)
    pd.testing.assert_frame_equal(frame, before)


def test_progress_is_told_to_the_caller(store):
    events = []
    tsforecast.fit(sales(120), store=store, report=events.append, **SETTINGS)
    tsforecast.predict(store=store, report=events.append)
    texts = [event.text for event in events]
    assert any("2 series of 120 steps" in text for text in texts)
    assert any("published last" in text for text in texts)


def test_predict_takes_no_columns_because_the_model_knows_its_own(tmp_path):
    for name in ("target_col", "past_col", "holidays"):
        with pytest.raises(OptionError, match=f"unknown option '{name}'"):
            tsforecast.predict(store=tmp_path, **{name: "y"})


BACKTEST = {"windows": 2, "refit": "never", "id_col": "shop", "horizon": 6}


def test_backtest():
    found = tsforecast.backtest(sales(120), model="linear", **BACKTEST)
    assert (found.result.windows, found.result.fits, found.result.horizon, found.result.series) == (2, 1, 6, 2)
    made = found.forecasts
    assert list(made.columns) == ["shop", "cutoff", "date", "model", "y_true", "forecast", *BOUNDS]
    assert made["date"].dtype == made["cutoff"].dtype == "datetime64[us]" and len(made) == 2 * 2 * len(BASELINES) * 6
    # The frames are of one mind.
    own = made[made["model"] == "linear"]
    error = (own["y_true"] - own["forecast"]).abs()
    by_shop = found.by_series[found.by_series["model"] == "linear"].set_index("shop")["mae"]
    pd.testing.assert_series_equal(by_shop, error.groupby(own["shop"]).mean(), check_names=False, rtol=1e-5)
    by_cutoff = found.by_window[found.by_window["model"] == "linear"].set_index("cutoff")["mae"]
    pd.testing.assert_series_equal(by_cutoff, error.groupby(own["cutoff"]).mean(), check_names=False, rtol=1e-5)
    by_step = found.by_step[found.by_step["model"] == "linear"].set_index("step")["mae"]
    ahead = (own["date"] - own["cutoff"]).dt.days
    pd.testing.assert_series_equal(by_step, error.groupby(ahead).mean(), check_names=False, rtol=1e-5)
    assert found.scores.loc["linear", "mae"] == pytest.approx(error.mean(), rel=1e-5)
    assert found.verdict in found._repr_html_()
    assert found.plot("7").axes[0].get_title(loc="left") == "7"
    with pytest.raises(OptionError, match="no series '8'"):
        found.plot("8")
    with pytest.raises(OptionError, match="unknown option 'window'"):
        tsforecast.backtest(sales(120), window=2)


def test_compare():
    found = tsforecast.compare(sales(120), models=["linear", "naive"], **BACKTEST)
    assert found.best == "linear" and list(found.scores.index) == ["linear", "seasonal-naive", "naive"]
    assert set(found.forecasts["model"]) == set(found.by_step["model"]) == set(found.scores.index)
    assert found.verdict in found._repr_html_() and "linear" in str(found.plot().axes[0].get_yticklabels())
    with pytest.raises(OptionError, match="unknown option 'model'"):
        tsforecast.compare(sales(120), model="gru")


def test_reports(store, tmp_path):
    frame = sales(120)
    tsforecast.fit(frame, name="shops", store=store, **SETTINGS)
    page = tsforecast.report("shops", tmp_path / "shops.md", store=store, levels=(50,))
    assert (tmp_path / "shops.md").read_text().startswith("# shops, version 1")
    assert page._repr_html_().startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    found = tsforecast.backtest(frame, model="drift", **BACKTEST)
    assert tsforecast.report(found).save(tmp_path / "b.html").read_text().startswith("<!DOCTYPE html>")
    compared = tsforecast.compare(frame, models=["linear", "naive"], **BACKTEST)
    assert tsforecast.report(compared).to_dict()["verdict"] == compared.verdict
    with pytest.raises(OptionError, match="cannot tell how to write"):
        tsforecast.report(found, "page.pdf")


def test_a_column_of_ours_hinders_the_forecasts_alone():
    found = tsforecast.backtest(sales(120).rename(columns={"shop": "model"}), model="drift", windows=1, horizon=6)
    assert found.scores.loc["drift", "mae"] > 0
    with pytest.raises(DataError, match="the column 'model' cannot be told"):
        _ = found.forecasts


def test_what_was_forecast_is_scored(store):
    frame = sales(130)
    days = frame.groupby("shop").cumcount()
    tsforecast.fit(frame[days < 120], name="shops", store=store, **SETTINGS)
    made = tsforecast.predict(frame[days < 122], store=store, ledger=True)
    found = tsforecast.score(frame, store=store, max_mae=1e-9, tz=None)
    assert list(found.forecasts["forecast"]) == list(made["forecast"])
    assert list(found.forecasts["date"]) == list(made["date"])
    assert found.scores["forecasts"][0] == 12 and found.result.exit_code == 4 and len(found.outside) == 1
    assert list(found.by_step["step"]) == [1, 2, 3, 4, 5, 6] and list(found.by_version["version"]) == [1]
    assert "Outside a limit: MAE is" in found._repr_html_()
    with pytest.raises(OptionError, match="did you mean 'max_mase'"):
        tsforecast.score(frame, store=store, max_mas=1)
