"""Peak memory of `tsforecast fit` at a short and a long lookback on the same rows."""

from __future__ import annotations

from statistics import median
from typing import Any

from common import say

from speed_sections.processes import CORES, Setting, median_ratio, take_turns, tsforecast
from speed_sections.series import write_hourly

_LOOKBACKS = (96, 720)
_HORIZON, _COLUMNS = 96, 7
_FLOAT_BYTES = 4


def measure_memory(setting: Setting) -> dict[str, Any]:
    """Peak RSS and seconds of whole fits in fresh processes, whose lookbacks take turns."""
    rows = 2_000 if setting.quick else 14_400
    data = write_hourly(setting.folder / "memory.csv", rows, _COLUMNS)
    say(f"memory: fits of {_COLUMNS} series of {rows} rows")
    model = ("--model", "linear") if setting.quick else ("--epochs", 1)
    fixed = ("--preset", "fast", *model, "--horizon", _HORIZON, "--threads", CORES, "--quiet")
    commands = {
        f"lookback {lookback}": tsforecast(
            "fit", data, "--lookback", lookback, *fixed, "--store", setting.folder / f"memory{lookback}"
        )
        for lookback in _LOOKBACKS
    }
    taken = take_turns(commands, setting.runs)
    peaks = {name: [each.peak_rss_mib for each in runs] for name, runs in taken.items()}
    first = next(iter(peaks))
    table = [
        {
            "fit": name,
            "peak_rss_mib": median(peaks[name]),
            "ratio": median_ratio(peaks[name], peaks[first]),
            "seconds": median(each.seconds for each in taken[name]),
            "copied_windows_mib": rows * _COLUMNS * (lookback + _HORIZON) * _FLOAT_BYTES / 2**20,
        }
        for name, lookback in zip(commands, _LOOKBACKS, strict=True)
    ]
    note = (
        f"`tsforecast fit --preset fast --epochs 1 --horizon {_HORIZON}` on {_COLUMNS} hourly series of {rows:,} rows, "
        "fresh processes in turn, medians. Copied windows: what a float32 array of all windows would take."
    )
    return {"runs": setting.runs, "tables": {"peak memory of fit": table}, "notes": [note]}
