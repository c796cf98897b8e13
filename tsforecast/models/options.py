"""The options of `fit` that concern the model, with their defaults, choices and ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Literal

from tsforecast.errors import OptionError
from tsforecast.models.network.config import ACTIVATIONS, MAX_LAYERS, MAX_STEPS, MAX_UNITS, NORMALISATIONS, STRATEGIES
from tsforecast.models.training.config import AUTO, DEVICES, LOSSES, OPTIMIZERS, SCHEDULES, TrainingConfig
from tsforecast.safe_text import shown

TRANSFORMS = ("none", "log")
SCALERS = ("standard", "scale", "robust", "minmax", "none")
LINEAR_SKIPS = ("auto", "on", "off")
DEFAULT_LEVELS = (80.0, 95.0)  # of prediction intervals, in percent


@dataclass(frozen=True)
class Preset:
    """A named set of values that trade time against accuracy.

    Args:
        summary: in a few words.
        units: width of the networks at most.
        epochs: at most, where windows are many.
        members: networks of each kind.
        steps_per_epoch: at most.
        variety: whether networks are also trained under a second normalisation: never, where that is cheap, or always.
    """

    summary: str
    units: int
    epochs: int
    members: int
    steps_per_epoch: int
    variety: Literal["none", "cheap", "all"]


PRESETS: dict[str, Preset] = {
    "fast": Preset("a first look", units=64, epochs=5, members=1, steps_per_epoch=100, variety="none"),
    "balanced": Preset("the default", units=128, epochs=15, members=1, steps_per_epoch=200, variety="cheap"),
    "best": Preset("up to ten times the time", units=128, epochs=15, members=3, steps_per_epoch=200, variety="all"),
}


@dataclass(frozen=True)
class FitOptions:
    """The options of `fit` that concern the model. None leaves the choice to the data or to the preset."""

    model: str = "auto"
    preset: str = "balanced"
    horizon: int | None = None
    lookback: int | None = None
    season_length: int | None = None
    strategy: str = "direct"
    layers: int = 1
    units: int | None = None
    activation: str = "tanh"
    segment: int | None = None
    normalisation: str = AUTO
    transform: str = AUTO
    scaler: str = AUTO
    linear_skip: str = AUTO
    dropout: float = 0.3
    loss: str = TrainingConfig.loss
    optimizer: str = TrainingConfig.optimizer
    learning_rate: float | None = None
    schedule: str = TrainingConfig.schedule
    weight_decay: float = TrainingConfig.weight_decay
    batch_size: int | None = None
    epochs: int | None = None
    patience: int | None = None
    clip_norm: float = TrainingConfig.clip_norm
    members: int | None = None
    seed: int = TrainingConfig.seed
    time_limit: float | None = None
    device: str = TrainingConfig.device
    threads: int = TrainingConfig.threads


_CHOICES: dict[str, tuple[str, ...]] = {
    "preset": tuple(PRESETS),
    "strategy": tuple(STRATEGIES),
    "activation": ACTIVATIONS,
    "normalisation": (AUTO, *NORMALISATIONS),
    "transform": (AUTO, *TRANSFORMS),
    "scaler": (AUTO, *SCALERS),
    "linear_skip": LINEAR_SKIPS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "device": DEVICES,
}

# name: (least, most), both allowed
_RANGES: dict[str, tuple[float, float]] = {
    "horizon": (1, MAX_STEPS),
    "lookback": (1, MAX_STEPS),
    "season_length": (1, MAX_STEPS),
    "layers": (1, MAX_LAYERS),
    "units": (1, MAX_UNITS),
    "segment": (1, MAX_STEPS),
    "dropout": (0, 0.95),
    "learning_rate": (1e-8, 10),
    "weight_decay": (0, 1),
    "batch_size": (1, 65_536),
    "epochs": (1, 10_000),
    "patience": (1, 10_000),
    "clip_norm": (0, 1e6),
    "members": (1, 100),
    "seed": (0, 2**31 - 1),
    "time_limit": (1, 1e7),
    "threads": (1, 1024),
}


def check_options(options: FitOptions) -> None:
    """Refuse values outside their choices or range.

    Raises:
        OptionError: naming the option, the value and what is allowed.
    """
    for name, choices in _CHOICES.items():
        value = getattr(options, name)
        if value not in choices:
            raise OptionError(f"{name} is '{value}'", hint=f"choose one of {', '.join(choices)}")
    for name, (least, most) in _RANGES.items():
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            said = shown(value) if isinstance(value, int) else f"{value:g}"
            raise OptionError(f"{name} is {said}", hint=f"give a value from {least:g} to {most:g}")


def check_finite(settings: object) -> None:
    """Refuse NaN and infinity in the fields of a dataclass: they pass comparisons that they should fail.

    Raises:
        OptionError: naming the field and its value.
    """
    for field in fields(settings):  # type: ignore[arg-type]  # any dataclass
        value = getattr(settings, field.name)
        if isinstance(value, float) and not math.isfinite(value):
            raise OptionError(f"{field.name} is {value:g}", hint="give a finite number")


def check_levels(levels: tuple[float, ...]) -> None:
    """Refuse levels of intervals that cannot be forecast, or that no columns can be named after.

    Raises:
        OptionError: naming the level.
    """
    for level in levels:
        check_level(level)
    names = [f"{level:g}" for level in sorted(set(levels))]
    for name, following in pairwise(names):
        if name == following:
            raise OptionError(
                f"two levels are {name} in six digits", hint="give levels that columns can be named after"
            )


def check_level(level: float) -> None:
    """Refuse a level of an interval that is no percentage, or that is 100 % but for rounding.

    Raises:
        OptionError: naming the level.
    """
    if 0 < level < 1:
        raise OptionError(f"level is {level:g} percent", hint=f"did you mean {100 * level:g}?")
    if not 1 <= level < 100:
        raise OptionError(f"level is {level:g}", hint="give a percentage from 1 to 99.9999, such as 80")
    if f"{level:g}" == "100":
        raise OptionError(f"level is {level}, which is 100 in six digits", hint="give 99.9999 at most")
