"""What `tsforecast.impute` returns: data frames, and a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tsforecast.reports.plots.select import Pick
from tsforecast.workflows.impute.results import Imputed, ImputeResult
from tsforecast.workflows.impute.tables import filled_frame, gap_frame
from tsforecast.workflows.named import as_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Imputation:
    """A table with its gaps filled.

    Args:
        result: all that was filled, as plain values: gaps, methods, notes, seconds, ...
        imputed: the values behind it.
    """

    result: ImputeResult
    imputed: Imputed

    @property
    def verdict(self) -> str:
        """How much was filled, and how much nearer than by a line."""
        return self.result.verdict

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table with all its columns, filled cells, and `filled` (0 or 1), or `X_filled` for each of several."""
        return filled_frame(self.imputed)

    @cached_property
    def filled(self) -> pd.DataFrame:
        """A row for each filled value: id columns, time, `value`, `method`, `lower_80`, `upper_80`, `lower_95`, ..."""
        return gap_frame(self.imputed, stamps=True)

    @cached_property
    def methods(self) -> pd.DataFrame:
        """What fills gaps of which length, with its error in artificial gaps and that of a line."""
        import pandas as pd

        return pd.DataFrame([asdict(each) for each in self.result.methods])

    def plot(self, series: str | Iterable[str] = (), pick: Pick = "largest") -> Figure:
        """Draw the series with filled values dotted, and their intervals.

        Args:
            series: names of the series to draw, such as `north / shoes` for two id columns; none for those of `pick`.
            pick: `largest`, `worst` (the most missing values) or `first`: which of many are drawn.

        Returns:
            A matplotlib figure, which notebooks show, and whose `savefig` writes it.

        Raises:
            OptionError: a name that no series has, or more names than there is room for.
        """
        from tsforecast.reports.plots.filled import stacked_gaps
        from tsforecast.reports.plots.stacked import stacked_figure
        from tsforecast.reports.plots.style import drawing, shown_in_notebooks

        stacked = stacked_gaps(self.result, self.imputed)
        with drawing():
            return shown_in_notebooks(stacked_figure(stacked, as_names(series), pick))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return self.result.to_dict()

    def _repr_html_(self) -> str:
        return self.result._repr_html_()
