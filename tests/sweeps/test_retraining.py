"""Many retrainings of one model at once, and the same data twice: P4, P7 and P10 of real processes."""

from __future__ import annotations

import json
import multiprocessing
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.sampling import usual
from tests.workflows.conftest import sales
from tsforecast.cli import main
from tsforecast.store.layout import version_numbers
from tsforecast.store.load import load_bundle
from tsforecast.store.store import Store

pytestmark = pytest.mark.sweep

ROUNDS, AT_ONCE = usual(4, full=10), 20
FORK = multiprocessing.get_context("fork")
# Quick to train; the tables are of 2023.
WORDS = ["retrain", "sales.csv", "--model", "linear", "--horizon", "7", "--threads", "1", "--quiet"]


def _write(folder: Path, days: int) -> None:
    table = sales(days)
    table.to_csv(folder / "new.csv", index=False)
    os.replace(folder / "new.csv", folder / "sales.csv")


def _retrain(number: int, start: Any) -> None:
    """The command in a process that has imported all it needs, when all the others are there; stderr as a file."""
    with open(f"said-{number}", "w") as said, redirect_stderr(said), redirect_stdout(said):
        start.wait()
        # The challenger wins or the champion stays: either way one run decides, and no other trains.
        main([*WORDS, "--log-file", "log", "--tolerance", "1000"], prog_name="tsforecast")


def test_of_many_at_once_one_trains_and_the_others_say_so(run: Run, tmp_path: Path) -> None:
    """One publishes; whoever comes meanwhile exits with 75, and whoever comes later finds nothing new."""
    _write(tmp_path, 290)
    assert run(*WORDS, "--store", "warm").exit_code == 0  # everything is imported
    for number in range(ROUNDS):
        _write(tmp_path, 300 + 10 * number)
        start = FORK.Barrier(AT_ONCE)
        runs = [FORK.Process(target=_retrain, args=(each, start)) for each in range(AT_ONCE)]
        for each in runs:
            each.start()
        for each in runs:
            each.join()
        said = [(tmp_path / f"said-{each}").read_text() for each in range(AT_ONCE)]
        codes = [each.exitcode for each in runs]
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


def test_the_same_data_twice_change_not_a_byte_but_the_moment_of_the_check(run: Run, tmp_path: Path) -> None:
    for number in range(3):
        _write(tmp_path, 300 + 10 * number)
        assert run(*WORDS).exit_code in (0, 3)
        before = _contents(tmp_path / "models")
        second = run(*WORDS, "--json")
        assert (second.exit_code, second.stderr, json.loads(second.stdout)["status"]) == (0, "", "unchanged")
        assert _contents(tmp_path / "models") == before


def _contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "checked.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
