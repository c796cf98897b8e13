"""Training steps of tsforecast's own network, on request.

python ours_training.py THREADS
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from serving import serve

from tsforecast.models.network.config import QUANTILES, Inputs, NetworkConfig
from tsforecast.models.network.weights import parameter_count
from tsforecast.models.training import runtime
from tsforecast.models.training.config import TrainingConfig
from tsforecast.series.frequency import HOUR, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.scaling import Scaling
from tsforecast.series.windows import WindowIndex, model_rows, window_index

_STEPS_AT_ONCE = 20  # a tenth of an epoch of 200 steps, as training does


def main() -> None:
    """Build graphs, train them and multiply matrices as asked."""
    threads = int(sys.argv[1])
    tf = runtime.start(threads)
    from tsforecast.models.training.graph import TrainingData, TrainingGraph

    graphs: dict[str, TrainingGraph] = {}

    def build(request: dict[str, Any]) -> dict[str, Any]:
        began = time.perf_counter()
        network, data, training = _network(request), TrainingData(**_data(request)), _training(request, threads)
        graphs[request["name"]] = graph = TrainingGraph(data, network, training, seed=0)
        _run(graph, 0, 1)
        return {"parameters": parameter_count(network), "seconds": time.perf_counter() - began}

    def train(request: dict[str, Any]) -> dict[str, Any]:
        graph, began = graphs[request["name"]], time.perf_counter()
        windows = sum(_run(graph, epoch, request["steps"]) for epoch in range(request["epochs"]))
        return {"windows": windows, "seconds": time.perf_counter() - began}

    def gemm(request: dict[str, Any]) -> dict[str, Any]:
        a, b = np.random.default_rng(0).random((2, request["size"], request["size"]), np.float32)
        # As in training, each product is one thread's.
        rows, y = [tf.constant(part) for part in np.array_split(a, threads)], tf.constant(b)
        product = tf.function(lambda: [tf.matmul(x, y) for x in rows], autograph=False)
        makers: dict[str, Callable[[], Any]] = {"NumPy": lambda: a @ b, "TensorFlow": product}
        return {library: _gflops(make, request) for library, make in makers.items()}

    answers = {"build": build, "train": train, "gemm": gemm}
    with tf.device("/CPU:0"):
        serve(lambda request: answers[request["do"]](request))


def _run(graph: Any, epoch: int, most: int | None) -> int:
    """Train on the steps of an epoch, or on its first ones; the number of windows seen."""
    order = graph.order(0, epoch)[:most]
    for begin in range(0, len(order), _STEPS_AT_ONCE):
        part = order[begin : begin + _STEPS_AT_ONCE]
        graph.run(part, np.full(len(part), TrainingConfig.learning_rate, np.float32))
    return int(order.size)


def _gflops(make: Callable[[], Any], request: dict[str, Any]) -> float:
    make()
    began = time.perf_counter()
    for _ in range(request["times"]):
        make()
    return 2e-9 * request["size"] ** 3 * request["times"] / (time.perf_counter() - began)


def _network(request: dict[str, Any]) -> NetworkConfig:
    return NetworkConfig(
        cell=request["cell"],
        bidirectional=False,
        layers=1,
        units=request["units"],
        activation="tanh",
        segment=request["segment"],
        lookback=request["steps"] * request["segment"],
        horizon=request["horizon"],
        strategy="direct",
        normalisation="last",
        dropout=request["dropout"],
        head="quantile",
        quantiles=QUANTILES,
        inputs=Inputs(),
        linear_skip=False,
    )


def _training(request: dict[str, Any], threads: int) -> TrainingConfig:
    return TrainingConfig(batch_size=request["batch"], steps_per_epoch=request["windows"], threads=threads)


def _data(request: dict[str, Any]) -> dict[str, Any]:
    """Series of noise with that many full windows in all; nothing to validate on."""
    lookback, horizon, series = request["steps"] * request["segment"], request["horizon"], request["series"]
    length = request["windows"] // series + lookback + horizon - 1
    offsets = np.arange(series + 1, dtype=np.int64) * length
    first, last = np.zeros(series, np.int64), np.full(series, length)
    values = np.random.default_rng(0).normal(size=series * length)
    unscaled = Scaling("none", "none", np.zeros(series), np.ones(series), np.zeros(series, bool))
    none = np.empty(0, np.int64)
    return {
        "rows": model_rows(make_panel(np.split(values, series), Frequency("fixed", HOUR)), unscaled),
        "train": window_index(offsets, first, last, horizon=horizon, min_context=lookback),
        "validation": WindowIndex(none, none),
    }


if __name__ == "__main__":
    main()
