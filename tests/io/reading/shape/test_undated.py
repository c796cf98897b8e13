"""Tables without dates: by a first time and a step, or by step numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import STEP

COMPETITION = "V1,V2,V3,V4,V5,V6,V7,V8,V9,V10\nN1,1,2,3,4,5,6,7,8,9\nN2,2,4,6,8,10,12,14,,\n"


def read(tmp_path: Path, text: str, **options: object) -> ReadResult:
    path = tmp_path / "undated.csv"
    path.write_text(text)
    return read_panel(path, ReadOptions(**options))  # type: ignore[arg-type]


def column(count: int, name: str = "value") -> str:
    return f"{name}\n" + "".join(f"{n % 7}.5\n" for n in range(count))


@pytest.mark.parametrize("text", [column(30), "a,b\n" + "x,1.5\n" * 30, COMPETITION])
def test_refused_with_both_ways(tmp_path, text):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert "--no-time" in caught.value.hint
    assert "--freq D" in caught.value.hint


def test_competition(tmp_path):
    found = read(tmp_path, COMPETITION, start="2021-01-01", freq="MS")
    assert found.panel.ids == (("N1",), ("N2",))
    assert found.panel.lengths.tolist() == [9, 7]
    assert str(found.panel.stamps(0)[-1])[:10] == "2021-09-01"
    steps = read(tmp_path, COMPETITION, no_time=True)
    assert (steps.schema.time_cols, steps.schema.time_formats) == (("step",), (STEP,))
    assert steps.panel.starts.tolist() == [1, 1]


def test_numbered_with_other_columns(tmp_path):
    rows = "".join(f"{key},shop,CA,{','.join(str(n) for n in range(1, 31))}\n" for key in ("a", "b"))
    text = f"id,dept,state,{','.join(f'd_{n}' for n in range(1, 31))}\n{rows}"
    found = read(tmp_path, text, start="2011-01-29", freq="D")
    assert found.schema.id_cols == ("id",)
    assert found.panel.lengths.tolist() == [30, 30]


def test_one_column(tmp_path):
    assert read(tmp_path, column(30), no_time=True).panel.starts.tolist() == [1]
    found = read(tmp_path, column(30), start="2021-01-01 06:00", freq="h")
    assert str(found.panel.stamps(0)[0]) == "2021-01-01T06:00:00.000000"
    blank = read(tmp_path, "value\n1\n2\n\n4\n5\n", no_time=True)
    assert blank.panel.observed.tolist() == [True, True, False, True, True]


def test_a_column_that_counts_is_the_step(tmp_path):
    text = "t,value\n" + "".join(f"{n},{n % 5}.5\n" for n in range(30) if n != 11)
    found = read(tmp_path, text, no_time=True)
    assert found.schema.time_cols == ("t",)
    assert (found.panel.starts[0], found.panel.lengths[0]) == (0, 30)
    dated = read(tmp_path, text, start="2021-01-01", freq="D")
    assert dated.schema.target_cols == ("value",)
    assert dated.panel.lengths.tolist() == [30]
    assert not dated.panel.observed[11]


def test_series_under_each_other(tmp_path):
    text = "shop,value\n" + "".join(f"{shop},{n}.5\n" for shop in "ab" for n in range(20))
    found = read(tmp_path, text, no_time=True)
    assert found.panel.ids == (("a",), ("b",))
    assert found.panel.starts.tolist() == [1, 1]


def test_options_that_do_not_fit(tmp_path):
    dated = "date,y\n" + "".join(f"2021-01-{day:02d},{day}\n" for day in range(1, 20))
    for options in ({"no_time": True}, {"start": "2021-01-01", "freq": "D"}):
        with pytest.raises(OptionError, match="without dates"):
            read(tmp_path, dated, **options)
    with pytest.raises(OptionError, match="needs the step"):
        read(tmp_path, column(9), start="2021-01-01")
    with pytest.raises(OptionError, match="is no time"):
        read(tmp_path, column(9), start="soon", freq="D")
    with pytest.raises(OptionError, match="one of them"):
        read(tmp_path, column(9), start="2021-01-01", freq="D", no_time=True)


def test_again_by_the_schema(tmp_path):
    first = read(tmp_path, column(30), no_time=True)
    (tmp_path / "more.csv").write_text("step,value\n31,1.5\n32,2.5\n")
    again = read_panel(tmp_path / "more.csv", schema=first.schema, frequency=first.panel.frequency)
    assert again.panel.starts.tolist() == [31]
    np.testing.assert_array_equal(again.panel.values, [1.5, 2.5])


def test_fit_and_predict(tmp_path, tsforecast_words=("--model", "linear", "--horizon", "3")):
    from click.testing import CliRunner

    from tsforecast.cli import main

    (tmp_path / "v.csv").write_text(column(120))
    store, out = str(tmp_path / "models"), tmp_path / "f.csv"
    made = CliRunner().invoke(main, ["fit", str(tmp_path / "v.csv"), "--no-time", *tsforecast_words, "--store", store])
    assert made.exit_code == 0, made.output
    made = CliRunner().invoke(main, ["predict", "--store", store, "-o", str(out)])
    assert made.exit_code == 0, made.output
    lines = out.read_text().splitlines()
    assert lines[0].startswith("step,forecast")
    assert [line.split(",")[0] for line in lines[1:]] == ["121", "122", "123"]


@pytest.mark.parametrize("name", ["t", "Nth day", "number"])
def test_what_numbers_the_steps_is_named(name, tmp_path):
    text = f"{name},value\n" + "".join(f"{n},{n % 7}.5\n" for n in range(30))
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert caught.value.hint.startswith(f"if '{name}' numbers the steps, add --start 2021-01-01 --freq D")
    steps = read(tmp_path, text, no_time=True)
    assert (steps.schema.time_cols, steps.panel.starts.tolist()) == ((name,), [0])
    dated = read(tmp_path, text, start="2021-01-01", freq="D")
    assert dated.panel.values.tolist() == steps.panel.values.tolist()
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, freq="D")
    assert "--freq" not in caught.value.hint


def test_one_column_of_numbers_is_not_asked_for_its_delimiter(tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, column(30))
    assert "--delimiter" not in caught.value.hint
    with pytest.raises(DataError) as caught:
        read(tmp_path, "day~value\n" + "2024-01-01~4\n" * 9)
    assert "--delimiter" in caught.value.hint


def test_many_numbered_columns_are_no_months(tmp_path):
    head = ",".join(map(str, range(1, 31)))
    rows = "".join(f"{key},1990,1,{','.join(str(n + 7) for n in range(30))}\n" for key in ("a", "b", "c"))
    text = f"Series,Starting Year,Starting Month,{head}\n{rows}"
    with pytest.raises(DataError, match="the columns '1' to '30' are numbered"):
        read(tmp_path, text)
    assert read(tmp_path, text, no_time=True).panel.lengths.tolist() == [30] * 3
