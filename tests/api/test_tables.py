"""What holds a table in Python, as a data frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.conftest import make_series
from tsforecast.api.tables import as_table, with_given
from tsforecast.errors import OptionError

FRAME = make_series(5)
NUMBERS = [1.0, 2.0, 3.0]


class Stream:
    """A frame of a library that speaks Arrow and nothing else."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return pa.Table.from_pandas(FRAME, preserve_index=False).__arrow_c_stream__(requested_schema)


class Polars:
    """A frame that can become one of pandas."""

    def to_pandas(self) -> pd.DataFrame:
        return FRAME


@pytest.mark.parametrize("data", [pa.Table.from_pandas(FRAME), Stream(), Polars(), FRAME], ids=lambda data: type(data))
def test_frames(data):
    made, options = as_table(data)
    assert list(made.columns) == ["ds", "y"] and made["y"].tolist() == FRAME["y"].tolist() and options == {}
    assert list(pd.to_datetime(made["ds"])) == list(FRAME["ds"])


@pytest.mark.parametrize("path", ["data.csv", Path("data.csv")])
def test_paths_stay_paths(path):
    assert as_table(path) == (path, {})


@pytest.mark.parametrize("data", [NUMBERS, tuple(NUMBERS), np.array(NUMBERS), pd.Series(NUMBERS), np.array([1, 2, 3])])
def test_numbers_in_their_order(data):
    made, options = as_table(data)
    assert made["y"].tolist() == NUMBERS and options == {"no_time": True}


def test_a_series_with_times():
    made, options = as_table(FRAME.set_index("ds")["y"].rename("sold"))
    assert list(made.columns) == ["sold"] and isinstance(made.index, pd.DatetimeIndex) and options == {}


@pytest.mark.parametrize("data", [np.ones((2, 2)), 5, None, ["a", "b"], object(), {"y": [1, 2]}])
def test_what_is_no_table(data):
    with pytest.raises(OptionError, match="give a data frame"):
        as_table(data)


def test_who_says_when_the_steps_are_numbers_none():
    assert with_given({"no_time": True}, {"start": "2024", "freq": "D"}) == {"start": "2024", "freq": "D"}
    assert with_given({"no_time": True}, {"encoding": "latin-1"}) == {"no_time": True, "encoding": "latin-1"}
