"""What is said of holidays before a forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tsforecast.series.covariates import no_covariates
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.holiday_features import holidays_version
from tsforecast.series.panel import Panel, Schema, make_panel
from tsforecast.workflows.holidays import holiday_notes

SCHEMA = Schema(
    ("day",), ("shop",), ("sold",), ("%Y-%m-%d",), category_cols=("country",), holidays_version=holidays_version()
)


def of_countries(*countries: str) -> Panel:
    panel = make_panel([np.arange(3.0)] * len(countries), Frequency("fixed", DAY))
    labels = tuple(sorted({country for country in countries if country}))
    codes = np.array([labels.index(country) if country else -1 for country in countries])[:, None]
    return replace(panel, covariates=replace(no_covariates(panel.offsets), categories=codes, labels=(labels,)))


@pytest.mark.parametrize(
    ("newer", "said"),
    [
        (("DE", "FR"), []),
        (("DE", "AT", "AT"), ["2 series of 'AT' have no holidays of their own: the model was fitted without them"]),
        (("DE", ""), ["1 series has no holidays of its own: the model was fitted without them"]),
    ],
)
def test_countries_that_the_model_does_not_know(newer, said):
    schema = replace(SCHEMA, holidays_col="country")
    notes = holiday_notes(schema, of_countries(*newer), of_countries("DE", "FR"))
    assert [note.text for note in notes] == said


def test_another_version_of_the_library_is_said():
    panel = of_countries("DE")
    (note,) = holiday_notes(replace(SCHEMA, holidays_version="0.1"), panel, panel)
    assert "fitted with the holidays of version 0.1" in note.text
    assert not holiday_notes(SCHEMA, panel, panel)
    assert not holiday_notes(replace(SCHEMA, holidays_version=""), of_countries("AT"), panel)
