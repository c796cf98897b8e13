"""What is drawn of the result of `predict`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.forecast import Forecast
from tsforecast.reports.plots.picture import Picture, picture_of
from tsforecast.reports.plots.select import MOST, Pick, caption_of, check_count, picked, relative_widths
from tsforecast.series.panel import Panel, Schema
from tsforecast.workflows.named import numbers_of

if TYPE_CHECKING:
    from tsforecast.workflows.predict import PredictResult
    from tsforecast.workflows.what_if import Scenario


@dataclass(frozen=True)
class Kept:
    """What of the result of `predict` is needed to draw it; plain values."""

    name: str
    version: int
    model: str
    horizon: int
    recent: Panel
    forecast: Forecast
    schema: Schema
    scenario: Scenario | None = None
    besides: str = ""


def predicted(
    result: PredictResult | Kept,
    *,
    names: Sequence[str] = (),
    pick: Pick = "largest",
    most: int = MOST,
    title: str = "",
    unit: str = "",
) -> Picture:
    """Some series of a forecast as a picture.

    Args:
        result: of `predict`.
        names: of the series; none for those that `pick` says.
        pick: which of many; the worst are those with the widest intervals for their size.
        most: how many there is room for.
        title: above the picture; empty for one in words.
        unit: beside the numbers; empty for the name of the values.

    Raises:
        OptionError: a name that no series has, more names than there is room for, or nothing to find the worst by.
        DataError: times beyond the year 9000.
    """
    numbers = _numbers(result, names, pick, most)
    drawn = "" if names else caption_of(pick, len(numbers), result.recent.n_series)
    picture = picture_of(
        result.recent,
        result.forecast,
        result.schema,
        numbers,
        title=title or _title(result, numbers),
        source=f"Forecast by {result.model}, version {result.version} of {result.name}.",
        what_if=result.scenario.label if result.scenario else "",
        caption=" ".join(said for said in (drawn, result.besides) if said),
    )
    return replace(picture, unit=unit) if unit else picture


def _title(result: PredictResult | Kept, numbers: Int64) -> str:
    """Such as `Sales, next 12 months`."""
    values = result.schema.target_cols
    subject = values[0] if len(values) == 1 and len(numbers) == 1 else result.name.replace("-", " ")
    subject = subject.replace("_", " ").strip()
    return f"{subject[:1].upper()}{subject[1:]}, next {result.recent.frequency.span(result.horizon)}"


def _numbers(result: PredictResult | Kept, names: Sequence[str], pick: Pick, most: int) -> Int64:
    if names:
        check_count(names, most)
        return numbers_of(result.recent, names)
    badness = np.empty(0) if pick != "worst" else relative_widths(result.recent, result.forecast)
    return picked(pick, result.recent, badness, most)
