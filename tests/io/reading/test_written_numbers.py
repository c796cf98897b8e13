"""Numbers as people write them: each is read right, or refused with a hint that works when it is typed."""

from __future__ import annotations

import csv
import math
import random
import re
import shlex

import numpy as np
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel

NUMBERS = [12.5, 13.25, 11.0, 14.5, 12.25, 15.0, 13.0, 12.0, 11.5, 14.0, 10.75, 12.75]


def write(path, texts, *, sep=",", name="y", **more):
    days = np.datetime64("2023-01-01") + np.arange(len(texts))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=sep)
        writer.writerow(["day", name, *more])
        writer.writerows(zip(map(str, days), texts, *more.values(), strict=True))
    return path


def values_of(result):
    panel = result.panel
    return [value if seen else None for value, seen in zip(panel.values.tolist(), panel.observed.tolist(), strict=True)]


def notes_of(result):
    return " | ".join(note.text for note in result.notes)


def read(tmp_path, texts, *, sep=",", **options):
    return read_panel(write(tmp_path / "a.csv", texts, sep=sep), ReadOptions(**options))


# How a number is written in a column, what it is worth, and what is said; all numbers of the column are written so.
DRESSED = [
    ("{} kWh", 1, "'kWh' left out"),
    ("{} \u00b0C", 1, "'\u00b0C' left out"),
    ("{} %", 1, "5% is 5"),
    ("\u20ac {}", 1, "'\u20ac' left out"),
    ("{} \u20ac", 1, "'\u20ac' left out"),
    ("$-{}", -1, "'$' left out"),
    ("-${}", -1, "'$' left out"),
    ("({})", -1, "in parentheses as negative"),
    ("{}-", -1, "with a minus behind"),
    ("+{}", 1, ""),
    ("{}e3", 1e3, ""),
    ("{}M", 1e6, "'M' as 1,000,000 times"),
    ("{} Mio", 1e6, "'Mio' as 1,000,000 times"),
    ("{}k", 1e3, "'k' as 1,000 times"),
    ('="{}"', 1, 'in ="..."'),
]


@pytest.mark.parametrize(("dress", "factor", "said"), DRESSED)
def test_a_column_written_alike_is_read(tmp_path, dress, factor, said):
    result = read(tmp_path, [dress.format(number) for number in NUMBERS])
    assert values_of(result) == [number * factor for number in NUMBERS]
    assert said in notes_of(result)


# A cell among plain numbers, and what it is read as.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("5.", 5), (".5", 0.5), ("+5", 5), ("1.2e3", 1200), ("(5)", -5), ("5-", -5), ("$-5", -5), ("-$5", -5)],
        *[("\u20ac 5", 5), ('="0123"', 123), ("1'234.5", 1234.5), ("\u22125", -5), (" 5\u00a0", 5)],
        *[(token, None) for token in ("unavailable", "Unknown", "offline", "nodata", "No Data", "nil", "void", "--")],
        *[(token, None) for token in ("-1.#IND", "1.#QNAN", "-nan(ind)", "-nan", "#VALUE!", "#NUM!", "\u2014", "..")],
        *[(token, None) for token in ("NULL", "None", "N/A", "(null)")],
    ],
)
def test_a_cell_among_plain_numbers_is_read(tmp_path, text, value):
    result = read(tmp_path, [*map(str, NUMBERS[:3]), text, *map(str, NUMBERS[4:])])
    assert values_of(result) == [*NUMBERS[:3], value, *NUMBERS[4:]]
    if value is None and text not in ("NULL", "None", "N/A"):
        assert f"'{text}' as missing (1 cell)" in notes_of(result)


