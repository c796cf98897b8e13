"""The table of models. Data only, so that the command line can list and check names at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.models.network.cells import CELLS


@dataclass(frozen=True)
class ModelInfo:
    """One row of the table.

    Args:
        name: what `--model` takes.
        kind: `network` is trained by gradient, `linear` in closed form over all series, `local` in closed form for each
            series alone, `baseline` not at all; a `combination` has several of them.
        cell: recurrent cell of the networks, empty otherwise.
        bidirectional: whether the past window is read both ways.
        summary: one line for the help.
    """

    name: str
    kind: Literal["combination", "network", "linear", "local", "baseline"]
    cell: str
    bidirectional: bool
    summary: str


_ROWS = (
    ModelInfo("auto", "combination", "gru", False, "networks, linear, local and seasonal-naive, by validation"),
    *(ModelInfo(name, "network", name, False, cell.summary) for name, cell in CELLS.items()),
    *(ModelInfo(f"bi{name}", "network", name, True, f"{name} that reads the past window both ways") for name in CELLS),
    ModelInfo("linear", "linear", "", False, "ridge regression on the window: seconds to fit, hard to beat"),
    ModelInfo("ets", "local", "", False, "exponential smoothing of each series, its forms by AICc"),
    ModelInfo("theta", "local", "", False, "the dynamic optimised Theta model of each series"),
    ModelInfo("seasonal-shape", "local", "", False, "the newest seasons' shape and a level from a ridge"),
    ModelInfo("seasonal-naive", "baseline", "", False, "repeats the last season"),
    ModelInfo("naive", "baseline", "", False, "repeats the last value"),
    ModelInfo("drift", "baseline", "", False, "continues the line from the window's first value to its last"),
)
MODELS: dict[str, ModelInfo] = {row.name: row for row in _ROWS}
LOCAL: tuple[str, ...] = tuple(row.name for row in _ROWS if row.kind == "local")
COMBINED: tuple[str, ...] = ("linear", "seasonal-naive", *LOCAL)  # what `auto` combines with its networks
BASELINES: tuple[str, ...] = ("seasonal-naive", "naive", "drift", "linear", *LOCAL)


def get_model(name: str) -> ModelInfo:
    """Look a model up.

    Raises:
        OptionError: no model has that name; the message lists the names.
    """
    if name in MODELS:
        return MODELS[name]
    raise OptionError(f"unknown model '{name}'", hint=did_you_mean(name, MODELS))
