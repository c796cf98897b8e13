"""The long-horizon benchmark (LTSF): train exactly what `tsforecast fit` trains, score every stride-1 test window.

    python examples/benchmarks/long_horizon.py ETTh1.csv \\
        --train-rows 8640 --val-rows 2880 --test-rows 2880 --horizon 96 [--preset best] [--model gru] \\
        [--strategy recursive] [--floor] [--seed 0] [--json]

All columns are forecast, one global model. Each column is standardised with the mean and the population deviation of
its training rows, errors are taken on those scaled values, and MSE and MAE are plain means over all windows, steps and
columns. Validation rows choose (epoch, lookback, normalisation); test rows are only scored. `predict` raises forecasts
of series that were never below zero to zero; published tables do not, so here only --floor does.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from common import (
    Columns,
    add_options,
    choices_of,
    options_of,
    run,
    say,
    show,
    without_floor,
    write_json,
    write_table,
)

from tsforecast.fitting.calibrate import predict_index
from tsforecast.fitting.fit_panel import make_plan
from tsforecast.fitting.learn import train_model
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.prepared import Prepared, prepare
from tsforecast.fitting.trained import Trained
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.network.config import STRATEGIES
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import BASELINES
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.panel import Panel
from tsforecast.series.split import Split, split_rows
from tsforecast.series.windows import WindowIndex

_CHUNK = 8192
_COLUMNS: Columns = {
    "mse": ("MSE", 8, ".4f"),
    "mae": ("MAE", 8, ".4f"),
    "seconds": ("seconds", 9, ".1f"),
    "parameters": ("parameters", 12, ",d"),
}


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    panel = read_panel(arguments.csv).panel
    train, validation, test = row_counts(arguments, int(panel.lengths.min()))
    panel = panel.between(np.zeros_like(panel.lengths), np.full_like(panel.lengths, train + validation + test))
    options = options_of(arguments, horizon=arguments.horizon, strategy=arguments.strategy)

    def split(panel: Panel) -> Split:
        return split_rows(panel.lengths, validation=validation, calibration=0, test=test)

    began = time.monotonic()
    plan, parts = make_plan(panel, options, split)
    say(*(f"{choice.name} {choice.value}: {choice.reason}" for choice in plan.choices))
    prepared = prepare(panel, parts, plan)
    if not arguments.floor:
        prepared = without_floor(prepared)
    session = TrainingSession(show)
    learned = train_model(arguments.model, prepared, plan, session)
    models = {arguments.model: learned.trained}
    models |= {
        name: train_model(name, prepared, plan, session).trained for name in BASELINES if name != arguments.model
    }
    plan = learned.plan
    seconds = time.monotonic() - began
    rows = {name: score(model, prepared, plan, train) for name, model in models.items()}
    write(arguments, plan, models, rows, seconds)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_parts(parser)
    parser.add_argument("--floor", action="store_true", help="no forecast below zero of series that never were")
    parser.add_argument("--strategy", choices=STRATEGIES, default=FitOptions.strategy, help="of a network")
    add_options(parser)
    return parser.parse_args()


def add_parts(parser: argparse.ArgumentParser) -> None:
    """The table, its three parts and the horizon."""
    parser.add_argument("csv")
    for part in ("train", "val", "test"):
        parser.add_argument(f"--{part}-rows", type=int, help=f"rows of the {part} part")
        parser.add_argument(f"--{part}-frac", type=float, help=f"share of all rows in the {part} part")
    parser.add_argument("--horizon", type=int, required=True)


def row_counts(arguments: argparse.Namespace, length: int) -> tuple[int, int, int]:
    """Rows of the three parts: as given, or int(share x length) for train and test with the rest in between."""
    shares = (arguments.train_frac, arguments.val_frac, arguments.test_frac)
    counts = (arguments.train_rows, arguments.val_rows, arguments.test_rows)
    if None not in shares:
        train, test = int(arguments.train_frac * length), int(arguments.test_frac * length)
        return train, length - train - test, test
    if None in counts:
        sys.exit("give --train-rows, --val-rows and --test-rows, or the three as shares (--train-frac 0.7 ...)")
    if sum(counts) > length:
        sys.exit(f"the table has {length} rows, {sum(counts)} were asked for")
    return counts


def score(
    trained: Trained,
    prepared: Prepared,
    plan: Plan,
    train: int,
    part: str = "test",
    origins: np.ndarray | None = None,
) -> dict[str, float]:
    """MSE and MAE on standardised values over all windows of a part of the split, or those of some origins in it.

    Origins are rows of a series.
    """
    panel = prepared.panel
    scale = np.array([panel.series(i)[:train].std() for i in range(panel.n_series)])
    index = prepared.windows(part, plan)
    if origins is not None:
        index = index.take(np.flatnonzero(np.isin(index.origins - panel.offsets[index.series], origins)))
    squared = absolute = 0.0
    for begin in range(0, len(index), _CHUNK):
        chunk: WindowIndex = index.take(np.arange(begin, min(begin + _CHUNK, len(index))))
        series = chunk.series[:, None]
        made = predict_index(trained, prepared.rows, chunk)[:, :, trained.spec.median]
        y_true = panel.values[chunk.origins[:, None] + np.arange(plan.horizon)]
        error = (y_true - prepared.rows.scaling.inverse(made, series)) / scale[series]
        squared += float((error**2).sum())
        absolute += float(np.abs(error).sum())
    points = len(index) * plan.horizon
    return {
        "mse": squared / points,
        "mae": absolute / points,
        "seconds": trained.seconds,
        "parameters": sum(weight.size for weight in trained.weights.values()),
        "windows": len(index),
    }


def write(
    arguments: argparse.Namespace,
    plan: Plan,
    models: dict[str, Trained],
    rows: dict[str, dict[str, float]],
    seconds: float,
) -> None:
    """Print the table, or the same as JSON."""
    if arguments.json:
        document = {
            "csv": arguments.csv,
            "horizon": plan.horizon,
            "lookback": plan.lookback,
            "preset": arguments.preset,
            "model": arguments.model,
            "strategy": arguments.strategy,
            "floor": arguments.floor,
            "seed": arguments.seed,
            "seconds": round(seconds, 1),
            "choices": choices_of(plan),
            "epochs": [len(recipe.path) for recipe in models[arguments.model].recipes],
            "scores": rows,
        }
        write_json(document)
        return
    sys.stdout.write(
        f"horizon {plan.horizon}, lookback {plan.lookback}, preset {arguments.preset}, seed {arguments.seed}\n"
    )
    write_table("model", _COLUMNS, rows)


if __name__ == "__main__":
    run(main)
