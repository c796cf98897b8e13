"""What is said of holidays before a forecast: those that have changed, and countries that a model does not know."""

from __future__ import annotations

from tsforecast.io.messages import Note, counted, info, listed, warning
from tsforecast.series.covariates import UNKNOWN_CATEGORY
from tsforecast.series.panel import Panel, Schema


def holiday_notes(schema: Schema, panel: Panel, trained: Panel) -> list[Note]:
    """Notes on the holidays of series that a model continues.

    Args:
        schema: of the model.
        panel: the rows to continue.
        trained: the rows kept with the model.
    """
    if not schema.holidays_version:
        return []
    from tsforecast.series.holiday_features import holidays_version

    notes = []
    if (present := holidays_version()) != schema.holidays_version:
        text = f"the model was fitted with the holidays of version {schema.holidays_version} of the library 'holidays'"
        notes.append(info(f"{text}, and is used with those of version {present}"))
    if schema.holidays_col and trained.covariates.labels:
        column = schema.category_cols.index(schema.holidays_col)
        known = panel.covariates.labelled(trained.covariates.labels).categories[:, column] != UNKNOWN_CATEGORY
        own = panel.covariates.labels[column]
        codes = panel.covariates.categories[~known, column]
        if codes.size:
            names = [own[code] for code in sorted(set(codes.tolist())) if code != UNKNOWN_CATEGORY]
            of = f" of {listed(names)}" if names else ""
            own_days = "has no holidays of its own" if codes.size == 1 else "have no holidays of their own"
            text = f"{counted(codes.size, 'series', 'series')}{of} {own_days}"
            notes.append(warning(f"{text}: the model was fitted without them"))
    return notes
