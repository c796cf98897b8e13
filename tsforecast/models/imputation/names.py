"""The methods by name. Data only: no heavy import."""

from __future__ import annotations

AUTO, LINEAR, NETWORK = "auto", "linear", "network"
METHODS = {
    LINEAR: "A line between the values on both sides.",
    "seasonal": "The same step of the neighbouring seasons, joined to both sides.",
    "kalman": "A smoother in state space (level, slope or AR), around the season.",
    "regression": "From the values on both sides and in other columns.",
    NETWORK: "A bidirectional GRU that corrects the regression; a minute or two.",
}
NAMES = (AUTO, *METHODS)
