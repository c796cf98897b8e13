"""`predict` with another scenario: what is changed, what comes out beside the base, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import tsforecast
from tests.conftest import make_series
from tsforecast.errors import DataError, InputMissingError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict

N, AHEAD, HORIZON = 300, 14, 7
BOUNDS = ["lower_80", "upper_80", "lower_95", "upper_95"]


def make_table():
    """Sales of two shops: two more for each unit of price less, 15 more under a promotion."""
    rng, tables = np.random.default_rng(0), []
    for number, shop in enumerate("ab"):
        price, promo = rng.normal(10, 2, N + AHEAD).round(2), (rng.random(N + AHEAD) < 0.2).astype(int)
        sold = 100 - 2 * price + 15 * promo + rng.normal(0, 0.2, N + AHEAD)
        columns = {"day": pd.date_range("2024-01-01", periods=N + AHEAD), "shop": shop, "sold": sold, "price": price}
        late = {"promo": promo, "visitors": rng.normal(size=N + AHEAD)}
        tables.append(pd.DataFrame({**columns, **late, "size": number + 1.0, "kind": f"k{number}"}))
    return pd.concat(tables, ignore_index=True)


TABLE = make_table()
BEYOND = TABLE.groupby("shop").cumcount() >= N
KNOWN = TABLE.assign(**{name: TABLE[name].mask(BEYOND) for name in ("sold", "visitors")})
AHEAD_COLUMNS = TABLE.loc[BEYOND, ["day", "shop", "price", "promo"]]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    roles = ReadOptions(
        target_cols=("sold",),
        id_cols=("shop",),
        future_cols=("price", "promo"),
        past_cols=("visitors",),
        static_cols=("size",),
        category_cols=("kind",),
    )
    options = FitOptions(model="linear", horizon=HORIZON, lookback=14)
    fit(KNOWN, options=options, reading=roles, store=folder, name="shop")
    fit(make_series(200), options=options, store=folder, name="plain")
    return folder


def asked(store, *what_if, **options):
    return predict(store=store, name="shop", what_if=what_if, **options)


def gain(made):
    """How much more the scenario sells, per series and step."""
    return made.forecast.what_if.y_pred - made.forecast.y_pred


def texts(made):
    return [note.text for note in made.notes]


@pytest.mark.parametrize(
    ("how", "price"),
    [
        ("price=+10%", lambda price: 1.1 * price),
        ("price=-10%", lambda price: 0.9 * price),
        ("price=+1.5", lambda price: price + 1.5),
        ("price=-.5", lambda price: price - 0.5),
        ("price=12.5", lambda price: 12.5 + 0 * price),
        ("price= 9 ", lambda price: 9 + 0 * price),
        ("price=*1.2", lambda price: 1.2 * price),
        ("price==-1", lambda price: -1 + 0 * price),
    ],
)
def test_a_change_does_what_its_notation_says(store, how, price):
    before = AHEAD_COLUMNS.groupby("shop").head(HORIZON)["price"].to_numpy().reshape(2, HORIZON)
    np.testing.assert_allclose(gain(asked(store, how)), -2 * (price(before) - before), rtol=0.05, atol=0.4)


def test_a_column_that_is_not_read_is_not_needed_ahead_and_changes_nothing(tmp_path):
    rng = np.random.default_rng(6)
    table = KNOWN[KNOWN["shop"] == "a"].assign(moon=rng.normal(size=N + AHEAD))
    roles = ReadOptions(target_cols=("sold",), future_cols=("moon", "price"))
    options = FitOptions(model="linear", horizon=HORIZON, lookback=14, calendar="none")
    fit(table, options=options, reading=roles, store=tmp_path, name="shop")
    made = predict(store=tmp_path, name="shop", what_if="price=+1")
    assert "known ahead: 'price', 14 steps" in " / ".join(texts(made))
    assert made.besides.startswith("Reads price besides the values")
    with pytest.raises(OptionError, match="does not read 'moon'") as refused:
        predict(store=tmp_path, name="shop", what_if="moon=+1")
    assert refused.value.hint == "change 'price'"


def test_the_base_is_the_forecast_without_a_scenario(store):
    plain, made = predict(store=store, name="shop"), asked(store, "price=+10%")
    added = ["what_if", *(f"what_if_{name}" for name in BOUNDS)]
    assert list(made.frame.columns) == [*plain.frame.columns, *added]
    pd.testing.assert_frame_equal(made.frame[plain.frame.columns], plain.frame)
    assert "what_if" not in plain.to_dict()
    assert (made.frame["what_if_lower_80"] < made.frame["what_if"]).all()


def test_several_columns_are_one_scenario(store):
    made = asked(store, "price=-2", "promo=1")
    promo = AHEAD_COLUMNS.groupby("shop").head(HORIZON)["promo"].to_numpy().reshape(2, HORIZON)
    np.testing.assert_allclose(gain(made), 4 + 15 * (1 - promo), rtol=0.05, atol=0.4)
    said = " / ".join(texts(made))
    assert "by -2; the value -2 itself is price==-2" in said and "'promo' is 1 in place of 0 to 1" in said
    document = made.to_dict()
    assert document["what_if"] == ["price=-2", "promo=1"]
    assert document["forecast"][0]["what_if"] > document["forecast"][0]["forecast"]
    assert document["notes"][-1]["text"].startswith("what if price=-2, promo=1: the forecast is ")


def test_a_scenario_is_in_a_table_too(store, tmp_path):
    cheaper = AHEAD_COLUMNS.assign(price=AHEAD_COLUMNS["price"] - 1)
    expected = asked(store, "price=-1").frame
    pd.testing.assert_frame_equal(asked(store, cheaper).frame, expected)
    path = tmp_path / "a=b.csv"
    cheaper.to_csv(path, index=False)
    pd.testing.assert_frame_equal(asked(store, str(path)).frame, expected)
    both = asked(store, path, "promo=0")
    np.testing.assert_allclose(gain(both) - gain(asked(store, "promo=0")), 2, atol=0.2)
    pd.testing.assert_frame_equal(predict(store=store, name="shop", what_if=cheaper).frame, expected)


def test_the_scenario_starts_from_the_file_of_what_is_known(store):
    dearer = AHEAD_COLUMNS.assign(price=AHEAD_COLUMNS["price"] + 3)
    made = asked(store, "price=-3", future=dearer)
    np.testing.assert_allclose(made.forecast.what_if.y_pred, predict(store=store, name="shop").forecast.y_pred)


def test_a_table_that_ends_early_is_refused(store):
    short = AHEAD_COLUMNS.groupby("shop").head(3)
    with pytest.raises(DataError, match="in the scenario 'price', 'promo' are known for 3 steps"):
        asked(store, short)
    assert gain(asked(store, short, horizon=3)).shape == (2, 3)


def test_what_changes_nothing_is_said(store):
    made = asked(store, AHEAD_COLUMNS)
    assert "what if: nothing differs from what is known ahead" in texts(made)
    assert not gain(made).any()


@pytest.mark.parametrize(
    ("how", "warned"),
    [
        ("price=+10%", ""),
        ("price=60", "'price' goes up to 60, and training has seen about 18"),
        ("price==-5", "'price' goes down to -5, and training has seen about "),
        ("promo=1", ""),
        ("promo=2", "'promo' goes up to 2, and training has seen about 1 at most"),
    ],
)
def test_values_far_from_training_are_warned_of(store, how, warned):
    warnings = [note.text for note in asked(store, how).notes if note.kind == "warning" and "what if" in note.text]
    assert len(warnings) == bool(warned) and warned in "".join(warnings)


@pytest.mark.parametrize(
    ("what_if", "message"),
    [
        (["prise=1"], "'prise' is no column of the model; did you mean 'price'\\? known ahead: 'price', 'promo'"),
        (["visitors=1"], "'visitors' is known up to now"),
        (["size=1"], "'size' is a number of the series"),
        (["kind=k1"], "'kind' is a category of the series"),
        (["sold=1"], "'sold' is what is forecast"),
        (["price=1", "price=2"], "changes 'price' twice"),
        ([AHEAD_COLUMNS, AHEAD_COLUMNS], "there are several"),
        (["price=1e300"], "cannot read '1e300'"),
        (["price=*1e18", "promo=1"], "'price' becomes too large"),
        *(([f"price={how}"], f"cannot read '{how}' as a change of 'price'; write COL=12.5")
          for how in ("", "x", "10%", "nan", "1_0", "=", "--1", "1,5")),
    ],
)  # fmt: skip
def test_what_makes_no_scenario_is_refused(store, what_if, message):
    with pytest.raises(OptionError, match=message):
        asked(store, *what_if)


def test_models_that_read_nothing_ahead_are_refused(store, tmp_path):
    with pytest.raises(OptionError, match="knows no column ahead"):
        predict(store=store, name="plain", what_if="price=1")
    options = FitOptions(model="naive", horizon=HORIZON)
    reading = ReadOptions(target_cols=("sold",), id_cols=("shop",), future_cols=("price",))
    fit(KNOWN[["day", "shop", "sold", "price"]], options=options, reading=reading, store=tmp_path, name="naive")
    with pytest.raises(OptionError, match="does not read 'price'"):
        predict(store=tmp_path, name="naive", what_if="price=1")


def test_a_file_that_is_not_there_is_missed(store):
    with pytest.raises(InputMissingError, match=r"nowhere\.csv"):
        asked(store, "nowhere.csv")


def test_the_command_writes_draws_and_tells_it(store, run, tmp_path):
    words = ("predict", "--store", store, "--name", "shop")
    plain = run(*words).stdout_bytes
    result = run(*words, "--what-if", "price=-10%", "-o", "f.csv", "--plot", "f.svg")
    assert result.exit_code == 0 and "what if price=-10%: the forecast is " in result.stderr
    rows = (tmp_path / "f.csv").read_bytes().splitlines()
    assert rows[0].endswith(b",what_if,what_if_lower_80,what_if_upper_80,what_if_lower_95,what_if_upper_95")
    assert [b",".join(row.split(b",")[:7]) for row in rows] == plain.splitlines()
    assert "what if price=-10%" in (tmp_path / "f.svg").read_text()
    AHEAD_COLUMNS.to_csv(tmp_path / "ahead.csv", index=False)
    refused = run(*words, "--what-if", "ahead.csv", "-o", "ahead.csv")
    assert refused.exit_code == 2 and "--output 'ahead.csv' would overwrite --what-if 'ahead.csv'" in refused.stderr
    document = json.loads(run(*words, "--what-if", "ahead.csv", "--json").stdout)
    assert document["what_if"] == ["ahead.csv"] and "what_if" in document["forecast"][0]


def test_python_has_it(store):
    made = tsforecast.predict(store=store, name="shop", what_if=["price=+10%", "promo=0"])
    assert (made["what_if"] < made["forecast"]).all() and made["day"].dtype.kind == "M"
