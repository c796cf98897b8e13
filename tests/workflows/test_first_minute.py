"""The first minute of a fit: a forecast before networks are trained, what they brought, and what enters service."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tsforecast.fitting import learn
from tsforecast.fitting.fit_panel import Networks
from tsforecast.models.options import FitOptions
from tsforecast.progress import Message
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store
from tsforecast.workflows.fit import fit
from tsforecast.workflows.fit_words import day, networks_in_words, read_in_words, sentences
from tsforecast.workflows.predict import predict

STOPPED = "a network would be trained here"


def months(rows=72, seed=0):
    steps = np.arange(rows)
    values = 100 + steps + 20 * np.sin(np.pi * steps / 6) + np.random.default_rng(seed).normal(0, 2, rows)
    return pd.DataFrame({"month": pd.date_range("2018-01-01", periods=rows, freq="MS"), "sales": values})


@pytest.fixture
def no_networks(monkeypatch):
    def stop(*_):
        raise RuntimeError(STOPPED)

    monkeypatch.setattr(learn.Trainer, "_learn_network", stop)


def test_a_forecast_stands_there_before_networks_are_trained(no_networks, tmp_path, monkeypatch):
    monkeypatch.setattr(learn, "_CLEAR_MARGIN", 0.0)
    monkeypatch.setattr(learn, "_LEAST_WINDOWS", 1)
    said = []
    with pytest.raises(RuntimeError, match=STOPPED):
        fit(months(), store=tmp_path, report=lambda event: said.append(event))
    first = [event.text for event in said if isinstance(event, Message) and event.text.startswith("First forecast")]
    assert len(first) == 1
    assert "of 'sales' at 2024-01-01, 4 times in 5 between" in first[0]
    assert "it was off by" in first[0] and "the usual guess (the value a season earlier) by" in first[0]


def test_what_is_expected_is_what_predict_says(tmp_path):
    result = fit(months(), options=FitOptions(model="ets"), store=tmp_path)
    frame = predict(store=tmp_path).frame
    assert result.expected is not None
    assert result.expected.y_pred == pytest.approx(frame["forecast"].iloc[0])
    assert result.expected.lower == pytest.approx(frame["lower_80"].iloc[0])
    assert result.expected.mean == pytest.approx(frame["forecast"].mean())
    assert result.expected.first == "2024-01-01"
    assert "72 values of 'sales', monthly from 2018-01-01 to 2023-12-01, season of 12 steps" in read_in_words(result)


def test_intervals_that_rest_on_little_say_so(tmp_path):
    short = fit(months(30), options=FitOptions(model="ets"), store=tmp_path, name="short")
    assert short.expected is not None and 0 < short.expected.rests_on < 2 * short.horizon
    assert f"(a range that rests on {short.expected.rests_on} past forecast" in list(sentences(short))[1]
    assert "The intervals rest on " in predict(store=tmp_path, name="short").besides
    long = fit(months(400), options=FitOptions(model="seasonal-naive"), store=tmp_path, name="long")
    assert long.expected is not None and long.expected.rests_on == 0
    assert "past forecast" not in " ".join(sentences(long))
    assert predict(store=tmp_path, name="long").besides == ""


def test_nothing_enters_service_without_being_asked_to(tmp_path):
    result = fit(months(), options=FitOptions(model="ets"), store=tmp_path, publish=False)
    assert (result.version, result.path) == (0, "") and result.scores["ets"]["mae"] > 0
    assert Store(tmp_path).names() == []


def test_replacing_a_better_version_is_said_even_when_quiet(tmp_path):
    def urgent(model):
        events = []
        fit(months(), options=FitOptions(model=model), store=tmp_path, name="sales", report=events.append)
        texts = [event.text for event in events if isinstance(event, Message) and event.kind == "urgent"]
        return [text for text in texts if "which this one replaces" in text]

    assert urgent("naive") == []  # nothing is replaced
    assert urgent("ets") == []  # something worse is
    (said,) = urgent("drift")
    assert said.startswith("version 2 of sales, which this one replaces, had MAE ")
    assert said.endswith(f"tsforecast models rollback sales --store {tmp_path} takes it back")


@pytest.mark.parametrize(
    ("found", "words"),
    [(Networks("mae", 1.0, 0.9, 12.0, kept=True), "brought 10% less error."),
     (Networks("mae", 1.0, 1.002, 12.0, kept=True), "brought nothing on these rows."),
     (Networks("mae", 1.0, 1.0, 12.0, kept=False), "brought nothing on these rows."),
     (Networks("mae", 1.0, 1.1, 200.0, kept=True), "3 min of training, brought nothing: 10% more error on these rows")],
)  # fmt: skip
def test_what_networks_brought(found, words):
    assert words in networks_in_words(found)


def test_every_series_has_a_row_beside_the_model(tmp_path):
    tables = [months(seed=seed).assign(shop=f"shop {seed}") for seed in range(3)]
    tables[1].loc[40:, "sales"] += 30 * np.random.default_rng(5).normal(size=32)
    result = fit(pd.concat(tables), options=FitOptions(model="ets"), store=tmp_path, name="shops")
    table = pd.read_csv(f"{result.path}/scores.csv")
    assert list(table.columns) == ["series", "values", "mae", "rmse", "bias", "mase", "skill", "coverage_80"]
    assert table["series"][0] == "shop 1" and set(table["series"]) == {"shop 0", "shop 1", "shop 2"}
    assert table["mase"].mean() == pytest.approx(result.scores["ets"]["mase"], rel=1e-4)
    assert [row["series"] for row in result.worst] == list(table["series"])
    assert load_bundle(result.path).by_series[0]["mae"] == pytest.approx(table["mae"][0])


def test_one_series_has_no_such_file(tmp_path):
    result = fit(months(), options=FitOptions(model="ets"), store=tmp_path, name="sales")
    assert not (tmp_path / "sales" / "versions" / "000001" / "scores.csv").exists() and result.worst == ()


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("2024-01-31T00:00:00", "2024-01-31"),
        ("2024-01-31T06:30:00+11:00", "2024-01-31 06:30+11:00"),
        ("2024-01-31T06:30:05Z", "2024-01-31 06:30:05Z"),
        ("31.01.2024 06:30", "31.01.2024 06:30"),
        ("Jan 2024", "Jan 2024"),
    ],
)
def test_a_time_in_a_sentence_has_no_seconds_that_say_nothing(text, short):
    assert day(text) == short
