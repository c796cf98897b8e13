"""A model that nobody had to train, and the forecasts that it made on ten mornings."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.store.conftest import HORIZON, build
from tests.workflows.conftest import sales
from tsforecast import clock
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.series.scaling import Scaling
from tsforecast.store.store import Store
from tsforecast.workflows.predict import predict
from tsforecast.workflows.score.noting import note_forecast

DAYS, MORNINGS = 400, 10  # that the model has learned from, and those that forecasts are made on
SECOND = DAYS + 5  # days that the second version has learned from
KEPT = 60  # rows
ALL = sales(DAYS + 30)


def until(days: int) -> pd.DataFrame:
    """The table as it was after so many days."""
    return ALL[ALL.groupby("shop").cumcount() < days]


def morning(days: int) -> datetime:
    """The moment at which so many days are known."""
    return datetime(2023, 1, 1, 6, tzinfo=UTC) + timedelta(days=days)


def publish(store: Path, table: pd.DataFrame, name: str = "sales") -> None:
    """A version of a model that repeats the last value."""
    data, bundle = read_panel(table, ReadOptions()), build("naive")
    count = data.panel.n_series
    scaling = Scaling("standard", "none", np.zeros(count), np.full(count, 100.0), np.ones(count, dtype=bool))
    recent = data.panel.between(data.panel.lengths - KEPT, data.panel.lengths)
    Store(store).model(name).publish(replace(bundle, schema=data.schema, recent=recent, scaling=scaling))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two versions of a model, and what they forecast."""
    store = tmp_path_factory.mktemp("scored")
    with pytest.MonkeyPatch.context() as patch:
        for days in range(DAYS, DAYS + MORNINGS):
            patch.setattr(clock, "now", lambda days=days: morning(days))
            if days in (DAYS, SECOND):
                publish(store, until(days))
            assert note_forecast(predict(until(days), store=store, name="sales"), store=store)
    return store


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "store"))


@pytest.fixture(scope="session")
def by_hand(template: Path) -> pd.DataFrame:
    """What every noted run forecast, with what happened, one row each, by pandas alone."""
    rows = []
    for days in range(DAYS, DAYS + MORNINGS):
        version = 1 if days < SECOND else 2
        made = predict(until(days), store=template, name="sales", version=version).frame
        made["step"] = np.tile(np.arange(1, HORIZON + 1), 2)
        before = until(days).groupby("shop")["sold"]
        made["scale"] = made["shop"].map(before.apply(lambda sold: np.abs(sold.diff(4)).mean()))
        rows.append(made.assign(version=version))
    return pd.concat(rows).merge(until(DAYS + MORNINGS), on=["shop", "date"])
