"""A picture for a dark background: light on dark, with the hues of the usual one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from tests.reports.plots.test_forecast import make_history, make_picture
from tsforecast.errors import OptionError
from tsforecast.reports.plots.dark import darken
from tsforecast.reports.plots.forecast import forecast_figure
from tsforecast.reports.plots.style import drawing
from tsforecast.reports.plots.write import check_drawable, draw_forecast


def test_what_was_dark_is_light() -> None:
    with drawing():
        figure = darken(forecast_figure(make_picture(make_history(["a", "b"]))))
    assert max(to_rgb(figure.get_facecolor())) < 0.2
    history, forecast = figure.axes[0].get_lines()[1:3]
    assert min(to_rgb(history.get_color())) > 0.6
    red, _, blue = to_rgb(forecast.get_color())
    assert blue > 0.8 > red
    texts = [text for axes in figure.axes for text in (axes.title, *axes.get_xticklabels(), *axes.get_yticklabels())]
    assert all(np.mean(to_rgb(text.get_color())) > 0.4 for text in (*texts, *figure.texts))


def test_files(tmp_path: Path) -> None:
    picture = make_picture(make_history(["a"]))
    for name in ("one.svg", "two.svg"):
        draw_forecast(picture, tmp_path / name, dark=True)
    draw_forecast(picture, tmp_path / "light.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "one.svg").read_bytes() != (tmp_path / "light.svg").read_bytes()


def test_a_page_is_never_dark() -> None:
    check_drawable("a.png", dark=True)
    with pytest.raises(OptionError, match="pages are never dark"):
        check_drawable("a.html", dark=True)
