"""Workbooks: the same table as from a CSV file, and errors that name the cell."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading import source
from tsforecast.io.reading.files import kinds
from tsforecast.io.reading.files.cells import cell_text, number_text
from tsforecast.io.reading.files.workbook import letters_of
from tsforecast.io.reading.panel import read_panel

openpyxl = pytest.importorskip("openpyxl")
FIRST = dt.datetime(2023, 3, 1)


def rows(count=40, hours=24, value=lambda n: 10 + n % 7 + n / 8):
    return [["day", "sold"], *([FIRST + dt.timedelta(hours=hours * n), value(n)] for n in range(count))]


def book(path, *, first=(1, 1), hidden=(), **sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, table in sheets.items():
        sheet = made.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for down, row in enumerate(table):
            for across, cell in enumerate(row):
                sheet.cell(first[0] + down, first[1] + across, cell)
    made.save(path)
    return path


def texts(result):
    return [note.text for note in result.notes]


def test_a_sheet_reads_like_the_same_table_as_text(tmp_path):
    table = rows()
    path = tmp_path / "a.csv"
    path.write_text("\n".join(f"{str(day)[:10]},{sold}" for day, sold in table))
    plain, sheet = read_panel(path), read_panel(book(tmp_path / "a.xlsx", Sales=table))
    assert np.array_equal(plain.panel.values, sheet.panel.values)
    assert plain.schema == sheet.schema and sheet.schema.time_formats == ("%Y-%m-%d",)
    assert texts(plain)[:2] == texts(sheet)[:2] and sheet.text is None


def test_hours_are_whole_seconds_though_days_are_counted_in_floating_point(tmp_path):
    result = read_panel(book(tmp_path / "a.xlsx", Sales=rows(100, hours=1)))
    assert result.panel.frequency.name == "hourly" and result.panel.lengths.tolist() == [100]
    assert result.schema.time_formats == ("%Y-%m-%d %H:%M:%S",)


@pytest.mark.parametrize("ending", ["xls", "ods"])
def test_other_workbooks(ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    frame = pd.DataFrame(rows()[1:], columns=["day", "sold"])
    if ending == "ods":
        pytest.importorskip("odf")
        frame.to_excel(path, index=False, engine="odf")
    else:
        xlwt = pytest.importorskip("xlwt")
        made, style = xlwt.Workbook(), xlwt.easyxf(num_format_str="YYYY-MM-DD")
        sheet = made.add_sheet("Sales")
        for down, (day, sold) in enumerate(rows()):
            sheet.write(down, 0, day, style if down else xlwt.Style.default_style)
            sheet.write(down, 1, sold)
        made.save(str(path))
    result = read_panel(path)
    assert result.panel.values.tolist() == frame["sold"].tolist()


def test_a_table_anywhere_on_the_sheet_and_its_addresses(tmp_path):
    table = rows()
    table[5][1] = "a lot"
    with pytest.raises(DataError, match="'a lot' is not a finite number") as caught:
        read_panel(book(tmp_path / "a.xlsx", first=(3, 27), Sales=table))
    assert "a.xlsx, cell AB8, column 'sold'" in str(caught.value)
    assert caught.value.to_dict()["where"] == "cell AB8"
    assert caught.value.row == 8


def test_a_date_that_is_a_text_among_typed_ones(tmp_path):
    table = rows()
    table[6][0] = "some day"
    with pytest.raises(DataError, match=r"cell A7, column 'day': 'some day' is not a date"):
        read_panel(book(tmp_path / "a.xlsx", Sales=table), ReadOptions(time_col="day"))


def test_texts_are_read_by_the_rules_of_text(tmp_path):
    table = [["day", "sold"], *([f"{n + 1}.3.2023", f"{n},5"] for n in range(31))]
    result = read_panel(book(tmp_path / "a.xlsx", Sales=table))
    assert result.panel.values[:3].tolist() == [0.5, 1.5, 2.5]


@pytest.mark.parametrize("options", [{"thousands": "."}, {"decimal": ","}, {"thousands": ","}, {}])
def test_no_option_takes_a_typed_number_for_another(options, tmp_path):
    path = book(tmp_path / "a.xlsx", Sales=rows(value=lambda n: 1.234 + n))
    result = read_panel(path, ReadOptions(**options))
    assert result.panel.values[:3].tolist() == [1.234, 2.234, 3.234]


def test_one_sheet_with_a_table_beside_others_is_read_and_named(tmp_path):
    notes = [["Report", ""], ["made by", "somebody"]]
    path = book(tmp_path / "a.xlsx", About=notes, Sales=rows(), Old=rows(), hidden=["Old"])
    assert "sheet 'Sales' of 3" in texts(read_panel(path))


def test_several_sheets_with_tables_are_listed(tmp_path):
    path = book(tmp_path / "a.xlsx", North=rows(), South=rows(value=lambda n: 500 + n % 3))
    with pytest.raises(DataError, match="2 sheets hold tables: 'North', 'South'") as caught:
        read_panel(path)
    assert caught.value.hint == "name one with --sheet, such as --sheet North"
    for name in ("South", "2"):
        assert read_panel(path, ReadOptions(sheet=name)).panel.values.min() == 500
    for name in ("West", "3", "0"):
        with pytest.raises(OptionError, match=f"no sheet '{name}'; the sheets are 'North', 'South'"):
            read_panel(path, ReadOptions(sheet=name))


def test_a_sheet_is_named_in_a_workbook_only(tmp_path):
    (tmp_path / "a.csv").write_text("day,sold\n2024-01-01,1\n")
    with pytest.raises(OptionError, match="--sheet"):
        read_panel(tmp_path / "a.csv", ReadOptions(sheet="1"))


def test_a_title_and_blank_rows_above(tmp_path):
    path = book(tmp_path / "a.xlsx", Sales=[["Sales of the year"], [], *rows()])
    assert read_panel(path, ReadOptions(skip_rows=2)).panel.lengths.tolist() == [40]


def test_a_formula_that_was_never_counted_is_no_missing_value(tmp_path):
    table = rows()
    table[4][1] = "=1+1"
    with pytest.raises(DataError, match="the formula in cell B5 has no stored result") as caught:
        read_panel(book(tmp_path / "a.xlsx", Sales=table))
    assert "save it" in caught.value.hint


def test_errors_of_formulas_are_said(tmp_path):
    made = openpyxl.load_workbook(book(tmp_path / "a.xlsx", Sales=rows()))
    cell = made["Sales"]["B9"]
    cell.value, cell.data_type = "#REF!", "e"
    made.save(tmp_path / "a.xlsx")
    (note,) = [text for text in texts(read_panel(tmp_path / "a.xlsx")) if "#DIV/0!" in text]
    assert "1 cell of the sheet, first B9" in note


def test_the_rows_of_a_sheet_are_counted(tmp_path):
    path = book(tmp_path / "a.xlsx", Sales=rows(40))
    assert read_panel(path, ReadOptions(max_rows=40)).rows == 40
    with pytest.raises(DataError, match="at most 39 are allowed"):
        read_panel(path, ReadOptions(max_rows=39))


def test_a_workbook_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    path = book(tmp_path / "a.xlsx", Sales=rows(200))
    monkeypatch.setattr(source, "_LARGE_BYTES", 1000)
    monkeypatch.setattr(source, "_MOST_RATIO", 1)
    with pytest.raises(DataError, match="the workbook expands to more than"):
        read_panel(path)


def test_a_cell_far_off_the_table_is_refused(tmp_path):
    path = book(tmp_path / "a.xlsx", Sales=rows())
    made = openpyxl.load_workbook(path)
    made["Sales"]["XFD1048576"] = 1
    made.save(path)
    with pytest.raises(DataError, match="reaches to row 1,048,576 and column 16,384"):
        read_panel(path)


def test_a_long_text_in_many_cells_is_refused(tmp_path):
    packed = io.BytesIO()
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 20_001))
    with zipfile.ZipFile(book(tmp_path / "a.xlsx", Sales=rows())) as before, zipfile.ZipFile(packed, "w", 8) as after:
        for name in before.namelist():
            data = before.read(name)
            if name.endswith("sheet1.xml"):
                start, end = data.index(b"<sheetData>") + 11, data.index(b"</sheetData>")
                data = data[:start] + cells + data[end:]
            if name != "xl/sharedStrings.xml":
                after.writestr(name, data)
        after.writestr("xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * 32_000 + b"</t></si></sst>")
    (tmp_path / "a.xlsx").write_bytes(packed.getvalue())
    with pytest.raises(DataError, match="the workbook expands to more than"):
        read_panel(tmp_path / "a.xlsx")


def test_an_ods_that_repeats_a_row_too_often_is_refused(tmp_path):
    pytest.importorskip("odf")
    path, packed = tmp_path / "a.ods", io.BytesIO()
    pd.DataFrame(rows()[1:], columns=["day", "sold"]).to_excel(path, index=False, engine="odf")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(packed, "w", 8) as after:
        for name in before.namelist():
            data = before.read(name)
            if name == "content.xml":
                start = data.rindex(b"<table:table-row")
                data = data[:start] + data[start:].replace(
                    b"<table:table-row", b'<table:table-row table:number-rows-repeated="99999999"', 1
                )
            after.writestr(name, data)
    assert path.stat().st_size < 1 << 16
    path.write_bytes(packed.getvalue())
    with pytest.raises(DataError, match="the workbook expands to more than"):
        read_panel(path)


@pytest.mark.parametrize("cut", [30, 2000, -30])
def test_a_damaged_workbook(cut, tmp_path):
    path = book(tmp_path / "a.xlsx", Sales=rows())
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"damaged|cut off"):
        read_panel(path)


def test_without_the_extra_the_hint_says_how_to_install_it(tmp_path, monkeypatch):
    path = book(tmp_path / "a.xlsx", Sales=rows())

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(kinds.importlib, "import_module", missing)
    with pytest.raises(OptionError, match="python-calamine") as caught:
        read_panel(path)
    assert "pip install python-calamine" in caught.value.hint


@pytest.mark.parametrize(("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_letters(position, letters):
    assert letters_of(position) == letters


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (0.1, "0.1"),
        (True, "true"),
        ("a\nb", "a b"),
        (dt.time(1, 30), "01:30:00"),
        (dt.timedelta(hours=30), "30:00:00"),
        (dt.datetime(2024, 1, 1, 0, 59, 59, 999_999), "2024-01-01 01:00:00"),
        (dt.datetime(2024, 1, 1, 0, 0, 0, 250_000), "2024-01-01 00:00:00.250"),
        (dt.date(2024, 1, 1), "2024-01-01"),
    ],
)
def test_cells(cell, text):
    assert cell_text(cell, ".") == text


def test_three_decimals_are_no_thousands():
    assert [number_text(text, ",") for text in ("1.234", "-1.234", "1.5", "1234.567")] == [
        "1,2340",
        "-1,2340",
        "1,5",
        "1234,567",
    ]
