"""Names and shapes of a network's tensors, which follow from its configuration."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.network.config import NetworkConfig


def weight_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a configuration implies."""
    units, gates = config.units, {"rnn": 1, "gru": 3, "lstm": 4}[config.cell]
    shapes: dict[str, tuple[int, ...]] = {"embed/kernel": (config.segment, units), "embed/bias": (units,)}
    for stack in ("layer", "decoder") if config.strategy == "seq2seq" else ("layer",):
        for number, direction in product(range(config.layers), _directions(config)):
            name = f"{stack}{number}/{direction}"
            shapes[f"{name}/kernel"] = (config.width if number else units, gates * units)
            shapes[f"{name}/recurrent_kernel"] = (units, gates * units)
            shapes[f"{name}/bias"] = (2, gates * units) if config.cell == "gru" else (gates * units,)
    if config.strategy == "direct":
        shapes["query/position"] = (config.output_segments, units - config.category_width)
        for number, shape in enumerate(zip(config.inputs.categories, config.inputs.category_widths, strict=True)):
            shapes[f"query/category{number}"] = shape
    outputs = config.segment * config.outputs
    shapes["head/kernel"], shapes["head/bias"] = (config.width, outputs), (outputs,)
    if config.linear_skip:
        shapes["skip/kernel"], shapes["skip/bias"] = (config.lookback, config.horizon), (config.horizon,)
    return shapes


def parameter_count(config: NetworkConfig) -> int:
    """Trained numbers of one network, from its configuration alone."""
    return sum(int(np.prod(shape)) for shape in weight_shapes(config).values())


def _directions(config: NetworkConfig) -> tuple[str, ...]:
    return ("forward", "backward") if config.bidirectional else ("forward",)


Array = NDArray[np.float32]
Weights = dict[str, Array]
