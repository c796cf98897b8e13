"""Tests of trust: a model that somebody else could have changed is not used, unless that is asked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tsforecast.errors import ModelError, TrustError, TsforecastError
from tsforecast.store import safe_files
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store

STRANGER = 54321
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture(scope="module")
def published(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("published")
    for seed in range(2):
        Store(store).model("sales").publish(make_bundle("naive", seed=seed))
    return store


@pytest.fixture
def store(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "my store"))


PLACES = [
    ".",
    "sales",
    "sales/versions",
    "sales/versions/000002",
    "sales/CURRENT",
    "sales/versions/000002/manifest.json",
    "sales/versions/000002/weights.safetensors",
    "sales/versions/000002/epochs.csv",
]
USES: list[Callable[[Path], object]] = [
    lambda store: Store(store).find("sales").open(),
    lambda store: Store(store).find("sales").open(fallback=True),
    lambda store: load_bundle(Store(store).find("sales").version_folder()),
]


def as_stranger(use: Callable[[], object]) -> str:
    """What a function says that is called by another user than root; empty where it is content."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = ""
        try:
            os.setuid(STRANGER)
            use()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with open(reading) as stream:
        return stream.read()


def given_away(path: Path) -> None:
    os.chown(path, STRANGER, -1)


def opened_to_all(path: Path) -> None:
    path.chmod(path.stat().st_mode | 0o002)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("change", [opened_to_all, pytest.param(given_away, marks=ROOT)])
@pytest.mark.parametrize("place", PLACES)
def test_what_others_could_have_changed_is_refused(
    store: Path, place: str, change: Callable[[Path], None], use: Callable[[Path], object]
) -> None:
    use(store)
    change(store / place)
    with pytest.raises(TrustError) as caught:
        use(store)
    assert caught.value.file == str(store / place)
    assert "--trust-store" in caught.value.hint
    opened = Store(store, trusted=True).find("sales").open()
    assert (opened.version, opened.notes) == (2, ())


def test_the_way_out_can_be_pasted(store: Path) -> None:
    store.chmod(0o777)
    with pytest.raises(TrustError, match=f"chmod o-w '{store}'"):
        Store(store).find().version_folder()


def test_a_folder_in_which_only_owners_can_replace_files_is_fine(store: Path) -> None:
    store.chmod(0o1777)
    Store(store).find().open()


def test_a_group_may_write(store: Path) -> None:
    for path in (store, *store.rglob("*")):
        path.chmod(path.stat().st_mode | 0o020)
    Store(store).find().open()


def test_the_sticky_bit_protects_folders_only(store: Path) -> None:
    path = store / "sales" / "versions" / "000002" / "model.json"
    path.chmod(0o1666)
    with pytest.raises(TrustError, match=r"model\.json: can be changed by every user"):
        Store(store).find().open()


@pytest.mark.parametrize("place", ["sales", "sales/versions", "sales/versions/000002"])
def test_a_link_in_place_of_a_folder_is_refused(store: Path, tmp_path: Path, place: str) -> None:
    os.rename(store / place, tmp_path / "elsewhere")
    (store / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TrustError, match="is a link, not a folder; copy the folder here"):
        Store(store).find().open()
    assert Store(store, trusted=True).find().open().version == 2


def test_the_store_itself_may_be_a_link(store: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(store)
    assert Store(tmp_path / "link").find().open().version == 2
    store.chmod(0o777)
    with pytest.raises(TrustError):
        Store(tmp_path / "link").find().open()


def test_a_hard_link_is_refused_even_in_a_trusted_store(store: Path, tmp_path: Path) -> None:
    os.link(store / "sales" / "versions" / "000002" / "metrics.json", tmp_path / "second name")
    with pytest.raises(ModelError, match=r"metrics\.json: is linked to from 2 places.*copy it, do not link it"):
        Store(store, trusted=True).find().open()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_what_root_owns_is_fine_for_others(published: Path) -> None:
    with TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        shutil.copytree(published, store)
        for path in (Path(folder), store, *store.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        assert as_stranger(lambda: Store(store).find().open()) == ""
        os.chown(store / "sales" / "CURRENT", STRANGER + 1, -1)
        assert "CURRENT: belongs to another user" in as_stranger(lambda: Store(store).find().open())


def test_every_function_that_loads_takes_the_word_of_the_user(store: Path) -> None:
    (store / "sales").chmod(0o777)
    uses: list[Callable[[bool], object]] = [
        lambda trusted: Store(store, trusted).find("sales").rollback(),
        lambda trusted: Store(store, trusted).find("sales").prune(1),
        lambda trusted: Store(store, trusted).find().version_folder(),
    ]
    for use in uses:
        with pytest.raises(TrustError):
            use(False)
        use(True)
    (store / "sales" / "versions" / "000001" / "model.json").chmod(0o666)
    model = Store(store, trusted=True).find()
    with pytest.raises(TrustError):
        replace(model, trusted=False).describe()
    model.describe()


def test_the_list_shows_who_is_not_trusted(store: Path) -> None:
    (store / "sales").chmod(0o777)
    (listed,) = Store(store).overview()
    assert listed.problem == "sales: can be changed by every user of this machine"
    assert not Store(store, trusted=True).overview()[0].problem


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_what_is_published_is_nobody_elses_to_change(
    make_bundle: Callable[..., Bundle], tmp_path: Path, mask: int
) -> None:
    before = os.umask(mask)
    try:
        for _ in range(2):
            Store(tmp_path / "a" / "store").model("sales").publish(make_bundle("naive"), keep=1)
    finally:
        os.umask(before)
    for path in (tmp_path / "a").rglob("*"):
        wanted = (0o750 if path.is_dir() else 0o640) & ~mask
        assert path.stat().st_mode & 0o7777 == wanted, path
    Store(tmp_path / "a" / "store").find().open()


def test_looking_at_a_version_does_not_look_at_the_others(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3, 103):
        shutil.copytree(store / "sales" / "versions" / "000002", store / "sales" / "versions" / f"{number:06d}")
    looked = []
    check = safe_files.check_one_folder
    monkeypatch.setattr(
        safe_files, "check_one_folder", lambda path, **options: looked.append(path) or check(path, **options)
    )
    Store(store).find("sales").version_folder()
    assert looked == [store, store / "sales", store / "sales" / "versions"]


def test_a_folder_that_is_gone_is_for_the_reader_to_find(tmp_path: Path) -> None:
    safe_files.check_one_folder(tmp_path / "gone")


def test_trust_is_no_way_around_damage(store: Path) -> None:
    (store / "sales" / "versions" / "000002" / "model.json").write_text("{}")
    with pytest.raises(TsforecastError, match="is damaged"):
        Store(store, trusted=True).find().open()
