"""Forecasts drawn into files, in the way that the ending of the name says."""

from __future__ import annotations

from pathlib import Path

from tsforecast.reports.plots import interactive
from tsforecast.reports.plots.forecast import forecast_figure
from tsforecast.reports.plots.picture import Picture
from tsforecast.reports.plots.select import MOST
from tsforecast.reports.plots.style import ENDINGS, check_ending, drawing, save

FORECAST_ENDINGS = (*ENDINGS, interactive.ENDING)


def check_drawable(path: str | Path) -> None:
    """Refuse a file that a forecast cannot be drawn into, before the work.

    Raises:
        OptionError: another ending, or one whose package is missing.
    """
    if check_ending(path, FORECAST_ENDINGS) == interactive.ENDING:
        interactive.load_plotly(str(path))


def draw_forecast(picture: Picture, path: str | Path) -> None:
    """Draw some series of a forecast.

    Raises:
        OptionError: another ending than those of pictures, or one whose package is missing.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if check_ending(path, FORECAST_ENDINGS) == interactive.ENDING:
        interactive.write_page(picture, path)
        return
    with drawing():
        save(forecast_figure(picture), path)


def most_series(path: str | Path) -> int:
    """How many series a file can show: a page has a menu of them."""
    return interactive.MOST if Path(path).suffix.lower() == interactive.ENDING else MOST
