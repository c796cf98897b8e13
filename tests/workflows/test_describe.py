"""The profile of a table."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from tests.conftest import make_series
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.workflows.describe import Gap, describe, grid_profile


def test_gaps_and_ranges():
    frame = make_series(100).drop(index=[10, 11, 12, 50])
    result = describe(frame)
    assert (result.table_rows, result.rows, result.missing, result.gaps) == (96, 100, 4, 2)
    assert result.longest_gap == Gap("", 3, "2024-01-01 10:00:00", "2024-01-01 12:00:00")
    assert result.regular_share == pytest.approx(93 / 95)
    assert (result.lowest, result.highest) == (frame["y"].min(), frame["y"].max())
    assert result.text is None


def test_a_gap_that_a_series_ends_with_is_one():
    table = make_series(60).drop(index=[40])
    data = read_panel(table)
    cut = replace(data, panel=data.panel.between(data.panel.lengths * 0, data.panel.lengths - 19))
    found = grid_profile(cut)
    assert (found["gaps"], found["longest_gap"].steps) == (1, 1)


def test_panel():
    frame = pd.concat([make_series(50, seed=seed).assign(shop=shop) for seed, shop in enumerate("ab")])
    frame = frame[(frame["shop"] == "a") | (frame["ds"] != pd.Timestamp("2024-01-01 03:00"))]
    frame["remark"] = "x"
    result = describe(frame)
    assert [row["id"] for row in result.profile] == ["a", "b"]
    assert [row["missing"] for row in result.profile] == [0, 1]
    assert [row["rows"] for row in result.profile] == [50, 50]
    assert result.profile[1]["first"] == "2024-01-01 00:00:00"
    assert result.profile[1]["mean"] == pytest.approx(frame.loc[frame["shop"] == "b", "y"].mean())
    assert result.longest_gap is not None and result.longest_gap.id == "b"
    assert result.regular_share == pytest.approx(96 / 97)
    roles = {column["name"]: (column["role"], column["why"]) for column in result.columns}
    assert roles == {
        "ds": ("time", ""),
        "y": ("value", ""),
        "shop": ("id", ""),
        "remark": ("unused", "text column"),
    }


def test_columns_that_the_user_leaves_out():
    frame = make_series(50).assign(z=range(7, 57))
    roles = {column["name"]: column["why"] for column in describe(frame, ReadOptions(target_cols=("y",))).columns}
    assert roles["z"] == "not named as a value"


def test_repeats_are_counted():
    frame = pd.concat([make_series(50), make_series(2)])
    assert describe(frame, ReadOptions(on_duplicate="first")).repeats == 2


def test_a_single_step_has_no_neighbours():
    assert describe(make_series(48), ReadOptions(freq="D", aggregate="sum")).regular_share == 1
    assert describe(make_series(24), ReadOptions(freq="D", aggregate="sum")).regular_share is None
