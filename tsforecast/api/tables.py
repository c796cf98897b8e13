"""What holds a table in Python, as a data frame: frames of other libraries, series, arrays and lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import OptionError


class ArrowTable(Protocol):
    """A frame of polars, Arrow, DuckDB and others, which hands its columns on without a copy."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Table: TypeAlias = "pd.DataFrame | pd.Series[Any] | ArrowTable | NDArray[Any] | Sequence[float] | str | Path"
_VALUE = "y"


def as_table(data: Table) -> tuple[pd.DataFrame | str | Path, dict[str, Any]]:
    """A table as a data frame, or the path of one, and the options of reading that follow from what it is.

    Args:
        data: a data frame of pandas or of any library that speaks Arrow or has `to_pandas`; a series, whose index has
            the times, or numbers the steps; an array or a list of numbers in their order; or a path.

    Raises:
        OptionError: anything else.
    """
    if isinstance(data, str | Path | pd.DataFrame):
        return data, {}
    if isinstance(data, pd.Series):
        frame = data.to_frame(_VALUE if data.name is None else str(data.name))
        return frame, {"no_time": True} if isinstance(frame.index, pd.RangeIndex) else {}
    if hasattr(data, "to_pandas"):
        return as_table(data.to_pandas())
    if hasattr(data, "__arrow_c_stream__"):
        import pyarrow

        return pyarrow.table(data).to_pandas(), {}
    values = np.asarray(data)
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        kind = (
            f"an array of shape {values.shape}"
            if isinstance(data, np.ndarray)
            else f"of the type {type(data).__name__}"
        )
        raise OptionError(f"the data are {kind}", hint="give a data frame, a series of numbers, or the path of a file")
    return pd.DataFrame({_VALUE: values}), {"no_time": True}


def with_given(found: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Options that follow from the data beside those that were given; who names the times of the steps numbers none."""
    return given if {"start", "freq", "no_time"} & given.keys() else found | given
