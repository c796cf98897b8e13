"""`models verify`, `rollback`, `prune` and `export`, on small stores."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.store.conftest import build
from tsforecast.cli.commands.models import command
from tsforecast.store.layout import version_numbers
from tsforecast.store.load import load_bundle
from tsforecast.store.model import StoredModel
from tsforecast.store.store import Store


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("three")
    for name in ("sales", "sales", "sales", "stock"):
        Store(store).model(name).publish(build("naive"))
    return store


@pytest.fixture
def store(three: Path, tmp_path: Path) -> Path:
    """`sales` with three versions and `stock` with one, where the commands look for them."""
    return Path(shutil.copytree(three, tmp_path / "models"))


def version(store: Path, number: int) -> Path:
    return store / "sales" / "versions" / f"{number:06d}"


def test_verify_checks_all_versions_of_all_models(run, store):
    result = run("models", "verify")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "name\tversion\tin service\tresult",
        "sales\t1\t\tok",
        "sales\t2\t\tok",
        "sales\t3\tyes\tok",
        "stock\t1\tyes\tok",
    ]
    assert result.stderr == "4 versions are sound\n"


def test_verify_finds_damage_and_goes_on(run, store):
    (version(store, 1) / "weights.safetensors").write_bytes(b"")
    (store / "stock" / "CURRENT").write_text("?")
    result = run("models", "verify")
    assert result.exit_code == 65
    lines = result.stdout.splitlines()
    assert lines[1].startswith("sales\t1\t\tproblem\t") and "weights.safetensors: is damaged" in lines[1]
    assert lines[2] == "sales\t2\t\tok\t"
    assert lines[4].startswith("stock\tCURRENT\t\tproblem\t")
    assert result.stderr == "Error: 2 of 5 checks found a problem\n"


def test_verify_one_model_and_one_version(run, store):
    (version(store, 1) / "weights.safetensors").write_bytes(b"")
    assert run("models", "verify", "stock").exit_code == 0
    assert run("models", "verify", "sales", "--version", "2").exit_code == 0
    assert run("models", "verify", "sales", "--version", "1").exit_code == 65
    assert run("models", "verify", "sales", "--version", "9").exit_code == 66
    assert run("models", "verify", "sale").exit_code == 66
    assert run("models", "verify", "--version", "1").exit_code == 2


def test_verify_says_what_cannot_be_trusted(run, store):
    version(store, 2).chmod(0o777)
    result = run("models", "verify", "sales")
    assert result.exit_code == 77
    assert f"chmod o-w {version(store, 2).relative_to(Path.cwd())}" in result.stdout
    assert run("models", "verify", "sales", "--trust-store").exit_code == 0
    (version(store, 1) / "weights.safetensors").write_bytes(b"")
    assert run("models", "verify", "sales").exit_code == 65


def test_verify_as_json(run, store):
    (version(store, 3) / "metrics.json").write_text("{}")
    result = run("models", "verify", "sales", "--json")
    assert result.exit_code == 65
    document = json.loads(result.stdout)
    assert document["problems"] == 1
    assert [each["in_service"] for each in document["versions"]] == [False, False, True]
    assert document["versions"][0]["error"] is None
    assert document["versions"][2]["error"]["file"].endswith("versions/000003/metrics.json")


def test_verify_an_empty_store(run, tmp_path):
    result = run("models", "verify")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no models in ./models" in result.stderr


def test_verify_is_silent_when_asked_to_be(run, store):
    assert run("models", "verify", "--quiet").stderr == ""


def test_rollback(run, store):
    result = run("models", "rollback", "sales")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "sales version 2 is in service instead of version 3\n"
    assert StoredModel(store / "sales").in_service() == 2
    assert run("models", "rollback", "sales", "--to", "2").stderr == "sales version 2 is in service already\n"
    document = json.loads(run("models", "rollback", "sales", "--to", "3", "--json").stdout)
    assert (document["version"], document["previous"]) == (3, 2)


def test_rollback_names_what_it_passes_over(run, store):
    (version(store, 2) / "metrics.json").write_text("{}")
    result = run("models", "rollback", "sales")
    assert "version 2: " in result.stderr and "metrics.json: is damaged" in result.stderr
    assert StoredModel(store / "sales").in_service() == 1
    assert run("models", "rollback", "sales", "--to", "2").exit_code == 65
    assert run("models", "rollback", "sales", "--to", "9").exit_code == 66
    assert run("models", "rollback", "sales").exit_code == 66


def test_prune(run, store):
    result = run("models", "prune", "sales", "--keep", "1", "--dry-run")
    assert result.exit_code == 0
    assert result.stderr.startswith("would remove 1 of sales (0.0 MB); 2 versions are kept")
    assert version_numbers(store / "sales") == (1, 2, 3)
    document = json.loads(run("models", "prune", "sales", "--keep", "1", "--json").stdout)
    assert (document["removed"], document["kept"], document["dry_run"]) == ([1], [2, 3], False)
    assert version_numbers(store / "sales") == (2, 3)
    assert "removed nothing of sales" in run("models", "prune", "sales", "--keep", "1").stderr
    assert run("models", "prune", "sales", "--keep", "0").exit_code == 2
    assert run("models", "prune", "sales").exit_code == 2


def test_an_exported_version_is_in_service_where_it_is_unpacked(run, store, tmp_path):
    result = run("models", "export", "sales", "--version", "2", "-o", "sales.zip")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("wrote sales version 2 to sales.zip (")
    with zipfile.ZipFile("sales.zip") as archive:
        archive.extractall("elsewhere")
    assert run("models", "verify", "--store", "elsewhere").exit_code == 0
    (listed,) = json.loads(run("models", "list", "--json", "--store", "elsewhere").stdout)["models"]
    assert (listed["name"], listed["current"]) == ("sales", 2)
    moved = load_bundle(tmp_path / "elsewhere" / "sales" / "versions" / "000002")
    assert moved.metrics == load_bundle(version(store, 2)).metrics
    Store(tmp_path / "elsewhere").model("sales").publish(build("naive"))
    assert StoredModel(tmp_path / "elsewhere" / "sales").in_service() == 3


def test_the_same_version_gives_the_same_file(run, store):
    run("models", "export", "sales", "-o", "one.zip")
    document = json.loads(run("models", "export", "sales", "-o", "two.zip", "--json").stdout)
    assert Path("one.zip").read_bytes() == Path("two.zip").read_bytes()
    assert document == {"name": "sales", "version": 3, "output": "two.zip", "size": Path("two.zip").stat().st_size}


def test_what_is_damaged_is_not_exported(run, store):
    (version(store, 3) / "metrics.json").write_text("{}")
    Path("sales.zip").write_text("old")
    assert run("models", "export", "sales", "-o", "sales.zip").exit_code == 65
    assert Path("sales.zip").read_text() == "old"
    assert run("models", "export", "sales", "-o", "sales.tar").exit_code == 2
    assert sorted(os.listdir(".")) == ["models", "sales.zip"]


def test_a_store_that_others_can_change_is_refused_by_all(run, store):
    store.chmod(0o777)
    for words in (
        ["show", "sales"],
        ["rollback", "sales"],
        ["prune", "sales", "--keep", "1"],
        ["export", "-o", "x.zip"],
    ):
        result = run("models", *words)
        assert result.exit_code == 77, words
        assert "chmod o-w" in result.stderr and "--trust-store" in result.stderr
        assert run("models", *words, TSFORECAST_TRUST_STORE="1").exit_code == 0, words
    assert "can be changed by every user" in run("models", "list").stdout


@pytest.mark.parametrize("name", command.commands)
def test_each_has_a_help_with_an_example(run, name):
    result = run("models", name, "--help")
    assert "Example:\n    tsforecast models " in result.stdout
    assert "--json" in result.stdout and "--trust-store" in result.stdout


def test_delete_a_version_and_a_model(run, store):
    assert run("models", "delete", "sales@1").stderr.startswith("deleted version 1 of sales (")
    refused = run("models", "delete", "sales")
    assert refused.exit_code == 2
    assert "this deletes sales with 2 versions, the one in service among them; add --yes" in refused.stderr
    assert run("models", "delete", "sales@3").exit_code == run("models", "delete", "sales@x").exit_code == 2
    assert run("models", "delete", "sale", "--yes").exit_code == 66
    document = json.loads(run("models", "delete", "sales", "--yes", "--json").stdout)
    assert (document["name"], document["versions"]) == ("sales", [2, 3])
    assert Store(store).names() == ["stock"]


def test_rename(run, store):
    result = run("models", "rename", "sales", "demand")
    assert (result.exit_code, result.stderr) == (
        0,
        "sales is called demand now; retrainings of it need --name demand\n",
    )
    assert Store(store).names() == ["demand", "stock"]
    assert "there is 'stock' already" in run("models", "rename", "demand", "stock").stderr
    assert json.loads(run("models", "rename", "demand", "sales", "--json").stdout)["previous"] == "demand"
    assert "renamed from demand" in run("models", "show", "sales", "-v").stdout
