"""Tables whose header holds times: turned, or asked about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def lines_of(header: list[str], rows: list[list[object]], mark: str = ",") -> str:
    return "\n".join(mark.join(str(cell) for cell in row) for row in [header, *rows]) + "\n"


def read(tmp_path: Path, text: str, **options: object) -> ReadResult:
    path = tmp_path / "wide.csv"
    path.write_text(text)
    return read_panel(path, ReadOptions(**options))  # type: ignore[arg-type]


def years(names: list[str], *, extra: bool = False) -> str:
    rows: list[list[object]] = [[1990 + y, *(100 * y + m for m in range(len(names)))] for y in range(8)]
    return lines_of(["Year", *names, *(["Annual"] if extra else [])], [[*row, 7] if extra else row for row in rows])


@pytest.mark.parametrize(
    "names",
    [MONTHS, [name.upper() for name in MONTHS], [str(m) for m in range(1, 13)], [f"M{m:02d}" for m in range(1, 13)]],
)
def test_years_and_months(tmp_path, names):
    found = read(tmp_path, years(names))
    assert found.panel.n_series == 1
    assert found.panel.frequency.alias == "MS"
    np.testing.assert_array_equal(found.panel.values, [100 * y + m for y in range(8) for m in range(12)])
    assert found.schema.time_formats == ("%Y-%m",)
    assert any("each row is a year" in note.text for note in found.notes)


def test_sums_beside_months_are_left_out(tmp_path):
    found = read(tmp_path, years(MONTHS, extra=True))
    assert found.panel.values.size == 96
    assert any("'Annual' not used" in note.text for note in found.notes)


def test_years_and_quarters(tmp_path):
    found = read(tmp_path, years(["Q1", "Q2", "Q3", "Q4"]))
    assert found.panel.frequency.alias == "QS-JAN"
    assert found.panel.values.size == 32


def day_table(names: list[str], ids: tuple[str, ...] = ("a", "b")) -> str:
    days = pd.date_range("2023-03-01", periods=20).strftime("%Y-%m-%d")
    rows: list[list[object]] = [
        [key, day, *(i + 10 * d for i in range(len(names)))] for key in ids for d, day in enumerate(days)
    ]
    return lines_of(["meter", "day", *names], rows)


@pytest.mark.parametrize(
    ("names", "first"),
    [
        ([f"hh_{n}" for n in range(48)], "00:00"),
        ([f"H{n:02d}" for n in range(1, 25)], "00:00"),
        ([str(n) for n in range(24)], "00:00"),
        ([f"{n // 2:02d}:{n % 2 * 30:02d}" for n in range(48)], "00:00"),
        ([f"{n // 4:02d}:{n % 4 * 15:02d}" for n in range(1, 97)], "00:15"),
        ([f"{n // 2:02d}{n % 2 * 30:02d}" for n in range(48)], "00:00"),
    ],
)
def test_days_and_parts_of_a_day(tmp_path, names, first):
    found = read(tmp_path, day_table(names))
    panel = found.panel
    assert [key[0] for key in panel.ids] == ["a", "b"]
    assert (panel.lengths == 20 * len(names)).all()
    assert str(panel.stamps(0)[0]) == f"2023-03-01T{first}:00.000000"
    np.testing.assert_array_equal(panel.series(0)[: len(names)], np.arange(len(names)))


def test_flags_beside_hours_are_left_out(tmp_path):
    days = pd.date_range("2023-03-01", periods=10)
    names = [name for n in range(1, 25) for name in (f"H{n:02d}", f"V{n:02d}")]
    rows: list[list[object]] = [
        [day.strftime("%Y-%m-%d"), *(cell for n in range(24) for cell in (n, "V"))] for day in days
    ]
    found = read(tmp_path, lines_of(["day", *names], rows))
    assert found.panel.n_series == 1
    assert found.panel.values.size == 240


def test_sensors_are_no_hours(tmp_path):
    found = read(tmp_path, day_table([f"sensor_{n}" for n in range(1, 25)], ("a",)))
    assert found.panel.n_series == 24


def test_bare_numbers_from_one_are_asked_about(tmp_path):
    text = day_table([str(n) for n in range(1, 25)], ("a",))
    found = read(tmp_path, text)
    assert found.panel.n_series == 24
    assert any(note.kind == "warning" and "--unpivot" in note.text for note in found.notes)
    assert read(tmp_path, text, unpivot=True).panel.frequency.alias == "h"


def series_table(header: list[str], ids: list[str], rows: list[list[str]]) -> str:
    return lines_of([*ids, *header], [[*row, *(10 * r + n for n in range(len(header)))] for r, row in enumerate(rows)])


@pytest.mark.parametrize(
    ("header", "alias", "time_format"),
    [
        ([str(year) for year in range(1980, 2000)], "YS-JAN", "%Y"),
        ([f"{year} [YR{year}]" for year in range(1980, 2000)], "YS-JAN", "%Y"),
        ([f"X{year}" for year in range(1980, 2000)], "YS-JAN", "%Y"),
        ([f"{month}-{year}" for year in (20, 21, 22) for month in MONTHS], "MS", "%b-%y"),
        ([f"{year}Q{part}" for year in (2019, 2020, 2021) for part in (1, 2, 3, 4)], "QS-JAN", "%YQ%q"),
        ([str(day)[:10] for day in pd.date_range("2022-01-31", periods=24, freq="ME")], "ME", "%Y-%m-%d"),
    ],
)
def test_one_series_a_row(tmp_path, header, alias, time_format):
    found = read(tmp_path, series_table(header, ["code", "name"], [["x", "north"], ["x", "south"], ["x", "west"]]))
    assert found.panel.ids == (("north",), ("south",), ("west",))
    assert found.schema.id_cols == ("name",)
    assert found.panel.frequency.alias == alias
    assert found.schema.time_formats == (time_format,)
    np.testing.assert_array_equal(found.panel.series(1), 10 + np.arange(len(header)))


@pytest.mark.parametrize(
    ("names", "value"),
    [
        ([f"POP{year}" for year in range(1980, 2000)], "POP"),
        ([f"net sales {year}" for year in range(1980, 2000)], "net sales"),
        ([f"{year}-{month:02d}_sold" for year in (2020, 2021) for month in range(1, 13)], "sold"),
        ([f"sold_{year}_{month:02d}" for year in (2020, 2021) for month in range(1, 13)], "sold"),
        ([f"year_{year}" for year in range(1980, 2000)], "value"),
    ],
)
def test_years_and_months_behind_what_they_measure(tmp_path, names, value):
    found = read(tmp_path, series_table(names, ["code", "name"], [["x", "north"], ["x", "south"], ["x", "west"]]))
    assert (found.schema.id_cols, found.schema.target_cols) == (("name",), (value,))
    assert found.panel.frequency.alias == ("YS-JAN" if len(names) == 20 else "MS")
    np.testing.assert_array_equal(found.panel.series(2), 20 + np.arange(len(names)))


def census(years: range = range(2010, 2020)) -> str:
    names = [f"{measure}{year}" for measure in ("PEOPLE", "BIRTHS") for year in years] + ["PEOPLE2010BASE", "RATE2019"]
    return series_table(names, ["state"], [["Iowa"], ["Utah"]])


def test_several_measures_are_columns_of_their_own(tmp_path):
    found = read(tmp_path, census())
    assert found.schema.target_cols == ("PEOPLE", "BIRTHS")
    assert found.panel.ids == (("Iowa", "PEOPLE"), ("Iowa", "BIRTHS"), ("Utah", "PEOPLE"), ("Utah", "BIRTHS"))
    np.testing.assert_array_equal(found.panel.series(3), 20 + np.arange(10))
    assert any("'PEOPLE2010BASE', 'RATE2019' not used" in note.text for note in found.notes)
    again = read_panel(tmp_path / "wide.csv", schema=found.schema, frequency=found.panel.frequency)
    np.testing.assert_array_equal(again.panel.values, found.panel.values)


def test_measures_whose_columns_stand_in_another_order(tmp_path):
    years = [str(year) for year in range(2010, 2020)]
    names = [*(f"people {year}" for year in years), *(f"births {year}" for year in reversed(years))]
    found = read(tmp_path, series_table(names, ["state"], [["Iowa"], ["Utah"]]))
    np.testing.assert_array_equal(found.panel.series(1), np.arange(19, 9, -1))


def test_one_of_several_measures(tmp_path):
    assert read(tmp_path, census(), target_cols=("BIRTHS",)).panel.ids == (("Iowa",), ("Utah",))
    with pytest.raises(OptionError, match="no column 'BIRTH'") as caught:
        read(tmp_path, census(), target_cols=("BIRTH",))
    assert caught.value.hint == "did you mean 'BIRTHS'?"


@pytest.mark.parametrize(
    "names",
    [
        ["Adj1998", "Adj2007", "Adj2011", "Adj2014"],
        ["RET0101", "RET0102", "RET0103", "RET0104"],
        [f"gene.{number}" for number in range(1, 2400)],
        [*(f"born_{year}" for year in range(1950, 1960)), *(f"answer {word}" for word in "abcdefghijklmnopqrstuvwxyz")],
    ],
)
def test_names_with_numbers_are_no_years(tmp_path, names):
    with pytest.raises(DataError, match="no column holds"):
        read(tmp_path, series_table(names, ["code"], [["LAT12"], ["POP13"], ["REG14"], ["SUM15"]]))


def test_a_date_beside_measures_comes_first(tmp_path):
    days = pd.date_range("2023-01-01", periods=30).strftime("%Y-%m-%d")
    rows: list[list[object]] = [[day, *(n * n + part for part in range(5))] for n, day in enumerate(days)]
    names = [f"plan {year}" for year in range(2020, 2025)]
    assert read(tmp_path, lines_of(["date", *names], rows)).schema.target_cols == tuple(names)


def test_empty_ids_beside_coordinates(tmp_path):
    header = [f"1/{day}/23" for day in range(1, 32)]
    rows = [["", "Utopia", "1.5"], ["East", "Atlantis", "2.5"], ["West", "Atlantis", "3.5"]]
    found = read(tmp_path, series_table(header, ["Province", "Country", "Lat"], rows))
    assert found.panel.ids == (("(none)", "Utopia"), ("East", "Atlantis"), ("West", "Atlantis"))
    assert any("'Lat' not used" in note.text for note in found.notes)


def test_statistical_office(tmp_path):
    header = [f"2020-{month:02d} " for month in range(1, 13)]
    rows = [
        [f"M,I15,{place}", *(f"{n + 0.5} p" if n == 11 else ": " if n == 0 else f"{n + 0.5} " for n in range(12))]
        for place in ("DE", "FR")
    ]
    found = read(tmp_path, lines_of(["freq,unit,geo\\TIME_PERIOD", *header], rows, "\t"))
    assert found.schema.id_cols == ("geo",)
    np.testing.assert_array_equal(found.panel.series(0), np.arange(1, 12) + 0.5)


def test_uneven_dates_are_asked_about(tmp_path):
    header = ["2020-01-01", "2020-01-02", "2020-02-11", "2020-02-12", "2020-07-01", "2021-01-01", "2021-01-02"]
    with pytest.raises(DataError, match="uneven steps") as caught:
        read(tmp_path, series_table(header, ["name"], [["a"], ["b"]]))
    assert "--unpivot" in caught.value.hint


def test_a_date_in_the_rows_comes_first(tmp_path):
    days = pd.date_range("2023-01-01", periods=30).strftime("%Y-%m-%d")
    rows: list[list[object]] = [[day, n * n, 2.5 * n, 3.5 * n + 1] for n, day in enumerate(days)]
    assert read(tmp_path, lines_of(["date", "2020", "2021", "2022"], rows)).panel.n_series == 3


def test_errors_name_the_line_of_the_wide_file(tmp_path):
    header = [str(year) for year in range(1980, 2000)]
    text = series_table(header, ["name"], [["a"], ["b"], ["c"]]).replace(",25,", ",2x5,")
    with pytest.raises(DataError, match="2x5") as caught:
        read(tmp_path, text)
    assert caught.value.row == 3


def test_nothing_to_unpivot(tmp_path):
    with pytest.raises(OptionError, match="there are none"):
        read(tmp_path, "date,y\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n", unpivot=True)


def test_data_frame():
    frame = pd.DataFrame({"name": ["a", "b"], **{str(year): [year + 0.5, 1.0] for year in range(1990, 2010)}})
    found = read_panel(frame, ReadOptions())
    np.testing.assert_array_equal(found.panel.series(0), np.arange(1990, 2010) + 0.5)


def test_again_by_the_schema(tmp_path):
    header = [str(year) for year in range(1980, 2000)]
    text = series_table(header, ["name"], [["a"], ["b"]])
    first = read(tmp_path, text)
    again = read_panel(tmp_path / "wide.csv", schema=first.schema, frequency=first.panel.frequency)
    np.testing.assert_array_equal(first.panel.values, again.panel.values)
    (tmp_path / "long.csv").write_text(
        "name,time,value\n" + "".join(f"a,{year},{year}\n" for year in range(1990, 2005))
    )
    long = read_panel(tmp_path / "long.csv", schema=first.schema, frequency=first.panel.frequency)
    np.testing.assert_array_equal(long.panel.values, np.arange(1990, 2005))
