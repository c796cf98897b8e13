"""`fit` from a file to a published version."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from tests.sampling import every
from tests.workflows.conftest import sales
from tsforecast.errors import DataError, OptionError
from tsforecast.fitting.fit_panel import make_plan
from tsforecast.models.network.config import STRATEGIES
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import BASELINES, COMBINED, LOCAL, MODELS
from tsforecast.progress import Message
from tsforecast.store.load import load_bundle
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict

pytestmark = pytest.mark.usefixtures("shared_graphs")


def test_a_fit_publishes_what_it_says(fitted, sales_csv, store):
    assert (fitted.name, fitted.version, fitted.series, fitted.rows) == ("sales", 1, 2, 800)
    assert fitted.path == str(store / "sales" / "versions" / "000001")
    assert fitted.frequency_name == "daily"
    bundle = load_bundle(fitted.path)
    assert bundle.spec.name == "linear"
    assert bundle.spec.horizon == 7
    assert bundle.metrics["scores"]["linear"]["mae"] == pytest.approx(fitted.scores["linear"]["mae"])


def test_every_simple_model_stands_beside_the_model(fitted):
    assert list(fitted.scores) == ["linear", "seasonal-naive", "naive", "drift", *LOCAL]
    windows = {row["windows"] for row in fitted.scores.values()}
    assert len(windows) == 1
    assert fitted.scores["seasonal-naive"]["skill"] == pytest.approx(0)
    assert fitted.scores["linear"]["skill"] > 0.1
    assert "linear makes" in fitted.verdict and "less error than the seasonal naive" in fitted.verdict


def test_coverage_is_scored_on_windows_that_calibration_did_not_see(fitted):
    # 34 overlapping windows tell coverage only roughly; tests/models/test_calibration.py is exact about it.
    assert 0.6 <= fitted.scores["linear"]["coverage_80"] < fitted.scores["linear"]["coverage_95"] <= 1
    assert "held-out windows" in fitted.calibration


def test_a_model_without_a_network_has_no_gradient(fitted):
    assert fitted.gradient_flow is None
    assert load_bundle(fitted.path).gradients == []


def test_it_says_which_rows_the_published_weights_know(fitted):
    assert "of 800 rows" in fitted.training_rows
    assert "published: trained anew on all 800 rows" in fitted.training_rows


def test_automatic_choices_are_reported_with_reasons(sales_csv, tmp_path):
    events = []
    fit(sales_csv, options=FitOptions(model="linear"), store=tmp_path, report=events.append)
    texts = [event.text for event in events if isinstance(event, Message) and event.kind == "choice"]
    assert any(text.startswith("horizon 14: usual for daily data") for text in texts)
    assert any(text.startswith("lookback ") for text in texts)


def test_zeros_that_the_logarithm_does_not_take_are_said(tmp_path):
    table = sales(shops=("7",))
    table.loc[[390, 395], "sold"] = 0.0
    reading = {"options": FitOptions(model="linear", transform="log"), "store": tmp_path, "name": "sales"}
    result = fit(table, **reading)
    (said,) = [note for note in result.notes if "of zero or less" in note.text]
    assert said.text.startswith("2 values of zero or less in 1 series") and "--transform none" in said.text
    assert not any("of zero or less" in note.text for note in fit(sales(shops=("7",)), **reading).notes)


@pytest.mark.parametrize("model", ["seasonal-naive", "naive", "drift"])
def test_a_baseline_can_be_published_too(model, sales_csv, tmp_path):
    result = fit(sales_csv, options=FitOptions(model=model, horizon=7), store=tmp_path)
    frame = predict(store=tmp_path).frame
    assert result.scores[model]["mae"] > 0
    assert len(frame) == 14
    if model == "naive":
        last = sales().groupby("shop")["sold"].last()
        assert np.allclose(frame.groupby("shop")["forecast"].first(), last)


def test_a_network_learns_more_than_the_seasonal_naive(sales_csv, tmp_path):
    options = FitOptions(model="gru", horizon=7, units=16, epochs=4, lookback=28, normalisation="mean-std")
    result = fit(sales_csv, options=options, store=tmp_path)
    assert result.scores["gru"]["skill"] > 0.15
    parts = load_bundle(result.path).spec.parts
    kept = ["gru with linear skip" if part.network.linear_skip else "gru" for part in parts]
    phases = list(dict.fromkeys(row["phase"] for row in result.history))
    assert phases == [
        *("training, gru with linear skip", "training, gru"),
        *(f"final training on all rows, {name}" for name in kept),
    ]
    assert any(choice.name == "combination" for choice in result.choices)
    assert {"loss", "val_loss", "learning_rate", "clipped_share", "gradient_norm"} <= set(result.history[0])
    assert_gradients_are_stored(result)
    assert len(predict(store=tmp_path).frame) == 14


def assert_gradients_are_stored(result):
    bundle = load_bundle(result.path)
    heaviest = max(bundle.spec.parts, key=lambda part: part.share).network
    flow, steps = result.gradient_flow, heaviest.input_segments
    assert (flow.steps, flow.segment) == (steps, heaviest.segment)
    assert 1 <= flow.half_within <= steps
    assert bundle.metrics["gradient_flow"] == asdict(flow)
    # A profile for every epoch of the final training, and the flow is that of the weights that are published.
    final = [row for row in result.history if row["phase"].startswith("final training")]
    assert len(bundle.gradients) == steps * len(final)
    assert {row["phase"] for row in bundle.gradients} == {row["phase"] for row in final}
    first, last = bundle.gradients[-steps], bundle.gradients[-1]
    assert (first["steps_back"], last["steps_back"]) == (steps - 1, 0)
    assert 0 < flow.first_to_last < 10


def test_by_default_several_models_are_combined(sales_csv, tmp_path):
    options = FitOptions(horizon=7, preset="fast", units=8, epochs=1, lookback=14, segment=7, linear_skip="on")
    result = fit(sales_csv, options=options, store=tmp_path)
    bundle = load_bundle(result.path)
    assert list(result.scores) == ["auto", *BASELINES]
    assert result.scores["auto"]["skill"] > 0.1
    assert result.verdict.startswith("auto makes ")
    assert bundle.spec.name == "auto"
    assert {part.name for part in bundle.spec.parts} <= {"gru", *COMBINED}
    assert sum(part.share for part in bundle.spec.parts) == pytest.approx(1)
    (choice,) = (choice for choice in result.choices if choice.name == "combination")
    assert choice.value.count("%") == len(bundle.spec.parts)
    assert len(predict(store=tmp_path).frame) == 14


@pytest.mark.sweep
def test_one_seed_gives_one_model(sales_csv, tmp_path):
    sizes = {"horizon": 7, "units": 8, "epochs": 1, "lookback": 14, "segment": 7, "preset": "fast"}
    options = FitOptions(model="rnn", **sizes, members=2, linear_skip="off", seed=3)
    results = [fit(sales_csv, options=options, store=tmp_path, name=name) for name in ("a", "b")]
    first, second = (load_bundle(result.path).forecaster.weights for result in results)
    assert set(first) == set(second)
    assert all(np.array_equal(first[key], second[key]) for key in first)
    losses = {row["member"]: row["loss"] for row in results[0].history if row["val_loss"] is not None}
    assert set(losses) == {0, 1} and losses[0] != losses[1]


@pytest.mark.parametrize(
    "options",
    every(
        6,
        [
            *({"strategy": strategy, "segment": 3} for strategy in STRATEGIES),
            {"loss": "student-t", "linear_skip": "auto"},
            {"loss": "student-t", "strategy": "autoregressive", "model": "lstm"},
        ],
    ),
)
def test_every_strategy_and_head_is_published_and_forecasts(options, sales_csv, tmp_path):
    chosen = FitOptions(
        **{"model": "gru", "preset": "fast", "horizon": 7, "lookback": 14, "units": 8, "epochs": 2}
        | {"linear_skip": "off"}
        | options
    )
    result = fit(sales_csv, options=chosen, store=tmp_path)
    assert 0 < result.scores[chosen.model]["coverage_80"] <= 1
    network = load_bundle(result.path).spec.parts[0].network
    assert network.strategy == chosen.strategy
    assert network.head == ("student-t" if chosen.loss == "student-t" else "quantile")
    made = predict(store=tmp_path, horizon=10).frame
    assert made["forecast"].between(50, 300).all()
    assert (made["lower_95"] < made["forecast"]).all() and (made["forecast"] < made["upper_95"]).all()


def test_the_order_of_rows_does_not_matter(sales_csv, tmp_path):
    frame = sales()
    shuffled = frame.sample(frac=1, random_state=1)
    options = FitOptions(model="linear", horizon=7)
    one = load_bundle(fit(frame, options=options, store=tmp_path, name="one").path)
    two = load_bundle(fit(shuffled, options=options, store=tmp_path, name="two").path)
    assert np.array_equal(one.forecaster.weights["part0/linear/kernel"], two.forecaster.weights["part0/linear/kernel"])


def test_too_few_rows_say_what_is_needed(tmp_path):
    with pytest.raises(DataError, match="need"):
        fit(sales(30), options=FitOptions(model="linear", horizon=14, lookback=28), store=tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_bad_option_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(OptionError, match="did you mean 'gru'"):
        fit(tmp_path / "missing.csv", options=FitOptions(model="gruu"), store=tmp_path)


@pytest.mark.parametrize("values", [np.full(120, 5.0), np.zeros(120)])
def test_a_constant_series_is_forecast_as_that_constant(values, tmp_path):
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d"), "y": values})
    result = fit(frame, options=FitOptions(model="linear", horizon=7), store=tmp_path, name="flat")
    made = predict(store=tmp_path).frame
    assert np.allclose(made["forecast"], values[0], atol=1e-4)
    assert "no skill can be given" in result.verdict


def test_each_model_of_the_table_has_a_plan(fitted, sales_csv):
    from tsforecast.io.reading.panel import read_panel

    panel = read_panel(sales_csv).panel
    for name in MODELS:
        plan, split = make_plan(panel, FitOptions(model=name, horizon=7))
        assert (plan.model, plan.horizon) == (name, 7)
        assert plan.candidates
        assert np.all(split.train_end <= split.validation_end)


def test_a_table_full_of_gaps_is_fitted_without_the_linear_model(tmp_path):
    frame = sales(300, shops=("a",))
    frame.loc[frame.index[5::6], "sold"] = np.nan
    events = []
    options = FitOptions(model="naive", horizon=7)
    result = fit(frame, options=options, store=tmp_path, name="gappy", report=events.append)
    assert "linear" not in result.scores and result.scores["naive"]["mae"] > 0
    assert any("no linear model" in event.text for event in events if isinstance(event, Message))


def test_a_network_on_a_table_full_of_gaps_goes_without_the_linear_skip(tmp_path):
    frame = sales(300, shops=("a",))
    frame.loc[frame.index[5::6], "sold"] = np.nan
    options = FitOptions(model="gru", preset="fast", horizon=7, units=8, epochs=1, lookback=14, segment=7)
    fit(frame, options=options, store=tmp_path, name="gappy")
    assert np.all(np.isfinite(predict(store=tmp_path).frame["forecast"]))
