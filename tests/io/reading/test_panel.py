"""A table becomes a panel: order, grid, gaps, notes, and the demands of a fitted model."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import format_stamps
from tsforecast.series.frequency import DAY, HOUR, MINUTE, Frequency
from tsforecast.series.panel import Schema

DATASETS = Path(__file__).parents[3] / "datasets"
HOURLY = Frequency("fixed", HOUR)


@pytest.fixture
def read(tmp_path):
    def read_text(text: str, *, schema: Any = None, frequency: Frequency | None = None, **options: Any) -> ReadResult:
        path = tmp_path / "data.csv"
        path.write_text(text, encoding="utf-8")
        return read_panel(path, ReadOptions(**options), schema=schema, frequency=frequency)

    return read_text


def csv(rows: list[tuple[Any, ...]], header: str = "ds,y") -> str:
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


def days(values: list[Any], first: str = "2024-01-01") -> list[tuple[str, Any]]:
    return [(str(np.datetime64(first) + np.timedelta64(step, "D")), value) for step, value in enumerate(values)]


def warnings(result: ReadResult) -> list[str]:
    return [note.text for note in result.notes if note.kind == "warning"]


def test_one_series(read, tmp_path):
    result = read(csv(days([1.5, 2.5, 0.5])))
    panel = result.panel
    assert (panel.ids, panel.frequency, panel.values.tolist()) == (((),), Frequency("fixed", DAY), [1.5, 2.5, 0.5])
    assert panel.observed.all()
    assert str(panel.future_stamps(0, 1)[0])[:10] == "2024-01-04"
    assert (result.schema.time_formats, result.schema.time_zone, result.schema.key_columns) == (("%Y-%m-%d",), None, ())
    assert (result.rows, result.file) == (3, str(tmp_path / "data.csv"))
    assert [note.text for note in result.notes] == [
        "time column 'ds': daily from 2024-01-01 to 2024-01-03",
        "1 series of 3 steps",
        "value column 'y'",
    ]


def test_long_table_with_several_values(read):
    rows = [(key, day, value, value + 0.5) for key in ("b", "a") for day, value in days([5, 7, 6])]
    result = read(csv(rows, "shop,ds,sales,stock"))
    assert result.schema.key_columns == ("shop", "series")
    assert result.panel.ids == (("a", "sales"), ("a", "stock"), ("b", "sales"), ("b", "stock"))
    assert result.panel.series(3).tolist() == [5.5, 7.5, 6.5]
    assert "4 series of 3 steps" in [note.text for note in result.notes]


def test_rows_in_any_order_give_the_same_panel(read):
    rows = [(key, day, value) for key in ("a", "b") for day, value in days([5, 7, 6, 9])]
    ordered = read(csv(rows, "id,ds,y"))
    assert warnings(ordered) == []
    by_day = read(csv(sorted(rows, key=lambda row: row[1]), "id,ds,y"))
    assert warnings(by_day) == []
    reverse = read(csv(rows[::-1], "id,ds,y"))
    assert warnings(reverse) == ["the rows were not in the order of time and were sorted"]
    for other in (by_day, reverse):
        assert other.panel.ids == ordered.panel.ids
        np.testing.assert_array_equal(other.panel.values, ordered.panel.values)


def test_repeated_time_names_both_lines(read):
    text = csv([*days([1, 5, 3]), ("2024-01-02", 9), ("2024-01-03", 9)])
    with pytest.raises(
        DataError, match=r"the time '2024-01-02' stands in line 3 already \(1 more row like this\)"
    ) as caught:
        read(text)
    assert caught.value.row == 5
    panel_rows = [(key, *row) for key in "ab" for row in days([1, 5, 3] * 8)]
    with pytest.raises(DataError, match="'2024-01-02' of 'b' stands in line 27 already") as caught:
        read(csv([*panel_rows, ("b", "2024-01-02", 9)], "id,ds,y"))
    assert caught.value.row == 50


@pytest.mark.parametrize(("rule", "value"), [("first", 5), ("last", 9), ("mean", 7)])
def test_repeated_times_are_merged_on_demand(read, rule, value):
    result = read(csv([("2024-01-02", 5), *days([1, 9, 3])]), on_duplicate=rule)
    assert result.panel.values.tolist() == [1, value, 3]
    assert any(text.startswith("1 row repeated a time of the same series") for text in warnings(result))


def test_gaps_are_filled_and_counted(read):
    values = [*[1, 2, 3, 4, 5, 6, 7] * 3]
    rows = days(values)
    rows[15] = (rows[15][0], "NA")
    del rows[17]
    result = read(csv(rows))
    assert result.panel.values.tolist() == values
    assert np.flatnonzero(~result.panel.observed).tolist() == [15, 17]
    assert warnings(result) == ["2 of 21 values (9.5%) missing: filled from earlier values by the seasonal rule"]
    assert read(csv(rows), fill_gaps="previous").panel.values[15] == 1
    assert read(csv(rows), fill_gaps="zero").panel.values[15] == 0


def test_missing_ends_are_cut_off(read):
    result = read(csv(days(["", 1, 2, 3, "NA", ""])))
    assert result.panel.values.tolist() == [1, 2, 3]
    assert str(result.panel.stamps(0)[0])[:10] == "2024-01-02"
    assert warnings(result) == ["3 missing values at the start or end of the series cut off"]


def test_missing_ends_of_several_series_are_counted(read):
    rows = [(key, day, value) for key in "ab" for day, value in days(["" if key == "b" else 9, 1, 2, 3])]
    assert warnings(read(csv(rows, "id,ds,y"))) == ["1 missing value at the start or end of 1 series cut off"]


def test_many_missing_values_name_the_worst_series(read):
    rows = [("a", *row) for row in days(range(40))] + [
        ("b", *row) for row in days(range(40)) if row[1] not in range(5, 14)
    ]
    (text,) = warnings(read(csv(rows, "id,ds,y")))
    assert text.endswith("; most are missing in 'b' (22%)")


def test_too_many_missing_values_are_refused_at_the_longest_gap(read):
    with pytest.raises(
        DataError, match=r"157,\d+ of 157,\d+ values are missing .* the longest gap ends here"
    ) as caught:
        read(csv([*[(f"2024-01-01 {hour:02d}:00", 1) for hour in range(24)], ("2042-01-02 00:00", 1)]))
    assert caught.value.row == 26
    with pytest.raises(DataError, match="4 of 6 values are missing") as caught:
        read(csv(days([1, "", "", "", "", 2])))
    assert caught.value.row is None


def test_series_without_values_are_refused_or_left_out(read):
    rows = [(key, day, "" if key == "b" else value) for key in ("a", "b") for day, value in days([5, 7, 6])]
    with pytest.raises(DataError, match=r"1 series without any value, the first is 'b'; .*--on-bad-series skip"):
        read(csv(rows, "id,ds,y"))
    result = read(csv(rows, "id,ds,y"), on_bad_series="skip")
    assert result.panel.ids == (("a",),)
    assert warnings(result) == ["1 series without any value left out: 'b'"]
    with pytest.raises(DataError, match="no series has a value"):
        read(csv(days(["", "", ""])), target_cols=("y",))


def test_stamps_off_the_grid_are_named(read):
    rows = [(f"2023-{month:02d}-{2 if month in (7, 9) else 1:02d}", month * 1.5) for month in range(1, 13)]
    with pytest.raises(DataError, match="2 of 12 stamps are off the monthly grid, the first is '2023-07-02'") as caught:
        read(csv(rows))
    assert (caught.value.row, caught.value.column) == (8, "ds")


def test_no_regular_frequency(read):
    with pytest.raises(DataError, match="no regular frequency") as caught:
        read(csv([(f"2024-01-{day:02d}", day / 2) for day in (1, 2, 4, 7, 11, 16, 22)]))
    assert caught.value.column == "ds"
    with pytest.raises(DataError, match="single time stamp"):
        read(csv([("2024-01-01", 1.5)]))


def test_hours_across_both_clock_changes(read):
    instants = pd.date_range("2023-12-31 23:00", "2024-12-31 22:00", freq="h", tz="UTC")
    local = instants.tz_convert("Europe/Paris")
    rows = [(stamp.isoformat(), step % 7) for step, stamp in enumerate(local)]
    result = read(csv(rows), tz="Europe/Paris")
    assert result.panel.values.tolist() == [step % 7 for step in range(8784)]
    assert (result.panel.frequency, result.schema.time_zone) == (HOURLY, "Europe/Paris")
    assert format_stamps(result.panel.stamps(0), result.schema, HOURLY) == [[row[0] for row in rows]]
    assert any("written in UTC" in text for text in warnings(read(csv(rows))))


def test_days_across_both_clock_changes(read):
    local = pd.date_range("2024-01-01", "2024-12-31", freq="D", tz="Europe/Paris")
    rows = [(stamp.isoformat(), step % 7) for step, stamp in enumerate(local)]
    for options in ({}, {"tz": "Europe/Paris"}):
        result = read(csv(rows), **options)
        assert result.panel.frequency == Frequency("fixed", DAY)
        assert result.panel.observed.all()
        assert str(result.panel.future_stamps(0, 1)[0]) == "2025-01-01T00:00:00.000000"


def test_new_data_for_a_model(read):
    fitted = read(
        csv([(f"{day:02d}/01/2024", day, day * 2) for day in range(1, 20)], "ds,no,sales"), target_cols=("sales",)
    )
    later = csv([(f"{day:02d}/02/2024", day * 3) for day in range(1, 10)], "ds,sales")
    result = read(later, schema=fitted.schema, frequency=fitted.panel.frequency)
    assert result.schema == fitted.schema
    assert str(result.panel.stamps(0)[0])[:10] == "2024-02-01"
    with pytest.raises(DataError, match="no column 'sales'"):
        read(csv(days([1, 2])), schema=fitted.schema)


def test_new_data_for_a_model_may_be_one_row_but_must_be_on_its_grid(read):
    fitted = read(csv([(f"2024-01-01 {hour:02d}:00", hour % 5) for hour in range(24)]))
    one = read(csv([("2024-01-02 05:00", 3)]), schema=fitted.schema, frequency=HOURLY)
    assert one.panel.values.tolist() == [3]
    with pytest.raises(DataError, match="1 of 1 stamp is off the hourly grid"):
        read(csv([("2024-01-02 05:30", 3)]), schema=fitted.schema, frequency=HOURLY)
    with pytest.raises(DataError, match="have none"):
        read(csv([("2024-01-02 05:00Z", 3)]), schema=fitted.schema, frequency=HOURLY)


def test_new_data_without_offset_is_taken_in_the_zone_of_the_model(read):
    fitted = read(csv([(f"2024-01-01 {hour:02d}:00", hour % 5) for hour in range(24)]), tz="Europe/Paris")
    result = read(csv([("2024-01-02 05:00", 3)]), schema=fitted.schema, frequency=HOURLY)
    assert str(result.panel.stamps(0)[0])[:16] == "2024-01-02T04:00"
    assert warnings(result) == ["the times have no offset from UTC and are taken as Europe/Paris, as when fitting"]


def test_frequency_of_many_series_comes_from_the_longest(read):
    rows = [(f"s{number:03d}", day, value) for number in range(60) for day, value in days([1, 2], "2024-01-01")]
    rows += [("long", *row) for row in days(range(30))]
    result = read(csv(rows, "id,ds,y"))
    assert (result.panel.n_series, result.panel.frequency.alias) == (61, "D")


def test_data_frame_gives_the_same_panel_as_its_csv(read):
    frame = pd.DataFrame(
        {"ds": pd.date_range("2024", periods=6, freq="30min"), "a": [1, 2, 3, 2, 1, 5.5], "b": range(1, 7)}
    )
    from_frame = read_panel(frame)
    from_csv = read(frame.assign(ds=frame["ds"].astype(str)).to_csv(index=False))
    assert from_frame.file == "data frame"
    assert from_frame.panel.frequency == Frequency("fixed", 30 * MINUTE)
    np.testing.assert_array_equal(from_frame.panel.values, from_csv.panel.values)
    assert from_frame.schema == from_csv.schema


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(csv(days([1, 2, 1])).encode())))
    assert read_panel("-").file == "stdin"


@pytest.mark.parametrize(
    ("name", "alias", "n_series", "steps", "missing", "text_format"),
    [
        ("aus-retail-monthly", "MS", 56, 6720, 0, "%Y-%m"),
        ("co2-weekly", "W-SAT", 1, 2284, 59, "%Y-%m-%d"),
        ("danish-money-quarterly", "QS-JAN", 5, 275, 0, "%YQ%q"),
        ("elec-equip-monthly", "MS", 1, 257, 0, "%Y-%m-%d"),
        ("elnino-monthly", "MS", 1, 732, 0, "%Y-%m"),
        ("iowa-electricity-yearly", "YS-JAN", 3, 51, 0, "%Y-%m-%d"),
        ("macrodata-quarterly", "QS-JAN", 12, 2436, 0, "%Y-%m-%d"),
        ("nile-yearly", "YS-JAN", 1, 100, 0, "%Y"),
        ("pedestrian-hourly", "h", 4, 35136, 1375, "%Y-%m-%dT%H:%M:%S%:z"),
        ("peyton-manning-daily", "D", 1, 2964, 59, "%Y-%m-%d"),
        ("seattle-weather-daily", "D", 4, 5844, 0, "%Y/%m/%d"),
        ("solar-power-hourly", "h", 1, 8220, 0, "%Y-%m-%d %H:%M:%S"),
        ("sunspots-yearly", "YS-JAN", 1, 309, 0, "%Y"),
        ("us-employment-monthly", "MS", 23, 2760, 0, "%Y-%m-%d"),
        ("us-gasoline-weekly", "W-MON", 1, 1355, 0, "%Y-%m-%d"),
        ("vic-elec-half-hourly", "30min", 1, 17520, 0, "%Y-%m-%dT%H:%M:%S%:z"),
    ],
)
def test_data_sets_read_without_options(name, alias, n_series, steps, missing, text_format):
    result = read_panel(DATASETS / f"{name}.csv")
    panel = result.panel
    assert (panel.frequency.alias, panel.n_series, panel.values.size) == (alias, n_series, steps)
    assert (int((~panel.observed).sum()), result.schema.time_formats) == (missing, (text_format,))
    assert np.isfinite(panel.values).all()


FREQUENCIES = st.sampled_from(
    [
        (HOURLY, "%Y-%m-%d %H:%M"),
        (Frequency("fixed", 15 * MINUTE), "%Y-%m-%dT%H:%M:%S"),
        (Frequency("fixed", DAY), "%Y-%m-%d"),
        (Frequency("fixed", 7 * DAY), "%Y-%m-%d"),
        (Frequency("business", 1), "%Y-%m-%d"),
        (Frequency("month", 1), "%Y-%m"),
        (Frequency("month", 1, day=31), "%Y-%m-%d"),
        (Frequency("month", 3), "%YQ%q"),
        (Frequency("month", 12), "%Y"),
    ]
)


@examples(60)
@given(
    chosen=FREQUENCIES,
    first=st.integers(-50, 150),
    lengths=st.lists(st.integers(20, 40), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
    shuffled=st.booleans(),
)
def test_a_written_panel_is_read_back(tmp_path_factory, chosen, first, lengths, seed, shuffled):
    """Series of different starts and lengths, with gaps, in any order of rows."""
    frequency, text_format = chosen
    random = np.random.default_rng(seed)
    rows, expected = [], {}
    for number, length in enumerate(lengths):
        values = random.normal(size=length).round(3)
        kept = np.flatnonzero(random.random(length) > 0.1)
        kept = np.union1d(kept, [0, 1, 2, 3, 4, length - 1])
        ordinals = first + number + kept
        schema = Schema(("ds",), ("shop_id",), ("y",), (text_format,))
        (texts,) = format_stamps(frequency.stamps(ordinals), schema, frequency)
        rows += [(f"{number:02d}", text, value) for text, value in zip(texts, values[kept], strict=True)]
        expected[(f"{number:02d}",)] = values[kept]
    if shuffled:
        rows = [rows[position] for position in random.permutation(len(rows))]
    path = tmp_path_factory.mktemp("panel") / "data.csv"
    path.write_text(csv(rows, "shop_id,ds,y"))
    result = read_panel(path, ReadOptions(id_cols=("shop_id",), time_col="ds", target_cols=("y",)))
    panel = result.panel
    assert panel.frequency.alias == frequency.alias
    assert panel.ids == tuple(sorted(expected))
    for number in range(panel.n_series):
        observed = panel.observed[panel.offsets[number] : panel.offsets[number + 1]]
        np.testing.assert_array_equal(panel.series(number)[observed], expected[panel.ids[number]])
        assert frequency.ordinals(panel.stamps(number))[0].tolist() == list(
            range(first + number, first + number + int(panel.lengths[number]))
        )
