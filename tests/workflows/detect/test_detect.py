"""The workflow: planted anomalies, budgets, gaps, short series, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tsforecast
from tsforecast.errors import DataError, OptionError
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.options import FitOptions
from tsforecast.workflows.detect.forecasts import forecast_errors

HOURS, PLANTED = 24 * 60, 1000


def load(seed: int = 0, rows: int = HOURS) -> pd.DataFrame:
    noise = np.random.default_rng(seed).normal(0, 0.3, rows)
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(rows) / 24) + noise
    return pd.DataFrame({"time": pd.date_range("2024-01-01", periods=rows, freq="h"), "load": values})


def with_anomaly(seed: int = 0) -> pd.DataFrame:
    frame = load(seed)
    frame.loc[PLANTED : PLANTED + 11, "load"] = 100.0
    return frame


def test_a_planted_anomaly_is_the_least_likely() -> None:
    found = tsforecast.detect(with_anomaly())
    first = found.anomalies.iloc[0]
    assert found.result.windows == (24, 24)
    assert first["start"] <= pd.Timestamp("2024-01-01") + pd.Timedelta(hours=PLANTED) <= first["end"]
    assert first["p_value"] < 1e-3
    assert first["chance_rows"] > 10 * HOURS
    assert list(found.scores.columns) == ["time", "value", "score", "p_value", "alarm"]
    assert found.scores["alarm"].sum() > 0
    assert found.scores.loc[found.scores["alarm"] == 1, "p_value"].max() < 0.1


def test_every_series_has_a_budget_of_its_own() -> None:
    frames = [load(seed).assign(site=f"s{seed}") for seed in range(3)]
    frames[1].loc[PLANTED : PLANTED + 11, "load"] = 100.0
    found = tsforecast.detect(pd.concat(frames), false_alarm_every="3000d")
    assert [each.id for each in found.result.anomalies] == ["s1"]
    assert found.anomalies["site"].tolist() == ["s1"]
    assert found.result.budget_rows == 3000 * 24


@pytest.mark.parametrize("every", ["7d", "168", "10080m"])
def test_a_budget_is_a_duration_or_a_number_of_rows(every: str) -> None:
    found = tsforecast.detect(load(rows=24 * 200), false_alarm_every=every).result
    assert found.budget_rows == pytest.approx(168)
    assert found.expected == pytest.approx(200 / 7, rel=0.01)
    assert 0.6 <= len(found.anomalies) / found.expected <= 1.4


def test_the_newest_rows_alone_can_be_asked_for() -> None:
    frame = with_anomaly()
    assert tsforecast.detect(frame, newest=HOURS - PLANTED, false_alarm_every="300d").result.anomalies
    result = tsforecast.detect(frame, newest=100, false_alarm_every="300d").result
    assert not result.anomalies
    assert result.expected == pytest.approx(100 / (300 * 24))


def test_filled_values_have_no_score_and_strays_have_the_highest() -> None:
    frame = load()
    frame.loc[500:520, "load"] = np.nan
    frame.loc[900, "load"] = 4294967295.0
    found = tsforecast.detect(frame, keep_value=["4294967295"])
    scores = found.scores.set_index("time")
    assert scores["score"].iloc[500:521].isna().all() and scores["value"].iloc[500:521].isna().all()
    assert scores["score"].iloc[:500].notna().all()
    assert scores["score"].idxmax() == frame["time"][900]
    assert found.anomalies["peak"].iloc[0] == frame["time"][900]


def test_short_series_say_so() -> None:
    frame = pd.concat([load(0, 40).assign(site="short"), load(1, 20).assign(site="tiny"), load(2).assign(site="long")])
    result = tsforecast.detect(frame).result
    assert result.skipped == ("tiny",)
    assert result.unjudged == ("short",)
    assert sum("too short to judge" in note.text or "no scores" in note.text for note in result.notes) == 2
    alone = tsforecast.detect(load(0, 20))
    assert alone.result.anomalies == () and alone.anomalies.empty and alone.scores["score"].isna().all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"false_alarm_every": "soon"}, "false_alarm_every is 'soon'"),
        ({"false_alarm_every": "0d"}, "false_alarm_every is '0d'"),
        ({"false_alarm_every": "12h"}, "more often than one in two windows of 24 rows"),
        ({"method": "lstm"}, "method is 'lstm'"),
        ({"window": 2}, "window is 2"),
        ({"newest": 0}, "newest is 0"),
        ({"colour": 1}, "unknown option 'colour'"),
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        tsforecast.detect(load(rows=300), **options)


def test_a_column_like_one_of_ours_is_refused() -> None:
    with pytest.raises(DataError, match="score"):
        tsforecast.detect(pd.concat([load().assign(score="a"), load().assign(score="b")]), id_col="score")


def test_steps_without_times_are_counted_in_rows(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    with_anomaly()[["load"]].to_csv(path, index=False)
    found = tsforecast.detect(path, no_time=True)
    assert found.result.budget_rows == 500
    assert abs(int(found.anomalies["peak"].iloc[0]) - PLANTED) < 24
    with pytest.raises(OptionError, match="have no times"):
        tsforecast.detect(path, no_time=True, false_alarm_every="30d")


def test_the_picture_shows_the_series_that_are_named() -> None:
    frames = [load(seed).assign(site=f"s{seed}") for seed in range(5)]
    frames[4].loc[PLANTED : PLANTED + 11, "load"] = 100.0
    found = tsforecast.detect(pd.concat(frames))
    assert [axes.get_title(loc="left") for axes in found.plot("s4").axes] == ["s4"]
    assert found.plot(pick="worst").axes[0].get_title(loc="left") == "s4"
    assert "Anomalies: 5 series" in found._repr_html_()
    with pytest.raises(OptionError, match="no series 'x'"):
        found.plot("x")


def test_an_interval_of_counts_without_width_counts_as_wide_as_one(tmp_path: Path) -> None:
    sold = (np.random.default_rng(0).random(300) < 0.03).astype(int)
    sold[220] = 6
    days = pd.date_range("2024-01-01", periods=300).strftime("%Y-%m-%d")
    pd.DataFrame({"date": days, "sold": sold}).to_csv(tmp_path / "rare.csv", index=False)
    data = read_panel(str(tmp_path / "rare.csv"))
    errors = forecast_errors(data, FitOptions(model="linear", horizon=7), lambda event: None)
    assert np.nanargmax(errors) == 220
    assert np.nanmax(errors) <= (6 / 0.5) ** 2


def test_forecast_errors_of_a_model_are_a_score_more() -> None:
    frame = with_anomaly()
    alone = tsforecast.detect(frame, model="linear", method="residuals", false_alarm_every="300d")
    scores = alone.scores["score"]
    assert scores[: HOURS // 2 - 24].isna().all()
    assert scores[HOURS // 2 + 24 :].notna().all()
    assert PLANTED - 24 <= scores.idxmax() <= PLANTED + 36
    both = tsforecast.detect(frame, model="linear", false_alarm_every="300d")
    assert both.scores["score"].notna().all()
    assert len(both.result.anomalies) == 1
    with pytest.raises(OptionError, match="reads no forecasts"):
        tsforecast.detect(frame, model="linear", method="discord")
