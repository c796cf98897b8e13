"""The long-horizon benchmark from outside: `tsforecast fit` on what comes before the test part, `predict` in it.

    python examples/benchmarks/black_box.py ETTh1.csv \\
        --train-rows 8640 --val-rows 2880 --test-rows 2880 --horizon 96 [--origins 50] [--preset best] [--json]

Each line of the table is a time step, the first line a header. Errors are those of long_horizon.py, on the windows of
the origins alone; the row `protocol` is its training on the same windows. What lies between the two is what a user's
way loses or gains: another split, a final training on all rows, forecasts in text.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import Columns, add_options, options_of, run, say, show, without_floor, write_json, write_table
from long_horizon import add_parts, row_counts, score

from tsforecast.errors import DataError
from tsforecast.fitting.fit_panel import make_plan
from tsforecast.fitting.learn import train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.panel import Panel
from tsforecast.series.split import Split, split_rows

_COLUMNS: Columns = {"mse": ("MSE", 8, ".4f"), "mae": ("MAE", 8, ".4f"), "seconds": ("seconds", 9, ".1f")}
_NAIVE = "seasonal-naive"


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    panel = read_panel(arguments.csv).panel
    train, validation, test = row_counts(arguments, int(panel.lengths.min()))
    total = train + validation + test
    panel = panel.between(np.zeros_like(panel.lengths), np.full_like(panel.lengths, total))
    origins = np.unique(np.linspace(total - test, total - arguments.horizon, arguments.origins).round().astype(int))
    rows = {"fit and predict": from_outside(arguments, panel, train, int(origins[0]), origins)}
    rows |= by_protocol(arguments, panel, (train, validation, test), origins)
    if arguments.json:
        write_json({"csv": arguments.csv, "horizon": arguments.horizon, "origins": len(origins), "scores": rows})
        return
    sys.stdout.write(f"horizon {arguments.horizon}, {len(origins)} origins, preset {arguments.preset}\n")
    write_table("training", _COLUMNS, rows)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_parts(parser)
    parser.add_argument("--origins", type=int, default=50, help="from which the test part is forecast")
    add_options(parser)
    return parser.parse_args()


def from_outside(
    arguments: argparse.Namespace, panel: Panel, train: int, known: int, origins: np.ndarray
) -> dict[str, float]:
    """Errors of what the command line forecasts from each origin, after a fit on the first `known` rows."""
    head, *lines = Path(arguments.csv).read_text().splitlines(keepends=True)
    horizon, began = arguments.horizon, time.monotonic()
    scale = np.array([panel.series(number)[:train].std() for number in range(panel.n_series)])
    squared, absolute = [], []
    with tempfile.TemporaryDirectory() as folder:
        table, store = Path(folder) / "table.csv", f"--store={folder}/models"
        table.write_text(head + "".join(lines[:known]))
        chosen = (f"--{name}={getattr(arguments, name)}" for name in ("horizon", "preset", "model", "seed"))
        tsforecast("fit", str(table), "--name=m", store, *chosen)
        seconds = time.monotonic() - began
        for origin in origins.tolist():
            table.write_text(head + "".join(lines[:origin]))
            y_pred = forecasts(tsforecast("predict", str(table), "--name=m", store), panel, horizon)
            y_true = np.stack([panel.series(i)[origin : origin + horizon] for i in range(panel.n_series)])
            error = (y_true - y_pred) / scale[:, None]
            squared.append(np.mean(error**2))
            absolute.append(np.mean(np.abs(error)))
            say(f"origin {origin}: MSE {squared[-1]:.4f}")
    return {"mse": float(np.mean(squared)), "mae": float(np.mean(absolute)), "seconds": seconds}


def tsforecast(*words: str) -> str:
    """What a command writes to stdout."""
    done = subprocess.run([sys.executable, "-m", "tsforecast", *words], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise DataError(f"tsforecast {words[0]} ended with status {done.returncode}")
    return done.stdout


def forecasts(text: str, panel: Panel, horizon: int) -> np.ndarray:
    """The forecasts of a CSV file, shape (n_series, horizon), series in the order of the panel."""
    import pandas as pd

    frame = pd.read_csv(io.StringIO(text))
    if panel.n_series == 1:
        return frame["forecast"].to_numpy().reshape(1, horizon)
    by_series = frame.groupby("series", sort=False)["forecast"]
    return np.stack([by_series.get_group(panel.label(number)).to_numpy() for number in range(panel.n_series)])


def by_protocol(
    arguments: argparse.Namespace, panel: Panel, parts: tuple[int, int, int], origins: np.ndarray
) -> dict[str, dict[str, float]]:
    """Errors of the protocol's own training and of the seasonal naive on the windows of the same origins."""
    train, validation, test = parts

    def split(panel: Panel) -> Split:
        return split_rows(panel.lengths, validation=validation, calibration=0, test=test)

    plan, borders = make_plan(panel, options_of(arguments, horizon=arguments.horizon), split)
    prepared, session = without_floor(prepare(panel, borders, plan)), TrainingSession(show)
    learned = train_model(arguments.model, prepared, plan, session)
    naive = train_model(_NAIVE, prepared, plan, session)
    models = {"protocol": learned.trained, _NAIVE: naive.trained}
    return {name: score(one, prepared, learned.plan, train, origins=origins) for name, one in models.items()}


if __name__ == "__main__":
    run(main)
