"""Forecasts that were made are scored by hand beside what `score` says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Freeze
from tests.workflows.score.conftest import ALL, DAYS, morning, publish, until
from tsforecast.errors import DataError, InputMissingError, OptionError
from tsforecast.workflows.predict import predict
from tsforecast.workflows.score.noting import note_forecast
from tsforecast.workflows.score.run import ScoreResult, score
from tsforecast.workflows.score.settings import ScoreLimits, ScoreSettings


def frozen(
    freeze: Freeze, source: pd.DataFrame | None, store: Path, days: int = DAYS + 10, **more: object
) -> ScoreResult:
    freeze(morning(days))
    limits = ScoreLimits(**{key: more.pop(key) for key in list(more) if key.startswith("max_")})
    return score(source, settings=ScoreSettings(**more), limits=limits, store=store)


def test_the_scores_are_those_worked_out_by_hand(store: Path, freeze: Freeze, by_hand: pd.DataFrame) -> None:
    result, rows = frozen(freeze, until(DAYS + 10), store), by_hand
    error = rows["forecast"] - rows["sold"]
    assert result.scores["forecasts"] == len(rows) == 2 * (6 * 5 + 4 + 3 + 2 + 1)
    by_shop = error.groupby(rows["shop"])
    expected = {
        "mae": by_shop.apply(lambda e: e.abs().mean()).mean(),
        "rmse": by_shop.apply(lambda e: np.sqrt((e**2).mean())).mean(),
        "bias": by_shop.mean().mean(),
        "wape": 100 * error.abs().sum() / rows["sold"].abs().sum(),
        "coverage_80": (rows["sold"].between(rows["lower_80"], rows["upper_80"])).groupby(rows["shop"]).mean().mean(),
    }
    for name, value in expected.items():
        assert result.scores[name] == pytest.approx(value, rel=1e-9), name
    assert (result.runs, result.waiting, result.exit_code) == (10, 2 * (1 + 2 + 3 + 4), 0)
    for row in result.by_step:
        own = error[rows["step"] == row["step"]]
        assert row["forecasts"] == len(own) and row["mae"] == pytest.approx(own.abs().mean(), rel=1e-9)
    assert [row["step"] for row in result.by_step] == [1, 2, 3, 4, 5]
    for row in result.by_version:
        assert row["mae"] == pytest.approx(error[rows["version"] == row["version"]].abs().mean(), rel=1e-9)
    assert [(row["age"], row["forecasts"]) for row in result.by_age] == [("up to a day", 38), ("1 to 7 days", 42)]
    assert sum(row["forecasts"] for row in result.by_age) == len(rows)
    assert sum(row["forecasts"] for row in result.by_period) == len(rows)
    assert result.by_period[-1]["to"] == "2024-02-14"


def test_mase_is_scaled_by_the_rows_before_each_forecast(store: Path, freeze: Freeze, by_hand: pd.DataFrame) -> None:
    rows = by_hand
    result = frozen(freeze, until(DAYS + 10), store)
    expected = ((rows["forecast"] - rows["sold"]).abs() / rows["scale"]).mean()
    # Strays and the rows that a model keeps make the scale differ a little from that of the whole table.
    assert result.scores["mase"] == pytest.approx(expected, rel=0.02)
    assert result.by_series[0]["mase"] >= result.by_series[1]["mase"]


def test_the_frame_holds_every_forecast_beside_what_happened(
    store: Path, freeze: Freeze, by_hand: pd.DataFrame, tmp_path: Path
) -> None:
    freeze(morning(DAYS + 10))
    result = score(until(DAYS + 10), store=store, output=tmp_path / "rows.csv")
    frame = result.frame
    bounds = ["lower_80", "upper_80", "lower_95", "upper_95"]
    names = ["shop", "cutoff", "date", "model", "version", "made", "step", "y_true", "forecast", *bounds]
    assert list(frame) == names
    first = frame[(frame["shop"] == "7") & (frame["step"] == 3)].iloc[0]
    assert (first["cutoff"], first["date"], first["made"]) == ("2024-02-04", "2024-02-07", "2024-02-05T06:00:00+00:00")
    rows = by_hand.sort_values(["shop", "date", "step"])
    np.testing.assert_allclose(frame["forecast"], rows["forecast"], rtol=1e-12)
    np.testing.assert_allclose(frame["y_true"], rows["sold"])
    written = pd.read_csv(tmp_path / "rows.csv", dtype={"shop": str})
    assert list(written) == names and len(written) == len(frame)


def test_the_newest_forecast_known_at_a_moment_counts(store: Path, freeze: Freeze) -> None:
    frame = frozen(freeze, until(DAYS + 10), store, as_of="2024-02-07").frame  # the mornings of 400, 401 and 402 days
    assert set(frame["cutoff"]) == {"2024-02-04", "2024-02-05", "2024-02-06"}
    assert not frame.duplicated(["shop", "date"]).any()
    steps = frame[frame["shop"] == "7"].set_index("date")["step"]
    assert list(steps) == [1, 1, 1, 2, 3, 4, 5]
    before_noon = frozen(freeze, until(DAYS + 10), store, as_of="2024-02-07T05:59").frame
    assert set(before_noon["cutoff"]) == {"2024-02-04", "2024-02-05"}
    assert frozen(freeze, until(DAYS + 10), store, as_of="2024-02-01").scores == {}


def test_a_repeated_forecast_counts_once(store: Path, freeze: Freeze) -> None:
    before = frozen(freeze, until(DAYS + 10), store).scores
    made = predict(until(DAYS + 2), store=store, name="sales", version=1)
    assert note_forecast(made, store=store) and not note_forecast(made, store=store)
    after = frozen(freeze, until(DAYS + 10), store)
    assert after.scores == before


def test_times_that_the_model_had_learned_from_do_not_count(store: Path, freeze: Freeze) -> None:
    before = frozen(freeze, until(DAYS + 10), store).scores
    note_forecast(predict(until(DAYS - 3), store=store, name="sales"), store=store)
    result = frozen(freeze, until(DAYS + 10), store)
    assert result.scores == before
    assert "10 forecasts are left out: of times that the model had learned from" in [note.text for note in result.notes]


def test_the_newest_steps_alone(store: Path, freeze: Freeze, by_hand: pd.DataFrame) -> None:
    result = frozen(freeze, until(DAYS + 10), store, newest=3)
    assert (result.first, result.last) == ("2024-02-12", "2024-02-14")
    assert result.scores["forecasts"] == len(by_hand.query("date >= '2024-02-12'"))


def test_revised_actuals_stand_beside_those_of_before(store: Path, freeze: Freeze) -> None:
    first = frozen(freeze, until(DAYS + 10), store)
    assert first.revised == 0
    table = until(DAYS + 10).copy()
    changed = (table["date"] == "2024-02-10") & (table["shop"] == "7")
    table.loc[changed, "sold"] += 100
    again = frozen(freeze, table, store, days=DAYS + 11)
    assert again.revised == 1 and again.scores["mae"] > first.scores["mae"]
    assert "1 value differs from those of an earlier scoring" in " ".join(note.text for note in again.notes)
    kept = frozen(freeze, None, store)
    assert kept.scores == again.scores and kept.file == "the ledger"
    then = frozen(freeze, None, store, actuals_as_of="2024-02-15T12:00")
    assert then.scores == first.scores
    assert frozen(freeze, None, store, actuals_as_of="2024-02-14").scores == {}
    assert frozen(freeze, until(DAYS + 10), store).revised == 1  # and back again


def test_a_level_of_which_nothing_counts_is_no_level(store: Path, freeze: Freeze) -> None:
    note_forecast(predict(until(DAYS + 10), store=store, name="sales", levels=(50.0,)), store=store)
    result = frozen(freeze, until(DAYS + 10), store, max_coverage_gap=1.0)
    assert (result.levels, result.exit_code) == ((80.0, 95.0), 0)
    mixed = frozen(freeze, until(DAYS + 11), store)
    assert mixed.levels == (50.0, 80.0, 95.0)
    assert mixed.frame["lower_50"].notna().sum() == 2 and mixed.frame["lower_80"].notna().sum() == len(mixed.frame) - 2
    assert np.isfinite(mixed.scores["coverage_50"])


def test_limits(store: Path, freeze: Freeze) -> None:
    scores = frozen(freeze, until(DAYS + 10), store).scores
    for name in ("mae", "mase", "wape"):
        for factor, code in ((1.01, 0), (0.99, 4)):
            result = frozen(freeze, until(DAYS + 10), store, **{f"max_{name}": factor * scores[name]})
            assert result.exit_code == code
    gap = 0.8 - scores["coverage_80"]
    assert frozen(freeze, until(DAYS + 10), store, max_coverage_gap=max(gap, 0.0) + 0.2).exit_code == 0
    shifted = until(DAYS + 10).assign(sold=lambda table: table["sold"] + 1000)
    outside = frozen(freeze, shifted, store, max_coverage_gap=0.1).outside
    assert outside[0] == "0.0% of the actuals lie within the 80% intervals, the limit is 70%"


def test_before_anything_has_happened_all_limits_hold(store: Path, freeze: Freeze) -> None:
    result = frozen(freeze, until(DAYS), store, max_mase=1.0)
    assert (result.scores, result.exit_code, result.waiting) == ({}, 0, 2 * 50)
    assert result.verdict == "nothing could be scored"
    assert result.frame.empty and "y_true" in result.frame
    assert result.by_step == () and result.drift is None


def test_where_forecasting_has_stopped_no_limit_holds(store: Path, freeze: Freeze) -> None:
    result = frozen(freeze, until(DAYS + 30), store, newest=5, max_mase=9.0)
    assert result.outside == ("nothing that happened was forecast, so that no limit can be checked",)
    assert any("the actuals end with 2024-03-05" in note.text for note in result.notes)
    late = frozen(freeze, until(DAYS + 20), store)
    assert any("does `predict --ledger` still run?" in note.text for note in late.notes)


def test_forecasts_of_another_target_or_step_are_not_mixed_in(store: Path, freeze: Freeze) -> None:
    table = until(DAYS + 10).rename(columns={"sold": "bought"})
    publish(store, table)
    result = frozen(freeze, table, store)
    assert result.scores == {}
    assert any("10 runs are left out: of versions with other columns" in note.text for note in result.notes)


def test_a_model_without_a_ledger_says_how_to_begin_one(store: Path) -> None:
    publish(store, until(DAYS), "other")
    with pytest.raises(InputMissingError, match="no forecast of model 'other' has been noted; note them"):
        score(until(DAYS), store=store, name="other")


def test_only_the_newest_rows_are_needed(store: Path, freeze: Freeze) -> None:
    whole = frozen(freeze, until(DAYS + 10), store, newest=1)
    day = ALL[ALL["date"] == "2024-02-14"]
    assert frozen(freeze, day, store).scores == whole.scores


def test_drift_is_seen(store: Path, freeze: Freeze) -> None:
    steady = frozen(freeze, until(DAYS + 10), store).drift
    assert steady is not None and 0.3 < steady["ratio"] < 3
    table = until(DAYS + 10).copy()
    table.loc[table["date"] >= "2024-02-14", "sold"] += 500
    result = frozen(freeze, table, store)
    assert result.drift is not None and result.drift["ratio"] > 10 and result.drift["p_value"] < 0.01
    assert "since 2024-02-14 the error is" in result.verdict and "chance hardly explains" in result.verdict


def test_what_cannot_be_asked_is_refused(store: Path) -> None:
    with pytest.raises(OptionError, match="as_of is 'soon', which is no time; write 2026-06-30"):
        ScoreSettings(as_of="soon")
    with pytest.raises(OptionError, match="one of the two"):
        score(ALL, settings=ScoreSettings(actuals_as_of="2024-01-01"), store=store)
    with pytest.raises(OptionError, match="newest is 0"):
        ScoreSettings(newest=0)
    assert ScoreSettings(as_of="2026-06-30T12:00+02:00").made_until == datetime(2026, 6, 30, 10, tzinfo=UTC)


def test_a_column_named_like_one_of_ours_is_refused(store: Path, freeze: Freeze) -> None:
    table = until(DAYS).rename(columns={"shop": "version"})
    freeze(morning(DAYS))
    publish(store, table, "cars")
    note_forecast(predict(store=store, name="cars"), store=store)
    result = score(until(DAYS + 10).rename(columns={"shop": "version"}), store=store, name="cars")
    assert result.scores["forecasts"] == 10
    with pytest.raises(DataError, match="the column 'version' cannot be told from another"):
        _ = result.frame
