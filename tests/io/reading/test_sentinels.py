"""-9999 and its like: a warning where few stand, an error where many do, and nothing of ordinary values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.series.sentinels import find_sentinels

DATASETS = sorted((Path(__file__).parents[3] / "datasets").glob("*.csv"))


def written(tmp_path, sentinel, at):
    values = [str(sentinel) if day in at else f"{10 + day * 7 % 13}.5" for day in range(28)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["day,y", *[f"2023-01-{day + 1:02d},{value}" for day, value in enumerate(values)], ""]))
    return path


@pytest.mark.parametrize("sentinel", [-9999, -999, -99, -200, 999, 9999, 99999])
def test_few_are_named_and_many_refused(tmp_path, sentinel):
    path = written(tmp_path, sentinel, {4, 9})
    assert any(note.text.endswith(f"add --missing {sentinel}") for note in read_panel(path).notes)
    path = written(tmp_path, sentinel, {2, 5, 8, 11, 14, 17})
    with pytest.raises(DataError, match=f"{sentinel} .6 times") as caught:
        read_panel(path)
    assert caught.value.hint == f"add --missing {sentinel}"
    panel = read_panel(path, ReadOptions(missing=(str(sentinel),))).panel
    assert int((~panel.observed).sum()) == 6 and not find_sentinels(panel)


def test_values_in_reach_are_ordinary(tmp_path):
    assert not any("stands far" in note.text for note in read_panel(written(tmp_path, 20, {4, 9})).notes)


@pytest.mark.parametrize("path", DATASETS, ids=lambda path: path.stem)
def test_no_real_data_set_has_one(path):
    assert not find_sentinels(read_panel(path).panel)
