"""-9999 and its like: a warning where few stand, an error where many do, and nothing of ordinary values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.series.sentinels import held_values

DATASETS = sorted((Path(__file__).parents[3] / "datasets").glob("*.csv"))


def written(tmp_path, sentinel, at):
    values = [str(sentinel) if day in at else f"{10 + day * 7 % 13}.5" for day in range(28)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["day,y", *[f"2023-01-{day + 1:02d},{value}" for day, value in enumerate(values)], ""]))
    return path


def said(result):
    return [note.text for note in result.notes if "stands far" in note.text]


@pytest.mark.parametrize("sentinel", [-9999, -999, -99, -200, 999, 9999, 99999])
def test_few_are_named_and_many_refused(tmp_path, sentinel):
    path = written(tmp_path, sentinel, {4, 9})
    hint = f"add --missing {sentinel}, else --keep-value {sentinel}"
    assert any(note.text.endswith(hint) for note in read_panel(path).notes)
    path = written(tmp_path, sentinel, {2, 5, 8, 11, 14, 17})
    with pytest.raises(DataError, match=f"{sentinel} .6 times") as caught:
        read_panel(path)
    assert caught.value.hint == f"add --missing {sentinel}, or --keep-value {sentinel} if it is measured"
    result = read_panel(path, ReadOptions(missing=(str(sentinel),)))
    assert int((~result.panel.observed).sum()) == 6 and not said(result)
    result = read_panel(path, ReadOptions(keep_value=(str(sentinel),)))
    assert int((result.panel.values == sentinel).sum()) == 6 and not said(result)
    assert held_values(result.panel) == (sentinel,)
    assert "6 times" in said(read_panel(path, held=(float(sentinel),)))[0]


@pytest.mark.parametrize("aggregate", ["sum", "mean", "last"])
def test_sums_of_such_values_are_refused(tmp_path, aggregate):
    times = [f"2023-01-{day + 1:02d} {hour:02d}:00" for day in range(20) for hour in range(24)]
    values = [-9999 if number % 50 == 7 else 10 + number % 13 for number in range(len(times))]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["time,a", *map(",".join, zip(times, map(str, values), strict=True)), ""]))
    options = ReadOptions(freq="D", aggregate=aggregate)
    with pytest.raises(DataError, match=r"-9999 .10 times, first at 2023-01-01 07:00"):
        read_panel(path, options)
    assert not said(read_panel(path, replace(options, missing=("-9999",))))


def test_what_to_keep_is_a_number_and_not_missing(tmp_path):
    path = written(tmp_path, -9999, {4})
    for options in (ReadOptions(keep_value=("x",)), ReadOptions(keep_value=("-9999",), missing=("-9999",))):
        with pytest.raises(OptionError):
            read_panel(path, options)


def test_values_in_reach_are_ordinary(tmp_path):
    assert not said(read_panel(written(tmp_path, 20, {4, 9})))


@pytest.mark.parametrize("path", DATASETS, ids=lambda path: path.stem)
def test_no_real_data_set_has_one(path):
    assert not said(read_panel(path))
