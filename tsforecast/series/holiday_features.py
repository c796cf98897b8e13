"""Which steps are holidays, as numbers for a model: functions of ordinals, of which the calendars are stored only.

The holidays are those of the library `holidays`, imported where they are asked for. Countries change them, and so does
the library: its version is kept with a model.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tsforecast.arrays import Float32, Int64
from tsforecast.errors import OptionError
from tsforecast.series.calendar_features import wall_stamps
from tsforecast.series.covariates import UNKNOWN_CATEGORY
from tsforecast.series.frequency import DAY, Frequency, Ordinals, Stamps
from tsforecast.series.panel import Panel, Schema


def holiday_features(
    frequency: Frequency, ordinals: Ordinals, calendars: tuple[str, ...], around: int = 0, time_zone: str | None = None
) -> Float32:
    """Features of steps: holidays in any of the calendars, then the days 1, 2, ... before one, then those after one.

    Args:
        frequency: of the steps.
        ordinals: of the steps, shape (n,).
        calendars: countries such as `DE`, parts of one such as `DE-BY`, or stock exchanges such as `NYSE`.
        around: days before and after a holiday that are features of their own.
        time_zone: of the table (`Schema.time_zone`).

    Returns:
        Shape (n, holiday_width(around)): 1 for a step on such a day and 0 for others; the number of such days in a step
        that is longer than a day.

    Raises:
        OptionError: an unknown calendar.
    """
    features = np.zeros((len(ordinals), holiday_width(around)), np.float32)
    if not len(ordinals) or not calendars:
        return features
    long = frequency.kind == "month" or (frequency.kind == "fixed" and frequency.step > DAY)
    first = _days(frequency.bucket_starts(ordinals) if long else wall_stamps(frequency, ordinals, time_zone))
    end = _days(frequency.bucket_starts(ordinals + 1)) if long else first + 1
    years = [int(year) for year in _days_to_years(np.array([first.min() - around, end.max() + around]))]
    days = np.unique(np.concatenate([_holidays(calendar, years[0], years[1]) for calendar in calendars]))
    shifts = [0, *range(1, around + 1), *range(-1, -around - 1, -1)]
    for column, shift in enumerate(shifts):
        features[:, column] = np.searchsorted(days, end + shift) - np.searchsorted(days, first + shift)
    return features


def holiday_width(around: int) -> int:
    """How many columns the features have."""
    return 1 + 2 * around


def calendars_of_series(panel: Panel, schema: Schema) -> tuple[tuple[str, ...], ...]:
    """The calendars of each series: those of all, and the one that the column of calendars names for it."""
    if not schema.holidays_col:
        return (schema.holidays,) * panel.n_series
    column = schema.category_cols.index(schema.holidays_col)
    labels = panel.covariates.labels[column]
    codes = panel.covariates.categories[:, column].tolist()
    return tuple(schema.holidays if code == UNKNOWN_CATEGORY else (*schema.holidays, labels[code]) for code in codes)


def check_holidays(calendars: tuple[str, ...]) -> None:
    """Refuse a calendar that the library does not know.

    Raises:
        OptionError: naming it.
    """
    for calendar in calendars:
        _find(calendar)


def holidays_version() -> str:
    """The version of the library that knows the holidays."""
    from importlib.metadata import version

    return version("holidays")


@lru_cache(maxsize=1024)
def _find(calendar: str) -> tuple[str, str | None]:
    """The country or exchange, and the part of the country."""
    import holidays

    country, _, part = calendar.strip().partition("-")
    countries = holidays.list_supported_countries(include_aliases=True)
    names = {code.upper(): code for code in (*countries, *holidays.list_supported_financial(include_aliases=True))}
    found = names.get(country.upper())
    if found is None:
        hint = "name a country by its code, such as DE or US, and a part of it as in DE-BY"
        if code := _code_of(country):
            hint = f"did you mean '{code}'?"
        raise OptionError(f"no holidays are known for '{calendar}'", hint=hint)
    parts = {code.upper(): code for code in countries.get(found, ())}
    if part and part.upper() not in parts:
        known = ", ".join(f"{found}-{code}" for code in parts.values())
        hint = f"name one of {known}" if known else f"name the whole country with {found}"
        raise OptionError(f"no holidays are known for the part '{part}' of {found}", hint=hint)
    return found, parts[part.upper()] if part else None


def _code_of(country: str) -> str:
    """The code of a country that is named in English; empty for none."""
    from holidays.registry import COUNTRIES

    return str(COUNTRIES.get("_".join(country.lower().split()), ("", ""))[1])


@lru_cache(maxsize=1024)
def _holidays(calendar: str, first: int, last: int) -> Int64:
    """The holidays of some years as days since 1970, ascending."""
    import holidays

    name, part = _find(calendar)
    years = range(first, last + 1)
    if name in holidays.list_supported_countries(include_aliases=True):
        found = list(holidays.country_holidays(name, subdiv=part, years=years))
    else:
        found = list(holidays.financial_holidays(name, years=years))
    return np.sort(np.array(found, dtype="datetime64[D]").astype(np.int64))


def _days(stamps: Stamps) -> Int64:
    return stamps.astype("datetime64[D]").astype(np.int64)


def _days_to_years(days: Int64) -> Int64:
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
