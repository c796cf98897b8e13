"""What notebooks show of results, and the example notebook, whose outputs are real."""

from __future__ import annotations

import ast
import base64
import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.reports.plots.test_compare import result_of
from tsforecast import notebook

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "notebook.ipynb"
EVIL = "<script>alert('&')</script>\x1b[31m"
SAFE = "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;[31m"


def test_texts_are_escaped_and_numbers_rounded():
    found = notebook.scores({EVIL: {"mae": 1234.5, "skill": 0.1234, "coverage_80": 0.8}, "b": {"mae": math.nan}}, KEYS)
    page = notebook.page(EVIL, found, notebook.folded(EVIL, ""), note=EVIL)
    assert "<script" not in page and "\x1b" not in page and page.count(SAFE) == 4
    cells = re.findall(r"<t[dh] [^>]*>(.*?)</t[dh]>", found)
    assert cells == ["model", "mae", "skill", "coverage_80", SAFE, "1,234", "+12.3 %", "80.0 %", "b", "-", "-", "-"]


KEYS = ("mae", "skill", "coverage_", "p_value")


def test_a_comparison():
    html = result_of(auto=(0.3, 1.0), naive=(0.0, 0.01))._repr_html_()
    assert re.findall(r"<th [^>]*>(.*?)</th>", html) == ["model", "mase", "skill", "p_value"]
    assert html.endswith("<p>auto makes the least error.</p></div>")


def cells_of(kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(EXAMPLE.read_text())["cells"] if cell["cell_type"] == kind]


def test_the_example_was_run_from_the_top():
    cells = cells_of("code")
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell["outputs"] for cell in cells)
    assert not any(output["output_type"] in ("error", "stream") for cell in cells for output in cell["outputs"])


@pytest.mark.sweep
def test_the_example_gives_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path / "examples")
    shutil.copytree(ROOT / "datasets", tmp_path / "datasets")
    names: dict[str, Any] = {}
    for cell in cells_of("code"):
        *before, last = ast.parse("".join(cell["source"])).body
        assert isinstance(last, ast.Expr)
        exec(compile(ast.Module(before, []), "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        (output,) = cell["outputs"]
        if "image/png" in output["data"]:
            shown, stored = value._repr_png_(), base64.b64decode(output["data"]["image/png"])
            assert shown[:24] == stored[:24]  # the size stands there
        else:
            assert without_numbers(value._repr_html_()) == without_numbers("".join(output["data"]["text/html"]))


def without_numbers(html: str) -> str:
    """Numbers may differ in their last digits from machine to machine, and what is said of seconds with its load."""
    return re.sub(r"[-+]?\d[\d.,]*", "#", re.sub(r"\. [\w-]+ is trained in [^<]* s\.<", ".<", html))
