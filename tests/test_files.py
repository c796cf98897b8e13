"""Tests of writing: a file is there as a whole or not at all, and an OSError becomes one of ours."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import nullcontext
from pathlib import Path

import pytest

from tsforecast.errors import OutputError, StorageError, TsforecastError
from tsforecast.files import check_file, check_folder, whole_file, writing


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


def test_the_rights_of_a_replaced_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with whole_file(path) as stream:
        stream.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out.csv")
    with pytest.raises(OutputError, match="it is a pipe or a device, not a file"), whole_file(tmp_path / "out.csv"):
        pass
    assert (tmp_path / "out.csv").is_fifo()


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    leftover = tmp_path / ".out.csv.0123abcd.part"
    others = [".out.csv.0123abcd.part.bak", ".other.csv.0123abcd.part", ".out.csv.xyz.part", "out.csv.part"]
    for name in (leftover.name, *others):
        (tmp_path / name).write_bytes(b"half")
    with whole_file(tmp_path / "out.csv") as stream:
        stream.write(b"new")
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "out.csv"])


def test_two_who_write_the_same_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with whole_file(path) as first:
        first.write(b"first")
        with whole_file(path) as second:
            second.write(b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_pipe_that_looks_like_a_leftover_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".out.csv.0123abcd.part")
    with whole_file(tmp_path / "out.csv") as stream:
        stream.write(b"new")
    assert (tmp_path / "out.csv").read_bytes() == b"new"


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / (os.fsdecode("\N{GRINNING FACE}".encode() * 62) + ".csv")  # in any locale
    with whole_file(path) as stream:
        stream.write(b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.EIO, "is written, but may be lost if the power fails"), (errno.EINVAL, ""), (errno.ENOTSUP, "")],
)
def test_a_folder_that_cannot_be_synced(
    number: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the disk is no success; a file system that has no such thing is no error."""
    sync = os.fsync

    def fail_for_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        sync(handle)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with pytest.raises(StorageError, match=message) if message else nullcontext(), whole_file(tmp_path / "a") as stream:
        stream.write(b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_cleaning_up_that_fails_hides_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(ValueError, match="first"), whole_file(tmp_path / "out.csv"):
        raise ValueError("first")


def test_a_file_needs_a_folder_that_is_there(tmp_path: Path) -> None:
    check_file(tmp_path / "made.html")
    with pytest.raises(OutputError, match="No such file"):
        check_file(tmp_path / "new" / "made.html")
