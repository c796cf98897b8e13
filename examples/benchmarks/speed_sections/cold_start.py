"""From a shell's prompt to a written forecast: a saved model of one series in a fresh process."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from statistics import median
from typing import Any

from common import say

from speed_sections.processes import CORES, Measured, Setting, measure, median_ratio, peer, take_turns, tsforecast
from speed_sections.series import write_hourly

_ROWS, _HORIZON = 4_000, 48
_PEERS = {
    "neuralforecast": "NeuralForecast GRU",
    "darts": "Darts RNNModel (GRU)",
    "skforecast": "skforecast ForecasterRecursive (Ridge)",
}


def measure_cold_start(setting: Setting) -> dict[str, Any]:
    """Seconds and peak RSS of loading, forecasting and writing a CSV file, in turn."""
    commands = _commands(setting)
    say("cold start: predicting in turn")
    taken = take_turns(commands, setting.runs)
    for library in commands:
        _check(setting.folder / f"{library}.csv", library)
    table = [_row(library, runs, taken["tsforecast"]) for library, runs in taken.items()]
    note = (
        f"One hourly series of {_ROWS:,} rows, horizon {_HORIZON}; each command loads a saved model, forecasts and "
        "writes a CSV file. Medians of fresh processes in turn, after one that is not counted. tsforecast writes 80 % "
        "and 95 % intervals too, the others point forecasts."
    )
    return {"runs": setting.runs, "tables": {"cold start": table}, "notes": [note]}


def _commands(setting: Setting) -> dict[str, list[str]]:
    """Fit and save every library's model; the commands that predict with them, each into its own file."""
    data = write_hourly(setting.folder / "hourly.csv", _ROWS, 1)
    store, model = setting.folder / "store", ("--model", "linear") if setting.quick else ()
    say("cold start: fitting tsforecast")
    measure(
        tsforecast("fit", data, "--preset", "fast", *model, "--horizon", _HORIZON, "--threads", CORES, "--store", store)
    )
    output = setting.folder / "tsforecast.csv"
    commands = {"tsforecast": tsforecast("predict", "--store", store, "--output", output, "--quiet")}
    for library in _PEERS if setting.peer_python else ():
        say(f"cold start: fitting {library}")
        folder = setting.folder / library
        measure(peer(setting, "peers_cold_start", "save", library, folder, data, _HORIZON))
        output = setting.folder / f"{library}.csv"
        commands[library] = peer(setting, "peers_cold_start", "predict", library, folder, output, _HORIZON)
    return commands


def _check(path: Path, library: str) -> None:
    """Exit unless the file holds a forecast."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    if len(rows) != 1 + _HORIZON:
        sys.exit(f"{library} wrote {len(rows)} lines in place of a header and {_HORIZON} rows")


def _row(library: str, runs: list[Measured], our_runs: list[Measured]) -> dict[str, Any]:
    seconds, peaks = [each.seconds for each in runs], [each.peak_rss_mib for each in runs]
    return {
        "command": _PEERS.get(library, "tsforecast predict"),
        "seconds": median(seconds),
        "least": min(seconds),
        "most": max(seconds),
        "times_tsforecast": median_ratio(seconds, [each.seconds for each in our_runs]),
        "peak_rss_mib": median(peaks),
        "memory_times_tsforecast": median_ratio(peaks, [each.peak_rss_mib for each in our_runs]),
    }
