"""The image that only forecasts: its packages are installed as its Dockerfile says, and its commands run with them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import make_series
from tests.sweeps.children import PLAIN

pytestmark = pytest.mark.sweep

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "examples/serve/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
MOST_MB = 110


def call(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the image has: a copy of what is copied in, and an environment of what is installed."""
    root = tmp_path_factory.mktemp("image")
    call(sys.executable, "-m", "venv", root / "python", cwd=root)
    for line in re.findall(r"^(?:COPY (?!--)|RUN ).*", DOCKERFILE, flags=re.M):
        step, *words = shlex.split(line)
        if step == "COPY":
            *sources, target = words
            folder = root / target.lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
            for source in sources:
                here = ROOT / source
                call("cp", "-r", f"{here}/." if here.is_dir() else here, folder, cwd=root)
        else:
            pip, *rest = (word.replace("/src", f"{root}/src") for word in words if not word.startswith("--prefix"))
            done = call(root / "python/bin" / pip, *rest, cwd=root)
            assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def place(image: Path) -> Path:
    """Where the store is, fitted with everything installed."""
    make_series(400).to_csv(image / "load.csv", index=False)
    for words in (("--model", "linear"), ("--model", "gru", "--units", "4", "--epochs", "1", "--members", "1", *PLAIN)):
        done = call(sys.executable, "-m", "tsforecast", "fit", "load.csv", "--name", words[1], *words, cwd=image)
        assert done.returncode == 0, done.stderr
    return image


def size_of(folder: Path) -> float:
    """Megabytes of what is installed, without pip, which the second stage of the image does not get from us."""
    found = (path for path in folder.glob("python/lib/python3*/site-packages/*") if not path.name.startswith("pip"))
    files = (file for path in found for file in (path.rglob("*") if path.is_dir() else (path,)) if file.is_file())
    return sum(file.stat().st_size for file in files) / 1e6


def test_it_stays_small(image: Path) -> None:
    assert 20 < size_of(image) <= MOST_MB


@pytest.mark.parametrize(
    "line",
    [
        "predict",
        "predict --name gru --horizon 3 --level 50 -o next.jsonl --ledger",
        "predict --name linear --json",
        "models list",
        "models show linear",
        "models verify",
        "status",
        "status --json",
    ],
)
def test_what_serves_runs(line: str, place: Path) -> None:
    done = call(place / "python/bin/tsforecast", *line.split(), cwd=place)
    assert done.returncode == 0, done.stderr
    if line == "predict":
        here = call(sys.executable, "-m", "tsforecast", "predict", cwd=place)
        assert done.stdout == here.stdout and done.stdout.startswith("ds,forecast,")


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("predict load.csv", "pandas"),
        ("predict --plot next.png", "matplotlib"),
        ("predict -o next.parquet", "pyarrow"),
        ("report linear -o report.html", "jinja2"),
        ("fit load.csv", "pandas"),
        ("score load.csv", "pandas"),
    ],
)
def test_what_else_is_needed_is_said(line: str, package: str, place: Path) -> None:
    done = call(place / "python/bin/tsforecast", *line.split(), cwd=place)
    assert done.returncode in (2, 66), done.stderr
    last = done.stderr.splitlines()[-1]
    assert package in last and f"install it with pip install {package}" in last
    assert "Traceback" not in done.stderr and "bug" not in done.stderr
