"""The 74 rules of reading: every small input is read right, or refused with its place and a way out."""

from __future__ import annotations

import os
import re
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest

from tests.io.reading.reading_rules import CASES
from tests.io.reading.reading_rules.kit import Case, Read, Refused, daily
from tsforecast.errors import BusyError, DataError, InputMissingError, TsforecastError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.reading.table import read_table


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_rule(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(case.data)
    if isinstance(case.expected, Read):
        check_read(read_panel(path, ReadOptions(**case.options)), case.expected)
        return
    with pytest.raises(TsforecastError) as caught:
        read_panel(path, ReadOptions(**case.options))
    check_refused(caught.value, case.expected, path)


def check_read(result: ReadResult, expected: Read) -> None:
    panel = result.panel
    assert list(panel.ids) == list(expected.ids)
    for number, wanted in enumerate(expected.values):
        edges = slice(panel.offsets[number], panel.offsets[number + 1])
        found = np.where(panel.observed[edges], panel.values[edges], np.nan)
        np.testing.assert_array_equal(found, np.array(wanted, dtype=np.float64))
    if expected.stamps:
        wanted_stamps = np.array(list(expected.stamps), dtype="datetime64[m]")[: panel.lengths[0]]
        np.testing.assert_array_equal(panel.stamps(0).astype("datetime64[m]"), wanted_stamps)
    notes = [note.text for note in result.notes]
    for pattern in expected.notes:
        assert any(re.search(pattern, text) for text in notes), (pattern, notes)
    assert len(set(notes)) == len(notes), "a note is said twice"
    if expected.silent:
        assert [note for note in result.notes if note.kind == "warning"] == []


def check_refused(error: TsforecastError, expected: Refused, path: Path) -> None:
    assert isinstance(error, expected.error), error
    assert re.search(expected.message, error.message), error
    assert re.search(expected.hint, error.hint), error
    if expected.row is not None:
        assert error.row == expected.row, error
    assert error.column == expected.column or not expected.column, error
    assert error.file == (str(path) if issubclass(expected.error, DataError) else error.file)


def test_rule_16_and_27_no_such_file(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.csv", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(InputMissingError, match=message):
            read_panel(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_rule_27_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(daily())
    path.chmod(0)
    with pytest.raises(InputMissingError, match="no permission"):
        read_panel(path)


def test_rule_26_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(daily())))
    result = read_panel("-")
    check_read(result, Read())
    assert result.file == "stdin"


def test_rule_26_standard_input_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsforecast.io.reading.source.MOST_BYTES", 50)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(daily())))
    with pytest.raises(DataError, match=r"stdin: .*more than"):
        read_panel("-")


def test_rule_28_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(DataError, match="not a regular file") as caught:
            read_panel(path)
        assert "-" in caught.value.hint
    if Path("/proc/self/status").exists():
        with pytest.raises(DataError):
            read_panel("/proc/self/status")


def test_rule_29_a_file_that_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, looks, true_fstat = tmp_path / "data.csv", [], os.fstat
    path.write_bytes(daily())

    def append_before_the_second_look(descriptor: int) -> os.stat_result:
        if looks:
            path.write_bytes(daily() + b"2024-01-09,5\n")
        looks.append(descriptor)
        return true_fstat(descriptor)

    monkeypatch.setattr(os, "fstat", append_before_the_second_look)
    with pytest.raises(BusyError, match="changed while it was read") as caught:
        read_panel(path)
    assert caught.value.exit_code == 75


def test_rule_30_a_link(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(daily())
    (tmp_path / "link.csv").symlink_to("data.csv")
    check_read(read_panel(tmp_path / "link.csv"), Read())


def test_rule_31_a_table_of_many_rows_is_read_in_the_quick_way(tmp_path: Path) -> None:
    """The rules must not cost a step per row: all of them are about distinct texts, or about the first rows."""
    path = tmp_path / "data.csv"
    rows = 200_000
    stamps = np.datetime_as_string(np.datetime64("2000-01-01T00:00") + np.arange(rows)).astype(object)
    values = np.round(np.random.default_rng(0).normal(5, 1, rows), 2)
    path.write_text("ds,y\n" + "".join(f"{stamp},{value}\n" for stamp, value in zip(stamps, values, strict=True)))
    table = read_table(path)
    assert table.decimal_is_certain
    assert table.columns["y"].plain is not None
    assert read_panel(path).panel.values.size == rows


def test_errors_name_twenty_places_and_the_total(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(daily(*[5 if row % 2 else "?5" for row in range(104)]))
    with pytest.raises(DataError) as caught:
        read_panel(path, ReadOptions(target_cols=("y",)))
    error = caught.value
    assert str(error).startswith(f"{path}, line 2, column 'y': '?5' is not a finite number (and 51 more cells")
    assert (len(error.places), error.total) == (20, 52)
    assert [place.row for place in error.places] == list(range(2, 42, 2))
    record = error.to_dict()
    assert record["places"][1] == {"row": 4, "column": "y", "value": "?5"}
    assert record["total"] == 52


def test_an_error_at_one_place_has_no_list_of_them(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(daily(1, 2, "x", 4))
    with pytest.raises(DataError) as caught:
        read_panel(path)
    assert (caught.value.row, caught.value.places) == (4, ())
    assert "places" not in caught.value.to_dict()
