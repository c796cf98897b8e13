"""Covariates from the table to the forecast, through the store."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.options import FitOptions
from tsforecast.reports.plots.predicted import predicted
from tsforecast.store.store import Store
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict
from tsforecast.workflows.provenance import STEPS_LATE
from tsforecast.workflows.retrain.run import retrain
from tsforecast.workflows.retrain.settings import GateLimits, RetrainSettings

N, AHEAD, HORIZON = 400, 20, 12
READING = ReadOptions(target_cols=("load",), id_cols=("site",), future_cols=("temp",), past_cols=("wind",))


def make_table(sites=("a", "b"), seed=0):
    """Loads that follow a temperature known ahead, and a wind that is measured a step before."""
    rng, tables = np.random.default_rng(seed), []
    for number, site in enumerate(sites):
        steps = np.arange(N + AHEAD)
        temp, wind = rng.normal(10, 5, N + AHEAD), rng.normal(size=N + AHEAD)
        load = 50 + 5 * np.sin(steps * 2 * np.pi / 24) + 2 * temp + rng.normal(0, 0.5, N + AHEAD)
        load[1:] += 2 * wind[:-1]
        times = pd.date_range("2024-01-01", periods=N + AHEAD, freq="h")
        columns = {"time": times, "site": site, "load": load, "temp": temp, "wind": wind}
        tables.append(pd.DataFrame({**columns, "size": number + 1.0, "kind": f"k{number % 2}"}))
    return pd.concat(tables, ignore_index=True)


TABLE = make_table()
BEYOND = TABLE.groupby("site").cumcount() >= N
KNOWN = TABLE[~BEYOND]
WITH_FUTURE = TABLE.assign(**{name: TABLE[name].mask(BEYOND) for name in ("load", "wind")})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    options = FitOptions(model="linear", horizon=HORIZON, lookback=24, calendar="none")
    result = fit(KNOWN, options=options, reading=READING, store=folder, name="load")
    (choice,) = (choice for choice in result.choices if choice.name == "covariates")
    assert choice.value == "used" and "with temp, wind" in choice.reason
    return folder


def error_of(frame):
    truth = TABLE[BEYOND].groupby("site").head(frame.groupby("site").size().max())
    return float(np.abs(frame["forecast"].to_numpy() - truth["load"].to_numpy()).mean())


def test_rows_without_a_value_are_what_is_known_ahead(store):
    made = predict(WITH_FUTURE, store=store, name="load")
    assert error_of(made.frame) < 3  # noise of 0.5 and a wind of 2 that nobody knows; the temperature alone moves by 10
    assert any("known ahead: 'temp', 20 steps" in note.text for note in made.notes)


def test_what_the_model_reads_is_said(store):
    made = predict(WITH_FUTURE, store=store, name="load")
    assert re.fullmatch(
        r"Reads wind, temp besides the values: \d\d% off the validation error of a linear model\.", made.besides
    )
    assert predicted(made).caption == made.besides
    brought = Store(store).model("load").open().bundle.metrics["brought"]
    assert [(row["name"], row["role"]) for row in brought] == [
        ("all", ""),
        ("wind", "known up to now"),
        ("temp", "known ahead"),
    ]
    assert brought[2]["error_without"] > 2 * brought[2]["error"]


def test_a_file_of_its_own_says_the_same(store):
    expected = predict(WITH_FUTURE, store=store, name="load").frame
    beyond = TABLE.loc[BEYOND, ["time", "site", "temp"]]
    for source in (None, KNOWN):
        made = predict(source, store=store, name="load", future=beyond).frame
        pd.testing.assert_frame_equal(made, expected)
    with_older = TABLE[["site", "temp", "time"]].iloc[::-1]
    pd.testing.assert_frame_equal(predict(store=store, name="load", future=with_older).frame, expected)


def test_a_forecast_beyond_what_is_known_is_refused(store):
    with pytest.raises(DataError, match=r"known for 0 steps.*needs 12: 12 missing"):
        predict(store=store, name="load")
    short = TABLE[BEYOND & (TABLE.groupby("site").cumcount() < N + 5)][["time", "site", "temp"]]
    with pytest.raises(DataError, match=r"known for 5 steps after the last value of .a. and of 1 more") as refused:
        predict(store=store, name="load", future=short)
    assert "--horizon 5" in refused.value.hint
    made = predict(store=store, name="load", future=short, horizon=5)
    assert made.frame.groupby("site").size().tolist() == [5, 5]
    assert any("beyond 5 they count as they were last" in note.text for note in made.notes)


def test_what_is_missing_in_the_file_is_named(store):
    beyond = TABLE.loc[BEYOND, ["time", "site", "temp"]]
    with pytest.raises(DataError, match="no rows of 'b'"):
        predict(store=store, name="load", future=beyond[beyond["site"] == "a"])
    with pytest.raises(DataError, match=r"of .a. begin 3 steps late: the first one needed is 2024-01-17 16:00"):
        predict(store=store, name="load", future=beyond.groupby("site").tail(AHEAD - 3))


def test_a_longer_forecast_feeds_itself_and_reads_on_what_is_known(store):
    made = predict(WITH_FUTURE, store=store, name="load", horizon=20)
    assert error_of(made.frame) < 4


def test_rows_that_are_too_few_are_joined_to_those_kept(store):
    """The newest rows of a table give the forecast of the whole table."""
    expected = predict(WITH_FUTURE, store=store, name="load").frame
    newest = WITH_FUTURE.groupby("site").tail(AHEAD + 5)
    made = predict(newest, store=store, name="load").frame
    np.testing.assert_allclose(made["forecast"], expected["forecast"], rtol=1e-5)


def test_what_is_kept_of_the_future_is_used(tmp_path):
    options = FitOptions(model="linear", horizon=HORIZON, lookback=24)
    fit(WITH_FUTURE, options=options, reading=READING, store=tmp_path, name="load")
    assert error_of(predict(store=tmp_path, name="load").frame) < 3


def test_strategies_that_feed_back_read_no_column_known_up_to_now(tmp_path):
    options = FitOptions(model="gru", strategy="recursive", horizon=HORIZON, lookback=24)
    with pytest.raises(OptionError, match="columns known up to now have no values") as refused:
        fit(KNOWN, options=options, reading=READING, store=tmp_path, name="load")
    assert "--strategy direct" in refused.value.hint and "--past-col" in refused.value.hint


@pytest.mark.usefixtures("shared_graphs")
def test_strategies_that_feed_back_read_what_is_known_ahead(tmp_path):
    shape = {"units": 8, "segment": 6, "normalisation": "last", "epochs": 1}
    options = FitOptions(model="gru", strategy="autoregressive", horizon=HORIZON, lookback=24, **shape)
    roles = replace(READING, past_cols=(), static_cols=("size",), category_cols=("kind",))
    fit(WITH_FUTURE, options=options, reading=roles, store=tmp_path, name="load")
    made = predict(store=tmp_path, name="load", what_if="temp=+5").forecast
    assert np.abs(made.what_if.y_pred - made.y_pred).min() > 1e-4


@pytest.mark.usefixtures("shared_graphs")
def test_a_network_reads_everything(tmp_path):
    table = make_table(("a", "b", "c"))
    beyond = table.groupby("site").cumcount() >= N
    table = table.assign(**{name: table[name].mask(beyond) for name in ("load", "wind")})
    reading = ReadOptions(
        target_cols=("load",),
        id_cols=("site",),
        future_cols=("temp",),
        past_cols=("wind",),
        static_cols=("size",),
        category_cols=("kind",),
        holidays=("DE",),
    )
    options = FitOptions(model="gru", horizon=HORIZON, lookback=24, epochs=1, units=8, linear_skip="on", preset="fast")
    fit(table, options=options, reading=reading, store=tmp_path, name="load")
    made = predict(store=tmp_path, name="load")
    network = made.forecaster.spec.parts[0].network
    assert network is not None
    inputs = network.inputs
    calendar = made.forecaster.spec.calendar
    assert calendar.holidays == ()  # they have no influence on these loads
    assert (inputs.past, inputs.future, inputs.static) == (2 + calendar.width, 1 + calendar.width, 1)
    assert inputs.categories == (3, 2)
    # The skip alone knows what the temperature does.
    errors = np.abs(
        made.frame["forecast"].to_numpy()
        - make_table(("a", "b", "c"))[beyond].groupby("site")["load"].head(HORIZON).to_numpy()
    )
    assert errors.mean() < 4


def test_retrain_keeps_what_the_model_reads(tmp_path):
    options = FitOptions(model="linear", horizon=HORIZON, lookback=24, calendar="none")
    older = KNOWN.groupby("site").head(N - 60)
    fit(older, options=options, reading=READING, store=tmp_path, name="load")
    WITH_FUTURE.to_csv(tmp_path / "newer.csv", index=False)
    result = retrain(tmp_path / "newer.csv", options=options, store=tmp_path, name="load")
    assert result.status == "promoted", result.message
    made = predict(store=tmp_path, name="load")
    assert made.schema.future_cols == ("temp",)
    assert error_of(made.frame) < 3


def test_retrain_without_a_column_that_is_gone(tmp_path):
    options = FitOptions(model="linear", horizon=HORIZON, lookback=24, calendar="none")
    everything = replace(READING, static_cols=("size",), category_cols=("kind",))
    fit(KNOWN.groupby("site").head(N - 60), options=options, reading=everything, store=tmp_path, name="load")
    KNOWN.drop(columns="temp").to_csv(tmp_path / "gone.csv", index=False)
    run = partial(retrain, tmp_path / "gone.csv", options=options, store=tmp_path, name="load")
    result = run()
    assert (result.status, result.exit_code) == ("gate", 4)
    assert "there is no column 'temp'" in result.message
    assert "reads 'temp' besides the values" in result.message
    with pytest.raises(DataError, match="there is no column 'temp'"):
        run(reading=READING, settings=RetrainSettings(accept=True))
    accept = RetrainSettings(accept=True, predict_to=str(tmp_path / "next.csv"))
    result = run(settings=accept)
    assert result.status == "promoted", result.message
    assert result.accepted[0].startswith("accepted by --accept: columns known ahead: found none")
    made = predict(store=tmp_path, name="load")
    assert (made.schema.past_cols, made.schema.future_cols) == (("wind",), ())
    assert (made.schema.static_cols, made.schema.category_cols) == (("size",), ("kind",))
    written = pd.read_csv(tmp_path / "next.csv")["forecast"]
    np.testing.assert_allclose(written, made.frame["forecast"], rtol=1e-5)


@pytest.mark.parametrize(
    "changed", [{"covariates": "none"}, {"future_cols": ("wind",), "past_cols": ("temp",)}, {"lag": ("wind=5",)}]
)
def test_retrain_with_other_columns_is_another_schema(store, tmp_path, changed):
    shutil.copytree(store, tmp_path, dirs_exist_ok=True)
    make_table().iloc[60:].to_csv(tmp_path / "newer.csv", index=False)
    options = FitOptions(model="linear", horizon=HORIZON, lookback=24, calendar="none")
    limits = GateLimits(require_advance=False, max_fewer_rows=None)
    run = partial(retrain, tmp_path / "newer.csv", options=options, store=tmp_path, name="load", limits=limits)
    result = run(reading=replace(READING, **changed))
    assert (result.status, result.exit_code) == ("gate", 4)
    assert "the version in service was fitted on" in result.message


def test_rows_read_otherwise_are_refused(store):
    other = replace(READING, future_cols=("wind",), past_cols=("temp",))
    with pytest.raises(DataError, match="covariates are") as refused:
        predict(read_panel(KNOWN, other), store=store, name="load")
    assert "--past-col wind --future-col temp" in refused.value.hint


def test_values_of_a_past_column_that_come_late_are_kept_with_the_model(tmp_path):
    late = KNOWN.assign(wind=KNOWN["wind"].mask(KNOWN.groupby("site").cumcount() >= N - 6))
    options = FitOptions(model="linear", horizon=HORIZON, lookback=24, calendar="none")
    fit(late, options=options, reading=READING, store=tmp_path, name="load")
    bundle = Store(tmp_path).model("load").open().bundle
    assert bundle.provenance[STEPS_LATE] == {"wind": 6}
