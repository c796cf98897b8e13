"""`describe --write`: the file holds the series as they were understood, and reads without an option."""

import numpy as np
import pandas as pd
import pytest

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
