"""The options of `fit` and `retrain` that concern the model. Data only: no heavy import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tsforecast.models.network.config import ACTIVATIONS, MAX_LAYERS, MAX_STEPS, MAX_UNITS, NORMALISATIONS, STRATEGIES
from tsforecast.models.registry import MODELS
from tsforecast.models.training.config import AUTO, DEVICES, LOSSES, OPTIMIZERS, SCHEDULES, TrainingConfig
from tsforecast.options import Checked, option

TRANSFORMS = ("none", "log")
SCALERS = ("standard", "scale", "robust", "minmax", "none")
POINTS = ("median", "mean")
LINEAR_SKIPS = ("auto", "on", "off")


@dataclass(frozen=True)
class Preset:
    """A named set of values that trade time against accuracy.

    Args:
        summary: in a few words.
        units: width of the networks at most.
        epochs: at most, where windows are many.
        members: networks of each kind.
        steps_per_epoch: at most.
        least_steps: of all epochs; where an epoch is short, there are more of them.
        variety: whether networks are also trained under a second normalisation: never, where that is cheap, or always.
    """

    summary: str
    units: int
    epochs: int
    members: int
    steps_per_epoch: int
    least_steps: int
    variety: Literal["none", "cheap", "all"]


PRESETS: dict[str, Preset] = {
    "fast": Preset(
        "some 15 s for a small table",
        units=64,
        epochs=5,
        members=1,
        steps_per_epoch=100,
        least_steps=500,
        variety="none",
    ),
    "balanced": Preset(
        "the default", units=128, epochs=15, members=1, steps_per_epoch=200, least_steps=2000, variety="cheap"
    ),
    "best": Preset(
        "up to ten times the time",
        units=128,
        epochs=15,
        members=3,
        steps_per_epoch=200,
        least_steps=2000,
        variety="all",
    ),
}


_BY_PRESET, _BY_DATA, _BY_FREQUENCY = "by the preset", "from the data", "by frequency"
_PRESETS = ", ".join(f"{name} ({preset.summary})" for name, preset in PRESETS.items())


@dataclass(frozen=True)
class FitOptions(Checked):
    """The options of `fit` that concern the model. None leaves the choice to the data or to the preset."""

    horizon: int | None = option(
        None, "Forecast", "Steps to forecast.", unset=_BY_FREQUENCY, least=1, most=MAX_STEPS, usual=True
    )
    lookback: int | None = option(
        None, "Forecast", "Steps of the past that the model sees.", unset=_BY_DATA, least=1, most=MAX_STEPS
    )
    season_length: int | None = option(
        None, "Forecast", "Steps in a season.", unset=_BY_FREQUENCY, least=1, most=MAX_STEPS
    )
    point: str = option(
        "median",
        "Forecast",
        "What the forecast is; means add up to a total, medians of mostly zeros to nothing.",
        choices=POINTS,
    )
    model: str = option(
        "auto",
        "Model",
        "What to train, such as gru, linear or ets; --help lists all.",
        metavar="NAME",
        choices=tuple(MODELS),
        usual=True,
    )
    preset: str = option("balanced", "Model", f"Time against accuracy: {_PRESETS}.", choices=tuple(PRESETS), usual=True)
    strategy: str = option(
        "direct", "Model", "How the horizon follows from the window; see below.", choices=tuple(STRATEGIES)
    )
    layers: int = option(1, "Model", "Recurrent layers.", least=1, most=MAX_LAYERS)
    units: int | None = option(None, "Model", "Width of each layer.", unset=_BY_PRESET, least=1, most=MAX_UNITS)
    activation: str = option("tanh", "Model", "Of the recurrent cell; only tanh is fast on a GPU.", choices=ACTIVATIONS)
    segment: int | None = option(
        None,
        "Model",
        "Steps of the past read at once; 1 is the classic network.",
        unset=_BY_DATA,
        least=1,
        most=MAX_STEPS,
    )
    linear_skip: str = option(AUTO, "Model", "A linear forecast that the network adds to.", choices=LINEAR_SKIPS)
    dropout: float = option(0.3, "Model", "Share of the last layer switched off in training.", least=0, most=0.95)
    members: int | None = option(
        None, "Model", "Networks of each kind, trained from different seeds.", unset=_BY_PRESET, least=1, most=100
    )
    normalisation: str = option(AUTO, "Preparation", "Of each window.", choices=(AUTO, *NORMALISATIONS))
    transform: str = option(AUTO, "Preparation", "Of the values.", choices=(AUTO, *TRANSFORMS))
    scaler: str = option(AUTO, "Preparation", "Of each series.", choices=(AUTO, *SCALERS))
    calendar: str = option(
        AUTO,
        "Preparation",
        "What is read of the calendar: what helps, none, or a list such as weekday,hour.",
        metavar="auto|none|LIST",
    )
    loss: str = option(
        TrainingConfig.loss,
        "Training",
        "What training makes small; quantile and student-t also learn the intervals.",
        choices=LOSSES,
    )
    optimizer: str = option(TrainingConfig.optimizer, "Training", "How it is made small.", choices=OPTIMIZERS)
    learning_rate: float | None = option(None, "Training", "At its peak.", unset="by the width", least=1e-8, most=10)
    schedule: str = option(TrainingConfig.schedule, "Training", "Of the learning rate.", choices=SCHEDULES)
    weight_decay: float = option(TrainingConfig.weight_decay, "Training", "Of the optimizer adamw.", least=0, most=1)
    batch_size: int | None = option(None, "Training", "Windows per step.", unset=_BY_DATA, least=1, most=65_536)
    epochs: int | None = option(
        None, "Training", "Passes over the windows, at most.", unset=_BY_PRESET, least=1, most=10_000
    )
    patience: int | None = option(
        None,
        "Training",
        "Epochs without improvement before the rate falls; then training stops.",
        unset="by the epochs",
        least=1,
        most=10_000,
    )
    clip_norm: float = option(
        TrainingConfig.clip_norm,
        "Training",
        "Norm to which gradients are clipped; 0 for none.",
        least=0,
        most=1e6,
    )
    seed: int = option(
        TrainingConfig.seed,
        "Training",
        "All chance derives from it: the same seed, the same model.",
        least=0,
        most=2**31 - 1,
    )
    time_limit: float | None = option(
        None,
        "Training",
        "Time for everything, such as 90s or 10m.",
        unset="none",
        least=1,
        most=1e7,
        duration=True,
        usual=True,
    )
    device: str = option(TrainingConfig.device, "Training", "Where to train.", choices=DEVICES)
    threads: int = option(
        TrainingConfig.threads,
        "Training",
        "Of the CPU; results repeat exactly for one number.",
        least=1,
        most=1024,
    )
