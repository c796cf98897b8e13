"""The networks that a fit trains and how: segment, width, variants, epochs, from the options and the windows."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.fitting.choose_covariates import NOTHING_BESIDES, KnownBesides, refuse_covariates
from tsforecast.fitting.plan import Choice, FixedChoices
from tsforecast.io.messages import counted
from tsforecast.models.network.config import (
    MAX_UNITS,
    QUANTILES,
    STRATEGIES,
    Inputs,
    NetworkConfig,
    problem,
    series_inputs,
)
from tsforecast.models.options import PRESETS, FitOptions
from tsforecast.models.registry import get_model
from tsforecast.models.spec import Part
from tsforecast.models.training.config import AUTO, LEAST_STEPS, TrainingConfig
from tsforecast.series.covariates import Labels

_STEP_BY_STEP = 32  # shorter lookbacks are read one step at a time
_LONGEST_SEGMENT = 48
_VARIED = 100  # training windows; with fewer, networks under a second normalisation take time and bring nothing
_CHEAP = 7e10  # size of a training run of about half a minute
_SERIES_VECTORS = (2, 100)  # least and largest number of series that get a learned vector each
_MOST_EPOCHS = 100
_WIDE = 128  # wider networks learn at half the rate


def check_network(options: FitOptions, basics: FixedChoices) -> None:
    """Refuse options that exclude each other in a network, before the long work begins.

    Raises:
        OptionError: naming them.
    """
    network, _ = choose_network(1, 1, options, basics, lookback=1, normalisation="none")
    _skip_variants(network, options)


def choose_network(
    n_series: int, windows: int, options: FitOptions, basics: FixedChoices, lookback: int, normalisation: str
) -> tuple[NetworkConfig, list[Choice]]:
    """The network of a plan, with what was chosen for it.

    Args:
        n_series: series of the panel.
        windows: number of training windows.
        options: what the user decided.
        basics: season and horizon.
        lookback: steps seen.
        normalisation: of each window.
    """
    choices = []
    segment = options.segment
    if segment is None:
        # A strategy that feeds segments back needs at least two.
        horizon = basics.horizon if STRATEGIES[options.strategy].at_once else max(1, basics.horizon // 2)
        segment = choose_segment(lookback, horizon, basics.season_length)
        reason = f"the window becomes {-(-lookback // segment)} recurrent steps" if segment > 1 else "a short window"
        choices.append(Choice("segment", str(segment), reason))
    units = options.units
    if units is None:
        units = choose_units(windows, options.preset)
        choices.append(Choice("units", str(units), f"{counted(windows, 'training window')}, preset {options.preset}"))
    info = get_model(_network_name(options))
    network = NetworkConfig(
        cell=info.cell,
        bidirectional=info.bidirectional,
        layers=options.layers,
        units=units,
        activation=options.activation,
        segment=segment,
        lookback=lookback,
        horizon=basics.horizon,
        strategy=options.strategy,
        normalisation=normalisation,
        dropout=options.dropout,
        head="student-t" if options.loss == "student-t" else "quantile",
        quantiles=QUANTILES if options.loss in ("quantile", "student-t") else (0.5,),
        inputs=Inputs(),
        linear_skip=False,
    )
    low, high = _SERIES_VECTORS
    with_series = replace(network, inputs=series_inputs(n_series, units))
    if low <= n_series <= high and problem(with_series) is None:
        network = with_series
    return network, choices


def choose_training(options: FitOptions, windows: int) -> TrainingConfig:
    """The preset's training for a number of windows, with the user's values in place of its own."""
    preset = PRESETS[options.preset]
    # No more than there are windows, so that the graph of these serves all rows too and is traced once.
    usual = min(max(1, windows), int(np.clip(2 ** int(np.log2(max(1, windows / 16))), 16, 256)))
    batch = options.batch_size or usual
    steps = min(preset.steps_per_epoch, max(LEAST_STEPS, -(-windows // batch)))
    # Few windows make short epochs: more of them, so that the network sees enough steps.
    epochs = options.epochs or max(preset.epochs, min(_MOST_EPOCHS, -(-preset.least_steps // steps)))
    wide = (options.units or choose_units(windows, options.preset)) > _WIDE
    chosen: dict[str, Any] = {
        "learning_rate": options.learning_rate or (5e-4 if wide else 1e-3),
        "batch_size": batch,
        "epochs": epochs,
        "steps_per_epoch": preset.steps_per_epoch,
        "patience": options.patience or max(TrainingConfig.patience, epochs // 8),
        "members": options.members or preset.members,
    }
    asked = {field.name: getattr(options, field.name) for field in fields(TrainingConfig) if field.name not in chosen}
    return TrainingConfig(**asked, **chosen)


def network_candidates(
    network: NetworkConfig,
    training: TrainingConfig,
    windows: int,
    options: FitOptions,
    besides: KnownBesides = NOTHING_BESIDES,
    labels: Labels = (),
    week: int = 0,
) -> tuple[Part, ...]:
    """The networks to train: with and without linear skip, and under a second normalisation if the preset says so.

    All read the covariates where these help a linear model. Elsewhere one more network does, if that is cheap.

    Raises:
        OptionError: the options leave no network that can read the covariates.
    """
    variety = PRESETS[options.preset].variety
    cheap = variety == "all" or (variety == "cheap" and _work(network, training, windows) <= _CHEAP)
    reading = _reading(network, labels, besides.inputs)
    networks = [reading if besides.help or besides.inputs.static else network]
    if options.normalisation == AUTO and cheap and (variety == "all" or windows >= _VARIED):
        other = "last" if network.normalisation == "mean-std" else "mean-std"
        networks.append(replace(networks[0], normalisation=other))
    variants = [variant for each in networks for variant in _skip_variants(each, options)]
    if cheap and reading not in variants and reading != network:
        variants.append(_skip_variants(reading, options)[0])
    return tuple(Part(_network_name(options), 1.0, each.lookback, each, week=week) for each in variants)


def _reading(network: NetworkConfig, labels: Labels, inputs: Inputs) -> NetworkConfig:
    """The network with all covariates as inputs, and vectors for their categories beside those of the series."""
    counts, units = [len(each) for each in labels], network.units
    room = units // 4 // max(1, len(counts))
    widths = [min(room, count.bit_length()) if count > 1 else 0 for count in counts]
    categories, vectors = network.inputs.categories, network.inputs.category_widths
    if any(widths):
        categories, vectors = (*(categories or (0,)), *counts), (*(vectors or (0,)), *widths)
    inputs = replace(inputs, categories=categories, category_widths=vectors)
    reading = replace(network, inputs=inputs)
    if (conflict := problem(reading)) is not None and inputs != network.inputs:
        raise refuse_covariates(conflict, inputs)
    return reading


def _network_name(options: FitOptions) -> str:
    """The networks' row in the table of models; those of a combination are GRUs."""
    return "gru" if get_model(options.model).kind == "combination" else options.model


