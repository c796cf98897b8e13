"""What `tsforecast.backtest`, `compare` and `score` return: data frames, with a picture where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from tsforecast.fitting.backtest_scores import errors_by
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.reports.plots.select import Pick
from tsforecast.workflows.backtest.compare import CompareResult
from tsforecast.workflows.backtest.forecasts import Forecasts, check_long_form, last_known, long_frame
from tsforecast.workflows.backtest.run import BacktestResult
from tsforecast.workflows.named import as_names
from tsforecast.workflows.score.joined import joined_frame
from tsforecast.workflows.score.run import ScoreResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tsforecast.reports.content import Report


@dataclass(frozen=True)
class _OnWindows:
    """What models forecast at cutoffs of the past, as data frames.

    Args:
        result: all that was found, as plain values: windows, cutoffs, notes, seconds, ...
        made: the forecasts behind it.
        levels: of the intervals whose bounds `forecasts` has.
    """

    result: BacktestResult | CompareResult
    made: Forecasts
    levels: tuple[float, ...]

    @property
    def verdict(self) -> str:
        """The scores in words."""
        return self.result.verdict

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """Every forecast in long form: id columns, `cutoff`, time, `model`, `y_true`, `forecast`, bounds.

        Raises:
            DataError: a column of the user has one of these names.
        """
        check_long_form(self.made.schema, self.levels)
        return long_frame(self.made, self.levels, stamps=True)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Metrics over all windows, a row for each model."""
        return pd.DataFrame.from_dict(self.result.scores, orient="index").rename_axis("model")

    @cached_property
    def by_step(self) -> pd.DataFrame:
        """`model`, `step`, `mae` and `mase`: the errors at each step of the horizon."""
        return _stacked(self.result.by_step, step=range(1, self.result.horizon + 1))

    @cached_property
    def by_window(self) -> pd.DataFrame:
        """`model`, `cutoff`, `mae` and `mase`: the errors in each window, of all series together."""
        panel = self.made.panel
        cutoffs = stamp_index(panel.frequency.stamps(last_known(self.made)), self.made.schema, panel.frequency)
        return _stacked(self.result.by_window, cutoff=cutoffs)

    @cached_property
    def by_series(self) -> pd.DataFrame:
        """`model`, the id columns, `mae` and `mase`: the errors of each series.

        Raises:
            DataError: a column of the user has the name of one of ours.
        """
        check_long_form(self.made.schema, self.levels)
        panel, truth = self.made.panel, self.made.truth
        errors = {name: errors_by(truth, each, truth.series, panel.n_series) for name, each in self.made.made.items()}
        ids = {name: [key[place] for key in panel.ids] for place, name in enumerate(self.made.schema.key_columns)}
        return _stacked(errors, **ids)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return self.result.to_dict()

    def _repr_html_(self) -> str:
        return self.result._repr_html_()


class Backtest(_OnWindows):
    """How wrong the forecasts of a model, and of the simple ones beside it, would have been at cutoffs of the past."""

    result: BacktestResult

    def plot(self, series: str | Iterable[str] = (), pick: Pick = "largest") -> Figure:
        """Draw the forecasts at the cutoffs over what happened, and the error at each step.

        Args:
            series: names of the series to draw, such as `north / shoes` for two id columns; none for those of `pick`.
            pick: `largest`, `worst` (by MASE) or `first`: which of many are drawn.

        Returns:
            A matplotlib figure, which notebooks show, and whose `savefig` writes it.

        Raises:
            OptionError: a name that no series has, or more names than there is room for.
        """
        from tsforecast.reports.plots.backtest import backtest_figure, check_drawn
        from tsforecast.reports.plots.style import drawing, shown_in_notebooks

        names = as_names(series)
        check_drawn(self.made.panel, self.made.folds, names)
        with drawing():
            return shown_in_notebooks(backtest_figure(self.result, self.made, names=names, pick=pick))

    def report(self) -> Report:
        """The result as values of a report, which `tsforecast.report` shows and writes."""
        from tsforecast.reports.backtest import backtest_report

        return backtest_report(self.result, self.made)


class Comparison(_OnWindows):
    """How several models did on the same windows of the past, the best first."""

    result: CompareResult

    @property
    def best(self) -> str:
        """The model with the least MASE."""
        return self.result.best

    def plot(self) -> Figure:
        """Draw the skill of each model, and which are a tie.

        Returns:
            A matplotlib figure, which notebooks show, and whose `savefig` writes it.
        """
        from tsforecast.reports.plots.compare import comparison_figure
        from tsforecast.reports.plots.style import drawing, shown_in_notebooks

        with drawing():
            return shown_in_notebooks(comparison_figure(self.result))

    def report(self) -> Report:
        """The result as values of a report, which `tsforecast.report` shows and writes."""
        from tsforecast.reports.comparison import comparison_report

        return comparison_report(self.result, self.made)


@dataclass(frozen=True)
class Score:
    """How good the forecasts were that were really made.

    Args:
        result: all that was found, as plain values.
    """

    result: ScoreResult

    @property
    def verdict(self) -> str:
        """The scores in words."""
        return self.result.verdict

    @property
    def outside(self) -> tuple[str, ...]:
        """The limits that do not hold, in words."""
        return self.result.outside

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """Every forecast that was scored beside what happened, in long form.

        Raises:
            DataError: a column of the user has the name of one of ours.
        """
        return joined_frame(self.result.rows, self.result.schema, self.result.frequency, stamps=True)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Metrics of all forecasts together, in one row; none where nothing could be scored."""
        return pd.DataFrame([self.result.scores] if self.result.scores else [])

    @cached_property
    def by_step(self) -> pd.DataFrame:
        """Metrics by step of the horizon."""
        return pd.DataFrame(list(self.result.by_step))

    @cached_property
    def by_age(self) -> pd.DataFrame:
        """Metrics by the age that the model had when it forecast."""
        return pd.DataFrame(list(self.result.by_age))

    @cached_property
    def by_version(self) -> pd.DataFrame:
        """Metrics by version of the model."""
        return pd.DataFrame(list(self.result.by_version))

    @cached_property
    def by_period(self) -> pd.DataFrame:
        """Metrics over time, oldest first."""
        return pd.DataFrame(list(self.result.by_period))

    @cached_property
    def by_series(self) -> pd.DataFrame:
        """Errors of each series, the worst first."""
        return pd.DataFrame(list(self.result.by_series))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return self.result.to_dict()

    def _repr_html_(self) -> str:
        return self.result._repr_html_()


def _stacked(by_model: Mapping[str, Mapping[str, Any]], **labels: Any) -> pd.DataFrame:
    """The errors of each model below each other, beside the model and the labels of their rows."""
    return pd.concat(
        [pd.DataFrame({"model": name, **labels, **errors}) for name, errors in by_model.items()], ignore_index=True
    )
