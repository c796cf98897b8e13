"""Tests of publishing: the next number, CURRENT, and nothing half-written whatever goes wrong."""

from __future__ import annotations

import errno
import os
import re
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsforecast.errors import BusyError, ModelError, OptionError, OutputError, StorageError, TsforecastError
from tsforecast.store import changes, current
from tsforecast.store.bundle.bundle import Bundle, Golden
from tsforecast.store.current import encode_current
from tsforecast.store.layout import check_name, model_name, version_numbers
from tsforecast.store.load import load_bundle
from tsforecast.store.lock import hold
from tsforecast.store.results import Published
from tsforecast.store.store import Store

FILES = {
    "model.json",
    "weights.safetensors",
    "recent.safetensors",
    "golden.safetensors",
    "metrics.json",
    "epochs.csv",
    "gradients.csv",
    "manifest.json",
}
AT_REST = [".lock", "CURRENT", "journal.jsonl", "versions"]


def test_versions_count_up_and_the_last_is_in_service(bundle: Bundle, tmp_path: Path) -> None:
    first = Store(tmp_path / "models").model("sales").publish(bundle)
    second = Store(str(tmp_path / "models")).model("sales").publish(bundle)
    model = tmp_path / "models" / "sales"
    assert first == Published("sales", 1, model / "versions" / "000001")
    assert second == Published("sales", 2, model / "versions" / "000002")
    assert (model / "CURRENT").read_bytes() == encode_current(2)
    assert sorted(os.listdir(model)) == AT_REST
    assert set(os.listdir(second.path)) == FILES


def test_a_number_is_not_given_twice(bundle: Bundle, tmp_path: Path) -> None:
    path = Store(tmp_path).model("sales").publish(bundle).path
    os.rename(path, path.with_name("000041"))
    assert Store(tmp_path).model("sales").publish(bundle).version == 42
    for version in path.parent.iterdir():
        os.rename(version, tmp_path / version.name)
    assert Store(tmp_path).model("sales").publish(bundle).version == 43


def test_a_damaged_current_is_replaced(bundle: Bundle, tmp_path: Path) -> None:
    Store(tmp_path).model("sales").publish(bundle)
    (tmp_path / "sales" / "CURRENT").write_text("???")
    Store(tmp_path).model("sales").publish(bundle)
    assert Store(tmp_path).find().in_service() == 2


@pytest.mark.parametrize("name", ["", "Sales", "../sales", ".sales", "-a", "a b", "a/b", "a" * 65, "sales\n"])
def test_a_name_that_could_be_a_path_is_refused(bundle: Bundle, tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="cannot be called"):
        Store(tmp_path).model(name).publish(bundle)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("sales", "sales"),
        ("Sales 2024 (final)", "sales-2024-final"),
        ("Umsätze_Köln.v2", "umsatze_koln.v2"),
        ("..hidden", "hidden"),
        ("café", "cafe"),
        ("sales\u2013 2024", "sales-2024"),
        ("", "model"),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_file_gives_its_model_a_name(stem: str, name: str) -> None:
    assert model_name(stem) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("東京", "大阪"),
        ("sales 東京", "sales"),
        ("größe", "groe"),
        ("продажи", "model"),
        ("a\udce9", "a\udce8"),
        ("📈", "📉"),
    ],
)
def test_files_in_other_scripts_give_their_models_names_of_their_own(one: str, other: str) -> None:
    names = model_name(one), model_name(other)
    assert names[0] != names[1]
    for name in names:
        check_name(name)
    assert re.fullmatch(r"[a-z]+-[0-9a-f]{8}", names[0])
    assert model_name(unicodedata.normalize("NFD", one)) == names[0]


def test_a_long_name_keeps_its_hash() -> None:
    names = {model_name("x" * 100 + letter) for letter in "東大"}
    assert {len(name) for name in names} == {64}
    assert len(names) == 2


def test_leftovers_of_a_crash_are_removed(bundle: Bundle, tmp_path: Path) -> None:
    Store(tmp_path).model("sales").publish(bundle)
    model = tmp_path / "sales"
    (model / ".stage-123").mkdir()
    (model / ".stage-123" / "model.json").write_text("{")
    (model / ".CURRENT-123").write_text("0000")
    Store(tmp_path).model("sales").publish(bundle)
    assert sorted(os.listdir(model)) == AT_REST


