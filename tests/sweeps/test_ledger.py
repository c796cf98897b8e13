"""The ledger under kill -9, failing disks and many writers: no forecast that was noted is lost, none is there twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.sampling import usual
from tests.store.ledger.test_ledger import make_run
from tests.sweeps.publisher import NAME, small_bundle
from tests.sweeps.scenarios import copied
from tests.sweeps.tracing import Publisher, calls
from tsforecast.errors import InputMissingError
from tsforecast.store.layout import LEDGER
from tsforecast.store.ledger.runs import append_run, check_ledger, layout_of, read_runs
from tsforecast.store.store import Store

pytestmark = pytest.mark.sweep

FORK = multiprocessing.get_context("fork")
WRITERS, RUNS, KILLS = 4, usual(40, full=200), usual(60, full=400)
ERRORS, EXTRA = ("ENOSPC", "EIO"), ["-q", "--ledger"]
_KILLED, _STORAGE = -signal.SIGKILL, 74


def noted(store: Path) -> int:
    """How many runs the ledger holds, each of them whole."""
    folder = store / NAME
    bundle = small_bundle(1)
    layout = layout_of(bundle.schema, bundle.recent.frequency)
    try:
        check_ledger(folder)
        return len(read_runs(folder, layout))
    except InputMissingError:
        return 0


def with_forecasts(worker: Publisher, store: Path, count: int) -> Path:
    """A store with a model of which so many forecasts were noted."""
    Store(store).model(NAME).publish(small_bundle(1))
    for _ in range(count):
        ended = worker.run("predict", store=str(store), output=str(store / "f.csv"), extra=EXTRA)
        assert ended.status == 0, ended
    return store


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("fault", ["signal=SIGKILL", *(f"error={error}" for error in ERRORS)])
def test_at_any_call_a_forecast_is_noted_before_it_can_be_used(
    worker: Publisher, scratch: Path, before: int, fault: str
) -> None:
    template, store, log = with_forecasts(worker, scratch / "template", before), scratch / "store", scratch / "log"
    output = store / "new.csv"
    arguments: dict[str, Any] = {"store": str(copied(template, store)), "output": str(output), "extra": EXTRA}
    assert worker.trace("predict", log=log, **arguments).status == 0
    assert (noted(store), output.exists()) == (before + 1, True)
    points = [call for call in calls(log) if call.changes]
    assert len(points) > 15
    seen = set()
    for call in points:
        copied(template, store)
        ended = worker.trace("predict", log=log, inject=f"{call.name}:{fault}:when={call.number}", **arguments)
        found = (noted(store), output.exists())
        seen.add(found)
        assert found in ((before, False), (before + 1, False), (before + 1, True)), (call, ended)
        if fault == "signal=SIGKILL":
            assert ended.status == _KILLED, (call, ended)
        elif found != (before + 1, True):
            assert ended.status == _STORAGE, (call, ended)
            assert "Traceback" not in ended.said, (call, ended)
        # The next one needs no repair.
        assert worker.run("predict", **arguments).status == 0, call
        assert noted(store) == found[0] + 1, call
        assert os.listdir(store / NAME).count(LEDGER) == 1
    assert {(before, False), (before + 1, True)} <= seen


def write(folder: Path, writer: int, says: Any) -> None:
    """Note runs, and say each one that is noted."""
    for number in range(RUNS):
        run = make_run(number, id=f"{writer}-{os.getpid()}-{number}")
        append_run(folder, run)
        says.send(run.id)
    says.close()


def test_of_many_writers_none_loses_a_run(tmp_path: Path) -> None:
    ends = [FORK.Pipe(duplex=False) for _ in range(WRITERS)]
    children = [FORK.Process(target=write, args=(tmp_path, writer, ends[writer][1])) for writer in range(WRITERS)]
    for child in children:
        child.start()
    said = [reading.recv() for reading, _ in ends for _ in range(RUNS)]
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * WRITERS
    stored = [run.id for run in read_runs(tmp_path, "days")]
    assert len(said) == WRITERS * RUNS and sorted(stored) == sorted(said)


def test_of_writers_that_are_killed_nothing_is_lost_that_was_said(tmp_path: Path) -> None:
    """Two writers at a time, each killed at any moment and replaced by another."""
    chance, said, started = random.Random(0), [], 0
    writers: list[tuple[Any, Any]] = []

    def start() -> tuple[Any, Any]:
        reading, writing = FORK.Pipe(duplex=False)
        child = FORK.Process(target=write, args=(tmp_path, started, writing))
        child.start()
        writing.close()
        return child, reading

    for _ in range(2):
        writers.append(start())
        started += 1
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.0, 0.1))
        victim = chance.randrange(2)
        child, reading = writers[victim]
        child.kill()  # one that is done already is let be
        child.join()
        said += everything_said(reading)
        started += 1
        writers[victim] = start()
    for child, reading in writers:
        said += everything_said(reading)
        child.join()
        assert child.exitcode == 0
    check_ledger(tmp_path)
    stored = [run.id for run in read_runs(tmp_path, "days")]
    assert max(Counter(stored).values()) == 1
    assert set(said) <= set(stored)
    # A writer that was killed may have noted one run more than it said.
    assert len(stored) - len(said) <= KILLS
    assert len(said) > KILLS / 4


def everything_said(reading: Any) -> list[str]:
    found = []
    try:
        while True:
            found.append(reading.recv())
    except (EOFError, OSError):
        return found
