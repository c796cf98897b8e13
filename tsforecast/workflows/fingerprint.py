"""What decides the outcome of a training: where all of it is the same, so is the model."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from tsforecast import __version__
from tsforecast.files import json_bytes
from tsforecast.io.panels import ReadOptions
from tsforecast.models.config import FitOptions

_PACKAGES = ("tensorflow", "keras", "numpy")


def package_versions() -> dict[str, str]:
    """Releases of this package and of those that the numbers depend on."""
    from importlib.metadata import version

    return {"tsforecast": __version__, **{package: version(package) for package in _PACKAGES}}


def training_facts(data_hash: str, options: FitOptions, reading: ReadOptions) -> dict[str, Any]:
    """All that decides what a training comes to, on one machine."""
    return {
        "data_hash": data_hash,
        "options": asdict(options),
        "reading": asdict(reading),
        "versions": package_versions(),
    }


def fingerprint(facts: dict[str, Any]) -> str:
    """SHA-256 of facts, in hexadecimal digits."""
    return hashlib.sha256(json_bytes(facts)).hexdigest()
