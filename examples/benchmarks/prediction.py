"""The prediction benchmark: seconds and memory of `tsforecast predict`, from its start to the written CSV.

    python examples/benchmarks/prediction.py [--series 100000] [--lookback 168] [--horizon 48] [--segment 24] \\
        [--units 128] [--repeats 3] [--data] [--json]

Three models of hourly series are published into a temporary folder: a GRU, and two combinations that `--model auto`
makes: of two GRU networks, the linear model and the seasonal naive, and of these with local models. The weights of
networks are drawn at random, because the time of a forecast does not depend on them; the parameters of local models are
fitted to some of the series. Each is published for one series (the cold start) and for many. Every run is a fresh
process that forecasts all series with 80 and 95 % intervals; the cases take turns, and medians are shown. Where --data
is given, predict also reads the last rows of all series, as many as the lookback, from a CSV file.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from common import run, say, write_json

from tsforecast.errors import OptionError
from tsforecast.io.times.formats import format_stamps
from tsforecast.models.calibration import calibrate
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.local.aligned import units_of
from tsforecast.models.local.models import LOCAL_MODELS, fit_local
from tsforecast.models.network.config import QUANTILES, Inputs, NetworkConfig
from tsforecast.models.network.weights import Weights, weight_shapes
from tsforecast.models.parts import joined_weights
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.series.frequency import HOUR, Frequency
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.scaling import fit_scaling
from tsforecast.series.windows import ModelRows, model_rows, plain_windows
from tsforecast.store.bundle.bundle import Bundle, Golden
from tsforecast.store.store import Store

_SEASON, _HELD_OUT, _FITTED = 24, 100, 500
_SCHEMA = Schema(("ds",), ("unique_id",), ("y",), ("%Y-%m-%d %H:%M:%S",))
# What the process itself has held at most: what its parent holds does not count, as it does in what the parent is told.
_WATCHED = """
import sys
from tsforecast.cli import main
try:
    main(sys.argv[2:], prog_name="tsforecast")
finally:
    with open("/proc/self/status") as status, open(sys.argv[1], "w") as peak:
        peak.writelines(line for line in status if line.startswith("VmHWM"))
