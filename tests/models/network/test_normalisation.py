from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.models.network.config import NORMALISATIONS
from tsforecast.models.network.normalisation import VARIANCE_FLOOR, normalise, statistics

quick = settings(max_examples=50)
windows = st.lists(st.floats(-1000, 1000, width=32), min_size=1, max_size=12).map(
    lambda values: np.array([values], np.float32)
)


def full(context):
    return np.ones(context.shape, bool)


@pytest.mark.parametrize(
    ("method", "center", "scale"),
    [
        ("last", 6.0, 1.0),
        ("mean-std", 3.0, np.sqrt(6.5 + VARIANCE_FLOOR)),
        ("mean-level", 0.0, 3.5),
        ("none", 0.0, 1.0),
    ],
)
def test_formulas(method, center, scale):
    context = np.array([[3, 4, -1, 6]], np.float32)
    assert [float(x[0, 0]) for x in statistics(context, full(context), method)] == pytest.approx([center, scale])


@quick
@given(windows, st.sampled_from(NORMALISATIONS), st.integers(1, 5))
def test_padding_does_not_matter(context, method, count):
    padded = np.concatenate([np.full((1, count), 1e5, np.float32), context], axis=1)
    mask = np.arange(padded.shape[1])[None] >= count
    center, scale = statistics(padded, mask, method)
    expected = statistics(context, full(context), method)
    np.testing.assert_allclose(center, expected[0], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(scale, expected[1], rtol=1e-4, atol=1e-3)
    x = normalise(padded, mask, center, scale)
    assert np.all(x[:, :count] == 0)
    np.testing.assert_allclose(x[:, count:] * scale + center, context, rtol=1e-4, atol=1e-3)


@quick
@given(windows, st.sampled_from(NORMALISATIONS))
def test_shapes_types_and_a_scale_above_zero(context, method):
    center, scale = statistics(context, full(context), method)
    for value in (center, scale):
        assert (value.shape, value.dtype) == ((1, 1), np.float32)
    assert scale[0, 0] > 0
    x = normalise(context, full(context), center, scale)
    assert x.dtype == np.float32
    assert np.all(np.isfinite(x))


@pytest.mark.parametrize("method", ["last", "mean-std"])
def test_the_level_of_a_window_is_taken_out(method):
    context = np.random.default_rng(0).normal(size=(5, 20)).astype(np.float32)
    plain, lifted = (normalise(x, full(x), *statistics(x, full(x), method)) for x in (context, context + 100))
    np.testing.assert_allclose(plain, lifted, atol=1e-4)


@pytest.mark.parametrize("method", ["mean-std", "mean-level"])
def test_the_size_of_a_window_is_taken_out(method):
    context = np.random.default_rng(0).normal(10, 3, size=(5, 20)).astype(np.float32)
    plain, larger = (normalise(x, full(x), *statistics(x, full(x), method)) for x in (context, context * 100))
    np.testing.assert_allclose(plain, larger, rtol=1e-4, atol=1e-5)
