"""The workflow: planted gaps, layouts, edges, panels, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tsforecast
from tsforecast.errors import DataError, OptionError

HOURS = 24 * 40


def load(rows: int = HOURS, seed: int = 0, noise: float = 0.3) -> pd.DataFrame:
    moves = np.random.default_rng(seed).normal(0, noise, rows)
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(rows) / 24) + moves
    return pd.DataFrame({"time": pd.date_range("2024-01-01", periods=rows, freq="h"), "load": values})


def with_gaps(frame: pd.DataFrame, *gaps: tuple[int, int], column: str = "load") -> pd.DataFrame:
    frame = frame.copy()
    for first, end in gaps:
        frame.loc[first : end - 1, column] = np.nan
    return frame


def test_a_season_is_filled_and_the_rest_stays_bit_for_bit() -> None:
    truth = load()
    made = tsforecast.impute(with_gaps(truth, (300, 324), (500, 512), (700, 701)))
    frame = made.frame
    assert list(frame.columns) == ["time", "load", "filled"]
    missing = frame["filled"] == 1
    assert np.flatnonzero(missing).tolist() == [*range(300, 324), *range(500, 512), 700]
    assert (frame["load"][~missing] == truth["load"][~missing]).all()
    assert np.abs(frame["load"] - truth["load"])[missing].mean() < 0.6
    assert made.result.filled == 37 and len(made.result.gaps) == 3
    assert {gap.method.split()[0] for gap in made.result.gaps if gap.steps > 1} <= {"seasonal", "kalman", "regression"}
    assert "37 values in 3 gaps filled" in made.verdict


def test_filled_values_have_intervals_that_hold_the_truth() -> None:
    truth = load(24 * 120)
    gaps = [(first, first + 6) for first in range(100, 2800, 90)]
    filled = tsforecast.impute(with_gaps(truth, *gaps)).filled
    known = truth.set_index("time")["load"][filled["time"]].to_numpy()
    for level, least, most in ((80, 0.7, 0.9), (95, 0.89, 1.0)):
        inside = (filled[f"lower_{level}"] <= known) & (known <= filled[f"upper_{level}"])
        assert least <= inside.mean() <= most
    assert (filled["lower_95"] <= filled["lower_80"]).all()


def test_what_is_no_better_than_a_line_is_a_line() -> None:
    walk = load()
    walk["load"] = np.cumsum(np.random.default_rng(3).normal(size=HOURS))
    made = tsforecast.impute(with_gaps(walk, (100, 101), (300, 303), (500, 501)), methods="linear,seasonal")
    assert {gap.method for gap in made.result.gaps} == {"linear"}


def test_missing_rows_become_rows_of_the_table() -> None:
    truth = load()
    frame = tsforecast.impute(truth.drop(index=range(400, 410))).frame
    assert len(frame) == HOURS
    assert frame["time"].tolist() == truth["time"].tolist()
    assert frame["filled"].sum() == 10 and frame["filled"].iloc[400:410].all()


def test_gaps_at_both_ends_are_filled() -> None:
    made = tsforecast.impute(with_gaps(load(), (0, 5), (HOURS - 7, HOURS), (400, 403)))
    assert len(made.frame) == HOURS
    assert made.frame["load"].notna().all()
    assert [gap.steps for gap in made.result.gaps] == [5, 3, 7]
    assert "edge" in set(made.methods["place"])


def test_a_table_without_gaps_stays_as_it_is() -> None:
    made = tsforecast.impute(load())
    assert made.result.gaps == () and made.filled.empty
    assert made.verdict == f"no value is missing in {HOURS} rows"
    assert made.frame["load"].tolist() == load()["load"].tolist()
    assert any("nothing is filled" in note.text for note in made.result.notes)


def test_columns_help_each_other_and_have_flags_of_their_own() -> None:
    frame = load()
    frame["twin"] = 3 * np.cumsum(np.random.default_rng(5).normal(size=HOURS))
    frame["load"] = frame["twin"] / 3 + 50
    gaps = [(first, first + 8) for first in range(50, 900, 60)]
    made = tsforecast.impute(with_gaps(frame, *gaps))
    missing = made.frame["load_filled"] == 1
    assert made.frame["twin_filled"].sum() == 0
    assert np.abs(made.frame["load"] - frame["load"])[missing].mean() < 0.1
    assert {gap.method.split()[0] for gap in made.result.gaps} == {"regression"}


def test_series_of_a_long_table_keep_the_order_of_its_rows_and_other_columns() -> None:
    parts = [with_gaps(load(400, seed), (100 + seed, 106 + seed)).assign(site=f"s{seed}") for seed in range(3)]
    table = pd.concat(parts).sort_values(["time", "site"]).reset_index(drop=True)
    table["note"] = [f"n{row}" for row in range(len(table))]
    table = table.drop(index=table.index[(table["site"] == "s1") & (table["time"] == "2024-01-09 00:00")])
    frame = tsforecast.impute(table, id_col="site").frame
    assert len(frame) == 1200
    assert list(frame.columns) == ["time", "load", "site", "note", "filled"]
    assert frame["filled"].sum() == 19
    new = frame[frame["note"].isna()]
    assert new["site"].tolist() == ["s1"] and new["time"].tolist() == [pd.Timestamp("2024-01-09 00:00")]
    assert frame.drop(index=new.index)["note"].tolist() == table["note"].tolist()


def test_rows_in_falling_order_stay_so() -> None:
    table = load(300).iloc[::-1].reset_index(drop=True).drop(index=[100, 101])
    frame = tsforecast.impute(table).frame
    assert frame["time"].is_monotonic_decreasing and len(frame) == 300


def test_a_series_without_values_is_left_empty_and_said() -> None:
    parts = [with_gaps(load(200), (50, 60)).assign(site="a"), load(200).assign(site="b", load=np.nan)]
    made = tsforecast.impute(pd.concat(parts), id_col="site")
    assert made.frame.loc[made.frame["site"] == "b", "load"].isna().all()
    assert made.frame["filled"].sum() == 10
    assert any("without any value" in note.text for note in made.result.notes)


def test_the_longest_gaps_are_said_where_nothing_can_judge_them() -> None:
    made = tsforecast.impute(with_gaps(load(240), (60, 180)))
    assert made.result.gaps[0].half_width is None
    assert any("cannot be judged" in note.text for note in made.result.notes)
    assert made.filled["lower_80"].isna().all()


def test_counts_do_not_become_negative() -> None:
    frame = load()
    frame["load"] = np.maximum(0, np.round(10 * np.sin(2 * np.pi * np.arange(HOURS) / 24)))
    made = tsforecast.impute(with_gaps(frame, (100, 130), (400, 420), (600, 604)))
    assert made.frame["load"].min() >= 0


def test_the_same_seed_fills_alike() -> None:
    table = with_gaps(load(), (100, 124), (400, 402))
    first, again = (tsforecast.impute(table, seed=3) for _ in range(2))
    assert first.frame.equals(again.frame)
    assert first.filled.equals(again.filled)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"methods": "spline"}, "methods names 'spline'"),
        ({"seed": -1}, "seed is -1"),
        ({"fill_gaps": "zero"}, "fill_gaps means nothing to impute"),
        ({"past_col": "wind"}, "past_col means nothing to impute"),
        ({"colour": 1}, "unknown option 'colour'"),
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        tsforecast.impute(load(rows=100), **options)


def test_times_without_a_step_are_refused() -> None:
    table = load(200)
    table["time"] = table["time"] + pd.to_timedelta(np.random.default_rng(0).integers(0, 3000, 200), unit="s")
    with pytest.raises(DataError):
        tsforecast.impute(table)


def test_a_column_like_one_of_ours_is_refused() -> None:
    with pytest.raises(DataError, match="'filled' already"):
        tsforecast.impute(load(100).assign(filled="a"), target_col="load")


def test_the_picture_shows_the_series_that_are_named() -> None:
    frames = [with_gaps(load(200, seed), (50, 50 + 5 * seed)).assign(site=f"s{seed}") for seed in range(1, 6)]
    made = tsforecast.impute(pd.concat(frames), methods="linear")
    assert [axes.get_title(loc="left") for axes in made.plot("s4").axes] == ["s4"]
    assert made.plot(pick="worst").axes[0].get_title(loc="left") == "s5"
    assert "Filled gaps: 5 series" in made._repr_html_()
    with pytest.raises(OptionError, match="no series 'x'"):
        made.plot("x")


def test_values_are_brought_onto_longer_steps_first(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    with_gaps(load(24 * 60), (240, 312)).dropna().to_csv(path, index=False)
    frame = tsforecast.impute(path, freq="D", aggregate="mean").frame
    assert len(frame) == 60 and frame["filled"].sum() == 3
    assert list(frame.columns) == ["time", "load", "filled"]


def test_a_network_says_what_it_needs() -> None:
    with pytest.raises(DataError, match="too few values"):
        tsforecast.impute(with_gaps(load(100), (50, 52)), methods="linear,network")
    many = pd.concat([load(60, seed).assign(site=f"s{seed:02}") for seed in range(70)])
    with pytest.raises(OptionError, match="side by side"):
        tsforecast.impute(with_gaps(many.reset_index(drop=True), (20, 22)), id_col="site", methods="network")


def test_many_series_are_filled_each_alone() -> None:
    many = pd.concat([load(60, seed).assign(site=f"s{seed:02}") for seed in range(70)]).reset_index(drop=True)
    made = tsforecast.impute(with_gaps(many, (20, 22), (130, 131)), id_col="site", methods="linear,seasonal")
    assert made.result.filled == 3 and made.result.series == 70
