"""The benchmark of electricity prices with what is known besides (EPF): with covariates, without, and linear models.

    python examples/benchmarks/covariates.py PJM.csv --target OT \\
        --future "System load forecast" --future "Zonal COMED load foecast" --protocol B [--holidays US-PA] \\
        [--preset best] [--model auto] [--seed 0] [--without] [--json]

Hourly, window 168, horizon 24, 70/10/20 % of the rows in the order of time. Values are standardised by the training
rows; MSE and MAE of the target are plain means over all stride-1 windows. Under protocol A the columns are known up to
the origin only, under B over the horizon too. --without also trains the same model without them.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from common import Columns, add_options, choices_of, options_of, run, say, show, write_json, write_table
from long_horizon import score

from tsforecast.fitting.fit_panel import make_plan
from tsforecast.fitting.learn import train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.covariates import NO_COVARIATES
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.split import Split, split_rows

_HORIZON, _LOOKBACK = 24, 168
_COLUMNS: Columns = {
    "mse": ("MSE", 8, ".4f"),
    "mae": ("MAE", 8, ".4f"),
    "seconds": ("seconds", 9, ".1f"),
    "parameters": ("parameters", 12, ",d"),
}


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    names = tuple(arguments.future)
    reading = ReadOptions(target_cols=(arguments.target,), holidays=tuple(arguments.holidays))
    known = {"future_cols": names} if arguments.protocol == "B" else {"past_cols": names}
    data = read_panel(arguments.csv, replace(reading, **known))
    options = options_of(arguments, horizon=_HORIZON, lookback=_LOOKBACK, calendar=arguments.calendar)
    began = time.monotonic()
    rows, choices = results(data.panel, options, data.schema, "with")
    alone = replace(data.panel, covariates=NO_COVARIATES)
    without = options if arguments.without else replace(options, model="linear")
    rows |= results(alone, replace(without, calendar="none"), None, "without")[0]
    seconds = time.monotonic() - began
    if arguments.json:
        write_json({**vars(arguments), "choices": choices, "scores": rows, "seconds": round(seconds, 1)})
        return
    sys.stdout.write(f"protocol {arguments.protocol}, preset {arguments.preset}, seed {arguments.seed}\n")
    write_table("model", _COLUMNS, rows)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv")
    parser.add_argument("--target", required=True, help="column of the values")
    parser.add_argument("--future", action="append", required=True, help="column that is forecast by others")
    parser.add_argument("--protocol", choices=("A", "B"), required=True, help="known up to the origin, or ahead")
    parser.add_argument("--holidays", action="append", default=[], help="country, such as US")
    parser.add_argument("--calendar", default=FitOptions.calendar, help="as for fit")
    parser.add_argument("--without", action="store_true", help="also train the model without covariates")
    add_options(parser)
    return parser.parse_args()


def results(
    panel: Panel, options: FitOptions, schema: Schema | None, name: str
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Scores of the model and of the linear one by their names, and what was chosen."""
    plan, parts = make_plan(panel, options, _split, schema)
    say(*(f"{choice.name} {choice.value}: {choice.reason}" for choice in plan.choices))
    prepared, session = prepare(panel, parts, plan), TrainingSession(show)
    train, rows = int(parts.train_end[0]), {}
    for model in dict.fromkeys((options.model, "linear")):
        learned = train_model(model, prepared, plan, session)
        rows[f"{model} {name}"] = score(learned.trained, prepared, learned.plan, train)
    return rows, choices_of(plan)


def _split(panel: Panel) -> Split:
    """The first 70 % for training and the last 20 % for the test."""
    length = int(panel.lengths.min())
    train, test = int(0.7 * length), int(0.2 * length)
    return split_rows(panel.lengths, validation=length - train - test, calibration=0, test=test)


if __name__ == "__main__":
    run(main)
