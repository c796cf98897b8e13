"""Checkpoints on the disk: what is read back, what is refused, and when they are written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.networks import small_network
from tsforecast.errors import Terminated
from tsforecast.models.training.patience import EpochRate, Patience
from tsforecast.models.training.resume import EpochRecord, GraphState, Progress, RunKey, TrainedNetwork
from tsforecast.progress import Message
from tsforecast.store import checkpoint, progress_folder
from tsforecast.store.checkpoint import drop_checkpoint, recording
from tsforecast.store.model import StoredModel

FACTS = {"data_hash": "abc", "options": {"epochs": 3, "columns": ("a", "b")}}
NETWORK = small_network("gru")
PATH = (EpochRate(1, 1.0), EpochRate(3, 0.25))
KEYS = tuple(RunKey(f"training, member {number}", NETWORK, number) for number in range(3))


def weights(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {"head/kernel": rng.normal(size=(4, 2)).astype(np.float32), "head/bias": np.zeros(2, np.float32)}


def record(epoch: int) -> EpochRecord:
    return EpochRecord(0, epoch, 0.1 + 0.2, None if epoch == 2 else 1 / 3, 1e-3, 0.5, 2.5, 0.01, 1e5)


def trained(seed: int = 0) -> TrainedNetwork:
    norms = np.array([np.nan, 0.5, 1 / 3], np.float32)
    return TrainedNetwork(weights(seed), (record(1), record(2)), 2, PATH, "all 2 epochs done", (norms, norms + 1))


def progress(epochs: int = 2, seed: int = 0) -> Progress:
    patience = Patience(
        3, plateau=True, factor=0.25, best=0.1, path=PATH, current=(*PATH, EpochRate(4, 0.5)), waited=1, falls=2
    )
    optimizer = (np.array(17), np.array(1e-3, np.float32), *weights(seed + 1).values())
    state = GraphState(weights(seed), optimizer, np.array([7, 2**32 - 1], np.int64))
    records = tuple(record(epoch) for epoch in range(1, epochs + 1))
    return Progress(patience, weights(seed + 2), 1, records, (), state)


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, whatever they are made of."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one.ravel(), other.ravel(), equal_nan=one.dtype.kind == "f")
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, TrainedNetwork | Progress | GraphState):
        return type(one) is type(other) and same(vars(one), vars(other))
    return bool(one == other)


class Training:
    """Plays trainings of three runs on one folder."""

    def __init__(self, model: Path) -> None:
        self.model = model
        self.told: list[str] = []

    def start(self, *, resume: bool = True, facts: Any = FACTS) -> Any:
        def report(event: Any) -> None:
            assert isinstance(event, Message)
            self.told.append(event.text)

        return recording(StoredModel(self.model), json.dumps(facts), resume=resume, report=report)

    def interrupt(self, epochs: int = 2) -> None:
        """The first run is finished, the second is interrupted."""
        with pytest.raises(Terminated), self.start(resume=False) as recorder:
            recorder.begin(KEYS[0])
            recorder.finished(trained())
            recorder.begin(KEYS[1])
            for epoch in range(1, epochs + 1):
                recorder.after_epoch(lambda epoch=epoch: progress(epoch))
            raise Terminated(15)

    def found(self, **given: Any) -> list[Any]:
        """What a resumed training finds of its three runs."""
        with self.start(**given) as recorder:
            return [recorder.begin(key) for key in KEYS]

    @property
    def folder(self) -> Path:
        return self.model / ".checkpoint"


@pytest.fixture
def training(tmp_path: Path) -> Training:
    return Training(tmp_path / "store" / "sales")


def test_an_interrupted_training_is_found_again(training: Training) -> None:
    training.interrupt()
    assert sorted(os.listdir(training.folder)) == ["finished-0000", "partial"]
    first, second, third = training.found()
    assert same(first, trained())
    assert same(second, progress())
    assert third is None
    assert training.told == ["resumed: training, member 1 at epoch 3, 1 network already trained"]


def test_arrays_that_are_read_can_be_written_to(training: Training) -> None:
    training.interrupt()
    first, second, _ = training.found()
    for array in (*first.weights.values(), *second.state.optimizer, *second.best.values()):
        array += 1


def test_without_resume_it_starts_anew(training: Training) -> None:
    training.interrupt()
    assert training.found(resume=False) == [None] * 3
    assert training.told == []
    assert not training.folder.exists()


def test_nothing_to_resume_is_said(training: Training) -> None:
    assert training.found() == [None] * 3
    assert training.told == ["nothing to resume: training starts anew"]
    assert not training.folder.exists()


@pytest.mark.parametrize("facts", [FACTS | {"data_hash": "abd"}, FACTS | {"options": {"epochs": 4}}, {}])
def test_another_training_is_not_resumed(training: Training, facts: Any) -> None:
    training.interrupt()
    assert training.found(facts=facts) == [None] * 3
    (told,) = training.told
    assert told.startswith("the checkpoint is dropped and training starts anew: ")
    assert told.endswith("the data, an option or a version is another one")


@pytest.mark.parametrize("key", [replace(KEYS[0], seed=9), replace(KEYS[0], network=small_network("lstm"))])
def test_another_sequence_of_runs_is_not_resumed(training: Training, key: RunKey) -> None:
    training.interrupt()
    with training.start() as recorder:
        assert recorder.begin(key) is None
        assert recorder.begin(KEYS[1]) is None
    assert "it is of another training" in training.told[-1]


def test_finished_runs_go_before_their_partial_state(training: Training) -> None:
    """Killed between the file of a finished run and the next one's first."""
    training.interrupt()
    partial = (training.folder / "partial").read_bytes()
    with training.start() as recorder:
        recorder.begin(KEYS[0])
        recorder.begin(KEYS[1])
        recorder.finished(trained(5))
    (training.folder / "partial").write_bytes(partial)
    first, second, third = training.found()
    assert same((first, second, third), (trained(), trained(5), None))
    assert training.told[-1] == "resumed: 2 networks already trained"


