"""The competition benchmark (M4, Tourism): fit on each series' past, forecast its future once, score against Naive2.

    python examples/benchmarks/competition.py --train Hourly-train.csv --test Hourly-test.csv \\
        --frequency hourly --metric-season 24 [--preset best] [--model gru] [--seed 0] [--json]

Series stand in rows: an id, then the values. The origin is the end of the training row; the test file holds the values
of the horizon under the same ids. Every row of the table, Naive2 apart, is what `tsforecast fit --model ROW` trains and
`tsforecast predict` forecasts, with no other option than the horizon, the season, the preset and the seed. sMAPE and
MASE are means over the series; MASE is scaled by the seasonal differences of the training row; OWA is the mean of both
relative to Naive2. No forecast is raised to zero, as in published tables.
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
    show,
    without_floor,
    write_json,
    write_table,
)
from naive2 import naive2
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.fitting.choose import choose_basics
from tsforecast.fitting.fit_panel import Fitted, fit_panel
from tsforecast.forecast import Intervals
from tsforecast.io.messages import counted
from tsforecast.metrics import evaluate
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.options import DEFAULT_LEVELS
from tsforecast.progress import Message, Report
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Panel
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.windows import WindowIndex

_SIMPLE = ("linear", "seasonal-naive", "naive")
_COLUMNS: Columns = {
    "smape": ("sMAPE", 9, ".3f"),
    "mase": ("MASE", 9, ".3f"),
    "owa": ("OWA", 9, ".3f"),
    "coverage_80": ("80 %", 9, ".1%"),
    "coverage_95": ("95 %", 9, ".1%"),
    "seconds": ("seconds", 9, ".1f"),
}


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    train, y_true = read_pair(arguments.train, arguments.test, FREQUENCIES[arguments.frequency])
    options = options_of(arguments, horizon=y_true.shape[1], season_length=arguments.season_length)
    began = time.monotonic()
    metric_season = check_metric_season(arguments.metric_season) or choose_basics(train, options).season_length
    scores, learned = compete(train, y_true, options, show, metric_season)
    write(arguments, train, scores, learned, metric_season, time.monotonic() - began)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--train", required=True, help="CSV with the past of a series in each row")
    parser.add_argument("--test", required=True, help="CSV with the values of the horizon, under the same ids")
    parser.add_argument("--frequency", choices=FREQUENCIES, required=True, help="what a step is")
    parser.add_argument("--season-length", type=int, help="of the models; by the frequency if left out, as in a fit")
    parser.add_argument("--metric-season", type=int, help="of MASE and Naive2; that of the models if left out")
    add_options(parser)
    return parser.parse_args()


def check_metric_season(steps: int | None) -> int | None:
    """The steps, if they can be a season.

    Raises:
        OptionError: they cannot.
    """
    if steps is not None and steps < 1:
        raise OptionError(f"metric_season is {steps}", hint="give at least 1")
    return steps


def read_pair(train: str, test: str, frequency: Frequency) -> tuple[Panel, NDArray[np.float64]]:
    """The training rows, and the values that follow them in the same order, shape (n_series, horizon).

    Raises:
        DataError: the ids of the two files differ, or the test rows have different lengths.
    """
    past, future = read_rows(train, frequency), read_rows(test, frequency)
    for one, other, file, lacking in ((past, future, train, test), (future, past, test, train)):
        known = set(other.ids)
        alone = [key for key in one.ids if key not in known]
        if alone:
            count = counted(len(alone), "id")
            raise DataError(f"{count} of {file} without a row here; the first is '{alone[0][0]}'", file=lacking)
    horizon = int(future.lengths[0])
    for key, length in zip(future.ids, future.lengths, strict=True):
        if length != horizon:
            first = future.label(0)
            raise DataError(
                f"'{key[0]}' has {length} values and '{first}' has {horizon}: all test rows need the horizon", file=test
            )
    rows = {key: future.series(number) for number, key in enumerate(future.ids)}
    return past, np.stack([rows[key] for key in past.ids])


def compete(
    train: Panel, y_true: NDArray[np.float64], options: FitOptions, report: Report, metric_season: int
) -> tuple[dict[str, dict[str, float]], dict[str, Fitted]]:
    """Scores of the model, the simple models and Naive2, and what was learned for each but Naive2.

    Args:
        train: the past of each series.
        y_true: what followed, shape (n_series, horizon).
        options: of the fits, with the horizon.
        report: receives messages and progress.
        metric_season: of MASE and Naive2.
    """
    horizon = y_true.shape[1]
    scale = seasonal_errors(train, metric_season, train.lengths)
    known: dict[str, Any] = {
        "observed": np.ones(y_true.shape, dtype=bool),
        "series": np.arange(train.n_series),
        "seasonal_error": scale,
    }
    scores: dict[str, dict[str, float]] = {}
    learned: dict[str, Fitted] = {}
    for name in dict.fromkeys((options.model, *_SIMPLE)):
        began = time.monotonic()
        report(Message("info", f"--- {name}"))
        learned[name] = fit_panel(train, replace(options, model=name), TrainingSession(report))
        made = forecast(learned[name])
        scores[name] = evaluate(y_true, made.y_pred, lower=made.lower, upper=made.upper, levels=DEFAULT_LEVELS, **known)
        scores[name]["seconds"] = time.monotonic() - began
    began = time.monotonic()
    y_pred = np.stack([naive2(train.series(number), horizon, metric_season) for number in range(train.n_series)])
    yardstick = scores["naive2"] = evaluate(y_true, y_pred, **known)
    yardstick["seconds"] = time.monotonic() - began
    for row in scores.values():
        row["owa"] = owa(row["smape"], row["mase"], naive2_smape=yardstick["smape"], naive2_mase=yardstick["mase"])
        row["windows"] = float(train.n_series)
    return scores, learned


def owa(smape: float, mase: float, *, naive2_smape: float, naive2_mase: float) -> float:
    """Overall weighted average of M4, from metrics that are already averaged over the series."""
    return 0.5 * (smape / naive2_smape + mase / naive2_mase)


def forecast(learned: Fitted) -> Intervals:
    """The horizon after each series, as `predict` makes it from the model of all rows, but for the floor at zero."""
    rows, spec = without_floor(learned.everything).rows, learned.final.spec
    index = WindowIndex(rows.offsets[1:], np.arange(rows.panel.n_series))
    windows = rows.windows(index, lookback=spec.lookback, horizon=spec.horizon)
    return learned.forecaster.intervals(windows, rows.scaling, DEFAULT_LEVELS)


def write(
    arguments: argparse.Namespace,
    train: Panel,
    scores: dict[str, dict[str, float]],
    learned: dict[str, Fitted],
    metric_season: int,
    seconds: float,
) -> None:
    """Print the table, or the same as JSON."""
    plans = {name: one.evaluated.plan for name, one in learned.items()}
    plan = plans[arguments.model]
    left_out = int(scores["naive2"]["mase_left_out"])
    if arguments.json:
        document = {
            "train": arguments.train,
            "test": arguments.test,
            "frequency": arguments.frequency,
            "season_length": plan.season_length,
            "metric_season": metric_season,
            "series": train.n_series,
            "mase_left_out": left_out,
            "horizon": plan.horizon,
            "lookback": plan.lookback,
            "preset": arguments.preset,
            "model": arguments.model,
            "seed": arguments.seed,
            "seconds": round(seconds, 1),
            "choices": {name: choices_of(one) for name, one in plans.items()},
            "calibration": learned[arguments.model].evaluated.calibration.method,
            "epochs": [len(lesson.path) for lesson in learned[arguments.model].evaluated.trained.recipes],
            "scores": scores,
        }
        write_json(document)
        return
    sys.stdout.write(
        f"{train.n_series} series, one window each, horizon {plan.horizon}, season {plan.season_length}, "
        f"lookback {plan.lookback}, preset {arguments.preset}, seed {arguments.seed}; "
        f"MASE and Naive2 with season {metric_season}\n"
    )
    write_table("model", _COLUMNS, scores)
    if left_out:
        sys.stdout.write(f"MASE and OWA leave {left_out} series out: their training rows are constant\n")


if __name__ == "__main__":
    run(main)
