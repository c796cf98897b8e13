"""The options of the model, which `fit` and `retrain` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import click

from tsforecast.cli.options.shared import Decorator, combine, option
from tsforecast.cli.options.types import Number
from tsforecast.models.network.config import ACTIVATIONS, NORMALISATIONS, STRATEGIES
from tsforecast.models.options import LINEAR_SKIPS, PRESETS, SCALERS, TRANSFORMS, FitOptions, check_options
from tsforecast.models.registry import MODELS
from tsforecast.models.training.config import AUTO, DEVICES, LOSSES, OPTIMIZERS, SCHEDULES

_DATA = "from the data"
_PRESET = "by the preset"
_PRESETS = ", ".join(f"{name} ({preset.summary})" for name, preset in PRESETS.items())

# heading: (field of FitOptions, its type or its choices, help, what None stands for)
_OPTIONS: dict[str, tuple[tuple[str, type | tuple[str, ...], str, str], ...]] = {
    "Forecast": (
        ("horizon", int, "Steps to forecast.", "by frequency"),
        ("lookback", int, "Steps of the past that the model sees.", _DATA),
        ("season_length", int, "Steps in a season.", "by frequency"),
    ),
    "Model": (
        ("model", tuple(MODELS), "What to train; see below.", ""),
        ("preset", tuple(PRESETS), f"Time against accuracy: {_PRESETS}.", ""),
        ("strategy", tuple(STRATEGIES), "How the horizon follows from the window; see below.", ""),
        ("layers", int, "Recurrent layers.", ""),
        ("units", int, "Width of each layer.", _PRESET),
        ("activation", ACTIVATIONS, "Of the recurrent cell; only tanh is fast on a GPU.", ""),
        ("segment", int, "Steps of the past read at once; 1 is the classic network.", _DATA),
        ("linear_skip", LINEAR_SKIPS, "A linear forecast that the network adds to.", ""),
        ("dropout", float, "Share of the last layer switched off in training.", ""),
        ("members", int, "Networks of each kind, trained from different seeds.", _PRESET),
    ),
    "Preparation": (
        ("normalisation", (AUTO, *NORMALISATIONS), "Of each window.", ""),
        ("transform", (AUTO, *TRANSFORMS), "Of the values.", ""),
        ("scaler", (AUTO, *SCALERS), "Of each series.", ""),
    ),
    "Training": (
        ("loss", LOSSES, "What training makes small; quantile and student-t also learn the intervals.", ""),
        ("optimizer", OPTIMIZERS, "How it is made small.", ""),
        ("learning_rate", float, "At its peak.", "by the width"),
        ("schedule", SCHEDULES, "Of the learning rate.", ""),
        ("weight_decay", float, "Of the optimizer adamw.", ""),
        ("batch_size", int, "Windows per step.", _DATA),
        ("epochs", int, "Passes over the windows, at most.", _PRESET),
        (
            "patience",
            int,
            "Epochs without improvement before the rate falls; then training stops.",
            "by the epochs",
        ),
        ("clip_norm", float, "Norm to which gradients are clipped; 0 for none.", ""),
        ("seed", int, "All chance derives from it: the same seed, the same model.", ""),
        ("time_limit", float, "Seconds for everything.", "none"),
        ("device", DEVICES, "Where to train.", ""),
        ("threads", int, "Of the CPU; results repeat exactly for one number.", ""),
    ),
}
_MODELS = "\b\nModels:\n" + "\n".join(f"  {name:14}  {model.summary}" for name, model in MODELS.items())
_STRATEGIES = "\b\nStrategies:\n" + "\n".join(f"  {name:14}  {row.summary}" for name, row in STRATEGIES.items())


def _model_option(section: str, field: str, kind: type | tuple[str, ...], text: str, none: str) -> Decorator[Any]:
    default = getattr(FitOptions, field)
    return option(
        section,
        f"--{field.replace('_', '-')}",
        type=click.Choice(kind) if isinstance(kind, tuple) else Number() if kind is float else kind,
        metavar="NAME" if field == "model" else {int: "N", float: "X"}.get(kind) if isinstance(kind, type) else None,
        default=default,
        show_default=none if default is None else True,
        help=text,
    )


fit_options = combine(*(_model_option(section, *row) for section, rows in _OPTIONS.items() for row in rows))
FIT_EPILOG = f"{_MODELS}\n\n{_STRATEGIES}"


def read_fit_options(values: Mapping[str, Any]) -> FitOptions:
    """What the options of the model collected.

    Raises:
        OptionError: a value that cannot be used, or two that contradict each other.
    """
    options = FitOptions(**{field.name: values[field.name] for field in fields(FitOptions)})
    check_options(options)
    return options
