"""The report of a version: what it says of a real model, old and new, of one series and of many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.reports.pages import Page
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.reports.content import Charts, Items, Table
from tsforecast.reports.html import page
from tsforecast.reports.markdown import markdown
from tsforecast.reports.version import version_report
from tsforecast.store.runs import LastRun
from tsforecast.workflows.fit import fit
from tsforecast.workflows.report import version_facts

LINEAR = FitOptions(model="linear", horizon=7)
NAMES = ["<script>alert(1)</script>", "b" * 300, "\U0001f984", "d", "e", "f"]


def frame(names=("a",), length=150, price=False):
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=length)
    parts = []
    for number, name in enumerate(names, 1):
        y = 10 * number * (1 + 0.3 * np.sin(np.arange(length) * 2 * np.pi / 7)) + rng.normal(size=length)
        parts.append(pd.DataFrame({"shop": name, "ds": days, "y": y, "price": rng.random(length)}))
    found = pd.concat(parts, ignore_index=True)
    return found.assign(y=found["y"] + 20 * found["price"]) if price else found.drop(columns="price")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    fit(frame(length=140), options=LINEAR, store=folder, name="one")
    fit(frame(), options=replace(LINEAR, lookback=21), store=folder, name="one")
    fit(frame(NAMES), options=LINEAR, store=folder, name="many")
    reading = ReadOptions(future_cols=("price",))
    fit(frame(price=True), options=LINEAR, reading=reading, store=folder, name="priced")
    return folder


@pytest.fixture(scope="module")
def facts(store):
    return {name: version_facts(name, store=store) for name in ("one", "many", "priced")}


def sections(report):
    return {each.title: each for each in report.sections}


def test_the_first_screen_of_one_series(facts):
    report = version_report(facts["one"])
    assert report.title == "one, version 2"
    assert report.verdict.startswith("The forecasts err ") and " % less than the usual guess" in report.verdict
    assert [fact.name for fact in report.facts] == ["MAE", "80 % intervals", "data until", "published"]
    assert report.facts[2].value == "2024-05-29"
    (changes,) = [block for block in report.first if isinstance(block, Table)]
    changed = {row[0]: [getattr(cell, "text", cell) for cell in row[1:]] for row in changes.rows}
    assert changed["rows"] == ["140", "150"] and changed["data until"] == ["2024-05-19", "2024-05-29"]
    assert "horizon" not in changed


def test_all_that_is_known_has_a_section(facts):
    assert list(sections(version_report(facts["one"]))) == [
        "Forecast and truth",
        "Scores",
        "Error by horizon",
        "Coverage of the intervals",
        "Residuals",
        "The data",
        "What was found in the data",
        "What was chosen, and why",
        "What it was trained on",
        "Every setting",
        "Provenance",
        "What the numbers mean",
    ]


def test_the_newest_held_out_window_is_drawn_over_what_happened(facts):
    """The truth ends with the last row of the table; older versions did not keep the window."""
    words, chart = sections(version_report(facts["one"]))["Forecast and truth"].blocks
    assert words.text.startswith("The 7 steps of the newest window, forecast by a model that had not seen them.")
    truth = next(curve for curve in chart.curves if curve.label == "what happened")
    np.testing.assert_allclose(truth.y[-7:], frame()["y"].to_numpy()[-7:], rtol=1e-5)
    assert [curve.label for curve in chart.curves][1:] == ["seasonal-naive", "linear"] and len(chart.bands) == 1
    whose = sections(version_report(facts["many"]))["Forecast and truth"].blocks[0].text
    assert "window of f, the largest series," in whose
    details = facts["one"].details
    old = {key: value for key, value in details.details["metrics"].items() if key != "newest"}
    older = replace(facts["one"], details=replace(details, details=details.details | {"metrics": old}))
    assert "Forecast and truth" not in sections(version_report(older))


def test_errors_by_step_are_those_of_the_scores(facts):
    errors = facts["one"].details.details["metrics"]["errors"]
    scores = facts["one"].details.details["metrics"]["scores"]
    assert np.mean(errors["by_step"]["linear"]) == pytest.approx(scores["linear"]["mae"], rel=1e-4)
    assert dict(zip(errors["nominal"], errors["covered"], strict=True))[0.8] == pytest.approx(
        scores["linear"]["coverage_80"], abs=1e-5
    )


def test_a_panel_is_told_worst_first_and_its_largest_are_drawn(facts):
    report = version_report(facts["many"])
    (charts,) = [block for block in report.first if isinstance(block, Charts)]
    assert [chart.title for chart in charts.charts[:3]] == ["f", "e", "d"]
    drawn, table = sections(report)["Error by series"].blocks
    assert isinstance(drawn, Charts) and isinstance(table, Table) and table.find
    errors = [row[1].value for row in table.rows]
    assert len(errors) == 6 and errors == sorted(errors, reverse=True)
    assert drawn.charts[0].title[:20] == table.rows[0][0][:20]


def test_the_forecast_drawn_is_that_of_predict(facts, store):
    from tsforecast.workflows.predict import predict

    made = predict(store=store, name="many").forecast
    ahead = facts["many"].ahead
    np.testing.assert_allclose(ahead.forecast.y_pred[ahead.row(5)], made.y_pred[5])
    np.testing.assert_allclose(ahead.means, made.y_pred.mean(axis=1))


def test_hostile_names_are_texts_on_the_page_and_in_markdown(facts):
    report = version_report(facts["many"])
    text = page(report)
    read = Page(text)
    assert len(read.named("script")) == 1
    assert NAMES[0] in read.text and NAMES[2] in read.text
    assert "b" * 60 + "... (240 more characters)" in read.text
    assert "\n| \\<script>alert(1)\\</script> |" in markdown(report)


def test_what_is_not_known_ahead_is_said(facts):
    found = facts["priced"]
    assert found.ahead is None
    report = version_report(found)
    (warnings,) = [block for block in report.first if isinstance(block, Items)]
    assert "no forecast can be shown: 'price' is not known further" in warnings.items[0].text
    assert "a linear model errs" in sections(report)["What covariates brought"].blocks[0].items[0].text
    assert Page(page(report)).text


def test_a_version_of_an_older_release_is_told_of_as_far_as_it_is_known(facts):
    found = facts["many"]
    metrics = {
        key: value
        for key, value in found.details.details["metrics"].items()
        if key not in ("errors", "profile", "training_rows", "calibration", "season_length")
    }
    details = replace(found.details, details=found.details.details | {"metrics": metrics})
    bare = replace(found, details=details, ahead=replace(found.ahead, worst=()))
    told = sections(version_report(bare))
    assert "Error by series" not in told and "Residuals" not in told and "Scores" in told
    empty = replace(found, details=replace(details, details=details.details | {"metrics": {}}))
    assert Page(page(version_report(empty))).text


def test_a_retraining_is_told_of(facts):
    from datetime import UTC, datetime

    run = LastRun("a", datetime(2026, 1, 1, tzinfo=UTC), "promoted", 0, 2, "", "challenger errs 5% less", 1.0, 0.9, 3.0)
    report = version_report(replace(facts["one"], last_run=run))
    assert "Retrained: challenger errs 5% less." in markdown(report)


def test_a_worse_model_is_warned_of(facts):
    found = facts["one"]
    metrics = found.details.details["metrics"]
    scores = metrics["scores"] | {"naive": metrics["scores"]["linear"] | {"skill": 0.99}}
    scores["linear"] = scores["linear"] | {"coverage_80": 0.5}
    details = found.details.details | {"metrics": metrics | {"scores": scores}}
    text = markdown(version_report(replace(found, details=replace(found.details, details=details))))
    assert "- **warning**: the simple model naive did better on the rows held out" in text
    assert "- **warning**: the 80% intervals held only 50% of the values" in text
