"""Fixtures of the tests of the models."""

from __future__ import annotations

import pytest


@pytest.fixture
def on_cpu():
    """TensorFlow on the CPU: what is tested is not used on a GPU, whose products are less exact."""
    pytest.importorskip("tensorflow")
    from tsforecast.models.training import runtime

    with runtime.start(1).device("/CPU:0"):
        yield
