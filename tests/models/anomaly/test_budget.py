"""The budget of false alarms holds on made clean series of many kinds, by every method."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.methods import score_rows
from tsforecast.models.anomaly.names import NAMES
from tsforecast.models.anomaly.segments import stretches_above
from tsforecast.models.anomaly.tail import fit_tail
from tsforecast.models.anomaly.windows import find_window

ROWS, SEASON = 8760, 24
BUDGETS = (720, 2160)


def clean(seed: int) -> dict[str, Float64]:
    random, steps = np.random.default_rng(seed), np.arange(ROWS)
    season, noise = np.sin(2 * np.pi * steps / SEASON), random.normal(size=ROWS)
    return {
        "noise": noise,
        "persistent": np.convolve(random.normal(size=ROWS + 199), 0.9 ** np.arange(200), "valid"),
        "seasonal": 3 * season + noise,
        "heavy-tailed": 3 * season + random.standard_t(3, size=ROWS),
        "random walk": noise.cumsum(),
        "multiplied": np.exp(season + 0.3 * noise),
    }


@pytest.mark.sweep
@pytest.mark.parametrize("method", NAMES)
def test_alarms_on_clean_series_keep_the_budget(method: str) -> None:
    alarms, allowed = dict.fromkeys(BUDGETS, 0), dict.fromkeys(BUDGETS, 0.0)
    for seed in range(2):
        for values in clean(seed).values():
            window = find_window(values, SEASON)
            scores = score_rows(values, window, method)
            tail = fit_tail(scores, window)
            for steps in BUDGETS:
                alarms[steps] += len(stretches_above(scores, tail.alarm_level(steps), window))
                allowed[steps] += ROWS / steps
    for steps in BUDGETS:
        assert 0.7 <= alarms[steps] / allowed[steps] <= 1.3, steps
