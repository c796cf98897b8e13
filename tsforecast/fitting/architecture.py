"""The networks that a fit trains: their segment, width and variants, from the options and the number of windows."""

from __future__ import annotations

from dataclasses import replace

from tsforecast.errors import OptionError
from tsforecast.fitting.plan import Choice, FixedChoices
from tsforecast.models.network.config import MAX_UNITS, QUANTILES, Inputs, NetworkConfig, problem, series_inputs
from tsforecast.models.options import PRESETS, FitOptions
from tsforecast.models.registry import get_model
from tsforecast.models.spec import Part
from tsforecast.models.training.config import AUTO, LEAST_STEPS, TrainingConfig

_STEP_BY_STEP = 32  # shorter lookbacks are read one step at a time
_LONGEST_SEGMENT = 48
_CHEAP = 7e10  # size of a training run of half a minute or so
_SERIES_VECTORS = (2, 100)  # series among which a learned vector each is worth having


def check_network(options: FitOptions, basics: FixedChoices) -> None:
    """Refuse options that no network can have together, before the long work begins.

    Raises:
        OptionError: naming them.
    """
    network, _ = choose_network(1, 1, options, basics, lookback=1, normalisation="none")
    _skip_variants(network, options)


def choose_network(
    n_series: int, windows: int, options: FitOptions, basics: FixedChoices, lookback: int, normalisation: str
) -> tuple[NetworkConfig, list[Choice]]:
    """The network of the plan, with what was chosen for it.

    Args:
        n_series: series of the panel.
        windows: to learn from.
        options: what the user decided.
        basics: season and horizon.
        lookback: steps seen.
        normalisation: of each window.
    """
    choices = []
    segment = options.segment
    if segment is None:
        # A strategy that feeds segments back needs more than one.
        horizon = basics.horizon if options.strategy == "direct" else max(1, basics.horizon // 2)
        segment = choose_segment(lookback, horizon, basics.season_length)
        reason = f"the window becomes {-(-lookback // segment)} recurrent steps" if segment > 1 else "a short window"
        choices.append(Choice("segment", str(segment), reason))
    units = options.units
    if units is None:
        units = choose_units(windows, options.preset)
        choices.append(Choice("units", str(units), f"{windows:,} training windows, preset {options.preset}"))
    info = get_model(_network_name(options))
    network = NetworkConfig(
        cell=info.cell,  # type: ignore[arg-type]
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
        levels=QUANTILES if options.loss in ("quantile", "student-t") else (0.5,),
        inputs=Inputs(),
        linear_skip=False,
    )
    low, high = _SERIES_VECTORS
    with_series = replace(network, inputs=series_inputs(n_series, units))
    if low <= n_series <= high and problem(with_series) is None:
        network = with_series
    return network, choices


def network_candidates(
    network: NetworkConfig, training: TrainingConfig, windows: int, options: FitOptions
) -> tuple[Part, ...]:
    """The networks to train: with and without linear skip, and as various as the preset has it.

    Args:
        network: of the plan.
        training: how each is trained.
        windows: to learn from.
        options: what the user decided, of which there is only one.
    """
    variety = PRESETS[options.preset].variety
    networks = [network]
    if options.normalisation == AUTO and (
        variety == "all" or (variety == "cheap" and _work(network, training, windows) <= _CHEAP)
    ):
        other = "last" if network.normalisation == "mean-std" else "mean-std"
        networks.append(replace(network, normalisation=other))
    variants = [variant for each in networks for variant in _skip_variants(each, options)]
    return tuple(Part(_network_name(options), 1.0, each.lookback, each) for each in variants)


def _network_name(options: FitOptions) -> str:
    """The row of the networks in the table of models; a combination has a GRU's."""
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
    """With and without the linear skip, where both can be: it wins on most series, and loses on some long noisy ones.

    Raises:
        OptionError: neither can be.
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
