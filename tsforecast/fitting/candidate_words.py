"""Candidates and their combination in words."""

from __future__ import annotations

import numpy as np

from tsforecast.fitting.combination import HeldOut, few_windows, mean_error
from tsforecast.fitting.plan import Choice, Plan
from tsforecast.io.messages import counted
from tsforecast.models.spec import Part


def describe(part: Part, member: int, plan: Plan) -> str:
    """A candidate in words: what it is, and what distinguishes it from the plan's first one."""
    first, apart = plan.candidates[0], []
    if part.network is None and part.name != "linear":
        return part.name
    if first.network and part.network and part.network.normalisation != first.network.normalisation:
        apart.append(part.network.normalisation)
    if part.network and part.lookback != first.lookback:
        apart.append(f"lookback {part.lookback}")
    if any(other.reads.covariates for other in plan.candidates) and not part.reads.covariates:
        apart.append("no covariates")
    if plan.week and not part.week:
        apart.append("with the usual week")
    if plan.training.members > 1 and part.network:
        apart.append(f"member {member + 1} of {plan.training.members}")
    words = f"{part.name} with linear skip" if part.network and part.network.linear_skip else part.name
    return f"{words} ({', '.join(apart)})" if apart else words


def combination_choice(
    candidates: list[tuple[Part, int]],
    plan: Plan,
    shares: tuple[float, ...],
    folds: list[HeldOut],
    *,
    by_series: bool,
) -> Choice:
    """The combination and its reason.

    Args:
        candidates: parts, each with the number of its member.
        plan: what was decided.
        shares: of the candidates.
        folds: held-out windows that these were chosen by.
        by_series: whether each series has shares of its own.
    """
    names = [describe(part, member, plan) for part, member in candidates]
    taken = " + ".join(f"{share:.0%} {name}" for name, share in zip(names, shares, strict=True) if share)
    errors = [mean_error(folds, [fold.forecasts[i] for fold in folds]) for i in range(len(names))]
    if not np.isfinite(errors).any():
        return Choice("combination", taken, "equal shares: nothing to compare by")
    each = ", ".join(f"{name} {error:.3g}" for name, error in zip(names, errors, strict=True))
    windows = counted(sum(len(fold.series) for fold in folds), "validation window")
    periods = f" in {len(folds)} periods" if len(folds) > 1 else ""
    few = ", which are too few to leave out any that is close" if few_windows(folds) else ""
    own = "; each series has shares of its own, by its own windows" if by_series else ""
    return Choice("combination", taken, f"by the error of their mean on {windows}{periods}{few} ({each}){own}")
