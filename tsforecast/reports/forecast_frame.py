"""The forecast as a data frame that can draw itself, as `tsforecast.predict` returns it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from tsforecast.errors import OptionError
from tsforecast.reports.plots.predicted import Kept, predicted
from tsforecast.reports.plots.select import Pick
from tsforecast.workflows.named import as_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tsforecast.workflows.predict import PredictResult


class ForecastFrame(pd.DataFrame):
    """A data frame of a forecast; what is made of it by pandas, such as a part of its rows, is a plain data frame."""

    _metadata: ClassVar[list[str]] = ["_kept"]
    _kept: Kept | None = None

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def plot(self, series: str | Iterable[str] = (), pick: Pick = "largest") -> Figure:  # type: ignore[override]
        """Draw history, forecast and intervals.

        Args:
            series: names of the series to draw, such as `north / shoes` for two id columns; none for those of `pick`.
            pick: `largest`, `worst` (the widest intervals for their size) or `first`: which of many are drawn.

        Returns:
            A matplotlib figure, which notebooks show, and whose `savefig` writes it.

        Raises:
            OptionError: a name that no series has, or more names than there is room for.
        """
        from tsforecast.reports.plots.forecast import forecast_figure
        from tsforecast.reports.plots.style import drawing, shown_in_notebooks

        if self._kept is None:
            raise OptionError("this frame holds no forecast", hint="draw the one that tsforecast.predict returned")
        with drawing():
            return shown_in_notebooks(forecast_figure(predicted(self._kept, names=as_names(series), pick=pick)))


def with_plot(frame: pd.DataFrame, result: PredictResult) -> ForecastFrame:
    """A data frame of a forecast that can draw it."""
    drawn = ForecastFrame(frame)
    drawn._kept = Kept(**{each.name: getattr(result, each.name) for each in fields(Kept)})
    return drawn
