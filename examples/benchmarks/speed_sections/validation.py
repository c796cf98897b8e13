"""Seconds to the validation error on ETTh1-96 that NeuralForecast's GRU reaches at its defaults."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from common import say

from speed_sections.processes import CORES, Setting, environment, ours, peer

_TRAIN, _VALIDATION, _HORIZON = 8640, 2880, 96
_PRESETS = ("fast", "balanced")
_PEER_STEPS = 1000
_PROBE_STEPS = 10


def measure_validation(setting: Setting) -> dict[str, Any]:
    """Train in fresh processes on the standard split, once each; errors are of the same validation windows."""
    split = {"data": str(setting.data), "train": _TRAIN, "validation": _VALIDATION, "horizon": _HORIZON}
    model = "linear" if setting.quick else "auto"
    rows: list[dict[str, Any]] = []
    for preset in _PRESETS[:1] if setting.quick else _PRESETS:
        name = f"tsforecast fit --preset {preset}"
        rows.append(_train(name, ours("ours_validation"), CORES, **split, preset=preset, model=model))
    if setting.peer_python:
        theirs = _train_peer(setting, split)
        rows = [row | _compare(row, theirs) for row in rows] + [theirs]
    return {"runs": 1, "tables": {"ETTh1, horizon 96": rows}, "notes": _NOTES}


_NOTES = (
    "ETTh1, 8,640 rows to train on and the next 2,880 to validate; MSE and MAE over all stride-1 validation windows of "
    "the seven series, standardised by the training rows. No test row is used.",
    "Seconds from the start of the process to the trained model, import and reading included; tsforecast's then trains "
    "again on all rows before it publishes (seconds with final training). One training each.",
    "tsforecast chooses epochs and combination by these validation rows, which flatters its error; NeuralForecast's "
    "defaults choose nothing; its input is standardised for it, and it has the number of threads that its first steps "
    "were fastest with.",
)


def _train_peer(setting: Setting, split: dict[str, Any]) -> dict[str, Any]:
    """The peer's row, at the number of threads that a few steps are fastest with."""
    steps, probe = (20, 2) if setting.quick else (_PEER_STEPS, _PROBE_STEPS)
    command, name = peer(setting, "neuralforecast_validation"), "NeuralForecast GRU"
    seconds = {
        threads: _train(name, command, threads, **split, steps=probe, evaluate=False)["seconds"]
        for threads in sorted({1, CORES})
    }
    threads = min(seconds, key=seconds.__getitem__)
    return _train(f"{name}, {steps:,} steps", command, threads, **split, steps=steps, evaluate=True)


def _train(name: str, command: list[str], threads: int, **request: Any) -> dict[str, Any]:
    """Start a worker with the moment of its start; its row."""
    say(f"validation: {name}, threads {threads}")
    words = [*command, json.dumps({"began": time.monotonic(), "threads": threads, **request})]
    done = subprocess.run(words, env=environment(command, threads), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed")
    return {"model": name, "threads": threads, **json.loads(done.stdout.splitlines()[-1])}


def _compare(row: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Whether a row is as good as theirs, and how many times faster it got there."""
    reached = row["mse"] <= theirs["mse"] and row["mae"] <= theirs["mae"]
    return {
        "reaches_their_error": "yes" if reached else "no",
        "times_faster": theirs["seconds"] / row["seconds"],
        "times_faster_with_final_training": theirs["seconds"] / row["seconds_with_final_training"],
    }
