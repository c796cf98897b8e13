"""Many processes on one store: writers one after the other, readers always with one whole version (P4, P5, P6, P16)."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from tests.sampling import usual
from tests.store.conftest import build
from tests.store.test_publish import AT_REST
from tests.store.test_trust import as_stranger
from tsforecast.errors import BusyError, OutputError
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.layout import RETRAIN_LOCK, version_numbers
from tsforecast.store.lock import hold
from tsforecast.store.model import StoredModel
from tsforecast.store.store import Store
from tsforecast.workflows.predict import predict

pytestmark = pytest.mark.sweep

WRITERS, ROUNDS = 20, usual(3, full=10)
PUBLICATIONS, LOADS, READERS = usual(60, full=200), usual(300, full=1000), 3
KILLS = usual(30, full=100)
FORK = multiprocessing.get_context("fork")


def in_processes(count: int, work: Callable[[int, Any], None]) -> None:
    """Run `work(number, start)` in processes, each of which waits for `start.wait()` until all are there."""
    start = FORK.Barrier(count)
    processes = [FORK.Process(target=work, args=(number, start)) for number in range(count)]
    finish(processes)


def finish(processes: list[BaseProcess]) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(processes)


def test_no_version_is_lost_when_many_publish_at_once(tmp_path: Path) -> None:
    bundle = build("naive")

    def work(number: int, start: Any) -> None:
        start.wait()
        Store(tmp_path).model("sales").publish(replace(bundle, provenance={"writer": number}))

    for turn in range(1, ROUNDS + 1):
        in_processes(WRITERS, work)
        assert version_numbers(tmp_path / "sales") == tuple(range(1, WRITERS * turn + 1))
        assert StoredModel(tmp_path / "sales").in_service() == WRITERS * turn
    assert sorted(os.listdir(tmp_path / "sales")) == AT_REST
    checked = list(Store(tmp_path).verify())
    assert len(checked) == WRITERS * ROUNDS
    assert [each.error for each in checked if each.error] == []
    # Each writer of each round has its version.
    model = Store(tmp_path).find("sales")
    numbers = range(1, WRITERS * ROUNDS + 1)
    writers = [model.open(number).bundle.provenance["writer"] for number in numbers]
    assert sorted(writers) == sorted(list(range(WRITERS)) * ROUNDS)


def test_of_many_retrainings_one_begins_and_the_others_end_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sales" / RETRAIN_LOCK
    for _ in range(ROUNDS):
        results, over = FORK.Queue(), FORK.Event()

        def work(number: int, start: Any, results: Any = results, over: Any = over) -> None:
            start.wait()
            try:
                with hold(path):
                    results.put("won")
                    over.wait()
            except BusyError as error:
                results.put(str(error))

        start = FORK.Barrier(WRITERS)
        processes = [FORK.Process(target=work, args=(number, start)) for number in range(WRITERS)]
        for process in processes:
            process.start()
        # All losers have ended while the winner still holds the lock.
        ended = [results.get() for _ in range(WRITERS)]
        over.set()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * WRITERS
        losers = [text for text in ended if text != "won"]
        assert len(losers) == WRITERS - 1
        assert all("held by " in text for text in losers)
        assert path.read_bytes() == b""


def marked(version: int) -> Bundle:
    """A bundle whose weights, context, metrics and provenance tell its version."""
    bundle = build("linear")
    weights = {name: np.full_like(value, version / 1000) for name, value in bundle.forecaster.weights.items()}
    forecaster = replace(bundle.forecaster, weights=weights)
    golden = replace(bundle.golden, expected=forecaster.quantiles(bundle.golden.windows))
    return replace(
        bundle,
        forecaster=forecaster,
        recent=replace(bundle.recent, values=np.full_like(bundle.recent.values, version)),
        golden=golden,
        metrics={"version": version},
        provenance={"version": version},
    )


def told(bundle: Bundle) -> set[float]:
    """The versions that the parts of a bundle tell: one, unless they are mixed."""
    weights = {
        round(1000 * float(value)) for tensor in bundle.forecaster.weights.values() for value in np.unique(tensor)
    }
    return {*weights, *np.unique(bundle.recent.values), bundle.metrics["version"], bundle.provenance["version"]}


def test_readers_always_get_one_whole_version(tmp_path: Path) -> None:
    Store(tmp_path).model("sales").publish(marked(1))
    published, loads = FORK.Value("i", 1), FORK.Value("i", 0)
    # Each reader shall meet many versions, so that it did read while there was writing.
    seen = FORK.Array("i", READERS)

    def going_on() -> bool:
        return published.value < PUBLICATIONS or loads.value < LOADS or min(seen) <= 20

    def write() -> None:
        while going_on():
            Store(tmp_path).model("sales").publish(marked(published.value + 1), keep=2)
            published.value += 1

    def read(number: int) -> None:
        versions = set()
        while going_on():
            opened = Store(tmp_path).find("sales").open()
            assert told(opened.bundle) == {opened.version}
            assert opened.notes == ()
            versions.add(opened.version)
            seen[number] = len(versions)
            with loads.get_lock():
                loads.value += 1

    finish([FORK.Process(target=write), *(FORK.Process(target=read, args=(number,)) for number in range(READERS))])
    assert published.value >= PUBLICATIONS
    assert loads.value >= LOADS
    assert len(version_numbers(tmp_path / "sales")) == 2


def test_a_killed_holder_frees_its_lock(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    for _ in range(KILLS):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            with hold(path):
                os.write(writing, b"x")
                signal.pause()
            os._exit(1)
        os.close(writing)
        assert os.read(reading, 1) == b"x"
        os.close(reading)
        with pytest.raises(BusyError, match=f"held by process {child} "), hold(path):
            raise AssertionError
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with hold(path):
            pass


def test_a_store_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    bundle = build("naive")
    with TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        for _ in range(2):
            Store(store).model("sales").publish(bundle)
        for path in (store.parent, store, *store.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}

        def refused(change: Callable[[], object]) -> None:
            with pytest.raises(OutputError):
                change()

        def use() -> None:
            assert predict(store=store).version == 2
            assert predict(store=store, version=1).rows == 10
            assert [each.error for each in Store(store).verify()] == [None, None]
            refused(lambda: Store(store).model("sales").publish(bundle))
            refused(lambda: Store(store).model("new").publish(bundle))
            refused(lambda: Store(store).find("sales").rollback())
            refused(lambda: Store(store).find("sales").prune(1))
            refused(lambda: hold(store / "sales" / RETRAIN_LOCK).__enter__())

        try:
            if os.geteuid() == 0:  # whom no mode stops
                assert as_stranger(use) == ""
            else:
                use()
            assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before
        finally:
            for path in (store.parent, store, *store.rglob("*")):
                path.chmod(0o755)
            shutil.rmtree(store)
