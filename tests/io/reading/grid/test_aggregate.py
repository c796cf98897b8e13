"""Values brought onto longer steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.series.frequency import DAY, HOUR, Frequency

PARIS = "Europe/Paris"


def hours(start: str, periods: int, **values: object) -> pd.DataFrame:
    stamps = pd.date_range(start, periods=periods, freq="h")
    return pd.DataFrame({"ds": stamps, "y": np.arange(periods, dtype=float) % 7, **values})


def zoned_hours(first: str, last: str, zone: str = PARIS) -> pd.DataFrame:
    """Ones in every hour of whole local days, both included, written with their offsets."""
    end = pd.Timestamp(last) + pd.Timedelta(days=1)
    stamps = pd.date_range(pd.Timestamp(first, tz=zone), pd.Timestamp(end, tz=zone), freq="h", inclusive="left")
    return pd.DataFrame({"ds": [stamp.isoformat() for stamp in stamps], "y": 1.0})


def read(frame: pd.DataFrame, freq: str, rule: str = "sum", **options: object) -> ReadResult:
    return read_panel(frame, ReadOptions(freq=freq, aggregate=rule, **options))


def texts(result: ReadResult) -> list[str]:
    return [note.text for note in result.notes]


@pytest.mark.parametrize("rule", ["sum", "mean", "first", "last", "min", "max"])
@pytest.mark.parametrize("freq", ["D", "4h", "MS", "W-SUN"])
def test_the_same_as_pandas(rule, freq):
    frame = hours("2023-12-31", 24 * 60)
    frame["y"] = np.random.default_rng(1).normal(size=len(frame))
    result = read(frame, freq, rule)
    rest = {"label": "left", "closed": "left"} if freq == "W-SUN" else {}
    expected = frame.set_index("ds")["y"].resample(freq, **rest).agg(rule)
    expected = expected[result.panel.stamps(0)[0] : result.panel.stamps(0)[-1]]
    np.testing.assert_allclose(result.panel.values, expected.to_numpy(), rtol=1e-12)
    np.testing.assert_array_equal(result.panel.stamps(0), expected.index.to_numpy("datetime64[us]"))


@pytest.mark.parametrize("zone", [PARIS, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_local_days_are_whole_across_clock_changes(zone):
    frame = zoned_hours("2024-01-01", "2024-12-31", zone)
    result = read(frame, "D", tz=zone)
    assert (result.panel.frequency, result.schema.time_zone) == (Frequency("fixed", DAY), zone)
    assert result.panel.observed.all()
    assert result.panel.values.size == 366
    assert result.panel.values.sum() == len(frame)
    odd = sorted(result.panel.values[result.panel.values != 24].tolist())
    assert odd in ([], [23, 25]) or zone == "Australia/Lord_Howe"
    assert not any("rest" in text or "left out" in text for text in texts(result))


def test_a_clock_that_is_put_back_across_midnight():
    """At 00:01 of the 29th it became 23:01 of the 28th: the 29th began twice."""
    zone = "America/St_Johns"
    stamps = pd.date_range("2006-10-26", "2006-11-02", freq="30min", tz=zone, inclusive="left")
    frame = pd.DataFrame({"ds": [stamp.isoformat() for stamp in stamps], "y": np.arange(len(stamps), dtype=float)})
    result = read(frame, "D", "max", tz=zone)
    dates = np.array([stamp.date() for stamp in stamps])
    expected = frame["y"].groupby(dates).max()
    np.testing.assert_array_equal(result.panel.values, expected.to_numpy())
    assert read(frame.assign(y=1.0), "D", tz=zone).panel.values.tolist() == [48, 48, 49, 49, 48, 48, 48]


def test_a_missing_hour_is_told_from_a_short_day():
    frame = zoned_hours("2024-03-25", "2024-04-05")
    result = read(frame.drop(index=[30, 31]), "D", tz=PARIS)
    assert [text for text in texts(result) if "fewer" in text] == ["1 of 12 daily steps rests on fewer values"]
    assert result.panel.values[1] == 22


def test_naive_local_times_of_a_zone():
    frame = hours("2024-03-28", 24 * 6)
    frame = frame[frame["ds"] != pd.Timestamp("2024-03-31 02:00")].assign(y=1.0)
    assert read(frame, "D", tz=PARIS).panel.values.tolist() == [24, 24, 24, 23, 24, 24]


def test_hours_of_a_zone_half_an_hour_off():
    stamps = pd.date_range("2024-01-01", periods=96 * 3, freq="15min")
    frame = pd.DataFrame({"ds": stamps.astype(str), "y": 1.0})
    result = read(frame, "h", tz="Asia/Kolkata")
    assert set(result.panel.values) == {4.0}
    assert result.panel.values.size == 72
    assert result.panel.frequency == Frequency("fixed", HOUR, phase=HOUR // 2)


def test_partial_steps_at_both_ends_are_left_out():
    result = read(hours("2024-01-01 05:00", 24 * 4), "D")
    assert result.panel.values.size == 3
    assert str(result.panel.stamps(0)[0])[:10] == "2024-01-02"
    left_out = (
        "2 steps at the start or end of the series left out, because the data cover only part of them (24 values)"
    )
    assert left_out in texts(result)


def test_missing_values_at_the_end_make_the_last_step_partial():
    frame = hours("2024-01-01", 24 * 4)
    frame.loc[90:, "y"] = np.nan
    result = read(frame, "D")
    assert result.panel.values.size == 3
    assert any(text.startswith("1 step at the start or end") for text in texts(result))


def test_missing_values_within_are_left_out_and_counted():
    frame = hours("2024-01-01", 24 * 5).assign(y=2.0)
    frame.loc[30:32, "y"] = np.nan
    frame.loc[48:71, "y"] = np.nan
    result = read(frame, "D")
    assert result.panel.values[1] == 42
    assert result.panel.observed.tolist() == [True, True, False, True, True]
    assert "27 missing values left out of the steps; 1 of 4 daily steps rests on fewer values" in texts(result)
    assert read(frame, "D", "mean").panel.values[1] == 2


def test_hours_of_business_are_no_missing_values():
    frame = hours("2024-01-01", 24 * 40)
    frame = frame[frame["ds"].dt.hour.between(9, 17)]
    assert not any("fewer" in text or "left out" in text for text in texts(read(frame, "D")))
    half_day = frame[(frame["ds"].dt.date != pd.Timestamp("2024-01-10").date()) | (frame["ds"].dt.hour < 12)]
    assert "1 of 40 daily steps rests on fewer values" in texts(read(half_day, "D"))


def test_business_weeks_are_whole():
    frame = pd.DataFrame({"ds": pd.bdate_range("2024-01-01", periods=100).astype(str), "y": 1.0})
    result = read(frame, "W")
    assert (result.panel.frequency.alias, set(result.panel.values), result.panel.values.size) == ("W-MON", {5.0}, 20)


def test_weekends_belong_to_the_business_day_before():
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=28, freq="D").astype(str), "y": 1.0})
    assert read(frame, "B").panel.values.tolist() == [1, 1, 1, 1, 3] * 4


@pytest.mark.parametrize(("freq", "last"), [("ME", "2024-03-31"), ("MS", "2024-03-01"), ("QE", "2024-03-31")])
def test_months_named_by_either_end(freq, last):
    frame = pd.DataFrame({"ds": pd.date_range("2023-07-01", "2024-03-31", freq="D").astype(str), "y": 1.0})
    result = read(frame, freq)
    assert str(result.panel.stamps(0)[-1])[:10] == last
    assert result.panel.values.sum() == 275


def test_events_at_any_time():
    random = np.random.default_rng(0)
    seconds = np.unique(random.integers(0, 60 * 86400, 4000))
    frame = pd.DataFrame({"ds": pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, unit="s"), "y": 1.0})
    with pytest.raises(DataError, match="no regular frequency") as caught:
        read_panel(frame)
    assert caught.value.row is not None and "--aggregate" in caught.value.hint
    panel = read(frame, "D").panel
    assert panel.values.size == 60
    assert panel.values.sum() == seconds.size


def test_panels():
    frame = pd.concat(
        [hours("2024-01-01", 24 * 5, shop="a", z=1.0), hours("2024-01-02", 24 * 3, shop="b", z=2.0)], ignore_index=True
    )
    result = read(frame, "D", target_cols=("y", "z"))
    assert result.panel.ids == (("a", "y"), ("a", "z"), ("b", "y"), ("b", "z"))
    assert result.panel.series(1).tolist() == [24] * 5
    assert result.panel.series(3).tolist() == [48] * 3
    short = pd.concat([frame, hours("2024-01-02 05:00", 9, shop="c", z=1.0)], ignore_index=True)
    with pytest.raises(DataError, match="2 series without a whole daily step, the first is 'c / y'"):
        read(short, "D", target_cols=("y", "z"))
    assert read(short, "D", target_cols=("y", "z"), on_bad_series="skip").panel.ids == result.panel.ids


def test_steps_shorter_than_those_of_the_data_are_refused():
    frame = hours("2024-01-01", 100)
    with pytest.raises(DataError, match=r"the values are 1 hour apart, which is longer than half-hourly steps"):
        read(frame, "30min")
    with pytest.raises(DataError, match="most rows are 2 half-hourly steps apart; state the step that the rows have"):
        read_panel(frame, ReadOptions(freq="30min"))


def test_nothing_that_covers_a_step():
    with pytest.raises(DataError, match="no series covers a whole step"):
        read(hours("2024-01-01 03:00", 10), "D")
    with pytest.raises(DataError, match="no series has a value"):
        read(hours("2024-01-01", 48).assign(y=np.nan), "D", target_cols=("y",))
    with pytest.raises(OptionError, match="add --freq"):
        read_panel(hours("2024-01-01", 48), ReadOptions(aggregate="sum"))


def test_finer_rows_for_a_model():
    fitted = read(hours("2024-01-01", 24 * 30), "D")
    later = hours("2024-02-01", 24 * 3)
    known = {"schema": fitted.schema, "frequency": fitted.panel.frequency}
    result = read_panel(later, ReadOptions(aggregate="sum"), **known)
    assert result.panel.frequency == fitted.panel.frequency
    assert result.panel.values.size == 3
    assert read_panel(later, ReadOptions(aggregate="sum", freq="daily"), **known).panel.values.size == 3
    with pytest.raises(DataError, match=r"off the daily grid.* bring all values onto these steps, such as --aggregate"):
        read_panel(later, **known)
    with pytest.raises(OptionError, match="'W' is not that of the model, which is daily"):
        read_panel(later, ReadOptions(aggregate="sum", freq="W"), **known)


def test_finer_rows_of_a_zone_are_off_the_grid_also_where_an_hour_is_repeated():
    fitted = read(zoned_hours("2024-10-01", "2024-10-20"), "D", tz=PARIS)
    later = zoned_hours("2024-10-21", "2024-10-31")
    known = {"schema": fitted.schema, "frequency": fitted.panel.frequency}
    with pytest.raises(DataError, match="254 of 265 stamps are off the daily grid"):
        read_panel(later, **known)
    assert read_panel(later, ReadOptions(aggregate="sum"), **known).panel.values.tolist() == [24] * 6 + [25] + [24] * 4


def test_coarser_rows_for_a_model_are_refused():
    fitted = read_panel(hours("2024-01-01", 100))
    every_other = hours("2024-02-01", 40).iloc[::2]
    with pytest.raises(
        DataError, match="most rows are 2 hourly steps apart; give data of the frequency that the model"
    ):
        read_panel(every_other, schema=fitted.schema, frequency=fitted.panel.frequency)


@examples(40)
@given(seed=st.integers(0, 10_000), freq=st.sampled_from(["D", "W", "MS", "6h", "B", "QE"]), missing=st.floats(0, 0.3))
def test_no_value_is_lost_or_counted_twice(seed, freq, missing):
    """What the steps hold and what is said to be left out make up the whole."""
    random = np.random.default_rng(seed)
    frame = hours("2023-01-01 07:00", 24 * 500 + int(random.integers(0, 24)))
    frame["y"] = np.where(random.random(len(frame)) < missing, np.nan, 1.0)
    result = read(frame, freq, fill_gaps="zero")
    grid = result.panel.frequency
    inside = grid.buckets(frame["ds"].to_numpy("datetime64[us]"))
    first, last = int(result.panel.starts[0]), int(result.panel.starts[0] + result.panel.lengths[0] - 1)
    kept = frame["y"][(inside >= first) & (inside <= last)]
    assert result.panel.values.sum() == kept.sum()
