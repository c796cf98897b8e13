"""Rows that sum up a year among those of its months."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel


def read(tmp_path, rule: str, month: str = "M{:02d}", *, wrong: bool = False) -> tuple[ReadResult, np.ndarray]:
    values = np.round(5 + np.random.default_rng(0).random((2, 6, 12)) * 3, 1)
    rows = ["series id,year,period,value"]
    for number, name in enumerate(("A1", "B2")):
        for year in range(6):
            cells = values[number, year]
            rows += [f"{name},{2010 + year},{month.format(at + 1)},{cell}" for at, cell in enumerate(cells)]
            total = cells.mean() if rule == "mean" else cells.sum()
            rows.append(f"{name},{2010 + year},{month.format(13)},{total + 3 * wrong * (year == 2):.1f}")
    (tmp_path / "a.csv").write_text("\n".join([*rows, ""]))
    return read_panel(tmp_path / "a.csv", ReadOptions()), values


@pytest.mark.parametrize("rule", ["mean", "sum"])
@pytest.mark.parametrize("month", ["M{:02d}", "m{}"])
def test_thirteenth_months_are_left_out(rule, month, tmp_path):
    result, values = read(tmp_path, rule, month)
    assert (result.schema.id_cols, result.panel.lengths.tolist()) == (("series id",), [72, 72])
    np.testing.assert_array_equal(result.panel.values, values.ravel())
    assert any(f"12 rows of 'period' {month.format(13)}, the {rule} of a year each" in n.text for n in result.notes)


def test_thirteenth_months_that_are_something_else_are_refused(tmp_path):
    with pytest.raises(DataError, match="'M13' is not a month") as caught:
        read(tmp_path, "mean", wrong=True)
    assert "leave the row out" in caught.value.hint
