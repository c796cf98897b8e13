"""Columns of covariates: their roles, where they stand on the grid, what is filled and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.errors import DataError, MissingColumnError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.covariates import covariate_options
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.series.panel import Schema

START = "2024-03-29"


def table(rows: int = 60, ahead: int = 0, shops: tuple[str, ...] = ("a", "b"), freq: str = "D") -> pd.DataFrame:
    """Shops with a measured wind, a price that is known ahead, a size and a country; the newest rows hold no sales."""
    parts = []
    for number, shop in enumerate(shops):
        steps = np.arange(rows + ahead)
        part = pd.DataFrame(
            {
                "day": pd.date_range(START, periods=rows + ahead, freq=freq),
                "shop": shop,
                "sold": 100.0 * (number + 1) + steps % 7,
                "wind": 10.0 * number + steps / 4,
                "price": 1000.0 * number + steps,
                "size": 50 + number,
                "country": ("DE", "FR", "DE")[number],
            }
        )
        part.loc[rows:, ["sold", "wind"]] = np.nan
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def read(data: pd.DataFrame, **options) -> ReadResult:
    named = {key: (value,) if isinstance(value, str) else value for key, value in options.items()}
    return read_panel(data, ReadOptions(target_cols=("sold",), **named))


def texts(result: ReadResult) -> str:
    return "\n".join(note.text for note in result.notes)


ALL = {"past_cols": "wind", "future_cols": "price", "static_cols": "size", "category_cols": "country"}


def test_columns_stand_beside_the_values():
    result = read(table(60, ahead=14), **ALL)
    known = result.panel.covariates
    assert result.panel.lengths.tolist() == [60, 60]
    np.testing.assert_array_equal(known.past[:, 0], np.concatenate([np.arange(60) / 4, 10 + np.arange(60) / 4]))
    np.testing.assert_array_equal(known.future[:, 0], np.concatenate([np.arange(74), 1000 + np.arange(74)]))
    assert known.future_offsets.tolist() == [0, 74, 148]
    assert result.panel.known_ahead.tolist() == [14, 14]
    assert known.static.tolist() == [[50], [51]]
    assert (known.categories.tolist(), known.labels) == ([[0], [1]], (("DE", "FR"),))
    schema = result.schema
    assert (schema.past_cols, schema.future_cols) == (("wind",), ("price",))
    assert (schema.static_cols, schema.category_cols, schema.lags) == (("size",), ("country",), ())
    roles = {column.name: column.role for column in result.columns}
    assert [roles[name] for name in ("wind", "price", "size", "country")] == ["past", "future", "static", "category"]
    said = texts(result)
    assert "the columns known ahead reach 14 steps beyond the last value" in said
    assert "column 'wind' is known up to now" in said
    assert "cut off" not in said


def test_the_values_are_those_without_covariates():
    data = table(60, ahead=14)
    plain, known = read(data[["day", "shop", "sold"]]), read(data, **ALL)
    assert plain.panel.covariates.absent
    for name in ("values", "observed", "offsets", "starts"):
        np.testing.assert_array_equal(getattr(plain.panel, name), getattr(known.panel, name))


def test_several_value_columns_share_what_is_known():
    data = table(30, ahead=5, shops=("a", "b")).assign(orders=lambda frame: frame["sold"] / 2)
    data.loc[(data["shop"] == "a") & (data.index < 3), "orders"] = np.nan
    result = read_panel(data, ReadOptions(target_cols=("sold", "orders"), future_cols=("price",), past_cols=("wind",)))
    panel = result.panel
    assert panel.ids == (("a", "sold"), ("a", "orders"), ("b", "sold"), ("b", "orders"))
    assert panel.lengths.tolist() == [30, 27, 30, 30]
    assert panel.known_ahead.tolist() == [5, 5, 5, 5]
    known = panel.covariates
    assert [int(known.future[begin, 0]) for begin in known.future_offsets[:-1]] == [0, 3, 1000, 1000]
    assert [float(known.past[begin, 0]) for begin in panel.offsets[:-1]] == [0, 0.75, 10, 10]


def test_columns_of_numbers_beside_a_named_target_are_offered_and_not_used():
    data = table(40, ahead=7).assign(open=True, weekday=lambda frame: frame["day"].dt.day_of_week)
    result = read(data)
    assert result.panel.covariates.absent
    assert "3 columns of numbers could say more" in texts(result)
    assert "--past-col wind --future-col price --static-col size; what is known ahead is named with" in texts(result)
    silent = read_panel(data, ReadOptions(target_cols=("sold",), covariates="none"))
    assert "add --" not in texts(silent)


def test_true_and_false_are_ones_and_zeros():
    data = table(20, shops=("a",)).assign(promo=lambda frame: frame.index % 3 == 0)
    for source in (data, data.assign(promo=data["promo"].map({True: "True", False: "false"}))):
        found = read(source, future_cols="promo").panel.covariates.future[:, 0]
        np.testing.assert_array_equal(found, data["promo"].to_numpy(float))


def test_texts_that_vary_are_a_column_each():
    data = table(20, ahead=5, shops=("a",))
    data["weather"] = np.array(["sun", "rain", ""])[np.arange(25) % 3]
    data["holiday"] = np.array(["0", "0", "a", "b"])[np.arange(25) % 4]
    result = read(data, future_cols=("weather", "price", "holiday"))
    names = ("weather=rain", "weather=sun", "price", "holiday=0", "holiday=a", "holiday=b")
    assert result.schema.future_cols == names
    assert "column 'weather' is read as a column of 0 and 1 for each of 'rain', 'sun'; empty is none" in texts(result)
    assert {column.name: column.role for column in result.columns}["weather"] == "future"
    found = dict(zip(names, result.panel.covariates.future.T, strict=True))
    np.testing.assert_array_equal(found["weather=sun"], np.arange(25) % 3 == 0)
    np.testing.assert_array_equal(found["weather=rain"], np.arange(25) % 3 == 1)
    np.testing.assert_array_equal(found["price"], np.arange(25))
    np.testing.assert_array_equal(found["holiday=b"], np.arange(25) % 4 == 3)
    # A model knows its texts: those that are missing stay columns, and others are none.
    newer = data.replace("rain", "snow")
    again = read_panel(newer, ReadOptions(), schema=result.schema, frequency=result.panel.frequency)
    assert again.schema == result.schema
    np.testing.assert_array_equal(again.panel.covariates.future[:, 0], np.zeros(25))
    np.testing.assert_array_equal(again.panel.covariates.future[:, 1:], result.panel.covariates.future[:, 1:])
    assert "8 cells of column 'weather' hold texts that the model does not know, such as 'snow'" in texts(again)
    by_options = ReadOptions(target_cols=("sold",), **covariate_options(ReadOptions(), result.schema))
    assert read_panel(newer, by_options).schema == result.schema
    ahead = Schema(("day",), ("shop",), names, result.schema.time_formats)
    series = read_panel(data.drop(columns="sold"), ReadOptions(), schema=ahead).panel
    np.testing.assert_array_equal(series.series(1), result.panel.covariates.future[:, 1])
    lagged = read(data, past_cols=("wind", "weather"), lag="weather=2")
    assert lagged.schema.past_cols == ("wind", "weather=rain", "weather=sun")
    assert lagged.schema.lags == (0, 2, 2)


@pytest.mark.parametrize(
    "named",
    [
        {},
        {**ALL, "lag": "wind=2"},
        {"past_cols": "wind", "holidays": "US", "holidays_col": "country", "holidays_around": 1},
    ],
)
def test_the_columns_of_a_schema_as_options(named):
    around = named.pop("holidays_around", 0) if named else 0
    options = {key: (value,) for key, value in named.items() if key != "holidays_col"}
    if "holidays_col" in named:
        options |= {"holidays_col": named["holidays_col"], "holidays_around": around}
    fitted = read_panel(table(30), ReadOptions(target_cols=("sold",), **options))
    found = covariate_options(ReadOptions(), fitted.schema)
    again = read_panel(table(30), ReadOptions(target_cols=("sold",), **found))
    assert again.schema == fitted.schema
    assert covariate_options(ReadOptions(past_cols=("wind",)), fitted.schema) == {}
    assert "could say more" not in texts(again) or named


def test_a_lag_moves_a_column_to_where_it_is_known():
    result = read(table(40), past_cols="wind", lag="wind=3")
    known = result.panel.covariates.past[:, 0]
    assert result.schema.lags == (3,)
    assert result.panel.lengths.tolist() == [37, 37]  # the first three steps know no wind
    np.testing.assert_array_equal(known[:37], np.arange(37) / 4)
    assert "6 first steps left out, 3 of 'a'" in texts(result)
    alone = read(table(40), lag="wind=3")
    assert alone.schema.past_cols == ("wind",)
    np.testing.assert_array_equal(alone.panel.covariates.past, result.panel.covariates.past)


def test_a_lag_needs_no_value_in_the_newest_rows():
    data = table(40, shops=("a",))
    data.loc[37:, "wind"] = np.nan
    assert "--lag wind=3" in texts(read(data, past_cols="wind"))
    result = read(data, lag="wind=3")
    assert "--lag" not in texts(result)
    np.testing.assert_array_equal(result.panel.covariates.past[:, 0], np.arange(37) / 4)


def test_missing_past_values_are_filled_from_the_ones_before():
    data = table(40, shops=("a",))
    data.loc[[10, 11, 20], "wind"] = np.nan
    result = read_panel(data, ReadOptions(target_cols=("sold",), past_cols=("wind",), fill_gaps="previous"))
    found = result.panel.covariates.past[:, 0]
    assert found[[9, 10, 11, 12, 20]].tolist() == [2.25, 2.25, 2.25, 3, 4.75]
    assert "column 'wind': 3 missing values filled" in texts(result)


def test_steps_without_a_row_get_the_price_of_before():
    data = table(40, shops=("a",)).drop(index=[10, 11])
    found = read_panel(data, ReadOptions(target_cols=("sold",), future_cols=("price",), fill_gaps="previous"))
    assert found.panel.covariates.future[9:13, 0].tolist() == [9, 9, 9, 12]


def test_a_column_that_begins_late_cuts_the_series():
    data = table(40)
    data.loc[data["day"] < "2024-04-03", "price"] = np.nan
    result = read(data, future_cols="price")
    assert result.panel.lengths.tolist() == [35, 35]
    assert result.panel.covariates.future[0, 0] == 5
    data.loc[data["day"] < "2024-04-28", "price"] = np.nan
    with pytest.raises(DataError, match="the first value stands at 2024-04-28, 30 steps after the first value of 'a'"):
        read(data, future_cols="price")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([20, 21], r"no value at 2024-04-18 \(and 1 more step\) of 'a', though"),
        ([39], "no value at 2024-05-07"),
        ([42], "no value at 2024-05-10"),
    ],
    ids=["within", "last", "ahead"],
)
def test_a_missing_value_of_what_is_known_ahead_is_refused(rows, said):
    data = table(40, ahead=7)
    data.loc[rows, "price"] = np.nan
    with pytest.raises(DataError, match=said) as error:
        read(data, future_cols="price")
    assert error.value.column == "price"
    assert "--past-col price" in error.value.hint


def test_what_is_known_ahead_ends_with_the_shortest_column():
    data = table(40, ahead=7).assign(promo=1.0)
    data.loc[data["day"] > "2024-05-10", "promo"] = np.nan
    result = read(data, future_cols=("price", "promo"))
    assert result.panel.known_ahead.tolist() == [3, 3]
    assert "8 rows after the last value left out" in texts(result)
    assert read(table(40), future_cols="price").panel.known_ahead.tolist() == [0, 0]


def test_a_static_column_that_varies_is_refused():
    data = table(20)
    data.loc[5, "size"] = 49
    with pytest.raises(DataError, match="49 is not the 50 of earlier rows of 'a'") as error:
        read(data, static_cols="size")
    assert "--past-col size" in error.value.hint
    data = table(20)
    data["size"] = data["size"].where(data["shop"] == "a")
    with pytest.raises(DataError, match="no value for the series of 'b'"):
        read(data, static_cols="size")


def test_a_category_that_varies_is_refused_and_an_empty_one_is_unknown():
    data = table(20)
    data.loc[7, "country"] = "IT"
    with pytest.raises(DataError, match="'IT' is not the 'DE' of earlier rows of 'a'"):
        read(data, category_cols="country")
    data = table(20)
    data["country"] = data["country"].where(data["shop"] == "a", "")
    result = read(data, category_cols="country")
    assert result.panel.covariates.categories.tolist() == [[0], [-1]]
    assert "1 series without a text in column 'country': unknown" in texts(result)


def test_an_id_may_be_a_category_too():
    result = read(table(20), category_cols="shop")
    assert result.schema.id_cols == ("shop",)
    assert result.panel.covariates.labels == (("a", "b"),)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"past_cols": "remark"}, DataError, "'text 0' is no number, and there are too many texts"),
        ({"static_cols": "country"}, DataError, "'DE' is no number"),
        ({"past_cols": "nothing"}, DataError, "no value"),
        ({"past_cols": "wnd"}, MissingColumnError, "no column 'wnd'"),
        ({"past_cols": "sold"}, OptionError, "named twice"),
        ({"past_cols": "wind", "future_cols": "wind"}, OptionError, "named twice"),
        ({"future_cols": "wind", "lag": "wind=3"}, OptionError, "has a lag"),
        ({"lag": "wind"}, OptionError, "the lag 'wind'"),
        ({"lag": "wind=-1"}, OptionError, "the lag 'wind=-1'"),
        ({"holidays": "XX"}, OptionError, "no holidays are known for 'XX'"),
    ],
)
def test_what_cannot_be_is_refused(options, error, said):
    with pytest.raises(error, match=said):
        read(table(20).assign(nothing=np.nan, remark=[f"text {row}" for row in range(40)]), **options)


def test_calendars_of_holidays_are_kept_with_the_version_of_the_library():
    result = read_panel(
        table(20), ReadOptions(target_cols=("sold",), holidays=("US",), holidays_col="Country", holidays_around=1)
    )
    schema = result.schema
    assert (schema.holidays, schema.holidays_col, schema.holidays_around) == (("US",), "country", 1)
    assert schema.category_cols == ("country",)
    assert schema.holidays_version
    with pytest.raises(OptionError, match="no holidays are known for 'YY'"):
        read_panel(table(20).replace("FR", "YY"), ReadOptions(target_cols=("sold",), holidays_col="country"))


def test_newer_rows_are_read_by_the_columns_of_the_model():
    fitted = read(table(60), **ALL, lag="wind=3")
    newer = table(10, ahead=5).replace("FR", "IT")
    result = read_panel(newer, ReadOptions(), schema=fitted.schema, frequency=fitted.panel.frequency)
    known = result.panel.covariates
    assert result.schema == fitted.schema
    assert result.panel.lengths.tolist() == [10, 10]  # no row is left out: the first wind stands for those before
    assert known.past[:5, 0].tolist() == [0, 0, 0, 0, 0.25]
    assert "column 'wind' begins up to 3 steps after the values" in texts(result)
    assert result.panel.known_ahead.tolist() == [5, 5]
    assert known.labelled(fitted.panel.covariates.labels).categories.tolist() == [[0], [-1]]
    with pytest.raises(MissingColumnError, match="no column 'price'"):
        read_panel(newer.drop(columns="price"), ReadOptions(), schema=fitted.schema)
    with pytest.raises(DataError, match="no value, which is known 3 steps late, up to the last value of 'a'"):
        read_panel(table(3, ahead=2), ReadOptions(), schema=fitted.schema, frequency=fitted.panel.frequency)


def measured(stamps: pd.DatetimeIndex) -> np.ndarray:
    """A number that tells the moment."""
    return stamps.as_unit("s").asi8 / 3600


@settings(max_examples=40, deadline=None)
@given(
    freq=st.sampled_from(["h", "30min", "D", "MS", "W-SUN", "B"]),
    zone=st.sampled_from([None, "Europe/Berlin", "America/New_York"]),
    seed=st.integers(0, 10_000),
)
def test_columns_stand_at_the_times_of_their_rows(freq, zone, seed):
    rng = np.random.default_rng(seed)
    zone = zone if freq in ("h", "30min") else None
    parts = []
    for shop in ("a", "b", "c"):
        first = pd.Timestamp("2024-03-30") + pd.Timedelta(days=int(rng.integers(0, 3)))
        rows, ahead = int(rng.integers(40, 80)), int(rng.integers(0, 9))
        stamps = pd.date_range(first, periods=rows + ahead, freq=freq, tz=zone)
        part = pd.DataFrame({"ds": stamps, "shop": shop, "y": rng.normal(size=rows + ahead)})
        part["past"], part["future"] = measured(stamps), -measured(stamps)
        part.loc[rows:, ["y", "past"]] = np.nan
        gaps = rng.choice(np.arange(1, rows - 1), 3, replace=False)
        parts.append(part.drop(index=gaps).assign(end=stamps[rows - 1], known=ahead))
    data = pd.concat(parts).sample(frac=1, random_state=seed)
    panel = read_panel(
        data.drop(columns=["end", "known"]),
        ReadOptions(target_cols=("y",), past_cols=("past",), future_cols=("future",)),
    ).panel
    assert panel.known_ahead.tolist() == data.groupby("shop")["known"].first().tolist()
    known = panel.covariates
    for number in range(3):
        times = pd.DatetimeIndex(panel.stamps(number))
        rows = slice(panel.offsets[number], panel.offsets[number + 1])
        seen = panel.observed[rows]
        np.testing.assert_array_equal(known.past[rows, 0][seen], measured(times)[seen])
        ahead = pd.DatetimeIndex(panel.future_stamps(number, int(panel.known_ahead[number])))
        begin, end = known.future_offsets[number : number + 2]
        found = known.future[begin:end, 0]
        np.testing.assert_array_equal(found[: len(times)][seen], -measured(times)[seen])
        np.testing.assert_array_equal(found[len(times) :], -measured(ahead))
        assert np.all(np.isfinite(found))


@settings(max_examples=25, deadline=None)
@given(
    zone=st.sampled_from([None, "Europe/Berlin", "America/New_York"]),
    rule=st.sampled_from(["sum", "mean", "first", "last", "min", "max"]),
    seed=st.integers(0, 10_000),
)
def test_columns_of_finer_rows_are_those_of_their_days(zone, rule, seed):
    rng = np.random.default_rng(seed)
    days, ahead = int(rng.integers(20, 30)), int(rng.integers(0, 5))
    stamps = pd.date_range(
        "2024-03-20", pd.Timestamp("2024-03-20") + pd.Timedelta(days=days + ahead), freq="h", tz=zone
    )
    stamps = stamps[:-1]
    day = ((stamps.tz_localize(None) if zone else stamps).normalize() - pd.Timestamp("2024-03-20")).days.to_numpy(float)
    data = pd.DataFrame({"ds": stamps, "y": rng.normal(size=len(stamps)), "past": 3 * day, "future": day})
    data.loc[day >= days, ["y", "past"]] = np.nan
    options = ReadOptions(target_cols=("y",), past_cols=("past",), future_cols=("future",), freq="D", aggregate=rule)
    panel = read_panel(data, options).panel
    assert panel.lengths.tolist() == [days]
    assert panel.known_ahead.tolist() == [ahead]
    np.testing.assert_allclose(panel.covariates.past[:, 0], 3 * np.arange(days))
    np.testing.assert_allclose(panel.covariates.future[:, 0], np.arange(days + ahead))


@settings(max_examples=30, deadline=None)
@given(cutoff=st.integers(20, 50), seed=st.integers(0, 10_000), rule=st.sampled_from(["seasonal", "previous", "zero"]))
def test_what_came_later_changes_nothing_before(cutoff, seed, rule):
    rng = np.random.default_rng(seed)
    data = table(60)
    data.loc[rng.choice(120, 20, replace=False), "wind"] = np.nan
    data.loc[[0, 60], "wind"] = 1.0
    later = data.groupby("shop").cumcount() >= cutoff
    other = data.copy()
    other.loc[later, "wind"] = rng.normal(size=int(later.sum())) * 1e6
    other.loc[later & (rng.random(120) < 0.3), "wind"] = np.nan
    options = ReadOptions(target_cols=("sold",), past_cols=("wind",), lag=("wind=2",), fill_gaps=rule)
    panels = [read_panel(each, options).panel for each in (data, other)]
    first, last = np.zeros(2, np.int64), np.full(2, cutoff)  # two steps less than the table has, which are known late
    before = [panel.between(first, last - 2).covariates.past for panel in panels]
    np.testing.assert_array_equal(*before)
    assert not np.array_equal(panels[0].covariates.past, panels[1].covariates.past)
