"""Automatic choices (MODEL.md section 4): from the training rows alone, each with its reason.

Lookback, normalisation and transform are chosen by a quick linear model: a closed-form ridge is fitted under each
candidate on training windows and judged on validation windows, by the absolute error in units of the series' seasonal
difference. The rest follows from the horizon, the season and the number of windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.frequency import default_horizon, season_length
from tsforecast.models.config import (
    AUTO,
    MAX_STEPS,
    MAX_UNITS,
    PRESETS,
    QUANTILES,
    FitOptions,
    NetworkConfig,
    TrainingConfig,
)
from tsforecast.models.plan import CLEARLY, Basics, Choice, Plan
from tsforecast.models.registry import get_model
from tsforecast.models.trial import Trial, least_context, scaler_for
from tsforecast.scaling import log_kind
from tsforecast.series import Panel
from tsforecast.split import Split
from tsforecast.windows import window_index

_SEASONS = (2, 3, 5, 7, 14, 30)
_LONGEST_LOOKBACK = 720
_STEP_BY_STEP = 32  # shorter lookbacks are read one step at a time
_LONGEST_SEGMENT = 48
_LEAST_TOTAL_STEPS, _MOST_EPOCHS = 2000, 100
_SERIES_VECTORS = (2, 100)  # series among which a learned vector each is worth having


def choose_basics(panel: Panel, options: FitOptions) -> Basics:
    """Season and horizon from the frequency, and the context that a series needs at least."""
    choices = []
    season = options.season_length
    if season is None:
        season = season_length(panel.frequency)
        choices.append(Choice("season_length", str(season), _season_reason(panel, season)))
    longest = int(panel.lengths.max())
    horizon = options.horizon
    if horizon is None:
        usual = default_horizon(panel.frequency)
        horizon = min(usual, max(1, longest // 4))
        reason = f"usual for {panel.frequency.name} data"
        if horizon < usual:
            reason = f"a quarter of the {longest} rows; {usual} is usual for {panel.frequency.name} data"
        choices.append(Choice("horizon", str(horizon), reason))
    if options.lookback is not None:
        return Basics(horizon, season, options.lookback, tuple(choices))
    return Basics(horizon, season, max(2, min(horizon, season)), tuple(choices))


def choose_plan(panel: Panel, split: Split, basics: Basics, options: FitOptions) -> Plan:
    """Decide everything else from the training and validation rows.

    Args:
        panel: the series; rows from the calibration part on are not looked at.
        split: the held-out parts.
        basics: season, horizon and least context.
        options: what the user decided.

    Raises:
        OptionError: options that contradict each other or the data.
    """
    info = get_model(options.model)
    choices = list(basics.choices)
    lookbacks = lookback_candidates(split, basics, options)
    if info.kind == "baseline":
        return _baseline_plan(options, basics, lookbacks[0])
    trial = Trial(panel, split, basics)
    middle = lookbacks[len(lookbacks) // 2]
    log, normalisation, reason = _choose_space(panel, split, trial, options, middle)
    if options.transform == AUTO:
        choices.append(Choice("transform", log, reason))
    if options.normalisation == AUTO and info.kind == "network":
        together = reason if options.transform != AUTO else "by the same comparison"
        choices.append(Choice("normalisation", normalisation, together))
    lookback, why = _choose_lookback(trial, lookbacks, log, normalisation)
    if options.lookback is None:
        choices.append(Choice("lookback", str(lookback), why))
    scaler = scaler_for(normalisation) if options.scaler == AUTO else options.scaler
    min_context = least_context(split, basics, lookback)
    windows = _count_windows(panel, split, basics.horizon, min_context)
    units = options.units or _units(windows, options.preset)
    training = choose_training(options, windows, units)
    candidates: tuple[NetworkConfig, ...] = ()
    if info.kind == "network":
        network, more = _choose_network(panel, options, basics, lookback, normalisation, units)
        if options.units is None:
            more.append(Choice("units", str(units), f"{windows:,} training windows, preset {options.preset}"))
        candidates = _skip_candidates(network, options)
        choices += more
    return Plan(
        model=options.model,
        horizon=basics.horizon,
        lookback=lookback,
        season_length=basics.season_length,
        min_context=min_context,
        log=log,
        scaler=scaler,
        candidates=candidates,
        training=training,
        choices=tuple(choices),
    )


def choose_training(options: FitOptions, windows: int, units: int) -> TrainingConfig:
    """The preset's training, with the user's values in place of its own."""
    preset = PRESETS[options.preset]
    batch = options.batch_size or int(np.clip(2 ** int(np.log2(max(1, windows / 16))), 16, 256))
    steps = min(preset.steps_per_epoch, max(20, -(-windows // batch)))
    # Few windows make short epochs: more of them, so that the network sees enough steps.
    epochs = options.epochs or max(preset.epochs, min(_MOST_EPOCHS, -(-_LEAST_TOTAL_STEPS // steps)))
    rate = options.learning_rate or (1e-3 if units <= 128 else 5e-4)
    return TrainingConfig(
        loss=options.loss,
        optimizer=options.optimizer,
        learning_rate=rate,
        schedule=options.schedule,
        weight_decay=options.weight_decay,
        batch_size=batch,
        epochs=epochs,
        steps_per_epoch=preset.steps_per_epoch,
        patience=options.patience or max(TrainingConfig.patience, epochs // 8),
        clip_norm=options.clip_norm,
        members=options.members or preset.members,
        seed=options.seed,
        time_limit=options.time_limit,
        device=options.device,
        threads=options.threads,
    )


def lookback_candidates(split: Split, basics: Basics, options: FitOptions) -> list[int]:
    """Lookbacks worth trying: 1.25 times the longer of horizon and season, two horizons, and 2 to 30 seasons."""
    if options.lookback is not None:
        return [options.lookback]
    horizon, season = basics.horizon, basics.season_length
    usable = split.train_end[split.train_end > 0]
    typical = int(np.median(usable)) if len(usable) else int(split.end.max())
    least = -(-5 * max(horizon, season) // 4)
    room = max(basics.min_context, (typical - horizon) // 2)
    most = min(max(_LONGEST_LOOKBACK, 2 * horizon), room, MAX_STEPS)
    wanted = {least, 2 * horizon, *(k * season for k in _SEASONS if k * season > least)}
    fitting = sorted(length for length in wanted if least <= length <= most)
    return fitting or [max(basics.min_context, min(least, most))]


def choose_segment(lookback: int, horizon: int, season: int) -> int:
    """Steps per segment: a divisor of the season of about a day or half a day; 1 for a short lookback."""
    if lookback < _STEP_BY_STEP:
        return 1
    most = min(_LONGEST_SEGMENT, max(2, lookback // 4), max(2, horizon))
    if season > 1:
        return max(d for d in range(1, season + 1) if season % d == 0 and d <= most)
    return max(1, min(most, lookback // 14))


def _choose_space(panel: Panel, split: Split, trial: Trial, options: FitOptions, lookback: int) -> tuple[str, str, str]:
    """Transform and normalisation, and why."""
    known = panel.between(np.zeros_like(split.end), np.maximum(1, split.validation_end))
    values = known.values
    if options.transform == AUTO:
        logs = ["none"] if values.min(initial=1.0) < 0 else ["none", log_kind(values, "log")]
    else:
        log_kind(panel.values, options.transform)  # refuses a negative value wherever it stands
        logs = [log_kind(values, options.transform)]
    norms = ["last", "mean-std"] if options.normalisation == AUTO else [options.normalisation]
    if options.normalisation == AUTO and panel.n_series > 1 and values.min(initial=1.0) >= 0:
        norms.append("mean-level")
    pairs = [(log, norm) for norm in norms for log in logs if not (norm == "mean-level" and log != "none")]
    if not pairs:
        raise OptionError(
            "normalisation 'mean-level' divides by the level and cannot follow a log transform",
            hint="use --transform none",
        )
    if len(pairs) == 1:
        return (*pairs[0], "as asked for")
    errors = [trial.error(lookback, log, norm) for log, norm in pairs]
    simple, best = errors[0], int(np.argmin(errors))
    if not np.isfinite(errors[best]):
        return (*pairs[0], "too few rows to compare others")
    if errors[best] > simple * (1 - CLEARLY):
        best = 0
    return (*pairs[best], f"least validation error of a linear model ({_listing(pairs, errors)})")


def _choose_lookback(trial: Trial, candidates: list[int], log: str, normalisation: str) -> tuple[int, str]:
    """The longest lookback whose linear validation error is within a hundredth of the best."""
    if len(candidates) == 1:
        return candidates[0], "what the rows allow"
    errors = [trial.error(length, log, normalisation) for length in candidates]
    best = min(errors)
    if not np.isfinite(best):
        return candidates[0], "too few rows to compare longer ones"
    length = max(c for c, error in zip(candidates, errors, strict=True) if error <= best * (1 + CLEARLY))
    pairs = [(str(candidate),) for candidate in candidates]
    return length, f"longest within 1 % of the least linear validation error ({_listing(pairs, errors)})"


def _listing(pairs: Sequence[tuple[str, ...]], errors: list[float]) -> str:
    return ", ".join(f"{'+'.join(pair)} {error:.3g}" for pair, error in zip(pairs, errors, strict=True))


def _count_windows(panel: Panel, split: Split, horizon: int, min_context: int) -> int:
    first, last = split.borders("train")
    return len(window_index(panel.offsets, first, last, horizon=horizon, min_context=min_context))


def _choose_network(
    panel: Panel, options: FitOptions, basics: Basics, lookback: int, normalisation: str, units: int
) -> tuple[NetworkConfig, list[Choice]]:
    """Segment, width and the rest of the network."""
    choices = []
    segment = options.segment
    if segment is None:
        segment = choose_segment(lookback, basics.horizon, basics.season_length)
        recurrent = -(-lookback // segment)
        reason = f"the window becomes {recurrent} recurrent steps" if segment > 1 else "a short window"
        choices.append(Choice("segment", str(segment), reason))
    info = get_model(options.model)
    low, high = _SERIES_VECTORS
    vectors = panel.n_series if low <= panel.n_series <= high and options.strategy == "direct" and units > 1 else 0
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
        levels=QUANTILES if options.loss == "quantile" else (0.5,),
        series_vectors=vectors,
        linear_skip=True,
    )
    return network, choices


def _skip_candidates(network: NetworkConfig, options: FitOptions) -> tuple[NetworkConfig, ...]:
    """With and without the linear skip: it wins on most series, and loses on some long noisy ones.

    It adds the whole horizon at once, which leaves nothing to feed back: `recursive` goes without it.
    """
    without = replace(network, linear_skip=False)
    if options.strategy == "recursive":
        if options.linear_skip == "on":
            raise OptionError(
                "the linear skip is on, but recursive forecasts cannot have one", hint="use --linear-skip off"
            )
        return (without,)
    return {"on": (network,), "off": (without,), AUTO: (network, without)}[options.linear_skip]


def _baseline_plan(options: FitOptions, basics: Basics, lookback: int) -> Plan:
    """A baseline has nothing to choose; the linear model is shown beside it as it is without choices."""
    return Plan(
        model=options.model,
        horizon=basics.horizon,
        lookback=lookback,
        season_length=basics.season_length,
        min_context=basics.min_context,
        log="none",
        scaler="standard",
        candidates=(),
        training=choose_training(options, 0, 1),
        choices=basics.choices,
    )


def _units(windows: int, preset: str) -> int:
    """Width by the number of training windows, at most the preset's."""
    return min(PRESETS[preset].units, 32 if windows < 300 else 64 if windows < 3000 else MAX_UNITS)


def _season_reason(panel: Panel, season: int) -> str:
    """What the frequency says, and whether the longest series' autocorrelation agrees."""
    reason = f"natural for {panel.frequency.name} data"
    longest = panel.series(int(np.argmax(panel.lengths)))
    # Of the older rows only: the newest will be held out.
    strength = season_strength(longest[: 7 * len(longest) // 10], season)
    if strength is None:
        return reason
    return f"{reason}; autocorrelation there {strength:.2f}" + (" (weak)" if strength < 0.2 else "")


def season_strength(values: NDArray[np.float64], season: int) -> float | None:
    """Autocorrelation of the differenced series at the season; None where there is none to measure."""
    steps = np.diff(values)
    if season < 2 or len(steps) < 3 * season or np.ptp(steps) <= 1e-9 * np.abs(steps).max():
        return None
    steps = steps - steps.mean()
    return float(steps[season:] @ steps[:-season] / (steps @ steps))
