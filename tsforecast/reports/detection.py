"""What `tsforecast.detect` returns: data frames, and a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tsforecast.reports.plots.select import Pick
from tsforecast.workflows.detect.run import DetectResult, Scored
from tsforecast.workflows.detect.tables import anomaly_frame, score_frame
from tsforecast.workflows.named import as_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Detection:
    """The anomalies of a table.

    Args:
        result: all that was found, as plain values: anomalies, budget, windows, notes, seconds, ...
        scored: the scores behind it.
    """

    result: DetectResult
    scored: Scored

    @property
    def verdict(self) -> str:
        """How many anomalies there are, and how many chance makes."""
        return self.result.verdict

    @cached_property
    def anomalies(self) -> pd.DataFrame:
        """A row for each, the least likely first: id columns, `start`, `end`, `peak`, `rows`, `value`, `score`, ..."""
        return anomaly_frame(self.result, self.scored, stamps=True)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """A row for each row of the series: id columns, time, `value`, `score`, `p_value` and `alarm` (0 or 1)."""
        return score_frame(self.scored, stamps=True)

    def plot(self, series: str | Iterable[str] = (), pick: Pick = "largest") -> Figure:
        """Draw the series with their anomalies marked.

        Args:
            series: names of the series to draw, such as `north / shoes` for two id columns; none for those of `pick`.
            pick: `largest`, `worst` (the highest scores) or `first`: which of many are drawn.

        Returns:
            A matplotlib figure, which notebooks show, and whose `savefig` writes it.

        Raises:
            OptionError: a name that no series has, or more names than there is room for.
        """
        from tsforecast.reports.plots.anomalies import stacked_anomalies
        from tsforecast.reports.plots.stacked import stacked_figure
        from tsforecast.reports.plots.style import drawing, shown_in_notebooks

        stacked = stacked_anomalies(self.result, self.scored)
        with drawing():
            return shown_in_notebooks(stacked_figure(stacked, as_names(series), pick))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return self.result.to_dict()

    def _repr_html_(self) -> str:
        return self.result._repr_html_()
