"""The long-horizon benchmark (LTSF): train exactly what `tsforecast fit` trains, score every stride-1 test window.

    python examples/benchmarks/long_horizon.py ETTh1.csv \\
        --train-rows 8640 --val-rows 2880 --test-rows 2880 --horizon 96 [--preset best] [--model gru] [--json]

All columns are forecast, one global model. Each column is standardised with the mean and the population deviation of
its training rows, errors are taken on those scaled values, and MSE and MAE are plain means over all windows, steps and
columns. Validation rows choose (epoch, lookback, normalisation); test rows are only scored.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

from tsforecast.io.panels import read_panel
from tsforecast.models.config import PRESETS, FitOptions
from tsforecast.models.events import EpochEnded, Event, Message
from tsforecast.models.learning import Prepared, Trained, predict_index, prepare, train_model
from tsforecast.models.plan import Plan
from tsforecast.models.registry import BASELINES, MODELS
from tsforecast.series import Panel
from tsforecast.split import Split, split_rows
from tsforecast.windows import WindowIndex
from tsforecast.workflows.fit import make_plan

_CHUNK = 8192


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    panel = read_panel(arguments.csv).panel
    train, validation, test = row_counts(arguments, int(panel.lengths.min()))
    panel = panel.between(np.zeros_like(panel.lengths), np.full_like(panel.lengths, train + validation + test))
    options = FitOptions(horizon=arguments.horizon, preset=arguments.preset, model=arguments.model, seed=arguments.seed)

    def split(panel: Panel) -> Split:
        return split_rows(panel.lengths, validation=validation, calibration=0, test=test)

    began = time.monotonic()
    plan, parts = make_plan(panel, options, split)
    say(*(f"{choice.name} {choice.value}: {choice.reason}" for choice in plan.choices))
    prepared = prepare(panel, parts, plan)
    trained, plan = train_model(arguments.model, prepared, plan, show)
    models = {arguments.model: trained}
    models |= {name: train_model(name, prepared, plan, show)[0] for name in BASELINES if name != arguments.model}
    seconds = time.monotonic() - began
    rows = {name: score(model, prepared, plan, train) for name, model in models.items()}
    write(arguments, plan, models, rows, seconds)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv")
    for part in ("train", "val", "test"):
        parser.add_argument(f"--{part}-rows", type=int, help=f"rows of the {part} part")
        parser.add_argument(f"--{part}-frac", type=float, help=f"share of all rows in the {part} part")
    parser.add_argument("--horizon", type=int, required=True)
    parser.add_argument("--preset", choices=PRESETS, default="balanced")
    parser.add_argument("--model", choices=MODELS, default="gru")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser.parse_args()


def row_counts(arguments: argparse.Namespace, length: int) -> tuple[int, int, int]:
    """Rows of the three parts: as given, or int(share x length) for train and test with the rest in between."""
    if arguments.train_frac is not None:
        train, test = int(arguments.train_frac * length), int(arguments.test_frac * length)
        return train, length - train - test, test
    counts = (arguments.train_rows, arguments.val_rows, arguments.test_rows)
    if None in counts:
        sys.exit("give --train-rows, --val-rows and --test-rows, or the three as shares (--train-frac 0.7 ...)")
    if sum(counts) > length:
        sys.exit(f"the table has {length} rows, {sum(counts)} were asked for")
    return counts


def score(trained: Trained, prepared: Prepared, plan: Plan, train: int) -> dict[str, float]:
    """MSE and MAE on standardised values over all test windows."""
    panel = prepared.panel
    scale = np.array([panel.series(i)[:train].std() for i in range(panel.n_series)])
    index = prepared.windows("test", plan)
    squared = absolute = 0.0
    for begin in range(0, len(index), _CHUNK):
        part: WindowIndex = index.take(np.arange(begin, min(begin + _CHUNK, len(index))))
        series = part.series[:, None]
        made = predict_index(trained, prepared, part)[:, :, trained.spec.levels.index(0.5)]
        y_true = panel.values[part.origins[:, None] + np.arange(plan.horizon)]
        error = (y_true - prepared.scaling.inverse(made, series)) / scale[series]
        squared += float((error**2).sum())
        absolute += float(np.abs(error).sum())
    points = len(index) * plan.horizon
    return {"mse": squared / points, "mae": absolute / points, "seconds": trained.seconds, "windows": len(index)}


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
            "seed": arguments.seed,
            "seconds": round(seconds, 1),
            "choices": {choice.name: choice.value for choice in plan.choices},
            "epochs": [len(path) for path in models[arguments.model].paths],
            "scores": rows,
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    lines = [f"horizon {plan.horizon}, lookback {plan.lookback}, preset {arguments.preset}, seed {arguments.seed}"]
    lines.append(f"{'model':<16}{'MSE':>8}{'MAE':>8}{'seconds':>9}")
    for name, row in rows.items():
        lines.append(f"{name:<16}{row['mse']:>8.4f}{row['mae']:>8.4f}{row['seconds']:>9.1f}")
    sys.stdout.write("\n".join(lines) + "\n")


def show(event: Event) -> None:
    """Progress as plain lines on stderr."""
    if isinstance(event, Message):
        say(event.text)
    if isinstance(event, EpochEnded):
        validation = "" if event.val_loss is None else f"  validation {event.val_loss:.4f}"
        say(f"epoch {event.epoch}/{event.epochs}  loss {event.loss:.4f}{validation}  {event.seconds:.1f} s")


def say(*lines: str) -> None:
    """Write lines to stderr."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
