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
from tsforecast.store import changes, model
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.changes import superfluous
from tsforecast.store.layout import version_numbers
from tsforecast.store.load import load_bundle
from tsforecast.store.lock import hold
from tsforecast.store.model import StoredModel
from tsforecast.store.store import Store


@pytest.fixture(scope="module")
def five(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of `sales` with five versions."""
    store = tmp_path_factory.mktemp("five")
    for seed in range(5):
        Store(store).model("sales").publish(make_bundle("naive", seed=seed))
    return store


@pytest.fixture
def store(five: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(five, tmp_path / "store"))


def damage(store: Path, version: int) -> None:
    (store / "sales" / "versions" / f"{version:06d}" / "metrics.json").write_text("{}")


def test_the_version_before_comes_back(store: Path) -> None:
    done = Store(store).find("sales").rollback()
    assert (done.version, done.previous, done.passed_over, done.problem) == (4, 5, (), None)
    assert Store(store).find("sales").version_folder() == done.path == store / "sales/versions/000004"
    assert Store(str(store)).find("sales").rollback().version == 3
    assert version_numbers(store / "sales") == (1, 2, 3, 4, 5)
    assert sorted(os.listdir(store / "sales")) == AT_REST


def test_any_version_can_be_asked_for(store: Path) -> None:
    assert Store(store).find("sales").rollback(2).version == 2
    assert Store(store).find("sales").rollback(5).previous == 2
    assert StoredModel(store / "sales").in_service() == 5


def test_the_version_in_service_stays_without_a_line_in_the_journal(store: Path) -> None:
    lines = (store / "sales" / "journal.jsonl").read_bytes()
    done = Store(store).find("sales").rollback(5)
    assert (done.version, done.previous) == (5, 5)
    assert (store / "sales" / "journal.jsonl").read_bytes() == lines


def test_a_damaged_version_is_passed_over_and_named(store: Path) -> None:
    damage(store, 4)
    done = Store(store).find("sales").rollback()
    assert done.version == 3
    assert len(done.passed_over) == 1
    assert "version 4: " in done.passed_over[0] and "metrics.json: is damaged" in done.passed_over[0]


def test_a_damaged_version_is_not_put_into_service(store: Path) -> None:
    damage(store, 2)
    with pytest.raises(ModelError, match=r"metrics\.json: is damaged"):
        Store(store).find("sales").rollback(2)
    assert StoredModel(store / "sales").in_service() == 5


def test_with_none_that_loads_the_old_one_stays(store: Path) -> None:
    for version in range(1, 5):
        damage(store, version)
    with pytest.raises(ModelError, match="no version below version 5 loads: version 4: "):
        Store(store).find("sales").rollback()
    assert StoredModel(store / "sales").in_service() == 5


@pytest.mark.parametrize("text", [None, "", "999999999"])
def test_a_damaged_current_is_repaired(store: Path, text: str | None) -> None:
    path = store / "sales" / "CURRENT"
    path.unlink() if text is None else path.write_text(text)
    done = Store(store).find("sales").rollback()
    assert (done.version, done.previous) == (5, None)
    assert Store(store).find("sales").in_service() == 5


def test_a_current_that_names_what_is_gone_is_repaired(store: Path) -> None:
    shutil.rmtree(store / "sales" / "versions" / "000005")
    assert Store(store).find("sales").rollback().version == 4


@pytest.mark.parametrize(("name", "to", "said"), [("sale", None, "did you mean 'sales'"), ("sales", 9, "no version 9")])
def test_what_is_not_there_cannot_come_back(store: Path, name: str, to: int | None, said: str) -> None:
    with pytest.raises(InputMissingError, match=said):
        Store(store).find(name).rollback(to)


def test_the_first_version_has_none_before_it(bundle: Bundle, tmp_path: Path) -> None:
    Store(tmp_path).model("sales").publish(bundle)
    with pytest.raises(InputMissingError, match="has no version below version 1"):
        Store(tmp_path).find("sales").rollback()


def test_after_a_rollback_numbers_go_on(store: Path, bundle: Bundle) -> None:
    Store(store).find("sales").rollback(2)
    assert Store(store).model("sales").publish(bundle).version == 6


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
    done = Store(store).find("sales").prune(3)
    assert (done.kept, done.removed) == ((3, 4, 5), (1, 2))
    assert version_numbers(store / "sales") == (3, 4, 5)
    assert sorted(os.listdir(store / "sales")) == AT_REST
    assert Store(store).find().in_service() == 5


def test_pruning_keeps_what_is_in_service_and_the_one_before(store: Path) -> None:
    Store(store).find("sales").rollback(2)
    assert Store(store).find("sales").prune(1).kept == (1, 2, 5)


def test_a_dry_run_changes_nothing(store: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in store.rglob("*"))
    done = Store(store).find("sales").prune(2, dry_run=True)
    assert done.removed == (1, 2, 3)
    assert done.freed > 1000
    assert sorted((path, path.stat().st_mtime_ns) for path in store.rglob("*")) == before
    assert Store(store).find("sales").prune(2).freed == done.freed


@pytest.mark.parametrize("keep", [0, -1])
def test_keeping_nothing_is_refused(store: Path, bundle: Bundle, keep: int) -> None:
    with pytest.raises(OptionError, match="cannot be kept; keep at least 1"):
        Store(store).find("sales").prune(keep)
    with pytest.raises(OptionError):
        Store(store).model("sales").publish(bundle, keep=keep)
    assert version_numbers(store / "sales") == (1, 2, 3, 4, 5)


def test_nothing_is_pruned_while_it_is_unknown_what_is_in_service(store: Path) -> None:
    (store / "sales" / "CURRENT").write_text("?")
    with pytest.raises(ModelError, match="CURRENT"):
        Store(store).find("sales").prune(1)
    assert version_numbers(store / "sales") == (1, 2, 3, 4, 5)


def test_publishing_prunes(store: Path, bundle: Bundle) -> None:
    assert Store(store).model("sales").publish(bundle, keep=2).problem is None
    assert version_numbers(store / "sales") == (5, 6)
    assert Store(store).model("sales").publish(bundle).version == 7
    assert version_numbers(store / "sales") == (5, 6, 7)


def test_a_version_is_in_service_even_if_old_ones_stay(
    store: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(changes, "discard", broken)
    published = Store(store).model("sales").publish(bundle, keep=1)
    assert published.problem == "old versions could not be removed: Input/output error"
    monkeypatch.undo()
    assert Store(store).find().in_service() == 6
    assert Store(store).model("sales").publish(bundle).version == 7
    assert sorted(os.listdir(store / "sales")) == AT_REST


def test_versions_that_cannot_be_listed_do_not_hide_a_publication(
    store: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def once(folder: Path) -> tuple[int, ...]:
        calls.append(folder)
        if len(calls) > 1:
            raise StorageError("cannot be opened: Input/output error", file=str(folder))
        return version_numbers(folder)

    monkeypatch.setattr(model, "version_numbers", once)
    published = Store(store).model("sales").publish(bundle, keep=1)
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
        Store(store).find("sales").prune(1)
    assert version_numbers(store / "sales") == (2, 3, 4, 5)
    assert sorted(os.listdir(store / "sales")) == AT_REST


def test_a_model_that_is_being_changed_is_left_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_WAIT", 0.0)
    with hold(store / "sales" / ".lock"):
        for change in (lambda: Store(store).find("sales").rollback(), lambda: Store(store).find("sales").prune(1)):
            with pytest.raises(BusyError):
                change()
    assert version_numbers(store / "sales") == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    "change", [lambda store: Store(store).find("sales").rollback(), lambda store: Store(store).find("sales").prune(2)]
)
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
        load_bundle(Store(store).find().version_folder())
        for version in version_numbers(store / "sales"):
            load_bundle(store / "sales" / "versions" / f"{version:06d}")
        change(store)
        assert sorted(os.listdir(store / "sales")) == AT_REST
        assert json.loads((store / "sales" / "journal.jsonl").read_bytes().splitlines()[-1])
        if failing.left > 0:
            break
    assert 10 < number < 199
