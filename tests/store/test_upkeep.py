"""Tests of going back and of pruning: what is in service always loads, and what is kept is what was promised."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.store.test_publish import AT_REST, _fail
from tsforecast.errors import BusyError, InputMissingError, ModelError, OptionError, OutputError, StorageError
from tsforecast.store import current, upkeep
from tsforecast.store import publish as publishing
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.layout import current_version, version_numbers
from tsforecast.store.load import load_bundle
from tsforecast.store.lock import hold
from tsforecast.store.publish import publish
from tsforecast.store.upkeep import prune, rollback, superfluous
from tsforecast.store.versions import find_version


@pytest.fixture(scope="module")
def five(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of `sales` with five versions."""
    store = tmp_path_factory.mktemp("five")
    for seed in range(5):
        publish(make_bundle("naive", seed=seed), store=store, name="sales")
    return store


@pytest.fixture
def store(five: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(five, tmp_path / "store"))


def damage(store: Path, version: int) -> None:
    (store / "sales" / "versions" / f"{version:06d}" / "metrics.json").write_text("{}")


def test_the_version_before_comes_back(store: Path) -> None:
    done = rollback(store, "sales")
    assert (done.version, done.previous, done.passed_over, done.problem) == (4, 5, (), "")
    assert find_version(store, "sales") == ("sales", 4, done.path)
    assert rollback(str(store), "sales").version == 3
    assert version_numbers(store / "sales") == (1, 2, 3, 4, 5)
    assert sorted(os.listdir(store / "sales")) == AT_REST


def test_any_version_can_be_asked_for(store: Path) -> None:
    assert rollback(store, "sales", to=2).version == 2
    assert rollback(store, "sales", to=5).previous == 2
    assert current_version(store / "sales") == 5


def test_the_version_in_service_stays_without_a_line_in_the_journal(store: Path) -> None:
    lines = (store / "sales" / "journal.jsonl").read_bytes()
    done = rollback(store, "sales", to=5)
    assert (done.version, done.previous) == (5, 5)
    assert (store / "sales" / "journal.jsonl").read_bytes() == lines


def test_a_damaged_version_is_passed_over_and_named(store: Path) -> None:
    damage(store, 4)
    done = rollback(store, "sales")
    assert done.version == 3
    assert len(done.passed_over) == 1
    assert "version 4: " in done.passed_over[0] and "metrics.json: is damaged" in done.passed_over[0]


def test_a_damaged_version_is_not_put_into_service(store: Path) -> None:
    damage(store, 2)
    with pytest.raises(ModelError, match=r"metrics\.json: is damaged"):
        rollback(store, "sales", to=2)
    assert current_version(store / "sales") == 5


def test_with_none_that_loads_the_old_one_stays(store: Path) -> None:
    for version in range(1, 5):
        damage(store, version)
    with pytest.raises(ModelError, match="no version below version 5 loads: version 4: "):
        rollback(store, "sales")
    assert current_version(store / "sales") == 5


@pytest.mark.parametrize("text", [None, "", "999999999"])
def test_a_damaged_current_is_repaired(store: Path, text: str | None) -> None:
    path = store / "sales" / "CURRENT"
    path.unlink() if text is None else path.write_text(text)
    done = rollback(store, "sales")
    assert (done.version, done.previous) == (5, None)
    assert find_version(store, "sales")[1] == 5


def test_a_current_that_names_what_is_gone_is_repaired(store: Path) -> None:
    shutil.rmtree(store / "sales" / "versions" / "000005")
    assert rollback(store, "sales").version == 4


@pytest.mark.parametrize(("name", "to", "said"), [("sale", None, "did you mean sales"), ("sales", 9, "no version 9")])
def test_what_is_not_there_cannot_come_back(store: Path, name: str, to: int | None, said: str) -> None:
    with pytest.raises(InputMissingError, match=said):
        rollback(store, name, to)


def test_the_first_version_has_none_before_it(bundle: Bundle, tmp_path: Path) -> None:
    publish(bundle, store=tmp_path, name="sales")
    with pytest.raises(InputMissingError, match="has no version below version 1"):
        rollback(tmp_path, "sales")


def test_after_a_rollback_numbers_go_on(store: Path, bundle: Bundle) -> None:
    rollback(store, "sales", to=2)
    assert publish(bundle, store=store, name="sales").version == 6


@pytest.mark.parametrize(
    ("current", "keep", "removed"),
    [
        (5, 1, (1, 2, 3)),
        (5, 2, (1, 2, 3)),
        (5, 3, (1, 2)),
        (5, 9, ()),
        (2, 1, (3, 4)),
        (1, 2, (2, 3)),
        (9, 1, (1, 2, 3, 4)),
    ],
)
def test_what_is_superfluous(current: int, keep: int, removed: tuple[int, ...]) -> None:
    numbers = (1, 2, 3, 4, 5)
    assert superfluous(numbers, current, keep) == removed


