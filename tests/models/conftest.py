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
