"""A retraining for half a year, with all that befalls a feed: each night is as it should be, and so is the end.

The job runs around each of the 16 events every night, and one night in six where nothing happens; with `--all` on all
180 nights.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Freeze, Run
from tests.sampling import usual
from tests.sweeps import half_year as year
from tsforecast.errors import StorageError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict
from tsforecast.workflows.retrain import forecast_file

pytestmark = pytest.mark.sweep

KEEP = 5
NIGHTS = year.nights(whole=usual(False, full=True))
LINEAR = ["--model", "linear"]
# Far too small to be good: what is asked here is how it is looked after.
NETWORK = ["--model", "gru", "--units", "4", "--epochs", "2", "--lookback", "14", "--members", "1"]
NETWORK += ["--linear-skip", "on", "--normalisation", "last", "--min-new-rows", "60"]
CONFIG = """[retrain]
data = "shops.csv"
store = "models"
horizon = 7
predict-to = "next.csv"
log-file = "log"
metrics-file = "shops.prom"
max-age = "3d"
quiet = true
"""


@dataclass
class Life:
    """The folder of the job, and what it has done so far."""

    folder: Path
    run: Run
    patch: pytest.MonkeyPatch
    freeze: Freeze
    words: list[str]
    feed: year.Feed
    exits: list[int] = field(default_factory=list)
    fitted_by_hand: int | None = None

    def night(self, number: int) -> int:
        """The table comes in and the job runs."""
        self.freeze(year.moment(number))
        self.feed.table(number).to_csv(self.folder / "shops.csv", index=False)
        with self.patch.context() as broken:
            if number == year.FULL_DISK:
                broken.setattr(forecast_file, "write_forecast", _full)
            done = self.run("retrain", "--config", "shops.toml", "--keep", KEEP, *self.words)
        assert done.stdout == "" and done.stderr.count("\n") == (1 if done.exit_code else 0), done.stderr
        self.exits.append(done.exit_code)
        return done.exit_code

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def forecast(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "next.csv", dtype={"shop": str})

    def status(self, number: int) -> tuple[int, dict[str, Any]]:
        """What a monitor is told at noon."""
        self.freeze(year.moment(number) + timedelta(hours=9))
        done = self.run("status", "shops", "--max-age", "26h", "--json")
        return done.exit_code, json.loads(done.stdout)["models"][0]


def _full(*args: Any, **kwargs: Any) -> None:
    raise StorageError("cannot be written: No space left on device")


def _error(feed: year.Feed, forecast: pd.DataFrame) -> float:
    """Mean share by which a forecast is off, over the days that came."""
    found = [
        abs(row.forecast / actual - 1)
        for row in forecast.itertuples()
        if (actual := feed.actual(row.shop, row.date)) is not None
    ]
    return float(np.mean(found))


def _check_night(life: Life, number: int, code: int) -> None:
    line, log = life.log()[-1], life.log()
    assert len(log) == len(life.exits) and line["exit"] == code
    if number == year.FULL_DISK:
        assert code == 74
    elif year.shut(number):
        assert (code, line["status"]) == (4, "gate"), (number, line["message"])
    else:
        assert code in (0, 3), (number, line["message"])
    begins = life.forecast().groupby("shop")["date"].min()
    # A night without a right table is the only one whose forecast may be of before, and it says so.
    stands = number in (year.RENAMED, year.FULL_DISK)
    expected = year.stamp(year.newest_day(number - 1 if stands else number) + 1)
    assert begins["a"] == expected, (number, line["message"])
    if stands:
        assert "the forecast in" in line["message"] and "old, of version" in line["message"]
    days_since = year.newest_day(number) - (year.ENDS - 1)
    assert ("b" in begins) == (days_since < year.HORIZON)
    if number > year.OPENED:
        assert "new" in begins
    assert set(life.forecast().columns[:3]) == {"shop", "date", "forecast"}
    if not (stands or year.shut(number)):
        made = predict(life.folder / "shops.csv", store=life.folder / "models", name="shops", ended_after="horizon")
        assert np.allclose(life.forecast()["forecast"], made.frame["forecast"], rtol=1e-5)


def _check_store(life: Life, number: int) -> None:
    numbers = sorted(int(path.name) for path in (life.folder / "models/shops/versions").iterdir())
    assert len(numbers) <= KEEP + 2
    files = [path for path in (life.folder / "models").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 8 << 20
    code, status = life.status(number)
    recent = [0 if code in (0, 3) else 4 for code in life.exits[-2:]]
    # Nine hours after a run that ended well, or 33 after the one before.
    assert code == (0 if recent[-1] == 0 or _published_today(status, number) else 4), (number, status)
    assert bool(status["breaches"]) == year.shut(number)


def _published_today(status: dict[str, Any], number: int) -> bool:
    return pd.Timestamp(status["published"]) >= pd.Timestamp(year.moment(number))


def _by_hand(life: Life, number: int) -> float:
    """The error of a model that somebody refits each week."""
    if life.fitted_by_hand is None or number >= life.fitted_by_hand + 7:
        life.fitted_by_hand = number
        options = FitOptions(model="linear", horizon=year.HORIZON)
        reading = ReadOptions(target_cols=("sold",))
        fit(life.folder / "shops.csv", options=options, reading=reading, store=life.folder / "hand", name="shops")
    made = predict(life.folder / "shops.csv", store=life.folder / "hand", name="shops", ended_after="horizon")
    return _error(life.feed, made.frame)


@pytest.fixture
def life(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, freeze: Freeze) -> Any:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    (tmp_path / "shops.toml").write_text(CONFIG)
    yield lambda words: Life(tmp_path, run, monkeypatch, freeze, words, year.Feed(year.truth()))
    monkeypatch.undo()
    time.tzset()


def _live(life: Life, *, compared: bool) -> tuple[dict[int, float], dict[int, float]]:
    mine, by_hand = {}, {}
    for number in NIGHTS:
        if number == year.ROLLED_BACK:
            assert life.run("models", "rollback", "shops", "--store", "models").exit_code == 0
        if number == year.FITTED:
            words = ["--horizon", 7, "--target-col", "sold", "--store", "models", "-q", *LINEAR]
            assert life.run("fit", "shops.csv", *words).exit_code == 0
        code = life.night(number)
        _check_night(life, number, code)
        _check_store(life, number)
        if compared and not year.shut(number) and code != 74:
            mine[number], by_hand[number] = _error(life.feed, life.forecast()), _by_hand(life, number)
    return mine, by_hand


def test_half_a_year_of_a_linear_model(life: Any) -> None:
    one = life(LINEAR)
    mine, by_hand = _live(one, compared=True)
    assert np.mean(list(mine.values())) <= 1.05 * np.mean(list(by_hand.values()))
    assert one.exits.count(3) <= 0.02 * len(NIGHTS)
    assert one.exits.count(4) == sum(map(year.shut, range(year.DAYS)))


def test_half_a_year_of_a_network(life: Any) -> None:
    _live(life(NETWORK), compared=False)