def test_a_short_run_is_not_written_before_it_ends(training: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first save after a second; after it, only when training went on for 40 times what the save took."""
    now = [0.0]
    saved: list[float] = []
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now[0])
    encode = checkpoint.encode_run

    def slow(*args: Any) -> bytes:
        saved.append(now[0])
        now[0] += 0.125
        return encode(*args)

    monkeypatch.setattr(checkpoint, "encode_run", slow)
    with training.start() as recorder:
        recorder.begin(KEYS[0])
        for _ in range(25):
            now[0] += 0.5
            recorder.after_epoch(progress)
        assert saved == [1.0, 6.125, 11.25]
        recorder.finished(trained())
    assert len(saved) == 4


def test_no_state_is_written_twice(training: Training) -> None:
    training.interrupt()
    before = {path.name: path.stat().st_mtime_ns for path in training.folder.iterdir()}
    training.found()
    assert {path.name: path.stat().st_mtime_ns for path in training.folder.iterdir()} == before


def test_publication_drops_it(training: Training) -> None:
    training.interrupt()
    drop_checkpoint(StoredModel(training.model))
    assert os.listdir(training.model) == []
    drop_checkpoint(StoredModel(training.model))
    drop_checkpoint(StoredModel(training.model / "missing"))


def test_two_trainings_of_one_model_do_not_mix(training: Training) -> None:
    training.interrupt()
    with training.start() as first:
        assert same(first.begin(KEYS[0]), trained())
        with training.start() as second:
            assert second.begin(KEYS[0]) is None
            second.finished(trained(8))
            second.begin(KEYS[1])
            second.after_epoch(lambda: progress(1))
        drop_checkpoint(StoredModel(training.model))
        assert sorted(os.listdir(training.folder)) == ["finished-0000", "partial"]
    assert training.told[-1] == "no checkpoint is kept: another training of this model keeps its own"
    assert same(training.found()[0], trained())


def files(training: Training) -> list[Path]:
    return sorted(training.folder.iterdir())


def resigned(data: bytes) -> bytes:
    """With its checksum made right again."""
    body = data.partition(b"\n")[2]
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[:-1],
    "longer": lambda data: data + b"\0",
    "flipped": lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
    "no JSON": lambda data: resigned(data.replace(b'"kind"', b'"kind', 1)),
    "another format": lambda data: resigned(data.replace(b'"format_version": 1', b'"format_version": 9', 1)),
    "no epochs": lambda data: resigned(data.replace(b'"history": [[', b'"histary": [[', 1)),
    "text for a number": lambda data: resigned(data.replace(b'"best_epoch": ', b'"best_epoch": "x", "y": ', 1)),
    "another shape": lambda data: resigned(data.replace(b'["float32", 4, 2]', b'["float32", 4, 3]', 1)),
    "a huge shape": lambda data: resigned(data.replace(b'["float32", 4, 2]', b'["float32", 4, 9999999999999]', 1)),
    "a negative shape": lambda data: resigned(data.replace(b'["float32", 4, 2]', b'["float32", -4, -2]', 1)),
    "another type": lambda data: resigned(data.replace(b'["float32", 4, 2]', b'["object", 4, 2]', 1)),
    "a tensor too few": lambda data: resigned(data[: -len(data) // 4]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("number", [0, 1])
def test_a_damaged_file_starts_the_training_anew(
    training: Training, damage: Callable[[bytes], bytes], number: int
) -> None:
    training.interrupt()
    path = files(training)[number]
    data = path.read_bytes()
    assert damage(data) != data
    path.write_bytes(damage(data))
    assert training.found() == [None] * 3
    (told,) = training.told
    assert told.startswith(f"the checkpoint is dropped and training starts anew: {path}: ")
    assert not training.folder.exists()


def test_every_flipped_byte_is_found(training: Training) -> None:
    training.interrupt()
    path = files(training)[0]
    data = path.read_bytes()
    for place in range(0, len(data), 97):
        path.write_bytes(data[:place] + bytes([data[place] ^ 64]) + data[place + 1 :])
        with pytest.raises(checkpoint.TsforecastError):
            checkpoint.decode_run(path.read_bytes(), "x", json.dumps(FACTS))


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_foreign_name_or_link_starts_it_anew(training: Training, make: Any, tmp_path: Path) -> None:
    training.interrupt()
    other = tmp_path / "other"
    other.write_text("{}")
    make(other, training.folder / "finished-0001")
    assert training.found() == [None] * 3
    assert "anew" in training.told[0]
    assert other.read_text() == "{}"


@pytest.mark.parametrize("resume", [True, False])
def test_files_of_somebody_else_stay(training: Training, resume: bool) -> None:
    training.interrupt()
    for name in ("notes.txt", "finished-late", "best.pt"):
        (training.folder / name).write_text("mine")
    (training.folder / "logs").mkdir()
    with training.start(resume=resume) as recorder:
        assert same(recorder.begin(KEYS[0]), trained()) if resume else recorder.begin(KEYS[0]) is None
    drop_checkpoint(StoredModel(training.model))
    assert sorted(os.listdir(training.folder)) == ["best.pt", "finished-late", "logs", "notes.txt"]


def test_a_part_that_a_kill_left_is_no_obstacle(training: Training) -> None:
    training.interrupt()
    (training.folder / ".part").write_bytes(b"half")
    assert same(training.found()[0], trained())
    (training.folder / ".part").write_bytes(b"half")
    with training.start(resume=False) as recorder:
        recorder.begin(KEYS[0])
        recorder.finished(trained())
    assert os.listdir(training.folder) == ["finished-0000"]


CALLS = ("write_file", "sync_folder")


@pytest.mark.parametrize("call", CALLS)
def test_a_full_disk_does_not_stop_the_training(training: Training, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(progress_folder, call, full)
    with training.start(resume=False) as recorder:
        for key in KEYS:
            assert recorder.begin(key) is None
            recorder.after_epoch(progress)
            recorder.finished(trained())
    assert training.told == ["the checkpoint cannot be written, training goes on without: No space left on device"]


def test_a_folder_that_cannot_be_made_does_not_stop_the_training(training: Training) -> None:
    training.model.parent.mkdir()
    training.model.write_text("a file")
    with training.start() as recorder:
        assert recorder.begin(KEYS[0]) is None
        recorder.after_epoch(progress)
        recorder.finished(trained())
    (told,) = training.told
    assert told.startswith("no checkpoint is kept: ")


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_can_write_to_is_not_used(training: Training, mode: int) -> None:
    training.interrupt()
    training.folder.chmod(mode)
    assert training.found() == [None] * 3
    assert training.told == [f"no checkpoint is kept: {training.folder} can be written to by others"]


def test_nobody_but_the_user_and_the_group_reads_it(training: Training) -> None:
    training.interrupt()
    assert training.folder.stat().st_mode & 0o007 == 0
