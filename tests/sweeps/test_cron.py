"""The example in examples/cron, under real cron."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.sampling import usual
from tsforecast.cli import COMMANDS

pytestmark = pytest.mark.sweep
ROOT = Path(__file__).resolve().parents[2]


def is_running() -> bool:
    """Whether there is a cron on this machine."""
    names = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):  # it has ended meanwhile
            names.append(path.read_text())
    return "cron\n" in names


@pytest.fixture
def cron() -> None:
    if "retrain" not in COMMANDS:
        pytest.skip("there is no command retrain yet")
    if os.geteuid() != 0 or shutil.which("cron", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("needs root and cron")
    if is_running():
        pytest.skip("another cron is running")


def test_two_runs(cron: None, tmp_path: Path) -> None:
    """The first is started by cron; the second in the surroundings that cron makes, or with `--all` by cron as well."""
    by_cron, folder = usual(1, full=2), tmp_path / "demo"
    beside = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{beside}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "RUNS": str(by_cron)}
    demo = ["bash", str(ROOT / "examples" / "cron" / "demo.sh"), str(folder)]
    done = subprocess.run(demo, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    if by_cron < 2:
        line = done.stdout.splitlines()[1].split(maxsplit=5)[5]
        surroundings = {"HOME": "/root", "LOGNAME": "root", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
        subprocess.run(["/bin/sh", "-c", line], cwd="/", env=surroundings)
    runs = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    first, second, *_ = (run for run in runs if run["exit"] != 75)  # which found the one before at work
    assert (first["status"], first["exit"], first["version"]) == ("promoted", 0, 1)
    assert (second["status"], second["exit"]) in {("promoted", 0), ("rejected", 3)}
    assert second["rows"] - first["rows"] == 48
    assert not os.path.lexists("/etc/cron.d/tsforecast-demo")
    assert not is_running()
    made = {path.name for path in folder.iterdir()}
    assert made == {"shop.toml", "sales.csv", "models", "forecast.csv", "runs.jsonl", "shop.prom"}
