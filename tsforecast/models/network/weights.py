"""Names and shapes of a network's tensors, which follow from its configuration."""

from __future__ import annotations

import math
from itertools import product

from tsforecast.arrays import Float32
from tsforecast.models.network.cells import CELLS
from tsforecast.models.network.config import NetworkConfig
from tsforecast.models.network.linear_inputs import linear_width

Weights = dict[str, Float32]


def weight_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a configuration implies."""
    units, cell, strategy = config.units, CELLS[config.cell], config.decoding
    shapes: dict[str, tuple[int, ...]] = {"embed/kernel": (config.segment * (1 + config.inputs.past), units)}
    shapes["embed/bias"] = (units,)
    gates = cell.gates * units
    for stack in ("layer", "decoder") if strategy.own_decoder else ("layer",):
        for number, direction in product(range(config.layers), config.directions):
            name = f"{stack}{number}/{direction}"
            shapes[f"{name}/kernel"] = (config.width if number else units, gates)
            shapes[f"{name}/recurrent_kernel"] = (units, gates)
            shapes[f"{name}/bias"] = (2, gates) if cell.recurrent_bias else (gates,)
    if strategy.at_once:
        shapes["query/position"] = (config.output_segments, units - config.category_width)
    for number, shape in enumerate(zip(config.inputs.categories, config.inputs.category_widths, strict=True)):
        if shape[1]:
            shapes[f"query/category{number}"] = shape
    if config.inputs.future:
        shapes["query/future/kernel"] = (config.segment * config.inputs.future, units)
        shapes["query/future/bias"] = (units,)
    if config.inputs.static:
        shapes["query/static"] = (config.inputs.static, units)
    outputs = config.segment * config.outputs
    shapes["head/kernel"], shapes["head/bias"] = (config.width, outputs), (outputs,)
    if config.linear_skip:
        inputs = linear_width(config.inputs, config.lookback, config.horizon)
        shapes["skip/kernel"], shapes["skip/bias"] = (inputs, config.horizon), (config.horizon,)
    return shapes


def parameter_count(config: NetworkConfig) -> int:
    """Trained numbers of one network, from its configuration alone."""
    return sum(math.prod(shape) for shape in weight_shapes(config).values())
