"""The page of a report: harmless whatever the data say, whole without a network, to be read by day, night and ear."""

from __future__ import annotations

import base64
import hashlib
import re

import numpy as np
import pytest

from tests.reports.pages import Page
from tsforecast.reports.content import (
    Band,
    Chart,
    Charts,
    Curve,
    Fact,
    Item,
    Items,
    Report,
    Section,
    Table,
    Text,
    number,
)
from tsforecast.reports.html import page
from tsforecast.reports.html.axes import HEIGHT, WIDTH, Scale, area, path, round_numbers, tick_text, y_scale
from tsforecast.reports.html.palette import BANDS, DARK, LIGHT, LINES, TEXTS, contrast
from tsforecast.reports.html.svg import drawing, legend

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "</style></script><b>",
    "{{ 7 * 7 }}{% raw %}",
    "a\u202eb\x1b[31m",
    "\U0001f984 & <sons>",
    "x" * 5000,
]


def chart(title="Forecast", **more):
    x = np.arange(20.0)
    return Chart(
        title,
        f"what {title} shows",
        (Curve("history", x, x * x, "history", True), Curve(title, x, 2 * x, "model")),
        (Band("80 % interval", x, x - 1, x + 1, "band-1"),),
        x_label="steps",
        y_label="unit",
        **more,
    )


def report(name="sales", rows=3):
    table = Table(
        ("series", "MASE", name),
        tuple((f"{name} {place}", number(place + 0.5), number(None)) for place in range(rows)),
        f"Series of {name}",
        find="series",
    )
    blocks = Text(name), Items((Item(name, True), Item(name, name=name))), Charts((chart(name), chart(name))), table
    sections = Section("Error by series", blocks), Section("Epochs", (Table((name,), ((name,),), name, folded=True),))
    return Report(name, name, name, (Fact(name, name, name),), (chart(name),), sections)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_is_text_wherever_it_stands(name):
    found, plain = page(report(name)), page(report("sales"))
    read, expected = Page(found), Page(plain)
    assert [tag for tag, _ in read.elements] == [tag for tag, _ in expected.elements]
    kinds = [sorted(attributes) for _, attributes in expected.elements]
    assert [sorted(attributes) for _, attributes in read.elements] == kinds
    assert "49" not in read.text
    assert "\u202e" not in found and "\x1b" not in found


def test_a_page_needs_and_allows_nothing_else():
    text = page(report())
    read = Page(text)
    assert [value for value in (*read.all_of("src"), *read.all_of("href")) if value[0] != "#"] == ["data:,"]
    assert not re.search(r"https?:|@import|url\(", text)
    assert not [name for _, found in read.elements for name in found if name.startswith("on") or name == "style"]
    policy = read.named("meta")[1]["content"]
    assert "default-src 'none'" in policy
    for tag in ("style", "script"):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_who_does_not_see_the_page_can_use_it():
    read = Page(page(report()))
    drawings = [found for found in read.named("svg") if found.get("role") == "img"]
    assert len(drawings) == 3
    assert all(found["aria-label"] == "sales: what sales shows" for found in drawings)
    labelled = {found["for"] for found in read.named("label")}
    assert labelled == {found["id"] for found in read.named("input")} == {"error-by-series-4-find"}
    assert len(read.named("table")) == len(read.named("caption")) == 2
    assert all(found["scope"] in ("col", "row") for found in read.named("th"))
    assert read.named("html") == [{"lang": "en"}]
    targets = {found["href"] for found in read.named("a")}
    assert targets == {"#error-by-series", "#epochs"} and {target[1:] for target in targets} <= set(read.all_of("id"))


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["day", "night"])
def test_colours_stand_out(palette):
    for text, grounds in TEXTS.items():
        for ground in grounds:
            assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    for line in LINES:
        assert contrast(palette[line], palette["ground"]) >= 3, line
    for band in BANDS:
        for line in ("history", "model"):
            assert contrast(palette[line], palette[band]) >= 3, (line, band)
    assert LIGHT.keys() == DARK.keys()


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_a_panel_of_many_series_stays_small():
    text = page(report("a shop with quite an ordinary name", rows=5000))
    assert len(text.encode()) < 2_000_000
    assert "The first 50 of 5,000 rows are printed." in text
    assert text.count("data-v=") == 5000


def test_long_lines_keep_their_extremes():
    y = np.zeros(50_000)
    y[[1234, 40_000]] = 9, -9
    drawn = path(np.arange(50_000.0), y, (Scale(0, 50_000, WIDTH), Scale(-9, 9, HEIGHT)))
    assert len(drawn) < 10_000
    assert " 0L" in drawn and f" {HEIGHT:g}L" in drawn


def test_a_gap_interrupts_a_line():
    scales = Scale(0, 4, WIDTH), Scale(0, 1, HEIGHT)
    x, y = np.arange(5.0), np.array([0, 1, np.nan, 1, 0])
    assert path(x, y, scales) == "M0 400L250 0M750 0L1000 400"
    assert area(x, y * 0, y, scales).count("M") == 1
    assert area(x, y * np.nan, y, scales) == ""


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3, 12, ["0", "5", "10"]),
        (9000, 24_000, ["10,000", "15,000", "20,000"]),
        (2e6, 9e6, ["2M", "4M", "6M", "8M"]),
        (1e-9, 3e-9, ["1e-09", "1.5e-09", "2e-09", "2.5e-09", "3e-09"]),
    ],
)
def test_ticks_are_round(low, high, texts):
    assert [text for _, text in round_numbers(Scale(low, high, HEIGHT))] == texts


def test_ticks_of_logarithms_and_of_whole_numbers():
    assert [text for _, text in round_numbers(Scale(-3, 0.5, HEIGHT, log=True))] == ["1e-3", "1e-2", "1e-1", "1e0"]
    assert [text for _, text in round_numbers(Scale(1, 3, WIDTH), 6, whole=True)] == ["1", "2", "3"]
    assert tick_text(-0.0, 1) == "0"


@pytest.mark.parametrize("y", [[5.0, 5.0], [0.0, 0.0], [np.nan, np.nan], [1e300, -1e300]])
def test_any_values_can_be_drawn(y):
    flat = Chart("t", "d", (Curve("a", [0.0, 1.0], y, "model"),))
    scale = y_scale(flat)
    assert scale.high > scale.low
    assert "nan" not in drawing(flat) and "inf" not in drawing(flat)
    assert legend(flat) == []
