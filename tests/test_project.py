"""Facts that stand in more than one file agree."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import tsforecast

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tsforecast"


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == tsforecast.__version__
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:2] == "##"]
    assert tsforecast.__version__ in headings[0]


def test_the_image_that_only_forecasts_asks_for_no_other_releases() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "examples/serve/requirements.txt").read_text(encoding="utf-8").splitlines()
    served = [line for line in lines if not line.startswith("#")]
    assert served and set(served) <= set(project["dependencies"])


def test_nobody_is_sent_to_the_stranger_of_our_name_on_the_index() -> None:
    places = [ROOT / "README.md", ROOT / "llms.txt", ROOT / "CONTRIBUTING.md", *PACKAGE.rglob("*.py")]
    places += [path for path in (ROOT / "examples").rglob("*") if path.suffix in (".md", ".py", ".sh", ".txt", "")]
    sent = re.compile(r"(?:pip|pipx|uv|uvx)\b[^\n]*\s['\"]?tsforecast(?:\[|['\"`\s]|$)")
    assert [path for path in places if path.is_file() and sent.search(path.read_text(encoding="utf-8"))] == []
    assert sent.search("pip install 'tsforecast[gpu]'") and not sent.search("pip install plotly")


def test_contributing_names_only_what_there_is() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`([\w./]+(?:/|\.py|\.md|\.sh))`", text)) | set(re.findall(r"`(tests/[\w./]+)`", text))
    assert len(paths) > 20
    assert [path for path in sorted(paths) if not any((home / path).exists() for home in (ROOT, PACKAGE))] == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports inside functions count too: a circle is one whenever it is entered."""
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items()}
    imports = {name: _imported(path, modules) - {name} for name, path in modules.items()}
    # The package itself hands its public functions on when they are asked for.
    imports["tsforecast"] = set()
    assert len(imports) > 100 and sum(map(len, imports.values())) > 500
    while leaves := {name for name, below in imports.items() if not below}:
        imports = {name: below - leaves for name, below in imports.items() if name not in leaves}
    assert imports == {}


def _imported(path: Path, modules: dict[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in modules else node.module for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & modules.keys()
