"""The same in the manner of scikit-learn, on the frames of `utilsforecast` and its kin: `unique_id`, `ds`, `y`."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, Unpack

import pandas as pd

from tsforecast.api.fitting import fit
from tsforecast.api.keywords import FitKeywords
from tsforecast.api.model import Model
from tsforecast.api.tables import Table, as_table

_ID, _TIME, _VALUE = "unique_id", "ds", "y"
_ALIAS = "tsforecast"


class Forecaster:
    """Fits frames with the columns `unique_id`, `ds` and `y`, and forecasts into frames of the same kind.

    Args:
        h: steps to forecast; None takes what is usual for the frequency.
        store: folder that models are published in; None keeps the model as long as this object lives.
        **options: any option of `tsforecast.fit`.
    """

    def __init__(
        self,
        h: int | None = None,
        *,
        store: str | Path | None = None,
        **options: Unpack[FitKeywords],
    ) -> None:
        self.h, self.store = h, store
        self.options: dict[str, Any] = {**options}
        self.model_: Model | None = None

    def fit(self, df: Table, *, id_col: str = _ID, time_col: str = _TIME, target_col: str = _VALUE) -> Self:
        """Fit a frame of one row for each series and time."""
        folder = self.store
        if folder is None:
            folder = tempfile.mkdtemp(prefix="tsforecast-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        frame, _ = as_table(df)
        columns: dict[str, Any] = {"id_col": id_col, "time_col": time_col, "target_col": target_col}
        steps = {} if self.h is None else {"horizon": self.h}
        options: dict[str, Any] = {**columns, **self.options, **steps}
        self.model_ = fit(frame, store=folder, **options)
        return self

    def predict(self, h: int | None = None, *, df: Table | None = None, level: Sequence[float] = ()) -> pd.DataFrame:
        """Forecast each series: its id and times, `tsforecast`, and `tsforecast-lo-80`, `tsforecast-hi-80`, ...

        Args:
            h: steps; None takes those it was fitted for.
            df: newer rows, or other series; None continues those it was fitted on.
            level: of the intervals, in percent.

        Raises:
            AttributeError: it is not fitted.
        """
        if self.model_ is None:
            raise AttributeError("this Forecaster is not fitted: call fit first")
        made = self.model_.predict(df, horizon=h, levels=tuple(level))
        names = {"forecast": _ALIAS}
        for each in level:
            names |= {f"lower_{each:g}": f"{_ALIAS}-lo-{each:g}", f"upper_{each:g}": f"{_ALIAS}-hi-{each:g}"}
        return pd.DataFrame(made).rename(columns=names)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with, as scikit-learn asks for it."""
        return {"h": self.h, "store": self.store, **self.options}

    def set_params(self, **params: Any) -> Self:
        """Change what it was made with."""
        for name, value in params.items():
            if name in ("h", "store"):
                setattr(self, name, value)
            else:
                self.options[name] = value
        return self
