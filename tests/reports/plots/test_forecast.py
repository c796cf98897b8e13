"""Tests of the picture of a forecast: what is drawn, and how the files come out."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from tsforecast.errors import DataError, OptionError, OutputError
from tsforecast.forecast import Forecast
from tsforecast.reports.plots.forecast import forecast_figure
from tsforecast.reports.plots.picture import Picture, picture_of
from tsforecast.reports.plots.predicted import Kept, predicted
from tsforecast.reports.plots.style import drawing
from tsforecast.reports.plots.write import draw_forecast
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import Panel, Schema, make_panel

ROOT = Path(__file__).resolve().parents[3]
HORIZON, LENGTH = 10, 100
SCHEMA = Schema(("day",), ("shop",), ("sold",), ("%Y-%m-%d",))


def make_history(names: list[str], frequency: Frequency | None = None) -> Panel:
    values = [np.arange(LENGTH, dtype=float) + 1000 * number for number in range(len(names))]
    ids: list[tuple[str, ...]] = [(name,) if name else () for name in names]
    return make_panel(values, frequency or Frequency("fixed", DAY), ids=ids, starts=[19_000] * len(names))


def make_forecast(history: Panel, levels: tuple[float, ...] = (80.0, 95.0)) -> Forecast:
    y_pred = history.values[history.offsets[1:] - 1][:, None] + np.arange(1.0, HORIZON + 1)
    width = np.array(levels) / 10
    starts = history.starts + history.lengths
    return Forecast(history.ids, starts, y_pred, levels, y_pred[:, :, None] - width, y_pred[:, :, None] + width)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that are saved while a test runs."""
    from matplotlib.figure import Figure

    saved: list[Any] = []
    save = Figure.savefig

    def keep(self: Figure, *args: Any, **kwargs: Any) -> None:
        saved.append(self)
        save(self, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", keep)
    return saved


def make_picture(history: Panel, schema: Schema = SCHEMA, title: str = "sales version 1: gru") -> Picture:
    return picture_of(history, make_forecast(history), schema, np.arange(history.n_series), title=title)


def draw(path: Path, history: Panel, schema: Schema = SCHEMA, title: str = "sales version 1: gru") -> None:
    draw_forecast(make_picture(history, schema, title), path)


def test_a_png_is_two_thousand_pixels_wide(tmp_path: Path) -> None:
    draw(tmp_path / "out.PNG", make_history(["a"]))
    data = (tmp_path / "out.PNG").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 2000
    assert os.listdir(tmp_path) == ["out.PNG"]


def test_an_svg_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        draw(tmp_path / name, make_history(["a"]))
    assert ElementTree.parse(tmp_path / "one.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_forecast_continues_recent_history(tmp_path: Path, figures: list[Any]) -> None:
    draw(tmp_path / "out.svg", make_history(["a"]))
    (axes,) = figures[0].axes
    start, past, forecast = axes.get_lines()
    assert past.get_ydata().tolist() == list(range(LENGTH - 4 * HORIZON, LENGTH))
    assert forecast.get_ydata().tolist() == list(range(LENGTH - 1, LENGTH + HORIZON))
    assert forecast.get_xdata()[0] == past.get_xdata()[-1] == start.get_xdata()[0]
    assert np.diff(forecast.get_xdata()).tolist() == [1.0] * HORIZON
    assert {text.get_text() for text in axes.texts} == {"history", "forecast", "80 %", "95 %"}
    assert not figures[0].legends


def test_labels_at_the_ends_of_lines_stand_apart(tmp_path: Path, figures: list[Any]) -> None:
    draw(tmp_path / "out.png", make_history(["a"]))
    figures[0].draw_without_rendering()
    (axes,) = figures[0].axes
    ends = [text for text in axes.texts if text.get_text() != "history"]
    heights = sorted((box := text.get_window_extent()).y0 for text in ends)
    assert min(np.diff(heights)) > 0.9 * box.height
    assert all(text.get_window_extent().x1 <= figures[0].bbox.x1 for text in ends)


def test_a_wider_interval_lies_lighter_below_a_narrower_one(tmp_path: Path, figures: list[Any]) -> None:
    draw(tmp_path / "out.svg", make_history(["a"]))
    narrow, wide = figures[0].axes[0].collections
    assert narrow.get_zorder() > wide.get_zorder()
    assert narrow.get_facecolor()[0][:3].sum() < wide.get_facecolor()[0][:3].sum()
    assert np.ptp(narrow.get_paths()[0].vertices[:, 1]) < np.ptp(wide.get_paths()[0].vertices[:, 1])


def make_scenario() -> Picture:
    """A picture of a forecast with that of another scenario beside it, which is 50 above."""
    history = make_history(["a"])
    made = make_forecast(history)
    both = replace(made, what_if=replace(made, y_pred=made.y_pred + 50))
    return picture_of(history, both, SCHEMA, np.arange(1), title="", what_if="what if price=+10%")


def test_another_scenario_is_drawn_beside_the_forecast() -> None:
    with drawing():
        (axes,) = forecast_figure(make_scenario()).axes
    *_, forecast, other = axes.get_lines()
    assert (other.get_ydata() - forecast.get_ydata()).tolist() == [0.0] + [50.0] * HORIZON
    assert other.get_linestyle() == "--"
    assert "what if price=+10%" in {text.get_text() for text in axes.texts}


def test_filled_values_are_dotted(tmp_path: Path, figures: list[Any]) -> None:
    history = make_history(["a"])
    history.observed[-5:-2] = False
    draw(tmp_path / "out.svg", history)
    _, past, dotted, _ = figures[0].axes[0].get_lines()
    assert np.isnan(past.get_ydata()[-6:]).tolist() == [False, True, True, True, False, False]
    assert dotted.get_linestyle() == ":"
    assert not np.isnan(dotted.get_ydata()).any()


@pytest.mark.parametrize(
    ("count", "rows", "columns"), [(1, 1, 1), (2, 2, 1), (3, 2, 2), (5, 2, 3), (7, 3, 3), (9, 3, 3)]
)
def test_series_stand_in_a_grid(count: int, rows: int, columns: int) -> None:
    with drawing():
        figure = forecast_figure(make_picture(make_history(["a"] * count)))
    grid = figure.axes[0].get_gridspec()
    assert (grid.nrows, grid.ncols) == (rows, columns)
    assert sum(axes.get_visible() for axes in figure.axes) == count
    assert len(figure.legends) == (count > 1)


def test_dates_do_not_overlap(tmp_path: Path, figures: list[Any]) -> None:
    """The end of a month that a label of every second day falls on, and the first of the next."""
    history = make_history(["a", "b", "c", "d"], Frequency("fixed", HOUR))
    history.starts[:] = 18_990 * 24 - LENGTH // 2
    draw(tmp_path / "out.svg", history)
    figures[0].draw_without_rendering()
    for axes in figures[0].axes:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
        assert all(one.x1 < other.x0 for one, other in pairwise(sorted(boxes, key=lambda box: box.x0)))


def test_a_single_series_is_named_by_its_column(tmp_path: Path, figures: list[Any]) -> None:
    draw(tmp_path / "out.svg", make_history([""]), Schema(("day",), (), ("US$ in $m",), ("%Y-%m-%d",)))
    assert figures[0].axes[0].get_ylabel() == "US$ in $m"
    assert not figures[0].axes[0].get_title(loc="left")


def test_names_that_are_long_or_in_other_letters_do_no_harm(tmp_path: Path, figures: list[Any]) -> None:
    draw(tmp_path / "out.png", make_history(["東京\n\x07$", "x" * 500]))
    assert [max(map(len, axes.get_title(loc="left").split("\n"))) <= 90 for axes in figures[0].axes] == [True, True]


def test_hours_are_shown_on_the_clock_of_the_user(tmp_path: Path, figures: list[Any]) -> None:
    schema = Schema(("ts",), ("shop",), ("sold",), ("%Y-%m-%d %H:%M",), "UTC+05:30")
    draw(tmp_path / "out.svg", make_history(["a"], Frequency("fixed", HOUR)), schema)
    axis = figures[0].axes[0].xaxis
    assert np.allclose(axis.get_ticklocs() * 24 % 1, 0.5)
    assert "06 Mar" in [label.get_text() for label in axis.get_ticklabels()]


def test_series_that_end_apart_have_their_own_dates(tmp_path: Path, figures: list[Any]) -> None:
    history = make_history(["a", "b"])
    history.starts[1] -= 400
    draw(tmp_path / "out.svg", history)
    first, second = figures[0].axes
    assert second.get_xlim()[1] < first.get_xlim()[0]


def test_a_series_without_history_is_drawn(tmp_path: Path, figures: list[Any]) -> None:
    history = make_history(["a", "b"])
    empty = history.between(np.array([0, LENGTH]), history.lengths)
    forecast = make_forecast(history)
    draw_forecast(picture_of(empty, forecast, SCHEMA, np.arange(2), title=""), tmp_path / "out.svg")
    assert len(figures[0].axes[1].get_lines()[-1].get_ydata()) == HORIZON


@pytest.mark.parametrize("name", ["out.eps", "out"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match=r"use an ending of \.png, \.svg, \.pdf, \.html"):
        draw(tmp_path / name, make_history(["a"]))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        draw(tmp_path / "missing" / "out.png", make_history(["a"]))


@pytest.mark.parametrize(
    "text", ["\x1b[31mred\0", "\x7f\x9b1m", "a\u2028b\u2029c\x85d", "caf\udce9", "\ufffe", "]]>--<"]
)
def test_a_picture_of_text_is_xml_whatever_the_names_hold(text: str, tmp_path: Path) -> None:
    path = tmp_path / f"{text.replace(chr(0), '')}.svg"
    history = make_history([text, "b"])
    schema = replace(SCHEMA, target_cols=(text,))
    draw(path, history, schema, text)
    draw(path, make_history([""]), schema, text)
    ElementTree.fromstring(path.read_bytes())


def test_neither_import_nor_drawing_needs_pyplot_or_the_backend_of_a_notebook(tmp_path: Path) -> None:
    """tests/cli/test_surroundings.py draws where the backend is that of a notebook."""
    code = (
        "import os, sys; import tsforecast.reports.plots.write\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from pathlib import Path; from tests.reports.plots.test_forecast import draw, make_history\n"
        f"for name in ('out.svg', 'out.png'): draw(Path({str(tmp_path)!r}, name), make_history(['a']))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "print(os.environ['MPLBACKEND'])\n"
    )
    environment = {**os.environ, "MPLBACKEND": "nonsense"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.returncode) == ("nonsense\n", 0), done.stderr
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_times_that_no_picture_can_show(tmp_path: Path) -> None:
    history = make_history(["a"], Frequency("fixed", 140 * DAY))
    with pytest.raises(DataError, match="beyond the year 9000"):
        draw(tmp_path / "out.svg", history)
    assert not list(tmp_path.iterdir())


def kept(names: list[str], schema: Schema = SCHEMA) -> Kept:
    history = make_history(names)
    return Kept("shop-sales", 3, "gru", HORIZON, history, make_forecast(history), schema)


def test_the_title_is_in_words_and_what_made_the_forecast_stands_below() -> None:
    assert predicted(kept(["a"])).title == "Sold, next 10 days"
    assert predicted(kept(["a", "b"])).title == "Shop sales, next 10 days"
    assert predicted(kept([""], replace(SCHEMA, target_cols=("units_sold",)))).title == "Units sold, next 10 days"
    assert predicted(kept(["a"])).source == "Forecast by gru, version 3 of shop-sales."


def test_title_and_unit_can_be_given(tmp_path: Path) -> None:
    picture = predicted(kept(["a"]), title="Umsatz", unit="Mio. €")
    assert (picture.title, picture.unit) == ("Umsatz", "Mio. €")
    for name in ("one.pdf", "two.pdf"):
        draw_forecast(picture, tmp_path / name)
    data = (tmp_path / "one.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and data == (tmp_path / "two.pdf").read_bytes()


@pytest.mark.parametrize("names", [["東京 " * 40], [f"{'a long name of a shop ' * 5}{number}" for number in range(9)]])
def test_matplotlib_warns_of_nothing(names: list[str], tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    draw_forecast(predicted(kept(names), title="T" * 300, unit="U" * 300), tmp_path / "out.png")
    assert [str(warning.message) for warning in recwarn if "matplotlib" in str(warning.filename)] == []
