"""Nothing in the package can run what a file says, and the packages it needs are those without the known holes."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("tsforecast/**/*.py"), *ROOT.glob("datasets/**/*.py")])

# Each runs what is in a file, reads what a file points to, or builds whatever class a file names.
MODULES = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "h5py", "tables", "yaml",
    "skops", "torch", "onnx", "jsonpickle", "xmlrpc", "code", "codeop",
}  # fmt: skip
NAMES = {
    "load_model", "from_config", "model_from_json", "model_from_config", "deserialize", "deserialize_keras_object",
    "load_weights", "get_file", "enable_unsafe_deserialization", "register_keras_serializable", "clone_model",
    "read_pickle", "to_pickle", "read_hdf", "unsafe_load", "full_load", "allow_pickle", "SavedModel", "TFSMLayer",
    "saved_model", "extractall", "unpack_archive",
}  # fmt: skip
# SQLite's own, which takes the bytes of a database and builds no objects.
HARMLESS = {"connection.deserialize"}
CALLS = {"eval", "exec", "compile", "__import__", "execfile", "input", "breakpoint"}
SHELL = {"system", "popen", "execv", "execve", "spawnl", "spawnv", "getoutput", "check_output", "Popen", "run_shell"}


def forbidden(source: str) -> list[str]:
    """The forbidden names of a source text, with their lines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or "").split(".")[0]] if (node.module or "").split(".")[0] in MODULES else []
            names += [alias.name for alias in node.names if alias.name in NAMES | SHELL]
        elif isinstance(node, ast.Attribute):
            names = [node.attr] if node.attr in NAMES | SHELL and ast.unparse(node) not in HARMLESS else []
        elif isinstance(node, ast.Name):
            names = [node.id] if node.id in NAMES | CALLS else []
        elif isinstance(node, ast.keyword):
            names = [node.arg] if node.arg in {"allow_pickle", "shell"} else []
        found += [f"{name} (line {line})" for name in names]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_uses_a_dangerous_name(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8")) == []


def test_there_are_sources() -> None:
    assert len(SOURCES) > 100


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "import h5py as h",
        "from joblib import load",
        "from keras.models import load_model",
        "import keras; keras.models.load_model('x')",
        "keras.Sequential.from_config(x)",
        "keras.layers.deserialize(x)",
        "np.load(x, allow_pickle=True)",
        "torch.load(x)\nimport torch",
        "import yaml",
        "eval('1')",
        "exec(text)",
        "pd.read_pickle(x)",
        "keras.utils.get_file(x)",
        "os.system(x)",
        "subprocess.run(x, shell=True)",
    ],
)
def test_what_is_dangerous_is_found(code: str) -> None:
    assert forbidden(code)


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])


def floors() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pairs = [re.fullmatch(r"([A-Za-z0-9_-]+)>=([0-9.]+)", line) for line in project["dependencies"]]
    assert all(pairs)
    return {pair[1]: pair[2] for pair in pairs if pair}


@pytest.mark.parametrize(("name", "floor"), floors().items())
def test_what_is_installed_is_no_older_than_the_floor(name: str, floor: str) -> None:
    assert number(metadata.version(name)) >= number(floor)


# The first releases without the holes that were known in July 2026.
@pytest.mark.parametrize(("name", "safe"), [("keras", "3.15.1"), ("tensorflow", "2.21"), ("safetensors", "0.4")])
def test_the_floors_exclude_the_known_holes(name: str, safe: str) -> None:
    assert number(floors()[name]) >= number(safe)
