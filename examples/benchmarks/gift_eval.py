"""The GIFT-Eval benchmark: twelve of its configurations, by its protocol, with the automatic settings.

    python examples/benchmarks/gift_eval.py DATA [--config ett1/H/short] [--preset fast] [--model gru] [--seed 0] \\
        [--json]

DATA is a folder that holds `ett/ETTm1.csv`, `m4/Hourly-train.csv`, `m4/Hourly-test.csv` and
`classic/us-births-daily.csv`.

Each configuration is a backtest: windows do not overlap and end with the last row, their number is a tenth of the
shortest series in horizons, at most 20; the model is fitted once, before the first of them, and forecasts every window
from all rows before it. MASE is scaled by the rows before each window with the season that GIFT-Eval takes, CRPS is the
mean of the weighted quantile losses at .1 to .9. The seasonal naive shows that the protocol is the same: its MASE must
be the published one, which stands beside it.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import FREQUENCIES, Columns, add_options, options_of, read_rows, run, say, show, write_json, write_table

from tsforecast.errors import OptionError
from tsforecast.fitting.backtest import Ready, continued, truth_of
from tsforecast.fitting.backtest_fits import backtest_fits
from tsforecast.fitting.backtest_scores import DECILE_LEVELS, score
from tsforecast.fitting.folds import Folds, rolling_folds
from tsforecast.fitting.scores import NAIVE, naive_forecaster
from tsforecast.forecast import Intervals, joined
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.panel import Panel, make_panel

_MOST_WINDOWS, _TEST_SHARE = 20, 0.1
_QUARTERS_A_WEEK, _QUARTERS_A_DAY, _QUARTERS_AN_HOUR = 672, 96, 4


@dataclass(frozen=True)
class Config:
    """A configuration of the benchmark.

    Args:
        read: reads its series from the folder of the data.
        horizon: steps of a window.
        season: of the differences that MASE divides by, and of the seasonal naive.
        published: MASE of the seasonal naive in the published table.
        windows: where the protocol states their number.
    """

    read: Callable[[Path], Panel]
    horizon: int
    season: int
    published: float
    windows: int | None = None


def ett(rows: int, frequency: str) -> Callable[[Path], Panel]:
    """Means of so many rows of ETTm1, a series for each column."""

    def read(folder: Path) -> Panel:
        values = pd.read_csv(folder / "ett" / "ETTm1.csv").iloc[:, 1:].to_numpy(np.float64)
        count = len(values) // rows
        means = values[: count * rows].reshape(count, rows, -1).mean(axis=1)
        return make_panel(list(means.T), FREQUENCIES[frequency])

    return read


def births(step: str) -> Callable[[Path], Panel]:
    """Births by day, by seven consecutive days, or by calendar month."""

    def read(folder: Path) -> Panel:
        table = pd.read_csv(folder / "classic" / "us-births-daily.csv")
        days = pd.Series(table.iloc[:, 1].to_numpy(np.float64), pd.to_datetime(table.iloc[:, 0]))
        if step == "weekly":
            values = days.to_numpy()[: len(days) // 7 * 7].reshape(-1, 7).sum(axis=1)
        else:
            values = (days if step == "daily" else days.resample("MS").sum()).to_numpy()
        return make_panel([values], FREQUENCIES[step])

    return read


def m4_hourly(folder: Path) -> Panel:
    """The training and test rows of M4 Hourly, one after the other."""
    known, later = (
        read_rows(str(folder / "m4" / f"Hourly-{part}.csv"), FREQUENCIES["hourly"]) for part in ("train", "test")
    )
    ends = {key: later.series(number) for number, key in enumerate(later.ids)}
    series = [np.concatenate([known.series(number), ends[key]]) for number, key in enumerate(known.ids)]
    return make_panel(series, known.frequency, ids=list(known.ids))


CONFIGS = {
    "ett1/15T/long": Config(ett(1, "quarter-hourly"), 720, 96, 1.191),
    "ett1/15T/medium": Config(ett(1, "quarter-hourly"), 480, 96, 1.188),
    "ett1/15T/short": Config(ett(1, "quarter-hourly"), 48, 96, 0.934),
    "ett1/D/short": Config(ett(_QUARTERS_A_DAY, "daily"), 30, 1, 1.778),
    "ett1/H/long": Config(ett(_QUARTERS_AN_HOUR, "hourly"), 720, 24, 1.479),
    "ett1/H/medium": Config(ett(_QUARTERS_AN_HOUR, "hourly"), 480, 24, 1.568),
    "ett1/H/short": Config(ett(_QUARTERS_AN_HOUR, "hourly"), 48, 24, 0.977),
    "ett1/W/short": Config(ett(_QUARTERS_A_WEEK, "weekly"), 8, 1, 1.769),
    "m4_hourly/H/short": Config(m4_hourly, 48, 24, 1.193, windows=1),
    "us_births/D/short": Config(births("daily"), 30, 1, 1.865),
    "us_births/M/short": Config(births("monthly"), 12, 12, 0.760),
    "us_births/W/short": Config(births("weekly"), 8, 1, 1.563),
}
_COLUMNS: Columns = {
    "windows": ("windows", 9, "d"),
    "mase": ("MASE", 9, ".3f"),
    "crps": ("CRPS", 9, ".4f"),
    "ratio": ("to naive", 10, ".3f"),
    "naive": ("naive", 9, ".3f"),
    "published": ("published", 11, ".3f"),
    "seconds": ("seconds", 9, ".0f"),
}


def folds_of(panel: Panel, config: Config) -> Folds:
    """The windows of the protocol."""
    share = math.ceil(_TEST_SHARE * int(panel.lengths.min()) / config.horizon)
    windows = config.windows or min(_MOST_WINDOWS, share)
    return rolling_folds(panel.lengths, horizon=config.horizon, windows=windows, refit=0)


def naive_scores(panel: Panel, config: Config, folds: Folds) -> dict[str, float]:
    """The metrics of the seasonal naive with the protocol's season."""
    ready = Ready(*naive_forecaster(panel, config.horizon, config.season), 0.0)
    made: list[Any] = []
    for window in range(len(folds)):
        end = folds.known(window)
        known = panel.between(np.zeros_like(end), end)
        made += continued(known, np.arange(panel.n_series), ready, config.horizon, DECILE_LEVELS)
    return _scores(panel, config, folds, joined(made))


