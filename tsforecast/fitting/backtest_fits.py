"""All fits of a backtest: one after the other or in processes of their own, without those that are there already."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from tsforecast.fitting.backtest import Backtested, backtest_fit
from tsforecast.fitting.folds import Folds
from tsforecast.fitting.processes import in_processes
from tsforecast.models.network.config import NetworkConfig
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import Budget, TrainingSession
from tsforecast.progress import Message, WindowsForecast
from tsforecast.series.panel import Panel, Schema

if TYPE_CHECKING:
    from tsforecast.models.training.graph import TrainingGraph


class Keeper(Protocol):
    """Keeps the fits that are finished, so that a killed backtest can go on."""

    def find(self, windows: range) -> Backtested | None:
        """The fit of some windows, if an earlier run has finished it."""

    def keep(self, fit: Backtested) -> None:
        """A fit is finished."""


class _KeepsNothing:
    def find(self, windows: range) -> None:
        return None

    def keep(self, fit: Backtested) -> None:
        pass


KEEPS_NOTHING: Keeper = _KeepsNothing()


def backtest_fits(
    panel: Panel,
    folds: Folds,
    options: FitOptions,
    levels: tuple[float, ...],
    session: TrainingSession,
    jobs: int = 1,
    schema: Schema | None = None,
    keeper: Keeper = KEEPS_NOTHING,
    *,
    living: bool = True,
) -> list[Backtested]:
    """All fits of a backtest, in the order of their windows; the arguments are those of `backtest_fit`.

    Args:
        session: the context of training; each fit has its whole budget.
        jobs: processes that work on fits at the same time. They report nothing.
        keeper: has the fits of an interrupted run, and takes those that are finished.
    """
    done = [fit for fit in map(keeper.find, folds.fits) if fit is not None]
    if done:
        text = f"{options.model}: goes on with an interrupted run, which has made {len(done)} of {len(folds.fits)} fits"
        session.report(Message("info", text))
    forecast = sum(len(fit.windows) for fit in done)

    def went_on(windows: int = 1) -> None:
        nonlocal forecast
        forecast += windows
        session.report(WindowsForecast(options.model, forecast, len(folds), len(folds.fits)))

    went_on(0)
    left = [windows for windows in folds.fits if windows not in [fit.windows for fit in done]]
    limit = session.budget.seconds
    if jobs == 1 or len(left) < 2:
        for windows in left:
            alone = replace(session, budget=Budget(limit))
            done.append(backtest_fit(panel, folds, windows, options, levels, alone, schema, went_on, living=living))
            keeper.keep(done[-1])
    else:
        tasks = [(panel, folds, windows, options, levels, limit, schema, living) for windows in left]
        with closing(in_processes(_alone, tasks, min(jobs, len(left)))) as fits:
            for fit in fits:
                done.append(fit)
                keeper.keep(fit)
                went_on(len(fit.windows))
    return sorted(done, key=lambda each: each.windows.start)


def _alone(
    panel: Panel,
    folds: Folds,
    windows: range,
    options: FitOptions,
    levels: tuple[float, ...],
    limit: float,
    schema: Schema | None,
    living: bool,
) -> Backtested:
    """A fit in a process that makes several, with a session of its own but for the graphs."""
    session = TrainingSession(graphs=_graphs(options), budget=Budget(limit))
    return backtest_fit(panel, folds, windows, options, levels, session, schema, living=living)


@lru_cache(maxsize=1)
def _graphs(options: FitOptions) -> dict[NetworkConfig, TrainingGraph]:
    """The traced graphs that this process keeps from one fit to the next, of the same options."""
    return {}
