"""What stands round a table: totals and sources below it, a `sep=` line, blanks in place of delimiters, other kinds."""

from __future__ import annotations

import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.table import RawTable, text_table

DAYS = [f"2022-03-{day:02d}" for day in range(1, 29)]
ROWS = "".join(f"{day},{number % 5}\n" for number, day in enumerate(DAYS))
TOTAL = sum(number % 5 for number in range(len(DAYS)))


def read(text: str, **options: object) -> RawTable:
    return text_table(text.encode(), "f", ReadOptions(**options))


def notes(table: RawTable) -> str:
    return "; ".join(note.text for note in table.notes)


@pytest.mark.parametrize(
    "below",
    [
        f"Total,{TOTAL}\n",
        f"Grand Total,{TOTAL}",
        f"\n\nGesamt,{TOTAL}\n\n",
        f",{TOTAL}\n",
        "Source: A Bureau\n",
        "Source: A Bureau, Somewhere, 2022\n",
        "\nAll figures are provisional.\n",
        "(28 rows)\n",
        "* provisional\n",
        f"Mean,2\nSum,{TOTAL}\nNote: provisional\n",
    ],
)
def test_lines_below_the_rows_are_left_out(below):
    table = read("day,sold\n" + ROWS + below)
    assert table.rows == len(DAYS)
    assert "below the rows left out" in notes(table)


def test_a_total_below_rows_that_begin_with_ids():
    rows = "".join(f"{shop},{day},{number}\n" for shop in ("east", "west") for number, day in enumerate(DAYS))
    table = read("shop,day,sold\n" + rows + "Total,,756\n")
    assert table.rows == 2 * len(DAYS)
    with pytest.raises(DataError, match="1 cell, the header has 3"):
        read("shop,day,sold\n" + rows + "west\n")


def test_years_without_dates_have_a_total_as_well():
    rows = "".join(f"{year},{year % 7}\n" for year in range(1990, 2020))
    assert read("year,sold\n" + rows + "Total,90\n").rows == 30


@pytest.mark.parametrize(
    ("below", "lines"), [("sold out,9\n", 1), (",99\n", 1), ("odd,9\n\n", 2), ("odd,9\nTotal,1\n", 2)]
)
def test_what_may_be_a_row_is_asked_about(below, lines):
    text = "day,sold\n" + ROWS + below
    with pytest.raises(DataError, match=r"is not a date|time is missing") as caught:
        read(text)
    assert (caught.value.row, caught.value.column) == (len(DAYS) + 2, "day")
    assert f"--skip-footer {lines};" in caught.value.hint
    table = read(text, skip_footer=lines)
    assert table.rows == len(DAYS)
    assert f"{lines} line" in notes(table)


@pytest.mark.parametrize("last", ["2022-03-2", "2022-04-01,", "2022-04-01", "2022"])
def test_a_cut_row_is_no_footer(last):
    try:
        table = read("day,sold\n" + ROWS + last)
    except DataError as error:
        assert error.row == len(DAYS) + 2
    else:
        assert table.rows == len(DAYS) + 1


def test_more_lines_than_there_are():
    with pytest.raises(DataError, match="the file has no rows"):
        read("day,sold\n" + ROWS, skip_footer=10**12)


def test_a_line_that_names_the_delimiter():
    for top in ("sep=;\n", '"sep=;"\n', "SEP=;\n\n"):
        table = read(top + "day;sold\n" + ROWS.replace(",", ";"))
        assert table.names == ["day", "sold"]
        assert table.lines[0] == top.count("\n") + 2
        assert "'sep=;'" in notes(table)
    assert read("sep=|\nday,a|sold\n" + ROWS.replace(",", "|")).names == ["day,a", "sold"]


def test_runs_of_blanks():
    rows = "".join(f"  2020 {month:4d}   {month * 3}.5\n" for month in range(1, 13))
    table = read("Year Month  Level\n" + rows)
    assert table.names == ["Year", "Month", "Level"]
    assert "parted by runs of blanks" in notes(table)
    assert read("Year Month  Level\n" + rows, delimiter=" ").names == table.names
    with pytest.raises(DataError, match="2 cells") as caught:
        read("Year Month  Level\n" + rows * 200 + "2021 5\n")
    assert (caught.value.row, "runs of blanks" in caught.value.hint) == (2402, True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[{"ds": "2021-01-01", "y": 1}]', "JSON"),
        ('{"ds": "2021-01-01", "y": 1}\n{"ds": "2021-01-02", "y": 1}\n', "JSON"),
        ("<!DOCTYPE html>\n<html>", "HTML or XML"),
        ('\n<?xml version="1.0"?><a/>', "HTML or XML"),
    ],
)
def test_other_kinds_of_text_are_named(text, kind):
    with pytest.raises(DataError, match=kind):
        read(text)
