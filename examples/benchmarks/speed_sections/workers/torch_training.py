"""The twin of tsforecast's network in PyTorch, trained on request.

    python torch_training.py THREADS eager|compiled

The same embedding, cell, decoding by learned queries, dropout, head, quantile loss, clipping and Adam; windows are
gathered from one resident array as well. Time comes first in the recurrent layer, which is the faster layout.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from serving import serve
from torch import nn

_MEDIAN = 0.5


class Twin(nn.Module):
    """Windows (samples, lookback) to quantiles (samples, horizon, levels), both less the window's last value."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()
        units, self.segment = request["units"], request["segment"]
        self.outputs, self.segments = len(request["quantiles"]), -(-request["horizon"] // self.segment)
        self.embed = nn.Linear(self.segment, units)
        self.recurrent = {"gru": nn.GRU, "lstm": nn.LSTM}[request["cell"]](units, units)
        if request["cell"] == "lstm":  # Keras has one bias where PyTorch adds two
            nn.init.zeros_(self.recurrent.bias_hh_l0).requires_grad_(False)
        self.position = nn.Parameter(torch.randn(self.segments, units))
        self.dropout = nn.Dropout(request["dropout"])
        self.head = nn.Linear(units, self.segment * self.outputs)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        samples = len(window)
        steps = window.reshape(samples, -1, self.segment).transpose(0, 1)
        _, last = self.recurrent(torch.relu(self.embed(steps)))
        states = last if isinstance(last, tuple) else (last,)
        repeated = tuple(state.repeat_interleave(self.segments, dim=1) for state in states)
        query = self.position.repeat(samples, 1)[None]
        output, _ = self.recurrent(query, repeated if isinstance(last, tuple) else repeated[0])
        return self.head(self.dropout(output[0])).reshape(samples, -1, self.outputs)


def main() -> None:
    """Build twins, train them and multiply matrices as asked."""
    torch.set_num_threads(int(sys.argv[1]))
    compiled = sys.argv[2] == "compiled"
    steps: dict[str, Callable[[torch.Tensor], None]] = {}
    orders: dict[str, Callable[[], torch.Tensor]] = {}

    def build(request: dict[str, Any]) -> dict[str, Any]:
        began, name = time.perf_counter(), request["name"]
        torch.manual_seed(0)
        twin = Twin(request)
        steps[name], orders[name] = _step(twin, request, compiled), _order(request)
        try:
            steps[name](orders[name]()[0])
        except Exception as error:
            if not compiled:
                raise
            return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        trained = sum(weight.numel() for weight in twin.parameters() if weight.requires_grad)
        return {"parameters": trained, "seconds": time.perf_counter() - began}

    def train(request: dict[str, Any]) -> dict[str, Any]:
        step, windows, began = steps[request["name"]], 0, time.perf_counter()
        for _ in range(request["epochs"]):
            order = orders[request["name"]]()[: request["steps"]]
            windows += order.numel()
            for origins in order:
                step(origins)
        return {"windows": windows, "seconds": time.perf_counter() - began}

    answers = {"build": build, "train": train, "gemm": _gemm}
    serve(lambda request: answers[request["do"]](request))


def _order(request: dict[str, Any]) -> Callable[[], torch.Tensor]:
    """Makes a fresh shuffle of the windows' origins, shape (steps, batch)."""
    first, batch = request["steps"] * request["segment"], request["batch"]
    count = request["windows"] // batch * batch
    return lambda: first + torch.randperm(request["windows"])[:count].reshape(-1, batch)


def _step(twin: Twin, request: dict[str, Any], compiled: bool) -> Callable[[torch.Tensor], None]:
    """One step of training on the windows with the given origins."""
    lookback, horizon = request["steps"] * request["segment"], request["horizon"]
    values = torch.randn(request["windows"] + lookback + horizon - 1)
    before, ahead = torch.arange(-lookback, 0), torch.arange(horizon)
    levels = torch.tensor(request["quantiles"])
    shares = torch.where(levels == _MEDIAN, _MEDIAN, (1 - _MEDIAN) / (len(levels) - 1))
    weights = [weight for weight in twin.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(weights, request["learning_rate"], fused=True)

    def loss(origins: torch.Tensor) -> torch.Tensor:
        window, target = values[origins[:, None] + before], values[origins[:, None] + ahead]
        center = window[:, -1:]
        error = (target - center)[:, :, None] - twin(window - center)[:, :horizon]
        return (shares * 2 * torch.maximum(levels * error, (levels - 1) * error)).sum(2).mean()

    loss_of = torch.compile(loss) if compiled else loss

    def step(origins: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss_of(origins).backward()
        nn.utils.clip_grad_norm_(weights, request["clip_norm"])
        optimizer.step()

    return step


def _gemm(request: dict[str, Any]) -> dict[str, Any]:
    a, b = torch.rand(2, request["size"], request["size"])
    a @ b
    began = time.perf_counter()
    for _ in range(request["times"]):
        a @ b
    return {"PyTorch": 2e-9 * request["size"] ** 3 * request["times"] / (time.perf_counter() - began)}


if __name__ == "__main__":
    main()
