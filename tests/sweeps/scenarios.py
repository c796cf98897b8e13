"""What is done to a store while it is disturbed, and what a store must be like afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.sweeps.publisher import NAME, small_bundle
from tests.sweeps.tracing import Publisher
from tsforecast.errors import InputMissingError
from tsforecast.store.layout import PART, STAGE, version_folder, version_numbers
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store

NEW, NEXT = 90, 91


@dataclass(frozen=True)
class Scenario:
    """An action on a store.

    Args:
        name: of the scenario.
        versions: that there are before; version n is made with seed n.
        before: seed of the version in service before, None for none.
        after: seed of the version in service after.
        do: the action of the publisher.
        options: of the action.
        remains: of a run that was killed, lie in the store before.
    """

    name: str
    versions: int
    before: int | None
    after: int
    do: str
    options: dict[str, Any]
    remains: bool = False

    def __str__(self) -> str:
        return self.name

    def prepare(self, store: Path) -> Path:
        """Make the store as it is before."""
        for seed in range(1, self.versions + 1):
            Store(store).model(NAME).publish(small_bundle(seed))
        if self.remains:
            shutil.copytree(version_folder(store / NAME, 1), store / NAME / f"{STAGE}1")
            (store / NAME / f"{PART}1").write_text("0000")
        return store


SCENARIOS = (
    Scenario("first publication", 0, None, NEW, "publish", {"seed": NEW}),
    Scenario("second publication", 1, 1, NEW, "publish", {"seed": NEW}),
    Scenario("publication with retention", 5, 5, NEW, "publish", {"seed": NEW, "keep": 2}),
    Scenario("publication over leftovers", 1, 1, NEW, "publish", {"seed": NEW}, remains=True),
    Scenario("rollback", 3, 3, 2, "rollback", {}),
    Scenario("pruning", 5, 5, 5, "prune", {"keep": 2}),
    Scenario("deleting a version", 3, 3, 3, "delete", {"version": 2}),
)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of stores are written to it, and waiting for a disk is dull."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def copied(template: Path, store: Path) -> Path:
    """A fresh copy of a prepared store, which may be no folder at all."""
    shutil.rmtree(store, ignore_errors=True)
    if template.exists():
        shutil.copytree(template, store)
    return store


def served(store: Path) -> int | None:
    """The seed of the version in service, read as `predict` reads it; None where there is none.

    Every version that has a number must load, and hold what was made with its seed.
    """
    for number in version_numbers(store / NAME):
        seed_of(version_folder(store / NAME, number))
    try:
        return seed_of(Store(store).find(NAME).version_folder())
    except InputMissingError as error:
        assert "though CURRENT names it" not in error.message
        return None


def seed_of(folder: Path) -> int:
    """The seed with which a version was made, whole and right."""
    bundle = load_bundle(folder)
    seed = int(bundle.provenance["seed"])
    assert np.array_equal(bundle.recent.values, small_bundle(seed).recent.values, equal_nan=True)
    return seed


def leftovers(store: Path) -> list[str]:
    """What a killed or failed run left behind."""
    return [path.name for mark in (STAGE, PART) for path in (store / NAME).glob(f"{mark}*")]


def check_next_run(publisher: Publisher, store: Path, context: object) -> None:
    """The next publication needs no repair, does not wait, and leaves nothing of the one before."""
    ended = publisher.run("publish", store=str(store), seed=NEXT)
    assert (ended.status, ended.said) == (0, ""), (context, ended)
    assert served(store) == NEXT, context
    assert not leftovers(store), context
