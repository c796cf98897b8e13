"""Automatic choices, each with its reason, from the training and validation rows alone.

A quick linear model chooses lookback, normalisation and transform: a ridge regression is fitted under each candidate on
training windows and judged on validation windows. The rest follows from the horizon, the season and the number of
windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.errors import OptionError
from tsforecast.fitting.architecture import check_network, choose_network, choose_training, network_candidates
from tsforecast.fitting.choose_covariates import KnownBesides, choose_covariates
from tsforecast.fitting.choose_week import choose_week
from tsforecast.fitting.plan import CLEARLY, Choice, FixedChoices, Plan
from tsforecast.fitting.quick_linear import (
    MANY_WINDOWS,
    NEARLY_ALL,
    QuickLinear,
    Space,
    count_windows,
    least_context,
    scaler_for,
)
from tsforecast.models.network.config import MAX_STEPS
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import COMBINED, get_model
from tsforecast.models.spec import NO_INPUTS, Part
from tsforecast.models.training.config import AUTO
from tsforecast.series.frequency import default_horizon, season_length
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.scaling import log_kind
from tsforecast.series.seasons import seasons_of_panel
from tsforecast.series.split import Split
from tsforecast.series.strays import without_strays
from tsforecast.series.weekly_cycle import weekly_calendar
from tsforecast.series.windows import window_index

_SEASONS = (2, 3, 5, 7, 14, 30)
_LONGEST_LOOKBACK = 720
_WINDOWS_A_STEP = 10  # that a lookback longer than half of the series needs
_CLEAR_SEASON = 0.8  # strength from which a season counts that the frequency does not have


def choose_basics(panel: Panel, options: FitOptions) -> FixedChoices:
    """Season and horizon from the frequency, and the least number of rows before a forecast."""
    choices = []
    season = options.season_length
    if season is None:
        season, why = _season(panel)
        choices.append(Choice("season_length", str(season), why))
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


def choose_plan(
    panel: Panel, split: Split, basics: FixedChoices, options: FitOptions, schema: Schema | None = None
) -> Plan:
    """Decide everything else from the training and validation rows.

    Args:
        panel: the series; rows from the calibration part on are not looked at.
        split: the held-out parts.
        basics: season, horizon and least number of rows before a forecast.
        options: what the user decided.
        schema: names of the columns of covariates, and the time zone.

    Raises:
        OptionError: options that contradict each other or the data.
    """
    kind = get_model(options.model).kind
    lookbacks = lookback_candidates(split, basics, options)
    plan = _without_learning(panel, basics, options, lookbacks[0])
    if kind in ("baseline", "local"):
        return plan
    if kind != "linear":
        check_network(options, basics)
    quick = QuickLinear(panel, split, basics)
    space, chosen = _choose_window(panel, split, quick, options, lookbacks)
    min_context = least_context(split, basics, space.lookback)
    first, last = split.borders("train")
    windows = len(window_index(panel.offsets, first, last, horizon=basics.horizon, min_context=min_context))
    training = choose_training(options, windows)
    learned_from = windows if kind != "linear" else 0
    besides = choose_covariates(panel, split, basics, options, space, schema, learned_from)
    week, of_week = choose_week(quick, options, space, besides, schema)
    networks: tuple[Part, ...] = ()
    more: list[Choice] = []
    if kind != "linear":
        network, more = choose_network(panel.n_series, windows, options, basics, space.lookback, space.normalisation)
        networks = network_candidates(network, training, windows, options, besides, panel.covariates.labels, week)
    plan = replace(
        plan,
        lookback=space.lookback,
        min_context=min_context,
        log=space.log,
        scaler=scaler_for(space.normalisation) if options.scaler == AUTO else options.scaler,
        training=training,
        choices=(*basics.choices, *chosen, *besides.choices, *of_week, *more),
        calendar=weekly_calendar(schema.time_zone if schema else None) if week else besides.calendar,
        inputs=besides.inputs if besides.help else NO_INPUTS,
        brought=besides.brought,
        strengths=besides.strengths,
        unread=besides.unread,
        week=week,
    )
    return replace(plan, candidates=(*networks, *_simple_candidates(plan, besides)))


def _without_learning(panel: Panel, basics: FixedChoices, options: FitOptions, lookback: int) -> Plan:
    """The plan of a baseline or a local model, and what the plan of any other begins with."""
    choices = basics.choices
    if not panel.covariates.absent:
        choices = (*choices, Choice("covariates", "not read", f"{options.model} sees nothing but the values"))
    # Nothing is chosen for the linear model either that is shown beside it.
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
        choices=choices,
        longest=int(panel.lengths.max()),
        lookback_asked=options.lookback is not None,
    )
    return replace(plan, candidates=(plan.simple(options.model),))


def _simple_candidates(plan: Plan, besides: KnownBesides) -> list[Part]:
    """The models beside the networks: those of a combination, or the linear model alone."""
    kind = get_model(plan.model).kind
    simple = [plan.simple(name) for name in {"combination": COMBINED, "linear": ("linear",)}.get(kind, ())]
    if kind == "combination" and besides.inputs.past:
        other = NO_INPUTS if besides.help else besides.inputs
        simple.append(Part("linear", 1.0, plan.lookback, inputs=other))
    if kind == "combination" and plan.week:
        # Validation rows may be few weeks: what a window shows of the week keeps its place in the combination.
        simple.append(Part("linear", 1.0, plan.lookback))
    return simple


def _choose_window(
    panel: Panel, split: Split, quick: QuickLinear, options: FitOptions, lookbacks: list[int]
) -> tuple[Space, list[Choice]]:
    """Transform, normalisation and lookback by a quick linear model, and what was not asked for with its reason."""
    choices = []
    log, normalisation, reason = _choose_space(panel, split, quick, options, lookbacks[len(lookbacks) // 2])
    if options.transform == AUTO:
        choices.append(Choice("transform", log, reason))
    if options.normalisation == AUTO and get_model(options.model).kind != "linear":
        together = reason if options.transform != AUTO else "by the same comparison"
        choices.append(Choice("normalisation", normalisation, together))
    whole = {length for length in lookbacks if _mostly_whole(split, quick.basics, length)}
    lookback, why = choose_lookback(quick, lookbacks, log, normalisation, whole)
    if options.lookback is None:
        choices.append(Choice("lookback", str(lookback), why))
    return Space(lookback, log, normalisation), choices


def lookback_candidates(split: Split, basics: FixedChoices, options: FitOptions) -> list[int]:
    """Lookbacks to try: 1.25 times the longer of horizon and season, two horizons, and 2 to 30 seasons.

    They leave enough to learn from: half of the typical series, or in a large panel many windows of nearly all series.
    In a panel of short series they may be as long as the typical one: the season matters more than windows without
    padding.
    """
    if options.lookback is not None:
        return [options.lookback]
    horizon, season = basics.horizon, basics.season_length
    usable = _usable(split)
    padded = count_windows(usable, basics.min_context, horizon)
    wanted = {-(-5 * max(horizon, season) // 4), 2 * horizon, *(k * season for k in _SEASONS)}
    least = shortest_lookback(basics)
    fitting = [
        length
        for length in sorted(wanted)
        if least <= length <= _LONGEST_LOOKBACK
        and (
            _mostly_whole(split, basics, length) or (length <= np.median(usable) and _WINDOWS_A_STEP * length <= padded)
        )
    ]
    return fitting or [min(_half(split, basics), max(least, _LONGEST_LOOKBACK), MAX_STEPS)]


def _mostly_whole(split: Split, basics: FixedChoices, lookback: int) -> bool:
    """Whether a lookback leaves enough windows that are not padded: half of the typical series, or many of a panel."""
    return lookback <= _half(split, basics) or _leaves_many(_usable(split), lookback + basics.horizon)


def _half(split: Split, basics: FixedChoices) -> int:
    """Half of the typical series."""
    return max(basics.min_context, (int(np.median(_usable(split))) - basics.horizon) // 2)


def _usable(split: Split) -> Int64:
    """Rows that each series has to learn from, as far as it has some."""
    usable = split.train_end[split.train_end > 0]
    return usable if len(usable) else split.end


def shortest_lookback(basics: FixedChoices) -> int:
    """The shortest lookback to try: 1.25 times the longer of horizon and season."""
    # A few seasons are enough for a horizon of many.
    most = max(2 * basics.season_length, _LONGEST_LOOKBACK // 4)
    return min(-(-5 * max(basics.horizon, basics.season_length) // 4), most)


def _leaves_many(usable: Int64, rows: int) -> bool:
    """Whether there are many windows of that many rows, and nearly all series have one."""
    return bool(np.maximum(0, usable - rows).sum() >= MANY_WINDOWS and np.mean(usable >= rows) >= NEARLY_ALL)


def _choose_space(
    panel: Panel, split: Split, quick: QuickLinear, options: FitOptions, lookback: int
) -> tuple[str, str, str]:
    """Transform and normalisation, and why."""
    known = panel.between(np.zeros_like(split.end), np.maximum(1, split.validation_end))
    values = without_strays(known, split.train_end).values
    if options.transform == AUTO:
        logs = ["none"] if values.min(initial=1.0) < 0 else ["none", log_kind(values, "log")]
    else:
        log_kind(panel.values, options.transform)  # refuses a negative value in any row
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
    errors = [quick.error(lookback, log, norm) for log, norm in pairs]
    simple, best = errors[0], int(np.argmin(errors))
    if not np.isfinite(errors[best]):
        return (*pairs[0], "too few rows to compare others")
    why = "least validation error of a linear model"
    if errors[best] > simple * (1 - CLEARLY):
        best, why = 0, f"the simplest; no other makes {CLEARLY:.0%} less validation error in a linear model"
    return (*pairs[best], f"{why} ({_listing(pairs, errors)})")


def choose_lookback(
    quick: QuickLinear, candidates: list[int], log: str, normalisation: str, whole: set[int]
) -> tuple[int, str]:
    """The longest lookback whose linear validation error is within a hundredth of the best, and why.

    Args:
        quick: the linear models.
        candidates: lookbacks to try, ascending.
        log: logarithm of the values.
        normalisation: of each window.
        whole: those under which windows are hardly padded; the others count only where all of these err a hundredth
            more.
    """
    if len(candidates) == 1:
        return candidates[0], "what the rows allow"
    errors = {length: quick.error(length, log, normalisation) for length in candidates}
    best = min(errors.values())
    if not np.isfinite(best):
        return candidates[0], "too few rows to compare longer ones"
    close = {length for length, error in errors.items() if error <= best * (1 + CLEARLY)}
    listed = _listing([(str(length),) for length in candidates], list(errors.values()))
    if whole & close and max(close) not in whole:
        return max(whole & close), f"longest without much padding within 1 % of the least linear error ({listed})"
    return max(close), f"longest within 1 % of the least linear validation error ({listed})"


def _listing(pairs: Sequence[tuple[str, ...]], errors: list[float]) -> str:
    return ", ".join(f"{'+'.join(pair)} {error:.3g}" for pair, error in zip(pairs, errors, strict=True))


def _season(panel: Panel) -> tuple[int, str]:
    """The season by the frequency, or a clear one of the older rows where the frequency has none, and why."""
    season, adjective = season_length(panel.frequency), panel.frequency.adjective
    # The newest rows will be held out.
    found = seasons_of_panel(without_strays(panel), share=0.7)
    by_length = {one.length: one.strength for one in found}
    clear = max(found, key=lambda one: one.strength, default=None)
    if season == 1 and clear is not None and clear.strength >= _CLEAR_SEASON:
        return clear.length, f"found in the data, strength {clear.strength:.2f}; {adjective} data have none by nature"
    reason = f"natural for {adjective} data"
    if season > 1:
        reason += (
            f", strength {by_length[season]:.2f}" if season in by_length else ", though weak or too long to measure"
        )
    others = [f"{one.length} (strength {one.strength:.2f})" for one in found if one.length != season]
    return season, reason + (f"; the data also have a season of {' and '.join(others)}" if others else "")
