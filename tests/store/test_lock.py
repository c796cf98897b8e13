"""Tests of locks: one holder at a time, who says who it is, and whom nothing outlives."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import Freeze
from tsforecast.errors import BusyError, OutputError, StorageError
from tsforecast.store import lock
from tsforecast.store.lock import hold, network_filesystem

HOLDER = """
import sys
from pathlib import Path
from tsforecast.store.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_tells_its_holder_and_is_empty_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "store" / "sales" / ".lock"
    with hold(path):
        holder = json.loads(path.read_bytes())
        assert (holder["pid"], holder["host"]) == (os.getpid(), os.uname().nodename)
        assert path.read_bytes().endswith(b"\n")
    assert path.read_bytes() == b""
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o777 == 0o750


def test_a_held_lock_is_refused_with_its_holder_start_and_age(tmp_path: Path, freeze: Freeze) -> None:
    path = tmp_path / ".lock"
    began = freeze(datetime(2026, 3, 1, 6, tzinfo=UTC))
    with hold(path):
        freeze(began + timedelta(seconds=7))
        with pytest.raises(BusyError) as caught, hold(path):
            raise AssertionError
    name = f"process {os.getpid()} on {os.uname().nodename}"
    assert f"held by {name} since 2026-03-01 06:00:00 UTC, for 7 s" in str(caught.value)
    assert caught.value.file == str(path)


def test_a_refusal_leaves_the_holder_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with hold(path):
        before = path.read_bytes()
        with pytest.raises(BusyError), hold(path):
            raise AssertionError
        assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": "x"}', '{"pid": 1, "host": "h", "since": "yesterday"}'])
def test_a_holder_that_cannot_be_read_is_another_run(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".lock"
    with hold(path):
        path.write_text(text)
        with pytest.raises(BusyError, match="held by another run"), hold(path):
            raise AssertionError


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (9000, "2 h"), (2e5, "2 days")]
)
def test_ages_are_read_easily(seconds: float, text: str) -> None:
    assert lock._duration(int(seconds)) == text


def test_an_error_in_the_body_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with pytest.raises(KeyboardInterrupt), hold(path):
        raise KeyboardInterrupt
    with hold(path):
        pass


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: os.close(handle))
        with hold(path, wait=60):
            pass


def test_a_wait_ends(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with hold(path):
        began = time.monotonic()
        with pytest.raises(BusyError), hold(path, wait=0.2):
            raise AssertionError
        assert time.monotonic() - began >= 0.2


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match=f"process {process.pid} "), hold(path):
            raise AssertionError
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert path.read_bytes()
    with hold(path):
        assert json.loads(path.read_bytes())["pid"] == os.getpid()


def test_a_lock_whose_folder_was_removed_is_taken_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, moved = tmp_path / "sales" / ".lock", tmp_path / "old"
    locked = lock._locked

    def remove(handle: int, place: Path) -> bool:
        monkeypatch.undo()
        os.rename(path.parent, moved)
        path.parent.mkdir()
        return locked(handle, place)

    monkeypatch.setattr(lock, "_locked", remove)
    with hold(path, wait=600):
        assert json.loads(path.read_bytes())["pid"] == os.getpid()
        assert (moved / ".lock").read_bytes() == b""


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_place_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def unsupported(handle: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with (
        pytest.raises(OutputError, match=r"cannot be locked: .*; keep the store on a local disk"),
        hold(tmp_path / "l"),
    ):
        raise AssertionError


def test_a_lock_on_a_broken_disk_is_an_error_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(handle: int, operation: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", broken)
    with pytest.raises(StorageError), hold(tmp_path / ".lock"):
        raise AssertionError


def test_a_full_disk_can_still_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, data: bytes, offset: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with hold(tmp_path / ".lock"):
        pass


def test_a_link_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError), hold(tmp_path / ".lock"):
        raise AssertionError
    assert not (tmp_path / "elsewhere").exists()


MOUNTS = r"""
/dev/vda / ext4 rw 0 0
server:/export /srv nfs4 rw 0 0
/dev/vdb /srv/local ext4 rw 0 0
//host/share /mnt/my\040share cifs rw 0 0
tmpfs /tmp/over tmpfs rw 0 0
me@host: /tmp/over fuse.sshfs rw 0 0
""".strip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/models", None),
        ("/srv", "nfs4"),
        ("/srv/models/sales", "nfs4"),
        ("/srv2/models", None),
        ("/srv/local/models", None),
        ("/mnt/my share/models", "cifs"),
        ("/tmp/over/models", "fuse.sshfs"),
    ],
)
def test_a_network_share_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: str | None
) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    monkeypatch.setattr(lock, "_MOUNTS", tmp_path / "mounts")
    assert network_filesystem(Path(path)) == kind


def test_without_a_list_of_mounts_nothing_is_a_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_MOUNTS", tmp_path / "none")
    assert network_filesystem(tmp_path) is None
