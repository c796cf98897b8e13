"""Many retrainings of one model at once, and one that is ended at any moment: P4, P7 and P10 of real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.conftest import sales
from tsforecast.store.layout import version_numbers
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store

pytestmark = pytest.mark.sweep

ROUNDS, AT_ONCE = 10, 20
# Quick to train; the tables are of 2023.
OPTIONS = ["--model", "linear", "--horizon", "7", "--threads", "1", "--quiet"]


def _start(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tsforecast", "retrain", "sales.csv", *OPTIONS, *words]
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _write(folder: Path, days: int) -> None:
    table = sales(days)
    table.to_csv(folder / "new.csv", index=False)
    os.replace(folder / "new.csv", folder / "sales.csv")


def test_of_many_at_once_one_trains_and_the_others_say_so(tmp_path: Path) -> None:
    """One publishes; whoever comes meanwhile exits with 75, and whoever comes later finds nothing new."""
    for number in range(ROUNDS):
        _write(tmp_path, 300 + 10 * number)
        # The challenger wins or the champion stays: either way one run decides, and no other trains.
        runs = [_start(tmp_path, "--log-file", "log", "--tolerance", "1000") for _ in range(AT_ONCE)]
        said = [run.communicate()[1] for run in runs]
        codes = [run.returncode for run in runs]
        assert set(codes) <= {0, 75}, said
        assert all(code == 0 or "held by" in text for code, text in zip(codes, said, strict=True))
        assert all(code == 75 or not text for code, text in zip(codes, said, strict=True))
        assert version_numbers(tmp_path / "models/sales") == tuple(range(1, number + 2))
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert len(log) == ROUNDS * AT_ONCE
    assert [line["status"] for line in log].count("promoted") == ROUNDS
    assert {line["status"] for line in log} <= {"promoted", "unchanged", "failed"}
    for version in version_numbers(tmp_path / "models/sales"):
        load_bundle(Store(tmp_path / "models").find("sales").version_folder(version))


def test_the_same_data_twice_change_not_a_byte_but_the_moment_of_the_check(tmp_path: Path) -> None:
    for number in range(3):
        _write(tmp_path, 300 + 10 * number)
        first = _start(tmp_path)
        first.communicate()
        assert first.returncode in (0, 3)
        before = _contents(tmp_path / "models")
        second = _start(tmp_path, "--json")
        out, err = second.communicate()
        assert (second.returncode, err, json.loads(out)["status"]) == (0, "", "unchanged")
        assert _contents(tmp_path / "models") == before


def _contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "checked.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
