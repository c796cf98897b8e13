"""The files that a fit reports in: metrics.json for programs and report.md for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tsforecast.files import whole_file, writing
from tsforecast.json_output import json_bytes
from tsforecast.reports.markdown import markdown
from tsforecast.reports.version import fit_report

if TYPE_CHECKING:
    from tsforecast.workflows.fit import FitResult

METRICS_FILE, REPORT_FILE = "metrics.json", "report.md"


def report_files(folder: str | Path) -> tuple[Path, ...]:
    """The files that a report consists of."""
    return Path(folder) / METRICS_FILE, Path(folder) / REPORT_FILE


def write_report(result: FitResult, folder: str | Path) -> None:
    """Write metrics.json and report.md into a folder, which is made if need be.

    Raises:
        OutputError: the folder or a file cannot be created.
        StorageError: the disk is full or failed.
    """
    with writing(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
    contents = json_bytes(result.to_dict()), markdown(fit_report(result)).encode()
    for path, data in zip(report_files(folder), contents, strict=True):
        with whole_file(path) as stream:
            stream.write(data)
