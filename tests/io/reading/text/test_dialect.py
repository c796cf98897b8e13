"""How a text is written: encodings, line ends, and where each message points."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.io.reading.source import decode
from tsforecast.io.reading.table import text_table
from tsforecast.io.reading.text.sniff import find_dialect


def days(*cells: str, header: str = "day,y") -> str:
    return "".join([f"{header}\n", *(f"2024-01-{day:02d},{cell}\n" for day, cell in enumerate(cells, start=1))])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r", "\n\r", "\r\r"])
def test_line_ends_within_quotes_are_part_of_the_cell(end: str, inside: str) -> None:
    text = f'a,b{end}"1{inside}2",3{end}{end}'
    assert decode(text.encode(), "utf-8", "file").decode() == f'a,b\n"1{inside}2",3\n\n'


def test_a_quote_above_the_table_does_not_turn_the_others_round(tmp_path: Path) -> None:
    rows = [f'2024-01-0{day},"{key}",{day}' for day in range(1, 9) for key in ("a b", "c")]
    (tmp_path / "data.csv").write_bytes("\r\n".join(['pipes of 5"', "day,pipe,y", *rows, ""]).encode())
    result = read_panel(tmp_path / "data.csv", ReadOptions(skip_rows=1))
    assert result.panel.ids == (("a b",), ("c",))
    assert result.panel.values.tolist() == [*range(1, 9), *range(1, 9)]


def test_line_ends_of_all_kinds_become_one() -> None:
    assert decode(b'a\r\nb\rc\n\r\r\n"d"\r\n', "utf-8", "file") == b'a\nb\nc\n\n\n"d"\n'


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("key", ["a\r\nb", "a\rb", "\ufeffa", "\ufeff", "a\u2028b", "\x1a", " a ", "a\\"])
def test_ids_are_read_to_the_letter(key: str, careful: bool, tmp_path: Path) -> None:
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if careful or "\r" in key else csv.QUOTE_MINIMAL
    rows = [(key, f"2024-01-{day:02d}", day) for day in range(1, 9)]
    csv.writer(text, lineterminator="\r\n", quoting=quoting).writerows([("day id", "day", "y"), *rows])
    (tmp_path / "data.csv").write_bytes(text.getvalue().encode())
    result = read_panel(tmp_path / "data.csv", ReadOptions(id_cols=("day id",)))
    assert result.panel.ids == ((key,),)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_line_of_a_wrong_byte_is_counted_by_all_line_ends(end: bytes) -> None:
    with pytest.raises(DataError) as caught:
        decode(end.join([b"a,b", b"1,2", b"\xe4,3"]), "utf-8", "file")
    assert caught.value.row == 3
    with pytest.raises(DataError, match="a NUL byte") as caught:
        decode(end.join([b"a,b", b"1,2", b"1,3", b"1,\x004", b""]), "utf-8", "file")
    assert caught.value.row == 4


@pytest.mark.parametrize("encoding", ["utf-99", "base64", "", "utf8\0"])
def test_unknown_encoding(encoding: str) -> None:
    with pytest.raises(OptionError, match="there is no encoding"):
        decode(b"a,b\n", encoding, "file")


def test_half_a_character_that_an_encoding_lets_through() -> None:
    with pytest.raises(DataError, match="not utf-7 text"):
        decode(b"a,b\n+2AA-,1\n", "utf-7", "file")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", ","), ("|", ".")])
def test_dialect_is_found(delimiter: str, decimal: str, end: str) -> None:
    lines = ["shop", "day", "y"], ["a", "2024-01-01", f"1{decimal}5"], ['"x;y,z|\r"', "2024-01-02", f"-2{decimal}25"]
    text = end.join(delimiter.join(line) for line in lines)
    assert find_dialect(decode(text.encode(), "utf-8", "file"), None, None) == (delimiter, decimal)


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "\r", "é"])
def test_delimiter_that_cannot_be(delimiter: str) -> None:
    with pytest.raises(OptionError, match="one character"):
        find_dialect(b"a,b\n1,2\n", delimiter, None)


@pytest.mark.parametrize("header", ["day", "day,y,z", '"day","a",y'])
def test_a_header_that_no_row_agrees_with_is_named(header: str) -> None:
    with pytest.raises(DataError, match="the rows below it have 2") as caught:
        text_table(f"\n{days('1', '2', '3', header=header)}".encode(), "file")
    assert caught.value.row == 2
    assert "--skip-rows" in caught.value.hint


@pytest.mark.parametrize("cells", [("1,1", "2"), ("1,1", "2,2", "3,3", "4")])
def test_a_row_is_named_where_another_agrees_with_the_header(cells: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="this row has 3 cells, the header has 2") as caught:
        text_table(days(*cells).encode(), "file")
    assert caught.value.row == 2


def test_a_row_too_short_may_hold_the_end_of_a_line() -> None:
    with pytest.raises(DataError, match="this row has 1 cell, the header has 2") as caught:
        text_table(days("1", "2\n5", "3").encode(), "file")
    assert caught.value.row == 4
    assert "end of a line" in caught.value.hint


def test_names_longer_than_any_column_has() -> None:
    with pytest.raises(DataError, match="too long for the names") as caught:
        text_table(b"a" * 200_000 + b",b\n1,2\n", "file")
    assert caught.value.row == 1


def test_a_series_of_a_single_value_is_spoken_of(tmp_path: Path) -> None:
    rows = [f"{shop},2024-01-{day:02d},{day}\n" for day in range(1, 9) for shop in "ab"]
    path = tmp_path / "data.csv"
    path.write_text("".join(["shop,day,y\n", *rows]))
    assert not any("single value" in note.text for note in read_panel(path).notes)
    rows[6] = rows[6].replace("a", "A ")
    path.write_text("".join(["shop,day,y\n", *rows]))
    notes = [note for note in read_panel(path).notes if "single value" in note.text]
    assert [(note.kind, note.text) for note in notes] == [
        ("warning", "1 series of a single value, the first is 'A '"),
    ]
