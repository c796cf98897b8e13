"""Tests of loading: every damage is refused with the file and the reason; versions are found by name and number."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from tsforecast import __version__
from tsforecast.errors import InputMissingError, ModelError
from tsforecast.store.bundle import manifest
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.current import encode_current
from tsforecast.store.load import load_bundle, read_description
from tsforecast.store.store import Store


@pytest.fixture(scope="module")
def published(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Store(tmp_path_factory.mktemp("store")).model("sales").publish(bundle).path


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A sound version to damage."""
    return Path(shutil.copytree(published, tmp_path / "version"))


def resign(folder: Path) -> None:
    """Write a manifest that fits the files as they are."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != manifest.FILE}
    record = manifest.make_manifest(files, name="sales", version=1)
    (folder / manifest.FILE).write_bytes(manifest.encode_manifest(record))


def test_a_sound_version_loads(bundle: Bundle, folder: Path) -> None:
    loaded = load_bundle(str(folder))
    assert loaded.spec == bundle.spec
    assert loaded.recent.ids == bundle.recent.ids
    assert np.array_equal(loaded.golden.expected, bundle.golden.expected)


def test_every_flipped_byte_is_found(folder: Path) -> None:
    for path in folder.iterdir():
        data = bytearray(path.read_bytes())
        for position in {*range(0, len(data), max(1, len(data) // 40)), len(data) - 1}:
            data[position] ^= 1
            path.write_bytes(data)
            with pytest.raises(ModelError) as caught:
                load_bundle(folder)
            assert str(folder) in caught.value.file
            data[position] ^= 1
        path.write_bytes(data)
    load_bundle(folder)


def test_every_byte_of_the_manifest_counts(folder: Path) -> None:
    data = bytearray((folder / manifest.FILE).read_bytes())
    for position in range(len(data)):
        data[position] ^= 4
        with pytest.raises(ModelError, match=r"manifest\.json"):
            manifest.decode_manifest(bytes(data))
        data[position] ^= 4


@pytest.mark.parametrize("name", ["manifest.json", "model.json", "weights.safetensors", "epochs.csv", "gradients.csv"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match="is missing") as caught:
        load_bundle(folder)
    assert caught.value.file == str(folder / name)


def test_an_extra_file_is_refused(folder: Path) -> None:
    (folder / "scaler.pkl").write_bytes(b"")
    with pytest.raises(ModelError, match=r"scaler\.pkl: does not belong"):
        load_bundle(folder)


def test_an_extra_file_is_refused_even_when_the_manifest_names_it(folder: Path) -> None:
    (folder / "scaler.pkl").write_bytes(b"")
    resign(folder)
    with pytest.raises(ModelError, match=r"scaler\.pkl: does not belong"):
        load_bundle(folder)


def test_a_file_that_the_manifest_does_not_name_is_refused(folder: Path) -> None:
    data = (folder / "epochs.csv").read_bytes()
    (folder / "epochs.csv").unlink()
    resign(folder)
    (folder / "epochs.csv").write_bytes(data)
    with pytest.raises(ModelError, match=r"epochs\.csv: does not belong"):
        load_bundle(folder)


@pytest.mark.parametrize("change", [b"", b"\x00"])
def test_a_file_of_another_size_is_refused(folder: Path, change: bytes) -> None:
    path = folder / "golden.safetensors"
    path.write_bytes(path.read_bytes() + change if change else path.read_bytes()[:-1])
    with pytest.raises(ModelError, match="is damaged: it has"):
        load_bundle(folder)


def test_a_file_as_large_as_a_disk_is_not_read(folder: Path) -> None:
    with open(folder / "model.json", "r+b") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(ModelError, match="at most 1,048,576 are read"):
        load_bundle(folder)


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    path = folder / "model.json"
    os.rename(path, tmp_path / "model.json")
    path.symlink_to(tmp_path / "model.json")
    with pytest.raises(ModelError, match=r"model\.json: is a link"):
        load_bundle(folder)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_and_a_folder_are_not_read(folder: Path, make: Callable[[Path], None]) -> None:
    (folder / "model.json").unlink()
    make(folder / "model.json")
    with pytest.raises(ModelError, match="is not a plain file") as caught:
        load_bundle(folder)
    assert caught.value.file == str(folder / "model.json")


def test_other_weights_are_found_by_the_golden_batch(folder: Path) -> None:
    path = folder / "weights.safetensors"
    tensors = dict(load(path.read_bytes()))
    tensors["part0/head/bias"] = tensors["part0/head/bias"] + np.float32(1e-3)
    path.write_bytes(save(tensors))
    resign(folder)
    with pytest.raises(ModelError, match="the golden batch differs by"):
        load_bundle(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match="cannot be opened"):
        load_bundle(tmp_path / "000001")


def test_without_a_store_the_hint_is_to_fit(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match=r"no model in .*models; fit one first: tsforecast fit DATA"):
        Store(tmp_path / "models").find().version_folder()


@pytest.fixture(scope="module")
def store(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`sales` with versions 1 and 2, and `stock` published between them; a folder and a file that are no models."""
    store = tmp_path_factory.mktemp("store")
    for name in ("sales", "stock", "sales"):
        Store(store).model(name).publish(make_bundle("linear"))
    (store / "notes").mkdir()
    (store / "readme.txt").write_text("")
    return store


