"""Training throughput of the same network in tsforecast and in PyTorch, beside the machine's own peak."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from common import say

from speed_sections.processes import CORES, Ask, Setting, median_ratio, ours, peer, worker
from tsforecast.models.network.config import QUANTILES
from tsforecast.models.options import FitOptions
from tsforecast.models.training.config import TrainingConfig

_GATES = {"gru": 3, "lstm": 4}
_STEADY = 1.5  # more than this between the blocks of one engine is not its own doing
_OTHER_WORK = "Other work was going on: measure on an idle machine."
_BACKWARD = 3  # a training step multiplies three times what the forward pass does


@dataclass(frozen=True)
class Network:
    """A network and its data; `steps` segments are read, and all of the horizon is decoded at once."""

    cell: str = "gru"
    steps: int = 14
    units: int = 128
    segment: int = 24
    horizon: int = 96
    batch: int = TrainingConfig.batch_size
    windows: int = 51_200
    series: int = 1

    @property
    def name(self) -> str:
        """What the results call it."""
        return f"{self.cell}, {self.steps} steps, {self.units} units"

    @property
    def request(self) -> dict[str, Any]:
        """What a worker builds it from."""
        more = {"quantiles": QUANTILES, "dropout": FitOptions.dropout, "clip_norm": FitOptions.clip_norm}
        return asdict(self) | more | {"learning_rate": TrainingConfig.learning_rate}

    @property
    def flops(self) -> int:
        """Floating-point operations of the matrix products that a training step needs, for one window.

        All segments of the horizon start from one state: what a library multiplies again for each does not count.
        """
        decoded = -(-self.horizon // self.segment)
        embed = self.steps * self.segment * self.units
        cell = (2 * self.steps + 1) * _GATES[self.cell] * self.units**2
        head = decoded * self.units * self.segment * len(QUANTILES)
        return _BACKWARD * 2 * (embed + cell + head)


@dataclass(frozen=True)
class _Sizes:
    networks: tuple[Network, ...]
    threads: tuple[int, ...]
    seconds: float  # of a block
    product: int  # rows of the matrices that the peak is measured with


_FULL = _Sizes(
    tuple(Network(cell, steps) for cell in _GATES for steps in (14, 96)), tuple(sorted({1, CORES})), 1.5, 2048
)
_QUICK = _Sizes((Network(steps=2, units=4, batch=32, windows=128),), (1,), 0.02, 128)


@dataclass(frozen=True)
class _Engine:
    library: str
    threads: int
    mode: str
    command: tuple[str, ...]


def measure_training(setting: Setting) -> dict[str, Any]:
    """Windows per second of every engine, network by network, in blocks that take turns."""
    sizes = _QUICK if setting.quick else _FULL
    notes: list[str] = []
    details: list[dict[str, Any]] = []
    summary: list[dict[str, Any]] = []
    with ExitStack() as stack:
        workers = {
            engine: stack.enter_context(worker(engine.command, engine.threads)) for engine in _engines(sizes, setting)
        }
        peaks = _peaks({e: ask for e, ask in workers.items() if e.threads == sizes.threads[-1]}, sizes.product, setting)
        fastest = max(peaks, key=lambda row: row["gflops"])
        peak = fastest["gflops"]
        if peak > _STEADY * fastest["least"]:
            notes.append(f"The rounds of {fastest['library']}'s matrix product differ widely. {_OTHER_WORK}")
        for network in sizes.networks:
            say(f"training {network.name}")
            parameters = _build(workers, network, notes)
            speeds = _speeds({engine: workers[engine] for engine in parameters}, network, sizes.seconds, setting.runs)
            rows = [_row(network, engine, speeds[engine], parameters[engine], peak) for engine in parameters]
            details += rows
            notes += [_unsteady(row) for row in rows if row["most"] > _STEADY * row["least"]]
            summary.append(_compare(network, speeds, parameters, peak))
    tables = {"best of each": summary, "all": details, "float32 matrix product": peaks}
    return {"runs": setting.runs, "tables": tables, "notes": [*_NOTES, *notes]}


_NOTES = (
    "Windows per second, medians of blocks that take turns; the ratio is the median over rounds. The same embedding, "
    "cell, direct decoding, quantile loss, dropout, clipping and Adam in float32; windows are gathered from one array.",
    "Share of the peak: the matrix products that a step needs (three times the forward pass) against the fastest "
    "library's product of square matrices in its fastest round, at all cores in the same run.",
)


def _engines(sizes: _Sizes, setting: Setting) -> list[_Engine]:
    engines = [_Engine("tsforecast", n, "", tuple(ours("ours_training", n))) for n in sizes.threads]
    if setting.peer_python:
        modes = ("eager", "compiled")
        engines += [
            _Engine("PyTorch", n, mode, tuple(peer(setting, "torch_training", n, mode)))
            for n in sizes.threads
            for mode in modes
        ]
    return engines


def _peaks(workers: dict[_Engine, Ask], size: int, setting: Setting) -> list[dict[str, Any]]:
    """Billions of operations per second of each library's product; PyTorch's is the same in both of its modes.

    A peak is the fastest round, not the median: one that other work slowed down would raise every share of it.
    """
    workers = {engine: ask for engine, ask in workers.items() if engine.mode != "compiled"}
    times = 2 if setting.quick else 20
    rounds: list[dict[str, float]] = []
    for _ in range(setting.runs):
        rounds.append({})
        for ask in workers.values():
            rounds[-1].update(ask("gemm", size=size, times=times))
    speeds = {name: [each[name] for each in rounds] for name in rounds[0]}
    return [{"library": name, "size": size, "gflops": max(made), "least": min(made)} for name, made in speeds.items()]


def _build(workers: dict[_Engine, Ask], network: Network, notes: list[str]) -> dict[_Engine, int]:
    """Parameters of the network in every engine that can build it."""
    parameters = {}
    for engine, ask in workers.items():
        reply = ask("build", name=network.name, **network.request)
        if "error" in reply:
            notes.append(f"{engine.library} {engine.mode} is left out for {network.name}: {reply['error']}")
        else:
            parameters[engine] = reply["parameters"]
    return parameters


def _speeds(workers: dict[_Engine, Ask], network: Network, seconds: float, runs: int) -> dict[_Engine, list[float]]:
    """Windows per second of each engine's blocks; a block is as many steps as take about `seconds`."""
    steps = {}
    for engine, ask in workers.items():
        ask("train", name=network.name, steps=2, epochs=1)
        warm = ask("train", name=network.name, steps=3, epochs=1)
        steps[engine] = max(1, round(seconds * (warm["windows"] / network.batch) / warm["seconds"]))
    speeds: dict[_Engine, list[float]] = {engine: [] for engine in workers}
    for _ in range(runs):
        for engine, ask in workers.items():
            block = ask("train", name=network.name, steps=steps[engine], epochs=1)
            speeds[engine].append(block["windows"] / block["seconds"])
    return speeds


