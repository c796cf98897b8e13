"""The ingestion benchmark: how long does reading take, and how much memory, beside a bare `pandas.read_csv`?

    python examples/benchmarks/ingestion.py [--series 20] [--rows 1000] [--repeats 3] [--seed 0] [--json]
    python examples/benchmarks/ingestion.py --series 1000 --rows 10000
    python examples/benchmarks/ingestion.py --series 100000 --rows 100

A table of hourly series below each other (id, ISO 8601 time, value) is written into a temporary folder. tsforecast
reads it into a panel as `fit` does, all checks included; pandas reads it into a data frame and checks nothing. They
take turns, each time in a fresh process. Seconds are those of reading, without the start of Python and the import of
packages; memory is the peak of the whole process.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import run, say, write_json

READERS = ("tsforecast", "pandas")
_STEP = np.timedelta64(3600, "s")
_START = np.datetime64("2020-01-01T00:00:00")

# Seconds and peak memory in MB of each reading.
Readings = dict[str, list[dict[str, float]]]


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    if arguments.read:
        reader, file = arguments.read
        write_json(read(reader, Path(file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "series.csv"
        write_series(file, arguments.series, arguments.rows, arguments.seed)
        size = file.stat().st_size / 1e6
        say(f"{arguments.series * arguments.rows:,} rows, {size:,.1f} MB")
        readings = take_turns(file, arguments.repeats)
    write(arguments, size, readings)


def parse() -> argparse.Namespace:
    """The options of the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=_count, default=20, help="how many")
    parser.add_argument("--rows", type=_count, default=1000, help="of each series")
    parser.add_argument("--repeats", type=_count, default=3, help="readings by each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--read", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _count(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("give at least 1")
    return int(text)


def write_series(file: Path, series: int, rows: int, seed: int) -> None:
    """Write random walks with three decimals below each other."""
    random = np.random.default_rng(seed)
    times = np.datetime_as_string(_START + np.arange(rows) * _STEP).tolist()
    with open(file, "w", encoding="utf-8") as stream:
        stream.write("id,time,value\n")
        for number in range(series):
            values = (100 + random.normal(size=rows).cumsum()).round(3).tolist()
            lines = [f"series_{number},{stamp},{value}\n" for stamp, value in zip(times, values, strict=True)]
            stream.write("".join(lines))


def take_turns(file: Path, repeats: int) -> Readings:
    """Read the file in fresh processes, by one reader after the other."""
    readings: Readings = {reader: [] for reader in READERS}
    for turn in range(repeats):
        for reader in READERS:
            command = [sys.executable, __file__, "--read", reader, str(file)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            reading = json.loads(done.stdout)
            readings[reader].append(reading)
            say(f"{turn + 1}/{repeats}  {reader}: {reading['seconds']:.3f} s, {reading['peak_mb']:,.0f} MB")
    return readings


def read(reader: str, file: Path) -> dict[str, float]:
    """Read the file in this process."""
    import pandas as pd

    from tsforecast.io.reading.panel import read_panel

    began = time.perf_counter()
    rows = len(read_panel(file).panel.values) if reader == "tsforecast" else len(pd.read_csv(file))
    return {"seconds": time.perf_counter() - began, "peak_mb": _peak_mb(), "rows": rows}


def _peak_mb() -> float:
    """The most memory that this process held."""
    status = Path("/proc/self/status")
    if status.exists():
        # The other figure can be that of the process which started this one.
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def write(arguments: argparse.Namespace, size: float, readings: Readings) -> None:
    """Write medians and their ratios, as a Markdown table or as JSON."""
    medians = {
        reader: {key: statistics.median(reading[key] for reading in parts) for key in ("seconds", "peak_mb")}
        for reader, parts in readings.items()
    }
    ours, bare = (medians[reader] for reader in READERS)
    ratios = {key: ours[key] / bare[key] for key in ours}
    if arguments.json:
        document = {"series": arguments.series, "rows": arguments.rows, "file_mb": size, "seed": arguments.seed}
        write_json({**document, "readings": readings, "medians": medians, "ratios": ratios})
        return
    lines = ["| reader | seconds | peak memory |", "|---|---:|---:|"]
    lines += [f"| {reader} | {row['seconds']:.3f} | {row['peak_mb']:,.0f} MB |" for reader, row in medians.items()]
    lines.append(f"| ratio | {ratios['seconds']:.2f} | {ratios['peak_mb']:.2f} |")
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    run(main)
