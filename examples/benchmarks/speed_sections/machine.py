"""What the figures were measured on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from speed_sections.processes import CORES, Setting, environment
from tsforecast._version import __version__

_OURS = ("tensorflow", "keras", "numpy", "pandas")
_PEERS = ("torch", "neuralforecast", "darts", "skforecast", "scikit-learn", "pandas")
_LIST = (
    "import json, sys; from importlib.metadata import version; print(json.dumps({p: version(p) for p in sys.argv[1:]}))"
)


def describe_machine(setting: Setting) -> dict[str, Any]:
    """CPU, cores, memory, load and versions; exits when the peers' environment lacks one of them."""
    machine = {
        "cpu": _cpu(),
        "cores": CORES,
        "ram_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {"tsforecast": __version__, **{package: version(package) for package in _OURS}},
    }
    if setting.peer_python:
        command = [setting.peer_python, "-c", _LIST, *_PEERS]
        try:
            done = subprocess.run(command, env=environment(command, CORES), capture_output=True, text=True, check=False)
        except OSError as error:
            sys.exit(f"{setting.peer_python} does not start: {error.strerror}")
        if done.returncode:
            sys.exit(f"{setting.peer_python} lacks a peer: {done.stderr.splitlines()[-1]}")
        machine["peers"] = json.loads(done.stdout)
    return machine


def _cpu() -> str:
    """The model's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