def _content(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def test_what_is_not_ours_is_not_removed(bundle: Bundle, tmp_path: Path) -> None:
    """A store may lie in a folder of the user's, and a name alone says little: the process may have the same number."""
    model = tmp_path / "sales"
    for _ in range(3):
        Store(tmp_path).model("sales").publish(bundle)
    for folder in (".stage-mine", ".stage-7", f".stage-{os.getpid()}", f".stage-000001-{os.getpid()}", ".stage-8/sub"):
        (model / folder).mkdir(parents=True)
        (model / folder / "notes.txt").write_text("mine")
        (model / folder / "metrics.json").write_text("mine")
    (model / ".stage-9").write_text("mine")
    (model / ".stage-10").symlink_to(tmp_path / "elsewhere")
    for name in (".CURRENT-old", ".CURRENT-7", f".CURRENT-{os.getpid()}"):
        (model / name).write_text("mine")
    (model / ".CURRENT-8").mkdir()
    os.link(model / ".CURRENT-old", model / ".CURRENT-9")
    before = {name: data for name, data in _content(model).items() if name.startswith((".stage-", ".CURRENT-"))}
    Store(tmp_path).model("sales").publish(bundle, keep=1)
    Store(tmp_path).find("sales").rollback(3)
    after = {name: data for name, data in _content(model).items() if name.startswith((".stage-", ".CURRENT-"))}
    assert after == before
    assert sorted(os.listdir(model / "versions")) == ["000003", "000004"]


@pytest.mark.parametrize("data", [b"", b"000", b"000002", b"000002\n", b"\0" * 7])
def test_every_half_of_a_number_is_removed(bundle: Bundle, tmp_path: Path, data: bytes) -> None:
    Store(tmp_path).model("sales").publish(bundle)
    (tmp_path / "sales" / ".CURRENT-123").write_bytes(data)
    shutil.copytree(tmp_path / "sales/versions/000001", tmp_path / "sales/.stage-123")
    (tmp_path / "sales/.stage-000001-123").mkdir()
    Store(tmp_path).model("sales").publish(bundle)
    assert sorted(os.listdir(tmp_path / "sales")) == AT_REST


def test_a_bundle_that_does_not_replay_is_not_published(bundle: Bundle, tmp_path: Path) -> None:
    golden = replace(bundle.golden, expected=bundle.golden.expected + np.float32(1e-3))
    with pytest.raises(ModelError, match="golden"):
        Store(tmp_path).model("sales").publish(replace(bundle, golden=golden))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]
    with pytest.raises(TsforecastError, match="no model in"):
        Store(tmp_path).find().version_folder()


def test_a_bundle_that_is_not_finite_is_not_published(bundle: Bundle, tmp_path: Path) -> None:
    own = bundle.forecaster.weights
    weights = own | {"part0/head/bias": np.full_like(own["part0/head/bias"], np.nan)}
    with pytest.raises(ModelError, match="not finite"):
        Store(tmp_path).model("sales").publish(replace(bundle, forecaster=replace(bundle.forecaster, weights=weights)))


def test_a_model_that_is_being_changed_is_waited_for_and_then_left_alone(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).model("sales").publish(bundle)
    monkeypatch.setattr(changes, "_WAIT", 0.1)
    with hold(tmp_path / "sales" / ".lock"), pytest.raises(BusyError, match=rf"held by process {os.getpid()} on "):
        Store(tmp_path).model("sales").publish(bundle)
    assert Store(tmp_path).find().in_service() == 1
    assert Store(tmp_path).model("sales").publish(bundle).version == 2