"""


@dataclass(frozen=True)
class Case:
    """A row of the table: a published model, and the rows that it is to continue where it does not know them."""

    name: str
    model: str
    series: int
    store: Path
    data: Path | None = None


def main() -> None:
    """Publish, forecast, print."""
    arguments = _parser().parse_args()
    for name in ("series", "lookback", "horizon", "segment", "units", "repeats"):
        if getattr(arguments, name) < 1:
            raise OptionError(f"{name} is {getattr(arguments, name)}", hint="give at least 1")
    with tempfile.TemporaryDirectory() as folder:
        cases = list(make_cases(arguments, Path(folder)))
        runs: dict[str, list[tuple[float, float]]] = {case.name: [] for case in cases}
        for number in range(arguments.repeats):
            for case in cases:
                runs[case.name].append(measure(case, Path(folder)))
                say(f"run {number + 1} of {arguments.repeats}, {case.name}: {runs[case.name][-1][0]:.2f} s")
    rows = {case.name: summary(case, runs[case.name], arguments.horizon) for case in cases}
    if arguments.json:
        write_json({"options": vars(arguments), "cases": rows})
    else:
        write_markdown(rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Seconds and memory of `tsforecast predict`.")
    for name, default in {"series": 1000, "lookback": 168, "horizon": 48, "segment": 24, "units": 128}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each case")
    parser.add_argument("--data", action="store_true", help="also read the rows to continue from a CSV file")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


def make_cases(arguments: argparse.Namespace, folder: Path) -> Iterator[Case]:
    """Publish the models that are measured."""
    network = NetworkConfig(
        cell="gru",
        bidirectional=False,
        layers=1,
        units=arguments.units,
        activation="tanh",
        segment=arguments.segment,
        lookback=arguments.lookback,
        horizon=arguments.horizon,
        strategy="direct",
        normalisation="mean-std",
        dropout=0.0,
        head="quantile",
        quantiles=QUANTILES,
        inputs=Inputs(),
        linear_skip=True,
    )
    lookback, plain = arguments.lookback, replace(network, linear_skip=False)
    networks = (Part("gru", 0.3, lookback, network), Part("gru", 0.3, lookback, plain))
    local = (local_part("ets", 0.1), local_part("seasonal-shape", 0.1))
    models = {
        "gru": (Part("gru", 1.0, lookback, network),),
        "auto": (*networks, Part("linear", 0.2, lookback), Part("seasonal-naive", 0.2, lookback)),
        "auto with local models": (*networks, Part("linear", 0.2, lookback), *local),
    }
    for name, series in (("cold start", 1), ("bulk", arguments.series)):
        panel = make_panel(series, lookback + 2 * arguments.horizon)
        for model, parts in models.items():
            store = folder / f"{name}-{model}"
            spec = ModelSpec(model.split()[0], arguments.horizon, _SEASON, parts)
            Store(store).model("bench").publish(make_bundle(spec, panel))
            yield Case(f"{name}, {model}", model, series, store)
            if arguments.data:
                path = folder / f"{name}.csv"
                write_rows(panel.between(panel.lengths - lookback, panel.lengths), path)
                yield Case(f"{name} with DATA, {model}", model, series, store, path)


def local_part(name: str, share: float) -> Part:
    """A local model, as `fit` makes it of hourly series."""
    model = LOCAL_MODELS[name]
    return Part(name, share, model.lookback(_SEASON), forms=model.forms)


def make_panel(series: int, rows: int) -> Panel:
    """Hourly series of many levels, with a daily season and noise."""
    rng = np.random.default_rng(0)
    level, phase = rng.lognormal(4, 1, (series, 1)), rng.integers(0, _SEASON, (series, 1))
    values = rng.normal(0, 0.1, (series, rows))
    values += 1 + 0.3 * np.sin((np.arange(rows) + phase) * (2 * np.pi / _SEASON))
    values *= level
    return Panel(
        ids=tuple((f"series-{number:06d}",) for number in range(series)),
        values=values.ravel(),
        observed=np.ones(series * rows, dtype=bool),
        offsets=np.arange(series + 1) * rows,
        starts=np.full(series, 475_000),
        frequency=Frequency("fixed", HOUR),
    )


def make_bundle(spec: ModelSpec, panel: Panel) -> Bundle:
    """A model of random weights that has seen the panel."""
    rng = np.random.default_rng(0)
    scaling = fit_scaling(panel, panel.lengths, method="standard")
    rows = model_rows(panel, scaling)
    weights = joined_weights(
        [
            _fitted(part, rows, spec) if part.name in LOCAL_MODELS else _draw_weights(part, spec.horizon, rng)
            for part in spec.parts
        ]
    )
    values, series = rng.normal(size=(8, spec.lookback)).astype(np.float32), np.zeros(8, dtype=np.int64)
    windows = plain_windows(values, np.ones(values.shape, dtype=bool), series[:, None], series, spec.horizon)
    errors = rng.normal(size=(_HELD_OUT, spec.horizon))
    forecaster = Forecaster(spec, weights, calibrate(errors, np.ones(errors.shape, dtype=bool)))
    return Bundle(
        forecaster=forecaster,
        schema=_SCHEMA,
        recent=panel,
        scaling=scaling,
        golden=Golden(windows, forecaster.quantiles(windows)),
        metrics={},
    )


def _fitted(part: Part, rows: ModelRows, spec: ModelSpec) -> Weights:
    """The tensors of a local model, its parameters those of some of the series, time and again."""
    n_series, some = rows.panel.n_series, rows.take(np.arange(min(_FITTED, rows.panel.n_series)))
    made = fit_local(part.name, some, some.panel.lengths, part.lookback, spec.season_length, spec.horizon)
    repeated = np.arange(n_series) % some.panel.n_series
    return {name: units_of(rows.scaling) if name.endswith("units") else value[repeated] for name, value in made.items()}


def _draw_weights(part: Part, horizon: int, rng: np.random.Generator) -> Weights:
    """Of a size that keeps what goes through the network at its size."""
    linear = {"linear/kernel": (part.lookback, horizon), "linear/bias": (horizon,)} if part.name == "linear" else {}
    shapes = weight_shapes(part.network) if part.network else linear
    return {name: (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32) for name, shape in shapes.items()}


def write_rows(panel: Panel, path: Path) -> None:
    """The panel as the CSV file that it could have come from."""
    (stamps,) = format_stamps(panel.stamps(0), _SCHEMA, panel.frequency)
    with open(path, "w") as stream:
        stream.write("unique_id,ds,y\n")
        for number, (key,) in enumerate(panel.ids):
            values = panel.series(number).round(4).tolist()
            stream.writelines(f"{key},{stamp},{value}\n" for stamp, value in zip(stamps, values, strict=True))


def measure(case: Case, folder: Path) -> tuple[float, float]:
    """Seconds of a fresh process and the most memory that it held, in MB (on Linux, which tells it)."""
    output, peak = folder / "out.csv", folder / "peak.txt"
    words = ["predict", *([str(case.data)] if case.data else []), "--store", str(case.store), "-q", "-o", str(output)]
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _WATCHED, str(peak), *words], check=True)
    seconds = time.perf_counter() - began
    return seconds, int(peak.read_text().split()[1]) / 1024


def summary(case: Case, runs: list[tuple[float, float]], horizon: int) -> dict[str, float]:
    """Medians over the runs of a case."""
    seconds, megabytes = (statistics.median(values) for values in zip(*runs, strict=True))
    rows = case.series * horizon
    return {
        "series": case.series,
        "rows": rows,
        "seconds": round(seconds, 3),
        "rows_per_second": round(rows / seconds),
        "peak_mb": round(megabytes, 1),
    }


def write_markdown(rows: dict[str, dict[str, float]]) -> None:
    """Print a table of Markdown."""
    lines = ["| case | series | rows | seconds | rows/s | peak memory, MB |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | {row['series']:,} | {row['rows']:,} | {row['seconds']:.2f} | {row['rows_per_second']:,} "
        f"| {row['peak_mb']:,.0f} |"
        for name, row in rows.items()
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    run(main)
