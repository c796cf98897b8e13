"""`predict`: what it continues, how far, and how sure it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.models.test_ahead import make_case, running_away
from tests.workflows.conftest import sales
from tsforecast.errors import DataError, GateError, InputMissingError, ModelError, OptionError, TrustError
from tsforecast.models import forecaster
from tsforecast.models.forecaster import REACH
from tsforecast.models.options import FitOptions
from tsforecast.progress import Message
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import PredictResult, predict


def test_without_data_it_continues_what_was_fitted(fitted, store):
    result = predict(store=store)
    assert (result.name, result.version, result.model) == ("sales", 1, "linear")
    assert list(result.frame.columns) == [
        "shop", "date", "forecast", "lower_80", "upper_80", "lower_95", "upper_95",
    ]  # fmt: skip
    assert list(result.frame["shop"].unique()) == ["007", "7"]
    assert list(result.frame["date"][:2]) == ["2024-02-05", "2024-02-06"]
    assert "published last" in result.notes[0].text


def test_the_forecast_follows_the_weekly_season(fitted, store):
    made = predict(store=store).frame
    days = np.arange(400, 407)
    truth = 100 + 20 * np.sin(2 * np.pi * days / 7) + 0.05 * days
    assert np.abs(made["forecast"][:7] - truth).max() < 10


def test_intervals_are_nested_around_the_forecast(fitted, store):
    frame = predict(store=store, levels=(95.0, 50.0, 80.0), horizon=20).frame
    columns = ["lower_95", "lower_80", "lower_50", "forecast", "upper_50", "upper_80", "upper_95"]
    assert np.all(np.diff(frame[columns].to_numpy(), axis=1) >= 0)


def test_the_data_fitted_on_give_the_same_forecast_as_no_data(fitted, store, sales_csv):
    remembered = predict(store=store).frame
    given = predict(sales_csv, store=store).frame
    pd.testing.assert_frame_equal(remembered, given)


def test_newer_data_move_the_forecast(fitted, store):
    newer = sales(410)
    made = predict(newer, store=store).frame
    assert made["date"].iloc[0] == "2024-02-15"


def test_a_few_new_rows_are_joined_to_what_the_model_remembers(fitted, store):
    newer = sales(403)
    few = newer[newer["date"] >= "2024-02-05"]
    whole, joined = predict(newer, store=store), predict(few, store=store)
    assert np.allclose(whole.frame["forecast"], joined.frame["forecast"], rtol=1e-4)
    assert any("joined" in note.text for note in joined.notes)


def test_rows_are_joined_series_by_series(fitted, store):
    newer = sales(403, shops=("007", "7", "8"))
    few = newer[(newer["date"] >= "2024-02-05") | (newer["shop"] == "8")].copy()
    names = {"007": "7", "7": "007", "8": "2"}  # the ids sort otherwise than in the model, a new one between them
    swapped = few.assign(shop=few["shop"].map(names))
    history = predict(swapped, store=store).recent
    remembered = predict(store=store).recent
    assert history.ids == (("007",), ("2",), ("7",))
    assert history.starts.tolist() == [remembered.starts[0], history.starts[1], remembered.starts[1]]
    for number, (old, shop) in enumerate([(0, "007"), (None, "2"), (1, "7")]):
        own = swapped.loc[swapped["shop"] == shop, "sold"].to_numpy()
        before = remembered.series(old) if old is not None else []
        np.testing.assert_array_equal(history.series(number), [*before, *own])


def test_older_data_are_continued_where_they_end_and_said(fitted, store):
    result = predict(sales(300), store=store)
    assert result.frame["date"].iloc[0] == "2023-10-28"
    assert any("end before the data the model was fitted on" in note.text for note in result.notes)


def test_a_series_never_seen_is_scaled_by_its_own_rows(fitted, store):
    new = sales(200, shops=("new",))
    new["sold"] *= 1000
    result = predict(new, store=store)
    assert any("not seen in training" in note.text for note in result.notes)
    assert 80_000 < result.frame["forecast"].mean() < 130_000


def test_a_series_of_a_few_rows_can_be_forecast(fitted, store):
    made = predict(sales(3, shops=("tiny",)), store=store).frame
    assert np.all(np.isfinite(made["forecast"]))


def test_a_longer_horizon_continues_the_direct_one(fitted, store):
    short, long = predict(store=store), predict(store=store, horizon=25)
    assert len(long.frame) == 50
    first = long.frame.groupby("shop").head(7)["forecast"].to_numpy()
    assert np.allclose(first, short.frame["forecast"])
    width = (long.frame["upper_80"] - long.frame["lower_80"]).to_numpy().reshape(2, 25)
    assert np.all(width[:, 21:].mean(axis=1) > width[:, :7].mean(axis=1))
    assert any("fed back" in note.text for note in long.notes)


def test_what_runs_away_when_it_is_fed_back_is_held_and_said(tmp_path):
    """Growth that doubles every week, under a model of one week."""
    day = np.arange(120)
    dates = pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"date": dates, "y": 2 ** (day / 7) + 0.01 * np.sin(day)})
    fit(frame, options=FitOptions(model="linear", horizon=7, transform="none"), store=tmp_path, name="m")
    told = []
    long = predict(frame, store=tmp_path, name="m", horizon=700, report=told.append)
    span = frame["y"].max() - frame["y"].min()
    # The first week, which is forecast as the model was trained, doubles the span and counts as known.
    assert long.frame["forecast"].max() < 2.1 * span * (1 + REACH * (1 + 700 / 120))
    assert sum("ran away" in event.text for event in told if isinstance(event, Message)) == 1
    assert sum("ran away" in note["text"] for note in long.to_dict()["notes"]) == 1
    # Two weeks ahead nothing is held: the growth goes on.
    told.clear()
    ahead = predict(frame, store=tmp_path, name="m", horizon=14, report=told.append)
    assert ahead.frame["forecast"].iloc[-1] == pytest.approx(2 ** (133 / 7), rel=0.1)
    assert not any("ran away" in event.text for event in told if isinstance(event, Message))


def test_a_shorter_horizon_is_cut(fitted, store):
    assert len(predict(store=store, horizon=3).frame) == 6


@pytest.mark.parametrize(
    "options",
    [
        {"horizon": 0},
        {"levels": (0.0,)},
        {"levels": (100.0,)},
        {"levels": (80, 80.0000001)},
        {"levels": (0.8,)},
        {"levels": (99.99999999999999,)},
        {"levels": (float("nan"),)},
        {"max_age": float("nan")},
        {"max_age": float("inf")},
        {"max_age": -1.0},
    ],
)
def test_impossible_options_are_refused(fitted, store, options):
    with pytest.raises(OptionError):
        predict(store=store, **options)


def test_an_empty_store_says_what_to_do(tmp_path):
    with pytest.raises(InputMissingError, match="tsforecast fit DATA"):
        predict(store=tmp_path)


def test_an_older_version_stands_in_for_a_damaged_one(fitted, store, tmp_path):
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    Store(copy).model("sales").publish(load_bundle(fitted.path))
    (copy / "sales" / "versions" / "000002" / "metrics.json").write_text("{}")
    with pytest.raises(ModelError, match=r"metrics\.json: is damaged.*--fallback"):
        predict(store=copy)
    result = predict(store=copy, fallback=True)
    assert result.version == 1
    assert (result.notes[0].kind, result.notes[0].text[:40]) == ("warning", "version 1 of sales stands in for version")
    pd.testing.assert_frame_equal(result.frame, predict(store=store).frame)


def test_a_model_that_others_can_change_is_used_only_when_trusted(fitted, store, tmp_path):
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    (copy / "sales").chmod(0o777)
    with pytest.raises(TrustError, match="--trust-store"):
        predict(store=copy)
    pd.testing.assert_frame_equal(predict(store=copy, trusted=True).frame, predict(store=store).frame)


def test_data_with_another_frequency_are_refused(fitted, store):
    frame = sales(100)
    frame["date"] = pd.date_range("2024-01-01", periods=100, freq="h").strftime("%Y-%m-%d %H:%M").tolist() * 2
    with pytest.raises(DataError):
        predict(frame, store=store)


def test_data_without_the_columns_are_refused(fitted, store):
    with pytest.raises(DataError, match="sold"):
        predict(sales(100).rename(columns={"sold": "amount"}), store=store)


def test_an_old_model_is_refused_on_request(fitted, store):
    with pytest.raises(GateError, match=r"version 1 of model 'sales' was published .* ago, the limit is 0 s"):
        predict(store=store, max_age=0)


def test_old_data_are_refused_on_request(fitted, store):
    for source in (None, sales(410)):
        with pytest.raises(GateError, match=r"the newest row of the data, of 2024-02-\d\d 00:00:00.* days ago"):
            predict(source, store=store, max_age=86_400.0)
    assert predict(store=store, max_age=1e9).version == 1


def test_rows_that_end_before_the_training_are_continued_there_and_this_is_said(fitted, store):
    made = predict(sales(390), store=store)
    assert made.frame["date"].iloc[0] == "2024-01-26"
    assert any("end before the data the model was fitted on; continued there" in note.text for note in made.notes)


def test_a_closed_day_does_not_ruin_a_model_of_logarithms(tmp_path):
    """The one zero counted as e^-708: forecasts of a shop that sells a hundred ranged from 1e-24 to 1e3."""
    table = sales(300, shops=("007",))
    options = FitOptions(model="linear", horizon=7, lookback=28, transform="log")
    fit(table[:280], options=options, store=tmp_path, name="open")
    closed = table.assign(sold=table["sold"].mask(table.index == 295, 0.0))
    expected = predict(table, store=tmp_path, name="open").frame["forecast"]
    made = predict(closed, store=tmp_path, name="open")
    np.testing.assert_allclose(made.frame["forecast"], expected, rtol=0.1)
    assert any("1 value of zero or less in 1 series" in note.text for note in made.notes)
    fit(closed, options=options, store=tmp_path, name="closed")
    np.testing.assert_allclose(predict(store=tmp_path, name="closed").frame["forecast"], expected, rtol=0.1)


def test_unseen_series_are_said(fitted, store):
    made = predict(sales(shops=("007", "8")), store=store)
    assert any("1 series were not seen in training (first '8')" in note.text for note in made.notes)


def test_rows_of_another_frequency_are_refused(fitted, store):
    every_second_day = sales(400)[::2]
    with pytest.raises(DataError, match="most rows are 2 daily steps apart"):
        predict(every_second_day, store=store)
    half_days = sales(400).assign(date=lambda frame: frame["date"] + " 12:00")
    both = pd.concat([sales(400), half_days])
    with pytest.raises(DataError, match="off the daily grid"):
        predict(both, store=store)
    # Of three rows with a day between them all steps may be gaps.
    predict(sales(405)[:405][400::2], store=store)


def predicted(case, report):
    return PredictResult(
        name="m",
        version=1,
        forecaster=case.forecaster,
        recent=case.rows.panel,
        known=case.rows,
        horizon=case.horizon,
        levels=case.levels,
        schema=None,
        notes=(),
        learned=case.rows.panel,
        report=report,
    )


def test_forecasts_that_had_to_be_held_are_told_once(monkeypatch):
    monkeypatch.setattr(forecaster, "_ROWS", 1)
    monkeypatch.setattr(forecaster, "CHUNK", 8)
    case, events, told = running_away(), [], []
    made = predicted(case, told.append)
    blocks = list(made.blocks(events.append))
    assert sum(block.held for block in blocks) == made.forecast.held == 20
    assert {event.kind for event in told} == {"warning"} and len(told) == 2  # of the two passes
    assert "the forecasts of 20 series ran away" in told[0].text
    assert events and not any(event in told for event in events)
    np.testing.assert_array_equal(np.concatenate([block.starts for block in blocks]), made.forecast.starts)
    assert made.forecast.ids == case.rows.panel.ids


def test_within_the_horizon_nothing_is_told():
    case, told = make_case(model="linear"), []
    made = predicted(case, told.append)
    assert made.forecast.held == 0 and not any("ran away" in event.text for event in told)


def test_some_series_alone_are_forecast_as_among_all(fitted, store, sales_csv):
    every = predict(store=store).frame
    one = predict(store=store, series=["7"])
    assert one.recent.n_series == 1 and one.rows == one.horizon
    expected = every[every["shop"].astype(str) == "7"]
    for column in ("forecast", "lower_80", "upper_95"):
        assert np.allclose(one.frame[column], expected[column], rtol=1e-5)
    assert set(one.frame["shop"].astype(str)) == {"7"}
    newer = predict(sales_csv, store=store, series=["7", "007", "7"])
    assert [key[0] for key in newer.recent.ids] == ["7", "007"]
    with pytest.raises(OptionError, match="there is no series '9'"):
        predict(store=store, series=["9"])
