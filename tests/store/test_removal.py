"""Deleting and renaming: what is in service stays, and a crash leaves all of a model or nothing of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tsforecast.errors import BusyError, InputMissingError, ModelError, OptionError, OutputError, StorageError
from tsforecast.store import removal
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.ledger.database import reading_ledger, writing_ledger
from tsforecast.store.lock import hold
from tsforecast.store.removal import delete_model, delete_version, rename_model
from tsforecast.store.store import Store


@pytest.fixture(scope="module")
def three(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of `sales` with three versions."""
    store = tmp_path_factory.mktemp("three")
    for seed in range(3):
        Store(store).model("sales").publish(make_bundle("naive", seed=seed))
    return store


@pytest.fixture
def store(three: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three, tmp_path / "store"))


def content(store: Path) -> dict[str, bytes]:
    """All files but locks."""
    files = (path for path in store.rglob("*") if path.is_file() and not path.name.endswith(".lock"))
    return {str(path.relative_to(store)): path.read_bytes() for path in files}


def test_an_old_version_goes_and_is_in_the_journal(store: Path) -> None:
    model = Store(store).find("sales")
    done = delete_version(model, 1)
    assert (done.name, done.versions, model.numbers(), model.in_service()) == ("sales", (1,), (2, 3), 3)
    assert done.freed > 1000
    assert [each.error for each in model.verify()] == [None, None]
    assert json.loads((store / "sales/journal.jsonl").read_text().splitlines()[-1])["event"] == "pruned"


def test_what_is_in_service_or_newest_stays(store: Path) -> None:
    model = Store(store).find("sales")
    before = content(store)
    with pytest.raises(OptionError, match=r"version 3 of sales is in service; .* tsforecast models rollback sales"):
        delete_version(model, 3)
    with pytest.raises(InputMissingError, match="has no version 7"):
        delete_version(model, 7)
    assert content(store) == before
    model.rollback()
    with pytest.raises(OptionError, match="version 3 of sales is the newest"):
        delete_version(model, 3)
    assert model.numbers() == (1, 2, 3)


def test_a_damaged_current_deletes_no_version(store: Path) -> None:
    (store / "sales/CURRENT").write_text("?")
    with pytest.raises(ModelError):
        delete_version(Store(store).find("sales"), 1)
    assert Store(store).find("sales").numbers() == (1, 2, 3)


def test_a_whole_model_goes(store: Path) -> None:
    done = delete_model(Store(store).find("sales"))
    assert (done.versions, os.listdir(store)) == ((1, 2, 3), [])
    assert Store(store).names() == []


def test_what_is_not_ours_is_not_deleted(store: Path) -> None:
    (store / "sales/notes.txt").write_text("mine")
    with pytest.raises(OptionError, match=r"'notes.txt' is not part of the model; move it"):
        delete_model(Store(store).find("sales"))
    assert Store(store).find("sales").in_service() == 3


def test_a_kill_while_files_go_leaves_no_half_of_a_model(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(store).model("stock").publish(Store(store).find("sales").open().bundle)

    def killed(*_args: Any, **_given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(removal.shutil, "rmtree", killed)
        delete_model(Store(store).find("sales"))
    assert Store(store).names() == ["stock"]
    assert len(os.listdir(store)) == 2
    delete_model(Store(store).find("stock"))
    assert os.listdir(store) == []


def test_a_rename_keeps_all(store: Path) -> None:
    before = content(store)
    with writing_ledger(store / "sales", trusted=False):
        pass
    done = rename_model(Store(store).find("sales"), "sales-2024")
    assert (done.previous, done.name, done.path, done.problem) == (
        "sales",
        "sales-2024",
        str(store / "sales-2024"),
        None,
    )
    assert Store(store).names() == ["sales-2024"]
    model = Store(store).find("sales-2024")
    assert [each.error for each in model.verify()] == [None] * 3 and model.in_service() == 3
    after = {path.replace("sales-2024/", "sales/"): data for path, data in content(store).items()}
    changed = {"sales/journal.jsonl", "sales/ledger.sqlite"}
    assert {path: data for path, data in after.items() if path not in changed} == {
        path: data for path, data in before.items() if path not in changed
    }
    assert model.describe().journal[-1]["event"] == "renamed from sales"
    with reading_ledger(model.folder, trusted=False):
        pass
    assert model.rollback().version == 2  # an older release's CURRENT would still be believed


def test_a_name_that_is_taken_or_impossible(store: Path) -> None:
    (store / "other").mkdir()
    before = content(store)
    for name, text in (("other", "there is 'other' already"), ("../up", "cannot be called"), ("Big", "such as 'big'")):
        with pytest.raises(OptionError, match=text):
            rename_model(Store(store).find("sales"), name)
    assert content(store) == before


@pytest.mark.parametrize("change", [delete_model, lambda model: rename_model(model, "new")], ids=["delete", "rename"])
def test_what_is_under_way_is_not_disturbed(change: Any, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Store(store).find("sales")
    monkeypatch.setattr("tsforecast.store.changes._WAIT", 0.0)
    for lock in (".retrain.lock", ".lock"):
        with hold(store / "sales" / lock), pytest.raises(BusyError, match="held by process"):
            change(model)
    (store / "sales/.checkpoint").mkdir()
    monkeypatch.setattr(removal.ProgressFolder, "open", lambda *_args, **_given: None)
    with pytest.raises(BusyError, match="a training is under way"):
        change(model)
    assert Store(store).find("sales").in_service() == 3


@pytest.mark.parametrize("change", [delete_model, lambda model: rename_model(model, "new")], ids=["delete", "rename"])
def test_a_disk_that_fails_changes_nothing(change: Any, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_args: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(removal.os, "rename", failing)
    with pytest.raises(OutputError, match="Permission denied"):
        change(Store(store).find("sales"))
    assert Store(store).find("sales").in_service() == 3


def test_a_name_that_may_not_be_on_the_disk_is_said(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(removal, "sync_folder", failing)
    with pytest.raises(StorageError, match="is done, but perhaps not after a power cut"):
        rename_model(Store(store).find("sales"), "new")
    assert Store(store).names() == ["new"]
