"""What training costs against the number of windows and series, the lookback and the width of the network."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import Any

from common import say

from speed_sections.processes import CORES, Ask, Setting, ours, worker
from speed_sections.training import Network

_EPOCHS = 2
_WARM_UP_STEPS = 50
_BASE = Network(steps=7, units=64, horizon=24, windows=100_000, series=10)
_SWEEPS: dict[str, list[Network]] = {
    "windows": [replace(_BASE, windows=windows) for windows in (10_000, 100_000, 1_000_000)],
    "series": [replace(_BASE, series=series) for series in (1, 10, 100, 1000)],
    "lookback": [replace(_BASE, steps=steps) for steps in (7, 14, 28, 56)],
    "units": [replace(_BASE, units=units) for units in (32, 64, 128, 256)],
}
_SMALL = Network(steps=2, units=4, batch=32, windows=640)
_QUICK = {"windows": [_SMALL, replace(_SMALL, windows=1280)]}


def measure_cost(setting: Setting) -> dict[str, Any]:
    """Seconds of a training of a fixed number of epochs, for each sweep over one size with the others fixed."""
    sweeps = _QUICK if setting.quick else _SWEEPS
    with worker(ours("ours_training", CORES), CORES) as ask:
        tables = {f"against {what}": _sweep(ask, what, networks, setting.runs) for what, networks in sweeps.items()}
    return {"runs": setting.runs, "epochs": _EPOCHS, "tables": tables, "notes": _NOTES}


_NOTES = (
    f"GRU, {_EPOCHS} epochs over all windows, every core; medians of trainings that take turns, once the graph is "
    "traced, which takes the seconds to start. Unless swept: 100,000 windows of 10 series, lookback 168 in segments of "
    "24, horizon 24, 64 units.",
    "Cost per window and its matrix products, both in multiples of the first row's: linear cost keeps the first at 1 "
    "over windows and series, and no higher than the second over lookback and units.",
)


def _sweep(ask: Ask, what: str, networks: list[Network], runs: int) -> list[dict[str, Any]]:
    say(f"cost against {what}")
    names = [f"{what} {number}" for number in range(len(networks))]
    started = [ask("build", **{**network.request, "name": name}) for name, network in zip(names, networks, strict=True)]
    for name in names:
        ask("train", name=name, steps=_WARM_UP_STEPS, epochs=1)
    trained = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            trained[name].append(ask("train", name=name, steps=None, epochs=_EPOCHS))
    rows = []
    for name, network, start in zip(names, networks, started, strict=True):
        seconds = median(training["seconds"] for training in trained[name])
        windows = trained[name][0]["windows"]
        rows.append(
            {
                what: network.steps * network.segment if what == "lookback" else getattr(network, what),
                "seconds_to_start": start["seconds"],
                "seconds": seconds,
                "windows_per_second": windows / seconds,
                "microseconds_per_window": 1e6 * seconds / windows,
                "cost_per_window": seconds / windows,
                "products_per_window": network.flops,
            }
        )
    return [row | {key: row[key] / rows[0][key] for key in ("cost_per_window", "products_per_window")} for row in rows]
