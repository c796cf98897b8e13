"""Fixtures of the tests of fitting."""

from __future__ import annotations

import pytest

from tests.training_stub import Player


@pytest.fixture
def player(monkeypatch, shared_graphs):
    pytest.importorskip("tensorflow")
    from tsforecast.models.training import loop

    player = Player()
    monkeypatch.setattr(loop, "train", player)
    return player
