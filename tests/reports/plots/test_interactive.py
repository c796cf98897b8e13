"""The page to zoom into: it holds all it needs, and texts of the user stay texts."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace

import pytest

from tests.reports.plots.test_forecast import LENGTH, make_history, make_picture, make_scenario
from tsforecast.errors import OptionError
from tsforecast.reports.plots.write import check_drawable, draw_forecast, most_series

EVIL = "</script><img src=x onerror=alert(1)> & <b>b</b>"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of two series, of which one and the title try to break out."""
    history = make_history(["a", EVIL])
    history.observed[3:5] = False
    history.observed[LENGTH - 5] = False
    path = tmp_path_factory.mktemp("page") / "out.html"
    draw_forecast(replace(make_picture(history, title=EVIL), caption="The largest 2."), path)
    return path.read_text()


def test_it_asks_no_server(page):
    ours = page.split("</script>")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    assert any(len(part) > 1_000_000 for part in ours)  # the library itself


def test_texts_of_the_user_stay_texts(page):
    assert "<img src=x" not in page
    head = page[: page.index("</head>")]
    assert "<title>&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in head


def test_a_menu_changes_between_the_series(page):
    traces, layout = drawn(page)
    (menu,) = layout["updatemenus"]
    assert menu["buttons"][0]["label"] == "a"
    assert "<" not in menu["buttons"][1]["label"] and "<img" not in layout["title"]["text"]
    for number, button in enumerate(menu["buttons"]):
        shown = [trace["name"] for trace, on in zip(traces, button["args"][1], strict=True) if on]
        assert shown.count("history") == shown.count("forecast") == 1
        assert ("filled in" in shown) == (number == 0)
    assert [trace["visible"] for trace in traces] == menu["buttons"][0]["args"][1]


def test_values_and_times_are_those_of_the_forecast(page):
    traces, _ = drawn(page)
    curve = make_picture(make_history(["a"])).curves[0]
    forecast = next(trace for trace in traces if trace["name"] == "forecast")
    assert forecast["y"] == curve.y_pred.tolist()
    assert forecast["x"] == [str(day)[:10] for day in curve.future]
    history = next(trace for trace in traces if trace["name"] == "history")
    assert [number for number, value in enumerate(history["y"]) if value is None] == [LENGTH - 5 - (LENGTH - 40)]


def test_another_scenario(tmp_path):
    draw_forecast(make_scenario(), tmp_path / "out.html")
    traces, layout = drawn((tmp_path / "out.html").read_text())
    assert [trace["name"] for trace in traces[-2:]] == ["forecast", "what if price=+10%"]
    assert traces[-1]["y"][1] == traces[-2]["y"][1] + 50 and "updatemenus" not in layout


def drawn(page):
    """Traces and layout, as the page hands them to the library."""
    call = page[page.rindex("Plotly.newPlot(") :]
    decoder, found = json.JSONDecoder(), []
    at = call.index("[")
    for opening in "[{":
        at = call.index(opening, at)
        value, at = decoder.raw_decode(call, at)
        found.append(value)
    return found


def test_a_page_has_room_for_more_series_than_a_picture():
    assert most_series("a.HTML") > most_series("a.png") == 9


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(OptionError, match=r"pip install plotly"):
        check_drawable("x.html")
    check_drawable("x.png")
