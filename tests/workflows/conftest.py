"""Small real fits that the tests of the workflows share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tsforecast.models.options import FitOptions
from tsforecast.workflows.fit import FitResult, fit


def sales(days: int = 400, *, shops: tuple[str, ...] = ("007", "7"), seed: int = 0) -> pd.DataFrame:
    """Daily sales of some shops with a weekly season, as a long table."""
    day = np.arange(days)
    frames = []
    for number, shop in enumerate(shops):
        random = np.random.default_rng([seed, number])
        values = 100 * (number + 1) + 20 * np.sin(2 * np.pi * day / 7) + 0.05 * day + random.normal(0, 5, days)
        date = pd.date_range("2023-01-01", periods=days, freq="D").strftime("%Y-%m-%d")
        frames.append(pd.DataFrame({"shop": shop, "date": date, "sold": values.round(3)}))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def sales_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    sales().to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def fitted(sales_csv: Path, store: Path) -> FitResult:
    return fit(sales_csv, options=FitOptions(model="linear", horizon=7), store=store)
