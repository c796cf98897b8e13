"""Reading a text in blocks: the quick way and the careful way agree, whatever stands where a block ends."""

from __future__ import annotations

import csv
import io
from contextlib import ExitStack
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.errors import DataError, TsforecastError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading import table
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.columns.roles import find_columns
from tsforecast.io.reading.panel import read_panel
from tsforecast.io.reading.table import RawTable, text_table
from tsforecast.io.reading.text import blocks, sniff
from tsforecast.io.times import parse
from tsforecast.io.times.parse import parse_stamps
from tsforecast.progress import Reading

NUMBERS = ["0", "1", "-2.5", "1e3", ".5", "007", "12345678", "2024", "9007199254740993", "+4.", " 7 "]
CELLS = [*NUMBERS, "", "NA", "nan", "null", "-", "inf", "true", "false", "True", "1e400", "x", "1_0", "é", "0x1f"]


def ways(*, careful: bool = False, block: int = 1 << 24) -> ExitStack:
    """Blocks of a few bytes, and only the careful way."""
    stack = ExitStack()
    stack.enter_context(patch.object(blocks, "_BLOCK_BYTES", block))
    if careful:
        stack.enter_context(patch.object(blocks, "_read_quickly", lambda *arguments: None))
        stack.enter_context(patch.object(sniff, "_look_like_numbers", lambda cells: False))
    return stack


def outcome(text: str, delimiter: str = ",") -> object:
    """What is found in a table, or the error."""
    try:
        table = text_table(text.encode(), "file", ReadOptions(delimiter=delimiter, decimal="."))
        roles = find_columns(table, ColumnRequest())
    except TsforecastError as error:
        return error.to_dict()
    numbers = {name: roles.values[:, column].tolist() for column, name in enumerate(roles.target_cols)}
    ids = [[cells.text(row) for row in range(table.rows)] for cells in roles.ids]
    key = roles.stamps.key[roles.stamps.codes].tolist()
    return (roles.time_cols, key, roles.id_cols, ids, repr(numbers), roles.notes, table.notes, list(table.lines))


def cells_of(table: RawTable) -> list[list[str]]:
    columns = [column.texts for column in table.columns.values()]
    return [[column.text(row) for column in columns] for row in range(table.rows)]


@examples(40)
@given(
    rows=st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(CELLS)), min_size=1, max_size=30),
    plain=st.booleans(),
    odd=st.sampled_from(["", "\n", "  \n", "a,b\n", 'a,"2024-01-01\n', 'a,2024-01-01,5"\n', 'a,2024-01-01,"5"\n']),
    block=st.integers(8, 200),
)
def test_quick_and_careful_way_agree(rows, plain, odd, block):
    lines = [
        f"{key},2024-01-{number % 28 + 1:02d},{NUMBERS[len(cell) % 5] if plain else cell},{number / 8}\n"
        for number, (key, cell) in enumerate(rows)
    ]
    lines.insert(len(lines) // 2, odd)
    text = "shop,day,y,z\n" + "".join(lines)
    with ways():
        expected = outcome(text)
    for changes in ({"careful": True}, {"block": block}, {"careful": True, "block": block}):
        with ways(**changes):
            assert outcome(text) == expected


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("quoted", [False, True])
def test_each_cell_means_the_same_among_numbers_and_alone(cell, quoted):
    shown = f'"{cell}"' if quoted else cell
    for others in ([], ["1", "0"], ["2.5", "7"], ["true"]):
        days = [f"2024-01-{day:02d},{value}\n" for day, value in enumerate([*others, shown, *others], start=1)]
        text = "day,y\n" + "".join(days)
        with ways(careful=True):
            expected = outcome(text)
        with ways(), patch.object(sniff, "_look_like_numbers", lambda cells: "2024-01-01" not in cells):
            assert outcome(text) == expected


@examples(100)
@given(
    rows=st.lists(st.lists(st.text('ab",;\n é0', max_size=12), min_size=3, max_size=3), min_size=1, max_size=20),
    block=st.integers(1, 100),
)
def test_quoted_cells_never_stand_in_two_blocks(rows, block):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["p", "q", "r"], *rows])
    with ways(block=block):
        table = text_table(text.getvalue().encode(), "file", ReadOptions(delimiter=",", decimal="."))
    assert cells_of(table) == rows
    starts = np.cumsum([0, *(1 + "".join(row).count("\n") for row in rows)])[:-1]
    assert list(table.lines) == (2 + starts).tolist()


