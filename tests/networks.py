"""A small network configuration for tests; what a test is about, it says."""

from __future__ import annotations

from typing import Any

from tsforecast.models.config import QUANTILES, NetworkConfig
from tsforecast.models.registry import get_model


def small_network(model: str = "gru", **options: Any) -> NetworkConfig:
    """One layer of 6 units; the segment of 4 divides neither the lookback of 11 nor the horizon of 7."""
    info = get_model(model)
    values: dict[str, Any] = {
        "cell": info.cell,
        "bidirectional": info.bidirectional,
        "layers": 1,
        "units": 6,
        "activation": "tanh",
        "segment": 4,
        "lookback": 11,
        "horizon": 7,
        "strategy": "direct",
        "normalisation": "last",
        "dropout": 0.0,
        "levels": QUANTILES,
        "series_vectors": 0,
        "linear_skip": False,
    }
    return NetworkConfig(**{**values, **options})
