"""P3, P11, P12: a disk that is full or fails at any call, once or from then on, loses nothing and is no success.

Every call of every scenario fails once, and from then on; the error is one of the three in turn, each with `--all`.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.sampling import sampled
from tests.sweeps.publisher import NAME, small_bundle
from tests.sweeps.scenarios import NEW, SCENARIOS, Scenario, check_next_run, copied, leftovers, served
from tests.sweeps.tracing import ROOT, Call, Ended, Publisher, calls, need_strace
from tsforecast.errors import StorageError
from tsforecast.files import whole_file
from tsforecast.store.store import Store

pytestmark = pytest.mark.sweep
ERRORS = ("ENOSPC", "EDQUOT", "EIO")
LASTING = ("", "+")  # as strace writes it: once, and from then on
_CANNOT_CREATE, _STORAGE = 73, 74
_PAGE = 4096
# What a fault at these leaves lying about is removed by the next run.
_REMOVALS = ("unlink", "unlinkat", "rmdir")
# Without one of these there is no success, though the version may be in service for now.
_NEEDED = ("openat", "write", "fsync", "rename")


@pytest.mark.parametrize(("scenario", "error", "lasting"), sampled(3, SCENARIOS, ERRORS, LASTING), ids=str)
def test_a_fault_at_any_call_loses_nothing(
    scenario: Scenario, error: str, lasting: str, worker: Publisher, scratch: Path
) -> None:
    need_strace()
    template, store, log = scenario.prepare(scratch / "template"), scratch / "store", scratch / "log"
    arguments = {"store": str(copied(template, store)), **scenario.options}
    assert worker.trace(scenario.do, log=log, **arguments).status == 0
    points = [call for call in calls(log) if call.changes]
    needed = points[: _until_in_service(points)]
    for call in points:
        copied(template, store)
        inject = f"{call.name}:error={error}:when={call.number}{lasting}"
        ended = worker.trace(scenario.do, log=log, inject=inject, **arguments)
        assert "(INJECTED)" in log.read_text(), call
        seed = served(store)
        _check_end(scenario, ended, seed, call)
        if not lasting and call.name not in _REMOVALS:
            assert _remains(store, call) <= set(leftovers(template)), call
        if call in needed and call.name in _NEEDED:
            assert ended.status != 0, call
        check_next_run(worker, store, call)
    assert len(needed) >= {"publish": 30, "rollback": 4, "prune": 0, "delete": 0}[scenario.do]


def _until_in_service(points: list[Call]) -> int:
    """How many calls it takes until a version is in service for good: the last one syncs the folder of CURRENT."""
    for position, call in enumerate(points):
        if call.name == "rename" and call.text.endswith('/CURRENT"'):
            return position + 2
    return 0


def _remains(store: Path, call: Call) -> set[str]:
    """Leftovers; but a version set aside must stay whole while it is not certain that it has lost its number."""
    return {name for name in leftovers(store) if call.name != "fsync" or not re.match(r"\.stage-\d{6}-", name)}


def _check_end(scenario: Scenario, ended: Ended, seed: int | None, call: Call) -> None:
    """Success is said only of the new version in service, failure in one line, and the old version serves on."""
    context = (str(call), ended, seed)
    if ended.status == 0:
        assert seed == scenario.after, context
        return
    assert ended.status in (_CANNOT_CREATE, _STORAGE), context
    assert ended.said.startswith("Error: ") and ended.said.count("\n") == 1, context
    assert seed == scenario.before or "in service" in ended.said, context


@pytest.mark.parametrize("error", ERRORS)
def test_a_fault_while_the_store_is_read_back_is_no_success(error: str, worker: Publisher, scratch: Path) -> None:
    need_strace()
    Store(scratch / "template").model(NAME).publish(small_bundle(1))
    log, store = scratch / "log", scratch / "store"
    for number in range(1, 100):
        copied(scratch / "template", store)
        inject = f"read:error={error}:when={number}"
        ended = worker.trace("publish", log=log, inject=inject, also="read", store=str(store), seed=NEW)
        if not any("(INJECTED)" in line and str(store) in line for line in log.read_text().splitlines()):
            break
        assert ended.status == _STORAGE, (number, ended)
        assert served(store) == 1 and not leftovers(store)
    assert number > 8  # files


@pytest.mark.parametrize("limit", [0, 1, 100, 1000, 2000])
def test_a_limit_on_the_size_of_files(limit: int, worker: Publisher, tmp_path: Path) -> None:
    """The kernel sends SIGXFSZ, which Python ignores: the write fails."""
    Store(tmp_path).model(NAME).publish(small_bundle(1))
    ended = worker.run("publish", store=str(tmp_path), seed=NEW, limit=limit)
    assert ended.status == _STORAGE and "File too large" in ended.said
    assert served(tmp_path) == 1 and not leftovers(tmp_path)
    check_next_run(worker, tmp_path, limit)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux, to mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path, worker: Publisher) -> None:
    store, filler = small_disk / "store", small_disk / "filler"
    Store(store).model(NAME).publish(small_bundle(1))
    failed = 0
    for free in range(40):
        _fill(small_disk, filler, free * _PAGE)
        ended = worker.run("publish", store=str(store), seed=NEW)
        if ended.status == 0:
            break
        failed += 1
        assert ended.status == _STORAGE and "No space left" in ended.said and ended.said.count("\n") == 1
        assert served(store) == 1 and not leftovers(store)
        filler.unlink()
    assert failed >= 5 and served(store) == NEW
    filler.unlink()
    check_next_run(worker, store, "freed")


def _fill(disk: Path, filler: Path, free: int) -> None:
    status = os.statvfs(disk)
    filler.write_bytes(b"x" * (status.f_bavail * status.f_frsize - free))


@pytest.mark.parametrize(("ending", "error", "lasting"), sampled(3, ["csv", "jsonl"], ERRORS, LASTING))
def test_a_fault_leaves_the_forecast_of_before(
    ending: str, error: str, lasting: str, worker: Publisher, scratch: Path
) -> None:
    need_strace()
    Store(scratch / "store").model(NAME).publish(small_bundle(1))
    output, log = scratch / "out" / f"forecast.{ending}", scratch / "log"
    output.parent.mkdir()
    arguments = {"store": str(scratch / "store"), "output": str(output), "extra": ["-q"]}
    assert worker.trace("predict", log=log, **arguments).status == 0
    whole = output.read_bytes()
    points = [call for call in calls(log) if call.changes]
    for call in points:
        output.write_bytes(b"old")
        inject = f"{call.name}:error={error}:when={call.number}{lasting}"
        ended = worker.trace("predict", log=log, inject=inject, **arguments)
        found = output.read_bytes()
        if ended.status == 0:
            assert found == whole, call
        else:
            assert ended.status in (_CANNOT_CREATE, _STORAGE) and ended.said.count("\n") == 1, (call, ended)
            assert found == b"old" or (found == whole and "is written, but may be lost" in ended.said), (call, ended)
        if not lasting:
            assert os.listdir(output.parent) == [output.name], call
    assert len(points) >= 5


def test_a_kill_leaves_the_forecast_of_before(worker: Publisher, scratch: Path) -> None:
    need_strace()
    Store(scratch / "store").model(NAME).publish(small_bundle(1))
    output, log = scratch / "out" / "forecast.csv", scratch / "log"
    output.parent.mkdir()
    arguments = {"store": str(scratch / "store"), "output": str(output)}
    assert worker.trace("predict", log=log, **arguments).status == 0
    whole = output.read_bytes()
    for call in [call for call in calls(log) if call.changes]:
        output.write_bytes(b"old")
        worker.trace("predict", log=log, inject=f"{call.name}:signal=SIGKILL:when={call.number}", **arguments)
        assert output.read_bytes() in (b"old", whole), call
        assert worker.run("predict", **arguments).status == 0
        assert output.read_bytes() == whole
        assert os.listdir(output.parent) == [output.name], call


@pytest.mark.parametrize("words", [["predict"], ["predict", "--json"], ["models", "list"], ["models", "show", NAME]])
def test_standard_output_on_a_full_disk(words: list[str], tmp_path: Path) -> None:
    Store(tmp_path).model(NAME).publish(small_bundle(1))
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "tsforecast", *words, "--store", str(tmp_path), "-q"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert ended.returncode == _STORAGE
    assert "No space left" in ended.stderr and ended.stderr.count("\n") == 1, ended.stderr


@pytest.mark.parametrize("raised", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_reader_meets_whole_files_only(raised: BaseException, tmp_path: Path) -> None:
    """200 writes, every tenth of which fails half way, and somebody who reads without a pause."""
    path, done, partial, reads = tmp_path / "forecast.csv", threading.Event(), [], 0
    contents = {number: b"%d\n" % number * 20_000 for number in range(200)}
    path.write_bytes(contents[0])

    def poll() -> None:
        nonlocal reads
        known = set(contents.values())
        while not done.is_set():
            reads += 1
            if (found := path.read_bytes()) not in known:
                partial.append(found)

    reader = threading.Thread(target=poll)
    reader.start()
    while reads <= 100:
        for number, content in contents.items():
            with suppress(StorageError, KeyboardInterrupt), whole_file(path) as stream:
                stream.write(content[:1000])
                stream.flush()
                if number % 10 == 9:
                    raise raised
                stream.write(content[1000:])
    done.set()
    reader.join()
    assert not partial
    assert os.listdir(tmp_path) == [path.name]
