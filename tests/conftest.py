"""What all tests share: the command line as a function, and data made on the spot."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tsforecast.cli import main

if TYPE_CHECKING:
    import pandas as pd

Run = Callable[..., Result]


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
    for name in [name for name in os.environ if name == "FORCE_COLOR" or name.startswith("TSFORECAST_")]:
        monkeypatch.delenv(name)
    runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})

    def invoke(*args: Any, stdin: str | bytes | None = None, **env: str | None) -> Result:
        words = [str(arg) for arg in args]
        return runner.invoke(main, words, input=stdin, env=env, catch_exceptions=False, prog_name="tsforecast")

    return invoke
