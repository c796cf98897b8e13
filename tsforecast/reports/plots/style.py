"""What all matplotlib pictures share: one style, a head, dates and numbers on the axes, and how files are written."""

from __future__ import annotations

import logging
import os
import tempfile
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.errors import OptionError
from tsforecast.files import whole_file
from tsforecast.reports.plots.dark import darken
from tsforecast.reports.plots.picture import Clock, step_numbers
from tsforecast.safe_text import printable
from tsforecast.series.frequency import Stamps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg", ".pdf")
_DATES = {".svg": "Date", ".pdf": "CreationDate"}  # left out: the same forecast gives the same file
WIDTH, HEIGHT = 10.0, 5.625  # inches, the shape of a slide
EDGE = 0.012  # left margin of the texts, as a share of the width
_CAPTION_WIDTH = 130  # letters that fit below it
_DPI, _NOTEBOOK_DPI = 200, 90  # sharp on a slide, small in a notebook
_LINE_HEIGHT, _KEY_HEIGHT, _LETTERS = 0.19, 0.22, 140  # of the head: inches, and letters that fit in a line
INK, SOFT, LINE, ACCENT = "#333333", "#6b6b6b", "#d9d9d9", "#1565a9"
OTHERS = ("#b45f06", "#5b7f3a", "#7a5195", "#8c8c8c", "#a33b3b", "#2a8a8a")  # of further models

# Interval colours from the narrowest to the widest.
TINTS = ("#8fbbe0", "#c6dcf0", "#e3eef8")

# For ticks of years, months, days, hours, minutes and seconds: the tick, the first of its kind, and the axis' end.
_DATE_FORMATS = {
    "formats": ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S.%f"],
    "zero_formats": ["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"],
    "offset_formats": ["", "%Y", "%Y", "%d %b %Y", "%d %b %Y", "%d %b %Y %H:%M"],
}
_STYLE: Any = {
    "figure.facecolor": "white",
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a series may be called "US$ in $m"
    "axes.edgecolor": LINE,
    "axes.facecolor": "white",
    "axes.labelcolor": SOFT,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.xmargin": 0.01,
    "grid.color": "#ececec",
    "grid.linewidth": 0.8,
    "xtick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.left": False,
    "ytick.labelcolor": SOFT,
    "svg.hashsalt": "tsforecast",  # the same forecast gives the same file
}


def check_ending(path: str | Path, endings: Sequence[str] = ENDINGS) -> str:
    """The ending of a picture's file, in small letters.

    Raises:
        OptionError: another one.
    """
    ending = Path(path).suffix.lower()
    if ending not in endings:
        raise OptionError(f"cannot tell how to draw '{path}'", hint=f"use an ending of {', '.join(endings)}")
    return ending


@contextmanager
def drawing() -> Iterator[None]:
    """Within it, matplotlib draws in our style, without pyplot, without warnings and away from the user's home."""
    with _private_matplotlib(), warnings.catch_warnings():
        import matplotlib

        warnings.filterwarnings("ignore", message="Glyph")  # a name in letters that the font does not have
        warnings.filterwarnings("ignore", message="AutoDateLocator was unable")  # its ticks are good enough
        with matplotlib.rc_context(_STYLE):
            yield


def save(figure: Figure, path: str | Path, *, dark: bool = False) -> None:
    """Write a figure into a file, as a whole or not at all; its ending has been checked. Within `drawing()`.

    Args:
        figure: what is drawn.
        path: file whose ending says how.
        dark: for a dark background.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    ending = check_ending(path)
    names = [_DATES[ending]] if ending in _DATES else []
    figure = darken(figure) if dark else figure
    with whole_file(path) as stream:
        figure.savefig(stream, format=ending[1:], dpi=_DPI, metadata=dict.fromkeys(names) if names else None)


def shown_in_notebooks(figure: Figure) -> Figure:
    """The same figure, complete in our style, and shown where it is the last value of a notebook's cell.

    It is none of pyplot's, which notebooks show by themselves.
    """
    figure.draw_without_rendering()  # ticks are made in the style that holds when they are needed
    figure._repr_png_ = partial(_png, figure)  # type: ignore[attr-defined]
    return figure


def _png(figure: Figure) -> bytes:
    stream = BytesIO()
    with drawing():
        figure.savefig(stream, format="png", dpi=_NOTEBOOK_DPI)
    return stream.getvalue()


@contextmanager
def _private_matplotlib() -> Iterator[None]:
    """Keep matplotlib away from the user's home, which may not be writable, and from the backend for screens.

    That backend, as below Jupyter, need not even be installed here.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns of its caches
    backend, folder = os.environ.pop("MPLBACKEND", None), os.environ.get("MPLCONFIGDIR")
    with tempfile.TemporaryDirectory() as caches:
        os.environ["MPLCONFIGDIR"] = folder or caches
        try:
            yield
        finally:
            if folder is None:
                del os.environ["MPLCONFIGDIR"]
            if backend is not None:
                os.environ["MPLBACKEND"] = backend


