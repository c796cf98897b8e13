"""The benchmark of counts: made tables whose distribution is known, so that the best possible forecast is known too.

    python examples/benchmarks/counts.py [parts-month shop-day ...] [--no-networks] [--preset fast] [--json]

Each series is drawn from its own distribution up to the origin, and its horizon many times from the state that it is in
there: the first draw is what happens, all of them together are the oracle's quantiles. The model is fitted to the rows
before the origin as `tsforecast fit` does it. CRPS is the mean pinball loss at 0.1 to 0.9, in the unit of MASE.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from common import FREQUENCIES, Columns, add_options, make_panel, options_of, run, say, show, write_json, write_table

from tsforecast.arrays import Float64
from tsforecast.errors import OptionError
from tsforecast.fitting.fit_panel import fit_panel
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import Budget, TrainingSession
from tsforecast.series.seasonal_errors import seasonal_errors

_LEVELS = (20.0, 40.0, 60.0, 80.0, 95.0)
_SHARES = np.array([0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975])
_DRAWS = 3000
_COLUMNS: Columns = {
    "mase": ("MASE", 9, ".3f"),
    "crps": ("CRPS", 9, ".3f"),
    "coverage_80": ("80 %", 8, ".1%"),
    "coverage_95": ("95 %", 8, ".1%"),
    "seconds": ("seconds", 9, ".1f"),
}

Random = np.random.Generator
Drawn = tuple[Float64, Float64]  # the past, shape (rows,), and what may follow, shape (draws, horizon)


@dataclass(frozen=True)
class Walk:
    """Negative binomial counts whose rate has a season, and a logarithm that is a random walk.

    Args:
        rows: before the origin.
        rate: median of the rates of the series, and the deviation of their logarithms.
        dispersion: the same of the dispersions: the larger, the nearer to Poisson counts.
        step: deviation of a step of the walk.
        profile: factors of the season, from its length.
        closed: share of the steps at which nothing can happen.
    """

    rows: int
    rate: tuple[float, float]
    dispersion: tuple[float, float]
    step: float
    profile: Callable[[Random, int], Float64] = lambda rng, season: np.ones(season)
    closed: float = 0.0

    def __call__(self, rng: Random, season: int, horizon: int) -> Drawn:
        walk = rng.normal(np.log(self.rate[0]), self.rate[1]) + np.cumsum(rng.normal(0, self.step, self.rows))
        dispersion = np.exp(rng.normal(np.log(self.dispersion[0]), self.dispersion[1]))
        factors = self.profile(rng, season)[np.arange(self.rows + horizon) % season]
        past = self._counts(rng, np.exp(walk) * factors[: self.rows], dispersion)
        ahead = walk[-1] + np.cumsum(rng.normal(0, self.step, (_DRAWS, horizon)), axis=1)
        return past, self._counts(rng, np.exp(ahead) * factors[self.rows :], dispersion)

    def _counts(self, rng: Random, rate: Float64, dispersion: float) -> Float64:
        return negative_binomial(rng, rate, dispersion) * (rng.random(rate.shape) >= self.closed)


@dataclass(frozen=True)
class Table:
    """A made table.

    Args:
        frequency: name of the step between rows.
        season: steps in a season.
        horizon: steps.
        series: that are drawn; those with fewer than two counts above zero are left out.
        seed: of the draws.
        draw: one series.
    """

    frequency: str
    season: int
    horizon: int
    series: int
    seed: int
    draw: Callable[[Random, int, int], Drawn]


def negative_binomial(rng: Random, rate: Float64, dispersion: float) -> Float64:
    """Counts of a rate that is spread by a gamma distribution."""
    return np.asarray(rng.poisson(rng.gamma(dispersion, np.maximum(rate, 1e-9) / dispersion)), np.float64)


def lumpy(rng: Random, season: int, horizon: int) -> Drawn:
    """Nothing at most steps, and lots of a size that varies at the others."""
    share, size = rng.uniform(0.08, 0.6), np.exp(rng.normal(1.5, 0.7))

    def counts(shape: tuple[int, ...]) -> Float64:
        return (rng.random(shape) < share) * (1 + negative_binomial(rng, np.full(shape, size), 1.0))

    ahead = counts((_DRAWS, horizon))
    return counts((60,)), ahead


def ending(rng: Random, season: int, horizon: int) -> Drawn:
    """Items that are sold at a steady rate until they end, which may be at any step."""
    rows, rate, end = int(rng.integers(60, 110)), np.exp(rng.normal(0.3, 0.8)), rng.geometric(0.008)
    active = np.arange(rows) < end
    past = negative_binomial(rng, rate * active, 2.0) * active
    if not active[-1]:
        return past, np.zeros((_DRAWS, horizon))
    ends = rng.geometric(0.008, size=_DRAWS)
    ahead = negative_binomial(rng, np.full((_DRAWS, horizon), rate), 2.0)
    return past, ahead * (np.arange(1, horizon + 1) <= ends[:, None])


def cases(rng: Random, season: int, horizon: int) -> Drawn:
    """Cases of a disease, of which each brings others: the rate follows the counts."""
    base, own, memory, dispersion = np.exp(rng.normal(-2, 0.8)), 0.45, 0.48, 4.0
    rate, past = np.array(base / (1 - own - memory)), []
    for _ in range(200):
        past.append(negative_binomial(rng, rate, dispersion))
        rate = base + own * past[-1] + memory * rate
    rates, ahead = np.full(_DRAWS, float(rate)), []
    for _ in range(horizon):
        ahead.append(negative_binomial(rng, rates, dispersion))
        rates = base + own * ahead[-1] + memory * rates
    return np.array(past), np.array(ahead).T


def uneven(rng: Random, season: int, evenness: float = 4.0) -> Float64:
    """A season whose steps have shares at random."""
    return rng.dirichlet(np.full(season, evenness)) * season


def calm(rng: Random, season: int) -> Float64:
    """The same, nearly even."""
    return uneven(rng, season, 10.0)


def hours(rng: Random, season: int) -> Float64:
    """A day with its peak at any hour."""
    return np.exp(1.2 * np.sin(2 * np.pi * (np.arange(season) - rng.integers(0, 24)) / 24) - 0.4)


def year(rng: Random, season: int) -> Float64:
    """A year that is the same for all."""
    return np.exp(0.4 * np.sin(2 * np.pi * (np.arange(season) - 5) / season))


TABLES = {
    "parts-month": Table("monthly", 12, 12, 400, 1, Walk(51, (0.3, 0.9), (0.8, 0.5), 0.05)),
    "shop-day": Table("daily", 7, 28, 200, 2, Walk(400, (1.0, 1.0), (1.5, 0.5), 0.01, uneven, 0.15)),
    "zones-hour": Table("hourly", 24, 24, 80, 5, Walk(42 * 24, (0.8, 0.8), (20, 0.1), 0.002, hours)),
    "flat-day": Table("daily", 7, 28, 200, 3, Walk(365, (0.7, 1.0), (1.0, 0.5), 0.01)),
    "shop-week": Table("weekly", 52, 8, 200, 4, Walk(156, (1.2, 1.0), (1.5, 0.5), 0.04, year)),
    "tall-day": Table("daily", 7, 28, 100, 9, Walk(400, (25, 0.8), (10, 0.5), 0.01, calm)),
    "lumpy-month": Table("monthly", 12, 6, 300, 6, lumpy),
    "ending-week": Table("weekly", 52, 8, 200, 7, ending),
    "cases-week": Table("weekly", 52, 8, 100, 8, cases),
}


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("table", nargs="*", help=f"any of {', '.join(TABLES)}; all if none is named")
    parser.add_argument("--no-networks", action="store_true", help="combine the other models only")
    add_options(parser)
    arguments = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    for name in arguments.table or TABLES:
        if name not in TABLES:
            raise OptionError(f"there is no table '{name}'", hint=f"choose from {', '.join(TABLES)}")
        say(f"=== {name}")
        table = TABLES[name]
        options = options_of(arguments, horizon=table.horizon, season_length=table.season)
        results |= measure(name, table, options, networks=not arguments.no_networks)
    if arguments.json:
        write_json({"preset": arguments.preset, "seed": arguments.seed, "rows": results})
    else:
        write_table("table", _COLUMNS, results)


def measure(name: str, table: Table, options: FitOptions, *, networks: bool) -> dict[str, dict[str, Any]]:
    """The scores of the model and of the oracle."""
    began = time.monotonic()
    past, y_true, oracle = drawn(table)
    panel = make_panel(past, FREQUENCIES[table.frequency], ids=[(str(number),) for number in range(len(past))])
    # Networks need more than a second to start, and are left out where there is no more.
    session = TrainingSession(show) if networks else TrainingSession(show, budget=Budget(1.0))
    learned = fit_panel(panel, options, session)
    made = list(learned.forecaster.ahead(learned.everything.rows, table.horizon, _LEVELS))
    quantiles = np.concatenate(
        [np.concatenate([one.lower[:, :, ::-1], one.y_pred[:, :, None], one.upper], axis=2) for one in made]
    )
    unit = seasonal_errors(panel, table.season, panel.lengths)[0]
    seconds = {"seconds": time.monotonic() - began}
    return {
        f"{name}, {options.model}": scores(y_true, quantiles, unit) | seconds,
        f"{name}, oracle": scores(y_true, oracle, unit),
    }


def drawn(table: Table) -> tuple[list[Float64], Float64, Float64]:
    """The past of each series from its first count on, what followed, and the oracle's quantiles of it.

    Returns:
        Of shapes (rows,) for each series, (n_series, horizon) and (n_series, horizon, quantiles).
    """
    rng = np.random.default_rng(table.seed)
    past, y_true, oracle = [], [], []
    for _ in range(table.series):
        before, ahead = table.draw(rng, table.season, table.horizon)
        first = int(np.argmax(before > 0))
        if np.count_nonzero(before) >= 2 and len(before) - first >= 2 * table.horizon:
            past.append(before[first:])
            y_true.append(ahead[0])
            oracle.append(np.quantile(ahead, _SHARES, axis=0, method="inverted_cdf").T)
    return past, np.array(y_true), np.array(oracle)


def scores(y_true: Float64, quantiles: Float64, unit: Float64) -> dict[str, float]:
    """MASE, CRPS in the same unit, and coverage; series without a unit are left out of the first two."""
    error = y_true[:, :, None] - quantiles
    pinball = 2 * np.maximum(_SHARES * error, (_SHARES - 1) * error).mean(axis=1)
    known = unit > 0
    middle = len(_SHARES) // 2
    scaled = pinball[known] / unit[known, None]
    low, high = quantiles, quantiles[:, :, ::-1]
    inside = ((low <= y_true[:, :, None]) & (y_true[:, :, None] <= high)).mean(axis=(0, 1))
    return {
        "mase": float(scaled[:, middle].mean()),
        "crps": float(scaled[:, 1:-1].mean()),
        "coverage_80": float(inside[1]),
        "coverage_95": float(inside[0]),
    }


if __name__ == "__main__":
    run(main)
