"""Tests of the journal: what happened, when and by whom; whatever is wrong with it, nothing else is."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.journal import read_journal
from tsforecast.store.store import Store


@pytest.fixture
def store(make_bundle: Callable[..., Bundle], tmp_path: Path) -> Path:
    """A store of `sales` with five versions."""
    for seed in range(5):
        Store(tmp_path).model("sales").publish(make_bundle("naive", seed=seed))
    return tmp_path


def test_the_journal_tells_what_happened(store: Path, bundle: Bundle) -> None:
    Store(store).model("sales").publish(bundle, keep=4)
    Store(store).find("sales").rollback(4)
    entries = read_journal(store / "sales", 100)
    told = [(entry["event"], entry["version"], entry["from"]) for entry in entries]
    assert told[:2] == [("published", 1, None), ("published", 2, 1)]
    assert told[5:] == [("published", 6, 5), ("pruned", 1, 6), ("pruned", 2, 6), ("rolled-back", 4, 6)]
    assert all(entry["pid"] == os.getpid() and entry["user"] and entry["time"].endswith("+00:00") for entry in entries)
    assert all(len(line) < 4096 for line in (store / "sales" / "journal.jsonl").read_bytes().splitlines())
    assert read_journal(store / "sales", 1) == entries[-1:]


def test_a_torn_line_of_the_journal_is_alone_in_being_lost(store: Path) -> None:
    path = store / "sales" / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    Store(store).find("sales").rollback()
    assert [entry["version"] for entry in read_journal(store / "sales")] == [1, 2, 3, 4, 4]


@pytest.mark.parametrize("line", [b"\xff\n", b"[]\n", b"[" * 100_000 + b"\n"])
def test_lines_that_are_no_entries_are_passed_over(store: Path, line: bytes) -> None:
    path = store / "sales" / "journal.jsonl"
    path.write_bytes(line + path.read_bytes().splitlines()[0] + b"\n")
    assert len(read_journal(store / "sales")) <= 1


def test_a_journal_that_cannot_be_read_is_empty(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(handle: int, size: int, place: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pread", broken)
    assert read_journal(store / "sales") == []
    (store / "sales" / "journal.jsonl").unlink()
    assert read_journal(store / "sales") == []


def test_a_journal_that_cannot_be_written_hides_nothing(store: Path, bundle: Bundle) -> None:
    path = store / "sales" / "journal.jsonl"
    path.unlink()
    path.mkdir()
    published = Store(store).model("sales").publish(bundle)
    assert published.version == 6
    assert published.problem.startswith("the journal could not be written: ")
    assert read_journal(store / "sales") == []
    assert Store(store).find("sales").rollback().problem.startswith("the journal")


def test_the_journal_of_an_unknown_user_names_the_number(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(user: int) -> None:
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    Store(store).find("sales").rollback()
    assert read_journal(store / "sales")[-1]["user"] == str(os.geteuid())
