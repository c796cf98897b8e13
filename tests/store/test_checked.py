"""Tests of what is refused before it is read: by size, by place, by what the other files say."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tsforecast.errors import ModelError, StorageError
from tsforecast.store import load, safe_files
from tsforecast.store.bundle import manifest
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.load import load_bundle, read_description
from tsforecast.store.store import Store


@pytest.fixture(scope="module")
def published(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Store(tmp_path_factory.mktemp("store")).model("sales").publish(make_bundle("linear")).path


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "000001"))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are opened."""
    names: list[str] = []
    real = safe_files.read_file

    def read_file(path: Path, most: int, *, trusted: bool = False) -> bytes:
        names.append(path.name)
        return real(path, most, trusted=trusted)

    monkeypatch.setattr(load, "read_file", read_file)
    return names


def sparse(path: Path, size: int) -> None:
    with open(path, "r+b") as stream:
        stream.truncate(size)


def claim(folder: Path, name: str, size: int | None) -> None:
    """A manifest, right in itself, that gives a file another size, or does not name it."""
    record = manifest.decode_manifest((folder / manifest.FILE).read_bytes())
    files = dict(record.files)
    old = files.pop(name)
    if size is not None:
        files[name] = replace(old, size=size)
    (folder / manifest.FILE).write_bytes(manifest.encode_manifest(replace(record, files=files)))


def test_a_file_of_another_size_is_not_even_opened(folder: Path, opened: list[str]) -> None:
    sparse(folder / "weights.safetensors", 100 << 20)
    with pytest.raises(ModelError, match="is damaged: it has 104857600 bytes, not"):
        load_bundle(folder)
    assert opened == ["manifest.json"]


def test_tensors_larger_than_the_model_says_are_not_opened(folder: Path, opened: list[str]) -> None:
    sparse(folder / "recent.safetensors", 1 << 32)
    claim(folder, "recent.safetensors", 1 << 32)
    with pytest.raises(ModelError, match=r"recent\.safetensors: its size of 4294967296 bytes does not fit its tensors"):
        load_bundle(folder)
    assert opened == ["manifest.json", "model.json"]


def test_a_version_larger_than_memory_is_not_opened(
    folder: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sysconf", lambda name: 64)
    with pytest.raises(ModelError, match="this machine has 4,096 bytes of memory"):
        load_bundle(folder)
    assert opened == ["manifest.json"]


def test_a_version_in_the_place_of_another_is_refused(folder: Path) -> None:
    moved = folder.with_name("000002")
    os.rename(folder, moved)
    with pytest.raises(ModelError, match=r"manifest\.json: is of version 1, not 2"):
        load_bundle(moved)


@pytest.mark.parametrize("make", [None, os.mkfifo])
def test_a_description_needs_files_that_the_manifest_names(folder: Path, make: Callable[[Path], None] | None) -> None:
    claim(folder, "metrics.json", None)
    if make is not None:
        (folder / "metrics.json").unlink()
        make(folder / "metrics.json")
    with pytest.raises(ModelError, match=r"metrics\.json: does not belong to the version"):
        read_description(folder, trusted=False)


def test_a_socket_is_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "epochs.csv").unlink()
    monkeypatch.chdir(folder)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("epochs.csv")
        with pytest.raises(ModelError, match="is not a plain file"):
            load_bundle(folder)


def test_a_file_that_cannot_be_read_is_an_error_of_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> os.stat_result:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "lstat", broken)
    with pytest.raises(StorageError, match="Input/output error"):
        load_bundle(folder)


def test_a_file_that_breaks_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(handle: int) -> os.stat_result:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch, pytest.raises(StorageError, match="cannot be read: Input/output error"):
        patch.setattr(os, "fstat", broken)
        load_bundle(folder)
