"""The object that `fit` and `load` return: one version of a model, which forecasts, draws and scores itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

from tsforecast import notebook
from tsforecast.api.keywords import PredictKeywords, ScoreKeywords
from tsforecast.api.tables import Table
from tsforecast.api.using import predict, report, score
from tsforecast.api.words import spoken
from tsforecast.errors import OptionError
from tsforecast.options import DEFAULT_LEVELS
from tsforecast.reports.forecast_frame import ForecastFrame
from tsforecast.reports.frames import Score

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tsforecast.reports.page import ReportPage
    from tsforecast.reports.plots.select import Pick

_SHOWN = ("mae", "rmse", "mase", "skill", "coverage_")


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """One version of a model in a store. It stays the same when newer versions are published.

    Args:
        name: of the model.
        version: number of the version; 0 for one that was not published.
        path: folder of the version; empty for one that was not published.
        store: folder of all models.
        facts: all that `fit` found, as plain values.
        trusted: whether others may own the store.
    """

    name: str
    version: int
    path: str
    store: str | Path
    facts: dict[str, Any]
    trusted: bool = False

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Metrics of the model and of the simple ones on windows held out from training, a row for each."""
        return pd.DataFrame.from_dict(self.facts["scores"], orient="index").rename_axis("model")

    @cached_property
    def choices(self) -> pd.DataFrame:
        """What was chosen from the data: `choice`, `value` and `why`."""
        rows = [(each["name"], each["value"], each["reason"]) for each in self.facts["choices"]]
        return pd.DataFrame(rows, columns=["choice", "value", "why"])

    @property
    def verdict(self) -> str:
        """The scores in words."""
        return str(self.facts["verdict"])

    @property
    def notes(self) -> list[str]:
        """What was found and repaired in the data."""
        return [spoken(each["text"]) for each in self.facts["notes"]]

    @property
    def series(self) -> int:
        """How many series it was fitted on."""
        return int(self.facts["series"])

    @property
    def horizon(self) -> int:
        """Steps that it forecasts."""
        return int(self.facts["horizon"])

    @property
    def lookback(self) -> int:
        """Steps of the past that it sees."""
        return int(self.facts["lookback"])

    @property
    def season_length(self) -> int:
        """Steps in a season."""
        return int(self.facts["season_length"])

    @property
    def frequency(self) -> str:
        """The step between rows, in words."""
        return str(self.facts["frequency_name"])

    def predict(self, data: Table | None = None, **options: Unpack[PredictKeywords]) -> ForecastFrame:
        """Forecast with this version: `tsforecast.predict`, whose arguments it takes."""
        self._check_published()
        return predict(data, **self._where(), version=self.version, **options)

    def plot(
        self,
        data: Table | None = None,
        *,
        pick: Pick = "largest",
        **options: Unpack[PredictKeywords],
    ) -> Figure:
        """Forecast and draw it: the arguments of `predict`, and which series are drawn where none are named."""
        return self.predict(data, **options).plot(options.get("series", ()), pick)

    def score(self, data: Table | None = None, **options: Unpack[ScoreKeywords]) -> Score:
        """Score the forecasts of all versions that `predict(ledger=True)` noted: `tsforecast.score`."""
        return score(data, **self._where(), **options)

    def report(self, output: str | Path | None = None, *, levels: tuple[float, ...] = DEFAULT_LEVELS) -> ReportPage:
        """All that is known of this version as one page: `tsforecast.report`."""
        self._check_published()
        return report(self.name, output, store=self.store, version=self.version, levels=levels, trusted=self.trusted)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**self.facts, "name": self.name, "version": self.version, "path": self.path}

    def _check_published(self) -> None:
        """Refuse what needs a version in the store.

        Raises:
            OptionError: there is none.
        """
        if not self.version:
            raise OptionError("this model was not published, so it cannot be used", hint="fit it without publish=False")

    def _where(self) -> dict[str, Any]:
        return {"name": self.name, "store": self.store, "trusted": self.trusted}

    def __repr__(self) -> str:
        count = "1 series" if self.series == 1 else f"{self.series:,} series"
        version = f"version {self.version}" if self.version else "not published"
        return f"<Model {self.name} {version}: {count}, {self.frequency}, horizon {self.horizon}>"

    def _repr_html_(self) -> str:
        """What notebooks show."""
        version = f"version {self.version}" if self.version else "not published"
        title = f"{self.name} {version}: {self.series:,} series, horizon {self.horizon}"
        found = notebook.scores(self.facts["scores"], _SHOWN)
        rows = [tuple(row) for row in self.choices.itertuples(index=False)]
        why = notebook.table(("choice", "value", "why"), rows, numbers=False)
        folded = [notebook.folded("What was chosen, and why", why)] if rows else []
        return notebook.page(title, found, *folded, note=self.verdict)
