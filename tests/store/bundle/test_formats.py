"""Models of every format that was ever released load for ever, and forecast what they did then."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load, save

from tests.store.bundle.older import document_2, downgrade, resign
from tests.store.bundle.test_codec import same
from tsforecast.errors import ModelError
from tsforecast.models.error_unit import WINDOW_UNIT
from tsforecast.store.bundle import manifest
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.bundle.codec import decode, encode
from tsforecast.store.bundle.document import decode_document, parse_document
from tsforecast.store.bundle.formats import FORMAT_VERSION, FORMATS, upgrade
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store
from tsforecast.workflows.predict import predict

FIXTURES = Path(__file__).parent / "fixtures"


def as_in_format_2(bundle: Bundle) -> Bundle:
    """A bundle without what no version of format 2 has: examples and another unit of its errors."""
    forecaster, horizon = bundle.forecaster, bundle.spec.horizon
    calibration = replace(forecaster.calibration, examples=np.empty((0, horizon)), unit=WINDOW_UNIT)
    return replace(bundle, forecaster=replace(forecaster, calibration=calibration))


def copied(fixture: Path, folder: Path) -> Path:
    """A copy: the tests may run in a checkout that somebody else owns."""
    for path in fixture.rglob("*"):
        copy = folder / path.relative_to(fixture)
        if path.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy.chmod(0o664)
            copy.parent.chmod(0o775)
    return folder


def version(store: Path, number: int = 1) -> Path:
    return store / "sales" / "versions" / f"{number:06d}"


@pytest.fixture(params=FORMATS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return copied(FIXTURES / f"format-{request.param}", tmp_path)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store with a version of format 2."""
    return copied(FIXTURES / "format-2", tmp_path)


def test_every_format_has_its_fixture() -> None:
    assert sorted(folder.name for folder in FIXTURES.glob("format-*")) == [f"format-{number}" for number in FORMATS]


def test_an_old_version_loads(store: Path) -> None:
    model = Store(store).find()
    assert (model.name, model.in_service()) == ("sales", 1)
    assert model.open().bundle.spec.name == "auto"
    assert [checked.error for checked in Store(store).verify()] == [None]


def test_an_old_version_gives_the_forecast_that_it_gave(store: Path) -> None:
    expected = pd.read_csv(store / "forecast.csv")
    made = predict(store=store, name="sales").frame
    assert list(made.columns) == list(expected.columns)
    assert made["zeit"].tolist() == expected["zeit"].tolist()
    numbers = expected.columns[3:]
    assert len(numbers) == 5
    assert made[numbers].to_numpy() == pytest.approx(expected[numbers].to_numpy(), rel=1e-4)


def test_the_fixtures_of_all_formats_hold_the_same_model(tmp_path: Path) -> None:
    folders = [version(copied(FIXTURES / f"format-{number}", tmp_path / str(number))) for number in FORMATS]
    first, *others = map(load_bundle, folders)
    assert all(same(first, other) for other in others)


@pytest.mark.parametrize("model", ["gru", "bilstm", "linear", "naive", "auto"])
def test_a_bundle_of_format_2_comes_back_as_it_was(
    make_bundle: Callable[..., Bundle], model: str, tmp_path: Path
) -> None:
    bundle = as_in_format_2(make_bundle(model))
    folder = Store(tmp_path).model("sales").publish(bundle).path
    downgrade(folder)
    assert same(load_bundle(folder), bundle)
    assert [checked.error for checked in Store(tmp_path).verify()] == [None]


@pytest.mark.parametrize("columns", [("zeit",), ("day, local",), ("year", "month", "day")])
def test_time_columns_of_format_2_are_taken_apart(bundle: Bundle, columns: tuple[str, ...]) -> None:
    schema = replace(bundle.schema, time_cols=columns, time_formats=("%Y", "%m", "%d")[: len(columns)])
    document = document_2(json.loads(encode(replace(bundle, schema=schema))["model.json"]))
    assert isinstance(document["schema"]["time_col"], str)
    assert decode_document(json.dumps(document).encode()).schema == schema


def test_an_older_document_is_brought_up_to_date(bundle: Bundle) -> None:
    bundle = as_in_format_2(bundle)
    document = json.loads(encode(bundle)["model.json"])
    assert upgrade(document, FORMAT_VERSION) == document
    older = document_2(json.loads(encode(bundle)["model.json"]))
    kept = json.dumps(older)
    assert upgrade(older, 2) == document
    assert json.dumps(older) == kept
    assert parse_document(kept.encode()) == document


