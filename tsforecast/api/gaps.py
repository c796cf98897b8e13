"""`impute`: a table with its gaps filled."""

from __future__ import annotations

from typing import Any, Unpack

from tsforecast.api.keywords import ImputeKeywords
from tsforecast.api.options import public, read_options, taken
from tsforecast.api.progress import telling
from tsforecast.api.tables import Table, as_table, with_given
from tsforecast.io.options import ReadOptions
from tsforecast.progress import Report
from tsforecast.reports.imputation import Imputation
from tsforecast.workflows.impute.run import impute as imputing
from tsforecast.workflows.impute.settings import UNREAD, ImputeSettings


@public(ImputeSettings, ReadOptions, without=UNREAD)
def impute(data: Table, *, report: Report | None = None, **options: Unpack[ImputeKeywords]) -> Imputation:
    """Fill the gaps of a table from both sides, and by other columns; values that are there stay as they are.

    Args:
        data: a data frame (long, wide or a single series), a series, an array, or the path of a file.
        report: receives messages and progress; None shows progress in a notebook, and logs elsewhere.
        **options: any option of `tsforecast impute` by its name with underscores, such as `methods="linear,kalman"`,
            `seed=1`, `id_col="shop"`.

    Returns:
        Data frames: `frame` is the table with its gaps filled, `filled` holds each filled value with its method and
        intervals, `methods` what fills gaps of which length. `verdict` says it in words, `plot()` draws it, `result`
        has the rest as plain values.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    given: dict[str, Any] = {**options}
    table, found = as_table(data)
    settings = taken(ImputeSettings, given)
    reading = read_options(with_given(found, given), columns=True, others=(ImputeSettings,))
    with telling(report) as told:
        result, imputed = imputing(table, settings=settings, reading=reading, report=told)
    return Imputation(result, imputed)
