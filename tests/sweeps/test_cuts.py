"""A good file cut anywhere: refused, or spoken of, and never more than the last record differs.

test_half_written.py cuts other tables; here it is the encodings and line ends, and what the values are afterwards.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.sweeps.panel_content import content_of, content_read
from tests.sweeps.polluter import Table, clean_table, write
from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel

pytestmark = pytest.mark.sweep
CUTS = 500
_SAID = "the last line has no line ending"


def turned(table: Table) -> Table:
    """The table with its id in the last column, where a cut leaves another id behind."""
    return Table((*table.names[1:], table.names[0]), tuple((*row[1:], row[0]) for row in table.rows))


TEXTS = {
    "carriage returns": write(clean_table(), end="\r").encode(),
    "both": write(clean_table(), end="\r\n").encode(),
    "marked": write(clean_table()).encode("utf-8-sig"),
    "utf-16": write(clean_table(), delimiter="\t").encode("utf-16"),
    "id at the end": write(turned(clean_table())).encode(),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_cut_changes_no_other_record(kind: str, tmp_path: Path) -> None:
    data, path, truth = TEXTS[kind], tmp_path / "data.csv", content_of(clean_table())
    cuts = random.Random(kind).sample(range(len(data) // 2, len(data)), -(-CUTS // len(TEXTS)))
    said = whole = 0
    for end in cuts:
        path.write_bytes(data[:end])
        os.utime(path, (1e9, 1e9))  # a file that has just been written is read a moment later
        try:
            result = read_panel(path, ReadOptions(id_cols=("place",)))
        except DataError:
            continue
        found = content_read(result)
        other = {key for key, value in found.items() if truth.get(key) != value}
        spoken = any(_SAID in note.text for note in result.notes)
        said, whole = said + spoken, whole + (not spoken)
        # One record has three values.
        assert len(other) <= 3 * spoken, data[:end][-80:]
    assert said > 3
    assert whole <= len(cuts) // 10  # only those that fall between two records


@pytest.mark.parametrize("kind", ["both", "id at the end"])
def test_a_cut_between_records_leaves_those_before_it(kind: str, tmp_path: Path) -> None:
    table, path = clean_table(), tmp_path / "data.csv"
    for rows in range(20, len(table.rows), 7):
        left = Table(table.names, table.rows[:rows])
        path.write_text(write(left, end="\r\n") if kind == "both" else write(turned(left)))
        result = read_panel(path, ReadOptions(id_cols=("place",), whole_lines=True))
        assert content_read(result) == content_of(left)


def test_the_command_refuses_or_says_each_cut(run: Run) -> None:
    data = TEXTS["both"]
    codes = set()
    for end in random.Random(1).sample(range(len(data) // 2, len(data)), 30):
        Path("data.csv").write_bytes(data[:end])
        result = run("describe", "data.csv")
        codes.add(result.exit_code)
        said = " ".join(result.stderr.split())
        assert result.exit_code == 65 or _SAID in said or data[end - 1 : end] in b"\r\n"
    assert codes == {0, 65}


@pytest.mark.parametrize("how", ["grown", "truncated", "replaced", "removed"])
@pytest.mark.parametrize("command", ["describe", "fit"])
def test_the_command_says_that_the_file_changes(
    command: str, how: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = Path("data.csv"), Path("other.csv")
    for file in (path, other):
        file.write_bytes(TEXTS["both"])
        os.utime(file, (1e9, 1e9))
    changes: dict[str, Callable[[], object]] = {
        "grown": lambda: path.write_bytes(TEXTS["both"] * 2),
        "truncated": lambda: os.truncate(path, 100),
        "replaced": lambda: os.replace(other, path),
        "removed": path.unlink,
    }
    read = open

    def open_then_change(file: object, *arguments: object, **options: object) -> object:
        handle = read(file, *arguments, **options)  # type: ignore[call-overload]
        if isinstance(file, int) and how in changes:
            changes.pop(how)()
        return handle

    monkeypatch.setattr("tsforecast.io.reading.source.open", open_then_change, raising=False)
    result = run(command, "data.csv")
    assert result.exit_code == 75, result.stderr
    assert "data.csv" in result.stderr
    assert "while it was read" in " ".join(result.stderr.split())
    assert not Path("models").exists()
