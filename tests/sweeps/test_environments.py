"""The surroundings that cron, systemd and others start a command in: it must work, be silent, and leave nothing about.

Every run is watched by strace: what it creates outside the folders that it was given is an error, also where it is
removed again, except for scratch files in the temporary folder and shared memory, which must be gone at the end.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.sampling import usual
from tests.store.conftest import build
from tests.sweeps.children import PLAIN
from tests.test_imports import HEAVY, WATCHED
from tsforecast.cli import COMMANDS
from tsforecast.store.store import Store

pytestmark = pytest.mark.sweep

ROOT = Path(__file__).resolve().parents[2]
BARE = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C",
    # Only so that this tree is what is tested, wherever it lies, and is left as it is.
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
}
CALLS = "open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat"
SCRATCH = ("/tmp/", "/dev/shm/")
# Written to, not created: the terminal, and the names of a process's own threads.
DEVICES = re.compile(r"/dev/(null|full|tty|random|urandom)|/proc/self/.*|/proc/[0-9]+/task/[0-9]+/comm")
NOBODY = 65534
Champions = Callable[[str | None], Path]
NEW_YORK = "America/New_York"
NETWORK = ("--model", "gru", "--units", "4", "--epochs", "1", "--members", "1", *PLAIN)


@dataclass(frozen=True)
class Environment:
    """How a command is started.

    Args:
        variables: beside `BARE`; None takes one away.
        shell: line around the command, which is "$@".
        cwd: to start in; None takes a folder of its own.
        user: number of another user than root.
        night: last day of the data, whose stamps are New York's; None takes plain dates.
        network: whether `retrain` trains a network, which takes longer; with `--all`, `fit` as well.
    """

    variables: dict[str, str | None] = field(default_factory=dict)
    shell: str = 'exec "$@"'
    cwd: str | None = None
    user: int | None = None
    night: str | None = None
    network: bool = False


ENVIRONMENTS = {
    "bare": Environment(network=True),
    "no home": Environment(variables={"HOME": None}),
    "unwritable home": Environment(variables={"HOME": "/proc/none"}, network=True),
    "stdin empty": Environment(shell='exec "$@" < /dev/null'),
    "stdin closed": Environment(shell='exec "$@" <&-'),
    "stdout closed": Environment(shell='exec "$@" >&-'),
    "stdout to a closed pipe": Environment(shell='set -o pipefail; "$@" | true'),
    "umask 077": Environment(shell='umask 077; exec "$@"'),
    "cwd /": Environment(cwd="/"),
    "read-only cwd": Environment(cwd="/proc"),
    "spring night": Environment(variables={"TZ": NEW_YORK}, night="2026-03-08"),
    "autumn night": Environment(variables={"TZ": NEW_YORK}, night="2026-11-01"),
    "another user": Environment(variables={"HOME": "/root"}, user=NOBODY, network=True),
    "ascii, narrow": Environment(variables={"LANG": "C", "PYTHONUTF8": "0", "COLUMNS": "20", "TERM": "dumb"}),
}


@dataclass(frozen=True)
class Place:
    """The folders of one run: data and configuration, which it reads; store and out, which it writes; home and cwd."""

    root: Path

    def __truediv__(self, name: str) -> Path:
        return self.root / name

    @property
    def writable(self) -> tuple[str, ...]:
        return (f"{self.root}/store/", f"{self.root}/store", f"{self.root}/out/")


@pytest.fixture(scope="module", autouse=True)
def strace() -> None:
    """The tool that sees what a command creates."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    if subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode:
        pytest.skip("strace may not watch processes here")


@pytest.fixture
def place() -> Iterator[Place]:
    # Not pytest's folder, which other users cannot enter.
    root = Path(tempfile.mkdtemp(prefix="tsforecast-environment-"))
    root.chmod(0o755)
    for name in ("store", "out", "home", "cwd"):
        (root / name).mkdir()
    yield Place(root)
    shutil.rmtree(root)