def test_error_names_its_line_in_a_later_block():
    lines = ["2024-01-01,1\n"] * 40 + ["\n", "2024-01-01,1,2\n"] + ["2024-01-01\n"]
    with ways(block=64), pytest.raises(DataError, match="3 cells, the header has 2") as caught:
        text_table(("day,y\n" + "".join(lines)).encode(), "file")
    assert caught.value.row == 43


@pytest.mark.parametrize("last", ["day,y", ",", "  "])
def test_what_is_no_row_is_left_out_where_the_last_line_has_no_end(last):
    table = text_table(f"day,y\n2024-01-01,1\n2024-01-02,2\n{last}".encode(), "file")
    assert cells_of(table) == [["2024-01-01", "1"], ["2024-01-02", "2"]]
    assert len(table.notes) == 1


@examples(60)
@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1),
    st.sampled_from(["{!r}", "{:+.3e}", "{:.17g}"]),
)
def test_numbers_are_those_of_python_to_the_last_bit(numbers, written):
    texts = [written.format(number) for number in numbers]
    rows = "".join(f"{2000 + at},{text}\n" for at, text in enumerate(texts))
    plain = text_table(f"year,y\n{rows}".encode(), "file", ReadOptions(decimal=".")).columns["y"].plain
    assert plain.values.tobytes() == np.array([float(text) for text in texts]).tobytes()


def test_spellings_that_arrow_takes_for_numbers_are_texts():
    for odd in ("inf", "-Infinity", "nAn", "nan(1)", "1e400"):
        text = f"day,y\n2024-01-01,1.5\n2024-01-02,{odd}\n2024-01-03,2.5\n".encode()
        assert text_table(text, "file", ReadOptions(decimal=".")).columns["y"].plain is None


@pytest.mark.parametrize(
    "odd", ["", "2024-01-02T10:00:00", "2024-01-02 10:00", "2024-01-02 24:00:00", " 2024-01-02 10:00:00"]
)
@pytest.mark.parametrize("offset", ["", "Z", "+05:30"])
def test_times_alike_are_read_as_one_by_one(odd, offset):
    times = [f"2024-01-{day:02d} 10:00:00{offset}" for day in range(1, 5)] + ([odd + offset] if odd else [])
    text = "time,y\n" + "".join(f"{time},{at}\n" for at, time in enumerate(times))
    column = text_table(text.encode(), "file").columns["time"]

    def stamps() -> object:
        try:
            found = parse_stamps(column)
        except DataError as error:
            return error.to_dict()
        instants = None if found.instants is None else found.instants.tolist()
        return found.codes.tolist(), found.wall.tolist(), instants, found.time_formats, found.time_zone, found.notes

    quick = stamps()
    with patch.object(parse, "_parse_alike", lambda cells: None):
        assert stamps() == quick


def test_numbers_of_a_column_of_codes_are_read_once_more_as_texts():
    table = text_table(b"day,code\n2024-01-01,7\n2024-01-02,007\n", "file")
    assert table.columns["code"].plain.zero_led
    assert cells_of(table) == [["2024-01-01", "7"], ["2024-01-02", "007"]]


@pytest.mark.parametrize("careful", [False, True])
def test_a_wide_table_without_dates_is_not_read_once_for_each_column(tmp_path, careful):
    header = ",".join(f"sensor {number * number}" for number in range(300))
    rows = [",".join(str(10 + row * column % 7) for column in range(299)) + ",07" for row in range(30)]
    (tmp_path / "wide.csv").write_text("\n".join([header, *rows]) + "\n")
    calls = []
    tokenize = blocks._tokenize
    counted = patch.object(blocks, "_tokenize", lambda *given: calls.append(given) or tokenize(*given))
    with ways(careful=careful), counted, pytest.raises(DataError, match="no column holds a date"):
        read_panel(tmp_path / "wide.csv")
    assert len(calls) < 20


def test_large_file_says_how_far_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "data.csv"
    path.write_text("day,y\n" + "".join(f"2024-01-{day:02d},{day % 5}\n" for day in range(1, 29)))
    events: list[object] = []
    read_panel(path, report=events.append)
    assert events == []
    monkeypatch.setattr(table, "_LARGE_BYTES", 100)
    with ways(block=100):
        read_panel(path, report=events.append)
    assert all(isinstance(event, Reading) and event.file == str(path) for event in events)
    done = [event.done for event in events]
    assert done == sorted(done) and done[0] == 0 and done[-1] == events[-1].total == path.stat().st_size
    assert (events[0].rows, events[-1].rows) == (0, 28)
