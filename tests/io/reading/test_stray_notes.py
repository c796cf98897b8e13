"""What reading says of values that are hardly measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.series.strays import find_strays

DATASETS = sorted((Path(__file__).parents[3] / "datasets").glob("*.csv"))


def table(days=100, **columns):
    rng = np.random.default_rng(0)
    date = pd.date_range("2023-01-01", periods=days).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"date": date, "y": rng.normal(100, 10, days).round(2)})
    for name, values in columns.items():
        frame[name] = values
    return frame


def said(frame, **options):
    result = read_panel(frame, ReadOptions(**options))
    return result, [note.text for note in result.notes if note.kind == "warning"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4294967295, "4294967295"),
        (1e12, "1000000000000"),
        (-1e12, "-1000000000000"),
        (1e15, "1000000000000000"),
        (1e6 + 0.25, "1000000.25"),
    ],
)
def test_a_stray_value_is_named_and_its_flag_declares_it_missing(value, text, tmp_path):
    frame = table()
    frame.loc[[30, 77], "y"] = value
    path = tmp_path / "a.csv"
    frame.to_csv(path, index=False)
    result, (note,) = said(path)
    assert f"the value {text} (2 times, first at 2023-01-31) lies over 1,000 times as far off" in note
    assert note.endswith(f"add --missing {text}")
    assert np.count_nonzero(result.panel.values == value) == 2  # as it is written
    declared, notes = said(path, missing=(text,))
    assert not find_strays(declared.panel).any()
    assert int((~declared.panel.observed).sum()) == 2
    assert not any("as far off" in text for text in notes)


def test_the_series_is_named():
    frame = pd.concat([table(shop="a"), table(shop="b")], ignore_index=True)
    frame.loc[150, "y"] = 1e12
    _, (note,) = said(frame)
    assert "(once at 2023-02-20 of 'b')" in note


def test_of_many_the_most_frequent_are_named():
    frame = pd.concat([table(shop=f"shop {shop}") for shop in range(5)], ignore_index=True)
    for shop in range(5):
        frame.loc[[100 * shop + 7 + row for row in range(shop + 1)], "y"] = 10.0 ** (9 + shop)
    _, notes = said(frame)
    named = [note.split(" (")[0] for note in notes]
    assert named == [f"the value {10 ** (9 + shop)}" for shop in (4, 3, 2)] + ["2 more values lie as far off"]


def test_a_sum_has_no_flag():
    frame = pd.DataFrame({"date": pd.date_range("2023-01-01", periods=2400, freq="h"), "y": np.arange(2400) % 7 + 1.0})
    frame.loc[800, "y"] = 1e12
    _, notes = said(frame, freq="D", aggregate="sum")
    assert any("as far off" in note for note in notes) and not any("--missing" in note for note in notes)


@pytest.mark.parametrize("path", DATASETS, ids=lambda path: path.stem)
def test_no_real_data_set_has_one(path):
    assert not find_strays(read_panel(path).panel).any()
