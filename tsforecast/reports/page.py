"""A report as `tsforecast.report` returns it: shown in notebooks, and written where one likes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from tsforecast.reports.content import Report
from tsforecast.reports.writing import format_of, report_bytes, write_report

_HEIGHT = 800  # pixels in a notebook


@dataclass(frozen=True)
class ReportPage:
    """A report, as values."""

    report: Report

    def save(self, path: str | Path) -> Path:
        """Write it as .html, .md or .json; the path.

        Raises:
            OptionError: another ending.
            OutputError: the file cannot be created.
            StorageError: the disk is full or failed.
        """
        write_report(self.report, path, format_of(path))
        return Path(path)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return self.report.to_dict()

    def _repr_html_(self) -> str:
        """What notebooks show: the page in a frame of its own, whose styles stay there."""
        page = escape(report_bytes(self.report, "html").decode())
        return f'<iframe srcdoc="{page}" title="report" style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
