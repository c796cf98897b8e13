"""Bytes to tables: what is accepted, what is refused, and where the message points."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import string
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.errors import BusyError, DataError, InputMissingError, OptionError, StorageError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading import source
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.columns.roles import find_columns
from tsforecast.io.reading.panel import read_panel
from tsforecast.io.reading.table import RawTable, frame_table, read_table
from tsforecast.io.reading.text.records import find_records
from tsforecast.io.reading.text.sniff import find_dialect

DAILY = "ds,y\n2024-01-01,1\n2024-01-02,2\n"


@pytest.fixture
def write(tmp_path):
    def write_file(content: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def cells(table: RawTable) -> list[list[str]]:
    columns = [column.texts for column in table.columns.values()]
    return [[column.text(row) for column in columns] for row in range(table.rows)]


def test_plain_csv(write):
    path = write(DAILY)
    table = read_table(path)
    assert table.names == ["ds", "y"]
    assert cells(table) == [["2024-01-01", "1"], ["2024-01-02", "2"]]
    assert list(table.lines) == [2, 3]
    assert (table.text_format.delimiter, table.number_format.decimal, table.file) == (",", ".", str(path))
    assert table.data_hash == hashlib.sha256(DAILY.encode()).hexdigest()


def test_every_cell_stays_text(write):
    table = read_table(write("id,ds,y\n007,2024-01-01,1.50\nNA,2024-01-02,1e5\n"))
    assert cells(table) == [["007", "2024-01-01", "1.50"], ["NA", "2024-01-02", "1e5"]]


def test_text_is_the_same_without_pyarrow(write):
    path = write('id,ds,y\n"a, b",2024-01-01,\n7,2024-01-02,NA\n')
    with pd.option_context("mode.string_storage", "python"):
        plain = read_table(path)
    assert cells(plain) == cells(read_table(path)) == [["a, b", "2024-01-01", ""], ["7", "2024-01-02", "NA"]]


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", "."), ("|", ",")]
)
def test_delimiter_and_decimal_are_found(write, delimiter, decimal):
    rows = [f"2024-01-{day:02d}{delimiter}{day}{decimal}5{delimiter}a, b; c" for day in range(1, 20)]
    if delimiter in ",;":
        rows = [row.replace("a, b; c", '"a, b; c"') for row in rows]
    table = read_table(write(f"ds{delimiter}y{delimiter}remark\n" + "\n".join(rows) + "\n"))
    assert (table.text_format.delimiter, table.number_format.decimal) == (delimiter, decimal)
    assert table.names == ["ds", "y", "remark"]
    warned = [note.text for note in find_columns(table, ColumnRequest()).notes if note.kind == "warning"]
    assert warned == (["numbers are read with a decimal comma"] if decimal == "," else [])


def test_decimal_mark_is_found_far_from_the_start(write):
    rows = [f"2024-01-01 00:{i % 60:02d};0" for i in range(5000)] + ["2024-01-01 01:00;0,5"] * 5000
    assert read_table(write("ds;y\n" + "\n".join(rows))).number_format.decimal == ","


def test_given_delimiter_and_decimal_win(write):
    path = write('ds,y\n2024-01-01,"1,5"\n')
    assert read_table(path, ReadOptions(decimal=",")).number_format.decimal == ","
    assert read_table(write("ds y;z\n2024-01-01 1;5\n"), ReadOptions(delimiter=" ")).names == ["ds", "y;z"]


@pytest.mark.parametrize("delimiter", [",,", '"'])
def test_impossible_delimiter(write, delimiter):
    with pytest.raises(OptionError, match="must be"):
        read_table(write(DAILY), ReadOptions(delimiter=delimiter))


def test_impossible_decimal_mark():
    with pytest.raises(OptionError, match="decimal is 'x'; choose one of"):
        ReadOptions(decimal="x")


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(write, ends, last):
    text = DAILY.replace("\n", ends) if last else DAILY.rstrip("\n").replace("\n", ends)
    assert cells(read_table(write(text))) == [["2024-01-01", "1"], ["2024-01-02", "2"]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_tells_the_encoding(write, encoding):
    table = read_table(write("ds,café\n2024-01-01,1\n".encode(encoding)))
    assert table.names == ["ds", "café"]


def test_other_encodings_are_named(write):
    path = write("ds,y,ort\n2024-01-01,1,Köln\n2024-01-02,1,Köln\n".encode("cp1252"))
    with pytest.raises(DataError, match="byte 0xf6 is not utf-8 text") as caught:
        read_table(path)
    assert caught.value.row == 2
    assert "--encoding" in caught.value.hint
    assert cells(read_table(path, ReadOptions(encoding="cp1252")))[0][2] == "Köln"
    with pytest.raises(OptionError, match="no encoding 'klingon'"):
        read_table(path, ReadOptions(encoding="klingon"))


def test_header_is_trimmed_and_unnamed_columns_numbered(write):
    assert read_table(write(", ds ,y\n0,2024-01-01,1\n")).names == ["column 1", "ds", "y"]


def test_blank_lines_are_skipped_and_counted(write):
    table = read_table(write("\n\nds,y\n2024-01-01,1\n  \n2024-01-02,2\n\n"))
    assert list(table.lines) == [4, 6]
    assert cells(table)[1] == ["2024-01-02", "2"]
    assert [note.text for note in table.notes] == ["4 blank lines skipped"]


def test_skip_rows_keeps_the_line_numbers(write):
    path = write("Sales of the year\n\nds,y\n2024-01-01,1\n")
    with pytest.raises(DataError, match="2 cells, the header has 1") as caught:
        read_table(path)
    assert "--skip-rows" in caught.value.hint
    assert list(read_table(path, ReadOptions(skip_rows=2)).lines) == [4]


def test_quoted_cells(write):
    table = read_table(write('ds,y,remark\n2024-01-01,"1","one\ntwo"\n2024-01-02,2,"say ""hi"", he said"\n'))
    assert list(table.lines) == [2, 4]
    assert [row[2] for row in cells(table)] == ["one\ntwo", 'say "hi", he said']


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("ds,y\n2024-01-01,1\n2024-01-02,1,5\n", 3, "this row has 3 cells, the header has 2"),
        ("ds,y\n2024-01-01,1\n\n2024-01-02\n", 4, "this row has 1 cell, the header has 2"),
        ('a,b\n"x\ny",1\n"x",1,2\n', 4, "3 cells, the header has 2"),
        ('ds,y\n2024-01-01,1\n2024-01-02,"2\n2024-01-03,3\n', 3, "the quote that opens here is not closed"),
        ('ds,id,y\n2024-01-01,"a,1\n2024-01-02,"b",1\n', 2, "the quote that opens here is not closed"),
        ('ds,id,y\n2024-01-01,"say ""a,1\n2024-01-02,"b",1\n', 2, "the quote that opens here is not closed"),
        ('ds,y\n2024-01-01,1\n2024-01-02,1"2\n', 3, "a quote in the middle of a cell"),
        ('ds,id,y\n2024-01-01,"a"b,1\n', 2, "a quote in the middle of a cell"),
        ("ds,y,y\n2024-01-01,1,2\n", 1, "columns 2 and 3 have the same name 'y'"),
        ("2024-01-01,5\n2024-01-02,6\n", 1, "this line holds data"),
        ("ds,y\n2024-01-01,\0\n", 2, "binary data"),
    ],
)
def test_broken_rows_are_named(write, text, row, message):
    with pytest.raises(DataError, match=message) as caught:
        read_table(write(text))
    assert caught.value.row == row


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file has no rows"),
        ("ds,y\n", "a header but no rows"),
        ("y\n1\n2\n", "one column only"),
        (b"PK\x03\x04" + b"xl/workbook.xml", "Excel workbook"),
        (b"PK\x03\x04" + b"data.csv", "zip archive"),
        (b"\xd0\xcf\x11\xe0", "Excel workbook"),
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"%PDF-1.7", "PDF document"),
        ("\n<!DOCTYPE html><html></html>", "HTML or XML page"),
        ("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (gzip.compress(DAILY.encode(), mtime=0)[:-9], "damaged or cut off"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"PAR1 and nothing more", "Parquet file is damaged"),
    ],
)
def test_what_is_no_table_is_refused_by_name(write, content, message):
    with pytest.raises(DataError, match=message):
        read_table(write(content))


def test_a_last_line_without_its_end_may_be_cut(write):
    path = write(DAILY + "2024-01-03,12")
    assert [note.text for note in read_table(path).notes] == [
        "the last line has no line ending: if the file is still being written its last value may be cut"
    ]
    with pytest.raises(DataError, match="line 4: the last line has no line ending: it may be cut") as caught:
        read_table(path, ReadOptions(whole_lines=True))
    assert caught.value.row == 4
    for content in (DAILY, DAILY.replace("\n", "\r\n"), DAILY.replace("\n", "\r"), DAILY.encode("utf-16")):
        assert read_table(write(content), ReadOptions(whole_lines=True)).notes == ()


def test_a_frame_and_parquet_have_no_last_line(tmp_path):
    frame = pd.DataFrame({"ds": ["2024-01-01"], "y": [1.0]})
    frame.to_parquet(tmp_path / "data.parquet")
    assert read_table(tmp_path / "data.parquet", ReadOptions(whole_lines=True)).notes == ()
    assert frame_table(frame).notes == ()


def test_a_file_that_was_not_written_to_its_end(write):
    with pytest.raises(DataError, match="nothing but NUL bytes after 29 bytes; the file was not written to its end"):
        read_table(write(DAILY.encode()[:29] + bytes(100)))


def test_gzip_by_its_content(write):
    packed = gzip.compress(DAILY.encode(), mtime=0)
    table = read_table(write(packed, "data.csv"))
    assert cells(table) == cells(read_table(write(DAILY)))
    assert table.data_hash == hashlib.sha256(packed).hexdigest()


def test_gzip_bomb(write, monkeypatch):
    monkeypatch.setattr(source, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match="expands to more than"):
        read_table(write(gzip.compress(b"0" * 5000, mtime=0)))


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DAILY.encode())))
    table = read_table("-")
    assert table.file == "stdin"
    assert table.rows == 2


def test_missing_folder_and_no_permission(tmp_path, write, monkeypatch):
    with pytest.raises(InputMissingError, match="no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(InputMissingError, match="a folder"):
        read_table(tmp_path)

    def refuse(*_args: object) -> int:
        raise PermissionError(13, "Permission denied")

    path = write(DAILY)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputMissingError, match="no permission"):
        read_table(path)


def test_name_too_long(tmp_path):
    with pytest.raises(InputMissingError, match="cannot be opened"):
        read_table(tmp_path / ("x" * 300))


def test_pipe_and_device_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(DataError, match="not a regular file"):
            read_table(path)


def test_file_that_changes_while_it_is_read(write, monkeypatch):
    path = write(DAILY)
    states, true_fstat = [], os.fstat

    def append_before_the_second_look(descriptor: int) -> os.stat_result:
        if states:
            path.write_text(DAILY + "2024-01-03,3\n")
        states.append(descriptor)
        return true_fstat(descriptor)

    monkeypatch.setattr(source.os, "fstat", append_before_the_second_look)
    with pytest.raises(BusyError, match="changed while it was read"):
        source.read_bytes(path)


def test_reading_that_fails_half_way(write, monkeypatch):
    class Failing(io.BytesIO):
        def read(self, *_args: object) -> bytes:
            raise OSError(5, "Input/output error")

    path = write(DAILY)
    monkeypatch.setattr("builtins.open", lambda *_args, **_more: Failing())
    with pytest.raises(StorageError, match="Input/output error"):
        source.read_bytes(path)


def test_parquet(write, tmp_path):
    frame = pd.DataFrame({"ds": pd.date_range("2024", periods=3), "y": [1.5, 2.5, 3.5]})
    frame.to_parquet(tmp_path / "data.csv")
    table = read_table(tmp_path / "data.csv")
    assert table.text_format is None
    pd.testing.assert_frame_equal(pd.concat([column.typed for column in table.columns.values()], axis=1), frame)


def test_frame_index_becomes_columns():
    dates = pd.date_range("2024", periods=3)
    assert frame_table(pd.DataFrame({"y": [1, 2, 3]}, index=dates)).names == ["time", "y"]
    assert frame_table(pd.DataFrame({"y": [1, 2, 3]}, index=dates.rename("day"))).names == ["day", "y"]
    both = pd.MultiIndex.from_product([["a"], dates], names=["id", "day"])
    assert frame_table(pd.DataFrame({"y": [1, 2, 3]}, index=both)).names == ["id", "day", "y"]
    assert frame_table(pd.DataFrame({"y": [1, 2, 3]}, index=[5, 6, 9])).names == ["y"]
    months = frame_table(pd.DataFrame({"y": [1, 2, 3]}, index=pd.period_range("2024", periods=3, freq="M")))
    assert months.columns["time"].typed.iloc[1] == pd.Timestamp("2024-02-01")


def test_frame_hash_and_refusals():
    frame = pd.DataFrame({"ds": ["2024-01-01"], "y": [1]})
    assert frame_table(frame).data_hash == frame_table(frame.copy()).data_hash
    assert frame_table(frame).data_hash != frame_table(frame.assign(y=2)).data_hash
    assert frame_table(frame).data_hash != frame_table(frame.rename(columns={"y": "z"})).data_hash
    with pytest.raises(DataError, match="no rows"):
        frame_table(frame.iloc[:0])
    with pytest.raises(DataError, match="same name"):
        frame_table(pd.concat([frame, frame], axis=1))


CELL = st.text(st.sampled_from(string.ascii_letters + string.digits + ' ,;|\t"\n-.é'), max_size=8)


@examples(150)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([0, 1]),
)
def test_what_a_csv_writer_writes_is_read_back(tmp_path_factory, rows, delimiter, ends, quoting):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    path = tmp_path_factory.mktemp("round") / "data.csv"
    frame.to_csv(path, index=False, sep=delimiter, quoting=quoting, lineterminator=ends)
    if all(map(any, rows)):  # a row of empty cells is a blank line
        assert cells(read_table(path, ReadOptions(delimiter=delimiter, decimal="."))) == rows


@settings(max_examples=200)
@given(st.text(st.sampled_from('a,"\n'), min_size=1, max_size=12))
def test_records_agree_with_a_strict_reader(text):
    """A text is split as Python's strict reader splits it; quotes within cells are refused on top."""
    import csv

    try:
        records = find_records(text.encode(), ",", "file", first_line=1)
    except DataError:
        return
    expected = [max(len(row), 1) for row in csv.reader(io.StringIO(text), strict=True)]
    assert records.cells.tolist() == expected
    assert records.ends[-1] == len(text)
    assert np.all(records.starts[1:] == records.ends[:-1])


