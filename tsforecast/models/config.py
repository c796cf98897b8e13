"""What can be set about a model and its training, with the defaults. Data only: no heavy import.

`FitOptions` is what a user may say; None leaves the choice to the data (models/choices.py) or to the preset.
`NetworkConfig` and `TrainingConfig` are what was decided; they are complete, and the first is stored with the model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Literal

from tsforecast.errors import OptionError
from tsforecast.texts import shown

CELLS = ("rnn", "lstm", "gru")
# How the horizon follows from the window, and when each is the right choice; the first is the default.
STRATEGIES = {
    "direct": "all steps at once: the best start, and the default",
    "recursive": "feeds each segment back: for a horizon of few segments",
    "seq2seq": "a decoder of its own, fed its own output: for many windows",
    "autoregressive": "recursive that learns at every step: for few windows",
}
ACTIVATIONS = ("tanh", "relu", "sigmoid")
NORMALISATIONS = ("last", "mean-std", "mean-level", "none")
TRANSFORMS = ("none", "log")
SCALERS = ("standard", "scale", "robust", "minmax", "none")
LOSSES = ("quantile", "mae", "mse", "huber", "student-t")
HEADS = ("quantile", "student-t")
OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop")
SCHEDULES = ("cosine", "exponential", "step", "plateau", "constant")
DEVICES = ("auto", "cpu", "gpu")
LINEAR_SKIPS = ("auto", "on", "off")
AUTO = "auto"

# Probability levels of the quantile head: the median and the ends of the 50, 80 and 95 % intervals.
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
MAX_UNITS = 4096
MAX_LAYERS = 8
MAX_STEPS = 10_000
LEAST_STEPS = 20  # of an epoch: few windows are passed over several times


@dataclass(frozen=True)
class NetworkConfig:
    """A segment network, complete (MODEL.md sections 1 and 2).

    Args:
        cell: recurrent cell.
        bidirectional: whether the past window is read both ways.
        layers: recurrent layers, with residual connections from the second on.
        units: width of the embedding and of each cell.
        activation: of the recurrent cell; anything but tanh loses the cuDNN kernel on a GPU.
        segment: steps of the window that make one step of the recurrence; 1 is the classic network.
        lookback: steps seen.
        horizon: steps predicted at once.
        strategy: `direct` decodes all segments in parallel from learned queries; `recursive` feeds each back into the
            cells that read the window, `seq2seq` into cells of its own (encoder-decoder, Sutskever et al. 2014);
            `autoregressive` forecasts as `recursive` and learns to predict every next segment of the window too
            (DeepAR, Salinas et al. 2017), so it cannot be bidirectional.
        normalisation: per window.
        dropout: before the output layer.
        head: `quantile` puts out one value per level, `student-t` the three parameters of a distribution, whose
            quantiles are the forecast (models/student_t.py).
        levels: probability levels of the forecast; (0.5,) for a point forecast.
        series_vectors: number of series with a learned vector in the queries of `direct`; 0 for none.
        linear_skip: whether a linear map from the normalised window to the horizon is added to the output of `direct`;
            it starts as the ridge regression of models/linear.py, so that training starts at the linear model's error.
    """

    cell: Literal["rnn", "lstm", "gru"]
    bidirectional: bool
    layers: int
    units: int
    activation: str
    segment: int
    lookback: int
    horizon: int
    strategy: str
    normalisation: str
    dropout: float
    head: Literal["quantile", "student-t"]
    levels: tuple[float, ...]
    series_vectors: int
    linear_skip: bool

    @property
    def input_segments(self) -> int:
        """Recurrent steps of the encoder; a lookback that the segment does not divide is padded."""
        return -(-self.lookback // self.segment)

    @property
    def output_segments(self) -> int:
        """Segments decoded; what goes beyond the horizon is cut off."""
        return -(-self.horizon // self.segment)

    @property
    def outputs(self) -> int:
        """Numbers that the head puts out for one step."""
        return 3 if self.head == "student-t" else len(self.levels)

    @property
    def fed_back(self) -> int:
        """Which of them is the next input where forecasts are fed back: the median, or the location."""
        return 0 if self.head == "student-t" else self.levels.index(0.5)

    @property
    def window_targets(self) -> int:
        """Last steps of the window that training has a loss at too: all but the first segment if `autoregressive`."""
        return (self.input_segments - 1) * self.segment if self.strategy == "autoregressive" else 0

    @property
    def width(self) -> int:
        """Features that a recurrent layer puts out."""
        return self.units * (2 if self.bidirectional else 1)


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Args:
        loss: `quantile` is the pinball loss summed over the levels, `student-t` the negative log-likelihood.
        learning_rate: at its peak.
        schedule: of the learning rate over the epochs; `cosine` starts with a warm-up of half an epoch.
        weight_decay: used by AdamW.
        batch_size: windows per step.
        epochs: at most.
        steps_per_epoch: at most; a longer pass over the windows is sampled anew in each epoch.
        patience: epochs without a better validation loss before the rate falls, and the third time training stops; the
            best weights are kept.
        clip_norm: global norm to which gradients are clipped; 0 for none.
        members: networks of each kind, trained from different seeds.
        seed: every random draw derives from it.
        time_limit: seconds for all training; None for no limit.
        device: `auto` takes a GPU where TensorFlow sees one.
        threads: of TensorFlow and NumPy; results repeat bit by bit for one number of threads.
    """

    loss: str = "quantile"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    weight_decay: float = 0.01
    batch_size: int = 256
    epochs: int = 10
    steps_per_epoch: int = 200
    patience: int = 3
    clip_norm: float = 1.0
    members: int = 1
    seed: int = 0
    time_limit: float | None = None
    device: str = AUTO
    threads: int = 2


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
