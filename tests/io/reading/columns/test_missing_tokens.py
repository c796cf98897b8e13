"""Missing values of the user's own making."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel


@pytest.fixture
def write(tmp_path):
    def write_cells(cells: list[str], delimiter: str = ",") -> str:
        rows = [f"2024-01-{day:02d}{delimiter}{cell}" for day, cell in enumerate(cells, start=1)]
        (tmp_path / "data.csv").write_text("\n".join([f"ds{delimiter}y", *rows, ""]))
        return str(tmp_path / "data.csv")

    return write_cells


def test_numbers_that_mean_missing(write):
    path = write(["1.5", "-999", "3", "-999.0", "5", "999", "4"])
    assert -999 in read_panel(path).panel.values
    result = read_panel(path, ReadOptions(missing=("-999",)))
    assert result.panel.observed.tolist() == [True, False, True, False, True, True, True]
    assert "2 values '-999' read as missing" in [note.text for note in result.notes]


def test_texts_that_mean_missing(write):
    path = write(["1.5", "n/k", "3", "NA", "5", "low", "4"])
    with pytest.raises(DataError, match=r"'n/k' is not a finite number \(and 1 more cell"):
        read_panel(path)
    with pytest.raises(DataError, match=r"'low' is not a finite number"):
        read_panel(path, ReadOptions(missing=("n/k",)))
    result = read_panel(path, ReadOptions(missing=("n/k", "low")))
    assert result.panel.observed.tolist() == [True, False, True, False, True, False, True]
    assert {"1 value 'n/k' read as missing", "1 value 'low' read as missing"} <= {note.text for note in result.notes}


def test_a_column_of_mostly_such_texts_is_still_a_column_of_numbers(write):
    path = write(["1", "x", "x", "2", "x", "3", "4"])
    assert read_panel(path, ReadOptions(missing=("x",))).panel.values[0] == 1


def test_decimal_commas(write):
    path = write(["1,5", "-9,5", "3,25", "4,5"], ";")
    assert read_panel(path, ReadOptions(missing=("-9,5",))).panel.observed.tolist() == [True, False, True, True]


def test_a_token_that_stands_nowhere_is_said(write):
    notes = read_panel(write(["1", "2", "4"]), ReadOptions(missing=("-1", "n/k"))).notes
    texts = [note.text for note in notes if note.kind == "warning"]
    assert texts == ["no value is '-1', which --missing declares", "no value is 'n/k', which --missing declares"]


def test_ids_and_other_columns_are_exempt():
    frame = pd.DataFrame(
        {
            "id": np.repeat(["7", "n/k"], 10),
            "ds": np.tile(pd.date_range("2024-01-01", periods=10), 2),
            "y": [*np.arange(9.0), 7, *np.arange(10.0)],
        }
    )
    result = read_panel(frame, ReadOptions(missing=("7", "n/k")))
    assert result.panel.ids == (("7",), ("n/k",))
    assert result.panel.lengths.tolist() == [9, 10]
    assert int((~result.panel.observed).sum()) == 2
