"""Tests of opening: versions pruned meanwhile, and older versions in place of damaged ones."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tsforecast.errors import InputMissingError, ModelError, StorageError
from tsforecast.store import load, model
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.store import Store


@pytest.fixture(scope="module")
def three(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("three")
    for seed in range(3):
        Store(store).model("sales").publish(make_bundle("naive", seed=seed))
    return store


@pytest.fixture
def store(three: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three, tmp_path / "store"))


def version(store: Path, number: int) -> Path:
    return store / "sales" / "versions" / f"{number:06d}"


def damage(store: Path, number: int) -> None:
    (version(store, number) / "metrics.json").write_text("{}")


def test_the_version_in_service_is_opened(store: Path) -> None:
    opened = Store(store).find().open()
    assert (opened.name, opened.version, opened.folder, opened.notes) == ("sales", 3, version(store, 3), ())
    assert Store(store).find("sales").open(1).version == 1


@pytest.mark.parametrize("number", [None, 3])
def test_a_damaged_version_tells_the_ways_out(store: Path, number: int | None) -> None:
    damage(store, 3)
    with pytest.raises(ModelError, match=r"metrics\.json: is damaged") as caught:
        Store(store).find("sales").open(number)
    assert "--fallback" in caught.value.hint
    assert "tsforecast models rollback sales" in caught.value.hint


@pytest.mark.parametrize("number", [None, 3])
def test_the_newest_sound_older_version_stands_in(store: Path, number: int | None) -> None:
    damage(store, 3)
    damage(store, 2)
    opened = Store(store).find("sales").open(number, fallback=True)
    assert opened.version == 1
    (note,) = opened.notes
    assert note.startswith("version 1 of sales stands in for version 3, which is damaged: ")
    assert "metrics.json" in note


def test_a_newer_version_never_stands_in(store: Path) -> None:
    damage(store, 2)
    assert Store(store).find("sales").open(2, fallback=True).version == 1


@pytest.mark.parametrize("text", [None, "", "junk"])
def test_without_current_the_newest_version_stands_in(store: Path, text: str | None) -> None:
    current = store / "sales" / "CURRENT"
    current.unlink() if text is None else current.write_text(text)
    with pytest.raises((ModelError, InputMissingError)) as caught:
        Store(store).find().open()
    assert "--fallback" in caught.value.hint
    opened = Store(store).find().open(fallback=True)
    assert opened.version == 3
    assert "stands in for the one that CURRENT should name" in opened.notes[0]


def test_a_current_that_names_what_is_gone(store: Path) -> None:
    shutil.rmtree(version(store, 3))
    with pytest.raises(ModelError, match=r"no version 3, though CURRENT names it; .*--fallback"):
        Store(store).find().open()
    assert Store(store).find().open(fallback=True).version == 2


def test_where_nothing_is_sound_all_is_said(store: Path) -> None:
    for number in (1, 2, 3):
        damage(store, number)
    with pytest.raises(ModelError, match=r"no version below version 3 loads: version 2: .*; version 1: "):
        Store(store).find().open(fallback=True)


def test_the_only_version_has_no_other_way_out(store: Path) -> None:
    damage(store, 1)
    with pytest.raises(ModelError) as caught:
        Store(store).find("sales").open(1)
    assert "--fallback" not in caught.value.hint


def test_what_was_never_there_has_no_substitute(store: Path) -> None:
    with pytest.raises(InputMissingError, match="no version 9"):
        Store(store).find("sales").open(9, fallback=True)


def test_a_sound_version_needs_no_substitute(store: Path) -> None:
    assert Store(store).find().open(fallback=True).notes == ()


def test_a_failing_disk_has_a_substitute_too(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, weights = os.open, version(store, 3) / "weights.safetensors"

    def broken(path: Path, *args: int) -> int:
        if path == weights:
            raise OSError(errno.EIO, "Input/output error")
        return read(path, *args)

    monkeypatch.setattr(os, "open", broken)
    with pytest.raises(StorageError):
        Store(store).find().open()
    assert Store(store).find().open(fallback=True).version == 2


def test_a_version_that_is_pruned_meanwhile_is_not_missed(
    store: Path, make_bundle: Callable[..., Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, turns = load.load_bundle, 3

    def overtaken(folder: Path, *, trusted: bool = False) -> Bundle:
        nonlocal turns
        if turns and folder.name[0] == "0":
            turns -= 1
            shutil.rmtree(folder)
            with monkeypatch.context() as patch:
                patch.setattr(model, "load_bundle", real)
                Store(store).model("sales").publish(make_bundle("naive"))
        return real(folder, trusted=trusted)

    monkeypatch.setattr(model, "load_bundle", overtaken)
    assert Store(store).find().open().version == 6


def test_a_version_that_is_damaged_is_read_once(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(store, 3)
    read = []
    real = load.load_bundle
    monkeypatch.setattr(model, "load_bundle", lambda folder, **options: read.append(folder) or real(folder, **options))
    with pytest.raises(ModelError):
        Store(store).find().open()
    assert read == [version(store, 3)]
