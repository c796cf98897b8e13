"""Gradient flow: the gradients along the window measured in training, as rows to store and in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsforecast.arrays import Float32
from tsforecast.models.network.config import NetworkConfig
from tsforecast.models.spec import ModelSpec

# Stored rows are read with every forecast: they stay few, however many epochs and steps there were.
MAX_ROWS, MAX_PROFILES = 10_000, 500
_VANISHED = 1e-6


@dataclass(frozen=True)
class GradientProfile:
    """The gradient along the window after one epoch of one network.

    Args:
        member: number of the ensemble's member, from 0.
        phase: name of the training run.
        epoch: the first is 1.
        kept: whether the weights of this epoch are those that the run has kept.
        norms: at every step of the recurrence, the oldest first; NaN where all windows are padded. Shape (steps,).
        network: whose gradient it is.
    """

    member: int
    phase: str
    epoch: int
    kept: bool
    norms: Float32
    network: NetworkConfig


@dataclass(frozen=True)
class GradientFlow:
    """How far back a model learned from.

    Args:
        steps: steps of the recurrence, without those that are padded in every window.
        segment: rows of the window that make one step.
        half_within: number of newest steps that hold half of the sum of the gradient's norms.
        first_to_last: the norm at the first step divided by the norm at the last one.
        text: the same in words.
    """

    steps: int
    segment: int
    half_within: int
    first_to_last: float
    text: str


def gradient_flow(profiles: Sequence[GradientProfile], spec: ModelSpec) -> GradientFlow | None:
    """How far back the kept weights of the network with the largest share learned from, as the mean over its members.

    None where there is no network, or where the last step, which all others are compared with, has no gradient.
    """
    parts = sorted((part for part in spec.parts if part.network), key=lambda part: part.share)
    network = parts[-1].network if parts else None
    kept = [profile.norms for profile in profiles if profile.kept and profile.network == network]
    if not network or not kept:
        return None
    norms = np.asarray(kept, np.float64).mean(axis=0)
    if not 0 < norms[-1] < np.inf:
        return None
    norms = norms[~np.isnan(norms)]
    steps, ratio = len(norms), float(norms[0] / norms[-1])
    back = np.cumsum(norms[::-1])
    half = 1 + int(np.argmax(back >= back[-1] / 2))
    rows = min(half * network.segment, network.lookback)
    text = (
        f"half of the gradient lies within the last {half} of {steps} steps ({rows:,} of {network.lookback:,} rows); "
        f"at the first step it is {ratio:.2g} times that of the last{', vanished' if ratio < _VANISHED else ''}"
    )
    return GradientFlow(steps, network.segment, half, ratio, text)


def gradient_rows(profiles: Sequence[GradientProfile]) -> list[dict[str, Any]]:
    """One row for each step of each profile, `steps_back` from the last one.

    Of more than MAX_PROFILES profiles, and of profiles with more than MAX_ROWS steps in all, evenly spread ones.
    """
    chosen = [profiles[number] for number in _spread(len(profiles), MAX_PROFILES)]
    most = MAX_ROWS // max(1, len(chosen))
    return [
        {
            "member": profile.member,
            "phase": profile.phase,
            "epoch": profile.epoch,
            "steps_back": len(profile.norms) - 1 - step,
            "gradient_norm": float(f"{profile.norms[step]:.6g}"),
        }
        for profile in chosen
        for step in _spread(len(profile.norms), most)
    ]


def _spread(count: int, most: int) -> list[int]:
    """At most `most` of the numbers below `count`, with the first and the last."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()
