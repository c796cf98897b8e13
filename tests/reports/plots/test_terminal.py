"""The picture in the letters of a terminal: it keeps to the width, and to ASCII where it must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.reports.plots.test_forecast import SCHEMA, make_forecast, make_history, make_picture, make_scenario
from tests.test_injection import CONTROL, HOSTILE
from tsforecast.reports.plots.picture import Clock, picture_of
from tsforecast.reports.plots.terminal import terminal_lines

PICTURE = make_picture(make_history(["a"]))


@pytest.fixture(autouse=True)
def no_color(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize("width", [40, 79, 100, 300])
@pytest.mark.parametrize("braille", [True, False])
def test_it_keeps_to_the_width(width, braille):
    lines = terminal_lines(replace(PICTURE, caption="The largest of 1,200 series."), width, braille=braille)
    assert min(width, 100) - 8 <= max(map(len, lines)) <= min(width, 100)
    assert "\n".join(lines).isascii() != braille
    assert 11 <= len(lines) <= 14


def test_what_is_drawn():
    """A line that rises by one each row, and its forecast."""
    lines = terminal_lines(PICTURE, 60, braille=False)
    assert lines[0] == "a: 40 rows and 10 steps ahead (. known, * forecast, - 80 %"
    rows = lines[2:-1]
    now = rows[-1].index("|")
    assert {row[now] for row in rows} <= set("|.*")
    for mark in ".*":
        columns = [row.index(mark) for row in rows if mark in row]
        assert columns == sorted(columns, reverse=True) and columns
    assert not any("*" in row[:now] or "." in row[now + 1 :] for row in rows)
    assert lines[-1].split() == ["2022-03-09", "2022-04-27"]
    assert terminal_lines(PICTURE, 100, braille=True)[-1].split() == ["2022-03-09", "2022-04-17", "2022-04-27"]


def test_another_scenario():
    lines = terminal_lines(make_scenario(), 100, braille=False)
    assert "; o: what if price=+10%" in lines[0]
    rows = [line for line in lines[1:-1] if "o" in line]
    assert rows and not any("o" in line[: lines[-2].index("|")] for line in rows)
    assert "the other line: what if" in " ".join(terminal_lines(make_scenario(), 100, braille=True))


def test_mere_steps_have_numbers():
    steps = [
        np.arange(first, last).astype("datetime64[us]") for first, last in ((1, 41), (40, 51))
    ]  # as panels hold them
    curve = replace(PICTURE.curves[0], past=steps[0], future=steps[1])
    dated, counted = (
        terminal_lines(replace(PICTURE, curves=(each,), clock=clock), 60, braille=False)
        for each, clock in ((PICTURE.curves[0], PICTURE.clock), (curve, Clock(counts=True)))
    )
    assert counted[:-1] == dated[:-1] and counted[-1].split() == ["1", "40", "50"]


def test_no_room_no_picture():
    assert terminal_lines(PICTURE, 39, braille=True) == []


@pytest.mark.parametrize("braille", [True, False])
def test_odd_series(braille):
    history = make_history(["", "b"])
    history.values[:] = 7.0
    constant = make_picture(history)
    assert len(terminal_lines(constant, 80, braille=braille)) > 9
    curve = constant.curves[0]
    unknown = replace(curve, values=np.full_like(curve.values, np.nan), y_pred=np.full_like(curve.y_pred, np.nan))
    assert len(terminal_lines(replace(constant, curves=(unknown,)), 80, braille=braille)) > 9
    empty = history.between(np.array([99, 100]), history.lengths)
    for number in (0, 1):
        picture = picture_of(empty, make_forecast(history, ()), SCHEMA, np.array([number]), title="")
        assert len(terminal_lines(picture, 80, braille=braille)) > 9


def test_letters_of_names_are_ascii_where_they_must_be():
    picture = make_picture(make_history(["東京"]))
    assert terminal_lines(picture, 80, braille=False)[0].startswith("??: ")
    assert terminal_lines(picture, 80, braille=True)[0].startswith("東京: ")


def test_a_terminal_obeys_no_name():
    for text in HOSTILE:
        lines = terminal_lines(make_picture(make_history([text])), 80, braille=True)
        assert not CONTROL.search("\n".join(lines).replace("\n", ""))