def test_sniffing_a_text_without_numbers():
    assert find_dialect(b"a|b\nx|y\n", None, None)[0] == "|"


def test_errors_list_their_first_twenty_places_and_the_total(write):
    days = [f"2024-01-{day:02d},{day}" for day in range(1, 29)]
    wrong = [f"soon {number},1" for number in range(30)]
    with pytest.raises(DataError, match=r"'soon 0' is not a date \(and 29 more rows of this column\)") as caught:
        read_panel(write("\n".join(["ds,y", *days, *wrong, ""])), ReadOptions(time_col="ds"))
    assert (caught.value.row, caught.value.total, len(caught.value.places)) == (30, 30, 20)
    assert (caught.value.places[1].row, caught.value.places[1].value) == (31, "soon 1")
    with pytest.raises(DataError, match="stands in line 2 already") as caught:
        read_panel(write("\n".join(["ds,y", *days, *(f"{day}.5" for day in days), ""])))
    assert (caught.value.total, caught.value.places[-1].row) == (28, 49)


@pytest.mark.parametrize("code", ["1234ABC", "0000 AAA", "ABC 1234", "12-ABC-2020"])
def test_codes_of_digits_and_letters_are_no_dates_below_a_header(tmp_path, code):
    path = tmp_path / "codes.csv"
    path.write_text(f"sku,color,size\nA,,\n{code},,\n")
    assert cells(read_table(path)) == [["A", "", ""], [code, "", ""]]


def test_a_header_above_years_with_months_is_still_found_below_text(tmp_path):
    path = tmp_path / "months.csv"
    path.write_text("a,b\nmonth,sales\n2020Jan,1\n2020Feb,2\n")
    with pytest.raises(DataError, match="looks like the names of the columns"):
        read_table(path)
