"""Steps of time: found from stamps, counted, continued, named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.errors import DataError
from tsforecast.series.frequency import (
    DAY,
    FIRST_WORKDAY,
    HOUR,
    LAST_WORKDAY,
    MINUTE,
    MONTH_END,
    SECOND,
    Frequency,
    default_horizon,
    on_weekdays,
    season_length,
)
from tsforecast.series.infer_frequency import infer_frequency

WEEK = 7 * DAY
FIXED = st.builds(
    lambda step, phase: Frequency("fixed", step, phase=phase % step),
    st.sampled_from([1000, 250_000, SECOND, 30 * SECOND, MINUTE, 15 * MINUTE, HOUR, 7 * HOUR, DAY, 10 * DAY, WEEK]),
    st.integers(0, 4 * WEEK),
)
MONTHS = st.builds(
    lambda step, phase, day, clock: Frequency("month", step, phase=phase % step, day=day, time_of_day=clock),
    st.sampled_from([1, 2, 3, 6, 12, 24]),
    st.integers(0, 23),
    st.sampled_from([1, 15, 28, 29, 30, MONTH_END, LAST_WORKDAY, FIRST_WORKDAY]),
    st.sampled_from([0, 6 * HOUR]),
)
BUSINESS = st.builds(lambda clock: Frequency("business", 1, time_of_day=clock), st.sampled_from([0, 17 * HOUR]))
WEEKDAYS = st.builds(
    lambda days, clock: on_weekdays(days, clock),
    st.sets(st.integers(0, 6), min_size=2, max_size=6),
    st.sampled_from([0, 17 * HOUR]),
)
ANY = st.one_of(FIXED, MONTHS, BUSINESS, WEEKDAYS)


def stamps(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def dates(start: str, periods: int, freq: str) -> np.ndarray:
    return pd.date_range(start, periods=periods, freq=freq).to_numpy().astype("datetime64[us]")


@given(frequency=ANY, first=st.integers(-3000, 3000), count=st.integers(1, 50))
def test_ordinals_and_stamps_are_inverse(frequency, first, count):
    ordinals = np.arange(first, first + count)
    made = frequency.stamps(ordinals)
    assert made.dtype == np.dtype("datetime64[us]")
    assert np.all(np.diff(made) > np.timedelta64(0, "us"))
    counted, on_grid = frequency.ordinals(made)
    np.testing.assert_array_equal(counted, ordinals)
    assert on_grid.all()


@settings(max_examples=200)
@given(frequency=ANY, first=st.integers(-600, 600))
def test_frequency_is_found_from_its_stamps(frequency, first):
    made = frequency.stamps(np.arange(first, first + 40))
    found = infer_frequency([made])
    counted, on_grid = found.ordinals(made)
    assert on_grid.all()
    np.testing.assert_array_equal(np.diff(counted), 1)
    assert (found.kind, found.step, found.time_of_day) == (frequency.kind, frequency.step, frequency.time_of_day)


@settings(max_examples=100)
@given(frequency=ANY, seed=st.integers(0, 1000))
def test_frequency_is_found_in_spite_of_gaps(frequency, seed):
    random = np.random.default_rng(seed)
    series = [
        frequency.stamps(start + np.flatnonzero(random.random(80) > 0.15)) for start in random.integers(-300, 300, 3)
    ]
    found = infer_frequency(series)
    assert all(found.ordinals(made)[1].all() for made in series)
    assert (found.kind, found.step) == (frequency.kind, frequency.step)


@pytest.mark.parametrize(
    ("start", "freq", "alias", "name", "season", "horizon"),
    [
        ("2024-01-01", "s", "s", "every second", 60, 60),
        ("2024-01-01", "15s", "15s", "every 15 seconds", 4, 60),
        ("2024-01-01", "min", "min", "every minute", 60, 60),
        ("2024-01-01", "5min", "5min", "every 5 minutes", 288, 12),
        ("2024-01-01", "15min", "15min", "every 15 minutes", 96, 96),
        ("2024-01-01", "30min", "30min", "every 30 minutes", 48, 48),
        ("2024-01-01", "h", "h", "hourly", 24, 48),
        ("2024-01-01", "6h", "6h", "every 6 hours", 4, 8),
        ("2024-01-01", "7h", "7h", "every 7 hours", 1, 6),
        ("2024-01-01", "D", "D", "daily", 7, 14),
        ("2024-01-01", "2D", "2D", "every 2 days", 1, 7),
        ("2024-01-01", "B", "B", "business days", 5, 10),
        ("2024-01-07", "W-SUN", "W-SUN", "weekly", 52, 13),
        ("2024-01-01", "W-MON", "W-MON", "weekly", 52, 13),
        ("2024-01-01", "14D", "2W-MON", "every 2 weeks", 26, 8),
        ("2024-01-01", "28D", "4W-MON", "every 4 weeks", 13, 8),
        ("2024-01-01", "MS", "MS", "monthly", 12, 12),
        ("2024-01-31", "ME", "ME", "monthly", 12, 12),
        ("2024-01-01", "2MS", "2MS", "every 2 months", 6, 12),
        ("2024-01-01", "QS-JAN", "QS-JAN", "quarterly", 4, 8),
        ("2024-03-31", "QE-DEC", "QE-MAR", "quarterly", 4, 8),
        ("2024-02-29", "QE-FEB", "QE-FEB", "quarterly", 4, 8),
        ("2024-01-01", "YS-JAN", "YS-JAN", "yearly", 1, 6),
        ("2024-12-31", "YE-DEC", "YE-DEC", "yearly", 1, 6),
        ("2023-02-28", "YE-FEB", "YE-FEB", "yearly", 1, 6),
    ],
)
def test_names_seasons_and_horizons(start, freq, alias, name, season, horizon):
    frequency = infer_frequency([dates(start, 60, freq)])
    assert (frequency.alias, frequency.name) == (alias, name)
    assert (season_length(frequency), default_horizon(frequency)) == (season, horizon)


@given(frequency=st.one_of(FIXED.filter(lambda f: f.step >= 1000), BUSINESS), first=st.integers(-500, 500))
def test_alias_means_the_same_to_pandas(frequency, first):
    made = frequency.stamps(np.arange(first, first + 10))
    expected = pd.date_range(made[0], periods=10, freq=frequency.alias)
    np.testing.assert_array_equal(made, expected.to_numpy().astype("datetime64[us]"))


@pytest.mark.parametrize("day", [1, MONTH_END, LAST_WORKDAY, FIRST_WORKDAY])
@pytest.mark.parametrize("step", [1, 2, 3, 6, 12, 24])
def test_month_alias_means_the_same_to_pandas(step, day):
    for phase in range(step):
        frequency = Frequency("month", step, phase=phase, day=day)
        made = frequency.stamps(np.arange(10))
        expected = pd.date_range(made[0], periods=10, freq=frequency.alias)
        np.testing.assert_array_equal(made, expected.to_numpy().astype("datetime64[us]"))


def test_sub_daily():
    assert Frequency("fixed", HOUR).sub_daily
    assert not Frequency("fixed", DAY).sub_daily
    assert not Frequency("month", 1).sub_daily


def test_month_ends_keep_to_the_end_and_other_days_to_their_day():
    ends = infer_frequency([stamps("2023-11-30", "2023-12-31", "2024-01-31")])
    assert ends.stamps(ends.ordinals(stamps("2024-01-31"))[0] + [1, 2]).astype("datetime64[D]").tolist() == (
        stamps("2024-02-29", "2024-03-31").astype("datetime64[D]").tolist()
    )
    thirtieth = infer_frequency([stamps("2023-11-30", "2023-12-30", "2024-01-30", "2024-02-29")])
    assert thirtieth.day == 30
    assert infer_frequency([stamps("2024-01-30", "2024-02-29")]).day == 30
    assert infer_frequency([stamps("2024-01-31", "2024-02-29")]).day == MONTH_END


def test_leap_day_every_year():
    yearly = infer_frequency([stamps("2020-02-29", "2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29")])
    assert (yearly.step, yearly.day, yearly.alias) == (12, MONTH_END, "YE-FEB")


def test_february_ends_of_every_second_year():
    frequency = Frequency("month", 24, phase=1, day=MONTH_END)
    assert infer_frequency([frequency.stamps(np.arange(-10, 10))]) == frequency


def test_fixed_days_are_not_taken_for_months():
    for step in (28, 30, 31, 91, 365):
        found = infer_frequency([stamps("2001-01-01") + np.arange(40) * np.timedelta64(step, "D")])
        assert (found.kind, found.step) == ("fixed", step * DAY)


def test_weekdays_with_weekends_are_days():
    assert infer_frequency([dates("2024-01-01", 14, "D")]).alias == "D"
    assert infer_frequency([dates("2024-01-01", 5, "D")]).alias == "D"
    assert infer_frequency([dates("2024-01-01", 6, "B")]).alias == "B"


def test_weekend_is_off_the_grid_of_business_days():
    ordinals, on_grid = Frequency("business", 1).ordinals(stamps("2024-01-05", "2024-01-06", "2024-01-08"))
    assert on_grid.tolist() == [True, False, True]
    assert ordinals[2] - ordinals[0] == 1


@pytest.mark.parametrize(
    ("freq", "wrong", "kind"),
    [("MS", "2020-05-02", "month"), ("ME", "2020-05-30", "month"), ("QS", "2020-07-02", "month"), ("h", None, "fixed")],
)
def test_one_wrong_stamp_does_not_change_the_frequency(freq, wrong, kind):
    made = dates("2020-01-01", 24, freq)
    right = infer_frequency([made])
    nearest = int(np.argmin(np.abs(made - np.datetime64(wrong)))) if wrong else 5
    made[nearest] = np.datetime64(wrong) if wrong else made[5] + np.timedelta64(7, "m")
    found = infer_frequency([made])
    assert found == right
    assert found.kind == kind
    assert np.flatnonzero(~found.ordinals(made)[1]).tolist() == [nearest]


def test_one_wrong_time_of_day():
    made = dates("2020-01-01", 24, "MS")
    made[3] += np.timedelta64(1, "h")
    found = infer_frequency([made])
    assert (found.kind, found.time_of_day) == ("month", 0)


def test_series_are_counted_together():
    assert infer_frequency([stamps("2024-01-01"), dates("2024-01-01", 3, "h"), stamps()]).alias == "h"


@pytest.mark.parametrize("series", [[], [[]], [["2024-01-01"]], [["2024-01-01"], ["2024-01-02"]]])
def test_single_stamps_have_no_frequency(series):
    with pytest.raises(DataError, match="single time stamp"):
        infer_frequency([stamps(*texts) for texts in series])


def test_irregular_steps_are_refused():
    with pytest.raises(DataError, match=r"only 1 of 5 steps .* \(the commonest is 1 day\)"):
        infer_frequency([stamps("2024-01-01", "2024-01-02", "2024-01-04", "2024-01-07", "2024-01-11", "2024-01-16")])
    with pytest.raises(DataError, match="the commonest is 500 microseconds"):
        infer_frequency([np.array([0, 500, 1500, 3000], dtype="datetime64[us]")])


def test_odd_steps_have_names_too():
    frequency = Frequency("fixed", 1500)
    assert (frequency.alias, frequency.name) == ("1500us", "every 1500 microseconds")
    assert (season_length(frequency), default_horizon(frequency)) == (1, 60)
    assert season_length(Frequency("month", 5)) == 1
    assert season_length(Frequency("fixed", 8 * DAY)) == 1


def test_business_days_are_counted_as_numpy_counts_them():
    made = np.busday_offset(np.datetime64("1970-01-01"), np.arange(-900, 900), roll="forward")
    frequency = Frequency("business", 1)
    np.testing.assert_array_equal(frequency.stamps(np.arange(-900, 900)), made)
    np.testing.assert_array_equal(frequency.ordinals(made)[0], np.arange(-900, 900))


@pytest.mark.parametrize(
    ("weekdays", "alias", "name", "season"),
    [
        ((0, 1, 2, 3, 4, 5), "Mon-Sat", "Monday to Saturday", 6),
        ((1, 3, 5), "Tue,Thu,Sat", "Tuesday, Thursday, Saturday", 3),
        ((0, 1, 2, 3, 6), "Sun-Thu", "Sunday to Thursday", 5),
        ((5, 6), "Sat,Sun", "Saturday, Sunday", 2),
        ((0, 1, 2, 3, 4), "B", "business days", 5),
    ],
)
def test_days_on_which_there_is_never_a_row_are_no_steps(weekdays, alias, name, season):
    every = dates("2023-01-02 09:00", 400, "D")
    made = every[np.isin((every.astype("datetime64[D]").astype(int) + 3) % 7, weekdays)]
    found = infer_frequency([np.delete(made, [20, 50])])
    assert (found.alias, found.name, season_length(found)) == (alias, name, season)
    assert default_horizon(found) == 2 * season
    ordinals, on_grid = found.ordinals(made)
    assert on_grid.all() and np.all(np.diff(ordinals) == 1)
    closed = np.setdiff1d(every, made)
    assert not found.ordinals(closed)[1].any()
    assert np.all(found.stamps(found.buckets(closed)) < closed)


def test_gaps_on_any_weekday_leave_days():
    random = np.random.default_rng(5)
    made = dates("2023-01-01", 300, "D")
    assert infer_frequency([made[random.random(300) > 0.4]]).alias == "D"
    assert infer_frequency([dates("2024-01-01", 14, "D")[[0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]]]).alias == "D"


@pytest.mark.parametrize(
    ("alias", "holidays", "following", "quarters"),
    [
        ("BME", {"2018-03-30": "2018-03-29"}, "2021-05-31", "BQE-MAR"),
        ("BMS", {"2019-01-01": "2019-01-02", "2018-09-03": "2018-09-04"}, "2021-05-03", "BQS-JAN"),
    ],
)
def test_edge_workdays_of_months_are_months_also_where_one_is_a_holiday(alias, holidays, following, quarters):
    edges = dates("2018-01-01", 40, alias)
    for holiday, other in holidays.items():
        edges[edges == np.datetime64(holiday)] = np.datetime64(other)
    found = infer_frequency([edges])
    assert (found.alias, found.name, season_length(found)) == (alias, "monthly", 12)
    ordinals, on_grid = found.ordinals(edges)
    assert on_grid.all() and np.all(np.diff(ordinals) == 1)
    assert str(found.stamps(ordinals[-1:] + 1)[0])[:10] == following
    assert infer_frequency([dates("2018-01-01", 20, alias.replace("M", "Q"))]).alias == quarters


def test_a_slip_among_first_days_makes_no_workdays_of_them():
    slipped = dates("2018-01-01", 40, "MS")
    slipped[3] += np.timedelta64(1, "D")
    assert infer_frequency([slipped]).alias == "MS"


@pytest.mark.parametrize(
    ("frequency", "count", "words"),
    [
        (Frequency("month", 1), 12, "12 months"),
        (Frequency("month", 3), 8, "8 quarters"),
        (Frequency("month", 12), 1, "1 year"),
        (Frequency("month", 6), 2, "12 months"),
        (Frequency("business", 1), 10, "10 business days"),
        (Frequency("fixed", 30 * MINUTE), 48, "24 hours"),
        (Frequency("fixed", 5 * MINUTE), 3, "15 minutes"),
        (Frequency("fixed", WEEK), 13, "13 weeks"),
        (Frequency("fixed", 1), 12, "12 steps"),
    ],
)
def test_spans(frequency, count, words):
    assert frequency.span(count) == words
