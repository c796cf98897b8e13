"""Facts that stand in more than one file agree."""

from __future__ import annotations

import tomllib
from pathlib import Path

import tsforecast

ROOT = Path(__file__).parents[1]


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == tsforecast.__version__
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:2] == "##"]
    assert tsforecast.__version__ in headings[0]
