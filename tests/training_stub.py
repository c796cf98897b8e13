"""Rows, plans, and a player in place of the training of networks, for tests of what is trained on which rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from tsforecast.fitting.choose import choose_basics, choose_plan
from tsforecast.fitting.prepared import prepare
from tsforecast.models.network.weights import weight_shapes
from tsforecast.models.options import FitOptions
from tsforecast.models.training.patience import EpochRate
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.split import split_rows

HORIZON, LOOKBACK = 6, 14
FIXED = {"horizon": HORIZON, "lookback": LOOKBACK, "segment": 7, "transform": "none", "normalisation": "last"}


def make_rows(lengths=(160, 120), noise=0.3, seed=0):
    """Daily series with a weekly season and a slow trend."""
    rng = np.random.default_rng(seed)
    rows = [
        10 + 0.02 * steps + 2 * np.sin(steps * 2 * np.pi / 7) + noise * rng.normal(size=len(steps))
        for steps in map(np.arange, lengths)
    ]
    return make_panel(rows, Frequency("fixed", DAY))


def make_plan(panel, *, horizons=1.0, model="auto", **options):
    """The rows with `horizons` of them for each held-out part, and the plan."""
    chosen = FitOptions(model=model, **{**FIXED, "units": 4, "epochs": 1, "threads": 1, **options})
    held_out = int(horizons * HORIZON)
    split = split_rows(panel.lengths, validation=held_out, calibration=held_out, test=held_out)
    plan = choose_plan(panel, split, choose_basics(panel, chosen), chosen)
    return prepare(panel, split, plan), plan


QUIET = TrainingSession()


@dataclass
class Player:
    """Stands in for the training of networks: weights from the seed, a path of three epochs."""

    calls: list = field(default_factory=list)
    path: tuple = (EpochRate(1, 1.0), EpochRate(2, 1.0), EpochRate(4, 0.25))
    scale: float = 0.0  # of the weights; with 0 a network repeats the last value

    def __call__(self, data, network, training, run, session, *, device):
        self.calls.append(SimpleNamespace(data=data, network=network, run=run, session=session))
        rng = np.random.default_rng(run.seed)
        weights = {
            name: (self.scale * rng.normal(size=shape)).astype(np.float32)
            for name, shape in weight_shapes(network).items()
        }
        records = [SimpleNamespace(member=run.member, epoch=step.epoch) for step in run.replay or self.path]
        return SimpleNamespace(
            weights=weights, path=run.replay or self.path, epochs=records, best_epoch=len(records), gradients=()
        )

    @property
    def phases(self):
        return [call.run.phase for call in self.calls]
