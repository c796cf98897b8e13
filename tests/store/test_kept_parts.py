"""Finished parts of a long work on the disk: found again, refused, and gone when all is done."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from tsforecast.errors import Terminated
from tsforecast.store import kept_parts, progress_folder
from tsforecast.store.kept_parts import Part, keeping

WORK, OTHER = "a" * 64, "b" * 64


def part(seed):
    return Part({"seed": seed, "seconds": 1 / 3}, {"made": np.random.default_rng(seed).normal(size=(3, 4))})


class Work:
    """Plays runs on one folder."""

    def __init__(self, folder):
        self.path = folder / "store" / ".backtest" / "sales"
        self.told = []

    def start(self, *works):
        return keeping(self.path, works or (WORK,), lambda event: self.told.append(event.text))

    def interrupt(self, *numbers, work=WORK, error=None):
        error = error or Terminated(15)
        with pytest.raises(type(error)), self.start(work) as kept:
            for number in numbers:
                kept.keep(work, number, lambda number=number: part(number))
            raise error

    def found(self, *works):
        """What an interrupted run finds of its first three parts."""
        with pytest.raises(Terminated), self.start(*works) as kept:
            found = [kept.find(work, number, 1000) for work in works or (WORK,) for number in range(3)]
            raise Terminated(15)
        return [None if each is None else each.facts["seed"] for each in found]


@pytest.fixture
def work(tmp_path):
    return Work(tmp_path)


def test_parts_are_found_to_the_last_bit(work):
    work.interrupt(0, 2)
    with pytest.raises(Terminated), work.start() as kept:
        found = kept.find(WORK, 2, 1000)
        assert found.facts == part(2).facts
        np.testing.assert_array_equal(found.tensors["made"], part(2).tensors["made"])
        assert kept.find(WORK, 1, 1000) is None
        kept.keep(WORK, 1, lambda: part(1))
        raise Terminated(15)
    assert work.found() == [0, 1, 2]
    assert work.told == []


def test_nothing_is_left_when_all_is_done(work, tmp_path):
    for before in ((), (0, 1)):
        if before:
            work.interrupt(*before)
        with work.start() as kept:
            kept.keep(WORK, 2, lambda: part(2))
        assert sorted(os.listdir(tmp_path / "store") if before else os.listdir(tmp_path)) == []


def test_the_store_of_others_stays(work, tmp_path):
    (tmp_path / "store" / ".backtest" / "taxi").mkdir(parents=True)
    work.interrupt(0)
    with work.start():
        pass
    assert os.listdir(tmp_path / "store" / ".backtest") == ["taxi"]


def test_short_work_touches_no_disk(work, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(kept_parts.time, "monotonic", lambda: now[0])
    with work.start() as kept:
        for number in range(4):
            now[0] += 0.3
            assert not work.path.exists()
            kept.keep(WORK, number, lambda number=number: part(number))
        assert len(os.listdir(work.path)) == 4


def test_another_work_is_dropped_and_that_is_said(work):
    work.interrupt(0, 1, work=OTHER)
    assert work.found() == [None] * 3
    assert work.told == ["an interrupted run had other data, options or another version: this one starts anew"]
    assert not work.path.exists()


def test_several_works_of_one_run(work):
    work.interrupt(0)
    with pytest.raises(Terminated), work.start(WORK, OTHER) as kept:
        kept.keep(OTHER, 2, lambda: part(2))
        raise Terminated(15)
    assert work.found(WORK, OTHER) == [0, None, None, None, None, 2]


DAMAGE = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[:-1],
    "flipped": lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
    "another part": None,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_part_is_made_again(work, damage):
    work.interrupt(0, 1)
    first, second = sorted(work.path.iterdir())
    first.write_bytes(second.read_bytes() if damage is None else damage(first.read_bytes()))
    assert work.found() == [None, 1, None]
    assert len(work.told) == 1 and work.told[0].startswith("a part that an interrupted run has kept is dropped: ")


def test_a_part_that_is_too_large_or_a_link_is_not_read(work, tmp_path, monkeypatch):
    work.interrupt(0, 1)
    second = max(work.path.iterdir())
    monkeypatch.setattr(kept_parts, "MAX_FRAME", -900)
    other = tmp_path / "other"
    second.rename(other)
    second.symlink_to(other)
    assert work.found() == [None] * 3
    assert other.exists() and not work.path.exists()


def test_what_a_kill_left_half_written_is_no_obstacle(work):
    work.interrupt(0)
    (work.path / ".part").write_bytes(b"half")
    assert work.found() == [0, None, None]
    (work.path / ".part").write_bytes(b"half")
    with work.start():
        pass
    assert not work.path.parent.parent.exists() or os.listdir(work.path.parent.parent) == []


def test_files_of_somebody_else_stay(work):
    work.interrupt(0)
    (work.path / "notes.txt").write_text("mine")
    with work.start():
        pass
    assert os.listdir(work.path) == ["notes.txt"]


def test_two_runs_do_not_mix(work):
    work.interrupt(0)
    with work.start() as first:
        assert first.find(WORK, 0, 1000) is not None
        with work.start() as second:
            assert second.find(WORK, 0, 1000) is None
            second.keep(WORK, 1, lambda: part(1))
        assert len(os.listdir(work.path)) == 1
    assert work.told == ["progress is not kept: another run on data of this name keeps its own"]


@pytest.mark.parametrize("call", ["write_file", "sync_folder"])
def test_a_full_disk_does_not_stop_the_work(work, call, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(progress_folder, call, full)
    monkeypatch.setattr(kept_parts, "_LEAST_SECONDS", 0.0)
    with work.start() as kept:
        for number in range(3):
            kept.keep(WORK, number, lambda number=number: part(number))
    assert work.told == ["progress is not kept: No space left on device"]


def test_a_store_that_cannot_be_made_does_not_stop_the_work(work, tmp_path):
    (tmp_path / "store").write_text("a file")
    work.interrupt(0)
    (told,) = work.told
    assert told.startswith("progress is not kept: ")


def test_a_folder_that_others_can_write_to_is_not_used(work):
    work.interrupt(0)
    work.path.chmod(0o770)
    assert work.found() == [None] * 3
    assert "progress is not kept" in work.told[0]
