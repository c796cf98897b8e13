"""TensorFlow in a process of many tests: networks are traced once, and the process holds no graph that nobody uses.

To trace a small network takes ten times as long as to train it on a few hundred rows.
"""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tsforecast.models.network.config import graph_of

_KEPT = 3  # graphs; each takes some 20 MB
_ROOM = 60 << 20  # bytes


class SharedGraphs:
    """Keeps traced graphs from one training to the next, in any test.

    A graph that is used again trains as a new one does, to the bit: tests/models/training/test_loop.py holds it to it.
    While `paused`, each training traces its own.
    """

    def __init__(self) -> None:
        self.paused = False
        self._kept: list[tuple[Any, Any]] = []  # the one used last comes first

    def around(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """`loop._graph`, offered a graph that an earlier training has traced."""

        def shared(session: Any, data: Any, network: Any, training: Any, seed: int) -> Any:
            import tensorflow as tf

            if self.paused or tf.config.list_logical_devices("GPU"):
                return make(session, data, network, training, seed)
            # What the loop alone looks at may differ.
            traced = replace(training, epochs=1, patience=1, schedule="constant", learning_rate=1.0, time_limit=None)
            key = graph_of(network), replace(traced, seed=0, members=1)
            graphs = session.graphs
            traced_before = [graph for known, graph in self._kept if known == key and graph.takes(data)]
            if traced_before and (key[0] not in graphs or not graphs[key[0]].takes(data)):
                graphs[key[0]] = traced_before[0]
            graph = make(session, data, network, training, seed)
            self._kept = [(key, graph), *(row for row in self._kept if row[1] is not graph)][:_KEPT]
            return graph

        return shared


SHARED = SharedGraphs()


class Memory:
    """Lets go of what TensorFlow keeps, each time that the process has grown by some graphs.

    TensorFlow keeps the derivative of each call of a `tf.custom_gradient` that it has traced, and with it the whole
    graph, for as long as the process lives. What is traced has its derivatives in it and does not look there again.
    It also keeps a kernel for each operation on tensors of each shape.
    """

    def __init__(self) -> None:
        self._limit = 0

    def tidy(self) -> None:
        ops = sys.modules.get("tensorflow.python.framework.ops")
        if ops is None or _resident() <= self._limit:
            return
        registry = ops.gradient_registry._registry
        for name in [name for name in registry if name.startswith("CustomGradient-")]:
            del registry[name]
        sys.modules["tensorflow.python.eager.context"].context().clear_kernel_cache()
        gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # glibc keeps what it once had
            trim(0)
        self._limit = _resident() + _ROOM


def _resident() -> int:
    """Bytes of this process in memory; 0 where Linux does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


MEMORY = Memory()