def test_a_document_of_an_older_release_may_be_whatever_it_is(bundle: Bundle) -> None:
    """What the upgrade does not look at is left to the strict reader, which refuses it."""
    older = document_2(json.loads(encode(bundle)["model.json"]))
    part = older["spec"]["parts"][0]
    spoilt: list[Any] = [{}, [], 1, None, "x", [1], {"parts": 1}, {"parts": [1]}, {"parts": [{"network": 1}]}]
    for key in ("context", "schema", "spec"):
        for value in spoilt:
            with pytest.raises(ModelError, match=r"^model\.json: "):
                decode_document(json.dumps(older | {key: value}).encode())
    for key, value in [("levels", 1), ("series_vectors", -1), ("series_vectors", None), ("units", "6"), ("units", {})]:
        network = part["network"] | {key: value}
        spec = older["spec"] | {"parts": [part | {"network": network}]}
        with pytest.raises(
            ModelError, match=r"^model\.json: 'spec\.parts\[0\]\.network\.(levels|quantiles|series|units)"
        ):
            decode_document(json.dumps(older | {"spec": spec}).encode())


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("recent", {}, "it has the unknown key 'recent'"),
        ("context", None, "it has no key 'context'"),
        ("context.rows", 0.5, "'recent.rows' is 0.5"),
        ("schema.time_cols", ["zeit"], "'schema' has the unknown key 'time_cols'"),
        ("schema.time_col", None, "'schema' has no key 'time_col'"),
        ("schema.time_col", 7, "'schema.time_col' is 7; expected a text"),
        ("schema.time_format", "%Y\t%m", "2 columns with commas between them"),
        ("spec.parts.0.network.quantiles", [0.5], "'spec.parts[0].network' has the unknown key 'quantiles'"),
        ("spec.parts.0.network.levels", None, "'spec.parts[0].network' has no key 'levels'"),
        ("spec.parts.0.network.levels", [0.5, 0.1], "ascending"),
        ("spec.parts.0.network.inputs", {}, "'spec.parts[0].network' has the unknown key 'inputs'"),
        ("spec.parts.0.network.series_vectors", 1, "expected [] or [2]"),
        ("spec.parts.0.network.series_vectors", 2.0, "'spec.parts[0].network.series_vectors' is 2.0"),
        ("spec.parts.0.network.units", 10**9, "expected a whole number from 1 to 4096"),
        ("spec.parts.0.network.units", 1, "1 units leave no room for vectors of the series"),
    ],
)
def test_model_json_of_format_2_is_read_strictly(old: Path, path: str, value: Any, said: str) -> None:
    """A value of None takes the key away."""
    file = version(old) / "model.json"
    document = json.loads(file.read_bytes())
    *parents, last = path.split(".")
    place = document
    for key in parents:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = value
    if value is None:
        del place[last]
    file.write_text(json.dumps(document))
    resign(version(old))
    with pytest.raises(ModelError, match=r"model\.json: ") as caught:
        load_bundle(version(old))
    assert said in str(caught.value)


@pytest.mark.parametrize("number", FORMATS)
@pytest.mark.parametrize("signed", [True, False])
def test_a_file_of_another_format_does_not_belong(tmp_path: Path, number: int, signed: bool) -> None:
    folder = version(copied(FIXTURES / f"format-{number}", tmp_path))
    for one, other in [("recent.safetensors", "context.safetensors"), ("epochs.csv", "history.csv")]:
        present, strange = (one, other) if number == FORMAT_VERSION else (other, one)
        (folder / strange).write_bytes((folder / present).read_bytes())
        if signed:
            _sign(folder, number)
        with pytest.raises(ModelError, match=f"{strange}: does not belong to the version"):
            load_bundle(folder)
        (folder / strange).unlink()


def _sign(folder: Path, format_version: int) -> None:
    resign(folder)
    record = manifest.decode_manifest((folder / manifest.FILE).read_bytes())
    (folder / manifest.FILE).write_bytes(manifest.encode_manifest(replace(record, format_version=format_version)))


@pytest.mark.parametrize("number", FORMATS)
def test_the_manifest_and_model_json_are_of_one_format(tmp_path: Path, number: int) -> None:
    folders = {each: version(copied(FIXTURES / f"format-{each}", tmp_path / str(each))) for each in FORMATS}
    (other,) = (each for each in FORMATS if each != number)
    shutil.copyfile(folders[other] / "model.json", folders[number] / "model.json")
    _sign(folders[number], number)
    said = f"its format_version is {other}, but the manifest says {number}"
    with pytest.raises(ModelError, match=rf"model\.json: {said}"):
        load_bundle(folders[number])
    with pytest.raises(ModelError, match="but the manifest says"):
        Store(tmp_path / str(number)).find().describe()


