"""Numbers with a currency, a unit or a suffix, words for missing values, and marks that other cells explain."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.errors import DataError
from tsforecast.io.reading.panel import read_panel

NUMBERS = [3.5, 12.25, 7.0, 9.75, 4.5, 6.25, 11.0, 8.5, 5.25, 10.0]


def read(tmp_path, texts, *, sep=";", name="y"):
    path = tmp_path / "a.csv"
    lines = [f"2023-01-{day:02d}{sep}{text}" for day, text in enumerate(texts, start=1)]
    path.write_text("\n".join([f"day{sep}{name}", *lines, ""]), encoding="utf-8")
    result = read_panel(path)
    values = np.where(result.panel.observed, result.panel.values, np.nan)
    return values.tolist(), " | ".join(note.text for note in result.notes)


@pytest.mark.parametrize(
    ("dress", "note"),
    [
        ("${}", "'$' left out"),
        ("{} kr", "'kr' left out"),
        ("CHF {}", "'CHF' left out"),
        ("{}%", "5% is 5"),
        ("{} m3", "'m3' left out"),
        ("-{}", None),
    ],
)
def test_company_of_numbers(tmp_path, dress, note):
    values, notes = read(tmp_path, [dress.format(number) for number in NUMBERS])
    sign = -1 if dress[0] == "-" else 1
    assert values == [sign * number for number in NUMBERS]
    assert note is None or note in notes


def test_negative_numbers(tmp_path):
    for dress in ("({})", "{}-", "(${})", "-${}"):
        values, _ = read(tmp_path, [*NUMBERS[:8], dress.format(2.5), dress.format(1.5)])
        assert values == [*NUMBERS[:8], -2.5, -1.5]


def test_suffixes_for_thousands(tmp_path):
    values, notes = read(tmp_path, ["1.5K", "2M", "950", "0", "3.25K", "4K", "5K", "6K"])
    assert values == [1500, 2e6, 950, 0, 3250, 4000, 5000, 6000]
    assert "'K' as 1,000 times" in notes and "'M' as 1,000,000 times" in notes


@pytest.mark.parametrize("texts", [["5%", "6%", "7", "8"], ["$5", "6 kr", "$7", "$8"], ["1.5M", "2", "3M", "4M"]])
def test_what_does_not_agree_is_refused(tmp_path, texts):
    with pytest.raises(DataError, match="not a finite number"):
        read(tmp_path, texts)


def test_sizes_stay_names(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"2023-01-{day:02d},{size} kg,{day + size}" for size in (1, 5) for day in range(1, 21)]
    path.write_text("\n".join(["day,size,sold", *rows, ""]))
    assert read_panel(path).schema.id_cols == ("size",)


@pytest.mark.parametrize("token", [".", "..", ":", "--", "\u2014", "***", r"\N", "#DIV/0!", "n.a.", "No Data", "N/D"])
def test_words_for_missing_values(tmp_path, token):
    values, notes = read(tmp_path, [*NUMBERS[:4], token, *NUMBERS[5:]])
    assert np.isnan(values[4]) and values[5:] == NUMBERS[5:]
    assert f"'{token}' as missing" in notes


def test_hints_name_all_tokens(tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, ["<1", "19", "25", "<1", "low!", "31", "44", "low!"])
    assert "'<1' is not" in str(caught.value)
    assert "--missing '<1' --missing 'low!'" in caught.value.hint


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1,234,567", "9,876", "12"], [1234567, 9876, 12]),
        (["$2,208.09", "$263.38", "$1,000"], [2208.09, 263.38, 1000]),
        (["220\u00a0809,41", "26 337,50", "12,5"], [220809.41, 26337.5, 12.5]),
        (["22'080.9", "633.8", "1'200"], [22080.9, 633.8, 1200]),
        (["22.080,94", "2.633,75", "7,5"], [22080.94, 2633.75, 7.5]),
    ],
)
def test_thousands_that_other_cells_prove(tmp_path, texts, values):
    found, notes = read(tmp_path, texts * 3)
    assert found == values * 3
    assert "between thousands" in notes


def test_addresses_prove_nothing(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"2023-01-{day:02d},192.168.100.20{day % 3} up,{day * 7 % 11}" for day in range(1, 21)]
    path.write_text("\n".join(["day,host,hits", *rows, ""]))
    assert not any("thousands" in note.text for note in read_panel(path).notes)