def new_figure(title: str, text: str = "", *, with_key: bool = False) -> tuple[Figure, float]:
    """An empty figure with a head: a title, a text below it in lines as long as the figure is wide, room for a key.

    Returns:
        The figure, and the upper end of the key, as a share of the height.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    lines = textwrap.wrap(text, _LETTERS)
    figure.text(EDGE, 1 - 0.12 / HEIGHT, short(title, 90), va="top", fontsize=13, fontweight="bold")
    figure.text(EDGE, 1 - 0.43 / HEIGHT, "\n".join(lines), va="top", color=SOFT, linespacing=1.35)
    below = 0.45 + _LINE_HEIGHT * len(lines) + 0.06 * bool(lines)
    layout: Any = figure.get_layout_engine()
    layout.set(w_pad=0.12, h_pad=0.08, rect=(0, 0, 1, 1 - (below + _KEY_HEIGHT * with_key) / HEIGHT))
    return figure, 1 - below / HEIGHT


def key(figure: Figure, axes: Axes, top: float) -> None:
    """What the lines are, in one row for the whole figure, in the room that `new_figure` has left."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(EDGE, top),
        ncols=len(labels),
        frameon=False,
        borderpad=0,
        borderaxespad=0,
    )


def caption(figure: Figure, text: str) -> None:
    """Some sentences below the picture."""
    lines = "\n".join(textwrap.wrap(printable(text), _CAPTION_WIDTH))
    figure.supxlabel(lines, x=EDGE, ha="left", fontsize=9, color=SOFT)


def time_places(stamps: Stamps, clock: Clock) -> Any:
    """Where times lie on an axis: days since 1970, or the numbers of mere steps."""
    return step_numbers(stamps) if clock.counts else dates().date2num(stamps)


def time_axis(axes: Axes, clock: Clock, most: int = 8) -> None:
    """Times below, at most `most` of them, none over another."""
    if clock.counts:
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 5, 10], integer=True))
        axes.xaxis.set_major_formatter(readable)
        return
    zone = clock.zone

    class Locator(dates().AutoDateLocator):  # type: ignore[misc]
        def __call__(self) -> Any:
            """Every second day of a month and the first of the next may be neighbours: the later one stays."""
            ticks = np.asarray(super().__call__())
            if ticks.size < 3:
                return ticks
            room = 0.7 * float(np.median(np.diff(ticks)))
            return ticks[np.append(np.diff(ticks) >= room, True)]

    locator = Locator(tz=zone, minticks=min(4, most - 1), maxticks=most)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates().ConciseDateFormatter(locator, tz=zone, **_DATE_FORMATS))


def dates() -> Any:
    """The module matplotlib.dates, which carries no types."""
    from matplotlib import dates

    return dates


def readable(value: float, _: float = 0) -> str:
    """A tick's number as people write it: 950, 12,000, 3.4M."""
    for unit, letter in ((1e9, "B"), (1e6, "M")):
        if abs(value) >= unit:
            return f"{value / unit:,.12g}{letter}"
    return f"{value:,.12g}"


def in_lines(text: str, letters: int, lines: int = 2) -> str:
    """A name in lines, of which the last ends early where there is no room for more."""
    parts = textwrap.wrap(text, letters)
    return (
        "\n".join(parts)
        if len(parts) <= lines
        else "\n".join(textwrap.wrap(text, letters, max_lines=lines, placeholder=" ..."))
    )


def short(text: str, letters: int) -> str:
    """A name where there is no room for more: its beginning."""
    return text if len(text) <= letters else f"{text[: letters - 3]}..."


def spread(places: Float64, gap: float) -> Float64:
    """Places for labels, as near to the given ones as leaves a gap between neighbours; their order stays."""
    order = np.argsort(places, kind="stable")
    apart = places[order] - gap * np.arange(places.size)
    # Neighbours that are too close share the mean of their places, as in isotonic regression.
    groups: list[tuple[float, int]] = []
    for place in apart.tolist():
        groups.append((place, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (one, n), (other, m) = groups[-2:]
            groups[-2:] = [((one * n + other * m) / (n + m), n + m)]
    result = np.empty_like(places)
    result[order] = np.repeat([mean for mean, _ in groups], [count for _, count in groups])
    result[order] += gap * np.arange(places.size)
    return result


def label_ends(axes: Axes, x: float, ends: Sequence[tuple[float, str, str]], inches: float) -> None:
    """Texts at the right ends of lines.

    Args:
        axes: whose limits are those of the data by now; lower and upper limits stay.
        x: where the lines end.
        ends: value, text and colour of each.
        inches: height of the axes, about.
    """
    low, high = axes.get_ylim()
    places = spread(np.array([value for value, _, _ in ends]), (high - low) * 0.16 / inches)
    for place, (_, text, color) in zip(places, ends, strict=True):
        axes.annotate(
            text,
            (x, place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=color,
            annotation_clip=False,
        )
