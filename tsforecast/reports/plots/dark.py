"""A figure for a dark background: what was dark is light, and the other way round; hues stay."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DARKEST, _LIGHTEST = 0.11, 0.93  # pure black and white would glare
_KINDS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def darken(figure: Figure) -> Figure:
    """Turn the lightness of everything in a figure round; within `drawing()`."""
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    figure.draw_without_rendering()  # ticks are made when they are needed
    for artist in figure.findobj(lambda each: not isinstance(each, FigureBase | Axes)):  # they have patches
        for kind in _KINDS:
            read, write = getattr(artist, f"get_{kind}", None), getattr(artist, f"set_{kind}", None)
            if read is not None and write is not None and (colors := _turned(read())) is not None:
                write(colors)
    return figure


def _turned(colors: Any) -> Any:
    """One colour or several with their lightness turned round; None for what is no colour, such as `none`."""
    from matplotlib.colors import to_rgba_array

    try:
        rows = to_rgba_array(colors)
    except ValueError:
        return None
    turned = np.array([_turned_one(row) for row in rows]).reshape(-1, 4)
    return turned[0] if len(turned) == 1 else turned if len(turned) else None


def _turned_one(rgba: Any) -> tuple[float, ...]:
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgba[:3])
    return (*colorsys.hls_to_rgb(hue, _LIGHTEST - (_LIGHTEST - _DARKEST) * lightness, saturation), rgba[3])