def _scores(panel: Panel, config: Config, folds: Folds, made: Intervals) -> dict[str, float]:
    return score(truth_of(panel, folds, config.season), made, DECILE_LEVELS, (80.0,))


def evaluate(panel: Panel, config: Config, options: FitOptions) -> dict[str, float]:
    """A row of the table: the model's metrics beside those of the seasonal naive."""
    began = time.monotonic()
    folds = folds_of(panel, config)
    naive = naive_scores(panel, config, folds)
    row = {"windows": len(folds), "naive": naive["mase"], "published": config.published}
    if options.model == NAIVE:
        return row | {"mase": naive["mase"], "crps": naive["wql"], "ratio": 1.0}
    (fit,) = backtest_fits(panel, folds, options, DECILE_LEVELS, TrainingSession(show))
    found = _scores(panel, config, folds, fit.made[options.model])
    row |= {"mase": found["mase"], "crps": found["wql"], "ratio": found["mase"] / naive["mase"]}
    return row | {"seconds": time.monotonic() - began}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder of the data")
    parser.add_argument("--config", action="append", help="one of the configurations; may be repeated")
    add_options(parser)
    arguments = parser.parse_args()
    names = arguments.config or list(CONFIGS)
    for name in names:
        if name not in CONFIGS:
            raise OptionError(f"there is no configuration '{name}'", hint=f"choose from {', '.join(CONFIGS)}")
    rows = {}
    for name in names:
        say(f"== {name}")
        config = CONFIGS[name]
        rows[name] = evaluate(config.read(Path(arguments.data)), config, options_of(arguments, horizon=config.horizon))
    mean = math.exp(np.mean([math.log(row["ratio"]) for row in rows.values()]))
    rows["geometric mean"] = {"ratio": mean}
    if arguments.json:
        write_json({"model": arguments.model, "preset": arguments.preset, "configurations": rows})
    else:
        write_table("configuration", _COLUMNS, rows)


if __name__ == "__main__":
    run(main)
