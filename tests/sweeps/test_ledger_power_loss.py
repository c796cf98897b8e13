"""Whatever a power cut leaves of a ledger, what was noted is there once and whole, and the next run needs no repair.

`crash_states` works out what may be on the disk after each call of SQLite: the file and its journal, in any mixture of
what was not synced, and half of the last write.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sampling import usual
from tests.store.ledger.test_ledger import make_run
from tests.sweeps.crash_states import Recording, Step, Sync, Tree, read_tree, states, write_tree
from tests.sweeps.publisher import NAME
from tests.sweeps.test_ledger import EXTRA, noted, with_forecasts
from tests.sweeps.tracing import Publisher
from tsforecast.store.layout import LEDGER, LEDGER_JOURNAL
from tsforecast.store.ledger.runs import append_run

pytestmark = pytest.mark.sweep
SUBSETS = usual(6, full=40)  # of what was not synced, lost at random after each step
OUTPUT = "forecast.csv"


def record(worker: Publisher, root: Path, before: int, log: Path) -> Recording:
    """The steps of a forecast that is noted, in a store where so many were."""
    root.mkdir()
    with_forecasts(worker, root / "store", before)
    (root / "store" / "f.csv").unlink(missing_ok=True)
    recording = Recording(root, read_tree(root))
    arguments = {"store": str(root / "store"), "output": str(root / OUTPUT), "extra": EXTRA}
    ended = worker.trace("predict", log=log, data=True, **arguments)
    assert ended.status == 0, ended
    recording.read(log)
    assert recording._now.tree() == read_tree(root)
    return recording


def wrong(recording: Recording, before: int, scratch: Path, subsets: int) -> Iterator[str]:
    """What is wrong with each state in which something is lost; empty for the others."""
    known: dict[tuple[tuple[str, bytes | None], ...], int | str] = {}
    for done, lost, tree in states(recording, random.Random(0), subsets):
        found = known.setdefault(_ledger_of(tree), -1)
        if found == -1:
            found = known[_ledger_of(tree)] = _found(tree, scratch)
        # Who has the forecast, and once the process has ended everybody, finds it noted.
        over = done == len(recording.steps) or OUTPUT in tree
        allowed = {before + 1} if over else {before, before + 1}
        yield "" if found in allowed else f"after {done} of {len(recording.steps)} steps, lost: {lost}: {found}"


def _ledger_of(tree: Tree) -> tuple[tuple[str, bytes | None], ...]:
    """All that decides what is read of the ledger."""
    names = (f"store/{NAME}/{name}" for name in (LEDGER, LEDGER_JOURNAL))
    return tuple((name, tree[name]) for name in names if name in tree)


def _found(tree: Tree, scratch: Path) -> int | str:
    """How many runs are noted, or what is wrong; one more must be noted without a repair."""
    root = scratch / "root"
    write_tree(tree, root)
    try:
        count = noted(root / "store")
        append_run(root / "store" / NAME, make_run(99))
        left = (root / "store" / NAME / LEDGER_JOURNAL).exists()
        return "a journal is left" if left else count
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("before", [0, 2])
def test_a_power_cut_loses_no_forecast(worker: Publisher, scratch: Path, tmp_path: Path, before: int) -> None:
    recording = record(worker, tmp_path / "root", before, tmp_path / "log")
    found = list(wrong(recording, before, scratch, SUBSETS))
    bad = list(filter(None, found))
    assert not bad, "\n".join(bad[:5])
    assert len(found) >= 20 * SUBSETS


def test_the_model_finds_a_sync_that_is_left_out(worker: Publisher, scratch: Path, tmp_path: Path) -> None:
    """Without any one sync of the ledger something is lost or unreadable: the states are hard enough."""
    recording = record(worker, tmp_path / "root", 2, tmp_path / "log")
    whole: list[Step] = list(recording.steps)
    syncs = [number for number, step in enumerate(whole) if isinstance(step, Sync)]
    missed = []
    for number in syncs:
        recording.steps = whole[:number] + whole[number + 1 :]
        if not any(wrong(recording, 2, scratch, subsets=12)):
            missed.append(number)
    # The last two are those of the forecast's file and of its name, which the ledger does not need.
    assert len(syncs) >= 7 and missed == syncs[-2:], (missed, syncs)