def table(rows: int, night: str | None) -> pd.DataFrame:
    """Hourly rows; those of New York end at noon after a night in which its clocks change."""
    zone = NEW_YORK if night else None
    end = pd.Timestamp(f"{night or '2026-01-15'} 12:00", tz=zone)
    stamps = pd.date_range(end=end, periods=rows, freq="h")
    noise = np.random.default_rng(0).normal(0, 1, rows)
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(rows) / 24) + noise
    text = [stamp.isoformat() for stamp in stamps]
    return pd.DataFrame({"ds": text, "y": values.round(3)})


def start(place: Place, environment: Environment, *words: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a command of tsforecast; also, what it created or wrote to, as absolute paths."""
    variables = BARE | {"HOME": str(place / "home")} | environment.variables
    set_up = [f"{name}={value}" for name, value in variables.items() if value is not None]
    line = ["env", "-i", *set_up, "bash", "-c", environment.shell, "-", sys.executable, "-m", "tsforecast", *words]
    if environment.user is not None:
        line = [*as_user(environment.user), *line]
        for name in ("store", "out", "home", "cwd"):
            subprocess.run(["chown", "-R", str(environment.user), str(place / name)], check=True)
    log = Path(tempfile.mkstemp(prefix="tsforecast-trace-")[1])
    try:
        done = subprocess.run(
            ["strace", "-f", "--seccomp-bpf", "-z", "-s", "0", "-o", str(log), "-e", f"trace={CALLS}", *line],
            cwd=environment.cwd or place / "cwd",
            capture_output=True,
            text=True,
        )
        return done, sorted(set(written(log.read_text(errors="replace"), Path(environment.cwd or place / "cwd"))))
    finally:
        log.unlink()


def as_user(user: int) -> list[str]:
    """The beginning of a line that becomes another user, who may read all but write only what is his.

    Without the right to read, an interpreter that is installed in root's home would not even start.
    """
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv to become another user")
    rights = [f"--{kind}=-all,+dac_read_search" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *rights, "--no-new-privs"]


def written(log: str, cwd: Path) -> Iterator[str]:
    """Paths that the calls of a log made, or opened for writing."""
    for line in log.splitlines():
        call = re.match(r"\d+ +(\w+)\((.*)", line)
        if call is None or ("open" in call[1] and not re.search(r"O_WRONLY|O_RDWR|O_CREAT", call[2])):
            continue
        for path in re.findall(r'"((?:[^"\\]|\\.)*)"', call[2]):
            yield os.path.normpath(cwd / path)


def strays(place: Place, paths: list[str]) -> list[str]:
    """Of the paths those that a command had no business with, and scratch that it left behind."""
    found = []
    for path in paths:
        if DEVICES.fullmatch(path) or f"{path}/".startswith(place.writable):
            continue
        if (
            path.startswith(str(place.root))
            or not f"{path}/".startswith(SCRATCH)
            or (os.path.lexists(path) and path not in ("/tmp", "/dev/shm"))
        ):
            found.append(path)
    return found


@pytest.fixture(scope="module")
def champions(tmp_path_factory: pytest.TempPathFactory) -> Champions:
    """Stores with a linear model in service, whose data end two days before those of the run."""

    @cache
    def store(night: str | None) -> Path:
        folder = tmp_path_factory.mktemp("champion")
        table(500, night)[:-49].to_csv(folder / "old.csv", index=False)
        words = ["fit", str(folder / "old.csv"), "--store", str(folder / "store"), "--name", "shop", "-q"]
        words += ["--model", "linear", *(("--tz", NEW_YORK) if night else ())]
        line = [sys.executable, "-m", "tsforecast", *words]
        subprocess.run(line, env=os.environ | BARE, check=True)
        return folder / "store"

    return store


def prepare(place: Place, command: str, environment: Environment, champions: Champions) -> list[str]:
    """What a command needs, and its words."""
    data, store = place / "data.csv", place / "store"
    networks = usual(["retrain"], full=["fit", "retrain"])
    model = NETWORK if environment.network and command in networks else ("--model", "linear")
    zone = ("--tz", NEW_YORK) if environment.night else ()
    rows = table(500, environment.night)
    rows.to_csv(data, index=False)
    if command == "fit":
        return ["fit", str(data), "--store", str(store), "--name", "shop", *model, *zone]
    shutil.copytree(champions(environment.night), store, dirs_exist_ok=True)
    if command == "predict":
        out = ["--output", str(place / "out" / "next.csv"), "--plot", str(place / "out" / "next.png")]
        return ["predict", str(data), "--store", str(store), "--name", "shop", *zone, *out]
    options = (*model, *zone)
    settings = {options[i].removeprefix("--"): options[i + 1] for i in range(0, len(options), 2)}
    settings |= {"data": "data.csv", "store": "store", "name": "shop", "force": "true"}
    settings |= {"predict-to": "out/next.csv", "log-file": "out/runs.jsonl", "metrics-file": "out/shop.prom"}
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    (place / "shop.toml").write_text("\n".join(["[retrain]", *lines]))
    return ["retrain", "--config", str(place / "shop.toml")]


@pytest.mark.parametrize("command", ["fit", "predict", "retrain"])
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_works_in_silence_and_leaves_nothing_about(place: Place, champions: Champions, name: str, command: str) -> None:
    if command not in COMMANDS:
        pytest.skip(f"there is no command {command} yet")
    environment = ENVIRONMENTS[name]
    words = prepare(place, command, environment, champions)
    done, paths = start(place, environment, *words, "--quiet")
    # The champion of a retraining may win: then it says so, and ends with 3.
    kept = command == "retrain" and done.returncode == 3 and done.stderr.count("\n") == 1
    assert done.returncode == 0 or kept, done.stderr
    assert done.stderr == "" or kept
    assert done.stdout == ""
    assert strays(place, paths) == []
    assert os.listdir(place / "home") == os.listdir(place / "cwd") == []
    assert any(path.startswith(place.writable) for path in paths)
    if command != "fit":
        forecast = pd.read_csv(place / "out" / "next.csv")
        first = forecast["ds"][0]
        assert first == {"2026-03-08": "2026-03-08T13:00:00-04:00", "2026-11-01": "2026-11-01T13:00:00-05:00"}.get(
            environment.night or "", "2026-01-15T13:00:00"
        )
    if name == "umask 077" and command == "fit":
        assert not any(path.stat().st_mode & 0o077 for path in (place / "store").rglob("*"))


def test_a_forecast_on_a_closed_stdout_is_an_error_of_one_line(place: Place, champions: Champions) -> None:
    words = prepare(place, "predict", Environment(), champions)[:-4]
    done, paths = start(place, Environment(shell='"$@" | true; exit ${PIPESTATUS[0]}'), *words)
    assert (done.returncode, strays(place, paths)) == (141, [])
    done, paths = start(place, Environment(shell='exec "$@" > /dev/full'), *words, "--quiet")
    assert (done.returncode, done.stderr.count("\n"), strays(place, paths)) == (74, 1, [])


def test_status_loads_nothing_heavy_and_reads_little(tmp_path: Path) -> None:
    models = [f"shop-{number}" for number in range(20)]
    for name in models:
        Store(tmp_path / "models").model(name).publish(build("linear"))
    log = tmp_path / "log"
    line = ["strace", "-f", "-o", str(log), "-e", "trace=openat", sys.executable, "-c", WATCHED % (HEAVY,), "status"]
    done = subprocess.run(line, cwd=tmp_path, env=os.environ | BARE, capture_output=True, text=True)
    assert done.returncode == 0 and "heavy:" not in done.stderr, done.stderr
    opened = [part for part in log.read_text().splitlines() if "O_DIRECTORY" not in part]
    for name in models:
        assert 0 < sum(f"models/{name}/" in part for part in opened) <= 12
