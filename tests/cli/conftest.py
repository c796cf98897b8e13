"""Workflows are played by others here: these tests are about words in and words out, and must not train anything."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import Run, make_series

Play = Callable[..., None]


@pytest.fixture
def load_csv(run: Run, tmp_path: Path) -> str:
    """A small CSV of hourly load in the working folder of `run`; its name."""
    make_series(400).to_csv(tmp_path / "load.csv", index=False)
    return "load.csv"


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """`play("workflows.fit", fit=function)`: what `tsforecast.workflows.fit` holds while the test runs."""

    def replace(module: str, **members: Any) -> None:
        monkeypatch.setitem(sys.modules, f"tsforecast.{module}", SimpleNamespace(**members))

    return replace


@pytest.fixture
def calls() -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """What a recorded function was called with."""
    return []


@pytest.fixture
def record(calls: list[tuple[tuple[Any, ...], dict[str, Any]]]) -> Callable[[Any], Callable[..., Any]]:
    """`record(result)`: a function that notes its arguments in `calls` and returns `result`, or raises it."""

    def recorder(result: Any) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            calls.append((args, kwargs))
            if isinstance(result, BaseException):
                raise result
            return result

        return function

    return recorder
