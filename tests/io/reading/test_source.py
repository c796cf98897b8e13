"""Tests of reading an input once: a file that changes meanwhile is noticed, though clocks tick slowly."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tsforecast.errors import BusyError
from tsforecast.io.reading.source import read_bytes


@pytest.mark.parametrize(("age", "waits"), [(0.0, 1), (3600.0, 0), (-3600.0, 0)], ids=["new", "old", "of tomorrow"])
def test_a_file_written_a_moment_ago_is_read_when_the_clock_has_gone_on(
    age: float, waits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, slept = tmp_path / "data.csv", []
    path.write_bytes(b"a,b\n")
    now = 1_767_225_600.0
    os.utime(path, (now - age,) * 2)
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "sleep", slept.append)
    assert read_bytes(path) == (str(path), b"a,b\n")
    assert len(slept) == waits


def test_a_file_replaced_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = tmp_path / "data.csv", tmp_path / "other.csv"
    path.write_bytes(b"a,b\n")
    other.write_bytes(b"a,b\n")
    stat = os.stat

    def replaced(*args: object, **kwargs: object) -> os.stat_result:
        monkeypatch.undo()
        os.replace(other, path)
        return stat(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", replaced)
    with pytest.raises(BusyError, match="was replaced while it was read"):
        read_bytes(path)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"a,b\n")
    (tmp_path / "link.csv").symlink_to("data.csv")
    assert read_bytes(tmp_path / "link.csv")[1] == b"a,b\n"