def test_without_a_name_the_model_published_last_is_meant(store: Path) -> None:
    assert Store(store).find().version_folder() == store / "sales" / "versions" / "000002"


def test_a_version_that_is_not_in_service_can_be_asked_for(store: Path) -> None:
    assert Store(store).find("sales").version_folder(1) == store / "sales" / "versions" / "000001"
    assert Store(str(store)).find("stock").version_folder() == store / "stock" / "versions" / "000001"


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("sale", None, "no model 'sale' in .*; did you mean 'sales'"),
        ("SALES", None, "did you mean 'sales'"),
        ("zzz", None, "there is sales, stock"),
        ("notes", None, "no model 'notes'"),
        ("sales", 7, r"model 'sales' has no version 7; versions: 1, 2"),
        ("sales", -1, "has no version -1"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(store: Path, name: str, version: int | None, said: str) -> None:
    with pytest.raises(InputMissingError, match=said):
        Store(store).find(name).version_folder(version)


def test_a_name_cannot_lead_out_of_the_store(store: Path) -> None:
    with pytest.raises(InputMissingError, match=r"no model '\.\./sales/\.\./stock'"):
        Store(store).find("../sales/../stock").version_folder()


@pytest.mark.parametrize("text", ["", "1", "../../x", "000001\n\n", "\u0660" * 6])
def test_a_damaged_current_is_refused(store: Path, tmp_path: Path, text: str) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    (copy / "sales" / "CURRENT").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="CURRENT: does not hold the number"):
        Store(copy).find("sales").version_folder()


def test_a_current_without_its_version_is_said(store: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    (copy / "sales" / "CURRENT").write_bytes(encode_current(9))
    with pytest.raises(ModelError, match="no version 9, though CURRENT names it; versions: 1, 2"):
        Store(copy).find("sales").version_folder()


def test_a_model_never_put_into_service_is_passed_over(store: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    (copy / "sales" / "CURRENT").unlink()
    assert Store(copy).find().name == "stock"
    with pytest.raises(InputMissingError, match="no version in service"):
        Store(copy).find("sales").version_folder()


def test_a_damaged_manifest_is_not_passed_over(store: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    path = copy / "stock" / "versions" / "000001" / "manifest.json"
    path.write_text("{}")
    with pytest.raises(ModelError) as caught:
        Store(copy).find().version_folder()
    assert caught.value.file == str(path)


def test_a_store_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(InputMissingError, match="cannot be opened"):
        Store(tmp_path / "models").find().version_folder()


@pytest.mark.parametrize("stamp", ["2026-01-31", "2026-13-31T06:00:00.000000Z", 1])
def test_a_manifest_says_when_it_was_published(published: Path, stamp: object) -> None:
    value = json.loads((published / manifest.FILE).read_bytes()) | {"published": stamp}
    with pytest.raises(ModelError, match="'published' is"):
        manifest.decode_manifest(json.dumps(value).encode())


def test_the_list_shows_each_model_and_its_version_in_service(store: Path) -> None:
    sales, stock = Store(store).overview()
    assert (sales.name, sales.current, sales.versions) == ("sales", 2, (1, 2))
    assert (stock.name, stock.current, stock.versions) == ("stock", 1, (1,))
    assert (sales.model, sales.horizon, sales.frequency, sales.skill) == ("linear", 5, "h", 0.375)
    facts = json.loads((store / "sales" / "versions" / "000002" / manifest.FILE).read_bytes())
    assert sales.published == datetime.fromisoformat(facts["published"])
    assert not sales.problem


def test_the_list_of_no_store_is_empty(tmp_path: Path) -> None:
    assert Store(tmp_path / "models").overview() == []


def test_a_damaged_model_is_listed_with_its_problem(store: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    (copy / "sales" / "versions" / "000002" / "metrics.json").write_text("{}")
    sales, stock = Store(copy).overview()
    assert sales.problem.startswith("metrics.json: is damaged")
    assert not stock.problem


def test_a_description_is_json(store: Path) -> None:
    facts = Store(store).find("sales").describe(2).details
    assert json.loads(json.dumps(facts)) == facts
    assert facts["spec"]["name"] == "linear"
    assert facts["metrics"]["verdict"] == "good"
    assert facts["provenance"]["threads"] == 2
    assert facts["tool_version"] == __version__


def test_a_description_of_a_damaged_version_is_refused(folder: Path) -> None:
    (folder / "model.json").write_text("{}")
    with pytest.raises(ModelError, match=r"model\.json: is damaged"):
        read_description(folder, trusted=False)


def test_loading_imports_nothing_heavy(store: Path) -> None:
    code = (
        "import sys; from tsforecast.store.load import load_bundle\n"
        "from tsforecast.store.store import Store\n"
        f"load_bundle(Store({str(store)!r}).find().version_folder())\n"
        "heavy = {'pandas', 'sklearn', 'tensorflow', 'keras', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
