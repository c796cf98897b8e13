"""A picture to zoom into as a page of its own, which holds all it needs: it opens from a mail and asks no server."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.errors import OptionError, to_install
from tsforecast.files import whole_file
from tsforecast.reports.plots.style import INK, SOFT

ENDING = ".html"
MOST = 50  # series in a menu
MENU_HEIGHT = 50  # pixels above a drawing
_LETTERS = 130  # in a line of the caption
_CONFIG = {"displaylogo": False, "responsive": True}
Trace = dict[str, Any]


def load_plotly(path: str) -> ModuleType:
    """The module that draws, of a package that only an extra installs.

    Raises:
        OptionError: it is not installed.
    """
    try:
        from plotly import io
    except ImportError:
        hint = f"{to_install('plotly')}, or draw a .png or .svg"
        raise OptionError("an interactive picture needs the package plotly", hint=hint, file=path) from None
    return io


def write_page(traces: Sequence[Trace], layout: dict[str, Any], title: str, path: str | Path) -> None:
    """Write a page of one picture.

    Raises:
        OptionError: plotly is not installed.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    plotly = load_plotly(str(path))
    page: str = plotly.to_html(
        {"data": list(traces), "layout": layout},
        config=_CONFIG,
        include_plotlyjs=True,
        full_html=True,
        default_height="90vh",
        div_id="forecast",
        validate=False,
    )
    page = page.replace("<head>", f"<head><title>{escape(title)}</title>", 1)
    with whole_file(path) as stream:
        stream.write(page.encode())


def usual_layout(title: str, caption: str = "") -> dict[str, Any]:
    """What all pages have in common: head, font, legend and axes; texts are made harmless."""
    lines = textwrap.wrap(caption, _LETTERS)
    head = "<br>".join([f"<b>{escape(title)}</b>", *(f"<sup>{escape(line)}</sup>" for line in lines)])
    return {
        "title": {"text": head, "x": 0.01, "xanchor": "left", "y": 0.96, "yanchor": "top"},
        "font": {"family": "system-ui, sans-serif", "size": 15, "color": INK},
        "plot_bgcolor": "white",
        "paper_bgcolor": "white",
        "hovermode": "x unified",
        "legend": {"orientation": "h", "x": 0, "y": -0.13, "yanchor": "top"},
        "xaxis": {"showgrid": False, "linecolor": SOFT},
        "yaxis": {"gridcolor": "#ececec", "zeroline": False},
        "margin": {"l": 70, "r": 30, "t": 65 + 22 * len(lines), "b": 40},
    }


def menu(labels: Sequence[str], owners: Sequence[int]) -> dict[str, Any]:
    """A list of series; each entry shows its own lines and those of all, and hides the others.

    Args:
        labels: of the series.
        owners: number of the series of each line, -1 for one that always shows.
    """
    buttons = [
        {
            "label": escape(label),
            "method": "restyle",
            "args": ["visible", [owner in (number, -1) for owner in owners]],
        }
        for number, label in enumerate(labels)
    ]
    return {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}


def numbers(values: Float64) -> list[float | None]:
    """Numbers as JSON knows them: nothing where there is none."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
