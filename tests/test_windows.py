"""Where it does not run, it says so in a line."""

from __future__ import annotations

import sys

import pytest

import tsforecast
from tsforecast.__main__ import main


def test_windows_is_told_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit, match=r"^Error: tsforecast runs on Linux and macOS; on Windows .* `wsl --install`"):
        main()
    with pytest.raises(ImportError, match="runs on Linux and macOS"):
        _ = tsforecast.fit
