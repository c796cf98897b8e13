"""Tests whether one model errs more than another on the same windows of a backtest, beyond what chance explains.

What happens in one window happens to all series and all steps of it: a holiday, a cold week. So a window counts once,
with the mean difference of the errors of all its series and steps, however many there are; windows that overlap are
taken together until they no longer do. These differences go into the test of Diebold and Mariano (Journal of Business &
Economic Statistics 13, 1995: Comparing Predictive Accuracy) with the correction for small samples of Harvey, Leybourne
and Newbold (International Journal of Forecasting 13, 1997: Testing the Equality of Prediction Mean Squared Errors):
Student's t with one degree of freedom less than there are differences. Neighbouring windows are alike as well, since a
season that suits a model lasts, so the variance counts as many neighbours as the cube root of the number of differences
says, with the weights of Bartlett, below which it cannot be negative.

On the differences of 134 pairs of models over 20 to 60 windows of twelve real tables, centred so that nothing is to be
found, it rejects at a nominal 5 % in 5 to 9 of 100 runs of 3 to 20 windows; Student's t without neighbours does so in 8
to 14, and in 12 with four windows. Of fewer than four differences nothing can be said: there one of twice its deviation
is found in a third of all cases.

A model that makes twice the error of another over four differences, or four times over fewer, is worse without a test:
on the same tables, with the errors of each pair made equal in the mean, that happens in at most 7 of 100 runs.

The best of several models is chosen by the errors that are tested. So the p-values of the others are corrected for
their number, after Holm (Scandinavian Journal of Statistics 6, 1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tsforecast.arrays import Float64

LEAST = 4  # differences; of fewer there is no test
NAME = "Diebold-Mariano with the small-sample correction of Harvey, Leybourne and Newbold"


def windows_together(horizon: int, step: int) -> int:
    """How many neighbouring windows count as one, because they overlap."""
    return -(-horizon // step)


def differences(own: Float64, other: Float64, together: int) -> Float64:
    """How much more one model errs than another, for so many windows at a time, the oldest first.

    Args:
        own: mean error of each window, NaN where there is none, shape (windows,).
        other: the same of the other model.
        together: windows that count as one; the oldest ones are left out where they do not fill a group.
    """
    each = own - other
    each = each[np.isfinite(each)]
    groups = len(each) // together
    means: Float64 = each[len(each) - groups * together :].reshape(groups, together).mean(axis=1)
    return means


def far_apart(count: int) -> float:
    """The ratio of errors over so many differences above which no test is needed."""
    return 2.0 if count >= LEAST else 4.0


def p_value(found: Float64) -> float:
    """Two-sided p-value of the hypothesis that the mean of differences is 0; NaN where there are too few of them."""
    count = len(found)
    if count < LEAST:
        return math.nan
    from scipy.special import stdtr

    mean, lags = float(found.mean()), round(count ** (1 / 3))
    rest = found - mean
    covariances = [float(rest[lag:] @ rest[: count - lag]) / count for lag in range(lags + 1)]
    variance = covariances[0] + 2 * sum((1 - lag / (lags + 1)) * covariances[lag] for lag in range(1, lags + 1))
    if variance <= (1e-12 * float(np.abs(found).max(initial=0.0))) ** 2:
        return 0.0 if mean else 1.0
    ahead = lags + 1
    small = (count + 1 - 2 * ahead + ahead * (ahead - 1) / count) / count
    return float(2 * stdtr(count - 1, -abs(mean) / math.sqrt(variance / count) * math.sqrt(small)))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """The p-values of several hypotheses, corrected for their number; one that is NaN is not counted."""
    known = sorted((p, name) for name, p in p_values.items() if not math.isnan(p))
    corrected, least = dict(p_values), 0.0
    for place, (p, name) in enumerate(known):
        least = max(least, min(1.0, (len(known) - place) * p))
        corrected[name] = least
    return corrected