# A cell among plain numbers that is refused; the hint either declares it missing, or says how to write it.
@pytest.mark.parametrize(
    ("text", "hint"),
    [
        *[(token, "--missing") for token in ("<1", ">100", "inf", "-inf", "1.#INF", "n/k", "low battery", "it's off")],
        *[(text, "write it as a plain number") for text in ("~5", "12 kWh", "5 \u00b0C", "5 %", "1.2M", "3 Mio")],
        *[(text, "write it as a plain number") for text in ("12:30", "1/2", "0x1F", "1_000", "1e400", "5*", "5h")],
        *[(text, "digits 0 to 9") for text in ("1\u066b5", "\u0663", "\uff15", "1\uff0e5")],
        *[(text, "in one way") for text in ("1 234,5", "1.234.567", "1,5")],
        ("1,234", "--thousands ,"),
        ("True", "1 and 0"),
    ],
)
def test_a_cell_among_plain_numbers_is_refused_with_a_hint_that_works(tmp_path, run, text, hint):
    path = write(tmp_path / "a.csv", [*map(str, NUMBERS[:3]), text, *map(str, NUMBERS[4:])])
    with pytest.raises(DataError, match="is not a finite number") as caught:
        read_panel(path)
    assert hint in caught.value.hint
    if flags := re.search(r"add (--.*?)(;|$)", caught.value.hint):
        done = run("describe", path, "--json", *shlex.split(flags[1]))
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("texts", "sep", "options", "hint"),
    [
        (["1,5", "2.25", "3"], ";", {"decimal": "."}, "write all numbers in one way, as --decimal . says"),
        (["1,23", "999", "888"], ";", {"thousands": ","}, "write all numbers in one way, as --decimal . --thousands ,"),
        (["1 234,5", "999", "8"], ";", {"thousands": " ", "decimal": "."}, "as --decimal . --thousands"),
        (["1,234", "999", "8.5"], ";", {"decimal": "."}, "or add --thousands ,"),
        (["$1,234", "$999", "$850"], ";", {}, "if a comma separates thousands add --thousands ,"),
        (["x", "999", "8.5", "y"], ";", {"missing": ("x",)}, "--missing y;"),
    ],
)
def test_hints_know_what_was_given(tmp_path, texts, sep, options, hint):
    with pytest.raises(DataError) as caught:
        read(tmp_path, texts * 4, sep=sep, **options)
    assert hint in caught.value.hint


def test_options_hold_for_the_texts_of_data_frames(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=9), "y": ["1.234,5", "5", "unavailable"] * 3})
    assert values_of(read_panel(frame.iloc[:8])) == [1234.5, 5, None] * 2 + [1234.5, 5]
    frame["y"] = ["1,234", "5", "6"] * 3
    assert values_of(read_panel(frame, ReadOptions(thousands=",")))[0] == 1234
    assert values_of(read_panel(frame, ReadOptions(decimal=",")))[0] == 1.234


@pytest.mark.parametrize("texts", [["0,090", "0,107", "1,234", "0,1", "2"], ["12,5", "13,25", "7", "1,125"]])
def test_decimal_commas_in_quotes(tmp_path, texts):
    result = read(tmp_path, [*texts, "None"] * 3)
    assert values_of(result)[: len(texts)] == [float(text.replace(",", ".")) for text in texts]
    assert "decimal comma" in notes_of(result)


def test_decimal_commas_beside_points_are_refused(tmp_path):
    path = write(tmp_path / "a.csv", ["0,5", "0,75", "1"] * 4, other=["1.5", "2.25", "3"] * 4)
    assert "1.5" not in notes_of(read_panel(path)) and read_panel(path).schema.target_cols == ("other",)


def visits(level, spread=0.2):
    """Counts that go up and down around a level."""
    rng = random.Random(3)
    return [round(level * (1 + spread * math.sin(step / 4) + 0.1 * rng.random())) for step in range(60)]


def test_counts_that_grow_over_a_thousand(tmp_path):
    counts = visits(980)
    result = read(tmp_path, [f"{count:,}" for count in counts])
    assert values_of(result) == counts
    assert "',' between thousands" in notes_of(result)


@pytest.mark.parametrize("mark", [",", "."])
def test_marks_among_semicolons(tmp_path, mark):
    counts = visits(980)
    texts = [f"{count:,}".replace(",", mark) for count in counts]
    result = read(tmp_path, texts, sep=";")
    assert values_of(result) == counts
    assert f"'{mark}' between thousands" in notes_of(result) and "decimal comma" not in notes_of(result)
    # One cell that shows decimals is no proof that all others have them.
    with pytest.raises(DataError, match="ambiguous"):
        read(tmp_path, [f"12{mark}5", *texts[1:]], sep=";")


