"""Tests of writing: a file is there as a whole or not at all, and an OSError becomes one of ours."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tsforecast.errors import OutputError, StorageError, TsforecastError
from tsforecast.files import check_folder, json_bytes, whole_file, writing


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with whole_file(path) as stream:
        stream.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with pytest.raises(error), whole_file(path) as stream:
        stream.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    with whole_file(tmp_path / "link.csv") as stream:
        stream.write(b"new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"new"


def test_a_written_file_has_the_usual_rights(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    with whole_file(tmp_path / "out.csv"):
        pass
    assert (tmp_path / "out.csv").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("path", ["missing/out.csv", "file/out.csv", "folder"])
def test_a_file_that_cannot_be_created(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot be written") as caught, whole_file(tmp_path / path):
        pass
    assert caught.value.file == str(tmp_path / path)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@pytest.mark.parametrize(
    ("number", "raised", "hint"),
    [
        (errno.ENOSPC, StorageError, "free some space"),
        (errno.EDQUOT, StorageError, "free some space"),
        (errno.EIO, StorageError, "check the disk"),
        (errno.EACCES, OutputError, "a place that you may write to"),
        (errno.EROFS, OutputError, "a place that you may write to"),
        (errno.EISDIR, OutputError, ""),
    ],
)
def test_an_error_of_the_system_is_explained(number: int, raised: type[TsforecastError], hint: str) -> None:
    with pytest.raises(raised) as caught, writing("out.csv"):
        raise OSError(number, os.strerror(number))
    assert os.strerror(number) in caught.value.message
    assert hint in caught.value.hint


def test_a_reader_that_went_away_is_no_error_of_the_disk() -> None:
    with pytest.raises(BrokenPipeError), writing("-"):
        raise BrokenPipeError


def test_json_has_sorted_keys_and_no_nan() -> None:
    value = {"b": np.float32(0.5), "a": (1, np.int64(2)), "c": [float("nan"), float("inf")], "ä": np.arange(2)}
    data = json_bytes(value)
    assert json.loads(data) == {"a": [1, 2], "b": 0.5, "c": [None, None], "ä": [0, 1]}
    assert data.decode().startswith('{\n  "a"')
    assert "ä" in data.decode()


def test_a_folder_that_can_be_made_is_not_made_yet(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b")
    check_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/a/b"])
def test_a_folder_below_a_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=f"{name}: cannot be written: Not a directory"):
        check_folder(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="choose a place that you may write to"):
        check_folder(tmp_path / "a")
