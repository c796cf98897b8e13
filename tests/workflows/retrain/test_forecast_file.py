"""The forecast file of a retraining holds what is in service, now: whatever happened since it was written."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.workflows.conftest import sales
from tsforecast import clock
from tsforecast.errors import OptionError, StorageError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.store.ledger.runs import layout_of, read_runs
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import read_forecast_files
from tsforecast.store.store import Store
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict
from tsforecast.workflows.retrain import forecast_file
from tsforecast.workflows.retrain.run import retrain
from tsforecast.workflows.retrain.settings import AcceptAfter, GateLimits, PromotionRules, RetrainSettings

OPTIONS = FitOptions(model="linear", horizon=7)
SHOPS = ("a", "b", "c", "d", "e", "f")
# Whatever wins: a run trains only where it is told to wait for fewer rows.
LIMITS = GateLimits()
WAIT = PromotionRules(min_new_rows=1000)


class Shop:
    """A store, a table that grows and a forecast file."""

    def __init__(self, folder):
        self.folder, self.path, self.forecast = folder, folder / "sales.csv", folder / "next.csv"
        self.store = folder / "models"
        self.model = self.store / "sales"
        self.rows = sales(400, shops=SHOPS)
        self.told: list[str] = []

    def write(self, days, change=lambda rows: rows):
        last = str(pd.Timestamp("2023-01-01") + pd.Timedelta(days=days - 1))[:10]
        change(self.rows[self.rows["date"] <= last].copy()).to_csv(self.path, index=False)

    def retrain(self, *, options=OPTIONS, limits=LIMITS, rules=WAIT, reading=None, **settings):
        self.told = []
        return retrain(
            self.path,
            options=options,
            reading=reading,
            store=self.store,
            limits=limits,
            rules=rules,
            settings=RetrainSettings(**({"predict_to": str(self.forecast)} | settings)),
            report=lambda event: self.told.append(getattr(event, "text", "")),
        )

    def fit(self, **options):
        return fit(self.path, options=replace(OPTIONS, **options), store=self.store, name="sales")

    def is_now(self, **more):
        """Whether the file is what `predict` says of the table with the version in service."""
        wanted = predict(self.path, store=self.store, name="sales", **more).frame
        found = pd.read_csv(self.forecast, dtype={"shop": str})
        return list(found.columns) == list(wanted.columns) and np.allclose(
            found.iloc[:, 2:], wanted.iloc[:, 2:].to_numpy(dtype=float), rtol=1e-5
        )


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    shop.write(330)
    shop.fit()
    assert shop.retrain().status == "unchanged"
    assert shop.is_now()
    return shop


def _full(*args, **kwargs):
    raise StorageError("cannot be written: No space left on device")


def test_it_is_left_alone_while_it_is_what_is_in_service(shop, monkeypatch):
    monkeypatch.setattr(forecast_file, "write_forecast", _full)
    result = shop.retrain()
    assert (result.status, result.forecast, result.forecast_file.version) == ("unchanged", "", 1)


def test_after_a_rollback(shop):
    shop.write(360)
    shop.fit(horizon=5)
    shop.retrain()
    assert shop.is_now() and len(pd.read_csv(shop.forecast)) == 5 * len(SHOPS)
    Store(shop.store).find("sales").rollback()
    assert shop.retrain().forecast == str(shop.forecast)
    assert shop.is_now() and len(pd.read_csv(shop.forecast)) == 7 * len(SHOPS)


def test_after_a_fit_by_hand(shop):
    shop.fit(horizon=5)
    assert shop.retrain().forecast_file.version == 2
    assert shop.is_now()


def test_after_new_rows_that_are_too_few_to_train_on(shop):
    shop.write(331)
    assert shop.retrain().status == "waiting"
    assert shop.is_now()


def test_after_other_levels_and_other_reading(shop):
    shop.retrain(levels=(50.0,))
    assert "lower_50" in pd.read_csv(shop.forecast).columns
    shop.retrain(reading=ReadOptions(fill_gaps="previous"))
    assert "lower_80" in pd.read_csv(shop.forecast).columns


def test_after_somebody_has_changed_or_removed_it(shop):
    shop.forecast.write_text("x\n")
    shop.retrain()
    assert shop.is_now()
    shop.forecast.unlink()
    shop.retrain()
    assert shop.is_now()


def test_what_is_written_is_noted_where_that_is_asked_for(shop):
    shop.write(360)
    for _ in range(2):  # the second time the file is up to date
        shop.retrain(ledger=True)
    bundle = StoredModel(shop.model).open().bundle
    (run,) = read_runs(shop.model, layout_of(bundle.schema, bundle.recent.frequency))
    written = pd.read_csv(shop.forecast, dtype={"shop": str})
    np.testing.assert_array_equal(run.forecast.y_pred.ravel(), written["forecast"])
    np.testing.assert_array_equal(run.forecast.upper[:, :, 1].ravel(), written["upper_95"])


def test_after_a_second_configuration_of_the_same_model(shop):
    """Each has a file of its own, and either run leaves its own right."""
    other = shop.folder / "other.csv"
    shop.retrain(predict_to=str(other), levels=(50.0,))
    shop.fit(horizon=5)
    shop.retrain(predict_to=str(other), levels=(50.0,))
    shop.retrain()
    assert shop.is_now() and len(pd.read_csv(other)) == 5 * len(SHOPS)
    assert {file.path for file in read_forecast_files(StoredModel(shop.model))} == {str(shop.forecast), str(other)}


def test_after_a_disk_that_was_full(shop, monkeypatch):
    shop.write(340)
    with monkeypatch.context() as broken:
        broken.setattr(forecast_file, "write_forecast", _full)
        with pytest.raises(StorageError):
            shop.retrain()
    shop.retrain()
    assert shop.is_now()


def test_a_record_that_is_damaged_is_only_news(shop):
    (shop.model / "forecasts.json").write_text("{")
    assert shop.retrain().forecast == str(shop.forecast)
    assert any("forecasts.json" in text for text in shop.told)


@pytest.mark.parametrize("levels", [(0.0,), (100.0,), (80.0, 80.00000001)])
def test_its_options_are_checked_before_anything_is_read(tmp_path, levels):
    with pytest.raises(OptionError):
        retrain(tmp_path / "none.csv", store=tmp_path / "models", settings=RetrainSettings(levels=levels))


def test_whatever_the_gate_says_the_forecast_goes_on(shop):
    def shifted(rows):
        return rows.assign(sold=rows["sold"] + 2000 * (rows["date"] > "2023-11-26"))

    for night in range(3):
        shop.write(331 + night, shifted)
        result = shop.retrain()
        assert (result.status, result.exit_code) == ("gate", 4)
        assert (
            pd.read_csv(shop.forecast)["date"].min() == str(pd.Timestamp("2023-11-28") + pd.Timedelta(days=night))[:10]
        )
    assert "(since 20" in result.message and "in 3 runs)" in result.message
    assert result.message.endswith("; --accept goes on all the same, this once")


def test_an_outlier_that_shuts_the_gate_does_not_spoil_the_forecast(shop):
    def spoilt(rows):
        bad = (rows["date"] == "2023-11-27") & (rows["shop"] == "a")
        return rows.assign(sold=rows["sold"].mask(bad, 1e9))

    shop.write(331, spoilt)
    result = shop.retrain()
    assert result.status == "gate" and "--max-outlier" in result.message
    forecast = pd.read_csv(shop.forecast)
    assert forecast["date"].min() == "2023-11-28" and forecast["forecast"].max() < 2000


def test_an_older_table_does_not_bring_the_forecast_back(shop):
    stood = shop.forecast.read_bytes()
    shop.write(300)
    result = shop.retrain()
    assert result.status == "gate"
    assert shop.forecast.read_bytes() == stood
    assert f"the forecast in {shop.forecast} is " in result.message
    assert "old, of version 1 and data until 2023-11-26" in result.message


def test_a_failure_tells_how_old_the_forecast_is(shop, monkeypatch):
    later = clock.now() + pd.Timedelta(days=12).to_pytimedelta()
    monkeypatch.setattr(clock, "now", lambda: later)
    shop.path.write_text("shop,date,sold\na,2023-01-01,abc\n")
    with pytest.raises(Exception, match="abc"):
        shop.retrain()
    record = json.loads((shop.model / "last_run.json").read_text())
    assert "is 12 days old, of version 1" in record["message"]


def test_a_series_that_has_ended_leaves_the_forecast_after_a_horizon(shop):
    def closed(rows):
        return rows[(rows["shop"] != "b") | (rows["date"] <= "2023-11-26")]

    named = []
    for days in (331, 336, 337, 350):
        shop.write(days, closed)
        shop.retrain()
        named.append("b" in set(pd.read_csv(shop.forecast)["shop"]))
    assert named == [True, True, False, False]
    assert any(
        "1 series ended 7 steps or more before the newest row and are left out (first 'b')" in text
        for text in shop.told
    )
    shop.retrain(ended_after=None)
    assert "b" in set(pd.read_csv(shop.forecast)["shop"])


def test_a_series_that_is_gone_from_the_table_goes_on_for_as_long(shop):
    named = []
    for days in (331, 336, 337):
        shop.write(days, lambda rows: rows[rows["shop"] != "b"])
        shop.retrain()  # one of six is more than may be gone
        named.append("b" in set(pd.read_csv(shop.forecast)["shop"]))
    assert named == [True, True, False]


def test_a_new_level_is_accepted_after_a_season(shop):
    def shifted(rows):
        return rows.assign(sold=rows["sold"] + 2000 * (rows["date"] > "2023-11-26"))

    statuses = []
    for days in range(331, 340):
        shop.write(days, shifted)
        statuses.append(shop.retrain().status)
    assert statuses == ["gate"] * 6 + ["waiting"] * 3


def test_the_operator_accepts_once_and_for_all(shop):
    def fewer(rows):
        return rows[rows["shop"].isin(["a", "b"])]

    shop.write(331, fewer)
    assert shop.retrain(accept_after=None).status == "gate"
    result = shop.retrain(accept=True)
    assert result.status == "waiting"
    assert any(text.startswith("accepted by --accept: ") for text in result.accepted)
    for days in range(332, 336):
        shop.write(days, fewer)
        assert shop.retrain(accept_after=None).status == "waiting"


def test_after_runs(shop):
    statuses = []
    for days in range(331, 334):
        shop.write(days, lambda rows: rows[rows["shop"].isin(["a", "b"])])
        statuses.append(shop.retrain(accept_after=AcceptAfter(runs=2)).status)
    assert statuses == ["gate", "waiting", "waiting"]


def test_a_feed_that_is_frozen_is_noticed_though_nothing_is_new(shop, monkeypatch):
    limits = GateLimits(max_age=2 * 86_400.0)
    days = pd.Timestamp("2023-11-26", tz="UTC")
    for age, exit_code in ((1, 0), (3, 4), (150, 4)):
        monkeypatch.setattr(clock, "now", lambda age=age: (days + pd.Timedelta(days=age)).to_pydatetime())
        result = shop.retrain(limits=limits)
        assert result.exit_code == exit_code
    # The stamps are those of this machine, wherever it is.
    assert re.search("is 1(49|50|51) days old", result.message) and "in 2 runs" in result.message


@pytest.mark.parametrize(
    ("change", "limits", "said"),
    [
        (lambda rows: rows.assign(date=rows["date"].str.replace("2023", "2123")), {}, "--max-ahead"),
        (lambda rows: rows, {"max_age": 86_400.0}, "--max-age"),
        (lambda rows: rows[np.random.default_rng(0).random(len(rows)) > 0.08], {}, "--max-missing"),
    ],
)
def test_the_first_run_has_a_gate_too(tmp_path, change, limits, said):
    shop = Shop(tmp_path)
    shop.write(330, change)
    result = shop.retrain(limits=GateLimits(**limits))
    assert (result.status, result.exit_code, result.version) == ("gate", 4, None)
    assert said in result.message
    assert not (shop.model / "versions").exists() and not shop.forecast.exists()


def test_a_column_added_upstream_is_ignored_with_a_note(shop):
    shop.write(331, lambda rows: rows.assign(promo=1.5))
    result = shop.retrain()
    assert result.status == "waiting"
    assert any("does not know it: 'promo'" in text for text in shop.told)
    assert list(pd.read_csv(shop.forecast).columns)[:3] == ["shop", "date", "forecast"]
    assert shop.is_now()


def test_a_column_that_is_lost_is_named(shop):
    stood = shop.forecast.read_bytes()
    shop.write(331, lambda rows: rows.rename(columns={"sold": "returned"}))
    result = shop.retrain()
    assert (result.status, result.exit_code) == ("gate", 4)
    assert "there is no column 'sold'" in result.message and "--no-same-schema" in result.message
    assert "the forecast in" in result.message
    assert shop.forecast.read_bytes() == stood
    assert "in 2 runs" in shop.retrain().message


def test_a_wide_table_keeps_the_columns_of_the_version_in_service(tmp_path):
    shop = Shop(tmp_path)

    def wide(rows):
        return rows.pivot(index="date", columns="shop", values="sold").reset_index()

    shop.write(330, lambda rows: wide(rows)[["date", "a", "b"]])
    shop.fit()
    shop.write(331, lambda rows: wide(rows)[["date", "a", "b", "c"]])
    assert shop.retrain().status == "waiting"
    assert set(pd.read_csv(shop.forecast)["series"]) == {"a", "b"}
    shop.write(332, lambda rows: wide(rows)[["date", "a"]])
    result = shop.retrain()
    assert result.exit_code == 4 and "there is no column 'b'" in result.message


def test_columns_that_were_added_are_not_in_the_forecast_of_a_version_that_does_not_know_them(tmp_path):
    """Read as they are found, the columns are more than those of the version that stays in service."""
    shop = Shop(tmp_path)
    shop.rows = shop.rows[shop.rows["shop"] == "a"].drop(columns="shop")
    shop.write(390)
    shop.retrain()
    for ending in (".csv", ".jsonl"):
        shop.forecast = tmp_path / f"next{ending}"
        shop.write(395, lambda rows: rows.assign(promo=np.arange(len(rows)) % 5 + 0.5))
        shop.retrain(limits=replace(LIMITS, same_schema=False), accept=True)
        assert any("not of 'promo', which --target-col sold leaves out" in text for text in shop.told)
        frame = pd.read_csv(shop.forecast) if ending == ".csv" else pd.read_json(shop.forecast, lines=True)
        assert list(frame.columns) == ["date", "forecast", "lower_80", "upper_80", "lower_95", "upper_95"]
        assert len(frame) == 7 and frame.notna().all().all()
