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
from tsforecast.fitting.architecture import check_network, choose_network, choose_units, network_candidates
from tsforecast.fitting.plan import CLEARLY, Choice, FixedChoices, Plan
from tsforecast.fitting.quick_linear import QuickLinear, least_context, scaler_for
from tsforecast.models.network.config import MAX_STEPS
from tsforecast.models.options import PRESETS, FitOptions
from tsforecast.models.registry import COMBINED, get_model
from tsforecast.models.spec import Part
from tsforecast.models.training.config import AUTO, LEAST_STEPS, TrainingConfig
from tsforecast.series.frequency import default_horizon, season_length
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import log_kind
from tsforecast.series.split import Split
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import window_index

_SEASONS = (2, 3, 5, 7, 14, 30)
_LONGEST_LOOKBACK = 720
_MANY_WINDOWS, _NEARLY_ALL = 10_000, 0.9
_LEAST_TOTAL_STEPS, _MOST_EPOCHS = 2000, 100
_WIDE = 128  # wider networks learn at half the rate


def choose_basics(panel: Panel, options: FitOptions) -> FixedChoices:
    """Season and horizon from the frequency, and the context that a series needs at least."""
    choices = []
    season = options.season_length
    if season is None:
        season = season_length(panel.frequency)
        choices.append(Choice("season_length", str(season), _season_reason(without_strays(panel), season)))
    longest = int(panel.lengths.max())
    horizon = options.horizon
    if horizon is None:
        usual = default_horizon(panel.frequency)
        horizon = min(usual, max(1, longest // 4))
        reason = f"usual for {panel.frequency.adjective} data"
        if horizon < usual:
            reason = f"a quarter of the {longest} rows; {usual} is usual for {panel.frequency.adjective} data"
        choices.append(Choice("horizon", str(horizon), reason))
    if options.lookback is not None:
        return FixedChoices(horizon, season, options.lookback, tuple(choices))
    return FixedChoices(horizon, season, max(2, min(horizon, season)), tuple(choices))


def choose_plan(panel: Panel, split: Split, basics: FixedChoices, options: FitOptions) -> Plan:
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
    lookbacks = lookback_candidates(split, basics, options)
    if info.kind == "baseline":
        return _baseline_plan(options, basics, lookbacks[0])
    if info.kind != "linear":
        check_network(options, basics)
    choices = list(basics.choices)
    trial = QuickLinear(panel, split, basics)
    middle = lookbacks[len(lookbacks) // 2]
    log, normalisation, reason = _choose_space(panel, split, trial, options, middle)
    if options.transform == AUTO:
        choices.append(Choice("transform", log, reason))
    if options.normalisation == AUTO and info.kind != "linear":
        together = reason if options.transform != AUTO else "by the same comparison"
        choices.append(Choice("normalisation", normalisation, together))
    lookback, why = _choose_lookback(trial, lookbacks, log, normalisation)
    if options.lookback is None:
        choices.append(Choice("lookback", str(lookback), why))
    min_context = least_context(split, basics, lookback)
    windows = _count_windows(panel, split, basics.horizon, min_context)
    training = choose_training(options, windows)
    candidates: tuple[Part, ...] = ()
    if info.kind != "linear":
        network, more = choose_network(panel.n_series, windows, options, basics, lookback, normalisation)
        candidates = network_candidates(network, training, windows, options)
        choices += more
    plan = Plan(
        model=options.model,
        horizon=basics.horizon,
        lookback=lookback,
        season_length=basics.season_length,
        min_context=min_context,
        log=log,
        scaler=scaler_for(normalisation) if options.scaler == AUTO else options.scaler,
        candidates=candidates,
        training=training,
        choices=tuple(choices),
    )
    if info.kind == "network":
        return plan
    simple = [plan.simple(name) for name in (COMBINED if info.kind == "combination" else (options.model,))]
    return replace(plan, candidates=(*candidates, *simple))


def choose_training(options: FitOptions, windows: int) -> TrainingConfig:
    """The preset's training, with the user's values in place of its own."""
    preset = PRESETS[options.preset]
    batch = options.batch_size or int(np.clip(2 ** int(np.log2(max(1, windows / 16))), 16, 256))
    steps = min(preset.steps_per_epoch, max(LEAST_STEPS, -(-windows // batch)))
    # Few windows make short epochs: more of them, so that the network sees enough steps.
    epochs = options.epochs or max(preset.epochs, min(_MOST_EPOCHS, -(-_LEAST_TOTAL_STEPS // steps)))
    wide = (options.units or choose_units(windows, options.preset)) > _WIDE
    rate = options.learning_rate or (5e-4 if wide else 1e-3)
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


def lookback_candidates(split: Split, basics: FixedChoices, options: FitOptions) -> list[int]:
    """Lookbacks worth trying: 1.25 times the longer of horizon and season, two horizons, and 2 to 30 seasons.

    They leave enough to learn from: half of the typical series, or in a large panel many windows of nearly all series.
    """
    if options.lookback is not None:
        return [options.lookback]
    horizon, season = basics.horizon, basics.season_length
    usable = split.train_end[split.train_end > 0]
    if not len(usable):
        usable = split.end
    most = max(basics.min_context, (int(np.median(usable)) - horizon) // 2)
    wanted = {-(-5 * max(horizon, season) // 4), 2 * horizon, *(k * season for k in _SEASONS)}
    least = shortest_lookback(basics)
    fitting = [
        length
        for length in sorted(wanted)
        if least <= length <= _LONGEST_LOOKBACK and (length <= most or _leaves_many(usable, length + horizon))
    ]
    return fitting or [min(most, max(least, _LONGEST_LOOKBACK), MAX_STEPS)]


def shortest_lookback(basics: FixedChoices) -> int:
    """The least that is worth trying: 1.25 times the longer of horizon and season."""
    # Seeing a few seasons is enough for a horizon of many.
    most = max(2 * basics.season_length, _LONGEST_LOOKBACK // 4)
    return min(-(-5 * max(basics.horizon, basics.season_length) // 4), most)


def _leaves_many(usable: NDArray[np.int64], rows: int) -> bool:
    """Whether windows of that many rows are many, and nearly all series have some."""
    return bool(np.maximum(0, usable - rows).sum() >= _MANY_WINDOWS and np.mean(usable >= rows) >= _NEARLY_ALL)


def _choose_space(
    panel: Panel, split: Split, trial: QuickLinear, options: FitOptions, lookback: int
) -> tuple[str, str, str]:
    """Transform and normalisation, and why."""
    known = panel.between(np.zeros_like(split.end), np.maximum(1, split.validation_end))
    values = without_strays(known, split.train_end).values
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


def _choose_lookback(trial: QuickLinear, candidates: list[int], log: str, normalisation: str) -> tuple[int, str]:
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


def _baseline_plan(options: FitOptions, basics: FixedChoices, lookback: int) -> Plan:
    """A baseline has nothing to choose; the linear model is shown beside it as it is without choices."""
    plan = Plan(
        model=options.model,
        horizon=basics.horizon,
        lookback=lookback,
        season_length=basics.season_length,
        min_context=basics.min_context,
        log="none",
        scaler="standard",
        candidates=(),
        training=choose_training(options, 0),
        choices=basics.choices,
    )
    return replace(plan, candidates=(plan.simple(options.model),))


def _season_reason(panel: Panel, season: int) -> str:
    """What the frequency says, and whether the longest series' autocorrelation agrees."""
    reason = f"natural for {panel.frequency.adjective} data"
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