def _row(network: Network, engine: _Engine, speeds: list[float], parameters: int, peak: float) -> dict[str, Any]:
    return {
        "network": network.name,
        "library": engine.library,
        "threads": engine.threads,
        "mode": engine.mode,
        "windows_per_second": median(speeds),
        "least": min(speeds),
        "most": max(speeds),
        "share_of_peak": median(speeds) * network.flops / (peak * 1e9),
        "parameters": parameters,
    }


def _unsteady(row: dict[str, Any]) -> str:
    engine = " ".join(f"{row['library']} threads {row['threads']} {row['mode']}".split())
    return (
        f"{row['network']}: the blocks of {engine} differ widely. Other work was going on: measure on an idle machine."
    )


def _compare(
    network: Network, speeds: dict[_Engine, list[float]], parameters: dict[_Engine, int], peak: float
) -> dict[str, Any]:
    """Each library at its best setting, side by side."""
    row: dict[str, Any] = {"network": network.name}
    best: dict[str, list[float]] = {}
    for library in dict.fromkeys(engine.library for engine in speeds):
        engine = max((e for e in speeds if e.library == library), key=lambda e: median(speeds[e]))
        best[library] = speeds[engine]
        row[library] = median(speeds[engine])
        row[f"{library} share of peak"] = median(speeds[engine]) * network.flops / (peak * 1e9)
        row[f"{library} parameters"] = parameters[engine]
        row[f"{library} at"] = f"threads {engine.threads} {engine.mode}".strip()
    if len(best) > 1:
        row["ratio"] = median_ratio(best["tsforecast"], best["PyTorch"])
    return row
