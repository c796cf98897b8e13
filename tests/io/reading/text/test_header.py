"""The top of a text: comments, a title, names of columns, or none."""

from __future__ import annotations

import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.reading.text.sniff import Sniffed, leave_out_comments, sniff

ROWS = b"2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n"


def read_header(text: bytes, line: int = 1, *, no_header: bool = False) -> Sniffed:
    return sniff(text, "f", line, ",", None, no_header=no_header)


def test_comments_leave_the_lines_as_many():
    text = b'# a\nds,y\n  # b "\n2024-01-01,1\n#\n'
    assert leave_out_comments(text, "#") == (b"\nds,y\n\n2024-01-01,1\n\n", 3)
    assert leave_out_comments(text, None) == (text, 0)
    assert leave_out_comments(b"ds,y\n1,# 2\n", "#") == (b"ds,y\n1,# 2\n", 0)


def test_lines_of_a_quoted_cell_are_no_comments():
    text = b'a,b\n1,"one\n# two"\n# "three\n2,"\n#,"\n#\n'
    assert leave_out_comments(text, "#") == (b'a,b\n1,"one\n# two"\n\n2,"\n#,"\n\n', 2)


@pytest.mark.parametrize("mark", ["", "##", "1", "a", '"', "-", "+", ".", ",", " ", "\t", "\n", "é"])
def test_what_cannot_begin_comments(mark):
    with pytest.raises(OptionError, match="cannot begin comments"):
        leave_out_comments(ROWS, mark)


def test_names():
    header = read_header(b"\n ds ,y,\n" + ROWS.replace(b"\n", b",\n"), 4)
    assert (header.names, header.unnamed) == (["ds", "y", "column 3"], {"column 3"})
    assert (header.text.start, header.text.line, header.blank) == (9, 6, 1)


def test_no_names():
    header = read_header(b"\n" + ROWS, no_header=True)
    assert (header.names, header.unnamed, header.text.start, header.text.line) == (["1", "2"], frozenset(), 1, 2)
    assert header.number_like == (1,)


@pytest.mark.parametrize(
    "first", [b"2023-12-31,0", b"2023-12-31,", b"2023-12-31,NA", b"2023-12-31,-1.5", b'"2023-12-31","0"']
)
def test_data_in_the_first_line(first):
    with pytest.raises(DataError, match="holds data") as caught:
        read_header(first + b"\n" + ROWS)
    assert caught.value.row == 1
    assert caught.value.hint.endswith("or add --no-header")


@pytest.mark.parametrize(
    ("first", "rows"),
    [
        (b"ds,2024", ROWS),
        (b",5", ROWS),
        (b"ds,1,2", b"2024-01-01,1,2\n2024-01-02,3,4\n"),
        (b"ds,y", b"x,y\nz,w\n"),
        (b"ds,y", b""),
        (b"ds,y", b"2024-01-01,1\n"),
        (b"#ds,y", ROWS),
        (b"ds,y", b"2024-01-01,\n2024-01-02,1\n"),
    ],
)
def test_a_header(first, rows):
    names = [name.decode() or "column 1" for name in first.split(b",")]
    assert read_header(first + b"\n" + rows).names == names


@pytest.mark.parametrize(
    ("top", "line"),
    [
        (b"Sales\n\nds,y\n", 4),
        (b"Sales,2024\nds,y\n", 3),
        (b"Sales,2024\nof,us\nds,y\n", 4),
        (b"# Sales\nds,y\n", 3),
        (b"# Sales\n# of us\nds,y\n", 4),
        (b"// Sales\nds,y\n", 3),
        (b"ds,y\nds,y\n", 3),
    ],
)
def test_lines_above_the_header(top, line):
    header = read_header(top + ROWS)
    assert (header.names, header.text.line) == (["ds", "y"], line)
    assert len(header.notes) == 1


def test_quotes_that_are_not_closed_are_left_to_the_rows():
    assert read_header(b'a,b\nc,"\n' + ROWS).names == ["a", "b"]


def test_a_long_text_is_judged_by_its_start():
    assert read_header(b"ds,y\n" + ROWS * 5000).names == ["ds", "y"]
