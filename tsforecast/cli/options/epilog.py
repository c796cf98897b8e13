"""The tables of models and strategies below the help of `fit` and `retrain`."""

from __future__ import annotations

from tsforecast.models.network.config import STRATEGIES
from tsforecast.models.registry import MODELS

_MODELS = "\b\nModels:\n" + "\n".join(f"  {name:14}  {model.summary}" for name, model in MODELS.items())
_STRATEGIES = "\b\nStrategies:\n" + "\n".join(f"  {name:14}  {row.summary}" for name, row in STRATEGIES.items())
FIT_EPILOG = f"{_MODELS}\n\n{_STRATEGIES}"
