"""A polluted table is read right or refused, and the refusal names the record: never another number in silence."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from tests.sweeps.panel_content import content_of, content_read
from tests.sweeps.polluter import Polluted, polluted_versions
from tsforecast.errors import TsforecastError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel

pytestmark = pytest.mark.sweep
FEWEST, NAMED_SHARE = 2_290, 0.95


def judge(version: Polluted, path: Path) -> str:
    """What becomes of a version: `exact`, `refused`, `refused elsewhere`, or what is wrong."""
    path.write_bytes(version.data)
    os.utime(path, (1e9, 1e9))  # a file that has just been written is read a moment later
    try:
        result = read_panel(path, ReadOptions(**version.options))
    except TsforecastError as error:
        if version.readings and version.line is None:
            return f"not read: {error}"
        return "refused" if version.line in (None, error.row) else "refused elsewhere"
    found = content_read(result)
    if all(found != content_of(reading) for reading in version.readings):
        return "silently different"
    said = any(version.said in note.text for note in result.notes)
    return "exact" if said else f"not said: {version.said}"


def test_no_version_is_read_otherwise_in_silence(tmp_path: Path) -> None:
    known = {field.name for field in fields(ReadOptions)}
    versions = [version for version in polluted_versions() if set(version.options) <= known]
    assert len(versions) > FEWEST
    outcomes = [(version.name, judge(version, tmp_path / "data.csv")) for version in versions]
    wrong = [(name, outcome) for name, outcome in outcomes if outcome not in ("exact", "refused", "refused elsewhere")]
    assert not wrong
    kinds = Counter(outcome for _, outcome in outcomes)
    assert kinds["refused"] >= NAMED_SHARE * (kinds["refused"] + kinds["refused elsewhere"]), kinds
