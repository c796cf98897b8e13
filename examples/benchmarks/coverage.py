"""The coverage benchmark: do intervals hold as often as they say, at the end of the horizon as at its beginning?

    python examples/benchmarks/coverage.py datasets/*.csv [--preset best] [--model gru] [--seed 0] [--horizon 24] \\
        [--json]
    python examples/benchmarks/coverage.py tourism_monthly_train.csv --rows --frequency monthly --season-length 12

Each file is read, split, trained on and calibrated as `tsforecast fit --model ROW` does it. The windows of the test
part, which nothing was trained, chosen or calibrated on, then show how often the intervals held. Coverage is the share
of values inside: the mean over windows, steps and series; Q1 to Q4 are the quarters of the horizon. The interval score
(Winkler, 1972) adds a price for each miss to the width of the interval; MSIS divides it by the seasonal differences of
the training part. `living` are the intervals that `predict` makes of newer rows: at each origin of the test part they
have learned from the outcomes known by then, all of them where `predict` takes the newest ones.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
from common import (
    FREQUENCIES,
    Columns,
    add_options,
    choices_of,
    options_of,
    read_rows,
    run,
    say,
    show,
    write_json,
    write_table,
)

from tsforecast.arrays import Bool
from tsforecast.fitting.fit_panel import Evaluated, evaluate_plan, make_plan
from tsforecast.fitting.prepared import Prepared, prepare
from tsforecast.fitting.scores import MAX_TEST, ScoredWindows, Scorer
from tsforecast.io.reading.panel import read_panel
from tsforecast.metrics import Series, Values, coverage
from tsforecast.models.calibration import score_at
from tsforecast.models.living import MOST_OWN, scores_of_windows, track
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.progress import Message, Report
from tsforecast.series.panel import Panel
from tsforecast.series.split import Split

_LEVELS = (50.0, 80.0, 90.0, 95.0)
_SIMPLE = ("linear", "seasonal-naive")
_QUARTERS = 4
_COLUMNS: Columns = {
    "horizon": ("horizon", 9, "d"),
    "windows": ("windows", 9, "d"),
    **{f"coverage_{level:g}": (f"{level:g} %", 8, ".1%") for level in _LEVELS},
    **{f"living_{level:g}": (f"{level:g} living", 11, ".1%") for level in (80.0, 95.0)},
    **{f"coverage_80_q{part}": (f"80 % Q{part}", 9, ".1%") for part in range(1, _QUARTERS + 1)},
    "interval_score_95": ("score 95", 11, ".4g"),
    "msis_95": ("MSIS 95", 9, ".2f"),
}


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    options = options_of(arguments, horizon=arguments.horizon, season_length=arguments.season_length)
    # All files are read first: a bad one is not found out after hours of training.
    panels = {file: read(file, arguments) for file in arguments.csv}
    began = time.monotonic()
    results = {}
    for file, panel in panels.items():
        say(f"=== {file}")
        results[file] = measure(panel, options, show)
    write(arguments, results, time.monotonic() - began)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv", nargs="+")
    parser.add_argument("--rows", action="store_true", help="series stand in rows: an id, then the values")
    parser.add_argument("--frequency", choices=FREQUENCIES, help="with --rows: what a step is")
    parser.add_argument("--season-length", type=int, help="with --rows: steps in a season")
    parser.add_argument("--horizon", type=int, help="steps; left out, the one that fit chooses")
    add_options(parser)
    arguments = parser.parse_args()
    given = [value is not None for value in (arguments.frequency, arguments.season_length)]
    if given != [arguments.rows] * 2:
        parser.error("--rows, --frequency and --season-length go together")
    return arguments


def read(file: str, arguments: argparse.Namespace) -> Panel:
    """The series of a file, in rows or as `tsforecast fit` reads them."""
    return read_rows(file, FREQUENCIES[arguments.frequency]) if arguments.rows else read_panel(file).panel


def measure(panel: Panel, options: FitOptions, report: Report) -> dict[str, dict[str, Any]]:
    """What the intervals of the model and of the simple ones are worth on the same test windows."""
    results: dict[str, dict[str, Any]] = {}
    possible = {options.model, *_SIMPLE}
    for name in dict.fromkeys((options.model, *_SIMPLE)):
        # Where no training window is complete, the evaluation goes without the linear model, and says so.
        if name not in possible:
            continue
        began = time.monotonic()
        report(Message("info", f"--- {name}"))
        plan, split = make_plan(panel, replace(options, model=name))
        for choice in plan.choices:
            report(Message("choice", f"{choice.name} {choice.value}: {choice.reason}"))
        evaluated = evaluate_plan(panel, split, plan, TrainingSession(report))
        possible = set(evaluated.scores)
        results[name] = score(panel, split, evaluated)
        results[name]["seconds"] = time.monotonic() - began
    return results


def score(panel: Panel, split: Split, evaluated: Evaluated) -> dict[str, Any]:
    """The metrics on the test windows: of all steps, and the coverage of each quarter of the horizon."""
    plan = evaluated.plan
    prepared = prepare(panel, split, plan)
    index = prepared.windows("test", plan, MAX_TEST)
    rows = index.origins[:, None] + np.arange(plan.horizon)
    y_true, observed = panel.values[rows], panel.observed[rows]
    windows = ScoredWindows(index, rows, observed)
    scorer = Scorer(panel, windows, plan.season_length, split.train_end, _LEVELS)
    made = scorer.forecasts(evaluated.forecaster, prepared.rows)
    result: dict[str, Any] = {
        "horizon": plan.horizon,
        "windows": len(index),
        "lookback": plan.lookback,
        "season_length": plan.season_length,
        "choices": choices_of(plan),
        "calibration": evaluated.calibration.method,
    }
    result |= scorer.metrics(made) | living_coverage(evaluated, prepared)
    for number, level in enumerate(_LEVELS):
        bounds = made.lower[:, :, number], made.upper[:, :, number]
        shares = by_quarter(y_true, *bounds, observed=observed, series=index.series)
        result |= {f"coverage_{level:g}_q{quarter}": share for quarter, share in enumerate(shares, start=1)}
    return result


def living_coverage(evaluated: Evaluated, prepared: Prepared) -> dict[str, float]:
    """Coverage of living intervals over all windows of the test part, of all series that have as many as the most."""
    trained, plan = evaluated.trained, evaluated.plan
    index = prepared.windows("test", plan)
    counts = np.bincount(index.series, minlength=prepared.panel.n_series)
    index = index.take(np.flatnonzero(counts[index.series] == counts.max()))
    scores, observed = (
        each.reshape(-1, counts.max(), plan.horizon).swapaxes(0, 1)
        for each in scores_of_windows(trained.spec, trained.weights, evaluated.calibration.unit, prepared.rows, index)
    )
    promised = np.stack([score_at(evaluated.calibration, 0.5 + level / 200) for level in _LEVELS], axis=1)
    sizes = np.abs(scores)[..., None] / promised
    factors = track(sizes, observed, _LEVELS, pooled=sizes.shape[1] > MOST_OWN)[:-1]
    return {
        f"living_{level:g}": float((sizes[..., place] <= factors[..., place])[observed].mean())
        for place, level in enumerate(_LEVELS)
    }


def by_quarter(y_true: Values, lower: Values, upper: Values, *, observed: Bool, series: Series) -> list[float]:
    """Coverage of each quarter of the horizon; of a horizon below four, the last ones are NaN."""
    return [
        coverage(y_true[:, steps], lower[:, steps], upper[:, steps], observed=observed[:, steps], series=series)
        for steps in np.array_split(np.arange(y_true.shape[1]), _QUARTERS)
    ]


def write(arguments: argparse.Namespace, results: dict[str, dict[str, dict[str, Any]]], seconds: float) -> None:
    """Print a table for each model, or everything as JSON."""
    if arguments.json:
        document = {
            "preset": arguments.preset,
            "model": arguments.model,
            "seed": arguments.seed,
            "seconds": round(seconds, 1),
            "levels": _LEVELS,
            "files": results,
        }
        write_json(document)
        return
    sys.stdout.write(f"preset {arguments.preset}, seed {arguments.seed}\n")
    for name in dict.fromkeys((arguments.model, *_SIMPLE)):
        write_table(name, _COLUMNS, {file: models[name] for file, models in results.items() if name in models})


if __name__ == "__main__":
    run(main)