def test_numbers_around_one_have_decimals(tmp_path):
    rng = random.Random(5)
    texts = [f"{rng.uniform(0, 9):.3f}" if step % 3 else str(step % 7) for step in range(60)]
    assert values_of(read(tmp_path, texts, sep=";")) == [float(text) for text in texts]


def test_whole_thousands_with_a_point_beside_hundreds(tmp_path):
    counts = [1000 if step % 5 == 2 else count for step, count in enumerate(visits(750))]
    texts = [f"{count:,}".replace(",", ".") for count in counts]
    result = read(tmp_path, texts)
    assert values_of(result) == counts and "'.' between thousands" in notes_of(result)
    texts = ["1.000", *(text.replace(".", "") for text in texts if len(text) < 5)]
    with pytest.raises(DataError, match=r"'1\.000' is ambiguous"):
        read(tmp_path, texts)
    assert values_of(read(tmp_path, texts, thousands="."))[0] == 1000
    assert values_of(read(tmp_path, ["3.000", *map(str, range(1, 9))]))[0] == 3


@pytest.mark.parametrize(
    "texts",
    [
        [f"{count:,}" for count in visits(4000)],  # all have a comma
        [
            f"{count / 1000:.3f}".replace(".", ",") if step % 3 else str(step % 7)
            for step, count in enumerate(visits(3000))
        ],
        ["1,295", "998", "997"] + [str(count) for count in visits(600)],  # a single one
    ],
)
def test_commas_that_prove_nothing_are_asked_about(tmp_path, texts):
    with pytest.raises(DataError) as caught:
        read(tmp_path, texts)
    assert "if a comma separates thousands add --thousands ,, if it marks decimals add --decimal ," in caught.value.hint


@pytest.mark.parametrize("mark", ["\u00a0", "'"])
def test_blanks_and_apostrophes_part_thousands(tmp_path, mark):
    counts = visits(980)
    result = read(tmp_path, [f"{count:,}".replace(",", mark) for count in counts])
    assert values_of(result) == counts


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("Yes", "No"), ("ON", "OFF"), ("y", "n")])
def test_yes_and_no(tmp_path, yes, no):
    pattern = [1, 0, 0, 1, 1, 1, 0] * 3
    texts = [yes if each else no for each in pattern]
    result = read(tmp_path, texts)
    assert values_of(result) == pattern
    assert f"'{yes.lower()}' as 1 and '{no.lower()}' as 0" in notes_of(result)
    result = read(tmp_path, [*texts[:5], "unavailable", *texts[6:]])
    assert values_of(result)[5] is None and "'unavailable' as missing (1 cell)" in notes_of(result)
    # Beside numbers it is no value, unless it is named.
    path = write(tmp_path / "b.csv", texts, sold=[step % 5 + 2 for step in range(21)])
    assert read_panel(path).schema.target_cols == ("sold",)
    assert {column.name: column.why for column in read_panel(path).columns}["y"]
    assert values_of(read_panel(path, ReadOptions(target_cols=("y",)))) == pattern


def test_other_words_are_no_flags(tmp_path):
    with pytest.raises(DataError, match="is not a finite number"):
        read(tmp_path, ["open", "closed"] * 5)


def test_states_that_outnumber_the_numbers_are_texts(tmp_path):
    path = write(tmp_path / "a.csv", ["unknown", "offline", "1", "unknown", "2"] * 4, sold=[*range(2, 22)])
    assert read_panel(path).schema.target_cols == ("sold",)


def test_ids_are_no_missing_values(tmp_path):
    path = tmp_path / "a.csv"
    rows = [
        f"2023-01-{day:02d},{key},{day * 3 % 11 + len(key)}" for key in ("unknown", "nil", "7") for day in range(1, 29)
    ]
    path.write_text("\n".join(["day,key,sold", *rows, ""]))
    assert read_panel(path).panel.ids == (("7",), ("nil",), ("unknown",))
