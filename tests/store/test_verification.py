"""Tests of checking a whole store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tsforecast.errors import InputMissingError, ModelError, TrustError
from tsforecast.store import model
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store


@pytest.fixture
def store(make_bundle: Callable[..., Bundle], tmp_path: Path) -> Path:
    for name in ("sales", "sales", "stock"):
        Store(tmp_path).model(name).publish(make_bundle("naive"))
    return tmp_path


def test_all_versions_are_checked(store: Path) -> None:
    found = [(each.name, each.version, each.in_service, each.error) for each in Store(store).verify()]
    assert found == [("sales", 1, False, None), ("sales", 2, True, None), ("stock", 1, True, None)]


@pytest.mark.parametrize("text", ["000009\n", "?"])
def test_a_current_that_names_nothing_is_a_problem_of_its_own(store: Path, text: str) -> None:
    (store / "sales" / "CURRENT").write_text(text)
    first, *rest = Store(store).verify("sales")
    assert (first.version, type(first.error)) == (None, ModelError)
    assert [each.error for each in rest] == [None, None]
    (only,) = Store(store).verify("sales", 1)
    assert only.error is None


def test_what_a_killed_first_publication_left_is_sound(store: Path) -> None:
    (store / "stock" / "CURRENT").unlink()
    (checked,) = Store(store).verify("stock")
    assert (checked.in_service, checked.error) == (False, None)


def test_a_version_pruned_meanwhile_is_passed_over(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path, *, trusted: bool) -> Bundle:
        if folder.name == "000001":
            shutil.rmtree(folder)
        return load_bundle(folder, trusted=trusted)

    monkeypatch.setattr(model, "load_bundle", load)
    assert [each.version for each in Store(store).verify("sales")] == [2]


def test_folders_above_a_version_count(store: Path) -> None:
    (store / "sales").chmod(0o777)
    assert [type(each.error) for each in Store(store).verify("sales")] == [TrustError, TrustError]
    assert [each.error for each in Store(store, trusted=True).verify("sales")] == [None, None]


def test_what_is_not_there_cannot_be_checked(store: Path) -> None:
    for name, version in (("nothing", None), ("sales", 9)):
        with pytest.raises(InputMissingError):
            list(Store(store).verify(name, version))
    assert list(Store(store / "nowhere").verify()) == []
