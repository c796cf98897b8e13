"""Models of every format that was ever released load for ever, and forecast what they did then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tsforecast.store.bundle.formats import FORMAT_VERSION
from tsforecast.store.store import Store
from tsforecast.workflows.predict import predict

FORMATS = sorted((Path(__file__).parent / "fixtures").glob("format-*"))


def test_the_present_format_is_among_them() -> None:
    assert f"format-{FORMAT_VERSION}" in [folder.name for folder in FORMATS]


@pytest.fixture(params=FORMATS, ids=lambda folder: folder.name)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy: the tests may run in a checkout that somebody else owns."""
    for path in request.param.rglob("*"):
        copy = tmp_path / path.relative_to(request.param)
        if path.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy.chmod(0o664)
            copy.parent.chmod(0o775)
    return tmp_path


def test_an_old_version_loads(store: Path) -> None:
    model = Store(store).find()
    assert (model.name, model.in_service()) == ("sales", 1)
    assert model.open().bundle.spec.name == "auto"
    assert [checked.error for checked in Store(store).verify()] == [None]


def test_an_old_version_gives_the_forecast_that_it_gave(store: Path) -> None:
    expected = pd.read_csv(store / "forecast.csv")
    made = predict(store=store, name="sales").frame
    assert list(made.columns) == list(expected.columns)
    assert made["zeit"].tolist() == expected["zeit"].tolist()
    numbers = expected.columns[3:]
    assert len(numbers) == 5
    assert made[numbers].to_numpy() == pytest.approx(expected[numbers].to_numpy(), rel=1e-4)