def test_a_store_that_is_a_file_cannot_be_written(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Store(tmp_path / "models").model("sales").publish(bundle)


class Failing:
    """Lets calls of the operating system through until the `number`-th, which fails."""

    def __init__(self, number: int, error: BaseException) -> None:
        self.left, self.error = number, error

    def wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise self.error
            return call(*args, **kwargs)

        return wrapped


def _fail(monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException) -> Failing:
    failing = Failing(number, error)
    for name in ("mkdir", "open", "write", "rename", "replace", "fsync"):
        monkeypatch.setattr(os, name, failing.wrap(getattr(os, name)))
    return failing


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageError),
        (OSError(errno.EIO, "Input/output error"), StorageError),
        (OSError(errno.EROFS, "Read-only file system"), (OutputError, StorageError)),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), StorageError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
    ids=["full", "broken", "read-only", "quota", "ctrl-c"],
)
def test_nothing_half_written_remains_wherever_it_fails(
    make_bundle: Callable[..., Bundle], tmp_path: Path, error: BaseException, raised: Any
) -> None:
    old, new = make_bundle("naive", seed=1), make_bundle("naive", seed=2)
    Store(tmp_path).model("sales").publish(old)
    for number in range(1, 100):
        with pytest.MonkeyPatch.context() as patch:
            failing = _fail(patch, number, error)
            try:
                Store(tmp_path).model("sales").publish(new)
            except BaseException as caught:
                assert isinstance(caught, raised), number
        if failing.left > 0:
            break
        # After the last rename the new version is in service, though perhaps not yet safe from a power cut.
        path = Store(tmp_path).find().version_folder()
        expected = old if path.name == "000001" else new
        assert np.array_equal(load_bundle(path).recent.values, expected.recent.values)
        assert sorted(os.listdir(tmp_path / "sales")) == AT_REST
        assert (tmp_path / "sales" / ".lock").read_bytes() == b""
        for folder in path.parent.iterdir():
            load_bundle(folder)
    assert number > 15
    assert np.array_equal(load_bundle(Store(tmp_path).find().version_folder()).recent.values, new.recent.values)


def test_everything_is_on_the_disk_before_it_counts(
    make_bundle: Callable[..., Bundle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    rename, replaced = os.rename, os.replace

    def note(word: str, path: str) -> None:
        name = os.path.relpath(path, tmp_path).replace(str(os.getpid()), "PID")
        steps.append(f"{word} {name}")

    monkeypatch.setattr(os, "fsync", lambda handle: note("sync", os.readlink(f"/proc/self/fd/{handle}")))
    monkeypatch.setattr(os, "rename", lambda old, new: (note("name", new), rename(old, new)))
    monkeypatch.setattr(os, "replace", lambda old, new: (note("name", new), replaced(old, new)))
    Store(tmp_path / "a" / "store").model("sales").publish(make_bundle("naive"))
    names = {step.removeprefix("sync a/store/sales/.stage-PID/") for step in steps if "/.stage-PID/" in step}
    assert names == FILES
    rest = [step for step in steps if "/.stage-PID/" not in step]
    model = "a/store/sales"
    assert rest == [
        # each folder that was made, by the one above it, and once more, for whoever died in between
        *["sync .", "sync a", "sync a/store", f"sync {model}"],
        *["sync a", "sync a/store", f"sync {model}"],
        f"sync {model}/.stage-PID",
        f"sync {model}/.CURRENT-PID",
        f"name {model}/versions/000001",
        f"sync {model}/versions",
        f"name {model}/CURRENT",
        f"sync {model}",
    ]
    assert steps.index(f"sync {model}/.stage-PID/manifest.json") == steps.index(f"sync {model}/.stage-PID") - 1


def test_a_version_that_may_not_last_is_said_to_be_in_service(
    make_bundle: Callable[..., Bundle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).model("sales").publish(make_bundle("naive"))

    def broken(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(current, "sync_folder", broken)
    with pytest.raises(StorageError, match="version 2 is in service, but perhaps not after a power cut: Input/output"):
        Store(tmp_path).model("sales").publish(make_bundle("naive"))
    assert Store(tmp_path).find().in_service() == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.EIO, "Input/output error")])
def test_a_signal_after_the_last_rename_does_not_take_the_version_back(
    make_bundle: Callable[..., Bundle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    Store(tmp_path).model("sales").publish(make_bundle("naive"))
    replaced = os.replace

    def interrupted(old: Path, new: Path) -> None:
        replaced(old, new)
        raise error

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises((KeyboardInterrupt, StorageError)):
        Store(tmp_path).model("sales").publish(make_bundle("naive"))
    assert Store(tmp_path).find().in_service() == 2
    load_bundle(Store(tmp_path).find().version_folder())


def test_a_version_that_was_not_put_into_service_is_taken_back(
    make_bundle: Callable[..., Bundle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).model("sales").publish(make_bundle("naive"))

    def interrupted(old: Path, new: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).model("sales").publish(make_bundle("naive"))
    assert version_numbers(tmp_path / "sales") == (1,)
    assert sorted(os.listdir(tmp_path / "sales")) == AT_REST


def test_series_too_short_for_a_golden_window_can_be_published(bundle: Bundle, tmp_path: Path) -> None:
    golden = bundle.golden
    none = Golden(golden.windows.take(slice(0)), golden.expected[:0])
    published = Store(tmp_path).model("sales").publish(replace(bundle, golden=none))
    assert len(load_bundle(published.path).golden.windows) == 0
