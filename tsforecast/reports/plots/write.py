"""Pictures drawn into files, in the way that the ending of the name says."""

from __future__ import annotations

from pathlib import Path

from tsforecast.errors import OptionError
from tsforecast.reports.plots import interactive, page
from tsforecast.reports.plots.forecast import forecast_figure
from tsforecast.reports.plots.picture import Picture
from tsforecast.reports.plots.select import MOST
from tsforecast.reports.plots.style import ENDINGS, check_ending, drawing, save

ALL_ENDINGS = (*ENDINGS, page.ENDING)


def check_drawable(path: str | Path, *, dark: bool = False) -> None:
    """Refuse a file that nothing can be drawn into, before the work.

    Raises:
        OptionError: another ending, or one whose package is missing; or a page that is to be dark.
    """
    if is_page(path):
        if dark:
            raise OptionError("pages are never dark", hint=f"draw a picture: {', '.join(ENDINGS)}")
        page.load_plotly(str(path))


def is_page(path: str | Path) -> bool:
    """Whether a file is a page to zoom into, and no picture.

    Raises:
        OptionError: another ending than those that can be drawn.
    """
    return check_ending(path, ALL_ENDINGS) == page.ENDING


def draw_forecast(picture: Picture, path: str | Path, *, dark: bool = False) -> None:
    """Draw some series of a forecast.

    Args:
        picture: the series.
        path: file whose ending says how.
        dark: for a dark background, which pages do not have.

    Raises:
        OptionError: another ending than those of pictures, or one whose package is missing.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if is_page(path):
        interactive.write_forecast(picture, path)
        return
    with drawing():
        save(forecast_figure(picture), path, dark=dark)


def most_series(path: str | Path) -> int:
    """How many series a file can show: a page has a menu of them."""
    return page.MOST if is_page(path) else MOST
