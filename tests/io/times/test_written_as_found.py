"""Times in the ways people write them: read without a flag, and forecast stamps written in the same way."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.io.times.test_parse import DAILY, HOURLY, parse, schema, stamps
from tests.sampling import examples
from tsforecast.errors import DataError
from tsforecast.io.times.formats import format_stamps
from tsforecast.series.frequency import HOUR, Frequency, Stamps

MONTHLY, YEARLY = Frequency("month", 1), Frequency("month", 12)
FRENCH = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]


def days(start: str, count: int) -> Stamps:
    return np.datetime64(start, "us") + np.arange(count) * np.timedelta64(1, "D")


def written(times: Stamps, text_format: str, frequency: Frequency) -> list[str]:
    return format_stamps(times, schema(text_format), frequency)[0]


@pytest.mark.parametrize(
    ("texts", "first", "frequency", "after"),
    [
        (["1/5/23", "1/6/23", "1/13/23"], "2023-01-05", DAILY, "1/14/23"),
        (["3/2019", "4/2019", "5/2019"], "2019-03-01", MONTHLY, "6/2019"),
        (["2019-8", "2019-9", "2019-10"], "2019-08-01", MONTHLY, "2019-11"),
        (["04.2019", "05.2019"], "2019-04-01", MONTHLY, "06.2019"),
        (["2019M11", "2019M12"], "2019-11-01", MONTHLY, "2020M01"),
        (["2019m11", "2019m12"], "2019-11-01", MONTHLY, "2020m01"),
        (["201911", "201912"], "2019-11-01", MONTHLY, "202001"),
        (["Nov 19", "Dec 19", "Jan 20"], "2019-11-01", MONTHLY, "Feb 20"),
        (["03MAR2019", "04MAR2019"], "2019-03-03", DAILY, "05MAR2019"),
        (["March-2005", "Apr-2005", "MAY-2005"], "2005-03-01", MONTHLY, "Jun-2005"),
        (["3. März 2019", "4. März 2019"], "2019-03-03", DAILY, "5. März 2019"),
        (["nov. 2019", "déc. 2019"], "2019-11-01", MONTHLY, "janv. 2020"),
        (["30 de abril de 2019", "1 de mayo de 2019"], "2019-04-30", DAILY, "2 de mayo de 2019"),
        (["3/14/2019 11:00AM", "3/14/2019 12:00PM"], "2019-03-14T11", HOURLY, "3/14/2019 1:00PM"),
        (["2019-03-14 11-AM", "2019-03-14 12-PM"], "2019-03-14T11", HOURLY, "2019-03-14 01-PM"),
        (["1951.0", "1952.0"], "1951-01-01", YEARLY, "1953.0"),
        (["1998-99", "1999-00", "2000-01"], "1998-01-01", YEARLY, "2001-02"),
        (["1998/1999", "1999/2000", "2000/2001"], "1998-01-01", YEARLY, "2001/2002"),
        (
            ["14.03.2019 10:00 - 14.03.2019 11:00", "14.03.2019 11:00 - 14.03.2019 12:00"],
            "2019-03-14T10",
            HOURLY,
            "14.03.2019 12:00 - 14.03.2019 13:00",
        ),
    ],
)
def test_read_and_written_alike(texts, first, frequency, after):
    parsed = parse(*texts)
    assert parsed.wall[0] == np.datetime64(first)
    (text_format,) = parsed.time_formats
    assert written(parsed.wall, text_format, frequency) == texts
    following = frequency.stamps(frequency.ordinals(parsed.wall[-1:])[0] + 1)
    assert written(following, text_format, frequency) == [after]


@pytest.mark.parametrize(
    ("texts", "zone", "text_format"),
    [
        (["2019-03-14T10:00:00.000Z", "2019-03-14T11:00:00.000Z"], "UTC", "%Y-%m-%dT%H:%M:%S.%3fZ"),
        (["2019-03-14 10:00:00 UTC", "2019-03-14 11:00:00 UTC"], "UTC", "%Y-%m-%d %H:%M:%S UTC"),
        (["2019-03-14 10:00 GMT", "2019-03-14 11:00 GMT"], "UTC", "%Y-%m-%d %H:%M GMT"),
        (["1552557600.0", "1552561200.0"], "UTC", "epoch-s.0"),
    ],
)
def test_utc_in_other_words(texts, zone, text_format):
    parsed = parse(*texts)
    assert (parsed.time_zone, parsed.time_formats) == (zone, (text_format,))
    np.testing.assert_array_equal(parsed.instants, stamps("2019-03-14T10", "2019-03-14T11"))
    assert format_stamps(parsed.instants, schema(text_format, zone), HOURLY)[0] == texts


def test_the_order_of_day_and_month_that_is_regular_wins():
    months = [f"{month}/1/2019" for month in range(1, 13)] + [f"{month}/1/2020" for month in range(1, 13)]
    parsed = parse(*months)
    assert parsed.wall[1] == np.datetime64("2019-02-01")
    assert "%m/%d/%Y, the order in which they follow" in parsed.notes[0].text
    hours = written(days("2019-02-01", 3)[:1] + np.arange(60) * np.timedelta64(HOUR, "us"), "%d.%m.%y %H:%M", HOURLY)
    assert parse(*hours).wall[30] == np.datetime64("2019-02-02T06")
    with pytest.raises(DataError, match="as well as") as caught:
        parse(*[f"{month}/1/2019" for month in range(1, 13)])
    assert "'2/1/2019' is 2019-01-02 with" in caught.value.hint or "'2/1/2019' is 2019-02-01" in caught.value.hint
    assert all(f"--date-format {order}" in caught.value.hint for order in ("%d/%m/%Y", "%m/%d/%Y"))


@pytest.mark.parametrize(
    ("start", "count", "text_format"),
    [("1951-01-01", 700, "%m/%d/%y"), ("1899-12-25", 30, "%d-%b-%y"), ("2021-06-20", 40, "%m/%d/%y")],
)
def test_years_of_two_digits(start, count, text_format):
    times = days(start, count)
    parsed = parse(*written(times, text_format, DAILY))
    past = start < "1920"
    assert np.array_equal(parsed.wall, times) or past
    assert np.all(np.diff(parsed.wall) > np.timedelta64(0, "D"))
    assert any("two digits" in note.text for note in parsed.notes) == (start.startswith("19"))


def test_a_day_and_a_month_without_a_year_are_no_month_of_a_year():
    texts = [f"{day:02d}-{month}" for month in ("Jan", "Feb") for day in range(1, 29)]
    with pytest.raises(DataError, match="the year is missing"):
        parse(*texts)


def test_months_thirteen_apart_are_fiscal_years_only_as_a_whole():
    assert parse("2001-02", "2001-03", "2002-03").time_formats == ("%Y-%m",)
    assert parse("2001-02", "2002-03", "2003-04").time_formats == ("%Y-%+y",)


WAYS = st.sampled_from(
    [
        *((text, DAILY) for text in ("%-d/%-m/%Y", "%d%{JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC}%Y")),
        *((text, DAILY) for text in ("%Y-%b-%d", "%-d. %-m. %Y", "%B %-d, %Y", "%-d %B %Y")),
        *((text, MONTHLY) for text in ("%-m/%Y", "%YM%m", "%Y%m", "%Y%b", "%b '%y", f"%{{{'|'.join(FRENCH)}}} %Y")),
        *((text, HOURLY) for text in ("%-m/%-d/%Y %-I:%M%p", "%Y-%m-%d %I-%p", "%Y-%m-%dT%H:%M:%S.%3f")),
        *((text, HOURLY) for text in ("%d.%m.%Y %H:%M - %>%d.%m.%Y %H:%M", "%Y-%m-%d %-I:%M %P")),
    ]
)


@examples(200)
@given(way=WAYS, start=st.datetimes(datetime(1990, 1, 1), datetime(2000, 1, 1)))
def test_what_is_written_is_read_and_written_again(way, start):
    text_format, frequency = way
    first = frequency.ordinals(np.array([start], dtype="datetime64[us]"))[0] + 1
    expected = frequency.stamps(first + np.arange(420))
    texts = written(expected, text_format, frequency)
    parsed = parse(*texts)
    np.testing.assert_array_equal(parsed.wall, expected)
    (found,) = parsed.time_formats
    following = frequency.stamps(first + 420 + np.arange(3))
    assert written(following, found, frequency) == written(following, text_format, frequency)
    assert parse(*texts[:3], known_format=found).time_formats == (found,)
