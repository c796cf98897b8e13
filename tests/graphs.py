"""TensorFlow in a process of many tests: networks that are traced once, and no more memory than one process may hold.

To trace a network takes ten times as long as to train it on a few hundred rows.
"""

from __future__ import annotations

import gc
import sys
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tsforecast.models.network.config import NetworkConfig
    from tsforecast.models.training.config import TrainingConfig
    from tsforecast.models.training.graph import TrainingData, TrainingGraph

_GRAPHS = 6  # that are kept; each takes some 20 MB
_CUSTOM_GRADIENTS = 100  # that TensorFlow may keep, of about five graphs


class SharedGraphs:
    """Stands in for `loop._graph`: graphs outlive the training that traced them, as long as others are not used more.

    A graph that is used again trains as a new one would, to the bit: `test_a_graph_that_is_used_again_trains_like_a_new_one`.
    """

    def __init__(self) -> None:
        self._traced: OrderedDict[Any, TrainingGraph] = OrderedDict()

    def __call__(
        self, graphs: Any, data: TrainingData, network: NetworkConfig, training: TrainingConfig, seed: int
    ) -> TrainingGraph:
        from tsforecast.models.training.graph import TrainingGraph

        key = self._key(data, network, training)
        graph = self._traced.pop(key, None)
        if graph is not None and graph.takes(data):
            graph.restart(data, seed)
        else:
            graph = TrainingGraph(data, network, training, seed)
        self._traced[key] = graphs[network] = graph
        while len(self._traced) > _GRAPHS:
            self._traced.popitem(last=False)
        return graph

    @staticmethod
    def _key(data: TrainingData, network: NetworkConfig, training: TrainingConfig) -> Any:
        """What is the same for all trainings that one trace serves; the loop alone knows epochs and rates."""
        traced = replace(training, epochs=1, patience=None, schedule="constant", learning_rate=1.0)
        padded = [
            bool(np.any(index.origins - data.offsets[index.series] < network.lookback))
            for index in (data.train, data.validation)
        ]
        return network, traced, any(padded), bool(data.observed.all()), min(training.batch_size, len(data.train))


def forget_gradients() -> None:
    """Let go of graphs that nobody uses: TensorFlow keeps the derivative of every `tf.custom_gradient` it has traced.

    With it goes the graph that it was traced in, some 20 MB. What is traced has its derivatives, and asks no more.
    """
    ops = sys.modules.get("tensorflow.python.framework.ops")
    known = {} if ops is None else ops.gradient_registry._registry
    custom = [name for name in known if name.startswith("CustomGradient-")]
    if len(custom) > _CUSTOM_GRADIENTS:
        for name in custom:
            del known[name]
        gc.collect()
