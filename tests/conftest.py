"""What all tests share: surroundings that are the same everywhere, the command line as a function, and data."""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

from tests import sampling
from tests.graphs import MEMORY, SHARED
from tsforecast import clock
from tsforecast.cli import main

if TYPE_CHECKING:
    import pandas as pd

Run = Callable[..., Result]
Freeze = Callable[..., datetime]

# Variables of whoever starts the tests that change what is shown or done. TZ and LANG stay: no test may mind them.
SHOWN_BY = {"NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES", "TERM"}
DONE_BY = {"MPLBACKEND", "KERAS_BACKEND", "KERAS_HOME", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONWARNINGS"}
for _name in [name for name in os.environ if name in SHOWN_BY | DONE_BY or name.startswith(("TSFORECAST_", "TF_"))]:
    del os.environ[_name]

# Two workers share two cores: threads of NumPy's products would wait for each other, and take five times the work.
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of SciPy, which is not loaded yet, and of children
threadpool_limits(1, user_api="blas")

# The same examples in each run, however slow the machine is. `--hypothesis-profile=explore` draws others.
_ANY_PACE = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **_ANY_PACE)
settings.register_profile("explore", **_ANY_PACE)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="leave nothing out of the long tables of cases")


def pytest_configure(config: pytest.Config) -> None:
    """A run without the sweeps is a quick one, and `--all` leaves nothing out."""
    if "not sweep" in config.option.markexpr:
        sampling.one_in = 4
    if config.getoption("--all"):
        sampling.take_everything()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What trains comes first: one worker of several does it, and the others need no TensorFlow, nor its memory."""
    items.sort(key=lambda item: "shared_graphs" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session", autouse=True)
def _usual_surroundings() -> Iterator[None]:
    """Files are made with the usual rights, and children do not ignore signals, as they would under nohup.

    A handler that does nothing ignores a signal as well, but is not handed on to a child.
    """
    before = os.umask(0o022)
    ignored = [number for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM) if _is_ignored(number)]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    os.umask(before)


@pytest.fixture(autouse=True)
def _room_for_graphs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Sweeps trace graphs of their own; no test leaves behind what nobody uses."""
    SHARED.paused = request.node.get_closest_marker("sweep") is not None
    yield
    MEMORY.tidy()


@pytest.fixture(scope="module")
def shared_graphs() -> Iterator[None]:
    """Networks of one shape are traced once for all tests, but for sweeps."""
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("tensorflow"):
            loaded = "tensorflow" in sys.modules
            from tsforecast.models.training import loop

            if not loaded:
                gc.freeze()  # its half a million objects stay, and need not be looked through again and again
            patch.setattr(loop, "_graph", SHARED.around(loop._graph))
        yield


@pytest.fixture
def own_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are traced anew in this test."""
    monkeypatch.setattr(SHARED, "paused", True)


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> Freeze:
    """`freeze(moment)`: the moment that it is from now on."""

    def stop(moment: datetime) -> datetime:
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    return stop


def make_series(length: int, freq: str = "h", seed: int = 0) -> pd.DataFrame:
    """A table of one series, `ds` and `y`: a level, a slow trend, a season of 24 steps and noise."""
    import pandas as pd

    steps = np.arange(length)
    noise = np.random.default_rng(seed).normal(0, 1, length)
    return pd.DataFrame(
        {
            "ds": pd.date_range("2024-01-01", periods=length, freq=freq),
            "y": 100 + 0.01 * steps + 10 * np.sin(2 * np.pi * steps / 24) + noise,
        }
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("fit", "data.csv")`: the command line in this process, in an empty folder, 80 columns wide, without colour.

    `stdin` and environment variables are given by name; None takes a variable away.
    """
    monkeypatch.chdir(tmp_path)
    runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})

    def invoke(*args: Any, stdin: str | bytes | None = None, **env: str | None) -> Result:
        words = [str(arg) for arg in args]
        return runner.invoke(main, words, input=stdin, env=env, catch_exceptions=False, prog_name="tsforecast")

    return invoke
