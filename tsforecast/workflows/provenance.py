"""What decides the outcome of a training, and a trained model as a version of the store."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np

from tsforecast._version import __version__
from tsforecast.fitting.calibrate import predict_index
from tsforecast.fitting.fit_panel import Fitted
from tsforecast.fitting.plan import Plan
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult
from tsforecast.json_output import json_bytes
from tsforecast.models.network.weights import parameter_count
from tsforecast.models.options import FitOptions
from tsforecast.models.spec import ModelSpec
from tsforecast.models.training.gradient_flow import gradient_rows
from tsforecast.series.sentinels import held_values
from tsforecast.series.windows import WindowIndex
from tsforecast.store.bundle.bundle import HELD, Bundle, Golden

_PACKAGES = ("tensorflow", "keras", "numpy")
_GOLDEN_WINDOWS = 8
STEPS_LATE = "steps_late"  # in the provenance: steps at the end of each past column without a value
_RECENT_HORIZONS = 2  # kept with the model beyond the lookback, for plots


def package_versions() -> dict[str, str]:
    """Releases of this package and of those that the numbers depend on."""
    return {"tsforecast": __version__, **{package: _release(package) for package in _PACKAGES}}


def _release(package: str) -> str:
    """The release of a package; `unknown` where it is not installed, or under another name, as tensorflow-cpu."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def training_facts(data_hash: str, options: FitOptions, reading: ReadOptions) -> dict[str, Any]:
    """All that decides the outcome of a training on one machine: where it is the same, so is the model."""
    return {
        "data_hash": data_hash,
        "options": asdict(options),
        "reading": asdict(reading),
        "versions": package_versions(),
    }


def fingerprint(facts: dict[str, Any]) -> str:
    """SHA-256 of facts, in hexadecimal digits."""
    return hashlib.sha256(json_bytes(facts)).hexdigest()


def make_bundle(data: ReadResult, fitted: Fitted, result: dict[str, Any]) -> Bundle:
    """A version from what a fit has made.

    Args:
        data: the table.
        fitted: the model trained on all rows.
        result: the fit's result as plain values.
    """
    panel, plan, spec = data.panel, fitted.evaluated.plan, fitted.final.spec
    keep = spec.lookback + _RECENT_HORIZONS * plan.horizon
    facts = {key: value for key, value in result.items() if key not in ("name", "version", "path", "history")}
    return Bundle(
        forecaster=fitted.forecaster,
        schema=data.schema,
        recent=panel.between(panel.lengths - keep, panel.lengths),
        scaling=fitted.everything.rows.scaling,
        golden=_golden(fitted),
        metrics=facts,
        epochs=list(result["history"]),
        gradients=gradient_rows(fitted.final.gradients),
        by_series=list(fitted.evaluated.by_series),
        provenance=_provenance(data, plan, spec),
    )


def _golden(fitted: Fitted) -> Golden:
    """The windows before the last horizon of some of the series that are long enough, with their forecasts."""
    rows, spec = fitted.everything.rows, fitted.final.spec
    panel = rows.panel
    usable = np.flatnonzero(panel.lengths > spec.horizon)
    series = usable[np.unique(np.linspace(0, len(usable) - 1, _GOLDEN_WINDOWS).astype(np.int64))]
    index = WindowIndex(panel.offsets[series + 1] - spec.horizon, series)
    windows = rows.windows(index, lookback=spec.lookback, horizon=spec.horizon)
    return Golden(windows, predict_index(fitted.final, rows, index))


def _provenance(data: ReadResult, plan: Plan, spec: ModelSpec) -> dict[str, Any]:
    import platform

    panel, versions = data.panel, package_versions()
    last = int(np.argmax(panel.ends))
    networks = [part.network for part in spec.parts if part.network]
    facts: dict[str, Any] = {
        "data_hash": data.data_hash,
        "data_rows": data.rows,
        "first": str(min(panel.stamps(i)[0] for i in range(min(panel.n_series, 1000)))),
        "last": str(panel.stamps(last)[-1]),
        HELD: list(held_values(panel)),
        **_steps_late(data),
        "seed": plan.training.seed,
        "python": platform.python_version(),
    }
    if not networks:
        return facts | {name: versions[name] for name in ("tsforecast", "numpy")}
    from tsforecast.models.training import runtime

    return (
        facts
        | versions
        | {
            "threads": runtime.threads_used(),
            "training": asdict(plan.training),
            "parameters": sum(parameter_count(network) for network in networks),
        }
    )


def _steps_late(data: ReadResult) -> dict[str, dict[str, int]]:
    """How late each column that is known up to now was in the series where it was the latest."""
    names, ends, observed = data.schema.past_cols, data.panel.offsets[1:], data.past_observed
    if not names:
        return {}
    rows = np.arange(len(observed))[:, None]
    last = np.maximum.reduceat(np.where(observed, rows, -1), data.panel.offsets[:-1])
    late = (ends[:, None] - 1 - last).max(axis=0).tolist()
    return {STEPS_LATE: dict(zip(names, late, strict=True))}