def test_pruning_keeps_the_newest(store: Path) -> None:
    done = prune(store, "sales", 3)
    assert (done.kept, done.removed) == ((3, 4, 5), (1, 2))
    assert version_numbers(store / "sales") == (3, 4, 5)
    assert sorted(os.listdir(store / "sales")) == AT_REST
    assert find_version(store)[1] == 5


def test_pruning_keeps_what_is_in_service_and_the_one_before(store: Path) -> None:
    rollback(store, "sales", to=2)
    assert prune(store, "sales", 1).kept == (1, 2, 5)


def test_a_dry_run_changes_nothing(store: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in store.rglob("*"))
    done = prune(store, "sales", 2, dry_run=True)
    assert done.removed == (1, 2, 3)
    assert done.freed > 1000
    assert sorted((path, path.stat().st_mtime_ns) for path in store.rglob("*")) == before
    assert prune(store, "sales", 2).freed == done.freed


@pytest.mark.parametrize("keep", [0, -1])
def test_keeping_nothing_is_refused(store: Path, bundle: Bundle, keep: int) -> None:
    with pytest.raises(OptionError, match="cannot be kept; keep at least 1"):
        prune(store, "sales", keep)
    with pytest.raises(OptionError):
        publish(bundle, store=store, name="sales", keep=keep)
    assert version_numbers(store / "sales") == (1, 2, 3, 4, 5)


def test_nothing_is_pruned_while_it_is_unknown_what_is_in_service(store: Path) -> None:
    (store / "sales" / "CURRENT").write_text("?")
    with pytest.raises(ModelError, match="CURRENT"):
        prune(store, "sales", 1)
    assert version_numbers(store / "sales") == (1, 2, 3, 4, 5)


def test_publishing_prunes(store: Path, bundle: Bundle) -> None:
    assert publish(bundle, store=store, name="sales", keep=2).problem == ""
    assert version_numbers(store / "sales") == (5, 6)
    assert publish(bundle, store=store, name="sales").version == 7
    assert version_numbers(store / "sales") == (5, 6, 7)


def test_a_version_is_in_service_even_if_old_ones_stay(
    store: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(upkeep, "discard", broken)
    published = publish(bundle, store=store, name="sales", keep=1)
    assert published.problem == "old versions could not be removed: Input/output error"
    monkeypatch.undo()
    assert find_version(store)[1] == 6
    assert publish(bundle, store=store, name="sales").version == 7
    assert sorted(os.listdir(store / "sales")) == AT_REST


def test_versions_that_cannot_be_listed_do_not_hide_a_publication(
    store: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def once(model: Path) -> tuple[int, ...]:
        calls.append(model)
        if len(calls) > 1:
            raise StorageError("cannot be opened: Input/output error", file=str(model))
        return version_numbers(model)

    monkeypatch.setattr(publishing, "version_numbers", once)
    published = publish(bundle, store=store, name="sales", keep=1)
    assert published.version == 6
    assert published.problem.startswith("old versions could not be removed: ")


def test_of_two_old_versions_the_one_that_lost_its_number_goes(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, calls = os.rename, []

    def second_fails(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", second_fails)
    with pytest.raises(StorageError):
        prune(store, "sales", 1)
    assert version_numbers(store / "sales") == (2, 3, 4, 5)
    assert sorted(os.listdir(store / "sales")) == AT_REST


def test_a_model_that_is_being_changed_is_left_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "_WAIT", 0.0)
    with hold(store / "sales" / ".lock"):
        for change in (lambda: rollback(store, "sales"), lambda: prune(store, "sales", 1)):
            with pytest.raises(BusyError):
                change()
    assert version_numbers(store / "sales") == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("change", [lambda store: rollback(store, "sales"), lambda store: prune(store, "sales", 2)])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.EIO, "Input/output error"), StorageError),
        (OSError(errno.ENOSPC, "No space left on device"), StorageError),
        (OSError(errno.EROFS, "Read-only file system"), (OutputError, StorageError, ModelError)),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
    ids=["broken", "full", "read-only", "ctrl-c"],
)
def test_whatever_fails_a_whole_version_is_in_service(
    five: Path, tmp_path: Path, change: Callable[[Path], Any], error: BaseException, raised: Any
) -> None:
    for number in range(1, 200):
        store = Path(shutil.copytree(five, tmp_path / str(number)))
        with pytest.MonkeyPatch.context() as patch:
            failing = _fail(patch, number, error)
            try:
                change(store)
            except BaseException as caught:
                assert isinstance(caught, raised), number
        load_bundle(find_version(store)[2])
        for version in version_numbers(store / "sales"):
            load_bundle(store / "sales" / "versions" / f"{version:06d}")
        change(store)
        assert sorted(os.listdir(store / "sales")) == AT_REST
        assert json.loads((store / "sales" / "journal.jsonl").read_bytes().splitlines()[-1])
        if failing.left > 0:
            break
    assert 10 < number < 199
