"""The networks that a fit trains: their segment, width and variants, from the options and the number of windows."""

from __future__ import annotations

from dataclasses import replace

from tsforecast.errors import OptionError
from tsforecast.fitting.plan import Choice, FixedChoices
from tsforecast.models.network.config import MAX_UNITS, QUANTILES, STRATEGIES, NetworkConfig
from tsforecast.models.options import PRESETS, FitOptions
from tsforecast.models.registry import ModelInfo, get_model
from tsforecast.models.spec import Part
from tsforecast.models.training.config import AUTO, LEAST_STEPS, TrainingConfig

_STEP_BY_STEP = 32  # shorter lookbacks are read one step at a time
_LONGEST_SEGMENT = 48
_CHEAP = 7e10  # size of a training run of half a minute or so
_SERIES_VECTORS = (2, 100)  # series among which a learned vector each is worth having


def check_strategy(options: FitOptions, info: ModelInfo) -> None:
    """Refuse what the strategy cannot go with.

    Raises:
        OptionError: naming both.
    """
    strategy = STRATEGIES[options.strategy]
    if options.linear_skip == "on" and not strategy.at_once:
        raise OptionError(
            f"the linear skip is on, but {options.strategy} forecasts cannot have one", hint="use --linear-skip off"
        )
    if info.bidirectional and strategy.every_step:
        raise OptionError(
            f"{info.name} reads the window both ways and would see the segments that {options.strategy} has it predict",
            hint=f"use --model {info.cell}, or --strategy recursive",
        )


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
    choices, at_once = [], STRATEGIES[options.strategy].at_once
    segment = options.segment
    if segment is None:
        # A strategy that feeds segments back needs more than one.
        horizon = basics.horizon if at_once else max(1, basics.horizon // 2)
        segment = choose_segment(lookback, horizon, basics.season_length)
        reason = f"the window becomes {-(-lookback // segment)} recurrent steps" if segment > 1 else "a short window"
        choices.append(Choice("segment", str(segment), reason))
    units = options.units
    if units is None:
        units = choose_units(windows, options.preset)
        choices.append(Choice("units", str(units), f"{windows:,} training windows, preset {options.preset}"))
    info = get_model(_network_name(options))
    low, high = _SERIES_VECTORS
    vectors = n_series if low <= n_series <= high and at_once and units > 1 else 0
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
        levels=QUANTILES if options.loss in ("quantile", "student-t") else (0.5,),
        series_vectors=vectors,
        linear_skip=True,
    )
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
    """With and without the linear skip: it wins on most series, and loses on some long noisy ones.

    It adds the whole horizon at once, which leaves nothing to feed back: only `direct` can have it.
    """
    without = replace(network, linear_skip=False)
    if not network.decoding.at_once:
        return (without,)
    return {"on": (network,), "off": (without,), AUTO: (network, without)}[options.linear_skip]


def choose_units(windows: int, preset: str) -> int:
    """Width by the number of training windows, at most the preset's."""
    return min(PRESETS[preset].units, 32 if windows < 300 else 64 if windows < 3000 else MAX_UNITS)
