"""Covariates in the files of a version."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.covariates import with_columns
from tests.networks import random_weights
from tests.store.bundle.test_codec import same
from tests.store.conftest import HORIZON, LOOKBACK, build
from tsforecast.errors import ModelError
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.network.config import Inputs
from tsforecast.series.scaling import ColumnScaling
from tsforecast.series.windows import Calendar
from tsforecast.store.bundle.bundle import Bundle, Golden
from tsforecast.store.bundle.codec import decode, encode

LABELS = (("hot", "wet"), ("a", "b", "c"))


def covering(model: str = "gru") -> Bundle:
    """A bundle that reads everything that there is."""
    bundle, rng = build(model, linear_skip=True), np.random.default_rng(5)
    inputs = Inputs(9, 8, 1, (2, 2, 3), (2, 1, 1), 7)
    simple = Inputs(9, 8, 1, calendar=7)
    parts = tuple(
        replace(part, network=replace(part.network, inputs=inputs) if part.network else None)
        if part.network
        else replace(part, inputs=simple if part.name == "linear" else part.inputs)
        for part in bundle.spec.parts
    )
    spec = replace(bundle.spec, parts=parts, calendar=Calendar(("weekday",), "Europe/Berlin"))
    panel = bundle.recent
    rows = len(panel.values)
    panel = with_columns(
        panel,
        past=rng.normal(size=rows),
        future=rng.normal(size=rows + 14),
        ahead=7,
        static=rng.normal(size=2),
        categories=[[0, 2], [1, -1]],
        labels=LABELS,
    )
    one = ColumnScaling(np.array([1.0]), np.array([2.0]))
    forecaster = Forecaster(spec, random_weights(parts, HORIZON, rng), bundle.forecaster.calibration)
    plain = bundle.golden.windows
    windows = replace(
        plain,
        past=rng.normal(size=(3, LOOKBACK, 9)).astype(np.float32),
        future=rng.normal(size=(3, HORIZON, 8)).astype(np.float32),
        static=rng.normal(size=(3, 1)).astype(np.float32),
        categories=np.array([[-1, 0, 2], [0, 1, -1], [1, 1, 0]]),
    )
    return replace(
        bundle,
        forecaster=forecaster,
        recent=panel,
        schema=replace(bundle.schema, past_cols=("wind",), future_cols=("price",), static_cols=("size",)),
        scaling=replace(bundle.scaling, past=one, future=one, static=one),
        golden=Golden(windows, forecaster.quantiles(windows)),
    )


@pytest.mark.parametrize("model", ["gru", "bilstm", "linear", "auto"])
def test_a_version_with_covariates_comes_back_as_it_was(model: str) -> None:
    bundle = covering(model)
    files = encode(bundle)
    again = decode(files)
    assert same(again, bundle)
    assert encode(again) == files


def test_a_version_without_covariates_says_nothing_of_them() -> None:
    model = json.loads(encode(build("auto"))["model.json"])
    assert "covariates" not in model["recent"] and "calendar" not in model["spec"]
    assert all("inputs" not in part for part in model["spec"]["parts"])
    assert "calendar" not in model["spec"]["parts"][0]["network"]["inputs"]


def changed(files: dict[str, bytes], file: str, **tensors: Any) -> dict[str, bytes]:
    return files | {file: save(load(files[file]) | tensors)}


@pytest.mark.parametrize(
    ("file", "tensors", "said"),
    [
        ("recent.safetensors", {"future_offsets": np.array([0, 5, 49])}, "does not cover"),
        ("recent.safetensors", {"future_offsets": np.array([1, 27, 49])}, "does not cover"),
        ("recent.safetensors", {"categories": np.array([[0, 3], [1, 0]])}, "a label that is not there"),
        ("recent.safetensors", {"past_scale": np.zeros(1)}, "not above zero"),
        ("golden.safetensors", {"categories": np.full((3, 2), 2)}, "a label that is not there"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(file: str, tensors: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        decode(changed(encode(covering()), file, **tensors))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda spec: spec["calendar"].update(names=["moon"]), "calendar.names"),
        (lambda spec: spec["parts"][0]["network"]["inputs"].update(past=3), "0 or 9"),
        (lambda spec: spec["parts"][0]["network"]["inputs"].update(calendar=0), "7 where columns"),
        (lambda spec: spec["parts"][0]["network"].update(strategy="recursive"), "feeds its forecasts back|linear skip"),
    ],
)
def test_a_document_that_does_not_fit_is_refused(change: Any, said: str) -> None:
    files = encode(covering())
    model = json.loads(files["model.json"])
    change(model["spec"])
    with pytest.raises(ModelError, match=said):
        decode(files | {"model.json": json.dumps(model).encode()})
