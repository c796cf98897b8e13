"""Fixtures of the tests of the models."""

from __future__ import annotations

import pytest

from tests.players import Player


@pytest.fixture
def player(monkeypatch):
    pytest.importorskip("tensorflow")
    from tsforecast.models import training

    player = Player()
    monkeypatch.setattr(training, "train", player)
    return player


@pytest.fixture
def on_cpu():
    """TensorFlow on the CPU: what is tested is not used on a GPU, whose products are less exact."""
    pytest.importorskip("tensorflow")
    from tsforecast.models import engine

    with engine.start(1).device("/CPU:0"):
        yield
