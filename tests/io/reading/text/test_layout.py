"""Lines above the rows: titles, names, further header lines, units."""

from __future__ import annotations

import pytest

from tests.io.reading.text.test_chunks import ways
from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.table import RawTable, text_table

DAYS = [f"2022-03-{day:02d}" for day in range(1, 29)]
WIDE = "".join(f"{day},{number}.5,{number * 7}\n" for number, day in enumerate(DAYS))


def read(text: str, **options: object) -> RawTable:
    return text_table(text.encode(), "f", ReadOptions(**options))


def notes(table: RawTable) -> str:
    return "; ".join(note.text for note in table.notes)


@pytest.mark.parametrize(
    ("top", "names", "note"),
    [
        ("Customer,A PERSON\nStreet,2 SIDE ST\n\nDATE,USE,COST\n", ["DATE", "USE", "COST"], "2 lines above the header"),
        ("Customer,A PERSON,x\nStreet,SIDE ST,y\n\nDATE,USE,COST\n", ["DATE", "USE", "COST"], "2 lines above"),
        ("Customer,A PERSON,x\nDATE,USE,COST\n", ["DATE", "USE", "COST"], "1 line above"),
        ("Rain in the valley\nDay,rain,level\n(local),mm,cm\n", ["Day", "rain", "level"], "1 further header line"),
        ("a,b,c\nUTC,kWh,%\n", ["a", "b", "c"], "1 further header line below the names left out: 'UTC,kWh,%'"),
        ("Price,Close,Open\nTicker,QQ,QQ\nDate,,\n", ["Date", "Close", "Open"], "2 further header lines"),
        ("Price,Close,Close\nTicker,QQ,RR\nDate,,\n", ["Date", "Close QQ", "Close RR"], "stand in 3 lines"),
        (",Shop,Shop\nday,east,west\n", ["day", "east", "west"], "1 line above"),
        ('"L1","MODEL","MODEL","77"\n"TIMESTAMP","Air","RH"\n"TS","Deg C","%"\n"","Avg","Smp"\n',
         ["TIMESTAMP", "Air", "RH"], "2 further header lines"),
    ],
)  # fmt: skip
def test_names_are_found(top, names, note):
    table = read(top + WIDE)
    assert table.names == names
    assert table.lines[0] == top.count("\n") + 1
    assert table.rows == len(DAYS)
    assert note in notes(table)


def test_two_lines_that_could_be_the_names_are_asked_about():
    text = "east,west,north\nred,green,blue\n" + WIDE
    with pytest.raises(DataError, match=r"line 1 .* and line 2") as caught:
        read(text)
    assert (caught.value.row, "--skip-rows 1;" in caught.value.hint) == (2, True)
    assert read(text, skip_rows=1).names == ["red", "green", "blue"]


@pytest.mark.parametrize("first", ["2O22-02-28,,", "x,3.5,7", ",1,2", ",NA,", "n/a,,", "28.2,a,b"])
def test_a_damaged_first_row_is_no_line_of_units(first):
    table = read(f"day,a,b\n{first}\n{WIDE}")
    assert (table.rows, table.lines[0]) == (len(DAYS) + 1, 2)


def test_a_first_row_without_a_number_is_kept_where_no_column_holds_dates():
    months = "".join(f"{month},{number}\n" for number, month in enumerate(("Feb", "Mar", "Apr", "May", "Jun")))
    for first in ("Jan,", "Jan,closed"):
        assert read(f"month,sold\n{first}\n{months}").rows == 6


def test_errors_below_a_title_keep_their_line():
    with pytest.raises(DataError, match="2 cells, the header has 3") as caught:
        read("Title\n\nday,a,b\n" + WIDE + "2022-04-01,5\n")
    assert caught.value.row == 3 + len(DAYS) + 1


@pytest.mark.parametrize("block", [40, 8 << 20])
@pytest.mark.parametrize("quoted", ["", '2022-02-28,"1",2\n'])
def test_the_header_again_and_rows_of_empty_cells(block, quoted):
    half = WIDE[: WIDE.index("2022-03-15")]
    text = f"day,a,b\n{quoted}{half},,\nday,a,b\n{WIDE[len(half) :]},,\n,,\n"
    with ways(block=block):
        table = read(text)
    assert table.rows == len(DAYS) + bool(quoted)
    assert "3 blank lines skipped" in notes(table)
    assert f"1 line below, the first of them line {17 + bool(quoted)}" in notes(table)
    assert table.lines[-1] == 29 + bool(quoted) + 2


def test_delimiters_at_the_end():
    rows = "".join(f"{line},\n" for line in WIDE.split())
    assert read("day,a,b\n" + rows).names == ["day", "a", "b"]
    assert read("day,a,b,\n" + WIDE).names == ["day", "a", "b"]
    with pytest.raises(DataError, match="4 cells, the header has 3") as caught:
        read("day,a,b\n" + rows * 8 + "2023-01-01,1,2,3\n")
    assert caught.value.row == 8 * len(DAYS) + 2
