"""`describe --write`: the file holds the series as they were understood, and reads without an option."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.errors import OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.workflows.describe import describe

DAYS = [f"{day:%Y-%m-%d}" for day in pd.date_range("2024-01-01", periods=40)]
MONTH_ENDS = pd.date_range("2020-01-01", periods=40, freq="ME")
HOURS = [f"{hour:%d.%m.%Y %H:%M}" for hour in pd.date_range("2024-03-20", periods=96, freq="h")]


def table(tmp_path, text: str):
    path = tmp_path / "table.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("day;wert\n" + "".join(f"{day};{number},25\n" for number, day in enumerate(DAYS)), ReadOptions()),
        ("time,a,b\n" + "".join(f"{hour},{i},{2 * i}\n" for i, hour in enumerate(HOURS)), ReadOptions()),
        (
            "store,day,sold\n" + "".join(f'"{s}",{day},{i % 7}\n' for s in ("A,1", "B") for i, day in enumerate(DAYS)),
            ReadOptions(),
        ),
        (
            "day,v\n" + "".join(f"{day},{i}\n" for i, day in enumerate(DAYS) if i not in (5, 6, 20)),
            ReadOptions(fill_gaps="previous"),
        ),
        ("t,v\n" + "".join(f"{hour},{i / 3}\n" for i, hour in enumerate(HOURS)), ReadOptions(tz="Europe/Paris")),
        ("t,v\n" + "".join(f"{day} 12:30:00,{i}\n" for i, day in enumerate(DAYS)), ReadOptions()),
        ("t,v\n" + "".join(f"{day} 06:00:00+00:00,{i}\n" for i, day in enumerate(DAYS)), ReadOptions()),
        ("t,v\n" + "".join(f"2024-01-01 00:00:{i:02}.500,{i}\n" for i in range(50)), ReadOptions()),
        (
            "t,v\n" + "".join(f"{month:%Y-%m-%d} 17:00,{i}\n" for i, month in enumerate(MONTH_ENDS)),
            ReadOptions(),
        ),
        ("y,m,v\n" + "".join(f"{1990 + i // 12},{i % 12 + 1},{i}\n" for i in range(60)), ReadOptions(time_col="y,m")),
    ],
)
def test_the_written_file_reads_as_the_same_panel_without_an_option(tmp_path, text, reading):
    source, clean = table(tmp_path, text), tmp_path / "clean.csv"
    describe(source, reading, write_to=clean)
    before, after = read_panel(source, reading).panel, read_panel(clean).panel
    assert before.ids == after.ids
    assert before.frequency == after.frequency
    assert np.array_equal(before.starts, after.starts)
    assert np.array_equal(before.observed, after.observed)
    assert np.array_equal(before.values[before.observed], after.values[after.observed])


@pytest.mark.parametrize("name", ["clean.xlsx", "-"])
def test_only_csv_is_written_and_the_rest_refused_before_anything_is_read(tmp_path, name):
    with pytest.raises(OptionError, match=f"cannot tell how to write .*{name}"):
        describe(tmp_path / "nothing.csv", write_to=tmp_path / name)
    assert not list(tmp_path.iterdir())


@st.composite
def tables(draw) -> pd.DataFrame:
    """Tables of one to three ids and value columns, with gaps, and series that begin and end when they like."""
    freq = draw(st.sampled_from(["15min", "h", "D", "B", "W-WED", "MS", "ME", "QS", "YS"]))
    zone = draw(st.sampled_from([None, None, "Europe/Paris", "UTC"])) if freq in ("15min", "h") else None
    seed = np.random.default_rng(draw(st.integers(0, 1000)))
    ids = draw(st.sampled_from([[], ["b", "A 1"], ["x,y", "x", "0070"]]))
    values = draw(st.sampled_from([["v"], ["low", "high"], ["p (mbar)", "T", "rh"]]))
    parts = []
    for name in ids or [""]:
        size = int(seed.integers(60, 90))
        start = pd.Timestamp("2021-03-01") + pd.Timedelta(int(seed.integers(0, 3)) * 7, "D")
        index = pd.date_range(start, periods=size, freq=freq, tz=zone)
        part = pd.DataFrame({"at": index} | {column: seed.normal(50, 9, size).round(3) for column in values})
        part[values] = part[values].mask(seed.random((size, len(values))) < draw(st.sampled_from([0.0, 0.04])))
        part.loc[[0, size - 1], values] = 50.125
        parts.append(part.assign(shop=name) if ids else part)
    return pd.concat(parts, ignore_index=True)


@given(tables())
@settings(max_examples=40)
def test_any_table_reads_as_the_same_panel_without_an_option(tmp_path_factory, frame):
    clean = tmp_path_factory.mktemp("any") / "clean.csv"
    written = describe(frame, write_to=clean).written
    assert written is not None
    assert (written.options, written.same) == ("", True)
    assert read_panel(clean).schema.target_cols == read_panel(frame).schema.target_cols


def test_options_that_the_written_file_needs_are_said(tmp_path):
    source, clean = table(tmp_path, "v\n" + "".join(f"{i % 7 + i / 8}\n" for i in range(40))), tmp_path / "clean.csv"
    written = describe(source, ReadOptions(no_time=True), write_to=clean).written
    assert written is not None
    assert (written.options, written.same) == ("--no-time", True)


def test_columns_that_would_not_be_taken_for_values_stand_below_each_other(tmp_path):
    text = "day,sales,store_id\n" + "".join(f"{day},{i % 9},{i * i % 13}\n" for i, day in enumerate(DAYS))
    asked = ReadOptions(target_cols=("sales", "store_id"))
    written = describe(table(tmp_path, text), asked, write_to=tmp_path / "clean.csv").written
    assert written is not None and written.same
    again = read_panel(tmp_path / "clean.csv").panel
    assert sorted(again.ids) == [("sales",), ("store_id",)]


def test_a_single_step_needs_its_length(tmp_path):
    frame = pd.DataFrame({"at": pd.date_range("2024-01-01", periods=24, freq="h"), "v": np.arange(24.0)})
    written = describe(frame, ReadOptions(freq="D", aggregate="sum"), write_to=tmp_path / "clean.csv").written
    assert written is not None and (written.options, written.same) == ("--freq D", True)
