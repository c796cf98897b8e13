"""Copies of all that changes in a network and its optimiser while they are trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.checkpoints import GraphState
from tsforecast.models.network import SegmentNetwork
from tsforecast.models.spec import Weights


def copy_weights(model: SegmentNetwork) -> Weights:
    """The weights under their fixed names."""
    return {name: np.array(v.numpy(), np.float32) for name, v in model.named_weights().items()}


def copy_state(model: SegmentNetwork, optimizer: Any) -> GraphState:
    """Weights, variables of the optimiser and state of the dropout's generator."""
    variables = tuple(np.array(variable.numpy()) for variable in optimizer.variables)
    dropout = _dropout(model)
    return GraphState(copy_weights(model), variables, None if dropout is None else np.array(dropout.numpy(), np.int64))


def put_state(state: GraphState, model: SegmentNetwork, optimizer: Any) -> bool:
    """Go on from a state as if its epochs had been trained here; False, and nothing done, if it is of another one."""
    dropout = _dropout(model)
    named = model.named_weights()
    if set(named) != set(state.weights) or (dropout is None) != (state.dropout is None):
        return False
    variables = [*named.values(), *optimizer.variables, *([] if dropout is None else [dropout])]
    values = [*(state.weights[name] for name in named), *state.optimizer]
    values += [] if state.dropout is None else [state.dropout]
    sizes = [int(np.prod(variable.shape)) for variable in variables]
    if sizes != [value.size for value in values]:
        return False
    for variable, value in zip(variables, values, strict=True):
        variable.assign(_like(variable, value))
    return True


def _dropout(model: SegmentNetwork) -> Any:
    return model.dropout.seed_generator.state if model.config.dropout > 0 else None


def _like(variable: Any, value: NDArray[Any]) -> NDArray[Any]:
    return value.reshape(variable.shape).astype(variable.numpy().dtype)
