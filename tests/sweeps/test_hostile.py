"""Hostile models: refused with one line, at once, without harm."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.conftest import Run
from tests.sampling import usual
from tests.store.bundle.test_codec import same
from tests.store.conftest import build
from tests.store.test_load import resign
from tests.sweeps.hostile import CORPUS, DROPPED
from tests.sweeps.spoil import MARKER, WEIGHTS
from tsforecast.errors import ModelError, TrustError, TsforecastError
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store

pytestmark = pytest.mark.sweep

MUTATIONS, SWAPS = usual(1000, full=2000), 50
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one sound version."""
    store = tmp_path_factory.mktemp("good")
    Store(store).model("sales").publish(build("gru"))
    return store


@pytest.fixture
def marker(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that a payload would make: it must not be there in the end."""
    path = tmp_path_factory.mktemp("marker") / "marker"
    monkeypatch.setenv(MARKER, str(path))
    yield path
    assert not path.exists()


def spoilt(good: Path, store: Path, name: str, case: str) -> Path:
    """A hostile version as the model `name` of a store."""
    shutil.copytree(good / "sales", store / name)
    folder = store / name / "versions" / "000001"
    CORPUS[case](folder)
    return folder


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder with its size and the moment of its last change."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        found[str(path)] = (status.st_size, status.st_mtime_ns)
    return found


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 80


@pytest.mark.parametrize("case", CORPUS)
def test_a_hostile_version_is_refused(good: Path, tmp_path: Path, marker: Path, case: str) -> None:
    folder = spoilt(good, tmp_path / "store", "sales", case)
    before = tree(tmp_path)
    Store(good).find().open()  # imports and caches are no part of the bill
    with pytest.raises(TsforecastError) as caught:
        Store(tmp_path / "store").find("sales").open()
    tracemalloc.start()
    try:
        with pytest.raises(TsforecastError):
            Store(tmp_path / "store").find("sales").open()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(caught.value, ModelError | TrustError)
    assert caught.value.exit_code in (65, 77)
    assert caught.value.file.startswith(str(tmp_path / "store" / "sales"))
    assert str(folder) in caught.value.file or caught.value.exit_code == 77
    assert "\n" not in str(caught.value)
    assert len(caught.value.message) < 300
    assert peak < 50 * MEGABYTE
    assert tree(tmp_path) == before


@pytest.mark.parametrize("case", CORPUS)
def test_predict_says_it_in_one_line(good: Path, run: Run, marker: Path, case: str) -> None:
    spoilt(good, Path("models").absolute(), "sales", case)
    result = run("predict")
    assert result.exit_code in (65, 77)
    assert result.stdout == ""
    assert result.stderr.startswith("Error: models/sales/versions")
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_fresh_processes_show_no_traceback_and_leave_nothing(good: Path, tmp_path: Path, marker: Path) -> None:
    cases = list(CORPUS)
    for first in range(0, len(cases), 12):
        store = tmp_path / f"store-{first}"
        chosen = cases[first : first + 12]
        for number, case in enumerate(chosen):
            spoilt(good, store, f"m{number}", case)
        (work := tmp_path / f"work-{first}").mkdir()
        before = tree(tmp_path)
        done = start("models", "verify", "--store", str(store), "--json", folder=work)
        assert done.returncode == 65, done.stderr
        assert "Traceback" not in done.stderr
        found = json.loads(done.stdout)["versions"]
        assert len(found) == len(chosen)
        assert {each["error"]["code"] for each in found} <= {65, 77}
        assert tree(tmp_path) == before


def start(*words: str, folder: Path, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-B", "-m", "tsforecast", *words],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_what_is_dropped_in_is_never_opened(good: Path, tmp_path: Path, marker: Path) -> None:
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace is not there or may not trace")
    for number, name in enumerate(DROPPED):
        spoilt(good, tmp_path / "store", f"m{number}", f"{name} dropped in")
    log = tmp_path / "opened"
    before = (strace, "-f", "-e", "trace=open,openat,openat2,execve", "-o", str(log))
    done = start("models", "verify", "--store", str(tmp_path / "store"), folder=tmp_path, before=before)
    assert done.returncode == 65
    calls = log.read_text(errors="replace").splitlines()
    assert [line for line in calls if "/store/m0/versions/000001/manifest.json" in line]
    assert [line for line in calls if any(f"/{name}" in line for name in DROPPED)] == []
    assert len([line for line in calls if "execve(" in line]) == 1


def mutated(files: dict[str, bytes], draw: random.Random) -> dict[str, bytes]:
    """The files with one random change."""
    files = dict(files)
    name = draw.choice(sorted(files))
    data = files[name]
    place = draw.randrange(len(data))
    match draw.choice(["flip", "flip", "cut", "insert", "zero", "swap", "double", "delete", "key"]):
        case "flip":
            data = data[:place] + bytes([data[place] ^ draw.randrange(1, 256)]) + data[place + 1 :]
        case "cut":
            data = data[:place]
        case "insert":
            data = data[:place] + draw.randbytes(draw.randrange(1, 50)) + data[place:]
        case "zero":
            data = data[:place] + bytes(min(100, len(data) - place)) + data[place + 100 :]
        case "swap":
            other = draw.choice(sorted(files))
            data, files[other] = files[other], data
        case "double":
            data = data + data
        case "delete":
            del files[name]
            return files
        case "key":
            data = data.replace(b"{", b'{"version": 1, ', 1)
    files[name] = data
    return files


def test_random_changes_are_refused_or_change_nothing(good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(Store(good).find().version_folder(), tmp_path / "000001"))
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    sound, draw = load_bundle(folder), random.Random(5)
    refused = 0
    for turn in range(MUTATIONS):
        changed = mutated(files, draw)
        different = {name for name in files if changed.get(name) != files[name]}
        for name in different:
            (folder / name).unlink(missing_ok=True)
            if name in changed:
                (folder / name).write_bytes(changed[name])
        try:
            loaded = load_bundle(folder)
        except ModelError as error:
            assert error.file.startswith(str(folder)), turn
            refused += 1
        else:
            assert same(loaded, sound), turn
            assert not different, turn
        for name in different:
            (folder / name).write_bytes(files[name])
    assert refused > 0.9 * MUTATIONS
    assert same(load_bundle(folder), sound)


def test_other_weights_are_always_caught_by_the_golden_batch(good: Path, tmp_path: Path) -> None:
    """Valid tensors in wrong places, or of another training, with a manifest that fits."""
    folder = Path(shutil.copytree(Store(good).find().version_folder(), tmp_path / "000001"))
    data = (folder / WEIGHTS).read_bytes()
    tensors = {name: np.array(value) for name, value in load(data).items()}
    others = build("gru", seed=9).forecaster.weights
    pairs = [
        (left, right)
        for left in sorted(tensors)
        for right in sorted(tensors)
        if left < right and tensors[left].shape == tensors[right].shape
    ]
    changes = [{left: tensors[right], right: tensors[left]} for left, right in pairs]
    changes += [{name: others[name]} for name in sorted(tensors)]
    changes += [{name: -value} for name, value in sorted(tensors.items())]
    changes += [{name: value[::-1]} for name, value in sorted(tensors.items())]
    changes += [{name: np.roll(value, 1, axis=-1)} for name, value in sorted(tensors.items())]
    assert len(changes) >= SWAPS
    for change in random.Random(7).sample(changes, SWAPS):
        changed = {name: np.ascontiguousarray(value) for name, value in {**tensors, **change}.items()}
        (folder / WEIGHTS).write_bytes(save(changed))
        resign(folder)
        with pytest.raises(ModelError, match="the golden batch differs by"):
            load_bundle(folder)
    (folder / WEIGHTS).write_bytes(data)
    resign(folder)
    load_bundle(folder)


def test_a_planted_keras_file_does_not_change_the_type_of_numbers(tmp_path: Path) -> None:
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"floatx": "float16", "backend": "jax"}')
    code = "import sys; from tsforecast.models.training.runtime import start; start(1)\n"
    code += "import keras; sys.exit(keras.config.floatx() + ' ' + keras.config.backend())"
    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("KERAS_HOME", None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "float32 tensorflow"
