"""`fit` that is interrupted and resumed publishes the same bits as one that is not."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.workflows.conftest import sales
from tsforecast.errors import Terminated
from tsforecast.models.options import FitOptions
from tsforecast.progress import EpochEnded, Message, PhaseStarted
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.load import load_bundle
from tsforecast.workflows import fit as fitting
from tsforecast.workflows.fit import FitResult, fit

# Short series: several periods validate. Two members and a linear part.
OPTIONS = FitOptions(
    model="auto", preset="fast", horizon=7, units=8, epochs=3, lookback=14, segment=7, members=2, threads=1
)


class Watch:
    """Notes what is told, and interrupts when the epoch of that number (over all runs) ends."""

    def __init__(self, epoch: int = 10**6) -> None:
        self.left = epoch
        self.phases: list[str] = []
        self.texts: list[str] = []

    def __call__(self, event: object) -> None:
        if isinstance(event, PhaseStarted):
            self.phases.append(event.name)
        if isinstance(event, Message) and event.kind != "choice":
            self.texts.append(event.text)
        if isinstance(event, EpochEnded):
            self.left -= 1
            if self.left == 0:
                raise Terminated(15)


def train(frame: pd.DataFrame, store: Path, epoch: int = 10**6, *, resume: bool = True) -> tuple[Watch, FitResult]:
    watch = Watch(epoch)
    return watch, fit(frame, options=OPTIONS, store=store, name="sales", resume=resume, report=watch)


def interrupt(frame: pd.DataFrame, store: Path, epoch: int, *, resume: bool = True) -> Watch:
    watch = Watch(epoch)
    with pytest.raises(Terminated):
        fit(frame, options=OPTIONS, store=store, name="sales", resume=resume, report=watch)
    assert not (store / "sales" / "versions").exists()
    return watch


def same(one: Bundle, other: Bundle) -> bool:
    tensors = [{**bundle.forecaster.weights, "golden": bundle.golden.expected} for bundle in (one, other)]
    equal = [np.array_equal(tensors[0][name], tensors[1][name]) for name in tensors[0]]
    timed = ("seconds", "windows_per_second")
    history = [[{k: v for k, v in row.items() if k not in timed} for row in b.epochs] for b in (one, other)]
    calibrated = np.array_equal(one.forecaster.calibration.scores, other.forecaster.calibration.scores)
    return tensors[0].keys() == tensors[1].keys() and all(equal) and history[0] == history[1] and calibrated


@pytest.mark.sweep
def test_a_resumed_fit_publishes_the_same_bits(tmp_path: Path) -> None:
    """Interrupted in the first network, in a later one and in the final training."""
    frame = sales(160, shops=("a",))
    usual, whole = train(frame, tmp_path / "whole", resume=False)
    assert any("period 2" in phase for phase in usual.phases) and any("member 2" in phase for phase in usual.phases)
    store = tmp_path / "store"
    interrupt(frame, store, 2, resume=False)
    second = interrupt(frame, store, 6)
    assert second.texts[-1] == f"resumed: {usual.phases[0]} at epoch 2"
    assert second.phases == usual.phases[: len(second.phases)]
    before = next(number for number, phase in enumerate(usual.phases) if phase.startswith("final"))
    third = interrupt(frame, store, 3 * before - 6 + 2)
    assert third.phases[-1] == usual.phases[before]
    last, result = train(frame, store)
    assert last.phases == usual.phases[before:]
    assert last.texts[-1] == f"resumed: {usual.phases[before]} at epoch 2, {before} networks already trained"
    assert same(load_bundle(result.path), load_bundle(whole.path))
    assert sorted(os.listdir(store / "sales")) == sorted(os.listdir(tmp_path / "whole" / "sales"))
    assert ".checkpoint" not in os.listdir(store / "sales")


def test_a_fit_without_a_network_leaves_no_checkpoint(sales_csv: Path, tmp_path: Path) -> None:
    result = fit(sales_csv, options=FitOptions(model="linear", horizon=7), store=tmp_path, resume=True)
    assert ".checkpoint" not in os.listdir(tmp_path / result.name)


@pytest.mark.parametrize("change", [{"data_hash": "b"}, {"options": FitOptions(epochs=2)}])
def test_other_data_and_other_options_are_another_training(change: dict[str, object]) -> None:
    usual = {"data_hash": "a", "options": FitOptions(), "reading": fitting.ReadOptions()}
    assert fitting.training_facts(**usual) == fitting.training_facts(**usual)  # type: ignore[arg-type]
    assert fitting.training_facts(**usual) != fitting.training_facts(**usual | change)  # type: ignore[arg-type]
