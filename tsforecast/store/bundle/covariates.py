"""The covariates of a version: keys of model.json and tensors that are there where a model has covariates only.

A version without them is, to the byte, what it was before there were any.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.errors import ModelError
from tsforecast.series.covariates import Covariates, no_covariates
from tsforecast.series.scaling import NO_COLUMNS, ColumnScaling, Scaling
from tsforecast.series.windows import Windows
from tsforecast.store.bundle.formats import GOLDEN, RECENT
from tsforecast.store.bundle.json_fields import Fields, parse_json
from tsforecast.store.bundle.tensors import Shapes, Tensor

_MOST_COLUMNS = 1000
_MOST_ROWS = 2**40
_ROLES = ("past", "future", "static")


@dataclass(frozen=True)
class CovariateSizes:
    """The sizes of what is stored of covariates.

    Args:
        past: columns known up to now.
        future: columns known ahead.
        static: columns of numbers of each series.
        categories: columns of texts of each series.
        future_rows: rows of the columns known ahead, over all series.
        label_bytes: length of the labels of the categories as JSON.
    """

    past: int = 0
    future: int = 0
    static: int = 0
    categories: int = 0
    future_rows: int = 0
    label_bytes: int = 0


NO_SIZES = CovariateSizes()


def sizes_of(covariates: Covariates) -> CovariateSizes:
    """The sizes of covariates; all zero where there are none."""
    if covariates.absent:
        return NO_SIZES
    past, future, static, categories = (getattr(covariates, name).shape[1] for name in (*_ROLES, "categories"))
    return CovariateSizes(past, future, static, categories, len(covariates.future), len(_label_bytes(covariates)))


def sizes_key(covariates: Covariates) -> dict[str, Any]:
    """The key `covariates` of model.json, or nothing."""
    sizes = sizes_of(covariates)
    return {} if sizes == NO_SIZES else {"covariates": asdict(sizes)}


def read_sizes(recent: Fields) -> CovariateSizes:
    """What model.json says under the key `covariates` of `recent`."""
    names = tuple(asdict(NO_SIZES))
    fields = recent.fields("covariates", names)
    columns = (fields.integer(name, 0, _MOST_COLUMNS) for name in names[:4])
    return CovariateSizes(*columns, *(fields.integer(name, 0, _MOST_ROWS) for name in names[4:]))


def recent_shapes(sizes: CovariateSizes, rows: int, n_series: int) -> Shapes:
    """The tensors of covariates in recent.safetensors."""
    if sizes == NO_SIZES:
        return {}
    shapes: Shapes = {
        "past": ("float64", (rows, sizes.past)),
        "future": ("float64", (sizes.future_rows, sizes.future)),
        "static": ("float64", (n_series, sizes.static)),
        "categories": ("int64", (n_series, sizes.categories)),
    }
    shapes = {name: shape for name, shape in shapes.items() if shape[1][1]}
    for role in _ROLES:
        if width := getattr(sizes, role):
            shapes |= {f"{role}_center": ("float64", (width,)), f"{role}_scale": ("float64", (width,))}
    shapes["future_offsets"] = ("int64", (n_series + 1,))
    return shapes | {"labels": ("uint8", (sizes.label_bytes,))}


def recent_tensors(covariates: Covariates, scaling: Scaling) -> dict[str, Tensor]:
    """The tensors that `recent_shapes` names."""
    shapes = recent_shapes(sizes_of(covariates), len(covariates.past), len(covariates.static))
    if not shapes:
        return {}
    values: dict[str, Any] = {name: getattr(covariates, name) for name in (*_ROLES, "categories", "future_offsets")}
    for role in _ROLES:
        columns: ColumnScaling = getattr(scaling, role)
        values |= {f"{role}_center": columns.center, f"{role}_scale": columns.scale}
    values["labels"] = np.frombuffer(_label_bytes(covariates), np.uint8)
    return {name: np.asarray(values[name], dtype) for name, (dtype, _) in shapes.items()}


def read_covariates(sizes: CovariateSizes, tensors: Mapping[str, Tensor], offsets: Int64) -> Covariates:
    """The covariates of the rows with these offsets."""
    nothing = no_covariates(offsets)
    if sizes == NO_SIZES:
        return nothing
    found = {name: tensors[name] for name in (*_ROLES, "categories") if name in tensors}
    if "future" not in found:
        found["future"] = np.empty((sizes.future_rows, 0))
    covariates = replace(nothing, **found, future_offsets=tensors["future_offsets"], labels=_labels(sizes, tensors))
    ahead = np.diff(covariates.future_offsets) - np.diff(offsets)
    begins, ends = covariates.future_offsets[0], covariates.future_offsets[-1]
    if (begins, ends) != (0, sizes.future_rows) or np.any(ahead < 0):
        raise ModelError("'future_offsets' does not cover the rows of every series", file=RECENT)
    most = np.array([len(labels) for labels in covariates.labels])
    if np.any(covariates.categories < -1) or np.any(covariates.categories >= most):
        raise ModelError("'categories' names a label that is not there", file=RECENT)
    return covariates


def read_column_scaling(sizes: CovariateSizes, tensors: Mapping[str, Tensor]) -> dict[str, ColumnScaling]:
    """The scaling of the columns, by their roles."""
    columns = {}
    for role in _ROLES:
        known = (
            ColumnScaling(tensors[f"{role}_center"], tensors[f"{role}_scale"]) if getattr(sizes, role) else NO_COLUMNS
        )
        if np.any(known.scale <= 0):
            raise ModelError(f"'{role}_scale' holds a number that is not above zero", file=RECENT)
        columns[role] = known
    return columns


def golden_shapes(sizes: CovariateSizes, calendar: int, samples: int, lookback: int, horizon: int) -> Shapes:
    """The tensors of covariates in golden.safetensors, where `calendar` is the width of its features."""
    ahead = sizes.future + calendar
    shapes: Shapes = {
        "past": ("float32", (samples, lookback, sizes.past + ahead)),
        "future": ("float32", (samples, horizon, ahead)),
        "static": ("float32", (samples, sizes.static)),
        "categories": ("int64", (samples, sizes.categories)),
    }
    return {name: shape for name, shape in shapes.items() if shape[1][-1]}


def golden_tensors(windows: Windows) -> dict[str, Tensor]:
    """The tensors that `golden_shapes` names."""
    values = {"past": windows.past, "future": windows.future, "static": windows.static}
    kept: dict[str, Tensor] = {name: np.asarray(value, np.float32) for name, value in values.items() if value.shape[-1]}
    if windows.categories.shape[1] > 1:
        kept["categories"] = np.asarray(windows.categories[:, 1:], np.int64)
    return kept


def with_covariates(windows: Windows, tensors: Mapping[str, Tensor], labels: tuple[tuple[str, ...], ...]) -> Windows:
    """Plain windows with the covariates of golden.safetensors."""
    found: dict[str, Any] = {name: tensors[name] for name in _ROLES if name in tensors}
    if "categories" in tensors:
        categories = tensors["categories"]
        if np.any(categories < -1) or np.any(categories >= np.array([len(each) for each in labels])):
            raise ModelError("'categories' names a label that is not there", file=GOLDEN)
        found["categories"] = np.concatenate([windows.categories, categories], axis=1)
    return replace(windows, **found)


def _label_bytes(covariates: Covariates) -> bytes:
    return json.dumps(covariates.labels, ensure_ascii=False, separators=(",", ":")).encode()


def _labels(sizes: CovariateSizes, tensors: Mapping[str, Tensor]) -> tuple[tuple[str, ...], ...]:
    value = parse_json(tensors["labels"].tobytes(), RECENT)
    if not isinstance(value, list) or len(value) != sizes.categories:
        raise ModelError(f"'labels' is no list of {sizes.categories} lists", file=RECENT)
    if not all(isinstance(each, list) and all(isinstance(label, str) for label in each) for each in value):
        raise ModelError("'labels' holds something else than texts", file=RECENT)
    return tuple(tuple(each) for each in value)
