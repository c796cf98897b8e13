"""Speed and memory beside the peers: everything in one run, in fresh processes that take turns.

    python examples/benchmarks/speed.py [--section training --section cold-start] [--peer-python peers/bin/python] \\
        [--data ETTh1.csv] [--runs 5] [--quick] [--keep speed.json] [--json]

Medians of several runs and ratios of what was measured in turn; the machine is described with each section. Linux.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import run, say, write_json
from speed_sections.cold_start import measure_cold_start
from speed_sections.cost import measure_cost
from speed_sections.machine import describe_machine
from speed_sections.memory import measure_memory
from speed_sections.processes import Setting
from speed_sections.tables import markdown
from speed_sections.training import measure_training
from speed_sections.validation import measure_validation

from tsforecast.json_output import plain

_SECTIONS: dict[str, Callable[[Setting], dict[str, Any]]] = {
    "training": measure_training,
    "validation": measure_validation,
    "cold-start": measure_cold_start,
    "memory": measure_memory,
    "cost": measure_cost,
}
_RUNS = 5
_WITHOUT_PEERS = "Peers are left out: no --peer-python was given."


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = parse()
    document = kept(arguments.keep)
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(Path(folder), arguments.runs, arguments.quick, arguments.peer_python, arguments.data)
        for name in dict.fromkeys(arguments.section or _SECTIONS):
            keep(arguments.keep, document)  # before the long work: a file that cannot be written is said at once
            document["sections"][name] = measured(name, setting)
    keep(arguments.keep, document)
    if arguments.json:
        write_json(document)
    else:
        sys.stdout.write(markdown(document))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--section", choices=_SECTIONS, action="append", help="may be repeated; all without it")
    parser.add_argument("--peer-python", metavar="PATH", help="interpreter of an environment with the peers")
    parser.add_argument("--data", type=Path, metavar="FILE", help="ETTh1.csv, for the section validation")
    parser.add_argument("--runs", type=int, default=_RUNS, metavar="N", help="of which medians are taken")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a check that everything works")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="JSON file that sections are merged into, each once it is done"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout in place of Markdown")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs is at least 1")
    if arguments.data is None and "validation" in (arguments.section or _SECTIONS):
        parser.error("the section validation needs --data ETTh1.csv; name other sections with --section")
    if arguments.data is not None and not arguments.data.is_file():
        parser.error(f"--data {arguments.data} is not a file")
    return arguments


def kept(path: Path | None) -> dict[str, Any]:
    """The document of earlier runs; an empty one where there is none."""
    if path is None or not path.exists():
        return {"sections": {}}
    try:
        document = json.loads(path.read_text())
        if isinstance(document["sections"], dict):
            return document
    except (OSError, ValueError, KeyError, TypeError):
        pass
    sys.exit(f"{path} does not hold an earlier run's results: name another file with --keep")


def keep(path: Path | None, document: dict[str, Any]) -> None:
    """Write the document for later runs."""
    if path is None:
        return
    try:
        path.write_text(json.dumps(plain(document), indent=2) + "\n")
    except OSError as error:
        sys.exit(f"{path} cannot be written: {error.strerror}")


def measured(name: str, setting: Setting) -> dict[str, Any]:
    """One section's tables and notes, with the machine as it was when the section began."""
    say(f"--- {name}")
    folder = setting.folder / name
    folder.mkdir()
    machine = describe_machine(setting)
    result = _SECTIONS[name](replace(setting, folder=folder))
    if setting.peer_python is None and name not in ("memory", "cost"):
        result["notes"] = [*result["notes"], _WITHOUT_PEERS]
    return {"machine": machine, "quick": setting.quick, **result}


if __name__ == "__main__":
    run(main)
