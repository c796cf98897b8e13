"""TensorFlow in a process of many tests: networks are traced once, and the process holds no graph that nobody uses.

To trace a small network takes ten times as long as to train it on a few hundred rows.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

_KEPT = 4  # graphs; each takes some 20 MB
_CUSTOM_GRADIENTS = 50  # of two or three graphs


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
            key = network, replace(traced, seed=0, members=1)
            graphs = session.graphs
            traced_before = [graph for known, graph in self._kept if known == key and graph.takes(data)]
            if traced_before and (network not in graphs or not graphs[network].takes(data)):
                graphs[network] = traced_before[0]
            graph = make(session, data, network, training, seed)
            self._kept = [(key, graph), *(row for row in self._kept if row[1] is not graph)][:_KEPT]
            return graph

        return shared


SHARED = SharedGraphs()


def forget_gradients() -> None:
    """Let go of graphs that nobody uses any more.

    TensorFlow keeps the derivative of each call of a `tf.custom_gradient` that it has traced, and with it the whole
    graph, for as long as the process lives. What is traced has its derivatives in it and does not look there again.
    """
    ops = sys.modules.get("tensorflow.python.framework.ops")
    registry = {} if ops is None else ops.gradient_registry._registry
    custom = [name for name in registry if name.startswith("CustomGradient-")]
    if len(custom) > _CUSTOM_GRADIENTS:
        for name in custom:
            del registry[name]
        gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # glibc keeps what it once had, in pieces
            trim(0)