def _work(network: NetworkConfig, training: TrainingConfig, windows: int) -> float:
    """Size of a training run: windows times recurrent steps times the multiplications in one gate."""
    seen = training.epochs * min(training.steps_per_epoch, max(LEAST_STEPS, windows // training.batch_size))
    return float(seen * training.batch_size * (network.input_segments + network.output_segments) * network.units**2)


def choose_segment(lookback: int, horizon: int, season: int) -> int:
    """Steps per segment: a divisor of the season of about a day or half a day; 1 for a short lookback."""
    if lookback < _STEP_BY_STEP:
        return 1
    most = min(_LONGEST_SEGMENT, max(2, lookback // 4), max(2, horizon))
    if season > 1:
        return max(d for d in range(1, season + 1) if season % d == 0 and d <= most)
    return max(1, min(most, lookback // 14))


def _skip_variants(network: NetworkConfig, options: FitOptions) -> tuple[NetworkConfig, ...]:
    """With and without the linear skip, as far as possible: it wins on most series and loses on some long noisy ones.

    Raises:
        OptionError: neither is possible.
    """
    tried = {"on": (True,), "off": (False,), AUTO: (True, False)}[options.linear_skip]
    variants = [replace(network, linear_skip=skip) for skip in tried]
    problems = [problem(variant) for variant in variants]
    possible = tuple(variant for variant, conflict in zip(variants, problems, strict=True) if conflict is None)
    if not possible:
        without_skip = problem(replace(network, linear_skip=False))
        other = "--linear-skip off" if without_skip is None else f"--model {network.cell}"
        raise OptionError(str(problems[-1]), hint=f"use {other}, or --strategy direct")
    return possible


def choose_units(windows: int, preset: str) -> int:
    """Width by the number of training windows, at most the preset's."""
    return min(PRESETS[preset].units, 32 if windows < 300 else 64 if windows < 3000 else MAX_UNITS)
