"""What covariates, holidays and the calendar bring: the same models with and without them.

Any table, split, trained and scored as `fit` does it, with the metrics that it prints:

    python examples/benchmarks/covariates.py births.csv --holidays US [--target births] \\
        [--past wind] [--future price] [--time-col ts] [--rows 17520] [--preset fast] [--model auto] [--seed 0] [--json]

The benchmark of electricity prices with what is known besides (EPF):

    python examples/benchmarks/covariates.py PJM.csv --target OT \\
        --future "System load forecast" --future "Zonal COMED load foecast" --protocol B [--holidays US-PA] \\
        [--preset best] [--model auto] [--seed 0] [--without] [--json]

Its protocol: hourly, window 168, horizon 24, 70/10/20 % of the rows in the order of time. Values are standardised by
the training rows; MSE and MAE of the target are plain means over all stride-1 windows. Under protocol A the columns are
known up to the origin only, under B over the horizon too. --without also trains the same model without them.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

import numpy as np
from common import Columns, add_options, choices_of, options_of, run, say, show, write_json, write_table
from long_horizon import score

from tsforecast.fitting.fit_panel import evaluate_plan, make_plan
from tsforecast.fitting.learn import train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.fitting.scores import NAIVE
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.covariates import no_covariates
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.split import Split, split_rows

_HORIZON, _LOOKBACK = 24, 168
_TIMES: Columns = {"seconds": ("seconds", 9, ".1f")}
_OF_PROTOCOL: Columns = {
    "mse": ("MSE", 8, ".4f"),
    "mae": ("MAE", 8, ".4f"),
    **_TIMES,
    "parameters": ("parameters", 12, ",d"),
}
_OF_FIT: Columns = {"mase": ("MASE", 8, ".3f"), "mae": ("MAE", 11, ".4g"), "skill": ("skill", 8, ".3f"), **_TIMES}

Rows = dict[str, dict[str, float]]


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    data = read_table(arguments)
    began = time.monotonic()
    rows, choices = under_protocol(arguments, data) if arguments.protocol else as_fitted(arguments, data)
    seconds = time.monotonic() - began
    if arguments.json:
        write_json({**vars(arguments), "choices": choices, "scores": rows, "seconds": round(seconds, 1)})
        return
    protocol = f"protocol {arguments.protocol}" if arguments.protocol else "split as fit does"
    sys.stdout.write(f"{protocol}, preset {arguments.preset}, seed {arguments.seed}\n")
    write_table("model", _OF_PROTOCOL if arguments.protocol else _OF_FIT, rows)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv")
    parser.add_argument("--target", help="column of the values")
    parser.add_argument("--past", action="append", default=[], help="column that is known up to now")
    parser.add_argument("--future", action="append", default=[], help="column that is known ahead")
    parser.add_argument("--time-col", help="as for fit")
    parser.add_argument("--date-format", help="as for fit")
    parser.add_argument("--missing", action="append", default=[], help="as for fit")
    parser.add_argument("--rows", type=int, help="newest rows of each series that are used")
    parser.add_argument("--protocol", choices=("A", "B"), help="of EPF: columns known up to the origin, or ahead")
    parser.add_argument("--holidays", action="append", default=[], help="country, such as US")
    parser.add_argument("--calendar", default=FitOptions.calendar, help="as for fit")
    parser.add_argument("--without", action="store_true", help="under a protocol: train the model without them too")
    add_options(parser)
    return parser.parse_args()


def read_table(arguments: argparse.Namespace) -> ReadResult:
    """The table with the columns in their roles; under protocol A those known ahead are known up to now."""
    past, future = tuple(arguments.past), tuple(arguments.future)
    if arguments.protocol == "A":
        past, future = (*past, *future), ()
    data = read_panel(
        arguments.csv,
        ReadOptions(
            time_col=arguments.time_col,
            date_format=arguments.date_format,
            missing=tuple(arguments.missing),
            target_cols=(arguments.target,) if arguments.target else (),
            past_cols=past,
            future_cols=future,
            holidays=tuple(arguments.holidays),
        ),
    )
    if not arguments.rows:
        return data
    panel = data.panel
    return replace(data, panel=panel.between(np.maximum(0, panel.lengths - arguments.rows), panel.lengths))


def as_fitted(arguments: argparse.Namespace, data: ReadResult) -> tuple[Rows, dict[str, str]]:
    """Scores of the model, the linear one and the seasonal naive, with and without, on the rows that fit holds out."""
    options, rows, chosen = options_of(arguments, calendar=arguments.calendar), {}, {}
    alone = replace(options, calendar="none")
    given = {"with": (data.panel, options, data.schema), "without": (_bare(data.panel), alone, None)}
    for name, (panel, asked, schema) in given.items():
        plan, split = make_plan(panel, asked, schema=schema)
        say(*(f"{choice.name} {choice.value}: {choice.reason}" for choice in plan.choices))
        scores = evaluate_plan(panel, split, plan, TrainingSession(show)).scores
        rows |= {f"{model} {name}": scores[model] for model in dict.fromkeys((options.model, "linear"))}
        rows[NAIVE] = scores[NAIVE]
        chosen |= choices_of(plan) if name == "with" else {}
    return rows, chosen


def under_protocol(arguments: argparse.Namespace, data: ReadResult) -> tuple[Rows, dict[str, str]]:
    """Scores of the model and of the linear one with covariates, and without."""
    options = options_of(arguments, horizon=_HORIZON, lookback=_LOOKBACK, calendar=arguments.calendar)
    rows, choices = results(data.panel, options, data.schema, "with")
    without = options if arguments.without else replace(options, model="linear")
    rows |= results(_bare(data.panel), replace(without, calendar="none"), None, "without")[0]
    return rows, choices


def results(panel: Panel, options: FitOptions, schema: Schema | None, name: str) -> tuple[Rows, dict[str, str]]:
    """Scores of the model and of the linear one by their names, and what was chosen."""
    plan, parts = make_plan(panel, options, _split, schema)
    say(*(f"{choice.name} {choice.value}: {choice.reason}" for choice in plan.choices))
    prepared, session = prepare(panel, parts, plan), TrainingSession(show)
    train, rows = int(parts.train_end[0]), {}
    for model in dict.fromkeys((options.model, "linear")):
        learned = train_model(model, prepared, plan, session)
        rows[f"{model} {name}"] = score(learned.trained, prepared, learned.plan, train)
    return rows, choices_of(plan)


def _bare(panel: Panel) -> Panel:
    return replace(panel, covariates=no_covariates(panel.offsets))


def _split(panel: Panel) -> Split:
    """The first 70 % for training and the last 20 % for the test."""
    length = int(panel.lengths.min())
    train, test = int(0.7 * length), int(0.2 * length)
    return split_rows(panel.lengths, validation=length - train - test, calibration=0, test=test)


if __name__ == "__main__":
    run(main)