@pytest.mark.parametrize(
    ("file", "tensor", "said"),
    [
        ("context.safetensors", "values", "'values' holds a number that is not finite"),
        ("golden.safetensors", "context", "'context' holds a number that is not finite"),
        ("weights.safetensors", "part0/query/series", "'part0/query/series' holds a number that is not finite"),
    ],
)
def test_damage_of_an_old_version_is_told_by_its_names(old: Path, file: str, tensor: str, said: str) -> None:
    path = version(old) / file
    tensors = {name: np.array(value) for name, value in load(path.read_bytes()).items()}
    tensors[tensor].flat[0] = np.nan
    path.write_bytes(save(tensors))
    resign(version(old))
    with pytest.raises(ModelError, match=rf"{file}: {said}"):
        load_bundle(version(old))


@pytest.mark.parametrize("file", ["context.safetensors", "history.csv", "golden.safetensors"])
def test_a_missing_or_oversize_file_of_an_old_version_is_refused(old: Path, file: str) -> None:
    path = version(old) / file
    data = path.read_bytes()
    path.unlink()
    with pytest.raises(ModelError, match=f"{file}: is missing"):
        load_bundle(version(old))
    path.write_bytes(data)
    os.truncate(path, (1 << 33) + 1)
    with pytest.raises(ModelError, match=rf"{file}: .*(has 8,589,934,593 bytes|at most)"):
        load_bundle(version(old))


def test_files_of_format_2_are_decoded_by_their_names(old: Path) -> None:
    files = {path.name: path.read_bytes() for path in version(old).iterdir() if path.name != manifest.FILE}
    assert decode(files).spec.name == "auto"
    with pytest.raises(ModelError, match=r"^recent\.safetensors: does not belong to a model"):
        decode(files | {"recent.safetensors": b""})
    del files["context.safetensors"]
    with pytest.raises(ModelError, match=r"^context\.safetensors: is missing"):
        decode(files)


def test_a_newer_format_is_refused_with_its_writer(old: Path) -> None:
    path = version(old) / manifest.FILE
    record = manifest.decode_manifest(path.read_bytes())
    path.write_bytes(manifest.encode_manifest(replace(record, format_version=FORMAT_VERSION + 1, tool_version="9.1.0")))
    with pytest.raises(ModelError, match=rf"format_version is {FORMAT_VERSION + 1}, as tsforecast 9\.1\.0 writes it"):
        Store(old).find().open()


def test_what_is_published_next_to_an_old_version_is_of_the_present_format(old: Path, bundle: Bundle) -> None:
    before = {path.name: path.read_bytes() for path in version(old).iterdir()}
    model = Store(old).find("sales")
    assert model.publish(model.open().bundle).version == 2
    written = [manifest.decode_manifest((version(old, each) / manifest.FILE).read_bytes()) for each in (1, 2)]
    assert [record.format_version for record in written] == [2, FORMAT_VERSION]
    assert set(written[1].files) >= {"recent.safetensors", "epochs.csv"}
    assert [checked.error for checked in model.verify()] == [None, None]
    assert same(model.open(1).bundle, model.open(2).bundle)
    assert model.rollback().version == 1
    assert model.open().version == model.in_service() == 1
    assert {path.name: path.read_bytes() for path in version(old).iterdir()} == before
    for number in (3, 4):
        assert model.publish(bundle).version == number
    assert model.prune(1).removed == (1, 2)
    assert sorted(os.listdir(old / "sales" / "versions")) == ["000003", "000004"]
    assert not list((old / "sales").glob(".stage-*"))


def test_what_an_older_release_left_half_written_is_removed(old: Path, bundle: Bundle) -> None:
    for stage in (".stage-77", ".stage-000009-77"):
        shutil.copytree(version(old), old / "sales" / stage)
    (old / "sales" / ".stage-77" / manifest.FILE).unlink()
    Store(old).model("sales").publish(bundle)
    assert not list((old / "sales").glob(".stage-*"))


def test_an_old_version_is_described_in_the_present_words(old: Path) -> None:
    details = Store(old).find("sales").describe().details
    assert (details["format_version"], details["tool_version"]) == (2, "0.1.0")
    assert (details["schema"]["time_cols"], details["recent"]["n_series"]) == (["zeit"], 2)
    assert details["spec"]["parts"][0]["network"]["inputs"]["categories"] == [2]
    (info,) = Store(old).overview()
    assert (info.model, info.horizon, info.skill, info.problem) == ("auto", 5, 0.375, None)


def test_an_old_version_is_exported_byte_for_byte(old: Path, tmp_path: Path) -> None:
    done = Store(old).find("sales").export(tmp_path / "sales.zip")
    target = tmp_path / "other"
    with zipfile.ZipFile(done.output) as archive:
        archive.extractall(target)
    assert {path.name: path.read_bytes() for path in version(target).iterdir()} == {
        path.name: path.read_bytes() for path in version(old).iterdir()
    }
    assert Store(target, trusted=True).find().open().bundle.spec.name == "auto"
